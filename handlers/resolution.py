"""决议和纪要：会上定了什么事、谁来办、哪天前办好；定了就派单，没有编号的先立一个。"""

from __future__ import annotations

import re
from datetime import date

from msgspec.structs import replace

from bot.kit.context import Context
from bot.kit.days import say_day
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.naming import called, called_at_first
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, number, plain
from models.chairing import NotChairing
from models.life import CaseKind
from models.meeting import Meeting, MeetingItem, NoMeeting
from models.resolving import Matter
from models.seat import Seated

on = Router()

PAGE = 5
"""Resolutions shown at once."""
MOST_DRAFTED = 8
"""Resolutions that drafted minutes spell out: the letter has to fit a small phone."""
SHORTEST = 4
"""Characters of what was decided."""
_ABOUT = re.compile(
    r"^(?:议题|第|编号)?\s*(\d{1,9}|[一二三四五六七八九十]{1,3})\s*(?:号|个|项|件|[\s、，,.:：]+)(?:议题)?[\s、，,.:：]*"
)
_BY = re.compile(r"(?:由|请|交由|交给|派给|让)\s*(?P<whom>[^，,。；;\s]{2,30})")
_PROJECT = re.compile(r"立项|项目")


class Deciding(Step, frozen=True):
    """一条决议说到一半：等他说缺的那一样；都齐了等他说对不对。"""

    meeting: int
    text: str = ""
    position: int = 0
    """第几个议题；0：会上新提的。"""
    case: int = 0
    """说的是哪个编号；0：还没有编号。"""
    organisation: int = 0
    due: str = ""
    offered: tuple[int, ...] = ()
    """正在问是哪一家。"""


class ResolutionPage(Step, frozen=True):
    """看着定了的事，等他说往下看。"""

    meeting: int
    offset: int


class WriteMinutes(Step, frozen=True):
    """等他说纪要就这样发，还是自己写。"""

    meeting: int
    draft: str


@on.command("决议", "会上定了", "会议决定", takes="words")
def decide(ctx: Context) -> Reply:
    """决议 3 由水利局6月底前修好机井：第 3 个议题定了；不带就看定了哪些、办得怎么样。"""
    meeting = _at_hand(ctx)
    said = ctx.rest.strip()
    if not plain(said):
        return _show(ctx, meeting)
    _require_desk(ctx, meeting)
    step = Deciding(meeting.id)
    about = _ABOUT.match(said)
    if about is not None and (value := number(about[1])) is not None:
        items = {each.position: each for each in ctx.unit.meetings.items(meeting)}
        if value in items:
            step = replace(step, position=value, case=items[value].case_number or 0)
        else:
            step = replace(step, case=ctx.case(value).number)
        said = said[about.end() :]
    return _hear(ctx, step, said)


def _at_hand(ctx: Context) -> Meeting:
    """The meeting whose resolutions are spoken of: that of today, or the last one."""
    meetings = ctx.unit.meetings
    circles = meetings.circles(ctx.member, ctx.now)
    found = [each for circle in circles if (each := meetings.at_hand(circle.id, ctx.now)) is not None]
    if not found:
        raise NoMeeting()
    return max(found, key=lambda each: each.starts_at)


def _require_desk(ctx: Context, meeting: Meeting) -> None:
    """Nobody is asked one thing after the other in vain."""
    if all(each.id != meeting.consortium_id for each in ctx.unit.meetings.desks(ctx.member, ctx.now)):
        raise NotChairing()


# ---- what was decided, by whom and by when -------------------------------------------------------


def _hear(ctx: Context, step: Deciding, said: str) -> Reply:
    """Takes from a text what was decided, whose it is and until when, and asks for the first thing that is missing."""
    if not step.text:
        if len(plain(said)) < SHORTEST:
            return ctx.ask("resolution.ask_text", then=step)
        step = replace(step, offered=(), text=shorten(said, 150))
    found: list[Seated] = [] if step.organisation else _whose(ctx, step, said)
    if len(found) == 1:
        step = replace(step, offered=(), organisation=found[0].organisation_id)
    if not step.due and (day := ctx.mind.day(said, ctx.now)) is not None:
        step = replace(step, offered=(), due=day.isoformat())
    if len(found) > 1:
        found = found[:MOST_CHOICES]
        return ctx.ask(
            "resolution.which_organisation",
            then=replace(step, offered=tuple(each.organisation_id for each in found)),
            choices=numbered(each.name for each in found),
        )
    if not step.organisation:
        return ctx.ask(
            "resolution.ask_organisation", then=replace(step, offered=()), text=shorten(step.text, 20)
        )
    if not step.due and (named := ctx.mind.appointment(said, ctx.now).day) is not None and named < ctx.today:
        return ctx.ask("resolution.day_past", then=step)
    if not step.due:
        return ctx.ask("resolution.ask_due", then=step, organisation=ctx.card(step.organisation).name)
    return ctx.ask(
        "resolution.propose",
        then=step,
        text=shorten(step.text, 60),
        about=_about(ctx, step),
        organisation=ctx.card(step.organisation).name,
        day=say_day(date.fromisoformat(step.due), ctx.today),
    )


def _whose(ctx: Context, step: Deciding, said: str) -> list[Seated]:
    """The organisations that are named: behind 由 or 请, or at the beginning."""
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None:
        raise NoMeeting()
    parties = [Seated(each, ctx.card(each).name) for each in ctx.unit.meetings.parties(meeting, ctx.today)]
    for named in _BY.finditer(plain(said)):
        found, _ = called_at_first(named["whom"], parties)
        if found:
            return found
    whole = called(plain(said), parties) if len(plain(said)) >= 2 else []
    return whole or called_at_first(plain(said), parties)[0]


def _about(ctx: Context, step: Deciding) -> str:
    if step.case:
        return ctx.texts.say("resolution.about_case", number=step.case, text=ctx.look(step.case).short)
    item = _item(ctx, step)
    return ctx.texts.say("resolution.about_item", text=item.text) if item is not None else ""


def _item(ctx: Context, step: Deciding) -> MeetingItem | None:
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None or not step.position:
        return None
    return ctx.unit.meetings.item(meeting, step.position)


@on.step(Deciding)
def heard(ctx: Context, step: Deciding) -> Reply | Pass:
    """补上缺的那一样；都齐了，回 1 就定。"""
    said = plain(ctx.text)
    if not said:
        return PASS
    if step.offered:
        rank = choice(ctx.text)
        if rank is not None and 1 <= rank <= len(step.offered):
            return _hear(ctx, replace(step, offered=(), organisation=step.offered[rank - 1]), "")
        return PASS if rank is not None else _hear(ctx, replace(step, offered=()), ctx.text)
    if not (step.text and step.organisation and step.due):
        return _hear(ctx, step, ctx.text)
    if is_yes(ctx.text) or said in ("定", "定了", "就这样"):
        return _settle(ctx, step)
    if is_no(ctx.text):
        return ctx.say("resolution.dropped")
    if (day := ctx.mind.day(ctx.text, ctx.now)) is not None:
        # Another day than the words have: they are kept without theirs.
        words = re.sub(r"\s+", "", ctx.mind.appointment(step.text, ctx.now).rest)
        step = replace(step, text=words if len(words) >= SHORTEST else step.text)
        return _hear(ctx, replace(step, due=day.isoformat()), "")
    return PASS


def _settle(ctx: Context, step: Deciding) -> Reply:
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None:
        raise NoMeeting()
    item = _item(ctx, step)
    words = f"{item.text}：{step.text}" if item is not None else step.text
    resolution = ctx.unit.resolving.decide(
        meeting,
        item=item,
        case=ctx.case(step.case) if step.case else None,
        text=step.text,
        organisation_id=step.organisation,
        due_on=date.fromisoformat(step.due),
        matter=Matter(
            text=words,
            kind=CaseKind.PROJECT if _PROJECT.search(words) else CaseKind.PROBLEM,
            category=ctx.mind.read(words, ctx.now).understanding.category or "其他",
            received_key=ctx.message.key,
        ),
        by=ctx.member,
        now=ctx.now,
    )
    own = resolution.organisation_id in ctx.unit.organisations.offices_of(ctx.member.member_id, ctx.now)
    return ctx.say(
        "resolution.decided_own" if own else "resolution.decided",
        position=resolution.position,
        number=resolution.case_number,
        organisation=ctx.card(resolution.organisation_id).name,
        day=say_day(resolution.due_on, ctx.today),
    )


def _show(ctx: Context, meeting: Meeting, offset: int = 0) -> Reply:
    carried = ctx.unit.resolving.carried(meeting)
    if not carried:
        return ctx.say("resolution.none", sequence=meeting.sequence)
    lines = "\n".join(
        ctx.texts.say(
            "resolution.line",
            position=each.resolution.position,
            number=each.case.number,
            text=shorten(each.about, 16),
            organisation=shorten(ctx.card(each.resolution.organisation_id).name, 12),
            face=each.case.label,
        )
        for each in carried[offset : offset + PAGE]
    )
    more = offset + PAGE < len(carried)
    if more:
        ctx.next_step = ResolutionPage(meeting.id, offset + PAGE)
    return ctx.say(
        "resolution.all",
        sequence=meeting.sequence,
        total=len(carried),
        done=sum(each.done for each in carried),
        lines=lines,
        more=ctx.texts.say("resolution.more") if more else "",
    )


@on.step(ResolutionPage)
def turn(ctx: Context, step: ResolutionPage) -> Reply | Pass:
    """往下看。"""
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None or plain(ctx.text) not in ("更多", "下一页", "往下看"):
        return PASS
    return _show(ctx, meeting, step.offset)


# ---- 纪要 ----------------------------------------------------------------------------------------


@on.command("会议纪要", "写纪要", takes="words")
def minutes(ctx: Context) -> Reply:
    """纪要：照定下的事拟一份，回 1 就发；也可以自己写。"""
    meeting = _at_hand(ctx)
    _require_desk(ctx, meeting)
    said = ctx.rest.strip()
    if plain(said):
        return _publish(ctx, meeting, said)
    carried = ctx.unit.resolving.carried(meeting)
    draft = "\n".join(
        ctx.texts.say(
            "resolution.draft_line",
            position=each.resolution.position,
            text=shorten(each.words, 32),
            organisation=ctx.card(each.resolution.organisation_id).name,
            day=say_day(each.resolution.due_on, ctx.today),
        )
        for each in carried[:MOST_DRAFTED]
    )
    if len(carried) > MOST_DRAFTED:
        draft += "\n" + ctx.texts.say("resolution.draft_more", count=len(carried) - MOST_DRAFTED)
    if not draft:
        return ctx.ask("resolution.write", then=WriteMinutes(meeting.id, ""), sequence=meeting.sequence)
    return ctx.ask(
        "resolution.draft", then=WriteMinutes(meeting.id, draft), sequence=meeting.sequence, lines=draft
    )


@on.step(WriteMinutes)
def written(ctx: Context, step: WriteMinutes) -> Reply | Pass:
    """就这样发，或者写了一段。"""
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None:
        raise NoMeeting()
    if step.draft and (is_yes(ctx.text) or plain(ctx.text) in ("发", "就这样")):
        return _publish(ctx, meeting, step.draft)
    if is_no(ctx.text):
        return ctx.say("resolution.not_written")
    if choice(ctx.text) is not None or len(plain(ctx.text)) < SHORTEST:
        return PASS
    return _publish(ctx, meeting, ctx.text.strip())


def _publish(ctx: Context, meeting: Meeting, text: str) -> Reply:
    ctx.unit.meetings.write_minutes(meeting, text, by=ctx.member, now=ctx.now)
    return ctx.say("resolution.written", sequence=meeting.sequence)

"""议题：下一次联席会议说什么事；成员单位的书记、联络员都能提，轮值单位从拖着的、大家都在等的里挑。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.days import say_moment
from bot.kit.dialogue import Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import is_no, number, plain
from models.meeting import Meeting, NoMeeting
from models.meetings import Suggested

on = Router()

PAGE = 6
"""Items shown at once: nobody reads more on a small phone."""
SHORTEST = 2
"""Characters of an item."""
_NUMBERS = re.compile(
    r"^(?:编号|第|\s)*\d{1,9}(?:号|件|个)?(?:[\s、，,和跟]+(?:编号|第)?\d{1,9}(?:号|件|个)?)*$"
)
_EACH = re.compile(r"\d{1,9}")
_PICKED = re.compile(r"^(?:选|要|加)?\s*[\d一二三四]+(?:[\s、，,和跟]+[\d一二三四]+)*$")


class PickTopics(Step, frozen=True):
    """看着几件值得说的事，等他说把哪几件放进议题。"""

    meeting: int
    cases: tuple[int, ...]


class TopicPage(Step, frozen=True):
    """看着议题，等他说往下看。"""

    meeting: int
    offset: int


@on.command("议题", "提议题", "放议题", takes="words")
def topics(ctx: Context) -> Reply:
    """议题 12、议题 修路的事：放进下一次会；不带就看有哪些、还有哪些值得说。"""
    meeting = _ahead(ctx)
    said = plain(ctx.rest)
    if not said:
        return _show(ctx, meeting)
    if _NUMBERS.match(said):
        return _put_cases(ctx, meeting, [int(each) for each in _EACH.findall(said)])
    if len(said) < SHORTEST:
        return ctx.say("topics.too_short")
    position = ctx.unit.meetings.put_item(
        meeting, text=shorten(ctx.rest, 60), case=None, by=ctx.member, now=ctx.now
    )
    return _noted(ctx, meeting, position, shorten(ctx.rest, 20))


def _ahead(ctx: Context) -> Meeting:
    meetings = ctx.unit.meetings
    circles = meetings.circles(ctx.member, ctx.now)
    found = [each for circle in circles if (each := meetings.ahead(circle.id, ctx.now)) is not None]
    if not found:
        raise NoMeeting()
    return min(found, key=lambda each: each.starts_at)


def _put_cases(ctx: Context, meeting: Meeting, numbers: list[int]) -> Reply:
    cases = [ctx.case(each) for each in dict.fromkeys(numbers)]
    position = 0
    for case in cases:
        position = ctx.unit.meetings.put_item(meeting, text="", case=case, by=ctx.member, now=ctx.now)
    if len(cases) > 1:
        return ctx.say("topics.noted_some", count=len(cases), total=position)
    return _noted(ctx, meeting, position, cases[0].short)


def _noted(ctx: Context, meeting: Meeting, position: int, text: str) -> Reply:
    return ctx.say(
        "topics.noted", position=position, text=text, moment=say_moment(meeting.starts_at, ctx.today)
    )


def _show(ctx: Context, meeting: Meeting, offset: int = 0) -> Reply:
    items = ctx.unit.meetings.items(meeting)
    lines = [
        ctx.texts.say(
            "topics.case", position=each.position, number=each.case_number, text=shorten(each.text, 18)
        )
        if each.case_number is not None
        else f"{each.position} {shorten(each.text, 22)}"
        for each in items[offset : offset + PAGE]
    ]
    head = ctx.texts.say(
        "topics.items" if items else "topics.none",
        sequence=meeting.sequence,
        moment=say_moment(meeting.starts_at, ctx.today),
        lines="\n".join(lines),
    )
    if offset + PAGE < len(items):
        ctx.next_step = TopicPage(meeting.id, offset + PAGE)
        return Reply(head + "\n" + ctx.texts.say("topics.more", total=len(items)))
    desk = any(each.id == meeting.consortium_id for each in ctx.unit.meetings.desks(ctx.member, ctx.now))
    suggested = ctx.unit.meetings.suggest(meeting, ctx.now) if desk else []
    if not suggested:
        return Reply(head + "\n" + ctx.texts.say("topics.how"))
    ctx.next_step = PickTopics(meeting.id, tuple(each.case.number for each in suggested))
    return Reply(
        head
        + "\n"
        + ctx.texts.say("topics.suggested", choices=numbered(_line(ctx, each) for each in suggested))
    )


@on.step(TopicPage)
def turn(ctx: Context, step: TopicPage) -> Reply | Pass:
    """往下看。"""
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None or plain(ctx.text) not in ("更多", "下一页", "往下看"):
        return PASS
    return _show(ctx, meeting, step.offset)


def _line(ctx: Context, each: Suggested) -> str:
    if each.raised:
        why = ctx.texts.say("topics.raised")
    elif each.joined:
        why = ctx.texts.say("topics.joined", count=each.joined + 1)
    elif each.waiting_days:
        why = ctx.texts.say("topics.waiting", days=each.waiting_days)
    else:
        why = each.case.label
    return ctx.texts.say("topics.line", number=each.case.number, text=shorten(each.case.short, 14), why=why)


@on.step(PickTopics)
def picked(ctx: Context, step: PickTopics) -> Reply | Pass:
    """挑了一件或几件。"""
    said = plain(ctx.text)
    if said == "0" or (is_no(ctx.text) and said != "2"):
        return ctx.say("topics.kept")
    if not _PICKED.match(said):
        return PASS
    ranks = [number(each) or 0 for each in re.findall(r"\d+|[一二三四]", said)]
    if any(not 1 <= rank <= len(step.cases) for rank in ranks):
        return PASS
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None or not meeting.ahead(ctx.now):
        raise NoMeeting()
    return _put_cases(ctx, meeting, [step.cases[rank - 1] for rank in ranks])

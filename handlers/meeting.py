"""联席会议：轮值单位召集，缺什么问什么，回 1 才发；改日子、不开了，告诉过谁就告诉谁；参会请假回 1、0。"""

from __future__ import annotations

import re
from datetime import date, datetime, time

import msgspec

from bot.kit.context import Context
from bot.kit.days import say_moment
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, plain
from models.asking import Asked
from models.chairing import NotChairing
from models.meeting import EARLIEST, LATEST, Meeting, NoMeeting
from models.moment import SHANGHAI, local
from models.understanding import Appointment
from models.workday import YearMissing

on = Router()

SHOWN = 3
"""Items named where the whole meeting is shown."""
SHORTEST_PLACE = 2
"""Characters."""
_DROPPED = re.compile(r"^(?:改到|改成|改在|挪到|推到|提前到|换到|地点|改|到)+[:：，,\s]*")

_MOVED = re.compile(r"^(?:改到|改在|改成|挪到|推到|推迟到|提前到)")
_ASKED = re.compile(r"什么时候|啥时候|多咱|几点|哪天|几号|在哪|哪儿|还开|开不开|有没有|吗$|呢$")
"""Words that ask about a meeting, and call none."""
_COMING = re.compile(r"参加|一定|准时|(?<!收)到|[来去]|没问题|同意|遵命")
"""Words by which somebody who heard of it says that they come."""


class CallMeeting(Step, frozen=True):
    """召集到一半：已经说了的都记着，等他说缺的那一样；都齐了等他说发不发。"""

    consortium: int
    day: str = ""
    at: str = ""
    place: str = ""
    moves: int = 0
    """改的是哪一次；0：新召集的。"""


class WhichMeetings(Step, frozen=True):
    """他管着几个融合体，等他说是哪个。"""

    consortia: tuple[int, ...]
    verb: str
    said: str


class CallOff(Step, frozen=True):
    """等他说是不是真不开了。"""

    meeting: int
    reason: str


@on.command(
    "联席会议", "联席会", "召集联席会议", "召集联席会", "召开联席会议", "召开联席会", "开联席会议", "开联席会",
    takes="words",
)  # fmt: skip
def call(ctx: Context) -> Reply:
    """联席会议 12月10日上午9点 镇政府：召集；不带日子、问什么时候开，就看要开的那一次。"""
    said = plain(ctx.rest)
    if _MOVED.match(said):
        return _at_desk(ctx, "move", said)
    if not said or _ASKED.search(said):
        meeting = _nearest(ctx)
        if meeting is not None:
            return _show(ctx, meeting)
        if said or not ctx.unit.meetings.desks(ctx.member, ctx.now):
            return ctx.say("meeting.none")
    return _at_desk(ctx, "call", ctx.rest)


@on.command("改会", "会议改到", "会改到", "改会议", takes="words")
def move(ctx: Context) -> Reply:
    """改会 12月12日下午2点：换日子、换地方；告诉过谁就告诉谁，请他们再回。"""
    return _at_desk(ctx, "move", ctx.rest)


@on.command("取消会议", "取消联席会议", "会不开了", "联席会议不开了", takes="words")
def call_off(ctx: Context) -> Reply:
    """取消会议 理由：不开了，问一句再取消。"""
    return _at_desk(ctx, "cancel", ctx.rest)


def _at_desk(ctx: Context, verb: str, said: str) -> Reply:
    """Does it for the one consortium whose desk this is; who has several says which."""
    consortia = ctx.unit.meetings.desks(ctx.member, ctx.now)[:MOST_CHOICES]
    if not consortia:
        raise NotChairing()
    if len(consortia) == 1:
        return _do(ctx, consortia[0].id, verb, said)
    return ctx.ask(
        "meeting.which",
        then=WhichMeetings(tuple(each.id for each in consortia), verb, said),
        choices=numbered(each.name for each in consortia),
    )


@on.step(WhichMeetings)
def chose(ctx: Context, step: WhichMeetings) -> Reply | Pass:
    """说了是哪个融合体。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.consortia):
        return PASS
    return _do(ctx, step.consortia[number - 1], step.verb, step.said)


def _do(ctx: Context, consortium_id: int, verb: str, said: str) -> Reply:
    ahead = ctx.unit.meetings.ahead(consortium_id, ctx.now)
    if verb == "call":
        ctx.unit.meetings.require_none(consortium_id, ctx.now)
        return _hear(ctx, CallMeeting(consortium_id), said)
    if ahead is None:
        raise NoMeeting()
    if verb == "move":
        said = _DROPPED.sub("", plain(said))
        step = CallMeeting(consortium_id, place=ahead.place, moves=ahead.id)
        if not said:
            return ctx.ask("meeting.ask_day_again", then=step)
        # What is not said stays: only another hour, or only another place.
        at = local(ahead.starts_at)
        step = msgspec.structs.replace(step, day=at.date().isoformat(), at=f"{at:%H:%M}")
        return _hear(ctx, step, said)
    return ctx.ask(
        "meeting.off_ask",
        then=CallOff(ahead.id, shorten(said, 60)),
        sequence=ahead.sequence,
        moment=say_moment(ahead.starts_at, ctx.today),
        reason=ctx.texts.say("meeting.because", reason=shorten(said, 60)) if said else "",
    )


# ---- calling and moving --------------------------------------------------------------------------


def _hear(ctx: Context, step: CallMeeting, said: str) -> Reply:
    """Takes from a text what it says of day, hour and place, and asks for the first thing that is missing."""
    heard = ctx.mind.appointment(said, ctx.now)
    step = _filled(step, heard)
    if heard.wrong:
        return ctx.ask("meeting.wrong", then=step)
    if step.day and date.fromisoformat(step.day) < ctx.today:
        return ctx.ask("meeting.day_past", then=_without(step, "day"))
    if step.at and not EARLIEST <= time.fromisoformat(step.at) <= LATEST:
        return ctx.ask("meeting.odd_hour", then=_without(step, "at"))
    if not step.day:
        return ctx.ask("meeting.ask_day_again" if step.moves else "meeting.ask_day", then=step)
    if not step.at:
        return ctx.ask("meeting.ask_hour", then=step, day=_day(ctx, step))
    if not step.place:
        return ctx.ask("meeting.ask_place", then=step)
    return ctx.ask(
        "meeting.propose_move" if step.moves else "meeting.propose",
        then=step,
        moment=say_moment(_moment(step), ctx.today),
        place=step.place,
        off=ctx.texts.say("meeting.day_off") if _day_off(ctx, step) else "",
    )


def _filled(step: CallMeeting, heard: Appointment) -> CallMeeting:
    place = shorten(heard.rest, 30)
    return msgspec.structs.replace(
        step,
        day=heard.day.isoformat() if heard.day is not None else step.day,
        at=heard.at.isoformat("minutes") if heard.at is not None else step.at,
        place=place if len(place) >= SHORTEST_PLACE and not heard.wrong else step.place,
    )


def _without(step: CallMeeting, what: str) -> CallMeeting:
    """The same without its day or its hour, which is asked for again."""
    return msgspec.structs.replace(step, **{what: ""})


def _moment(step: CallMeeting) -> datetime:
    return datetime.combine(date.fromisoformat(step.day), time.fromisoformat(step.at), SHANGHAI)


def _day(ctx: Context, step: CallMeeting) -> str:
    return say_moment(date.fromisoformat(step.day), ctx.today)


def _day_off(ctx: Context, step: CallMeeting) -> bool:
    try:
        return not ctx.unit.workdays.worked(date.fromisoformat(step.day))
    except YearMissing:
        return False  # nobody knows yet


@on.step(CallMeeting)
def heard(ctx: Context, step: CallMeeting) -> Reply | Pass:
    """补上缺的那一样；都齐了，回 1 就发。"""
    if not plain(ctx.text):
        return PASS
    if not (step.day and step.at and step.place):
        return _hear(ctx, step, ctx.text)
    if is_yes(ctx.text) or plain(ctx.text) in ("发", "发通知", "开"):
        return _settle(ctx, step)
    if is_no(ctx.text) or plain(ctx.text) in ("不开", "先不开", "不改"):
        return ctx.say("meeting.not_moved" if step.moves else "meeting.not_called")
    if choice(ctx.text) is not None:
        return PASS
    again = ctx.mind.appointment(ctx.text, ctx.now)
    # Whoever sees it all and says another day, hour or place means that instead.
    return _hear(ctx, step, ctx.text) if again.day or again.at or len(again.rest) <= 20 else PASS


def _settle(ctx: Context, step: CallMeeting) -> Reply:
    meetings, moment = ctx.unit.meetings, _moment(step)
    if step.moves:
        meeting = meetings.get(step.moves)
        if meeting is None:
            raise NoMeeting()
        told = meetings.move(meeting, starts_at=moment, place=step.place, by=ctx.member, now=ctx.now)
        return ctx.say(
            "meeting.moved_told" if told else "meeting.moved",
            sequence=meeting.sequence,
            moment=say_moment(moment, ctx.today),
            place=meeting.place,
        )
    meeting = meetings.call(step.consortium, starts_at=moment, place=step.place, by=ctx.member, now=ctx.now)
    parties = meetings.parties(meeting, ctx.today)
    silent = [ctx.card(each).name for each in parties if not ctx.card(each).officers]
    return ctx.say(
        "meeting.called",
        sequence=meeting.sequence,
        moment=say_moment(moment, ctx.today),
        count=len(parties),
        silent=ctx.texts.say("meeting.silent", names="、".join(silent[:3])) if silent else "",
    )


@on.step(CallOff)
def called_off(ctx: Context, step: CallOff) -> Reply | Pass:
    """真不开了吗。"""
    if is_no(ctx.text):
        return ctx.say("meeting.kept")
    if not is_yes(ctx.text) and plain(ctx.text) not in ("不开了", "取消会议"):
        return PASS
    meeting = ctx.unit.meetings.get(step.meeting)
    if meeting is None:
        raise NoMeeting()
    told = ctx.unit.meetings.cancel(meeting, reason=step.reason, by=ctx.member, now=ctx.now)
    return ctx.say("meeting.off_told" if told else "meeting.off")


# ---- looking and answering -----------------------------------------------------------------------


def _nearest(ctx: Context) -> Meeting | None:
    """The next meeting of the consortia that concern the speaker, else the one that is at hand."""
    meetings = ctx.unit.meetings
    circles = meetings.circles(ctx.member, ctx.now)
    ahead = [each for circle in circles if (each := meetings.ahead(circle.id, ctx.now)) is not None]
    if ahead:
        return min(ahead, key=lambda each: each.starts_at)
    if meetings.desks(ctx.member, ctx.now):
        return None  # whoever may call the next one is not shown the last
    held = [each for circle in circles if (each := meetings.at_hand(circle.id, ctx.now)) is not None]
    return max(held, key=lambda each: each.starts_at, default=None)


def _show(ctx: Context, meeting: Meeting) -> Reply:
    meetings = ctx.unit.meetings
    items = meetings.items(meeting)
    lines = "\n".join(f"{each.position} {shorten(each.text, 20)}" for each in items[:SHOWN])
    shown = ctx.texts.say("meeting.items", count=len(items), lines=lines) if items else ""
    if not meeting.ahead(ctx.now):
        return ctx.say(
            "meeting.held",
            sequence=meeting.sequence,
            moment=say_moment(meeting.starts_at, ctx.today),
            place=meeting.place,
            items=shown,
        )
    desk = any(each.id == meeting.consortium_id for each in meetings.desks(ctx.member, ctx.now))
    answers = meetings.attendance(meeting)
    coming = sum(answers.values())
    return ctx.say(
        "meeting.ahead_desk" if desk else "meeting.ahead",
        sequence=meeting.sequence,
        moment=say_moment(meeting.starts_at, ctx.today),
        place=meeting.place,
        items=shown,
        coming=coming,
        absent=len(answers) - coming,
    )


@on.answer("meeting")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """回 1 参会，回 0 去不了。"""
    meeting = ctx.unit.meetings.get(asked.subject_id)
    if meeting is None or not meeting.ahead(ctx.now):
        ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
        return ctx.say("meeting.too_late")
    if yes and not (is_yes(ctx.text) or _COMING.search(plain(ctx.text))):
        return ctx.say("meeting.read_only")  # 收到 says that it was read, not that somebody comes
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    return _answer(ctx, meeting, asked.office_id, coming=yes)


@on.command("参会", "参加会议", "我们参会")
def coming(ctx: Context) -> Reply:
    """参会：要开的那一次，我单位来人。"""
    return _answer_next(ctx, coming=True)


@on.command("不参会", "会议请假", "参会请假")
def not_coming(ctx: Context) -> Reply:
    """不参会：要开的那一次，我单位来不了。"""
    return _answer_next(ctx, coming=False)


def _answer_next(ctx: Context, *, coming: bool) -> Reply:
    meeting = _nearest(ctx)
    if meeting is None or not meeting.ahead(ctx.now):
        raise NoMeeting()
    return _answer(ctx, meeting, None, coming=coming)


def _answer(ctx: Context, meeting: Meeting, office_id: int | None, *, coming: bool) -> Reply:
    office = office_id or ctx.unit.meetings.office(meeting, ctx.member, ctx.now)
    ctx.unit.meetings.answer(meeting, office, coming=coming, by=ctx.member, now=ctx.now)
    return ctx.say(
        "meeting.coming" if coming else "meeting.not_coming",
        organisation=ctx.card(office).name,
        moment=say_moment(meeting.starts_at, ctx.today),
        place=meeting.place,
    )

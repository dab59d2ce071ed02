"""签到码、点名、纪要、落实：活动当天和以后，主持的单位记的。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Image, Reply
from bot.kit.moments import say_when
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import EDGES, choice, number, plain
from models.attending import Attendee

on = Router()

_PAGE = 30
"""Names on one page of the roll: as many as a small phone shows without scrolling far."""
_ALL = re.compile(r"^(?:全|都|全部|全都|大家都|人都)(?:部|都)?(?:到齐?|来|齐)?(?:了|啦|齐了)?$")
_NONE = re.compile(r"^(?:都没来|没人来|一个没来|0)$")
_BUT = re.compile(
    r"^(?:除了?|缺|少)\s*(?P<a>.+?)\s*(?:以?外)?[，,]?\s*(?:都|全|其他|其余|别人|剩下)?(?:的)?(?:人)?(?:都)?(?:到|来)?(?:了|齐)?$"
    r"|^(?P<b>.+?)\s*(?:没来|没到|缺席|未到|不在)(?:了)?[，,]?\s*(?:(?:其他|其余|别人|剩下)(?:的)?(?:人)?)?(?:都|全)?(?:到|来)?(?:了|齐)?$"
)
_BESIDES = re.compile(r"[，,。\s]*(?:还有|加上|另外|外加|多来了|没报名的)(?:来了)?[：:，,\s]*")
_LONGEST = 40
"""Characters; a longer answer in which nobody is known by name is no answer to a roll."""
_LEAD = re.compile(r"^(?:来了|到了|来的|到的|到场|有)(?:是|有|：|:)?\s*")
_SPLIT = re.compile(r"[\s、，,；;和跟与及+]+")
_TAIL = re.compile(r"(?:号)?(?:都|全)?(?:来|到)?了?$")


class Roll(Step, frozen=True):
    """正在点名：点到第几个，前面来了谁。"""

    number: int
    start: int = 0
    came: tuple[int, ...] = ()


class Minutes(Step, frozen=True):
    """等他说纪要；说了，接着收照片。"""

    number: int
    done: bool = False


class FollowUp(Step, frozen=True):
    """等他说落实得怎么样。"""

    number: int


@on.command("签到码", takes="number?")
def show_code(ctx: Context) -> Reply:
    """签到码 3：给现场的人看，愿意签的签。"""
    if ctx.number is None:
        return ctx.say("rollcall.which", word="签到码")
    activity = ctx.unit.activities.to_run(ctx.number, ctx.member, ctx.now)
    activity.check_open()
    return ctx.say("rollcall.code", number=ctx.number, code=ctx.unit.attending.code(ctx.number))


# ---- 点名 ------------------------------------------------------------------------------------------


@on.command("点名", takes="number?")
def call_roll(ctx: Context) -> Reply:
    """点名 3：列出报名的，回来了谁。"""
    if ctx.number is None:
        return ctx.say("rollcall.which", word="点名")
    activity = ctx.unit.activities.to_run(ctx.number, ctx.member, ctx.now)
    activity.check_begun(ctx.now)
    return _ask_page(ctx, Roll(ctx.number))


def _ask_page(ctx: Context, step: Roll) -> Reply:
    roll = ctx.unit.attending.roll(step.number)
    if not roll:
        return ctx.ask("rollcall.nobody", then=step, number=step.number)
    page = roll[step.start : step.start + _PAGE]
    names = "  ".join(
        ctx.texts.say("rollcall.came" if each.present else "rollcall.name", place=place, name=each.name)
        for place, each in enumerate(page, step.start + 1)
    )
    more = ctx.texts.say("rollcall.more") if len(roll) > step.start + _PAGE else ""
    return ctx.ask("rollcall.ask", then=step, number=step.number, count=len(roll), names=names, more=more)


@on.step(Roll)
def called(ctx: Context, step: Roll) -> Reply | Pass:
    """回了来的人：全到、编号、除了谁、名字。"""
    roll = ctx.unit.attending.roll(step.number)
    page = roll[step.start : step.start + _PAGE]
    text = plain(ctx.text)
    if not text:
        return PASS
    came, unknown = _read(ctx, step, page, text)
    if unknown:
        return ctx.ask("rollcall.unknown", then=step, names="、".join(unknown[:4]))
    if came is None:
        return PASS
    after = Roll(step.number, step.start + _PAGE, (*step.came, *came))
    if after.start < len(roll):
        return _ask_page(ctx, after)
    counts = ctx.unit.attending.call_roll(step.number, after.came, by=ctx.member, now=ctx.now)
    activity = ctx.unit.activities.look(step.number, ctx.member, ctx.now)
    return ctx.say(
        "rollcall.done_recorded" if activity.minutes else "rollcall.done",
        number=step.number,
        came=counts.came,
        absent=counts.absent,
        leave=counts.leave,
        hours=ctx.texts.say("rollcall.hours") if activity.gives_hours else "",
    )


def _read(ctx: Context, step: Roll, page: list[Attendee], text: str) -> tuple[list[int] | None, list[str]]:
    """Who came, by their ids, and the words that nobody is known by; None: it is no answer to a roll."""
    everybody = [each.member_id for each in page]
    if _NONE.match(text):
        return [], []
    # 全到，还有白书勤: whoever came besides is named behind it.
    head, _, besides = (part.strip(EDGES) for part in _BESIDES.sub("\n", text, count=1).partition("\n"))
    extra, unknown = _who(ctx, step, page, besides) if besides else ([], [])
    if _ALL.match(head):
        return [*everybody, *extra], unknown
    if (found := _BUT.match(head)) is not None:
        absent, strange = _who(ctx, step, page, found["a"] or found["b"])
        came = [each for each in everybody if each not in absent]
        return ([*came, *extra] if absent else None), strange + unknown
    came, strange = _who(ctx, step, page, _LEAD.sub("", head))
    return ([*came, *extra] or None), (strange + unknown if came or len(text) <= _LONGEST else [])


def _who(ctx: Context, step: Roll, page: list[Attendee], text: str) -> tuple[list[int], list[str]]:
    by_place = {step.start + place: each.member_id for place, each in enumerate(page, 1)}
    by_name = {each.name: each.member_id for each in page}
    found: list[int] = []
    unknown: list[str] = []
    for part in _SPLIT.split(text):
        word = _TAIL.sub("", part.strip(EDGES)).strip(EDGES) or part.strip(EDGES)
        if not word:
            continue
        place = number(word) if word not in by_name else None
        if place is None and word not in by_name:
            place = choice(word)
        member_id = by_name.get(word) or (by_place.get(place) if place is not None else None)
        if member_id is None and place is None:
            member_id = ctx.unit.attending.named(step.number, word, by=ctx.member, now=ctx.now)
        if member_id is None:
            unknown.append(word)
        else:
            found.append(member_id)
    return found, unknown


# ---- 纪要、落实 ---------------------------------------------------------------------------------------


@on.command("纪要", "活动纪要", "录纪要", takes="number?")
def minutes(ctx: Context) -> Reply:
    """纪要 3 做了什么、定了什么；接着发的照片也归它。"""
    if ctx.number is None:
        return ctx.say("rollcall.which_minutes")
    activity = ctx.unit.activities.to_run(ctx.number, ctx.member, ctx.now)
    activity.check_begun(ctx.now)
    if not plain(ctx.rest):
        return ctx.ask(
            "rollcall.ask_minutes",
            then=Minutes(ctx.number),
            number=ctx.number,
            label=shorten(activity.label, 24),
            when=say_when(activity.starts_at, ctx.today),
        )
    return _record(ctx, ctx.number, ctx.rest)


@on.step(Minutes)
def minutes_told(ctx: Context, step: Minutes) -> Reply | Pass:
    """说了纪要，或者发了照片。"""
    message = ctx.message
    if isinstance(message, Image):
        count = ctx.unit.activities.add_photo(
            step.number, message.media_id, message.url, by=ctx.member, now=ctx.now
        )
        key = "rollcall.photo" if step.done else "rollcall.photo_first"
        return ctx.ask(key, then=step, number=step.number, count=count)
    text = ctx.text.strip()
    if step.done or len(plain(text)) < 2:
        return PASS
    return _record(ctx, step.number, text)


def _record(ctx: Context, activity_number: int, text: str) -> Reply:
    ctx.unit.activities.record(activity_number, text, by=ctx.member, now=ctx.now)
    called_already = bool(ctx.unit.attending.roll(activity_number)) and any(
        each.present is not None for each in ctx.unit.attending.roll(activity_number)
    )
    key = "rollcall.recorded" if called_already else "rollcall.recorded_uncalled"
    return ctx.ask(key, then=Minutes(activity_number, done=True), number=activity_number)


@on.command("落实", takes="number?")
def follow(ctx: Context) -> Reply:
    """落实 3 定的事办得怎么样了。"""
    if ctx.number is None:
        return ctx.say("rollcall.which", word="落实")
    ctx.unit.activities.to_run(ctx.number, ctx.member, ctx.now)
    if not plain(ctx.rest):
        return ctx.ask("rollcall.ask_follow", then=FollowUp(ctx.number), number=ctx.number)
    return _follow(ctx, ctx.number, ctx.rest)


@on.step(FollowUp)
def follow_told(ctx: Context, step: FollowUp) -> Reply | Pass:
    """说了落实得怎么样。"""
    return _follow(ctx, step.number, ctx.text.strip()) if len(plain(ctx.text)) > 1 else PASS


def _follow(ctx: Context, activity_number: int, text: str) -> Reply:
    ctx.unit.activities.follow(activity_number, text, by=ctx.member, now=ctx.now)
    return ctx.say("rollcall.followed", number=activity_number)

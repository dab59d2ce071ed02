"""志愿、我的志愿、核实志愿：自己说做了什么、多长时间，是补录，要本支部别的人核实；活动点名的不用说。"""

from __future__ import annotations

import re
from datetime import date

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.moments import length, read, say_length
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import EDGES, choice, plain
from models.asking import Asked
from models.base import DomainError
from models.case import CaseUnknown
from models.volunteering import ServiceState, Source, Told

on = Router()

_SHOWN = 3
_SHORTEST = 2
_ACTIVITY = re.compile(r"(?:第|编号)?(\d{1,6})\s*号活动|活动\s*(\d{1,6})(?:号)?")
_CASE = re.compile(r"编号\s*(\d{1,9})(?:号)?")
_PLACE = re.compile(
    r"(?:在|到|去)([^，,。；;\s]{2,20}?)(?=打扫|清扫|扫|帮|给|为|陪|看望|慰问|义诊|理发|植树|种|搬|送|修|捡|做|当|参加|服务|\s|[，,。；;]|$)"
)
_SERVED = re.compile(
    r"志愿|义务|服务|打扫|清扫|[扫清铲]雪|帮|慰问|看望|义诊|理发|植树|种树|送|修|捡|陪|教|照顾|照看|献血|值守|值班|巡逻|宣传|宣讲|辅导|搬|收拾|清理"
)
_LONGEST = 20
"""Characters; nobody says in more how long something took."""
_LEAD = re.compile(
    r"^(?:我|俺)?(?:们)?(?:又|也|都)?(?:去)?(?:做了?|参加了?|干了?|搞了?)?(?:志愿服务|志愿活动|志愿)?(?:记一下|登记一下|补录)?"
)
_TAIL = re.compile(r"(?:[，,。；;\s]|一共|总共|用了|花了|大概|大约|了|的)+$")


class HowLong(Step, frozen=True):
    """等他说做了多长时间。"""

    what: str
    place: str
    day: str
    activity: int | None = None
    case: int | None = None


class DidWhat(Step, frozen=True):
    """等他说做了什么。"""

    minutes: int = 0
    day: str = ""


@on.command("志愿", "志愿服务", "补录志愿", takes="words")
def log(ctx: Context) -> Reply:
    """志愿 在敬老院打扫 3小时：补录，请本支部的联络员核实。"""
    return _take(ctx, ctx.rest) if plain(ctx.rest) else _mine(ctx)


@on.intent("volunteer_log")
def log_in_a_sentence(ctx: Context) -> Reply | Pass:
    """昨天给五保户送水两小时：听出来是说自己做了志愿服务；没说多长时间的，就问。"""
    text = plain(ctx.text)
    served = length(text) is not None or _SERVED.search(text)
    return _take(ctx, ctx.text) if len(text) > _SHORTEST and served else PASS


def _take(ctx: Context, text: str) -> Reply:
    named = ctx.mind.named(text, ctx.now, past=True)
    said = read(named.when)
    day = said.day if said is not None else ctx.today
    rest, activity, case = _links(ctx, plain(text))
    how_long = length(rest)
    for piece in (*named.times, how_long[1] if how_long else ""):
        rest = rest.replace(plain(piece), " ", 1) if piece else rest
    what = _TAIL.sub("", _LEAD.sub("", rest.strip(EDGES)).strip(EDGES))
    what = re.sub(r"了\s+", "了", re.sub(r"\s+", " ", what))
    place = next(iter(named.places), "")
    if not place and (found := _PLACE.search(rest)) is not None:
        place = found[1]
    minutes = how_long[0] if how_long else 0
    if len(what) < _SHORTEST and activity is None and case is None:
        return ctx.ask("volunteer.ask_what", then=DidWhat(minutes, day.isoformat() if said else ""))
    if activity is not None and len(what) < _SHORTEST:
        what = ctx.unit.activities.look(activity, ctx.member, ctx.now).label
    step = HowLong(what, place, day.isoformat(), activity, case)
    return (
        _keep(ctx, step, minutes)
        if minutes
        else ctx.ask("volunteer.ask_long", then=step, what=shorten(what, 24))
    )


def _links(ctx: Context, text: str) -> tuple[str, int | None, int | None]:
    """The activity or the case that it belongs to, where one is named that this person may see."""
    if (found := _ACTIVITY.search(text)) is not None:
        activity = ctx.unit.activities.look(int(found[1] or found[2]), ctx.member, ctx.now)
        return text.replace(found[0], " ", 1), activity.number, None
    if (found := _CASE.search(text)) is not None:
        try:
            case = ctx.look(int(found[1]))
        except CaseUnknown:
            return text, None, None
        return text.replace(found[0], " ", 1), None, case.number
    return text, None, None


@on.step(HowLong)
def how_long_told(ctx: Context, step: HowLong) -> Reply | Pass:
    """说了多长时间；只说一个数，就是几个小时。"""
    text = plain(ctx.text)
    if choice(text) == 0:
        return ctx.say("smalltalk.dropped")
    said = length(text) or length(ctx.texts.say("volunteer.hours", number=text))
    return PASS if said is None or not said[0] or len(text) > _LONGEST else _keep(ctx, step, said[0])


@on.step(DidWhat)
def what_told(ctx: Context, step: DidWhat) -> Reply | Pass:
    """说了做了什么。"""
    text = plain(ctx.text)
    if len(text) < _SHORTEST:
        return PASS
    if step.minutes and length(text) is None:
        text += ctx.texts.say("volunteer.and_long", length=say_length(step.minutes))
    if step.day and read(ctx.mind.named(text, ctx.now, past=True).when) is None:
        text = day_of(date.fromisoformat(step.day)) + text
    return _take(ctx, text)


def _keep(ctx: Context, step: HowLong, minutes: int) -> Reply:
    record = ctx.unit.volunteering.log(
        Told(
            what=step.what,
            place=step.place,
            done_on=date.fromisoformat(step.day),
            minutes=minutes,
            activity_number=step.activity,
            case_number=step.case,
        ),
        by=ctx.member,
        now=ctx.now,
    )
    officers = ctx.unit.volunteering.verifiers(ctx.member.member_id, ctx.member.organisation_id, ctx.now)
    return ctx.say(
        "volunteer.logged" if officers else "volunteer.logged_nobody",
        day=day_of(record.done_on),
        what=shorten(record.what, 30),
        length=say_length(minutes),
        who=officers[0].title if officers else "",
    )


@on.command("我的志愿", "志愿时长", "我的志愿时长")
@on.pattern(r"^.{0,8}志愿.{0,4}(?:时长|时数|小时数|记录).{0,8}$")
def mine(ctx: Context) -> Reply:
    """我的志愿：自己的时长，活动点名的和补录的分开。"""
    return _mine(ctx)


def _mine(ctx: Context) -> Reply:
    total = ctx.unit.volunteering.sum_of(ctx.member.member_id)
    records = ctx.unit.volunteering.of(ctx.member.member_id, _SHOWN)
    if not records:
        return ctx.say("volunteer.none")
    lines = [
        ctx.texts.say(
            "volunteer.line",
            day=day_of(each.done_on),
            what=shorten(each.what, 14),
            length=say_length(each.minutes),
            state=_state(ctx, each.source, each.state),
        )
        for each in records
    ]
    return ctx.say(
        "volunteer.mine",
        system=say_length(total.system),
        late=say_length(total.late),
        asked=ctx.texts.say("volunteer.asked", length=say_length(total.asked)) if total.asked else "",
        lines="\n".join(lines),
    )


def _state(ctx: Context, source: str, state: str) -> str:
    if source == Source.SYSTEM:
        return ctx.texts.say("volunteer.by_roll")
    if state == ServiceState.VERIFIED:
        return ctx.texts.say("volunteer.verified")
    return ctx.texts.say("volunteer.refused" if state == ServiceState.REFUSED else "volunteer.waiting")


# ---- 核实 ------------------------------------------------------------------------------------------


@on.command("核实志愿", takes="number")
def verify(ctx: Context) -> Reply:
    """核实志愿 5：是这么回事。"""
    return _judge(ctx, ctx.number or 0, True, "")


@on.command("退回志愿", takes="number")
def refuse(ctx: Context) -> Reply:
    """退回志愿 5 原因：不是这么回事，本人看得到原因。"""
    return _judge(ctx, ctx.number or 0, False, ctx.rest)


@on.answer("service")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """回 1 属实，回 0 不属实。"""
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    try:
        return _judge(ctx, asked.subject_id, yes, "")
    except DomainError:
        return ctx.say("volunteer.judged_before")


def _judge(ctx: Context, record_id: int, verified: bool, reason: str) -> Reply:
    record = ctx.unit.volunteering.judge(
        record_id, verified=verified, by=ctx.member, now=ctx.now, reason=reason
    )
    return ctx.say(
        "volunteer.judged_true" if verified else "volunteer.judged_false",
        what=shorten(record.what, 24),
        length=say_length(record.minutes),
    )

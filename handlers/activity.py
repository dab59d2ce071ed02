"""活动、报名、请假、签到：有什么活动，去不去。"""

from __future__ import annotations

import re

from bot.kit.activities import activity_line, spoken_of
from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.moments import say_clock, say_when
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, plain
from models.activity import SUBJECT, Activity, ActivityState
from models.asking import Asked
from models.attending import Part

on = Router()

_SHOWN = 4
_REASON = re.compile(
    r"^.*?(?:请个?假|去不了|来不了|参加不了|去不成|不能去|不能参加|不参加|不去)了?[，,。\s]*(?:因为|原因)?"
)
_HEARD = re.compile(r"收到|知道|明白|晓得|清楚|了解|看到")
_FOR_OTHERS = re.compile(
    r"(?:给|替|帮|把)(?!我自己|自己|我报).{1,8}?(?:也|都)?(?:报|记|加)(?:上|名|个名)|代.{0,4}报名"
    r"|(?:[2-9]|\d{2,}|[两二三四五六七八九十]{1,3})\s*(?:个)?(?:人|名|位)"
)
_CODE = re.compile(r"(?<!\d)(\d{4})(?!\d)")


class WhichActivity(Step, frozen=True):
    """没说哪个活动：等他从几个里挑。"""

    numbers: tuple[int, ...]
    verb: str
    rest: str = ""


class CodeOf(Step, frozen=True):
    """等他报现场的签到码。"""

    number: int


@on.command("活动", "近期活动", "有什么活动", takes="number?")
@on.intent("activity_query")
def coming(ctx: Context) -> Reply:
    """活动：近期有哪些；活动 3：看一个。"""
    if ctx.number is not None:
        return _show(ctx, ctx.unit.activities.look(ctx.number, ctx.member, ctx.now))
    found, named = spoken_of(ctx)
    if named and len(found) == 1:
        return _show(ctx, found[0])
    if not found:  # that day has none: what there is besides
        found = ctx.unit.activities.coming(ctx.member, ctx.now, _SHOWN)
    unsettled = ctx.unit.activities.to_settle(ctx.member, ctx.now, 2)
    if not found and not unsettled:
        return ctx.say("activity.none")
    lines = [activity_line(ctx, each) for each in found]
    lines += [ctx.texts.say("activity.unsettled", line=activity_line(ctx, each)) for each in unsettled]
    first = found[0].number if found else unsettled[0].number
    return ctx.say("activity.coming" if found else "activity.to_settle", lines="\n".join(lines), number=first)


def _show(ctx: Context, activity: Activity) -> Reply:
    """One activity, and what this member may do about it."""
    unit = ctx.unit
    counts = unit.attending.counts(activity.number)
    mine = unit.attending.part_of(activity.number, ctx.member.member_id)
    runs = unit.activities.may_run(activity, ctx.member, ctx.now)
    if activity.state == ActivityState.CANCELLED:
        return ctx.say(
            "activity.show_off",
            number=activity.number,
            label=activity.label,
            when=say_when(activity.starts_at, ctx.today),
            reason=activity.reason,
        )
    return ctx.say(
        "activity.show",
        number=activity.number,
        label=activity.label,
        when=say_when(activity.starts_at, ctx.today),
        until=say_clock(activity.ends_at),
        place=activity.place,
        state=_state(ctx, activity, counts.signed),
        mine=_mine(ctx, activity, mine.state if mine is not None else ""),
        host=_for_host(ctx, activity) if runs else "",
    )


def _state(ctx: Context, activity: Activity, signed: int) -> str:
    if activity.state != ActivityState.CALLED:
        return activity.face
    if activity.capacity is None:
        return ctx.texts.say("activity.signed_many", count=signed)
    return ctx.texts.say("activity.signed_of", count=signed, capacity=activity.capacity)


def _mine(ctx: Context, activity: Activity, state: str) -> str:
    if activity.state != ActivityState.CALLED or activity.starts_at <= ctx.now:
        return ""
    if not ctx.unit.activities.may_come(activity, ctx.member):
        return ""
    match state:
        case Part.SIGNED:
            return ctx.texts.say("activity.mine_signed", number=activity.number)
        case Part.WAITING:
            return ctx.texts.say("activity.mine_waiting", number=activity.number)
        case Part.LEAVE:
            return ctx.texts.say("activity.mine_leave", number=activity.number)
    return ctx.texts.say("activity.mine_open", number=activity.number)


def _for_host(ctx: Context, activity: Activity) -> str:
    if activity.state == ActivityState.PLANNED:
        return ctx.texts.say("activity.host_planned", number=activity.number)
    if activity.starts_at > ctx.now:
        return ctx.texts.say("activity.host_ahead", number=activity.number)
    return ctx.texts.say("activity.host_after", number=activity.number)


# ---- 报名、请假 --------------------------------------------------------------------------------------


@on.command("报名", "我报名", "我要报名", "我参加", takes="number?words")
@on.intent("activity_signup")
def sign_up(ctx: Context) -> Reply:
    """报名 3：有名额就报上，满了排候补。替别人报的，请他自己报。"""
    if _FOR_OTHERS.search(plain(ctx.text)):
        return ctx.say("activity.for_others")
    return _one(ctx, "sign_up", "")


@on.command("请假", "我请假", takes="number?words")
def take_leave(ctx: Context) -> Reply:
    """请假 3 原因：去不了了；空出的名额给候补的第一位。"""
    return _one(ctx, "leave", ctx.rest)


@on.pattern(
    r"^.*(?:活动|党日|志愿服务)(?!室|中心|场|板房|站).{0,12}(?:请个?假|去不了|来不了|参加不了|去不成|不能去|不能参加|不参加|不去了)"
)
@on.pattern(r"^(?:我|俺)?(?:想|要)?(?:跟您?)?\d{1,4}号?(?:活动)?(?:请个?假|去不了|来不了|参加不了)")
def take_leave_in_a_sentence(ctx: Context) -> Reply | Pass:
    """3号活动我去不了，家里有事：跟“请假 3”一样。"""
    found, _ = spoken_of(ctx)
    if not found:
        return PASS
    return _one(ctx, "leave", _REASON.sub("", plain(ctx.text)))


def _one(ctx: Context, verb: str, rest: str) -> Reply:
    """Does it with the one that is meant, or asks which."""
    found, named = spoken_of(ctx)
    if not found:
        return ctx.say("activity.none_that_day" if named else "activity.none")
    if len(found) > 1:
        return ctx.ask(
            "activity.which",
            then=WhichActivity(tuple(each.number for each in found), verb, rest),
            choices="\n".join(activity_line(ctx, each) for each in found),
        )
    return _do(ctx, found[0].number, verb, rest)


@on.step(WhichActivity)
def chosen(ctx: Context, step: WhichActivity) -> Reply | Pass:
    """挑了一个。"""
    picked = choice(ctx.text)
    if picked is None:
        return PASS
    if picked == 0:
        return ctx.say("smalltalk.dropped")
    return _do(ctx, picked, step.verb, step.rest) if picked in step.numbers else PASS


def _do(ctx: Context, number: int, verb: str, rest: str) -> Reply:
    if verb != "sign_in":
        _settle(ctx, number)
    if verb == "leave":
        activity = ctx.unit.attending.take_leave(number, rest, by=ctx.member, now=ctx.now)
        return ctx.say("activity.leave", number=number, label=shorten(activity.label, 24))
    if verb == "sign_in":
        return _ask_code(ctx, number)
    answered = ctx.unit.attending.sign_up(number, by=ctx.member, now=ctx.now)
    activity = answered.activity
    if answered.state is Part.WAITING:
        return ctx.say("activity.waiting", number=number, place=answered.waiting)
    return ctx.say(
        "activity.signed",
        number=number,
        label=shorten(activity.label, 24),
        when=say_when(activity.starts_at, ctx.today),
        place=activity.place,
    )


def _settle(ctx: Context, number: int) -> None:
    """Whoever has been asked whether they come, and says so in other words, is not asked any more."""
    for asked in ctx.unit.asking.open_to(ctx.member.member_id, ctx.now):
        if asked.subject == SUBJECT and asked.subject_id == number and asked.office_id is None:
            ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)


# ---- 签到 ------------------------------------------------------------------------------------------


@on.command("签到", "我签到", takes="number?words")
@on.intent("activity_signin")
def sign_in(ctx: Context) -> Reply:
    """签到 3 1234：报现场的签到码，愿意签才签；不签，主持的人会点名。"""
    number, rest = ctx.number, plain(ctx.rest)
    if number is not None and not rest and len(str(number)) == 4:
        ctx.number, number, rest = None, None, str(number)  # 签到 1234: only the code
    code = _CODE.search(rest)
    if number is None:
        under_way = ctx.unit.activities.around(ctx.member, ctx.now)
        if not under_way:
            return ctx.say("activity.nothing_now")
        if len(under_way) > 1:
            return ctx.ask(
                "activity.which",
                then=WhichActivity(tuple(each.number for each in under_way[:_SHOWN]), "sign_in"),
                choices="\n".join(activity_line(ctx, each) for each in under_way[:_SHOWN]),
            )
        number = under_way[0].number
    return _signed_in(ctx, number, code[1]) if code is not None else _ask_code(ctx, number)


def _ask_code(ctx: Context, number: int) -> Reply:
    activity = ctx.unit.activities.look(number, ctx.member, ctx.now)
    return ctx.ask("activity.ask_code", then=CodeOf(number), label=shorten(activity.label, 24))


@on.step(CodeOf)
def code_told(ctx: Context, step: CodeOf) -> Reply | Pass:
    """报了签到码。"""
    code = _CODE.fullmatch(plain(ctx.text))
    return PASS if code is None else _signed_in(ctx, step.number, code[1])


def _signed_in(ctx: Context, number: int, code: str) -> Reply:
    activity = ctx.unit.attending.sign_in(number, code, by=ctx.member, now=ctx.now)
    return ctx.say("activity.signed_in", number=number, label=shorten(activity.label, 24))


# ---- 回通知 -----------------------------------------------------------------------------------------


@on.answer("activity")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """回 1 或 0：轮值单位是照开不照开，党员是能来不能来。"""
    activity = ctx.unit.activities.look(asked.subject_id, ctx.member, ctx.now)
    number = activity.number
    if yes and asked.rung != "topic" and _HEARD.search(ctx.text) and activity.starts_at > ctx.now:
        # 收到 says that it was read; whether somebody comes is another matter.
        return ctx.say("activity.answer_heard", number=number)
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    if activity.state == ActivityState.CANCELLED:
        return ctx.say("activity.answer_off", number=number)
    if asked.rung == "topic":
        return _host_answered(ctx, activity, yes)
    if activity.starts_at <= ctx.now:
        return ctx.say("activity.answer_late", number=number)
    mine = ctx.unit.attending.part_of(number, ctx.member.member_id)
    if yes and mine is not None and mine.coming:
        return ctx.say("activity.answer_kept", number=number, when=say_when(activity.starts_at, ctx.today))
    if not yes and mine is not None and mine.state == Part.LEAVE:
        return ctx.say("activity.leave", number=number, label=shorten(activity.label, 24))
    return _do(ctx, number, "sign_up" if yes else "leave", "")


@on.pattern(
    r"^(?:我|我们|俺)?(?:也)?(?:都)?(?:能来|能去|能到|可以来|可以去|会来|会去|参加|一定来|一定去|准时到|报名)(?:的|了|吧|呢)?$"
)
def coming_in_a_word(ctx: Context) -> Reply | Pass:
    """能来、我参加：问过他来不来的，就是回那个。"""
    for asked in ctx.unit.asking.open_to(ctx.member.member_id, ctx.now):
        if asked.subject == SUBJECT and asked.rung != "topic":
            return answered(ctx, asked, True)
    return PASS


def _host_answered(ctx: Context, activity: Activity, yes: bool) -> Reply:
    when = say_when(activity.starts_at, ctx.today)
    if not yes:
        return ctx.say("activity.host_no", number=activity.number, when=when)
    if activity.state == ActivityState.PLANNED:
        return ctx.say("activity.host_yes", number=activity.number, when=when)
    return ctx.say("activity.host_called", number=activity.number, when=when)

"""改期、取消活动：知道原来日子的人，各告诉一次；取消要说为什么，再确认。"""

from __future__ import annotations

import re
from datetime import datetime

from bot.kit.calling import read_call
from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Step
from bot.kit.message import Reply
from bot.kit.moments import read, say_when
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import EDGES, choice, is_no, is_yes, number, plain
from models.activity import Activity
from models.moment import SHANGHAI, local

on = Router()


class MoveTo(Step, frozen=True):
    """等他说改到什么时候。"""

    number: int


class WhyOff(Step, frozen=True):
    """等他说为什么取消；说了，等他确认。"""

    number: int
    reason: str = ""


@on.command("改期", "改活动时间", takes="number?")
def move(ctx: Context) -> Reply:
    """改期 3 12月6日上午9点：知道原来日子的人，告诉一次。"""
    if ctx.number is None:
        return ctx.say("reschedule.which", word="改期")
    return _move(ctx, ctx.number, ctx.rest)


@on.step(MoveTo)
def moved_to(ctx: Context, step: MoveTo) -> Reply | Pass:
    """说了改到什么时候。"""
    said = read(ctx.mind.named(ctx.text, ctx.now).when) if ctx.text else None
    return PASS if said is None else _move(ctx, step.number, ctx.text)


def _move(ctx: Context, activity_number: int, text: str) -> Reply:
    activity = ctx.unit.activities.to_run(activity_number, ctx.member, ctx.now)
    activity.check_open()
    activity.check_ahead(ctx.now)
    named = ctx.mind.named(text, ctx.now)
    said = read(named.when)
    if said is None:
        named = ctx.mind.named(day_of(activity.day) + text, ctx.now)  # 改期 3 下午2点: the day stays
        hour = read(named.when)
        said = hour if hour is not None and hour.begins is not None else None
    if said is None:
        return ctx.ask(
            "reschedule.move_to",
            then=MoveTo(activity_number),
            number=activity_number,
            when=say_when(activity.starts_at, ctx.today),
        )
    # 改期 3 12月6日: the hour stays.
    starts_at = said.starts_at or datetime.combine(said.day, local(activity.starts_at).time(), SHANGHAI)
    activity = ctx.unit.activities.move(
        activity_number, starts_at, said.ends_at, read_call(text, named).place, by=ctx.member, now=ctx.now
    )
    return ctx.say(
        "reschedule.moved",
        number=activity_number,
        when=say_when(activity.starts_at, ctx.today),
        place=ctx.texts.say("reschedule.at", place=activity.place) if activity.place else "",
    )


@on.command("取消活动", "活动取消", takes="number?")
def cancel(ctx: Context) -> Reply:
    """取消活动 3 原因：要再回 1 才取消。"""
    if ctx.number is None:
        return ctx.say("reschedule.which", word="取消活动")
    activity = ctx.unit.activities.to_run(ctx.number, ctx.member, ctx.now)
    activity.check_open()
    reason = re.sub(r"^(?:因为|原因)(?:是|：|:)?\s*", "", ctx.rest)
    return _ask_off(ctx, activity, reason)


def _ask_off(ctx: Context, activity: Activity, reason: str) -> Reply:
    step = WhyOff(activity.number, reason)
    when = say_when(activity.starts_at, ctx.today)
    if not reason:
        return ctx.ask("reschedule.why_off", then=step, number=activity.number, when=when)
    return ctx.ask(
        "reschedule.confirm_off",
        then=step,
        number=activity.number,
        label=activity.label,
        when=when,
        reason=reason,
    )


@on.step(WhyOff)
def off(ctx: Context, step: WhyOff) -> Reply | Pass:
    """说了原因，或者确认取消。"""
    text = plain(ctx.text)
    if not text:
        return PASS
    if not step.reason:
        if number(text) is not None:
            return PASS
        reason = ctx.text.strip(EDGES)[:100]
        return _ask_off(ctx, ctx.unit.activities.to_run(step.number, ctx.member, ctx.now), reason)
    if is_yes(text):
        activity = ctx.unit.activities.cancel(step.number, step.reason, by=ctx.member, now=ctx.now)
        told_them = activity.ends_at > ctx.now
        return ctx.say("reschedule.off" if told_them else "reschedule.off_past", number=step.number)
    return ctx.say("reschedule.kept", number=step.number) if is_no(text) or choice(text) == 0 else PASS

"""定活动、改期、取消活动：轮值单位、牵头单位办融合体的，各支部办自己的。说一句，缺什么问什么，核对了才发。"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import msgspec

from bot.kit.activities import number_at_the_head
from bot.kit.calling import read_call
from bot.kit.context import Context
from bot.kit.days import day_of, say_day
from bot.kit.dialogue import Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Reply
from bot.kit.moments import Said, read, say_clock, say_when
from bot.kit.recurring import USUAL_ROLL, read_roll, read_rule
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import EDGES, choice, closed, is_no, is_yes, plain
from models import activitywords
from models.activity import Activity, ActivityState, Plan
from models.activityrights import Host
from models.moment import SHANGHAI, local

on = Router()

_TOPICS = 3
_QUESTION = re.compile(r"[?？吗么呢]|什么|几点|哪天|啥|谁|怎么|多少")
_WANTS = re.compile(
    r"需要|缺|想要|求|帮|能不能|可不可以|坏|没有|报名|参加|请假|去不了|打扫了|[了过]\s*(?:\d|[一二两三四五六七八九半])"
)
_NO_TOPIC = re.compile(r"^(?:地点|地方|时间|改到|改成|限|最多|不限|(?:开放|互动|体验)式)")
_CHANGES = re.compile(r"地点|地方|主题|限|[点周号式]|改|每|提前|顺延|照常")
"""What tells a correction from a matter of its own."""
_SURE = 0.6
_USUAL_KIND = "theme_day"


class Calling(Step, frozen=True):
    """正在定的活动：已经说了什么，正在问什么。"""

    kind: str = ""
    format: str = ""
    day: str = ""
    begins: str = ""
    ends: str = ""
    place: str = ""
    topic: str = ""
    capacity: int | None = None
    branch: bool = False
    number: int | None = None
    """已经排好的那一个。"""
    rule: str = ""
    """固定活动的规则；空：就这一次。"""
    rule_said: str = ""
    roll: str = ""
    asks: str = ""
    topics: tuple[int, ...] = ()
    """问主题时列出来的是哪几件事。"""


# ---- 定活动 ----------------------------------------------------------------------------------------


@on.command("定活动", "发起活动", "开活动", "办活动", "定主题", takes="words")
def call(ctx: Context) -> Reply:
    """定活动 12月5日上午9点在村部开主题党日；定活动 3：排好的那个；定活动 每月5号…：以后固定。"""
    numbered_one, rest = number_at_the_head(ctx.rest)
    if numbered_one is None:
        ctx.unit.activities.host_for(
            ctx.member, ctx.today, ctx.now
        )  # whoever may not hears so before any question
        return _go_on(ctx, _understood(ctx, Calling(), rest))
    activity = ctx.unit.activities.to_run(numbered_one, ctx.member, ctx.now)
    activity.check_open()
    return _go_on(ctx, _understood(ctx, _begun(activity), rest))


@on.pattern(r"^.{0,60}(?:主题党日|党日|志愿服务|活动)(?!室|中心|场|板房|站)")
def call_in_a_sentence(ctx: Context) -> Reply | Pass:
    """12月5日上午9点在村部开主题党日：任职的人这么说，就是定活动。"""
    text = plain(ctx.text)
    if _QUESTION.search(text) or _WANTS.search(text) or not _may_call(ctx):
        return PASS
    said = read(ctx.mind.named(text, ctx.now).when)
    starts_at = said.starts_at if said is not None else None
    rule = read_rule(text)
    if rule is None and (starts_at is None or starts_at <= ctx.now):
        return PASS
    return _go_on(ctx, _understood(ctx, Calling(), text))


def _may_call(ctx: Context) -> bool:
    return bool(ctx.unit.organisations.offices_of(ctx.member.member_id, ctx.now))


def _begun(activity: Activity) -> Calling:
    """What an activity that is on file has already."""
    begins, ends = local(activity.starts_at), local(activity.ends_at)
    return Calling(
        kind=activity.kind,
        format=activity.format,
        day=begins.date().isoformat(),
        begins=f"{begins:%H:%M}",
        ends=f"{ends:%H:%M}" if ends.date() == begins.date() else "",
        place=activity.place,
        topic=activity.topic,
        capacity=activity.capacity,
        branch=activity.organisation_id is not None,
        number=activity.number,
    )


@on.step(Calling)
def told(ctx: Context, step: Calling) -> Reply | Pass:
    """答了问的那一样，或者核对的时候改了一样。"""
    text = plain(ctx.text)
    if not text:
        return PASS
    if step.asks == "confirm":
        return _confirmed(ctx, step, text)
    if step.asks == "topic":
        return _topic_told(ctx, step, text)
    after = _understood(ctx, step, text)
    if step.asks == "place" and after.place == step.place and after.day == step.day:
        after = msgspec.structs.replace(
            after, place=text.removeprefix("在").strip(EDGES)[:30], topic=step.topic
        )
    if step.asks == "place":
        after = msgspec.structs.replace(after, topic=step.topic)
    if after == step and ctx.understanding.intent in ("report", "query_mine", "query_list"):
        return PASS
    return _go_on(ctx, after)


def _topic_told(ctx: Context, step: Calling, text: str) -> Reply:
    if _NO_TOPIC.match(text):
        return _go_on(ctx, _understood(ctx, step, text))
    picked = choice(text)
    if picked is not None and 1 <= picked <= len(step.topics):
        case = ctx.look(step.topics[picked - 1])
        topic = ctx.texts.say("convene.topic_of_case", number=case.number, text=case.short)
    elif picked is not None or len(text) < 2:
        return _ask_topic(ctx, step)
    else:
        topic = closed(re.sub(r"^(?:主题|内容)(?:就?是|为|：|:)?\s*", "", ctx.text.strip(EDGES)))
    return _go_on(ctx, msgspec.structs.replace(step, topic=topic[:200]))


def _confirmed(ctx: Context, step: Calling, text: str) -> Reply | Pass:
    if is_yes(text):
        return _settle_series(ctx, step) if step.rule else _send(ctx, step)
    if is_no(text) or choice(text) == 0:
        return ctx.ask("convene.what_else", then=step)
    understood = ctx.understanding
    elsewhere = understood.intent == "report" and understood.confidence >= _SURE
    if ctx.rest or ctx.number is not None or (elsewhere and not _CHANGES.search(text)):
        return (
            PASS  # another command, or a trouble of its own: whoever is asked to check does not always do so
        )
    after = _understood(ctx, step, text)
    return ctx.ask("convene.what_else", then=step) if after == step else _go_on(ctx, after)


def _understood(ctx: Context, step: Calling, text: str) -> Calling:
    """What is known once a text was read: what it names counts, the rest stays."""
    if not text:
        return step
    changed: dict[str, object] = {}
    rule = read_rule(text)
    if rule is not None and step.number is None:
        changed |= {"rule": rule.rrule, "rule_said": rule.said}
        # A day for the hour to stand with: 每月5号上午9点 names no day of its own.
        text = plain(text).replace(rule.piece, ctx.texts.say("convene.tomorrow"), 1)
    named = ctx.mind.named(text, ctx.now)
    when = read(named.when)
    if when is None and step.day:
        # 下午2点: an hour alone is one of the day that was named before.
        with_day = day_of(date.fromisoformat(step.day)) + plain(text)
        hour = read(ctx.mind.named(with_day, ctx.now).when)
        if hour is not None and hour.begins is not None:
            when, text, named = hour, with_day, ctx.mind.named(with_day, ctx.now)
    if when is not None:
        changed |= _time_of(when, step, keep_day=rule is None)
    found = read_call(text, named)
    for name in ("kind", "format", "place", "topic"):
        if value := getattr(found, name):
            changed[name] = value
    if step.asks not in ("", "when") and not any(
        each.label in text for each in activitywords.kinds().values()
    ):
        changed.pop("kind", None)  # a topic's own words (学习…) do not change what it is
    if step.asks == "confirm" and not re.search("在|地点|地方", text):
        changed.pop("place", None)
    if step.asks == "confirm" and found.topic and not re.search(r"主题|内容", text):
        changed.pop("topic", None)
    if found.capacity is not None:
        changed["capacity"] = found.capacity[0]
    if (roll := read_roll(text)) is not None:
        changed["roll"] = roll
    if found.branch:
        changed["branch"] = True
    return msgspec.structs.replace(step, **changed)


def _time_of(when: Said, step: Calling, *, keep_day: bool) -> dict[str, object]:
    changed: dict[str, object] = {"day": when.day.isoformat()} if keep_day else {}
    if when.begins is not None:
        changed |= {"begins": f"{when.begins:%H:%M}", "ends": f"{when.ends:%H:%M}" if when.ends else ""}
    return changed


def _go_on(ctx: Context, step: Calling) -> Reply:
    """Asks for the first thing that is missing; once nothing is, shows all of it."""
    if not step.day and not step.rule:
        return ctx.ask(
            "convene.ask_when", then=_asking(step, "when"), day=day_of(ctx.today + timedelta(days=10))
        )
    if not step.begins:
        day = step.rule_said or say_day(date.fromisoformat(step.day), ctx.today)
        return ctx.ask("convene.ask_clock", then=_asking(step, "clock"), day=day)
    if not step.place:
        return ctx.ask("convene.ask_place", then=_asking(step, "place"))
    if step.rule:
        return _show_series(ctx, _asking(step, "confirm"))
    if not step.topic:
        return _ask_topic(ctx, step)
    return _show(ctx, _asking(step, "confirm"))


def _asking(step: Calling, what: str) -> Calling:
    return msgspec.structs.replace(step, asks=what)


def _ask_topic(ctx: Context, step: Calling) -> Reply:
    """主题：从大家等着办的事里挑，或者自己说。"""
    topics = ctx.unit.activities.topics(_host(ctx, step), _TOPICS)
    then = msgspec.structs.replace(step, asks="topic", topics=tuple(each.number for each in topics))
    if not topics:
        return ctx.ask("convene.ask_topic_free", then=then)
    choices = numbered(
        ctx.texts.say(
            "convene.topic_line",
            text=each.text,
            joined=ctx.texts.say("convene.joined", count=each.joined + 1) if each.joined else "",
        )
        for each in topics
    )
    return ctx.ask("convene.ask_topic", then=then, choices=choices)


def _host(ctx: Context, step: Calling) -> Host:
    day = date.fromisoformat(step.day) if step.day else ctx.today
    return ctx.unit.activities.host_for(ctx.member, day, ctx.now, branch=step.branch)


def _whose(ctx: Context, host: Host) -> str:
    if host.organisation_id is not None or host.consortium_id is None:
        return ctx.card(host.organisation_id or host.acting_id).name
    return ctx.unit.consortia.get(host.consortium_id).name


def _show(ctx: Context, step: Calling) -> Reply:
    """核对。"""
    plan = _plan(step)
    kind = activitywords.kinds()[plan.kind].label
    return ctx.ask(
        "convene.confirm",
        then=step,
        host=_whose(ctx, _host(ctx, step)),
        kind=kind,
        topic=shorten(plan.topic, 40),
        when=say_when(plan.starts_at, ctx.today),
        until=say_clock(plan.ends_at),
        place=plan.place,
        format=activitywords.formats()[plan.format].label,
        capacity=ctx.texts.say("convene.limit", count=plan.capacity) if plan.capacity else "",
    )


def _plan(step: Calling) -> Plan:
    kind = activitywords.kinds()[step.kind or _USUAL_KIND]
    day = date.fromisoformat(step.day)
    starts_at = datetime.combine(day, time.fromisoformat(step.begins), SHANGHAI)
    ends_at = datetime.combine(day, time.fromisoformat(step.ends), SHANGHAI) if step.ends else starts_at
    if ends_at <= starts_at:
        ends_at = starts_at + timedelta(minutes=kind.minutes)
    return Plan(
        kind=kind.key,
        format=step.format or kind.format,
        topic=step.topic,
        place=step.place,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=step.capacity,
    )


def _send(ctx: Context, step: Calling) -> Reply:
    """回了 1：定下来。"""
    plan = _plan(step)
    known = ctx.unit.activities.look(step.number, ctx.member, ctx.now) if step.number is not None else None
    again = known is not None and known.state == ActivityState.CALLED
    activity = ctx.unit.activities.call(
        _host(ctx, step), plan, by=ctx.member, now=ctx.now, number=step.number
    )
    if again:
        return ctx.say("convene.called_again", number=activity.number)
    soon = activity.starts_at - ctx.now < timedelta(days=3)
    return ctx.say("convene.called_soon" if soon else "convene.called", number=activity.number)


# ---- 固定活动 ---------------------------------------------------------------------------------------


def _show_series(ctx: Context, step: Calling) -> Reply:
    kind = step.kind or _USUAL_KIND
    known = any(each.kind == kind for each in ctx.unit.recurring.of(_host(ctx, step)))
    return ctx.ask(
        "convene.confirm_series",
        then=msgspec.structs.replace(step, roll=step.roll or USUAL_ROLL),
        host=_whose(ctx, _host(ctx, step)),
        kind=activitywords.kinds()[step.kind or _USUAL_KIND].label,
        rule=step.rule_said,
        clock=say_clock(time.fromisoformat(step.begins)),
        place=step.place,
        roll=ctx.texts.say(f"convene.roll_{step.roll or USUAL_ROLL}"),
        instead=ctx.texts.say("convene.instead") if known else "",
    )


def _settle_series(ctx: Context, step: Calling) -> Reply:
    kind = activitywords.kinds()[step.kind or _USUAL_KIND]
    begins = time.fromisoformat(step.begins)
    minutes = kind.minutes
    if step.ends and (ends := time.fromisoformat(step.ends)) > begins:
        minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
    series = ctx.unit.recurring.settle(
        _host(ctx, step),
        kind=kind.key,
        format_key=step.format or kind.format,
        place=step.place,
        rule=step.rule,
        begins=begins,
        minutes=minutes,
        roll=step.roll,
        by=ctx.member,
        now=ctx.now,
    )
    ahead = ctx.unit.recurring.ahead(series, ctx.now)
    days = "、".join(
        ctx.texts.say("convene.ahead", number=each.number, day=say_day(each.day, ctx.today))
        for each in ahead[:3]
    )
    return ctx.say("convene.series", rule=step.rule_said, clock=say_clock(begins), days=days)


@on.command("固定活动")
def series(ctx: Context) -> Reply:
    """固定活动：以后按什么规矩办，排到了哪几天。"""
    host = ctx.unit.activities.host_for(ctx.member, ctx.today, ctx.now)
    found = ctx.unit.recurring.of(host)
    if not found and host.organisation_id is not None and host.consortium_id is not None:
        # Whoever runs none of their own may see the consortium's.
        found = ctx.unit.recurring.of(Host(host.consortium_id, None, host.acting_id))
    if not found:
        return ctx.say("convene.no_series")
    lines = []
    for each in found:
        ahead = ctx.unit.recurring.ahead(each, ctx.now)
        days = "、".join(say_day(one.day, ctx.today) for one in ahead[:3])
        lines.append(
            ctx.texts.say("convene.series_line", kind=activitywords.kinds()[each.kind].label, days=days)
        )
    return ctx.say("convene.all_series", lines=numbered(lines))


@on.command("停固定活动", takes="number?")
def end_series(ctx: Context) -> Reply:
    """停固定活动 1：以后不排了，没人动过的撤下来。"""
    found = ctx.unit.recurring.of(ctx.unit.activities.host_for(ctx.member, ctx.today, ctx.now))
    place = ctx.number or (1 if len(found) == 1 else 0)
    if not 1 <= place <= len(found):
        return series(ctx)
    gone = ctx.unit.recurring.end(found[place - 1], ctx.now)
    return ctx.say(
        "convene.series_ended", kind=activitywords.kinds()[found[place - 1].kind].label, count=gone
    )

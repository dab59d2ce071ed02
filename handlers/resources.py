"""我的资源：自己单位提供的，看得到、停得下、改得了；党员提供的，任职的人看过才上清单。"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from bot.kit import terms
from bot.kit.context import Context
from bot.kit.days import say_day
from bot.kit.dialogue import Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, plain
from models.offering import Agent, Circle, SupplyNotYours, SupplyState
from models.supply import Supply

on = Router()

PAGE = 4
_CODED = re.compile(r"^(?:编号)?\s*([A-Za-z]{0,6}[-_]?\d{1,9})\s*号?[\s，,：:。]*(.*)$", re.DOTALL)
BY_DIGIT: Final = ("approve", "refuse", "pause", "resume", "fill", "withdraw")
"""What is done by a digit, in the order in which it is offered."""
_WORDS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"下架|撤下|撤了|不提供|不办了"), "withdraw"),
    (re.compile(r"暂停|先停|停一停|停了"), "pause"),
    (re.compile(r"恢复|继续|接着办|重新"), "resume"),
    (re.compile(r"全市|公开"), "city"),
    (re.compile(r"全县|全旗|全区"), "county"),
    (re.compile(r"发展带|全带"), "belt"),
    (re.compile(r"融合体|内部"), "consortium"),
    (re.compile(r"满|够了|没了|用完"), "fill"),
    (re.compile(r"还有|还能|还剩|名额|再加|不限家|不限数"), "limit"),
    (re.compile(r"到|长期|期|延|月|号|日"), "prolong"),
)
"""What stands behind the code, and what is meant by it; the first that fits."""


class Shelf(Step, frozen=True):
    """看着自己的资源：能选序号，能翻页。"""

    codes: tuple[str, ...]
    next_offset: int
    """-1：后面没有了。"""


class Manage(Step, frozen=True):
    """看着一条资源，等他说怎么办。"""

    code: str
    verbs: tuple[str, ...]


class ConfirmDown(Step, frozen=True):
    """等他说是不是真要下架。"""

    answers = frozenset({"下架"})

    code: str


class Why(Step, frozen=True):
    """等他说为什么不同意。"""

    code: str


@on.command("我的资源", "我们的资源")
def shelf(ctx: Context) -> Reply:
    """我的资源：自己单位提供的，和自己报的。"""
    return _page(ctx, 0)


def _page(ctx: Context, offset: int) -> Reply:
    found, total = ctx.unit.supplies.of_agent(ctx.unit.supplies.agent(ctx.member, ctx.now), PAGE, offset)
    if not found:
        return ctx.say("resources.end") if offset else ctx.say("resources.none")
    more = offset + PAGE < total
    lines = [
        ctx.texts.say(
            "resources.line",
            code=each.code,
            title=shorten(each.title, 14),
            face=each.stands(ctx.today).label,
            left=ctx.texts.say("resources.left", left=each.left) if each.left else "",
        )
        for each in found
    ]
    return ctx.ask(
        "resources.page",
        then=Shelf(tuple(each.code for each in found), offset + PAGE if more else -1),
        total=total,
        lines=numbered(lines),
        more=ctx.texts.say("lists.more") if more else "",
    )


@on.step(Shelf)
def picked(ctx: Context, step: Shelf) -> Reply | Pass:
    """选了一条，或者往下翻。"""
    if plain(ctx.text) in ("更多", "下一页", "往下", "继续"):
        return _page(ctx, step.next_offset) if step.next_offset >= 0 else ctx.ask("resources.end", then=step)
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.codes):
        return PASS
    return _card(ctx, step.codes[number - 1])


@on.command("资源", takes="words")
def resource(ctx: Context) -> Reply | Pass:
    """资源 W12：看怎么样了；后面可以带上暂停、满了、下架、还有几家、到哪天。"""
    if not ctx.rest:
        return _page(ctx, 0)
    found = _CODED.match(plain(ctx.rest))
    if found is None:
        return PASS
    code, words = ctx.unit.supplies.code_of(found[1]), found[2].strip()
    if not words:
        return _card(ctx, code)
    verb = next((verb for pattern, verb in _WORDS if pattern.search(words)), "")
    return _do(ctx, code, verb, words) if verb else _card(ctx, code)


def _card(ctx: Context, code: str, done: str = "") -> Reply:
    """One entry as those who run it read it, with what they may do by a digit."""
    supply, agent = ctx.unit.supplies.by_code(code), ctx.unit.supplies.agent(ctx.member, ctx.now)
    allowed = supply.open_verbs(agent, ctx.today)
    verbs = [verb for verb in BY_DIGIT if verb in allowed]
    reviews = bool(agent.offices & ctx.unit.supplies.reviewers(supply, ctx.now))
    if reviews and supply.stands(ctx.today) is SupplyState.DRAFT:
        verbs = ["approve", "refuse"]
    if not (verbs or reviews or supply.member_id == agent.member_id):
        raise SupplyNotYours(code=code)
    card = done + ctx.texts.say(
        "resources.card",
        code=supply.code,
        title=supply.title,
        unit=supply.unit_name,
        face=supply.stands(ctx.today).label,
        terms=_terms(ctx, supply),
        detail=shorten(supply.detail, 60),
    )
    if verbs:
        card += "\n" + "  ".join(
            f"{place} {ctx.texts.say(f'resources.do_{verb}')}" for place, verb in enumerate(verbs, 1)
        )
    if "limit" in allowed and supply.state != SupplyState.DRAFT:
        wider = ctx.texts.say("resources.open", code=supply.code) if "open_to" in allowed else ""
        card += "\n" + ctx.texts.say("resources.words", code=supply.code, open=wider)
    ctx.next_step = Manage(code, tuple(verbs)) if verbs else None
    return Reply(card)


def _terms(ctx: Context, supply: Supply) -> str:
    until, served = supply.valid_until, ctx.unit.uses.lasting(supply.id)
    parts = (
        ctx.texts.say("resources.left", left=supply.left) if supply.left else "",
        "" if until is None else ctx.texts.say("resources.until", day=say_day(until, ctx.today)),
        ctx.texts.say("resources.used", used=served) if served else "",
        ctx.texts.say("resources.shown", circle=Circle(supply.visibility).label),
    )
    return "".join(parts)


@on.step(Manage)
def managed(ctx: Context, step: Manage) -> Reply | Pass:
    """选了怎么办。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.verbs):
        return PASS
    return _do(ctx, step.code, step.verbs[number - 1], "")


def _do(ctx: Context, code: str, verb: str, words: str) -> Reply:
    now = ctx.now
    match verb:
        case "approve":
            return _approve(ctx, code)
        case "refuse":
            return ctx.ask("resources.why", then=Why(code), code=code)
        case "withdraw":
            supply = ctx.unit.supplies.by_code(code)
            return ctx.ask(
                "resources.confirm", then=ConfirmDown(code), code=code, title=shorten(supply.title, 20)
            )
        case "pause":
            return _change(ctx, code, lambda supply, agent: supply.pause(by=agent, now=now))
        case "resume":
            return _change(ctx, code, lambda supply, agent: supply.resume(by=agent, now=now))
        case "fill":
            return _change(ctx, code, lambda supply, agent: supply.fill(by=agent, now=now))
        case "limit":
            count = terms.exact_count(words)
            if count is None:
                return ctx.say("resources.say_count", code=code)
            return _change(ctx, code, lambda supply, agent: supply.limit(count[0], by=agent, now=now))
        case "prolong":
            # With 到 before it, 3号 is a day and no numbered answer.
            until = terms.last_day(
                "到" + words.removeprefix("到"),
                ctx.today,
                lambda text: ctx.mind.read(text, now).understanding.deadline,
            )
            if until is None:
                return ctx.say("resources.say_day", code=code)
            return _change(ctx, code, lambda supply, agent: supply.prolong(until[0], by=agent, now=now))
    ctx.unit.supplies.open_to(code, Circle(verb), by=ctx.member, now=now)
    return _card(ctx, code, ctx.texts.say("resources.done"))


def _change(ctx: Context, code: str, verb: Callable[[Supply, Agent], Any]) -> Reply:
    ctx.unit.supplies.change(code, verb, by=ctx.member, now=ctx.now)
    return _card(ctx, code, ctx.texts.say("resources.done"))


@on.step(ConfirmDown)
def confirmed(ctx: Context, step: ConfirmDown) -> Reply | Pass:
    """真要下架吗。"""
    if is_yes(ctx.text) or plain(ctx.text) in step.answers:
        ctx.unit.supplies.change(
            step.code,
            lambda supply, agent: supply.withdraw(by=agent, now=ctx.now),
            by=ctx.member,
            now=ctx.now,
        )
        return ctx.say("resources.down", code=step.code)
    return ctx.say("resources.kept", code=step.code) if is_no(ctx.text) else PASS


# ---- review ------------------------------------------------------------------------------------------


@on.command("同意资源", takes="words")
def approve(ctx: Context) -> Reply:
    """同意资源 W12：上清单。"""
    found = _CODED.match(plain(ctx.rest))
    return _approve(ctx, ctx.unit.supplies.code_of(found[1])) if found else ctx.say("resources.which")


@on.command("不同意资源", takes="words")
def refuse(ctx: Context) -> Reply:
    """不同意资源 W12：后面带上为什么，没带就问一句。"""
    found = _CODED.match(plain(ctx.rest))
    if found is None:
        return ctx.say("resources.which")
    code = ctx.unit.supplies.code_of(found[1])
    return _refuse(ctx, code, found[2]) if found[2] else ctx.ask("resources.why", then=Why(code), code=code)


@on.step(Why)
def reasoned(ctx: Context, step: Why) -> Reply | Pass:
    """说了为什么。"""
    return _refuse(ctx, step.code, ctx.text) if len(plain(ctx.text)) > 1 else PASS


def _approve(ctx: Context, code: str) -> Reply:
    supply = ctx.unit.supplies.review(code, approved=True, by=ctx.member, now=ctx.now)
    return ctx.say("resources.approved", code=code, title=supply.title)


def _refuse(ctx: Context, code: str, reason: str) -> Reply:
    supply = ctx.unit.supplies.review(code, approved=False, by=ctx.member, now=ctx.now, reason=reason)
    return ctx.say("resources.refused", code=code, title=supply.title)

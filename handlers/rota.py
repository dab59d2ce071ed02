"""排班：牵头单位看体检、看往后十二期、定怎么轮、跳过谁、换谁来；都是先看改动，回 1 才发布。"""

from __future__ import annotations

from datetime import date

import msgspec

from bot.kit.context import Context
from bot.kit.days import day_of, say_day
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, plain
from models.consortium import Consortium
from models.rota import Change, Proposal, Settings, Slot
from models.rotacard import Finding, check
from models.seat import Seated
from models.turns import Span, Strategy

on = Router()

AHEAD = 12
"""Turns that are shown on request."""
SHOWN = 2
"""Findings and changes that stand in a reply; of more it says how many there are."""
SPANS = tuple(Span)
STRATEGIES = (Strategy.FIXED, Strategy.BALANCED, Strategy.MANUAL)
REASONS = ("换届", "没有书记", "机构改革")


class Menu(Step, frozen=True):
    """看着体检：等他说看什么、改什么。"""

    consortium: int


class AskSpan(Step, frozen=True):
    """等他说多长一期。"""

    consortium: int


class AskStrategy(Step, frozen=True):
    """等他说怎么轮。"""

    consortium: int
    span: Span


class Preview(Step, frozen=True):
    """看着改动：等他说发布不发布。"""

    consortium: int
    settings: Settings
    fingerprint: str


class SkipWhom(Step, frozen=True):
    """名字像的有几家：等他说跳过哪一家。"""

    consortium: int
    organisations: tuple[int, ...]
    rest: str


class SkipWhy(Step, frozen=True):
    """等他说为什么跳过。"""

    consortium: int
    organisation: int


class StandIn(Step, frozen=True):
    """等他说这一期是不是真换给那一家。"""

    term: int
    organisation: int
    reason: str


@on.command("排班", "排班体检", "排轮值")
def card(ctx: Context) -> Reply:
    """排班：体检打几分，哪儿不对；再看往后十二期，或者重新排。"""
    consortium = ctx.unit.rotas.led_by(ctx.member, ctx.now)
    found = check(ctx.unit, consortium.id, ctx.now)
    lines = [_finding(ctx, each) for each in found.findings[:SHOWN]]
    if len(found.findings) > SHOWN:
        lines.append(ctx.texts.say("rota.more_findings", count=len(found.findings) - SHOWN))
    settings = ctx.unit.rotas.settings(consortium.id, ctx.now)
    manual = settings.strategy is Strategy.MANUAL
    return ctx.ask(
        "rota.card",
        then=Menu(consortium.id),
        consortium=consortium.name,
        score=found.score,
        way=ctx.texts.say("rota.way_manual")
        if manual
        else ctx.texts.say("rota.way", span=settings.span.label, strategy=settings.strategy.label),
        findings="\n".join(lines) if lines else ctx.texts.say("rota.sound"),
        all=ctx.texts.say("rota.all_findings") if len(found.findings) > SHOWN else "",
    )


def _finding(ctx: Context, finding: Finding) -> str:
    return ctx.texts.say(
        f"rota.finding_{finding.fault.value}",
        organisation=finding.organisation,
        first=say_day(finding.first, ctx.today) if finding.first is not None else "",
        last=day_of(finding.last) if finding.last is not None else "",
        count=finding.count,
        reason=finding.reason,
    )


@on.step(Menu)
def chosen(ctx: Context, step: Menu) -> Reply | Pass:
    """看往后十二期、重新排、看全部不对的地方。"""
    ctx.unit.rotas.led_by(ctx.member, ctx.now)
    match choice(ctx.text):
        case 1:
            return _ahead(ctx, step.consortium)
        case 2:
            return ctx.ask(
                "rota.ask_span",
                then=AskSpan(step.consortium),
                spans=numbered(span.label for span in SPANS),
            )
        case 3:
            findings = check(ctx.unit, step.consortium, ctx.now).findings
            return ctx.say(
                "rota.findings",
                lines="\n".join(_finding(ctx, each) for each in findings[:AHEAD])
                or ctx.texts.say("rota.sound"),
            )
        case 0:
            return ctx.say("rota.left")
    return PASS


def _ahead(ctx: Context, consortium_id: int) -> Reply:
    turns = ctx.unit.consortia.turns_after(consortium_id, ctx.today, AHEAD)
    if not turns:
        return ctx.say("rota.nothing_ahead")
    return ctx.say(
        "rota.ahead",
        lines="\n".join(
            ctx.texts.say(
                "rota.ahead_line",
                number=term.sequence,
                first=say_day(term.starts_on, ctx.today),
                organisation=shorten(organisation.name, 16),
            )
            for term, organisation in turns
        ),
    )


@on.step(AskSpan)
def span_said(ctx: Context, step: AskSpan) -> Reply | Pass:
    """说了多长一期。"""
    number = choice(ctx.text)
    if number == 0:
        return ctx.say("rota.left")
    if number is None or not 1 <= number <= len(SPANS):
        return PASS
    return ctx.ask(
        "rota.ask_strategy",
        then=AskStrategy(step.consortium, SPANS[number - 1]),
        strategies=numbered(strategy.label for strategy in STRATEGIES),
    )


@on.step(AskStrategy)
def strategy_said(ctx: Context, step: AskStrategy) -> Reply | Pass:
    """说了怎么轮：给他看改动。"""
    number = choice(ctx.text)
    if number == 0:
        return ctx.say("rota.left")
    if number is None or not 1 <= number <= len(STRATEGIES):
        return PASS
    rotas = ctx.unit.rotas
    settings = msgspec.structs.replace(
        rotas.settings(step.consortium, ctx.now),
        strategy=STRATEGIES[number - 1],
        span=step.span,
        first_on=rotas.start_of(step.consortium, ctx.now),
    )
    return _preview(ctx, step.consortium, settings)


def _preview(ctx: Context, consortium_id: int, settings: Settings) -> Reply:
    """What would change, and the choice."""
    proposal = ctx.unit.rotas.propose(consortium_id, settings, ctx.now)
    changes = proposal.changes
    known = [each for each in changes if each.was is not None]
    lines = [_change(ctx, each) for each in (known or list(changes))[:SHOWN]]
    if len(changes) > SHOWN:
        lines.append(ctx.texts.say("rota.more_changes", count=len(changes) - SHOWN))
    if proposal.stuck_on is not None:
        lines.append(ctx.texts.say("rota.stuck", day=say_day(proposal.stuck_on, ctx.today)))
    then = Preview(consortium_id, settings, proposal.fingerprint)
    if not changes:
        return ctx.ask("rota.preview_same", then=then, until=_until(ctx, proposal))
    return ctx.ask(
        "rota.preview",
        then=then,
        changed=len(known),
        new=len(changes) - len(known),
        count=len(proposal.affected),
        until=_until(ctx, proposal),
        lines="\n".join(lines),
    )


def _until(ctx: Context, proposal: Proposal) -> str:
    last: date = proposal.rows[-1].ends_on if proposal.rows else ctx.today
    return say_day(last, ctx.today)


def _change(ctx: Context, change: Change) -> str:
    was, will = change.was, change.will
    if was is None and will is not None:
        return ctx.texts.say(
            "rota.change_new",
            first=say_day(will.starts_on, ctx.today),
            organisation=ctx.card(will.organisation_id).name,
        )
    if was is not None and will is None:
        return ctx.texts.say(
            "rota.change_off",
            first=say_day(was.starts_on, ctx.today),
            organisation=ctx.card(was.organisation_id).name,
        )
    if was is None or will is None:
        return ""
    if was.organisation_id == will.organisation_id:
        return ctx.texts.say(
            "rota.change_days",
            organisation=ctx.card(was.organisation_id).name,
            was=_span(ctx, was),
            span=_span(ctx, will),
        )
    return ctx.texts.say(
        "rota.change_organisation",
        first=say_day(will.starts_on, ctx.today),
        was=ctx.card(was.organisation_id).name,
        organisation=ctx.card(will.organisation_id).name,
    )


def _span(ctx: Context, slot: Slot) -> str:
    first, last = say_day(slot.starts_on, ctx.today), day_of(slot.ends_on)
    return ctx.texts.say("rota.span", first=first, last=last)


@on.step(Preview)
def decided(ctx: Context, step: Preview) -> Reply | Pass:
    """回 1 发布，回 0 不改。"""
    number, text = choice(ctx.text), plain(ctx.text)
    if number == 0 or (number is None and is_no(ctx.text)):
        return ctx.say("rota.left")
    if number != 1 and text not in ("发布", "同意发布", "确认发布"):
        return PASS
    proposal = ctx.unit.rotas.propose(step.consortium, step.settings, ctx.now)
    if proposal.fingerprint != step.fingerprint:
        # What was agreed to is not what would happen: it is shown again.
        reply = _preview(ctx, step.consortium, step.settings)
        return Reply(ctx.texts.say("rota.changed_meanwhile") + "\n" + reply.text)
    ctx.unit.rotas.publish(proposal, by=ctx.member, now=ctx.now)
    return ctx.say("rota.published", count=len(proposal.affected), until=_until(ctx, proposal))


# ---- skipping ----------------------------------------------------------------------------------------


@on.command("跳过", takes="words")
def skip(ctx: Context) -> Reply:
    """跳过 税务局 换届 到8月底：没说到哪天，就只跳过下一期；欠的一期以后补上。"""
    consortium = ctx.unit.rotas.led_by(ctx.member, ctx.now)
    name, _, rest = plain(ctx.rest).partition(" ")
    if not name:
        return ctx.say("rota.skip_how")
    found = _members(ctx, consortium, name)
    if not found:
        return ctx.say("rota.no_member", name=shorten(name, 20), consortium=consortium.name)
    if len(found) > 1:
        return ctx.ask(
            "rota.skip_whom",
            then=SkipWhom(consortium.id, tuple(each.organisation_id for each in found), rest),
            choices=numbered(each.name for each in found),
        )
    return _skip(ctx, consortium.id, found[0].organisation_id, rest)


def _members(ctx: Context, consortium: Consortium, name: str) -> list[Seated]:
    seated = ctx.unit.consortia.seated(consortium.id, ctx.today)
    exact = [each for each in seated if each.name == name]
    return exact or [each for each in seated if name in each.name][:MOST_CHOICES]


@on.step(SkipWhom)
def skip_whom(ctx: Context, step: SkipWhom) -> Reply | Pass:
    """说了跳过哪一家。"""
    number = choice(ctx.text)
    if number == 0:
        return ctx.say("rota.left")
    if number is None or not 1 <= number <= len(step.organisations):
        return PASS
    return _skip(ctx, step.consortium, step.organisations[number - 1], step.rest)


def _skip(ctx: Context, consortium_id: int, organisation_id: int, reason: str) -> Reply:
    if not reason.strip():
        return ctx.ask(
            "rota.skip_why",
            then=SkipWhy(consortium_id, organisation_id),
            organisation=ctx.card(organisation_id).name,
            reasons=numbered(REASONS),
        )
    settings = ctx.unit.rotas.skipping(
        consortium_id, organisation_id, reason.strip(), ctx.mind.day(reason, ctx.now), ctx.now
    )
    if settings.strategy is Strategy.MANUAL:
        return ctx.say("rota.skip_manual")
    return _preview(ctx, consortium_id, settings)


@on.step(SkipWhy)
def skip_why(ctx: Context, step: SkipWhy) -> Reply | Pass:
    """说了为什么跳过。"""
    number = choice(ctx.text)
    if number == 0:
        return ctx.say("rota.left")
    if number is not None and not 1 <= number <= len(REASONS):
        return PASS
    reason = REASONS[number - 1] if number is not None else plain(ctx.text)
    return _skip(ctx, step.consortium, step.organisation, reason) if reason else PASS


@on.command("恢复轮值", "不跳过", takes="words")
def come_back(ctx: Context) -> Reply:
    """恢复轮值 税务局：原因没有了，照旧轮，欠的补上。"""
    consortium = ctx.unit.rotas.led_by(ctx.member, ctx.now)
    name = plain(ctx.rest)
    found = _members(ctx, consortium, name) if name else []
    if len(found) != 1:
        return ctx.say("rota.no_member", name=shorten(name, 20), consortium=consortium.name)
    settings = ctx.unit.rotas.returning(consortium.id, found[0].organisation_id, ctx.now)
    return _preview(ctx, consortium.id, settings)


# ---- somebody else for one turn ----------------------------------------------------------------------


@on.command("代轮值", "改派轮值", takes="number?words")
def stand_in(ctx: Context) -> Reply:
    """代轮值 3 税务局 理由：第 3 期由别家代，底下的轮值表不动。"""
    consortium = ctx.unit.rotas.led_by(ctx.member, ctx.now)
    name, _, reason = plain(ctx.rest).partition(" ")
    term = next(
        (each for each in ctx.unit.consortia.terms_of(consortium.id) if each.sequence == ctx.number), None
    )
    if term is None or not name:
        return ctx.say("rota.stand_in_how")
    found = _members(ctx, consortium, name)
    if len(found) != 1:
        return ctx.say("rota.no_member", name=shorten(name, 20), consortium=consortium.name)
    return ctx.ask(
        "rota.stand_in_ask",
        then=StandIn(term.id, found[0].organisation_id, reason),
        number=term.sequence,
        first=say_day(term.starts_on, ctx.today),
        last=day_of(term.ends_on),
        was=ctx.card(term.organisation_id).name,
        organisation=found[0].name,
    )


@on.step(StandIn)
def stands_in(ctx: Context, step: StandIn) -> Reply | Pass:
    """回 1 定下。"""
    number = choice(ctx.text)
    if number == 0 or (number is None and is_no(ctx.text)):
        return ctx.say("rota.left")
    if number != 1:
        return PASS
    term = ctx.unit.consortia.term(step.term)
    if term is None:
        return ctx.say("rota.stand_in_how")
    ctx.unit.rotas.override(term, step.organisation, step.reason, by=ctx.member, now=ctx.now)
    return ctx.say(
        "rota.stood_in",
        first=say_day(term.starts_on, ctx.today),
        last=day_of(term.ends_on),
        organisation=ctx.card(step.organisation).name,
    )

"""换班：轮到了主持不了，跟别家对换一期；别家应不应；牵头单位备案；不换了。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.days import day_of, say_day
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import offices_of
from bot.kit.words import choice, is_no, plain
from models.asking import Asked
from models.swap import Side, Swap, SwapState
from models.term import Term

on = Router()

SHOWN = MOST_CHOICES - 1
"""Organisations that are named; the last digit asks all of them."""


class WhichTurn(Step, frozen=True):
    """单位往后有几期：等他说换哪一期。"""

    terms: tuple[int, ...]


class WithWhom(Step, frozen=True):
    """等他说跟谁换。"""

    term: int
    peers: tuple[int, ...]
    """Their turns, in the order in which they are shown."""


class WhyObject(Step, frozen=True):
    """等牵头单位说为什么不同意。"""

    swap: int


@on.command("换班", "调班", "换轮值", "我要换班", takes="number?words")
def begin(ctx: Context) -> Reply:
    """换班：看自己单位往后哪一期，跟哪家能换。"""
    turns = ctx.unit.swaps.turns_of(ctx.member, ctx.now)[:MOST_CHOICES]
    for swap in ctx.unit.swaps.of_offices(ctx.member, ctx.now):
        if any(swap.term_id == term.id for term in turns):
            return _under_way(ctx, swap)
    if len(turns) == 1:
        return _with_whom(ctx, turns[0])
    return ctx.ask(
        "swap.which",
        then=WhichTurn(tuple(term.id for term in turns)),
        turns=numbered(
            ctx.texts.say("swap.turn", first=say_day(term.starts_on, ctx.today), last=day_of(term.ends_on))
            for term in turns
        ),
    )


@on.pattern(
    r"^(?:我们?|俺们?|咱们?)?.{0,14}?(?:想|要|能不能|可不可以|能|申请)(?:跟别家|跟谁|跟人|和别家|跟别的单位)?"
    r"(?:换个?班|调个?班|换轮值|调轮值|换一?期)(?:吗|吧|呢|了|行不行|行吗|$)"
)
@on.pattern(
    r"^.{0,14}?(?:轮值|这一?期|这个月|下个月|[一二三四五六七八九十\d]+月).{0,8}?(?:轮不开|主持不了|排不开)"
)
def begin_in_a_sentence(ctx: Context) -> Reply | Pass:
    """六月我们主持不了，想跟别家换个班：任职的人说的，就是换班。"""
    return begin(ctx) if offices_of(ctx) else PASS


def _under_way(ctx: Context, swap: Swap) -> Reply:
    mine = ctx.unit.swaps.mine(swap)
    return ctx.say(
        "swap.under_way",
        number=swap.id,
        state=SwapState(swap.state).label,
        first=day_of(mine.first) if mine is not None else "",
        until=day_of(swap.settle_by),
    )


@on.step(WhichTurn)
def which(ctx: Context, step: WhichTurn) -> Reply | Pass:
    """说了换哪一期。"""
    number = choice(ctx.text)
    if number == 0 or (is_no(ctx.text) and number is None):
        return ctx.say("swap.left")
    if number is None or not 1 <= number <= len(step.terms):
        return PASS
    term = ctx.unit.consortia.term(step.terms[number - 1])
    return ctx.say("swap.gone") if term is None else _with_whom(ctx, term)


def _with_whom(ctx: Context, term: Term) -> Reply:
    partners = ctx.unit.swaps.partners(term, ctx.now)
    first, last = say_day(term.starts_on, ctx.today), day_of(term.ends_on)
    if not partners:
        return ctx.say("swap.nobody", first=first, last=last)
    shown = partners[:SHOWN]
    lines = [_line(ctx, side) for side in shown]
    if len(partners) > 1:
        lines.append(ctx.texts.say("swap.all", count=len(partners)))
    return ctx.ask(
        "swap.with_whom",
        then=WithWhom(term.id, tuple(side.term_id for side in shown)),
        first=first,
        last=last,
        choices=numbered(lines),
    )


def _line(ctx: Context, side: Side) -> str:
    return ctx.texts.say(
        "swap.peer",
        organisation=side.organisation,
        first=say_day(side.first, ctx.today),
        last=day_of(side.last),
    )


@on.step(WithWhom)
def with_whom(ctx: Context, step: WithWhom) -> Reply | Pass:
    """说了跟谁换，或者都问，或者不换了。"""
    number, text = choice(ctx.text), plain(ctx.text)
    if number == 0 or text in ("不换", "不换了", "算了"):
        return ctx.say("swap.left")
    term = ctx.unit.consortia.term(step.term)
    if term is None:
        return ctx.say("swap.gone")
    partners = ctx.unit.swaps.partners(term, ctx.now)
    if text in ("都问", "都行", "谁都行", "全体") or (number == len(step.peers) + 1 and len(partners) > 1):
        return _ask(ctx, term, partners, to_all=True)
    if number is not None:
        if not 1 <= number <= len(step.peers):
            return PASS
        chosen = [side for side in partners if side.term_id == step.peers[number - 1]]
        return _ask(ctx, term, chosen, to_all=False)
    named = [side for side in partners if len(text) >= 2 and text in side.organisation]
    return _ask(ctx, term, named, to_all=False) if len(named) == 1 else PASS


def _ask(ctx: Context, term: Term, sides: list[Side], *, to_all: bool) -> Reply:
    swap = ctx.unit.swapping.ask(term, sides, to_all=to_all, by=ctx.member, now=ctx.now)
    names = "、".join(shorten(side.organisation, 16) for side in sides[:SHOWN])
    return ctx.say(
        "swap.asked",
        number=swap.id,
        organisations=names if len(sides) <= SHOWN else ctx.texts.say("swap.many", count=len(sides)),
        until=day_of(swap.settle_by),
    )


@on.answer("swap")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """问他换不换：1 换，0 不换。晚了一步就说清楚。"""
    swap = ctx.unit.swaps.number(asked.subject_id)
    office = asked.office_id or ctx.member.organisation_id
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    if not yes:
        ctx.unit.swapping.decline(swap, office, by=ctx.member, now=ctx.now)
        return ctx.say("swap.declined", number=swap.id)
    if swap.state != SwapState.OPEN.value:
        return _late(ctx, swap)
    mine, own = ctx.unit.swaps.mine(swap), ctx.unit.swaps.asked(swap, office)
    ctx.unit.swapping.take(swap, office, by=ctx.member, now=ctx.now)
    done = swap.state == SwapState.DONE.value
    return ctx.say(
        "swap.took_done" if done else "swap.took",
        number=swap.id,
        first=day_of(mine.first) if mine is not None else "",
        last=day_of(mine.last) if mine is not None else "",
        organisation=mine.organisation if mine is not None else "",
        other_first=day_of(own.first) if own is not None else "",
        other_last=day_of(own.last) if own is not None else "",
        until="" if done else day_of(swap.settle_by),
    )


def _late(ctx: Context, swap: Swap) -> Reply:
    if swap.peer_id is not None and swap.state in (SwapState.TAKEN.value, SwapState.DONE.value):
        return ctx.say("swap.late", number=swap.id, organisation=ctx.card(swap.peer_id).name)
    return ctx.say("swap.over", number=swap.id, state=SwapState(swap.state).label)


@on.command("撤回换班", "不换班了", "取消换班", takes="number?")
def withdraw(ctx: Context) -> Reply:
    """撤回换班：还没算数的都能撤。"""
    if ctx.number is not None:
        swap = ctx.unit.swaps.number(ctx.number)
    else:
        own = ctx.unit.swaps.of_offices(ctx.member, ctx.now)
        if not own:
            return ctx.say("swap.none_under_way")
        swap = own[0]
    ctx.unit.swapping.withdraw(swap, by=ctx.member, now=ctx.now)
    return ctx.say("swap.withdrawn", number=swap.id)


@on.command("同意换班", takes="number?")
def agree(ctx: Context) -> Reply:
    """同意换班 5：牵头单位备案，马上算数。"""
    swap = _recorded(ctx)
    if swap is None:
        return ctx.say("swap.none_to_record")
    ctx.unit.swapping.approve(swap, by=ctx.member, now=ctx.now)
    return ctx.say("swap.agreed", number=swap.id)


@on.command("不同意换班", takes="number?words")
def object_to(ctx: Context) -> Reply:
    """不同意换班 5 理由：牵头单位备案时可以说不同意。"""
    swap = _recorded(ctx)
    if swap is None:
        return ctx.say("swap.none_to_record")
    reason = plain(ctx.rest)
    if not reason:
        return ctx.ask("swap.why", then=WhyObject(swap.id), number=swap.id)
    return _object(ctx, swap, ctx.rest)


@on.step(WhyObject)
def objected(ctx: Context, step: WhyObject) -> Reply | Pass:
    """说了为什么不同意。"""
    if not plain(ctx.text) or choice(ctx.text) is not None:
        return PASS
    return _object(ctx, ctx.unit.swaps.number(step.swap), ctx.text)


def _object(ctx: Context, swap: Swap, reason: str) -> Reply:
    ctx.unit.swapping.refuse(swap, reason, by=ctx.member, now=ctx.now)
    return ctx.say("swap.objected", number=swap.id)


def _recorded(ctx: Context) -> Swap | None:
    """The swap that the lead organisation speaks of: the one named, or the first that waits for it."""
    if ctx.number is not None:
        return ctx.unit.swaps.number(ctx.number)
    return next(iter(ctx.unit.swaps.to_record(ctx.member, ctx.now)), None)

"""选一家：从推荐里选，选上就占一个名额；正好满了，就换一家。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.kit.context import Context
from bot.kit.dialogue import Choose
from bot.kit.lists import MOST_CHOICES
from bot.kit.message import Reply
from bot.kit.router import PASS, Meant, Pass, Router
from bot.kit.who import name_desk, who_hears
from bot.kit.words import BOTH, choice, number, plain
from models.case import CaseView, NotYours
from models.offering import SupplyGone
from models.suggestion import Open
from models.supplies import SupplyBrief

on = Router()

_NUMBERS = re.compile(r"[、，,\s和跟与还有及]+")


@on.step(Choose)
def chosen(ctx: Context, step: Choose) -> Reply | Pass | Meant:
    """选一家（或几家）；0 都不要，9 找人。"""
    if step.second and plain(ctx.text) in BOTH:
        return Meant(step.second, "report")
    numbers = _choices(ctx.text)
    offered = step.ranks or tuple(range(1, step.count + 1))
    if not numbers or any(number not in {0, 9, *offered} for number in numbers):
        return PASS
    if 9 in numbers:
        return PASS  # a person is asked for elsewhere
    case = ctx.look(step.case)
    if 0 in numbers:
        return _none(ctx, case)
    return take(ctx, case, numbers, step)


@on.command("对接", takes="number")
def meet(ctx: Context) -> Reply:
    """对接 12：后来有了能帮的，就要他。"""
    case = ctx.look(ctx.number or 0)
    if case.reporter_id != ctx.member.member_id:
        raise NotYours(number=case.number)
    suggested = ctx.unit.suggestions.open_of(case.number, ctx.today)
    found = [each for each in suggested if each.found]
    # What they were asked about is meant; asked a second time, it is said once more what was chosen.
    meant = [each for each in found if not each.chosen] or found
    if len(meant) == 1:
        rank = meant[0].rank
        return take(ctx, case, [rank], Choose(case.number, rank, ranks=(rank,)))
    open_ones = [each for each in meant or suggested if not each.chosen][-MOST_CHOICES:]
    if not open_ones:
        return ctx.say("choose.nothing", number=case.number)
    return ctx.ask(
        "choose.which",
        then=_step(case, open_ones),
        number=case.number,
        count=len(open_ones),
        choices=_lines(open_ones),
    )


def take(ctx: Context, case: CaseView, numbers: Sequence[int], step: Choose) -> Reply:
    """Takes a place with each of them, and says who calls whom; offers others where one was too late."""
    taken: list[SupplyBrief] = []
    gone: list[SupplyGone] = []
    for rank in numbers:
        try:
            taken.append(ctx.unit.suggestions.choose(case, rank, by=ctx.member, now=ctx.now))
        except SupplyGone as error:  # nothing was changed; the others are as good as before
            gone.append(error)
    if not taken:
        return _too_late(ctx, case, gone)
    unit = "、".join(dict.fromkeys(supply.unit_name for supply in taken))
    late = "".join(_late(ctx, error) + "\n" for error in gone)
    shown = "".join(
        "\n" + ctx.texts.say("choose.contact", unit=supply.unit_name, contact=supply.contact)
        for supply in taken
        if supply.contact
    )
    ctx.next_step = step
    if all(supply.organisation_id and ctx.card(supply.organisation_id).desk for supply in taken):
        return Reply(late + ctx.texts.say("choose.chosen", unit=unit, number=case.number) + shown)
    who = name_desk(ctx.card(ctx.member.organisation_id), to=ctx.member) or ctx.member.organisation
    return Reply(late + ctx.texts.say("choose.by_phone", unit=unit, number=case.number, who=who) + shown)


def _too_late(ctx: Context, case: CaseView, gone: Sequence[SupplyGone]) -> Reply:
    """The last place went to somebody else: the others that were shown, else what the list has besides."""
    late = "\n".join(_late(ctx, error) for error in gone)
    shown = ctx.unit.suggestions.open_of(case.number, ctx.today)
    others = [each for each in shown if not each.chosen][-MOST_CHOICES:]
    if not others:
        reading = ctx.mind.read(ctx.unit.cases.text_of(case.number), ctx.now)
        fits = ctx.mind.suggest(
            reading,
            category=reading.understanding.category or "",
            place="",
            home=ctx.member.region,
            day=ctx.today,
            circles=ctx.member.circles,
        )
        others = ctx.unit.suggestions.more(case, fits, version=ctx.mind.version, now=ctx.now)
    if not others:
        return Reply(late + "\n" + ctx.texts.say("choose.no_other", number=case.number))
    ctx.next_step = _step(case, others)
    return Reply(late + "\n" + ctx.texts.say("choose.others", choices=_lines(others)))


def _late(ctx: Context, gone: SupplyGone) -> str:
    title, unit, face = (gone.facts[name] for name in ("title", "unit", "face"))
    return ctx.texts.say("choose.late", title=title, unit=unit, face=face)


def _step(case: CaseView, others: Sequence[Open]) -> Choose:
    ranks = tuple(each.rank for each in others)
    return Choose(case.number, ranks[-1], ranks=ranks)


def _lines(others: Sequence[Open]) -> str:
    """Each under the number that it was shown under before."""
    return "\n".join(f"{each.rank} {each.title}（{each.unit_name}）——{each.reason}" for each in others)


def _none(ctx: Context, case: CaseView) -> Reply:
    ctx.unit.suggestions.refuse(case, by=ctx.member, now=ctx.now)
    who = who_hears(ctx)
    return ctx.say("choose.none" if who else "choose.none_nobody", number=case.number, who=who)


def _choices(text: str) -> list[int]:
    """The numbers that a text consists of: ``1``, ``1号吧``, ``1和3``; empty where there is anything else."""
    single = choice(text)
    if single is not None:
        return [single]
    parts = [part for part in _NUMBERS.split(plain(text)) if part]
    values = [number(part) for part in parts]
    return [value for value in values if value is not None] if parts and None not in values else []

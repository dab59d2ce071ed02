"""月通报草稿、供需缺口、总览: figures by organisation, by matter and place, and for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import msgspec
from sqlalchemy import or_, select

from models.history import stream
from models.indicators import NOTHING, listed
from models.ledgers.asking import Ask
from models.ledgers.gap import counties
from models.ledgers.totals import totals
from models.ledgers.words import called, remark, share
from models.organisation import Organisation
from models.supply import Side, Supply

_OF_ORGANISATIONS = (
    "contacted_in_time",
    "done_in_time",
    "solved",
    "rated",
    "satisfied",
    "reworked",
    "returned",
)
"""Indicators that are an organisation's own doing."""


class OutcomeRow(msgspec.Struct, frozen=True):
    """What came of one organisation's claims."""

    organisation: str
    claims: int
    in_hand: int
    done: int
    contacted_in_time: str
    done_in_time: str
    solved: str
    rated: str
    satisfied: str
    reworked: str
    returned: str


class GapRow(msgspec.Struct, frozen=True):
    """One sort of matter in one county."""

    category: str
    county: str
    needs: int
    offers: int
    citywide: int
    matched: str
    open: int
    waiting_days: float | None


class FigureRow(msgspec.Struct, frozen=True):
    """One figure of the overview."""

    group: str
    label: str
    value: int | str
    added: int | None
    numerator: int | None
    denominator: int | None
    definition: str


def outcomes(ask: Ask) -> Iterator[OutcomeRow]:
    """11 月通报草稿: by the order in which organisations are on file, which is no ranking."""
    for organisation_id, tally in sorted(ask.sums.month.organisations.items()):
        figures = {
            figure.key: share(figure.numerator or 0, figure.denominator)
            for figure in listed(tally, _OF_ORGANISATIONS)
        }
        yield OutcomeRow(
            organisation=ask.places[organisation_id].name,
            claims=tally.claims,
            in_hand=tally.in_hand,
            done=tally.done,
            **figures,
        )


def gaps(ask: Ask) -> Iterator[GapRow]:
    """12 供需缺口: every sort of matter in every county where something is asked for or offered."""
    day = ask.period.until
    where = ask.scope.organisations(day)
    ours = [Supply.organisation_id.in_(select(Organisation.id).where(*where))] if where else []
    query = (
        select(Supply.category, Supply.area)
        .where(
            Supply.side == Side.SUPPLY.value,
            Supply.state == "on_offer",
            or_(Supply.valid_until.is_(None), Supply.valid_until >= day),
            or_(Supply.valid_from.is_(None), Supply.valid_from <= day),
            or_(Supply.capacity.is_(None), Supply.used < Supply.capacity),
            *ours,
        )
        .order_by(Supply.id)
    )
    offers: dict[tuple[str, str], int] = {}
    everywhere: dict[str, int] = {}
    for category, area in stream(ask.unit, query):
        served = counties(area)
        if not served:
            everywhere[category] = everywhere.get(category, 0) + 1
        for place in served:
            offers[category, place] = offers.get((category, place), 0) + 1
    asked = ask.sums.gaps.asked
    order = {category.label: category.position for category in ask.unit.categories.all()}
    for category, place in sorted(
        asked.keys() | offers.keys(), key=lambda key: (order.get(key[0], len(order) + 1), key)
    ):
        found = asked.get((category, place))
        yield GapRow(
            category=category or remark("nowhere"),
            county=place,
            needs=found.needs if found else 0,
            offers=offers.get((category, place), 0),
            citywide=everywhere.get(category, 0),
            matched=share(found.matched, found.needs) if found else NOTHING,
            open=len(found.waiting) if found else 0,
            waiting_days=median(found.waiting) if found and found.waiting else None,
        )


def overview(ask: Ask) -> Iterator[FigureRow]:
    """13 总览: how many there are of everything, then the indicators of the period."""
    for key, total in totals(ask):
        yield FigureRow(
            group=remark("totals"),
            label=called("total", key),
            value=total.value,
            added=total.added if ask.period.since else None,
            numerator=None,
            denominator=None,
            definition=called("total_definition", key),
        )
    for figure in listed(ask.sums.period.whole):
        yield FigureRow(
            group=remark("figures"),
            label=figure.label,
            value=figure.text,
            added=None,
            numerator=figure.numerator,
            denominator=figure.denominator,
            definition=figure.definition,
        )

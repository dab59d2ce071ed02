"""What a ledger is asked for: of which days, of whom, masked or not; and what several ledgers count together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from models.activitymonths import count_months
from models.asof import Period, Scope
from models.history import courses
from models.indicators import Counter
from models.ledgers.gap import GapCounter
from models.ledgers.totals import CaseTotals
from models.ledgers.turns import TurnCounter
from models.ledgers.veil import Veil
from models.organisation import Organisation

if TYPE_CHECKING:
    from models.store import Unit


class Place(msgspec.Struct, frozen=True):
    """As much of an organisation as a row says."""

    name: str
    region: str


class Sums(msgspec.Struct, frozen=True):
    """What is counted while all cases are looked at once."""

    period: Counter
    month: Counter
    gaps: GapCounter
    turns: TurnCounter
    totals: CaseTotals


class Ask:
    """One question, answered by every ledger in its own way."""

    def __init__(
        self, unit: Unit, period: Period, scope: Scope | None = None, *, masked: bool = True
    ) -> None:
        self.unit, self.period, self.scope = unit, period, scope or Scope()
        self.veil = Veil(unit.vault, masked=masked)

    @cached_property
    def places(self) -> dict[int, Place]:
        """Every organisation by its id."""
        rows = self.unit.connection.execute(
            select(Organisation.id, Organisation.name, Organisation.region).order_by(Organisation.id)
        )
        return {row.id: Place(row.name, row.region) for row in rows}

    @cached_property
    def sums(self) -> Sums:
        """What is counted over all cases."""
        month = self.period.month
        period = Counter(self.period)
        sums = Sums(
            period=period,
            month=period if month == self.period else Counter(month),
            gaps=GapCounter(self.period, {key: place.region for key, place in self.places.items()}),
            turns=TurnCounter(self.unit, self.period, self.scope),
            totals=CaseTotals(self.period),
        )
        for case in courses(self.unit, self.period, self.scope):
            period.count(case)
            if sums.month is not period:
                sums.month.count(case)
            sums.gaps.count(case)
            sums.turns.count(case)
            sums.totals.count(case)
        count_months(period.whole, self.unit, self.period, self.scope)
        return sums

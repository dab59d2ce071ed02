"""月度活动开展率: in how many months a consortium held something, and whose turn it was on any day."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from models.activity import Activity
from models.asof import Period, Scope, day_of
from models.consortium import Consortium
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.indicators import Tally
    from models.store import Unit

KEY: Final = "held_monthly"
"""The indicator."""
Month = tuple[int, int]


class Chairs:
    """Who had the chair of which consortium on which day: the whole rota, read once."""

    def __init__(self, unit: Unit) -> None:
        consortia = unit.connection.execute(
            select(Consortium.id, Consortium.lead_id, Consortium.dissolved_on)
        ).all()
        self.leads: dict[int, int] = {row.id: row.lead_id for row in consortia}
        self._dissolved = {row.id: row.dissolved_on for row in consortia if row.dissolved_on is not None}
        self._turns: dict[int, list[tuple[date, date, int]]] = {}
        query = (
            select(Term.consortium_id, Term.starts_on, Term.ends_on, Term.organisation_id)
            .where(presiding(Term.starts_on))
            .order_by(Term.consortium_id, Term.starts_on)
        )
        for consortium_id, starts_on, ends_on, organisation_id in unit.connection.execute(query):
            self._turns.setdefault(consortium_id, []).append((starts_on, ends_on, organisation_id))

    def on(self, consortium_id: int, day: date) -> int | None:
        """The organisation in the chair; None where the rota has a gap, or the consortium is no more."""
        if consortium_id in self._dissolved and day >= self._dissolved[consortium_id]:
            return None
        turns = self._turns.get(consortium_id, [])
        at = bisect_right(turns, day, key=lambda turn: turn[0]) - 1
        return turns[at][2] if at >= 0 and day <= turns[at][1] else None

    def host(self, consortium_id: int | None, organisation_id: int | None, day: date) -> int:
        """Who answers for an activity: the branch whose own it is, else the chair of its day, else the lead."""
        if organisation_id is not None or consortium_id is None:
            assert organisation_id is not None  # noqa: S101 - the table says so
            return organisation_id
        return self.on(consortium_id, day) or self.leads[consortium_id]

    def months(self, consortium_id: int, period: Period) -> list[Month]:
        """The months that were over by the end of a period and at whose end somebody had the chair."""
        turns = self._turns.get(consortium_id, [])
        if not turns:
            return []
        day = max(period.since or turns[0][0], turns[0][0])
        found = []
        while (last := day.replace(day=monthrange(day.year, day.month)[1])) <= period.until:
            if self.on(consortium_id, last) is not None:
                found.append((day.year, day.month))
            day = last + timedelta(days=1)
        return found


def count_months(tally: Tally, unit: Unit, period: Period, scope: Scope) -> None:
    """Counts each month of each consortium once: whether something of the consortium's was held in it."""
    query = select(Activity.consortium_id, Activity.starts_at).where(
        Activity.held_at < period.end, Activity.organisation_id.is_(None), Activity.consortium_id.is_not(None)
    )
    held = set()
    for consortium_id, starts_at in unit.connection.execute(query):
        day = day_of(starts_at)
        if day is not None:
            held.add((consortium_id, day.year, day.month))
    chairs = Chairs(unit)
    for (consortium_id,) in unit.connection.execute(
        select(Consortium.id).where(*scope.united()).order_by(Consortium.id)
    ):
        for year, month in chairs.months(consortium_id, period):
            tally.count(KEY, (consortium_id, year, month) in held)

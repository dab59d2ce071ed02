"""轮值: what was reported, solved and rated while an organisation had the chair."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from models.activity import Activity
from models.asof import Period, Scope, day_of
from models.consortium import Consortium, standing
from models.history import GONE, History
from models.ledgers.turnfacts import TurnFacts, facts_of
from models.life import SATISFIED
from models.organisation import Organisation
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.store import Unit


class Turn(msgspec.Struct):
    """One turn, and what is counted for it."""

    consortium: str
    sequence: int
    organisation: str
    starts_on: date
    ends_on: date
    activities: int = 0
    """Activities of the consortium that took place."""
    reported: int = 0
    solved: int = 0
    rated: int = 0
    satisfied: int = 0
    facts: TurnFacts = msgspec.field(default_factory=TurnFacts)


class TurnCounter:
    """Every turn that had begun by the end of a period and was not over before it."""

    def __init__(self, unit: Unit, period: Period, scope: Scope) -> None:
        query = (
            select(
                Term.id,
                Term.organisation_id,
                Term.consortium_id,
                Consortium.name,
                Term.sequence,
                Organisation.name,
                Term.starts_on,
                Term.ends_on,
            )
            .join(Consortium, Consortium.id == Term.consortium_id)
            .join(Organisation, Organisation.id == Term.organisation_id)
            .where(
                Term.starts_on <= period.until,
                presiding(Term.starts_on),
                standing(Term.starts_on),
                *scope.united(),
            )
            .order_by(Term.consortium_id, Term.starts_on, Term.sequence)
        )
        if period.since:
            query = query.where(Term.ends_on >= period.since)
        self._end = period.end
        self._turns: dict[int, list[Turn]] = {}
        rows = unit.connection.execute(query).all()
        facts = facts_of(unit, {row.id: row.organisation_id for row in rows}, period.end)
        for row in rows:
            turn = Turn(*row[3:], facts=facts[row.id])
            self._turns.setdefault(row.consortium_id, []).append(turn)
        self._starts = {key: [turn.starts_on for turn in turns] for key, turns in self._turns.items()}
        self._count_activities(unit)

    def _count_activities(self, unit: Unit) -> None:
        query = select(Activity.consortium_id, Activity.starts_at).where(
            Activity.consortium_id.in_(self._turns), Activity.held_at < self._end
        )
        for consortium_id, starts_at in unit.connection.execute(query):
            if consortium_id is not None and (turn := self._on(consortium_id, starts_at)) is not None:
                turn.activities += 1

    @property
    def turns(self) -> list[Turn]:
        """By consortium and day."""
        return [turn for turns in self._turns.values() for turn in turns]

    def count(self, case: History) -> None:
        """One more case."""
        consortium_id = case.case.consortium_id
        if case.state in GONE or consortium_id not in self._turns:
            return
        if (turn := self._on(consortium_id, case.case.submitted_at)) is not None:
            turn.reported += 1
        if (turn := self._on(consortium_id, case.solved_at)) is not None:
            turn.solved += 1
        rating = case.rating
        if rating is not None and (turn := self._on(consortium_id, rating.at)) is not None:
            turn.rated += 1
            turn.satisfied += (rating.level or 0) >= SATISFIED

    def _on(self, consortium_id: int, moment: datetime | None) -> Turn | None:
        day = day_of(moment)
        if day is None:
            return None
        at = bisect_right(self._starts[consortium_id], day) - 1
        turn = self._turns[consortium_id][at] if at >= 0 else None
        return turn if turn is not None and day <= turn.ends_on else None

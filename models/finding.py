"""倒着找: an entry that is new on the list, or free again, is told to those whose needs wait for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import String, and_, bindparam, exists, func, insert, or_, select, update

from models.base import Happening
from models.case import Case
from models.fit import Fit
from models.lean import Lean
from models.life import WAITING, CaseKind
from models.moment import local
from models.organisation import Organisation
from models.outbox import OutboxRow
from models.person import circles_of
from models.suggestion import FOUND, Suggestion
from models.supplies import AVAILABLE
from models.supply import Supply
from models.timeline import TimelineEntry

if TYPE_CHECKING:
    from models.store import Unit

NEWS: Final = timedelta(days=3)
"""How long an entry counts as new: whoever was asked about another today is asked about this one tomorrow."""
MOST_ASKED: Final = 20
"""Reporters who are asked about one entry."""
ASKED_A_PLACE: Final = 3
"""Reporters who are asked for each place that is left: not everybody answers, and nobody likes to come too late."""
LONGEST_WAIT: Final = timedelta(days=180)
"""Needs that were reported earlier are not asked about by a machine."""
MOST_WAITING: Final = 2_000
"""Needs that are compared at a time, those that waited longest first."""


class SupplyFound(Happening, frozen=True, kw_only=True):
    """The list has something new for a need that waits."""

    number: int
    text: str
    title: str
    unit_name: str
    reason: str
    reporter_id: int
    key: str
    """The occasion: one a day for each reporter."""


class Fresh(msgspec.Struct, frozen=True):
    """An entry that is new on the list, or free again."""

    code: str
    category: str
    updated_at: datetime


class Waiting(msgspec.Struct, frozen=True):
    """A need that nobody has taken on and for which nothing was chosen."""

    number: int
    text: str
    category: str
    place: str
    home: str
    circles: frozenset[str]


_CHOSEN = exists().where(Suggestion.case_number == Case.number, Suggestion.chosen_at.is_not(None))
_WAITS = and_(
    # Written out: a lean statement has no list of unknown length.
    or_(*(Case.state == state.value for state in WAITING)),
    or_(Case.kind == CaseKind.NEED.value, Case.kind == CaseKind.PROBLEM.value),
    # What only those who deal with it may see, and what is urgent, is in people's hands.
    Case.visibility == "consortium",
    Case.urgent.is_(False),
    ~_CHOSEN,
)
_ASKED = (
    select(func.count())
    .select_from(Suggestion)
    .where(
        Suggestion.supply_code == bindparam("code"),
        Suggestion.version.like(f"%{FOUND}"),
        Suggestion.shown_at >= Supply.updated_at,
    )
    .correlate(Supply)
    .scalar_subquery()
)
_ENTRY = Lean(
    select(Supply.title, Supply.unit_name, Supply.capacity, Supply.used, Supply.updated_at, _ASKED).where(
        Supply.code == bindparam("code"), AVAILABLE
    )
)
_NEED = Lean(select(Case.text, Case.reporter_id).where(Case.number == bindparam("number"), _WAITS))
_SHOWN = Lean(
    select(Suggestion.rank, Suggestion.supply_code, Suggestion.shown_at).where(
        Suggestion.case_number == bindparam("number")
    )
)
_REFUSED = Lean(
    select(TimelineEntry.id)
    .where(TimelineEntry.case_number == bindparam("number"), TimelineEntry.event == "none_suits")
    .limit(1)
)
_OWED = Lean(select(OutboxRow.id).where(OutboxRow.dedup_key == bindparam("key")))
_SHOW = Lean(
    insert(Suggestion),
    keys=[column.name for column in Suggestion.__table__.c if column.name != "id"],
)
_SHOW_AGAIN = Lean(
    update(Suggestion)
    .where(Suggestion.case_number == bindparam("number"), Suggestion.rank == bindparam("at_rank"))
    .values(
        shown_at=bindparam("now", type_=Suggestion.__table__.c.shown_at.type),
        version=bindparam("by_version", type_=String),
    )
)


class Findings:
    """What is new, who waits, and who was asked."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def fresh(self, now: datetime) -> dict[str, Fresh]:
        """Entries that can be chosen and have been new for less than three days, by code."""
        query = select(Supply.code, Supply.category, Supply.updated_at).where(
            AVAILABLE, Supply.updated_at >= now - NEWS
        )
        rows = self._unit.connection.execute(query, {"day": local(now).date()})
        return {row.code: Fresh(*row) for row in rows}

    def waiting(self, categories: set[str], now: datetime) -> list[Waiting]:
        """Needs of these categories (or of none) that wait, those that waited longest first; urgent ones and those that
        only their handlers may see are left to people."""
        query = (
            select(
                Case.number,
                Case.text,
                Case.category,
                Case.place,
                Organisation.region,
                Case.organisation_id,
                Case.consortium_id,
            )
            .join(Organisation, Organisation.id == Case.organisation_id)
            .where(
                _WAITS,
                Case.category.in_([*sorted(categories), "其他", ""]),
                Case.submitted_at >= now - LONGEST_WAIT,
            )
            .order_by(Case.number)
            .limit(MOST_WAITING)
        )
        return [
            Waiting(number, text, category, place, region, circles_of(organisation_id, consortium_id, region))
            for number, text, category, place, region, organisation_id, consortium_id in self._unit.connection.execute(
                query
            )
        ]

    def known_to(self, number: int) -> dict[str, datetime]:
        """What a case was shown already, by code, and when."""
        return {code: shown_at for _, code, shown_at in _SHOWN.run(self._unit, {"number": number})}

    def refused_all(self, number: int) -> bool:
        """Whether the reporter said that nothing of it suits."""
        return bool(_REFUSED.run(self._unit, {"number": number}))

    def ask(self, number: int, fit: Fit, *, version: str, now: datetime) -> bool:
        """Asks a reporter whether they want what is new; whether they were asked.

        Not where the need waits no longer, the entry is gone, enough others were asked about it, they were shown
        it since it is on offer, or were asked about another entry today.
        """
        unit, day = self._unit, local(now).date()
        entry = _ENTRY.run(unit, {"code": fit.code, "day": day})
        need = _NEED.run(unit, {"number": number})
        if not entry or not need:
            return False
        title, unit_name, capacity, used, updated_at, asked = entry[0]
        text, reporter_id = need[0]
        places = MOST_ASKED if capacity is None else min(MOST_ASKED, ASKED_A_PLACE * (capacity - used))
        shown = _SHOWN.run(unit, {"number": number})
        before = next(((rank, at) for rank, code, at in shown if code == fit.code), None)
        if asked >= places or (before is not None and before[1] >= updated_at):
            return False
        key = occasion(day)
        # The letters of this very unit are posted when it is done.
        if any(isinstance(each, SupplyFound) and each.reporter_id == reporter_id for each in unit.happenings):
            return False
        if _OWED.run(unit, {"key": f"{key}:m{reporter_id}"}):
            return False
        version = f"{version}{FOUND}"
        if before is not None:
            _SHOW_AGAIN.run(unit, {"number": number, "at_rank": before[0], "now": now, "by_version": version})
        else:
            _SHOW.run(
                unit,
                {
                    "case_number": number,
                    "rank": max((rank for rank, _, _ in shown), default=0) + 1,
                    "supply_code": fit.code,
                    "score": fit.score,
                    "reason": fit.reason[:200],
                    "version": version,
                    "shown_at": now,
                    "chosen_at": None,
                },
            )
        unit.tell(
            SupplyFound(
                number=number,
                text=text,
                title=title,
                unit_name=unit_name,
                reason=fit.reason,
                reporter_id=reporter_id,
                key=key,
            )
        )
        return True


def occasion(day: date) -> str:
    """The key under which a reporter is owed at most one such letter a day."""
    return f"found:{day.isoformat()}"

"""建议: which entries were suggested for a case, in which order, why, and what the member chose."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Float, ForeignKey, Index, String, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.case import NotNow
from models.fit import Fit
from models.lean import Lean
from models.life import ENDED
from models.pending import Rows
from models.supplies import AVAILABLE, SupplyBrief
from models.supply import Supply, SupplyUse
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.case import CaseFacts
    from models.person import Person
    from models.store import Unit


class NothingSuggested(DomainError):
    """The case has no suggestion of that number."""


class SupplyChosen(Happening, frozen=True, kw_only=True):
    """A member chose one of the suggestions."""

    number: int
    text: str
    supply: str
    title: str
    unit_name: str
    organisation_id: int | None
    """The supplier, where it is on file."""
    reporter_id: int
    reporter: str
    reporter_organisation: str
    own_organisation_id: int
    again: bool = False
    """It had been given back meanwhile."""


class NoneChosen(Happening, frozen=True, kw_only=True):
    """None of the suggestions suits; somebody has to look further."""

    number: int
    text: str
    organisation_id: int
    chair_id: int | None


class Suggestion(Base):
    """One entry of the list that was shown for one case."""

    __tablename__ = "suggestions"
    __table_args__ = (Index("uq_suggestions_case", "case_number", "rank", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"))
    rank: Mapped[int]
    supply_code: Mapped[str] = mapped_column(String(64), index=True)
    score: Mapped[float] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(40))
    """Which understanding and index suggested it."""
    shown_at: Mapped[datetime]
    chosen_at: Mapped[datetime | None]


_INSERT = Rows(
    insert(Suggestion), keys=[column.name for column in Suggestion.__table__.c if column.name != "id"]
)
MOST_SHOWN: Final = 3
"""Suggestions that a member is shown for a case: the fourth is not read on a small phone."""
FOUND: Final = "/found"
"""What ends the version of a suggestion that came unasked, because its entry is new."""


class Open(msgspec.Struct, frozen=True):
    """A suggestion that was chosen, or still can be."""

    rank: int
    code: str
    title: str
    unit_name: str
    reason: str
    found: bool
    """It came onto the list after the case was filed, and the reporter was asked."""
    chosen: bool = False


_AT_RANK = Lean(
    select(Suggestion.id, Suggestion.supply_code, Suggestion.chosen_at).where(
        Suggestion.case_number == bindparam("case_number"), Suggestion.rank == bindparam("rank")
    )
)
_CHOOSE = Lean(
    update(Suggestion)
    .where(Suggestion.id == bindparam("suggestion"), Suggestion.chosen_at.is_(None))
    .values(chosen_at=bindparam("now", type_=Suggestion.__table__.c.chosen_at.type))
)
_CHOSEN_SUPPLIERS = Lean(
    select(Supply.organisation_id)
    .join(Suggestion, Suggestion.supply_code == Supply.code)
    .where(
        Suggestion.case_number == bindparam("case_number"),
        Suggestion.chosen_at.is_not(None),
        # Who gave it back, or never came to it, has no business with the reporter's phone any more.
        ~exists().where(
            SupplyUse.supply_id == Supply.id,
            SupplyUse.case_number == Suggestion.case_number,
            SupplyUse.ended_at.is_not(None),
        ),
    )
)
_OPEN = Lean(
    select(
        Suggestion.rank,
        Suggestion.supply_code,
        Supply.title,
        Supply.unit_name,
        Suggestion.reason,
        Suggestion.version,
        Suggestion.chosen_at,
    )
    .join(Supply, Supply.code == Suggestion.supply_code)
    .where(
        Suggestion.case_number == bindparam("case_number"), or_(Suggestion.chosen_at.is_not(None), AVAILABLE)
    )
    .order_by(Suggestion.rank)
)


class Suggestions:
    """All suggestions ever shown."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def show(self, case: CaseFacts, fits: list[Fit], *, version: str, now: datetime) -> None:
        """Remembers what is shown for a case, best first; at most three are."""
        self._insert(case.number, fits[:MOST_SHOWN], 1, version, now)

    def _insert(self, number: int, fits: list[Fit], first: int, version: str, now: datetime) -> None:
        for rank, fit in enumerate(fits, first):
            _INSERT.add(
                self._unit,
                {
                    "case_number": number,
                    "rank": rank,
                    "supply_code": fit.code,
                    "score": fit.score,
                    "reason": fit.reason[:200],
                    "version": version,
                    "shown_at": now,
                    "chosen_at": None,
                },
            )

    def of(self, number: int) -> list[Suggestion]:
        """What was shown for a case, best first."""
        return list(
            self._unit.session.scalars(
                select(Suggestion).where(Suggestion.case_number == number).order_by(Suggestion.rank)
            )
        )

    def open_of(self, number: int, day: date) -> list[Open]:
        """What was chosen for a case, and what was shown and can still be chosen on that day, best first."""
        rows = _OPEN.run(self._unit, {"case_number": number, "day": day})
        return [
            Open(rank, code, title, unit_name, reason, version.endswith(FOUND), chosen_at is not None)
            for rank, code, title, unit_name, reason, version, chosen_at in rows
        ]

    def more(self, case: CaseFacts, fits: list[Fit], *, version: str, now: datetime) -> list[Open]:
        """Shows further entries for a case, behind those that it was shown before; gives the new ones."""
        shown = self.of(case.number)
        known = {each.supply_code for each in shown}
        rank = max((each.rank for each in shown), default=0)
        new = [fit for fit in fits if fit.code not in known]
        self._insert(case.number, new, rank + 1, version, now)
        return [
            Open(place, fit.code, fit.title, fit.unit, fit.reason, False)
            for place, fit in enumerate(new, rank + 1)
        ]

    def chosen_suppliers(self, number: int) -> set[int]:
        """The organisations on file whose entries were chosen for a case."""
        rows = _CHOSEN_SUPPLIERS.run(self._unit, {"case_number": number})
        return {organisation_id for (organisation_id,) in rows if organisation_id is not None}

    def choose(self, case: CaseFacts, rank: int, *, by: Person, now: datetime) -> SupplyBrief:
        """The member takes one of its places, and its supplier is to be told. Choosing the same again changes nothing,
        unless it was given back meanwhile.

        Raises:
            NothingSuggested: nothing of that number was shown.
            NotNow: the case is over.
            SupplyGone: the last place was just taken, or it is offered no longer.
        """
        if case.state in ENDED:
            raise NotNow(number=case.number, face=case.face)
        rows = _AT_RANK.run(self._unit, {"case_number": case.number, "rank": rank})
        if not rows:
            raise NothingSuggested(number=case.number)
        suggestion, code, chosen_at = rows[0]
        again = chosen_at is not None
        if again and not self._unit.uses.came_to_nothing(code, case.number):
            return self._unit.supplies.look(code)
        supply = self._unit.uses.take(code, case.number, now)
        if not again:
            _CHOOSE.run(self._unit, {"suggestion": suggestion, "now": now})
        note = f"{supply.unit_name}：{supply.title}"
        Timeline(self._unit).add(case.number, "choose", actor_id=by.member_id, at=now, note=note)
        self._unit.tell(
            SupplyChosen(
                number=case.number,
                text=case.text,
                supply=supply.code,
                title=supply.title,
                unit_name=supply.unit_name,
                organisation_id=supply.organisation_id,
                reporter_id=case.reporter_id,
                reporter=by.name,
                reporter_organisation=by.organisation,
                own_organisation_id=case.organisation_id,
                again=again,
            )
        )
        return supply

    def refuse(self, case: CaseFacts, *, by: Person, now: datetime) -> None:
        """None of them suits."""
        Timeline(self._unit).add(case.number, "none_suits", actor_id=by.member_id, at=now)
        self._unit.tell(
            NoneChosen(
                number=case.number,
                text=case.short,
                organisation_id=case.organisation_id,
                chair_id=by.chair_id,
            )
        )

"""建议: which entries were suggested for a case, in which order, why, and what the member chose."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Float, ForeignKey, Index, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.fit import Fit
from models.lean import Lean
from models.pending import Rows
from models.supply import Supply, SupplyBrief
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
    .where(Suggestion.case_number == bindparam("case_number"), Suggestion.chosen_at.is_not(None))
)


class Suggestions:
    """All suggestions ever shown."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def show(self, case: CaseFacts, fits: list[Fit], *, version: str, now: datetime) -> None:
        """Remembers what is shown for a case, best first; at most three are."""
        for place, fit in enumerate(fits[:MOST_SHOWN]):
            _INSERT.add(
                self._unit,
                {
                    "case_number": case.number,
                    "rank": place + 1,
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

    def chosen_suppliers(self, number: int) -> set[int]:
        """The organisations on file whose entries were chosen for a case."""
        rows = _CHOSEN_SUPPLIERS.run(self._unit, {"case_number": number})
        return {organisation_id for (organisation_id,) in rows if organisation_id is not None}

    def choose(self, case: CaseFacts, rank: int, *, by: Person, now: datetime) -> SupplyBrief:
        """The member takes one, and its supplier is to be told. Choosing the same again changes nothing."""
        rows = _AT_RANK.run(self._unit, {"case_number": case.number, "rank": rank})
        if not rows:
            raise NothingSuggested(number=case.number)
        suggestion, code, chosen_at = rows[0]
        supply = self._unit.supplies.look(code)
        if chosen_at is None:
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

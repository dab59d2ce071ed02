"""截至: the days that a report covers and the part of the city it is about; both are read as they stood that day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ColumnElement, select

from models.case import Case
from models.consortium import Consortium
from models.moment import local, midnight
from models.organisation import Organisation
from models.seat import Seat, seated

if TYPE_CHECKING:
    from models.store import Unit

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything that can be on file."""


class Period(msgspec.Struct, frozen=True):
    """Days of a report, first and last included. ``until`` is also the day whose evening is looked at."""

    until: date
    since: date | None = None
    """None: from the beginning."""

    @property
    def begin(self) -> datetime:
        """The first moment that belongs to it."""
        return BEGINNING if self.since is None else midnight(self.since)

    @property
    def end(self) -> datetime:
        """The first moment that belongs to it no more."""
        return midnight(self.until + timedelta(days=1))

    @property
    def month(self) -> Period:
        """The same where a beginning was named, else the month of its last day so far."""
        return self if self.since else Period(self.until, self.until.replace(day=1))


def day_of(moment: datetime | None) -> date | None:
    """The day in Chifeng on which a moment lies."""
    return local(moment).date() if moment else None


class Scope(msgspec.Struct, frozen=True):
    """Whose matters a report is about: everybody's, a consortium's, or those of an area."""

    name: str = ""
    """As a title says it; empty: everybody's."""
    consortia: frozenset[int] | None = None
    """Ids; None: whichever consortium."""
    area: str = ""
    """How an organisation's 地区 begins; empty: wherever."""

    @classmethod
    def of_consortium(cls, unit: Unit, code: str) -> Scope | None:
        """A consortium by its 编号, and those below it; None where there is none."""
        rows = unit.session.execute(
            select(Consortium.id, Consortium.parent_id, Consortium.code, Consortium.name)
        ).all()
        found = {row.id: row.name for row in rows if row.code == code}
        if not found:
            return None
        name, ids = next(iter(found.values())), set(found)
        while grown := {row.id for row in rows if row.parent_id in ids} - ids:
            ids |= grown
        return cls(name=name, consortia=frozenset(ids))

    @classmethod
    def of_area(cls, area: str) -> Scope:
        """Every organisation whose 地区 begins so."""
        return cls(name=area, area=area)

    def cases(self) -> list[ColumnElement[bool]]:
        """Conditions on cases."""
        found: list[ColumnElement[bool]] = []
        if self.consortia is not None:
            found.append(Case.consortium_id.in_(sorted(self.consortia)))
        if self.area:
            within = select(Organisation.id).where(self._begins())
            found.append(Case.organisation_id.in_(within))
        return found

    def organisations(self, on: date) -> list[ColumnElement[bool]]:
        """Conditions on organisations; ``on``: the day on which they must have a seat in the consortium."""
        found: list[ColumnElement[bool]] = []
        if self.consortia is not None:
            members = select(Seat.organisation_id).where(
                Seat.consortium_id.in_(sorted(self.consortia)), seated(on)
            )
            found.append(Organisation.id.in_(members))
        if self.area:
            found.append(self._begins())
        return found

    def united(self) -> list[ColumnElement[bool]]:
        """Conditions on consortia; an area's are those whose lead organisation lies in it."""
        found: list[ColumnElement[bool]] = []
        if self.consortia is not None:
            found.append(Consortium.id.in_(sorted(self.consortia)))
        if self.area:
            found.append(Consortium.lead_id.in_(select(Organisation.id).where(self._begins())))
        return found

    def _begins(self) -> ColumnElement[bool]:
        return Organisation.region.startswith(self.area, autoescape=True)


def steady(unit: Unit) -> None:
    """Whatever is asked in this transaction is answered as of now, though others go on writing.

    It must come before any question. SQLite's readers see one and the same moment anyway.
    """
    if unit.dialect.name == "postgresql":
        unit.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

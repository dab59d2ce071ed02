"""占用: whom the entries of the list serve, counted by use, so that the last place goes to one."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models import revision
from models.lean import Lean
from models.moment import local
from models.offering import SupplyFilled, SupplyGone, SupplyReleased, SupplyState, SupplyUnknown
from models.pending import Rows
from models.supplies import AVAILABLE, BRIEF_COLUMNS, SupplyBrief
from models.supply import Supply, SupplyUse

if TYPE_CHECKING:
    from models.store import Unit


_OFFERED = Lean(
    select(Supply.id, Supply.contact_rule, Supply.contact_sealed, *BRIEF_COLUMNS).where(
        Supply.code == bindparam("code")
    )
)
_TAKE = Lean(
    update(Supply)
    .where(Supply.code == bindparam("code_"), AVAILABLE)
    .values(used=Supply.used + 1)
    .returning(Supply.used, Supply.capacity)
)
_USE = Rows(
    {
        name: (use := insert(SupplyUse)).on_conflict_do_update(
            index_elements=["supply_id", "case_number"],
            set_={"at": use.excluded.at, "ended_at": use.excluded.ended_at},
        )
        for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
    },
    keys=[column.name for column in SupplyUse.__table__.c],
)
_ENDED = Lean(
    select(SupplyUse.ended_at)
    .join(Supply, Supply.id == SupplyUse.supply_id)
    .where(Supply.code == bindparam("code"), SupplyUse.case_number == bindparam("case_number"))
)
_END = Lean(
    update(SupplyUse)
    .where(SupplyUse.case_number == bindparam("number"), SupplyUse.ended_at.is_(None))
    .values(ended_at=bindparam("now", type_=SupplyUse.__table__.c.ended_at.type))
    .returning(SupplyUse.supply_id)
)
_GIVE_BACK = Lean(
    update(Supply)
    .where(Supply.id == bindparam("supply_id"), Supply.capacity.is_not(None), Supply.used > 0)
    .values(used=Supply.used - 1)
    .returning(Supply.used, Supply.capacity)
)
_FREE_AGAIN = Lean(
    update(Supply)
    .where(Supply.id == bindparam("supply_id"))
    .values(updated_at=bindparam("now", type_=Supply.__table__.c.updated_at.type))
)
_WHOSE = Lean(
    select(Supply.code, Supply.title, Supply.organisation_id).where(Supply.id == bindparam("supply_id"))
)
_LASTING = Lean(
    select(func.count())
    .select_from(SupplyUse)
    .where(SupplyUse.supply_id == bindparam("supply_id"), SupplyUse.ended_at.is_(None))
)


class Uses:
    """Whom the entries serve."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def take(self, code: str, number: int, now: datetime) -> SupplyBrief:
        """One place of an entry for a case, whoever else wants it at the same moment.

        Where places are counted, one statement looks, counts and takes, so that the last one goes to one. Where they
        are not, the entry itself is left alone: those who choose the same one need not wait for each other.

        Raises:
            SupplyUnknown, SupplyGone: the last place was just taken, or it is offered no longer.
        """
        day = local(now).date()
        rows = _OFFERED.run(self._unit, {"code": code})
        if not rows:
            raise SupplyUnknown(code=code)
        supply_id, rule, contact, *facts = rows[0]
        supply = SupplyBrief(*facts)
        if supply.stands(day) is not SupplyState.ON_OFFER:
            raise SupplyGone(title=supply.title, unit=supply.unit_name, face=supply.stands(day).label)
        if supply.capacity is not None:
            supply = self._count(supply, day)
        _USE.add(self._unit, {"supply_id": supply_id, "case_number": number, "at": now, "ended_at": None})
        if rule == "show":
            opened = self._unit.vault.open(contact, "supply.contact")
            return msgspec.structs.replace(supply, contact=opened)
        return supply

    def _count(self, supply: SupplyBrief, day: date) -> SupplyBrief:
        rows = _TAKE.run(self._unit, {"code_": supply.code, "day": day})
        if not rows:  # somebody was faster
            raise SupplyGone(title=supply.title, unit=supply.unit_name, face=SupplyState.FULL.label)
        used, capacity = rows[0]
        if used >= capacity:
            self._unit.revisions.bump(revision.SUPPLIES)
            if supply.organisation_id is not None:
                self._unit.tell(
                    SupplyFilled(
                        code=supply.code,
                        title=supply.title,
                        organisation_id=supply.organisation_id,
                        used=used,
                    )
                )
        return msgspec.structs.replace(supply, used=used, capacity=capacity)

    def lasting(self, supply_id: int) -> int:
        """How many cases an entry serves or has served, without those that came to nothing."""
        [(count,)] = _LASTING.run(self._unit, {"supply_id": supply_id})
        return int(count)

    def came_to_nothing(self, code: str, number: int) -> bool:
        """Whether an entry was chosen for a case and given back since."""
        rows = _ENDED.run(self._unit, {"code": code, "case_number": number})
        return bool(rows) and rows[0][0] is not None

    def release(self, number: int, now: datetime) -> None:
        """Gives back what a case has taken: it was withdrawn, or nothing came of it. What was given stays counted.

        Whoever would have served it is told. Doing it again changes nothing.
        """
        for (supply_id,) in _END.run(self._unit, {"number": number, "now": now}):
            given = _GIVE_BACK.run(self._unit, {"supply_id": supply_id})
            if given and given[0][0] == given[0][1] - 1:
                _FREE_AGAIN.run(self._unit, {"supply_id": supply_id, "now": now})
                self._unit.revisions.bump(revision.SUPPLIES)
            [(code, title, organisation_id)] = _WHOSE.run(self._unit, {"supply_id": supply_id})
            if organisation_id is not None:
                self._unit.tell(
                    SupplyReleased(code=code, title=title, organisation_id=organisation_id, number=number)
                )

"""供需清单条目: what organisations offer, and what they ask for."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError
from models.fit import Offer
from models.lean import Lean
from models.vault import Vault

if TYPE_CHECKING:
    from models.store import Unit


class SupplyUnknown(DomainError):
    """No entry of the list has that number."""


class Side(enum.StrEnum):
    """Which side of the list an entry stands on."""

    SUPPLY = "供给"
    DEMAND = "需求"


class Supply(Base):
    """One entry of the supply-demand list."""

    __tablename__ = "supplies"
    __table_args__ = (
        CheckConstraint("capacity IS NULL OR used <= capacity", name="capacity"),
        Index("ix_supplies_state_valid_until", "state", "valid_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    side: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(40), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    unit_name: Mapped[str] = mapped_column(String(200))
    """The organisation's name as written; the only trace of one that is not on file."""
    area: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[str] = mapped_column(String(100))
    capacity: Mapped[int | None]
    """How many needs it can serve in all; None: not counted."""
    used: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    contact_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(20))
    """``draft``, ``on_offer``, ``paused`` or ``withdrawn``; full and expired follow from the numbers and the day."""
    source: Mapped[str] = mapped_column(String(20), server_default=sql_text("'import'"))
    """``import`` or ``wechat``."""
    audience: Mapped[str] = mapped_column(String(100), server_default=sql_text("''"))
    """Whom it is meant for (老年人、养殖户); empty: anybody."""
    contact_rule: Mapped[str] = mapped_column(String(20), server_default=sql_text("'call'"))
    """``call``: the supplier calls whoever chose it; ``show``: the one who chose it is told the contact."""
    visibility: Mapped[str] = mapped_column(String(20), server_default=sql_text("'city'"))
    """Who is shown it: ``consortium``, ``county`` or ``city``."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who offered it in chat."""
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reviewed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), server_default=sql_text("''"))
    """Why it was paused, withdrawn or not taken."""
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    @classmethod
    def offer(
        cls,
        *,
        code: str,
        side: Side,
        title: str,
        detail: str,
        category: str,
        organisation_id: int | None,
        unit_name: str,
        area: str,
        quantity: str,
        valid_from: date | None,
        valid_until: date | None,
        contact: str,
        vault: Vault,
        now: datetime,
    ) -> Supply:
        """A new entry, on offer at once."""
        supply = cls(code=code, used=0, capacity=None)
        supply.revise(
            side=side,
            title=title,
            detail=detail,
            category=category,
            organisation_id=organisation_id,
            unit_name=unit_name,
            area=area,
            quantity=quantity,
            valid_from=valid_from,
            valid_until=valid_until,
            contact=contact,
            vault=vault,
            now=now,
        )
        return supply

    def revise(
        self,
        *,
        side: Side,
        title: str,
        detail: str,
        category: str,
        organisation_id: int | None,
        unit_name: str,
        area: str,
        quantity: str,
        valid_from: date | None,
        valid_until: date | None,
        contact: str,
        vault: Vault,
        now: datetime,
    ) -> None:
        """The entry as it stands in a newer list; what was used stays counted."""
        self.side, self.title, self.detail, self.category = side.value, title, detail, category
        self.organisation_id, self.unit_name = organisation_id, unit_name
        self.area, self.quantity = area, quantity
        self.valid_from, self.valid_until = valid_from, valid_until
        self.contact_sealed = vault.seal(contact, "supply.contact")
        self.state = "on_offer"
        self.updated_at = now

    def contact(self, vault: Vault) -> str:
        """The contact's name as the list gives it."""
        return vault.open(self.contact_sealed, "supply.contact")

    def serves_on(self, day: date) -> bool:
        """Whether the entry can be suggested on a day."""
        return (
            self.state == "on_offer"
            and (self.valid_until is None or self.valid_until >= day)
            and (self.capacity is None or self.used < self.capacity)
        )

    def as_offer(self) -> Offer:
        """What the matcher must know."""
        return Offer(
            code=self.code,
            side=self.side,
            title=self.title,
            detail=self.detail,
            category=self.category,
            unit=self.unit_name,
            area=self.area,
            quantity=self.quantity,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            remaining=None if self.capacity is None else max(0, self.capacity - self.used),
        )


class SupplyUse(Base):
    """That an entry serves a case: counted against its capacity while it lasts."""

    __tablename__ = "supply_uses"

    supply_id: Mapped[int] = mapped_column(ForeignKey("supplies.id"), primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True, index=True)
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """Set when it came to nothing; what was given stays counted."""


class SupplyBrief(msgspec.Struct, frozen=True):
    """As much of an entry as a list needs."""

    code: str
    title: str
    unit_name: str
    detail: str
    area: str
    organisation_id: int | None


_ON_OFFER = and_(
    Supply.state == "on_offer",
    or_(Supply.valid_until.is_(None), Supply.valid_until >= bindparam("day", type_=Date)),
    or_(bindparam("category", type_=String) == "", Supply.category == bindparam("category")),
)
_BRIEF = select(
    Supply.code, Supply.title, Supply.unit_name, Supply.detail, Supply.area, Supply.organisation_id
)
_PAGE = Lean(_BRIEF.where(_ON_OFFER).order_by(Supply.id).limit(bindparam("most")).offset(bindparam("past")))
_PAGE_COUNT = Lean(select(func.count()).select_from(Supply).where(_ON_OFFER))


_BY_CODE = Lean(_BRIEF.where(Supply.code == bindparam("code")))


class Supplies:
    """The supply-demand list."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def by_code(self, code: str) -> Supply:
        """The entry with that 编号, to be changed. Raises SupplyUnknown."""
        found = self._unit.session.scalar(select(Supply).where(Supply.code == code))
        if found is None:
            raise SupplyUnknown(code=code)
        return found

    def look(self, code: str) -> SupplyBrief:
        """The same, only to be looked at."""
        rows = _BY_CODE.run(self._unit, {"code": code})
        if not rows:
            raise SupplyUnknown(code=code)
        return SupplyBrief(*rows[0])

    def add(self, supply: Supply) -> None:
        """Puts a new entry on the list."""
        self._unit.session.add(supply)

    def all(self) -> list[Supply]:
        """Every entry, those that were withdrawn or expired too."""
        return list(self._unit.session.scalars(select(Supply).order_by(Supply.id)))

    def on_offer(self, day: date) -> list[Offer]:
        """Every entry that may serve on or after a day: what the matcher's index is built from."""
        query = (
            select(Supply)
            .where(Supply.state == "on_offer", or_(Supply.valid_until.is_(None), Supply.valid_until >= day))
            .order_by(Supply.id)
        )
        return [supply.as_offer() for supply in self._unit.session.scalars(query)]

    def page(
        self, *, day: date, offset: int, limit: int, category: str | None = None
    ) -> tuple[list[SupplyBrief], int]:
        """One page of the list as members read it, and how many entries there are in all."""
        values = {"day": day, "category": category or ""}
        totals = self._unit.directory.on_offer
        total = totals.get((day, category or ""))
        if total is None:
            [(total,)] = _PAGE_COUNT.run(self._unit, values)
            totals[day, category or ""] = total
        rows = _PAGE.run(self._unit, {**values, "most": limit, "past": offset})
        return [SupplyBrief(*row) for row in rows], total

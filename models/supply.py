"""供需清单条目: one entry of the list that organisations offer from, and the verbs that change it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.fit import Offer
from models.moment import local
from models.offering import (
    ALLOWED,
    BY_OFFERER,
    MOST_PLACES,
    Agent,
    Circle,
    DayPast,
    Side,
    SupplyNotNow,
    SupplyNotYours,
    SupplyState,
    stands,
)
from models.vault import Vault

if TYPE_CHECKING:
    from models.person import Person

__all__ = ["Side", "Supply", "SupplyUse"]


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
    """How many of them are taken; while ``capacity`` is None, ``supply_uses`` alone knows."""
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
    """Who is shown it: ``consortium``, ``belt``, ``county`` or ``city``."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who offered it in chat."""
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reviewed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), server_default=sql_text("''"))
    """Why it was paused, withdrawn or not taken."""
    updated_at: Mapped[datetime]
    """When it last became news to those who wait: put on offer, told in other words, opened wider, or free again."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    # ---- beginning -------------------------------------------------------------------------------

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
        """A new entry of an office's table, on offer at once."""
        supply = cls(code=code, used=0, capacity=None, state=SupplyState.ON_OFFER.value)
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

    @classmethod
    def propose(
        cls,
        *,
        code: str,
        title: str,
        detail: str,
        category: str,
        organisation_id: int,
        unit_name: str,
        area: str,
        quantity: str,
        capacity: int | None,
        valid_until: date | None,
        circle: Circle,
        by: Person,
        contact: str,
        reviewed: bool,
        vault: Vault,
        now: datetime,
    ) -> Supply:
        """What a member offers in chat for an organisation.

        ``reviewed``: they hold a post there, so that it is on offer at once; else it waits for somebody who does.
        Raises DayPast.
        """
        supply = cls(
            code=code,
            side=Side.SUPPLY.value,
            title=title[:200],
            detail=detail[:2_000],
            category=category,
            organisation_id=organisation_id,
            unit_name=unit_name,
            area=area[:200],
            quantity=quantity[:100],
            capacity=capacity,
            used=0,
            valid_from=None,
            contact_sealed=vault.seal(contact, "supply.contact"),
            state=(SupplyState.ON_OFFER if reviewed else SupplyState.DRAFT).value,
            source="wechat",
            visibility=circle.value,
            member_id=by.member_id,
            reviewed_by=by.member_id if reviewed else None,
            reviewed_at=now if reviewed else None,
            reason="",
            audience="",
            contact_rule="call",
            updated_at=now,
        )
        supply._last(valid_until, now)
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
        """The entry as it stands in a newer table. What was used stays counted, and what was paused or withdrawn
        by those who offer it stays so: a table says what is offered, not whether it is today."""
        self.side, self.title, self.detail, self.category = side.value, title, detail, category
        self.organisation_id, self.unit_name = organisation_id, unit_name
        self.area, self.quantity = area, quantity
        self.valid_from, self.valid_until = valid_from, valid_until
        self.contact_sealed = vault.seal(contact, "supply.contact")
        self.updated_at = now

    # ---- review ----------------------------------------------------------------------------------

    def approve(self, *, by: Agent, reviewers: frozenset[int], now: datetime) -> None:
        """Somebody of an organisation that reviews it puts it on offer. Raises SupplyNotYours, SupplyNotNow."""
        self._review("approve", by, reviewers, now)
        self.state = SupplyState.ON_OFFER.value

    def refuse(self, *, by: Agent, reviewers: frozenset[int], reason: str, now: datetime) -> None:
        """The same, and it is not put on offer; who offered it is told why. Raises SupplyNotYours, SupplyNotNow."""
        self._review("refuse", by, reviewers, now)
        self.state, self.reason = SupplyState.WITHDRAWN.value, reason[:300]

    def _review(self, verb: str, by: Agent, reviewers: frozenset[int], now: datetime) -> None:
        if not by.offices & reviewers:
            raise SupplyNotYours(code=self.code)
        self._allow(verb, now)
        self.reviewed_by, self.reviewed_at, self.updated_at = by.member_id, now, now

    # ---- what its owners do ----------------------------------------------------------------------

    def pause(self, *, by: Agent, now: datetime, reason: str = "") -> None:
        """It is not suggested for a while. Raises SupplyNotYours, SupplyNotNow."""
        self._act("pause", by, now)
        self.state, self.reason = SupplyState.PAUSED.value, reason[:300]

    def resume(self, *, by: Agent, now: datetime) -> None:
        """It is on offer again. Raises SupplyNotYours, SupplyNotNow."""
        before = self._act("resume", by, now)
        self.state, self.reason = SupplyState.ON_OFFER.value, ""
        self._news(before, now)

    def fill(self, *, by: Agent, now: datetime) -> None:
        """No place is left, however it was counted. Raises SupplyNotYours, SupplyNotNow."""
        self._act("fill", by, now)
        self.capacity = self.used

    def limit(self, left: int | None, *, by: Agent, now: datetime) -> None:
        """It can serve ``left`` more; None: as many as come. Raises SupplyNotYours, SupplyNotNow."""
        before = self._act("limit", by, now)
        self.capacity = None if left is None else self.used + min(max(left, 0), MOST_PLACES)
        self._news(before, now)

    def prolong(self, until: date | None, *, by: Agent, now: datetime) -> None:
        """It lasts until that day, the day included; None: without an end.

        Raises SupplyNotYours, SupplyNotNow, DayPast.
        """
        before = self._act("prolong", by, now)
        self._last(until, now)
        self._news(before, now)

    def open_to(self, circle: Circle, *, by: Agent, now: datetime) -> None:
        """Who is shown it from now on. Raises SupplyNotYours, SupplyNotNow."""
        self._act("open_to", by, now)
        self.visibility, self.updated_at = circle.value, now

    def withdraw(self, *, by: Agent, now: datetime, reason: str = "") -> None:
        """It is offered no more, for good; who chose it keeps it. Raises SupplyNotYours, SupplyNotNow."""
        self._act("withdraw", by, now)
        self.state, self.reason = SupplyState.WITHDRAWN.value, reason[:300]

    def recount(self, lasting: int) -> None:
        """How many it serves, where nothing was counted until now."""
        if self.capacity is None:
            self.used = lasting

    def open_verbs(self, by: Agent, day: date) -> tuple[str, ...]:
        """What this person may do with it today, reviews left aside."""
        stands = self.stands(day)
        return tuple(
            verb
            for verb, states in ALLOWED.items()
            if verb not in ("approve", "refuse") and stands in states and self._runs(verb, by)
        )

    def _runs(self, verb: str, by: Agent) -> bool:
        return self.organisation_id in by.offices or (verb in BY_OFFERER and self.member_id == by.member_id)

    def _act(self, verb: str, by: Agent, now: datetime) -> SupplyState:
        """Whether the verb may be used; where the entry stood before."""
        if not self._runs(verb, by):
            raise SupplyNotYours(code=self.code)
        return self._allow(verb, now)

    def _news(self, before: SupplyState, now: datetime) -> None:
        """What can be chosen now and could not before is news to those who wait."""
        if before is not SupplyState.ON_OFFER and self.stands(local(now).date()) is SupplyState.ON_OFFER:
            self.updated_at = now

    def _allow(self, verb: str, now: datetime) -> SupplyState:
        at = self.stands(local(now).date())
        if at not in ALLOWED[verb]:
            raise SupplyNotNow(code=self.code, face=at.label)
        return at

    def _last(self, until: date | None, now: datetime) -> None:
        if until is not None and until < local(now).date():
            raise DayPast(day=f"{until.year}年{until.month}月{until.day}日")
        self.valid_until = until

    # ---- being looked at -------------------------------------------------------------------------

    def contact(self, vault: Vault) -> str:
        """The contact's name as the list gives it."""
        return vault.open(self.contact_sealed, "supply.contact")

    def stands(self, day: date) -> SupplyState:
        """Where it stands on a day."""
        return stands(self.state, self.capacity, self.used, self.valid_until, day)

    def serves_on(self, day: date) -> bool:
        """Whether it can be chosen on a day."""
        return self.stands(day) is SupplyState.ON_OFFER

    @property
    def left(self) -> int | None:
        """How many more it can serve; None: not counted."""
        return None if self.capacity is None else max(0, self.capacity - self.used)

    def as_offer(self, circles: tuple[str, ...] = ()) -> Offer:
        """What the matcher must know. ``circles``: whose members are shown it; empty: everybody."""
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
            # How many exactly does not matter to it, and what does not change need not be read anew.
            remaining=None if self.left is None else min(self.left, 1),
            circles=circles,
        )


class SupplyUse(Base):
    """That an entry serves a case: counted against its capacity while it lasts."""

    __tablename__ = "supply_uses"

    supply_id: Mapped[int] = mapped_column(ForeignKey("supplies.id"), primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True, index=True)
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """Set when it came to nothing; what was given stays counted."""

"""供需清单: finding its entries, and changing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Date, String, and_, bindparam, func, or_, select

from models import revision
from models.belt import along
from models.fit import Offer
from models.lean import Lean
from models.moment import local
from models.offering import (
    Agent,
    Circle,
    NoBelt,
    SupplyReviewed,
    SupplyState,
    SupplyUnknown,
    SupplyWaits,
    stands,
)
from models.organisation import Organisation
from models.place import county_of
from models.seat import Seat, seated
from models.supply import Supply

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class SupplyBrief(msgspec.Struct, frozen=True):
    """As much of an entry as a list needs."""

    code: str
    title: str
    unit_name: str
    detail: str
    area: str
    organisation_id: int | None
    state: str
    capacity: int | None
    used: int
    valid_until: date | None
    audience: str
    contact: str = ""
    """The supplier's contact, only for whoever chose an entry that says so."""

    @property
    def left(self) -> int | None:
        """How many more it can serve; None: not counted."""
        return None if self.capacity is None else max(0, self.capacity - self.used)

    def stands(self, day: date) -> SupplyState:
        """Where it stands on a day."""
        return stands(self.state, self.capacity, self.used, self.valid_until, day)


_DAY = bindparam("day", type_=Date)
AVAILABLE: Final = and_(
    Supply.state == SupplyState.ON_OFFER.value,
    or_(Supply.valid_until.is_(None), Supply.valid_until >= _DAY),
    or_(Supply.capacity.is_(None), Supply.used < Supply.capacity),
)
"""That an entry can be chosen on a ``day``."""
_SHOWN = or_(
    Supply.visibility == Circle.CITY.value,
    Supply.organisation_id.is_(None),  # an imported one, whose circle nobody can tell
    Supply.organisation_id == bindparam("own"),
    and_(
        # What is open to the belt is open to one's own consortium too, whether it is in a belt or not.
        or_(Supply.visibility == Circle.CONSORTIUM.value, Supply.visibility == Circle.BELT.value),
        Supply.organisation_id.in_(
            select(Seat.organisation_id).where(Seat.consortium_id == bindparam("consortium_id"), seated(_DAY))
        ),
    ),
    and_(
        Supply.visibility == Circle.BELT.value,
        Supply.organisation_id.in_(
            select(Seat.organisation_id).where(
                Seat.consortium_id.in_(along(bindparam("consortium_id"), _DAY)), seated(_DAY)
            )
        ),
    ),
    and_(
        Supply.visibility == Circle.COUNTY.value,
        Supply.organisation_id.in_(
            select(Organisation.id).where(Organisation.region.like(bindparam("county", type_=String)))
        ),
    ),
)
_LISTED = and_(
    AVAILABLE,
    or_(bindparam("category", type_=String) == "", Supply.category == bindparam("category")),
    _SHOWN,
)
BRIEF_COLUMNS = tuple(Supply.__table__.c[name] for name in SupplyBrief.__struct_fields__ if name != "contact")
_BRIEF = select(*BRIEF_COLUMNS)
_PAGE = Lean(_BRIEF.where(_LISTED).order_by(Supply.id).limit(bindparam("most")).offset(bindparam("past")))
_PAGE_COUNT = Lean(select(func.count()).select_from(Supply).where(_LISTED))
_BY_CODE = Lean(_BRIEF.where(Supply.code == bindparam("code")))


class Supplies:
    """The supply-demand list."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def by_code(self, code: str) -> Supply:
        """The entry with that 编号, to be changed. Raises SupplyUnknown."""
        found = self._unit.session.scalar(select(Supply).where(Supply.code == code))
        if found is None:
            raise SupplyUnknown(code=code)
        return found

    def code_of(self, written: str) -> str:
        """The 编号 that is meant by what somebody typed: ``w12`` and ``12`` are W12 where there is no such entry."""
        for code in (written, written.upper(), f"W{written}"):
            if _BY_CODE.run(self._unit, {"code": code}):
                return code
        raise SupplyUnknown(code=written)

    def look(self, code: str) -> SupplyBrief:
        """The same, only to be looked at."""
        rows = _BY_CODE.run(self._unit, {"code": code})
        if not rows:
            raise SupplyUnknown(code=code)
        return SupplyBrief(*rows[0])

    def all(self) -> list[Supply]:
        """Every entry, those that were withdrawn or expired too."""
        return list(self._unit.session.scalars(select(Supply).order_by(Supply.id)))

    def on_offer(self, day: date) -> list[Offer]:
        """Every entry that may serve on or after a day: what the matcher's index is built from."""
        query = (
            select(Supply)
            .where(
                Supply.state == SupplyState.ON_OFFER.value,
                or_(Supply.valid_until.is_(None), Supply.valid_until >= day),
            )
            .order_by(Supply.id)
        )
        found = list(self._unit.session.scalars(query))
        circles = self._circles(found, day)
        return [supply.as_offer(circles.get(supply.id, ())) for supply in found]

    def _circles(self, supplies: Sequence[Supply], day: date) -> dict[int, tuple[str, ...]]:
        """Who is shown those that are not for everybody."""
        closed = [
            each
            for each in supplies
            if each.visibility != Circle.CITY.value and each.organisation_id is not None
        ]
        if not closed:
            return {}
        connection = self._unit.connection
        consortia: dict[int, list[int]] = {}
        for organisation_id, consortium_id in connection.execute(
            select(Seat.organisation_id, Seat.consortium_id).where(seated(day))
        ):
            consortia.setdefault(organisation_id, []).append(consortium_id)
        neighbours = self._unit.belts.neighbours(day)
        regions = {
            row.id: row.region for row in connection.execute(select(Organisation.id, Organisation.region))
        }
        circles: dict[int, tuple[str, ...]] = {}
        for each in closed:
            own = each.organisation_id or 0
            shown = [f"organisation:{own}"]
            if each.visibility in (Circle.CONSORTIUM.value, Circle.BELT.value):
                circle = set(consortia.get(own, ()))
                if each.visibility == Circle.BELT.value:
                    circle = circle.union(*(neighbours.get(consortium_id, ()) for consortium_id in circle))
                shown += [f"consortium:{consortium_id}" for consortium_id in sorted(circle)]
            elif county := county_of(regions.get(own, "")):
                shown.append(f"county:{county}")
            circles[each.id] = tuple(shown)
        return circles

    def page(
        self, *, viewer: Person, day: date, offset: int, limit: int, category: str | None = None
    ) -> tuple[list[SupplyBrief], int]:
        """One page of the list as this member reads it, and how many entries they are shown in all."""
        county = county_of(viewer.region)
        values = {
            "day": day,
            "category": category or "",
            "own": viewer.organisation_id,
            "consortium_id": viewer.consortium_id or 0,
            "county": f"%{county}%" if county else "-",
        }
        totals = self._unit.directory.on_offer
        key = (day, category or "", viewer.organisation_id)
        total = totals.get(key)
        if total is None:
            [(total,)] = _PAGE_COUNT.run(self._unit, values)
            totals[key] = total
        rows = _PAGE.run(self._unit, {**values, "most": limit, "past": offset})
        return [SupplyBrief(*row) for row in rows], total

    def of_agent(self, agent: Agent, limit: int, offset: int = 0) -> tuple[list[SupplyBrief], int]:
        """What the organisations of one who acts for them offer, and what they offered themselves; the newest first.

        What was withdrawn is left out.
        """
        where = and_(
            or_(Supply.organisation_id.in_(sorted(agent.offices)), Supply.member_id == agent.member_id),
            Supply.state != SupplyState.WITHDRAWN.value,
        )
        connection = self._unit.connection
        total = connection.scalar(select(func.count()).select_from(Supply).where(where)) or 0
        query = _BRIEF.where(where).order_by(Supply.id.desc()).limit(limit).offset(offset)
        return [SupplyBrief(*row) for row in connection.execute(query)], total

    # ---- changing --------------------------------------------------------------------------------

    def add(self, supply: Supply) -> None:
        """Puts a new entry of a table on the list; who imports it tells the processes when all are in."""
        self._unit.session.add(supply)

    def next_code(self) -> str:
        """The 编号 of the next entry that is offered in chat: W1, W2 …, never one that a table uses.

        Two that are offered at once may get the same one; the database refuses the second, which is done again.
        """
        session = self._unit.session
        last = session.scalar(
            select(Supply.code).where(Supply.source == "wechat").order_by(Supply.id.desc()).limit(1)
        )
        number = int(last[1:]) + 1 if last is not None else 1
        while session.scalar(select(Supply.id).where(Supply.code == f"W{number}")) is not None:
            number += 1
        return f"W{number}"

    def propose(self, supply: Supply, *, by: Person, terms: str) -> Supply:
        """Puts on file what was offered in chat; what has to be looked at is made known to those who review it."""
        self._unit.session.add(supply)
        self._unit.session.flush()
        if supply.state == SupplyState.DRAFT.value:
            assert supply.organisation_id is not None  # noqa: S101 - what is offered in chat has one
            self._unit.tell(
                SupplyWaits(
                    code=supply.code,
                    title=supply.title,
                    detail=supply.detail,
                    terms=terms,
                    organisation_id=supply.organisation_id,
                    chair_id=by.chair_id,
                    offered_by=by.name,
                )
            )
        else:
            self._unit.revisions.bump(revision.SUPPLIES)
        return supply

    def agent(self, person: Person, now: datetime) -> Agent:
        """For whom a person acts on the list at a moment."""
        return Agent(person.member_id, self._unit.organisations.offices_of(person.member_id, now))

    def reviewers(self, supply: Supply, now: datetime) -> frozenset[int]:
        """Whose officers review an entry: its own organisation's, and the one's that chairs the consortium today."""
        if supply.organisation_id is None:
            return frozenset()
        chair = self._unit.card(supply.organisation_id, now).chair_id
        return frozenset({supply.organisation_id} if chair is None else {supply.organisation_id, chair})

    def review(self, code: str, *, approved: bool, by: Person, now: datetime, reason: str = "") -> Supply:
        """Somebody decides on what a member offered, who is told.

        Raises SupplyUnknown, SupplyNotYours, SupplyNotNow.
        """
        supply, agent = self.by_code(code), self.agent(by, now)
        reviewers = self.reviewers(supply, now)
        if approved:
            supply.approve(by=agent, reviewers=reviewers, now=now)
            self._changed()
        else:
            supply.refuse(by=agent, reviewers=reviewers, reason=reason, now=now)
        assert supply.member_id is not None  # noqa: S101 - only what was offered in chat is ever a draft
        self._unit.tell(
            SupplyReviewed(
                code=supply.code,
                title=supply.title,
                approved=approved,
                reason=supply.reason,
                member_id=supply.member_id,
            )
        )
        return supply

    def change(self, code: str, verb: Callable[[Supply, Agent], Any], *, by: Person, now: datetime) -> Supply:
        """Uses one of the owner's verbs on an entry, and lets every process know.

        Raises SupplyUnknown, SupplyNotYours, SupplyNotNow, DayPast.
        """
        supply = self.by_code(code)
        # While places are not counted, nobody counts who took one; the verbs may begin to.
        supply.recount(self._unit.uses.lasting(supply.id))
        verb(supply, self.agent(by, now))
        self._changed()
        return supply

    def open_to(self, code: str, circle: Circle, *, by: Person, now: datetime) -> Supply:
        """Who is shown an entry from now on.

        Raises SupplyUnknown, SupplyNotYours, SupplyNotNow; NoBelt where its organisation's consortia are in none.
        """
        if circle is Circle.BELT and not self._in_a_belt(self.by_code(code), local(now).date()):
            raise NoBelt(code=code)
        return self.change(
            code, lambda supply, agent: supply.open_to(circle, by=agent, now=now), by=by, now=now
        )

    def _in_a_belt(self, supply: Supply, day: date) -> bool:
        neighbours = self._unit.belts.neighbours(day)
        joined = self._unit.consortia.of_organisation(supply.organisation_id or 0, day)
        return any(consortium.id in neighbours for consortium in joined)

    def _changed(self) -> None:
        self._unit.session.flush()
        self._unit.revisions.bump(revision.SUPPLIES)

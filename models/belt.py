"""融合发展带和示范点: belts of consortia that grow together, and titles that are given for some time."""

from __future__ import annotations

import enum
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models import forms, revision
from models.base import Base, DomainError
from models.consortium import Consortium, standing

if TYPE_CHECKING:
    from models.store import Unit


class BeltGone(DomainError):
    """The belt was given up."""


class InBelt(DomainError):
    """The consortium belongs to the belt for some of that time already."""


class NotInBelt(DomainError):
    """The consortium does not belong to the belt on that day."""


class DesignatedAlready(DomainError):
    """The same title was given for some of that time already."""


class DesignationOver(DomainError):
    """The title was taken back before."""


class Belt(Base):
    """融合发展带: consortia along a river, a road or an industry, which open their supplies to each other."""

    __tablename__ = "belts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    founded_on: Mapped[date]
    dissolved_on: Mapped[date | None]
    """The first day on which it is no more."""

    @classmethod
    def found(cls, *, code: str, name: str, on: date) -> Belt:
        """A new belt."""
        return cls(code=code, name=name, founded_on=on, dissolved_on=None)

    def rename(self, name: str) -> None:
        """Corrects what is on file."""
        self.name = name

    def dissolve(self, on: date) -> None:
        """It is no more from that day on. Raises BeltGone."""
        if self.dissolved_on is not None and self.dissolved_on <= on:
            raise BeltGone(belt=self.name)
        self.dissolved_on = on


class BeltConsortium(Base):
    """That a consortium belongs to a belt, from when until when; it may belong to several."""

    __tablename__ = "belt_consortia"
    __table_args__ = (
        UniqueConstraint("belt_id", "consortium_id", "since"),
        Index("ix_belt_consortia_consortium_id", "consortium_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    belt_id: Mapped[int] = mapped_column(ForeignKey("belts.id"))
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    since: Mapped[date]
    until: Mapped[date | None]

    @classmethod
    def join(cls, *, belt_id: int, consortium_id: int, since: date) -> BeltConsortium:
        """It belongs to the belt from that day on."""
        return cls(belt_id=belt_id, consortium_id=consortium_id, since=since, until=None)

    def leave(self, on: date) -> None:
        """It belongs to it no more from that day on."""
        self.until = on


class Subject(enum.StrEnum):
    """What a title is given to."""

    CONSORTIUM = "consortium"
    ORGANISATION = "organisation"
    BELT = "belt"


class Designation(Base):
    """称号: that a consortium, an organisation or a belt is a 示范点 (or whatever the data names), for some time."""

    __tablename__ = "designations"
    __table_args__ = (Index("ix_designations_subject_subject_id", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    since: Mapped[date]
    until: Mapped[date | None]
    batch: Mapped[str] = mapped_column(String(40))
    """批次, as 第二批."""
    document: Mapped[str] = mapped_column(String(100))
    """文号 of the paper that names it."""

    @classmethod
    def give(
        cls,
        *,
        subject: Subject,
        subject_id: int,
        kind: str,
        since: date,
        batch: str = "",
        document: str = "",
    ) -> Designation:
        """A title from that day on. Raises DesignationUnknown."""
        return cls(
            subject=subject.value,
            subject_id=subject_id,
            kind=forms.title_of(kind).code,
            since=since,
            until=None,
            batch=batch,
            document=document,
        )

    def take_back(self, on: date) -> None:
        """It counts no more from that day on. Raises DesignationOver."""
        if self.until is not None and self.until <= on:
            raise DesignationOver(title=self.label)
        self.until = max(on, self.since)

    @property
    def label(self) -> str:
        """What the title is called; one that the data lost by its code."""
        found = forms.designations().get(self.kind)
        return self.kind if found is None else found.label


def lasting(row: Any, day: Any) -> ColumnElement[bool]:
    """That something with ``since`` and ``until`` is so on a day; ``row``: the table or an alias of it."""
    return and_(row.since <= day, or_(row.until.is_(None), row.until > day))


def along(consortium_id: Any, day: Any) -> Any:
    """A selection: the consortia that share a belt with one on a day, itself among them where it is in any."""
    own, other = aliased(BeltConsortium), aliased(BeltConsortium)
    return (
        select(other.consortium_id)
        .join(own, own.belt_id == other.belt_id)
        .join(Belt, Belt.id == own.belt_id)
        .where(
            own.consortium_id == consortium_id,
            lasting(own, day),
            lasting(other, day),
            standing(day, Belt),
        )
    )


class Belts:
    """All belts, and all titles."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def by_code(self, code: str) -> Belt | None:
        """The belt with that 编号, or None."""
        return self._unit.session.scalar(select(Belt).where(Belt.code == code))

    def of_consortium(self, consortium_id: int, on: date) -> list[Belt]:
        """The belts that a consortium belongs to on a day, the one joined first at the head."""
        query = (
            select(Belt)
            .join(BeltConsortium, BeltConsortium.belt_id == Belt.id)
            .where(
                BeltConsortium.consortium_id == consortium_id,
                lasting(BeltConsortium, on),
                standing(on, Belt),
            )
            .order_by(BeltConsortium.since, Belt.id)
        )
        return list(self._unit.session.scalars(query))

    def consortia(self, belt: Belt, on: date) -> list[Consortium]:
        """The consortia that belong to a belt on a day."""
        query = (
            select(Consortium)
            .join(BeltConsortium, BeltConsortium.consortium_id == Consortium.id)
            .where(BeltConsortium.belt_id == belt.id, lasting(BeltConsortium, on), standing(on))
            .order_by(Consortium.id)
        )
        return list(self._unit.session.scalars(query))

    def neighbours(self, on: date) -> dict[int, set[int]]:
        """Of every consortium in a belt: all that share a belt with it on a day, itself among them."""
        rows = self._unit.session.execute(
            select(BeltConsortium.belt_id, BeltConsortium.consortium_id)
            .join(Belt, Belt.id == BeltConsortium.belt_id)
            .where(lasting(BeltConsortium, on), standing(on, Belt))
        ).all()
        in_belt: dict[int, set[int]] = {}
        for belt_id, consortium_id in rows:
            in_belt.setdefault(belt_id, set()).add(consortium_id)
        found: dict[int, set[int]] = {}
        for members in in_belt.values():
            for consortium_id in members:
                found.setdefault(consortium_id, set()).update(members)
        return found

    def titles(self, subject: Subject, subject_id: int, on: date) -> list[Designation]:
        """The titles that something bears on a day, the first one first."""
        query = select(Designation).where(
            Designation.subject == subject.value,
            Designation.subject_id == subject_id,
            lasting(Designation, on),
        )
        return list(self._unit.session.scalars(query.order_by(Designation.since, Designation.id)))

    # ---- changing --------------------------------------------------------------------------------

    def found(self, *, code: str, name: str, on: date) -> Belt:
        """Puts a new belt on file."""
        belt = Belt.found(code=code, name=name, on=on)
        self._unit.session.add(belt)
        self._changed()
        return belt

    def join(self, belt: Belt, consortium: Consortium, since: date) -> None:
        """A consortium belongs to a belt from a day on. Raises InBelt, BeltGone."""
        if belt.dissolved_on is not None and belt.dissolved_on <= since:
            raise BeltGone(belt=belt.name)
        if any(each.until is None or each.until > since for each in self._stays(belt, consortium)):
            raise InBelt(belt=belt.name, consortium=consortium.name)
        self._unit.session.add(BeltConsortium.join(belt_id=belt.id, consortium_id=consortium.id, since=since))
        self._changed()

    def leave(self, belt: Belt, consortium: Consortium, on: date) -> None:
        """A consortium belongs to a belt no more from a day on. Raises NotInBelt."""
        staying = [each for each in self._stays(belt, consortium) if each.until is None or each.until > on]
        if not staying:
            raise NotInBelt(belt=belt.name, consortium=consortium.name)
        for each in staying:
            if each.since >= on:
                self._unit.session.delete(each)
            else:
                each.leave(on)
        self._changed()

    def dissolve(self, belt: Belt, on: date) -> None:
        """The belt is no more from a day on; what was open to it is open to each consortium's own again. BeltGone."""
        belt.dissolve(on)
        self._changed()

    def designate(
        self,
        subject: Subject,
        subject_id: int,
        kind: str,
        *,
        since: date,
        batch: str = "",
        document: str = "",
    ) -> Designation:
        """Gives a title. Raises DesignationUnknown, DesignatedAlready."""
        given = Designation.give(
            subject=subject, subject_id=subject_id, kind=kind, since=since, batch=batch, document=document
        )
        query = select(Designation.id).where(
            Designation.subject == subject.value,
            Designation.subject_id == subject_id,
            Designation.kind == kind,
            or_(Designation.until.is_(None), Designation.until > since),
        )
        if self._unit.session.scalar(query.limit(1)) is not None:
            raise DesignatedAlready(title=given.label)
        self._unit.session.add(given)
        self._unit.session.flush()
        return given

    def _stays(self, belt: Belt, consortium: Consortium) -> list[BeltConsortium]:
        query = select(BeltConsortium).where(
            BeltConsortium.belt_id == belt.id, BeltConsortium.consortium_id == consortium.id
        )
        return list(self._unit.session.scalars(query))

    def _changed(self) -> None:
        self._unit.session.flush()
        # Who is shown an entry of the list follows from belts, as it does from seats.
        self._unit.revisions.bump(revision.ROLL)

"""党建融合体: consortia of organisations, who belongs to them as what, and whose turn it is to chair them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models import forms
from models.base import Base
from models.organisation import Organisation
from models.place import outside

if TYPE_CHECKING:
    from models.store import Unit


class Consortium(Base):
    """A consortium: 联合党委, 联合党总支, 联合党支部, 联盟 …; its kinds and modes are data (``models.forms``)."""

    __tablename__ = "consortia"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    modes: Mapped[str] = mapped_column(String(200))
    """联建方式, joined by 、."""
    lead_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"))
    founded_on: Mapped[date | None]
    """None: nobody wrote down when."""
    dissolved_on: Mapped[date | None]
    """The first day on which it is no more."""

    @classmethod
    def found(
        cls,
        *,
        code: str,
        name: str,
        kind: str,
        modes: str,
        lead_id: int,
        parent_id: int | None,
        founded_on: date | None = None,
    ) -> Consortium:
        """A new consortium under its lead organisation (牵头单位). Whether it may stand there: ``Founding.place``.

        Raises KindUnknown, ModeUnknown.
        """
        forms.check_kind(kind, modes)
        return cls(
            code=code,
            name=name,
            kind=kind,
            modes=modes,
            lead_id=lead_id,
            parent_id=parent_id,
            founded_on=founded_on,
            dissolved_on=None,
        )

    def reform(self, *, name: str, kind: str, modes: str, lead_id: int, parent_id: int | None) -> None:
        """Corrects what is on file. Raises KindUnknown, ModeUnknown."""
        forms.check_kind(kind, modes)
        self.name, self.kind, self.modes = name, kind, modes
        self.lead_id, self.parent_id = lead_id, parent_id

    def stand_under(self, upper: Consortium | None) -> None:
        """It stands under another one, or under nobody; ``Founding.place`` sees whether it may."""
        self.parent_id = None if upper is None else upper.id

    def be_led_by(self, organisation_id: int) -> None:
        """Another organisation leads it; ``Founding.hand_lead`` keeps the seats in step."""
        self.lead_id = organisation_id

    def dissolve(self, on: date) -> None:
        """It is no more from that day on; ``Founding.dissolve`` ends what hangs on it."""
        self.dissolved_on = on

    def stands_on(self, day: date) -> bool:
        """Whether it is there on a day."""
        return self.dissolved_on is None or day < self.dissolved_on


class Seat(Base):
    """成员单位: that an organisation belongs to a consortium, as what, from when until when. History is kept."""

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("consortium_id", "organisation_id", "since"),
        Index("ix_seats_organisation_id", "organisation_id"),
        # Two at once: the second is refused. Whatever else may overlap is looked at before it is written.
        Index(
            "uq_seats_open",
            "consortium_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str] = mapped_column(String(20), server_default=text("'member'"))
    """What it is there: ``lead``, ``member`` …, see ``models.forms``."""
    since: Mapped[date]
    until: Mapped[date | None]
    """The first day on which it belongs to it no more."""

    @classmethod
    def take(
        cls,
        *,
        consortium_id: int,
        organisation_id: int,
        since: date,
        until: date | None = None,
        role: str = forms.MEMBER,
    ) -> Seat:
        """The organisation belongs to it from ``since`` on, and not from ``until`` on. Raises RoleUnknown."""
        forms.role_of(role)
        return cls(
            consortium_id=consortium_id, organisation_id=organisation_id, role=role, since=since, until=until
        )

    def leave(self, on: date) -> None:
        """Membership ends; that day is not included."""
        self.until = on

    def come_forward(self, since: date) -> None:
        """One that was to begin later begins on that day."""
        self.since = since

    def serve_as(self, role: str) -> None:
        """It is something else there, as if it had always been: what it was before is kept in a seat of its own."""
        self.role = forms.role_of(role).code

    def held_on(self, day: date) -> bool:
        """Whether the organisation belongs to it on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def seated(day: Any) -> ColumnElement[bool]:
    """That a seat is held on a day; ``day`` may be a date or a parameter."""
    return and_(Seat.since <= day, or_(Seat.until.is_(None), Seat.until > day))


def standing(day: Any, consortium: Any = Consortium) -> ColumnElement[bool]:
    """That a consortium (the table, or an alias of it) is there on a day."""
    return or_(consortium.dissolved_on.is_(None), consortium.dissolved_on > day)


class Term(Base):
    """期次: one organisation's turn in the chair, first and last day included."""

    __tablename__ = "terms"
    __table_args__ = (
        UniqueConstraint("consortium_id", "sequence"),
        CheckConstraint("starts_on <= ends_on", name="order"),
        Index("ix_terms_consortium_id_starts_on", "consortium_id", "starts_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    sequence: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    @classmethod
    def plan(
        cls, *, consortium_id: int, sequence: int, organisation_id: int, starts_on: date, ends_on: date
    ) -> Term:
        """A turn in the rota."""
        return cls(
            consortium_id=consortium_id,
            sequence=sequence,
            organisation_id=organisation_id,
            starts_on=starts_on,
            ends_on=ends_on,
        )

    def move(self, *, organisation_id: int, starts_on: date, ends_on: date) -> None:
        """Another organisation or other days."""
        self.organisation_id, self.starts_on, self.ends_on = organisation_id, starts_on, ends_on


def presiding(day: Any) -> ColumnElement[bool]:
    """That a term is the one of a day, and its organisation is one that takes the chair (observers do not).

    An organisation whose seat was put on file later than its turn keeps the turn: lists are often made up later.
    """
    only_looks_on = (
        exists()
        .where(
            Seat.consortium_id == Term.consortium_id,
            Seat.organisation_id == Term.organisation_id,
            forms.in_roles(Seat.role, lambda role: not role.chairs),
            seated(day),
        )
        .correlate(Term)
    )
    return and_(Term.starts_on <= day, Term.ends_on >= day, ~only_looks_on)


class Seated(msgspec.Struct, frozen=True):
    """A member organisation of a consortium."""

    organisation_id: int
    name: str
    role: str = forms.MEMBER
    region: str = ""

    @property
    def external(self) -> bool:
        """市外: whether it is a partner from outside the city."""
        return outside(self.region)

    @property
    def part(self) -> forms.Role:
        """What it takes part in: ``part.chairs``, ``part.signs``, ``part.claims``."""
        return forms.roles().get(self.role) or forms.roles()[forms.MEMBER]


class Consortia:
    """All consortia with their seats and turns."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, consortium: Consortium) -> Consortium:
        """Puts a new consortium on file and gives it its id."""
        self._unit.session.add(consortium)
        self._unit.session.flush()
        return consortium

    def all(self) -> list[Consortium]:
        """Every consortium."""
        return list(self._unit.session.scalars(select(Consortium).order_by(Consortium.id)))

    def seats(self) -> list[Seat]:
        """Every seat, those that were left too."""
        return list(self._unit.session.scalars(select(Seat).order_by(Seat.id)))

    def seat(self, seat: Seat) -> None:
        """Puts a new seat on file."""
        self._unit.session.add(seat)
        self._unit.session.flush()

    def vacate(self, seat: Seat, on: date) -> None:
        """The organisation leaves its seat; one that was taken the same day never was."""
        if seat.since >= on:
            self._unit.session.delete(seat)
        else:
            seat.leave(on)
        self._unit.session.flush()

    def terms(self) -> list[Term]:
        """The whole rota of every consortium."""
        return list(self._unit.session.scalars(select(Term).order_by(Term.consortium_id, Term.starts_on)))

    def schedule(self, term: Term) -> None:
        """Puts a new turn on file."""
        self._unit.session.add(term)

    def get(self, consortium_id: int) -> Consortium:
        """The consortium of that id, which exists."""
        return self._unit.session.get_one(Consortium, consortium_id)

    def parts(self, consortium_id: int, on: date) -> list[Consortium]:
        """The consortia that stand right under one on a day."""
        query = select(Consortium).where(Consortium.parent_id == consortium_id, standing(on))
        return list(self._unit.session.scalars(query.order_by(Consortium.id)))

    def by_code(self, code: str) -> Consortium | None:
        """The consortium with that 编号, or None."""
        return self._unit.session.scalar(select(Consortium).where(Consortium.code == code))

    def named_like(self, words: str, on: date, limit: int = 5) -> list[Consortium]:
        """Consortia of a day whose name contains ``words``; the one of exactly that name alone."""
        query = (
            select(Consortium)
            .where(Consortium.name.contains(words, autoescape=True), standing(on))
            .order_by(func.length(Consortium.name), Consortium.id)
            .limit(limit)
        )
        found = list(self._unit.session.scalars(query)) if words else []
        return [each for each in found if each.name == words] or found

    def seated(self, consortium_id: int, on: date) -> list[Seated]:
        """The organisations that belong to a consortium on a day, observers too, the lead first."""
        query = (
            select(Organisation.id, Organisation.name, Seat.role, Organisation.region)
            .join(Seat, Seat.organisation_id == Organisation.id)
            .join(Consortium, Consortium.id == Seat.consortium_id)
            .where(Seat.consortium_id == consortium_id, seated(on), standing(on))
            .order_by((Organisation.id == Consortium.lead_id).desc(), Seat.id)
        )
        return [Seated(*row) for row in self._unit.session.execute(query)]

    def of_organisation(self, organisation_id: int, on: date) -> list[Consortium]:
        """The consortia that an organisation belongs to on a day: where it only looks on at the end, else the one
        joined first at the head."""
        query = (
            select(Consortium)
            .join(Seat, Seat.consortium_id == Consortium.id)
            .where(Seat.organisation_id == organisation_id, seated(on), standing(on))
            .order_by(forms.belonging(Seat.role), Seat.since, Seat.id)
        )
        return list(self._unit.session.scalars(query))

    def parties(self, consortium: Consortium, on: date) -> list[int]:
        """Whoever answers for a consortium on a day and so signs its lists: its members, and its lead with or without
        a seat; no observer, and none that closed."""
        if not consortium.stands_on(on):
            return []
        seat = and_(Seat.organisation_id == Organisation.id, Seat.consortium_id == consortium.id)
        query = (
            select(Organisation.id)
            .outerjoin(Seat, seat)
            .where(
                or_(
                    Organisation.id == consortium.lead_id,
                    and_(seated(on), forms.in_roles(Seat.role, lambda role: role.signs)),
                ),
                or_(Organisation.closed_on.is_(None), Organisation.closed_on > on),
            )
            .distinct()
            .order_by(Organisation.id)
        )
        return list(self._unit.session.scalars(query))

    def chair(self, consortium_id: int, on: date) -> tuple[Term, Organisation] | None:
        """Whose turn it is on a day; None where the rota has a gap."""
        query = (
            select(Term, Organisation)
            .join(Organisation, Organisation.id == Term.organisation_id)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(Term.consortium_id == consortium_id, presiding(on), standing(on))
        )
        found = self._unit.session.execute(query).first()
        return (found[0], found[1]) if found else None

    def turns_after(self, consortium_id: int, after: date, limit: int = 3) -> list[tuple[Term, Organisation]]:
        """The next turns that begin after a day."""
        query = (
            select(Term, Organisation)
            .join(Organisation, and_(Organisation.id == Term.organisation_id))
            .where(Term.consortium_id == consortium_id, Term.starts_on > after, presiding(Term.starts_on))
            .order_by(Term.starts_on)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._unit.session.execute(query)]

    def next_turn_of(self, organisation_id: int, on: date) -> tuple[Term, Consortium] | None:
        """The present or next turn of one organisation."""
        query = (
            select(Term, Consortium)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(
                Term.organisation_id == organisation_id,
                Term.ends_on >= on,
                presiding(Term.starts_on),
                standing(Term.starts_on),
            )
            .order_by(Term.starts_on)
            .limit(1)
        )
        found = self._unit.session.execute(query).first()
        return (found[0], found[1]) if found else None

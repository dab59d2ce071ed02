"""党建融合体: consortia of organisations, and whose turn it is to chair them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, and_, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.organisation import Organisation
from models.turns import Origin, Stay

if TYPE_CHECKING:
    from models.store import Unit


class Consortium(Base):
    """A consortium: 联合党委, 联合党总支, 联合党支部 or 联盟; its kinds and modes are data."""

    __tablename__ = "consortia"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    modes: Mapped[str] = mapped_column(String(200))
    """联建方式, joined by 、."""
    lead_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"))

    @classmethod
    def found(
        cls, *, code: str, name: str, kind: str, modes: str, lead_id: int, parent_id: int | None
    ) -> Consortium:
        """A new consortium under its lead organisation (牵头单位)."""
        return cls(code=code, name=name, kind=kind, modes=modes, lead_id=lead_id, parent_id=parent_id)

    def reform(self, *, name: str, kind: str, modes: str, lead_id: int, parent_id: int | None) -> None:
        """Corrects what is on file."""
        self.name, self.kind, self.modes = name, kind, modes
        self.lead_id, self.parent_id = lead_id, parent_id


class Seat(Base):
    """成员单位: that an organisation belongs to a consortium, from when until when."""

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("consortium_id", "organisation_id", "since"),
        Index("ix_seats_organisation_id", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    since: Mapped[date]
    until: Mapped[date | None]

    @classmethod
    def take(cls, *, consortium_id: int, organisation_id: int, since: date) -> Seat:
        """The organisation is a member from ``since`` on."""
        return cls(consortium_id=consortium_id, organisation_id=organisation_id, since=since, until=None)

    def leave(self, on: date) -> None:
        """Membership ends; that day is not included."""
        self.until = on


class Term(Base):
    """期次: one organisation's turn in the chair, first and last day included."""

    __tablename__ = "terms"
    __table_args__ = (
        UniqueConstraint("consortium_id", "sequence"),
        CheckConstraint("starts_on <= ends_on", name="order"),
        Index("ix_terms_consortium_id_starts_on", "consortium_id", "starts_on"),
        # What was told and agreed of a turn names it by its id: that of one which was dropped must never come again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    sequence: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Who chairs, all told: what the rota said, and what was swapped or put over it since."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    """Whom the rota itself had named; None: nothing lies over it."""
    origin: Mapped[str] = mapped_column(String(20), server_default="import")
    """How the rota came to name them, as in ``models.turns.Origin``."""

    @classmethod
    def plan(
        cls,
        *,
        consortium_id: int,
        sequence: int,
        organisation_id: int,
        starts_on: date,
        ends_on: date,
        origin: Origin = Origin.IMPORT,
    ) -> Term:
        """A turn in the rota."""
        return cls(
            consortium_id=consortium_id,
            sequence=sequence,
            organisation_id=organisation_id,
            starts_on=starts_on,
            ends_on=ends_on,
            base_id=None,
            origin=origin.value,
        )

    @property
    def named_id(self) -> int:
        """Whom the rota itself named, whatever was put over it."""
        return self.organisation_id if self.base_id is None else self.base_id

    def renew(
        self, *, sequence: int, organisation_id: int, starts_on: date, ends_on: date, origin: Origin
    ) -> None:
        """The rota says something else. Whatever lay over another organisation's turn is gone."""
        if organisation_id != self.named_id:
            self.organisation_id, self.base_id = organisation_id, None
        self.sequence, self.starts_on, self.ends_on = sequence, starts_on, ends_on
        self.origin = origin.value

    def park(self) -> None:
        """Out of the way, to days that nobody uses, while its neighbours move: no two turns may ever overlap."""
        self.sequence, self.starts_on = -self.id, date(9000, 1, 1) + timedelta(days=self.id)
        self.ends_on = self.starts_on

    def overlay(self, organisation_id: int | None) -> None:
        """Another organisation chairs than the rota named; None: the one that it named after all."""
        named = self.named_id
        if organisation_id is None or organisation_id == named:
            self.organisation_id, self.base_id = named, None
        else:
            self.organisation_id, self.base_id = organisation_id, named


class Seated(msgspec.Struct, frozen=True):
    """A member organisation of a consortium."""

    organisation_id: int
    name: str


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

    def terms_of(self, consortium_id: int) -> list[Term]:
        """The whole rota of one consortium, the earliest turn first."""
        query = select(Term).where(Term.consortium_id == consortium_id).order_by(Term.starts_on)
        return list(self._unit.session.scalars(query))

    def schedule(self, term: Term) -> None:
        """Puts a new turn on file; ``models.rotas`` does so for what is still to come."""
        self._unit.session.add(term)

    def lock(self, consortium_id: int) -> Consortium:
        """The consortium, kept from all others who would change its rota until this transaction ends."""
        query = select(Consortium).where(Consortium.id == consortium_id).with_for_update()
        return self._unit.session.scalars(query).one()

    def by_code(self, code: str) -> Consortium | None:
        """The consortium with that 编号, or None."""
        return self._unit.session.scalar(select(Consortium).where(Consortium.code == code))

    def get(self, consortium_id: int) -> Consortium:
        """The consortium of that id; a LookupError where there is none."""
        found = self._unit.session.get(Consortium, consortium_id)
        if found is None:
            raise LookupError(f"no consortium {consortium_id}")
        return found

    def named_like(self, words: str, limit: int = 5) -> list[Consortium]:
        """Consortia whose name contains ``words``; the one of exactly that name alone."""
        query = (
            select(Consortium)
            .where(Consortium.name.contains(words, autoescape=True))
            .order_by(func.length(Consortium.name), Consortium.id)
            .limit(limit)
        )
        found = list(self._unit.session.scalars(query)) if words else []
        return [each for each in found if each.name == words] or found

    def seated(self, consortium_id: int, on: date) -> list[Seated]:
        """The member organisations of a consortium on a day, the lead first."""
        query = (
            select(Organisation.id, Organisation.name)
            .join(Seat, Seat.organisation_id == Organisation.id)
            .join(Consortium, Consortium.id == Seat.consortium_id)
            .where(
                Seat.consortium_id == consortium_id,
                Seat.since <= on,
                or_(Seat.until.is_(None), Seat.until > on),
            )
            .order_by((Organisation.id == Consortium.lead_id).desc(), Seat.id)
        )
        return [Seated(*row) for row in self._unit.session.execute(query)]

    def of_organisation(self, organisation_id: int, on: date) -> list[Consortium]:
        """The consortia that an organisation belongs to on a day, the one joined first at the head."""
        query = (
            select(Consortium)
            .join(Seat, Seat.consortium_id == Consortium.id)
            .where(
                Seat.organisation_id == organisation_id,
                Seat.since <= on,
                or_(Seat.until.is_(None), Seat.until > on),
            )
            .order_by(Seat.since, Seat.id)
        )
        return list(self._unit.session.scalars(query))

    def parties(self, consortium: Consortium, on: date) -> list[int]:
        """Whoever answers for a consortium on a day: its members, and its lead with or without a seat; none that closed."""
        seat = and_(Seat.organisation_id == Organisation.id, Seat.consortium_id == consortium.id)
        query = (
            select(Organisation.id)
            .outerjoin(Seat, seat)
            .where(
                or_(
                    Organisation.id == consortium.lead_id,
                    and_(Seat.since <= on, or_(Seat.until.is_(None), Seat.until > on)),
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
            .where(Term.consortium_id == consortium_id, Term.starts_on <= on, Term.ends_on >= on)
        )
        found = self._unit.session.execute(query).first()
        return (found[0], found[1]) if found else None

    def turns_after(self, consortium_id: int, after: date, limit: int = 3) -> list[tuple[Term, Organisation]]:
        """The next turns that begin after a day."""
        query = (
            select(Term, Organisation)
            .join(Organisation, and_(Organisation.id == Term.organisation_id))
            .where(Term.consortium_id == consortium_id, Term.starts_on > after)
            .order_by(Term.starts_on)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._unit.session.execute(query)]

    def term(self, term_id: int) -> Term | None:
        """One turn; None: it is no longer in the rota."""
        return self._unit.session.get(Term, term_id)

    def turns_of(self, organisation_id: int, on: date, limit: int = 3) -> list[tuple[Term, Consortium]]:
        """The present and the next turns of one organisation."""
        query = (
            select(Term, Consortium)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(Term.organisation_id == organisation_id, Term.ends_on >= on)
            .order_by(Term.starts_on)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._unit.session.execute(query)]

    def stays(self, consortium_id: int) -> tuple[Stay, ...]:
        """From when until when each organisation can chair: its seats, cut where it closed."""
        query = (
            select(Seat.organisation_id, Seat.since, Seat.until, Organisation.closed_on)
            .join(Organisation, Organisation.id == Seat.organisation_id)
            .where(Seat.consortium_id == consortium_id)
            .order_by(Seat.id)
        )
        return tuple(
            Stay(organisation_id, since, min((day for day in (until, closed) if day), default=None))
            for organisation_id, since, until, closed in self._unit.session.execute(query)
        )

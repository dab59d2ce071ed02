"""党建融合体: consortia of organisations; who belongs to them and whose turn it is to chair them on a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from models import forms
from models.base import Base
from models.organisation import Organisation
from models.seat import Seat, Seated, seated
from models.term import Term, presiding
from models.turns import Stay

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


def standing(day: Any, row: Any = Consortium) -> ColumnElement[bool]:
    """That a consortium (the table, or an alias of it) or a belt is there on a day."""
    return or_(row.dissolved_on.is_(None), row.dissolved_on > day)


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
        """The consortium as it stands now, kept from all others who would change its rota or its seats until this
        transaction ends."""
        return self._unit.session.get_one(
            Consortium, consortium_id, with_for_update=True, populate_existing=True
        )

    def parts(self, consortium_id: int, on: date) -> list[Consortium]:
        """The consortia that stand right under one on a day."""
        query = select(Consortium).where(Consortium.parent_id == consortium_id, standing(on))
        return list(self._unit.session.scalars(query.order_by(Consortium.id)))

    def by_code(self, code: str) -> Consortium | None:
        """The consortium with that 编号, or None."""
        return self._unit.session.scalar(select(Consortium).where(Consortium.code == code))

    def get(self, consortium_id: int) -> Consortium:
        """The consortium of that id; a LookupError where there is none."""
        found = self._unit.session.get(Consortium, consortium_id)
        if found is None:
            raise LookupError(f"no consortium {consortium_id}")
        return found

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

    def term(self, term_id: int) -> Term | None:
        """One turn; None: it is no longer in the rota."""
        return self._unit.session.get(Term, term_id)

    def counts(self, term: Term) -> bool:
        """Whether a turn on file is one: not where its organisation only looks on by then, or the consortium is gone."""
        chair = self.chair(term.consortium_id, term.starts_on)
        return chair is not None and chair[0].id == term.id

    def turns_of(self, organisation_id: int, on: date, limit: int = 3) -> list[tuple[Term, Consortium]]:
        """The present and the next turns of one organisation."""
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
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._unit.session.execute(query)]

    def stays(self, consortium_id: int) -> tuple[Stay, ...]:
        """From when until when each organisation can chair: the seats in which it may, cut where it closed or the
        consortium was dissolved. Seats that follow on each other (another role, which may chair too) are one stay."""
        query = (
            select(
                Seat.organisation_id, Seat.since, Seat.until, Organisation.closed_on, Consortium.dissolved_on
            )
            .join(Organisation, Organisation.id == Seat.organisation_id)
            .join(Consortium, Consortium.id == Seat.consortium_id)
            .where(Seat.consortium_id == consortium_id, forms.in_roles(Seat.role, lambda role: role.chairs))
            .order_by(Seat.organisation_id, Seat.since)
        )
        stays: list[Stay] = []
        for organisation_id, since, *ends in self._unit.session.execute(query):
            until = min((day for day in ends if day), default=None)
            last = stays[-1] if stays else None
            if last is not None and (last.organisation_id, last.until) == (organisation_id, since):
                stays[-1] = Stay(organisation_id, last.since, until)
            else:
                stays.append(Stay(organisation_id, since, until))
        return tuple(stays)

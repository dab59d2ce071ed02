"""交接: what one turn in the chair leaves to the next, and that both sides say it has been handed over."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import ACKNOWLEDGED
from models.base import Base, DomainError
from models.book import Book, BookState
from models.case import Case
from models.life import OPEN, CaseKind, CaseState
from models.moment import local
from models.rota import TurnOver
from models.term import Term, presiding
from models.turns import DAY

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

SUBJECT: Final = "handover"
DONE_MARK: Final = "done"
LOOK_BACK: Final = 31
"""Days for which a handover that was not confirmed can still be."""


class NoHandover(DomainError):
    """There is nothing that this person would have to hand over or take over."""


class Role(enum.StrEnum):
    """On which side of a handover somebody is."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class Checklist(msgspec.Struct, frozen=True):
    """What is open in a consortium, as numbers; the words to see each of them stand with the sentences."""

    cases: int
    """Needs and problems that are not over, projects left out."""
    unaccepted: int
    """Of these, how many nobody has looked at."""
    unclaimed: int
    """Of these, how many wait for somebody to claim them."""
    projects: int
    books: int
    """Lists that wait for signatures."""


class Handover(Base):
    """One change of the chair."""

    __tablename__ = "handovers"
    __table_args__ = (Index("ix_handovers_consortium_id_starts_on", "consortium_id", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    term_id: Mapped[int] = mapped_column(unique=True)
    """The turn that begins."""
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    starts_on: Mapped[date]
    outgoing_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    incoming_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    opened_at: Mapped[datetime]
    cases: Mapped[int]
    """This and what follows: the checklist as it stood when the turn began."""
    unaccepted: Mapped[int]
    unclaimed: Mapped[int]
    projects: Mapped[int]
    books: Mapped[int]
    outgoing_at: Mapped[datetime | None]
    outgoing_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    incoming_at: Mapped[datetime | None]
    incoming_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    @classmethod
    def open(cls, term: Term, outgoing_id: int, checklist: Checklist, now: datetime) -> Handover:
        """The turn has begun."""
        return cls(
            term_id=term.id,
            consortium_id=term.consortium_id,
            starts_on=term.starts_on,
            outgoing_id=outgoing_id,
            incoming_id=term.organisation_id,
            opened_at=now,
            **msgspec.structs.asdict(checklist),
            outgoing_at=None,
            outgoing_by=None,
            incoming_at=None,
            incoming_by=None,
        )

    @property
    def checklist(self) -> Checklist:
        """As it stood when the turn began."""
        return Checklist(self.cases, self.unaccepted, self.unclaimed, self.projects, self.books)

    @property
    def done_at(self) -> datetime | None:
        """When the second side confirmed."""
        if self.outgoing_at is None or self.incoming_at is None:
            return None
        return max(self.outgoing_at, self.incoming_at)

    def confirmed(self, role: Role) -> bool:
        """Whether a side has confirmed."""
        return (self.outgoing_at if role is Role.OUTGOING else self.incoming_at) is not None

    def side(self, role: Role) -> int:
        """The organisation on a side."""
        return self.outgoing_id if role is Role.OUTGOING else self.incoming_id

    @property
    def missing(self) -> tuple[int, ...]:
        """The organisations whose side has not confirmed."""
        return tuple(self.side(role) for role in Role if not self.confirmed(role))

    def confirm(self, role: Role, by: int, now: datetime) -> None:
        """A side says that it is done; the first one who says so counts."""
        if self.confirmed(role):
            return
        if role is Role.OUTGOING:
            self.outgoing_at, self.outgoing_by = now, by
        else:
            self.incoming_at, self.incoming_by = now, by


class Handovers:
    """All handovers."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of(self, term_id: int) -> Handover | None:
        """What was handed over when a turn began."""
        return self._unit.session.scalar(select(Handover).where(Handover.term_id == term_id))

    def before(self, term: Term) -> Term | None:
        """The turn that leads to another; None where nobody chaired in the days before, or the same one goes on."""
        query = select(Term).where(
            Term.consortium_id == term.consortium_id,
            Term.ends_on < term.starts_on,
            Term.ends_on >= term.starts_on - timedelta(days=LOOK_BACK),
            presiding(Term.ends_on),
        )
        found = self._unit.session.scalars(query.order_by(Term.ends_on.desc()).limit(1)).first()
        return None if found is None or found.organisation_id == term.organisation_id else found

    def open(self, term: Term, now: datetime) -> Handover | None:
        """The handover to a turn that has begun; None: there is nobody to take over from."""
        found = self.of(term.id)
        if found is not None:
            return found
        outgoing = self.before(term)
        if outgoing is None:
            return None
        handover = Handover.open(term, outgoing.organisation_id, self.checklist(term.consortium_id), now)
        self._unit.session.add(handover)
        self._unit.session.flush()
        return handover

    def of_person(self, person: Person, now: datetime) -> tuple[Handover, list[Role]]:
        """The newest handover in which somebody has a side, and their sides; one not confirmed goes first.

        It is opened where the turn has begun and the clock has not come by yet.

        Raises:
            NoHandover: there is none of the last days.
        """
        offices = self._unit.organisations.offices_of(person.member_id, now)
        if not offices:
            raise NoHandover()
        today = local(now).date()
        since = today - timedelta(days=LOOK_BACK)
        query = select(Term).where(
            Term.starts_on <= today,
            Term.starts_on > since,
            Term.organisation_id.in_(offices),
            presiding(Term.starts_on),
        )
        just_left = select(Term).where(
            Term.ends_on < today, Term.ends_on >= since, Term.organisation_id.in_(offices)
        )
        begun = list(self._unit.session.scalars(query))
        for left in self._unit.session.scalars(just_left):
            after = self._unit.consortia.chair(left.consortium_id, left.ends_on + DAY)
            begun += [after[0]] if after is not None else []
        found = []
        for term in sorted({each.id: each for each in begun}.values(), key=lambda each: each.starts_on):
            handover = self.open(term, now)
            if handover is not None:
                roles = [role for role in Role if handover.side(role) in offices]
                found.append((handover, roles))
        found = [(handover, roles) for handover, roles in found if roles]
        if not found:
            raise NoHandover()
        open_ones = [each for each in found if not all(each[0].confirmed(role) for role in each[1])]
        return (open_ones or found)[-1]

    def confirm(self, handover: Handover, role: Role, *, by: Person, now: datetime) -> None:
        """A side says that everything was handed over.

        Raises:
            NoHandover: the person holds no post on that side.
            TurnOver: it is too long ago.
        """
        if handover.side(role) not in self._unit.organisations.offices_of(by.member_id, now):
            raise NoHandover()
        if now - handover.opened_at > timedelta(days=2 * LOOK_BACK):
            raise TurnOver()
        handover.confirm(role, by.member_id, now)
        agenda = self._unit.agendas.of(SUBJECT, handover.term_id)
        if agenda is not None and handover.done_at is not None:
            agenda.mark(DONE_MARK)
        elif agenda is not None:
            agenda.unmark(ACKNOWLEDGED)  # one side knows; the other is still to be asked
        self._unit.session.flush()

    def checklist(self, consortium_id: int) -> Checklist:
        """What is open in a consortium now."""
        session = self._unit.session
        project = Case.kind == CaseKind.PROJECT.value
        alive = [state.value for state in OPEN]
        counts = session.execute(
            select(
                func.count().filter(~project),
                func.count().filter(~project, Case.state == CaseState.SUBMITTED.value),
                func.count().filter(~project, Case.state == CaseState.OPEN.value),
                func.count().filter(project),
            ).where(Case.consortium_id == consortium_id, Case.state.in_(alive))
        ).one()
        books = session.scalar(
            select(func.count())
            .select_from(Book)
            .where(Book.consortium_id == consortium_id, Book.state == BookState.CONFIRMING.value)
        )
        return Checklist(*counts, books=books or 0)

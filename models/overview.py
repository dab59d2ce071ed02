"""总览: what whoever runs the account has to see at one glance, for a part of the city."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Boolean, ColumnElement, Select, and_, case, exists, func, literal_column, or_, select

from models.agenda import Agenda
from models.case import Case
from models.clock import Clock
from models.evaluation import Evaluation
from models.identity import Identity
from models.ledgers.veil import Veil
from models.life import CaseState
from models.member import Member
from models.moment import local
from models.organisation import Organisation
from models.outbox import OutboxRow, State
from models.received import Received
from models.remit import Reach

if TYPE_CHECKING:
    from models.store import Unit

NOT_UNDERSTOOD: Final = "fallback.anything"
"""The handler that answers what no other one does."""
_ASKED_FOR: Final = timedelta(days=30)
"""An older question for an acknowledgement is nobody's worry today."""
_ASKING: Final = literal_column("outbox.asks AND outbox.acknowledged_at IS NULL", Boolean)
"""In the very words of the partial index, so that it serves."""
_TOLD: Final = tuple(
    state.value for state in (State.DELIVERED, State.SENT, State.CALLED, State.WAITING, State.CALL)
)
"""Letters that are out, or have to find another way, the surest first; who was told by telephone may owe a word too."""
_AS_A_PERSON: Final = case((OutboxRow.office_id.is_(None), OutboxRow.member_id))
"""Who is asked, where it is not in an organisation's post."""


class Overdue(msgspec.Struct, frozen=True):
    """A case one of whose clocks has run out."""

    number: int
    text: str
    organisation: str
    waits_for: str
    """A ``ClockKind``."""
    due_at: datetime


class Unanswered(msgspec.Struct, frozen=True):
    """An organisation that was asked for an acknowledgement and gave none."""

    organisation: str
    """Empty: somebody was asked as the person they are."""
    subject: str
    """What kind of matter it is, as in ``models.agenda.About``."""
    state: str
    """How far the letter that came the furthest came."""
    asked_at: datetime
    """When the first of the letters was written."""


class Solved(msgspec.Struct, frozen=True):
    """A case that was closed as solved."""

    number: int
    text: str
    organisation: str
    closed_at: datetime


class Misread(msgspec.Struct, frozen=True):
    """Of how many messages the bot could make nothing."""

    messages: int
    not_understood: int
    broken: int


class Letters(msgspec.Struct, frozen=True):
    """How many letters are in one state."""

    state: str
    count: int
    oldest: datetime


class Overview:
    """The figures."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._veil = Veil(unit.vault, masked=True)

    def overdue(self, reach: Reach, now: datetime, limit: int) -> tuple[list[Overdue], int]:
        """The cases that something is overdue on, the longest first, and how many clocks have run out."""
        where = [
            Clock.stopped_at.is_(None),
            Clock.paused_at.is_(None),
            Clock.due_at < now,
            *reach.cases(),
        ]
        total = self._count(
            select(func.count()).select_from(Clock).join(Case, Case.number == Clock.case_number), where
        )
        query = (
            select(
                Case.number,
                Case.text,
                Case.visibility,
                Member.name_sealed,
                Organisation.name,
                Clock.kind,
                Clock.due_at,
            )
            .join(Case, Case.number == Clock.case_number)
            .join(Organisation, Organisation.id == Case.organisation_id)
            .join(Member, Member.id == Case.reporter_id)
            .where(*where)
            .order_by(Clock.due_at, Clock.id)
            .limit(limit)
        )
        return [
            Overdue(number, self._veil.matter(text, visibility, name), organisation, kind, due_at)
            for number, text, visibility, name, organisation, kind, due_at in self._unit.session.execute(
                query
            )
            if due_at is not None
        ], total

    def unanswered(self, reach: Reach, now: datetime, limit: int) -> tuple[list[Unanswered], int]:
        """The organisations that did not acknowledge a matter, the longest first, and how many matters that are.

        Whoever of an organisation answers, answers for all of it: its officers' letters are one line. What moved since,
        or is over, is nobody's to answer.
        """
        where = [
            _ASKING,
            OutboxRow.state.in_(_TOLD),
            OutboxRow.created_at > now - _ASKED_FOR,
            or_(OutboxRow.not_after.is_(None), OutboxRow.not_after > now),
            or_(Agenda.id.is_(None), and_(Agenda.edition == OutboxRow.edition, Agenda.stopped_at.is_(None))),
        ]
        if not reach.everything:
            within = select(Organisation.id).where(*reach.within(local(now).date()))
            where.append(OutboxRow.office_id.in_(within))
        asked = func.min(OutboxRow.created_at)
        query = (
            select(
                func.coalesce(Organisation.name, ""),
                OutboxRow.subject,
                func.min(case({state: rank for rank, state in enumerate(_TOLD)}, value=OutboxRow.state)),
                asked,
            )
            .outerjoin(Organisation, Organisation.id == OutboxRow.office_id)
            .outerjoin(
                Agenda, and_(Agenda.subject == OutboxRow.subject, Agenda.subject_id == OutboxRow.subject_id)
            )
            .where(*where)
            .group_by(
                OutboxRow.office_id, Organisation.name, _AS_A_PERSON, OutboxRow.subject, OutboxRow.subject_id
            )
        )
        total = self._count(select(func.count()).select_from(query.subquery()), [])
        lines = query.order_by(asked, func.min(OutboxRow.id)).limit(limit)
        return [
            Unanswered(organisation, subject, _TOLD[rank], asked_at)
            for organisation, subject, rank, asked_at in self._unit.session.execute(lines)
        ], total

    def solved(self, reach: Reach, since: datetime, limit: int) -> tuple[list[Solved], int]:
        """The cases of which somebody said since then that they are solved, the newest first, and how many there are.

        What was closed because nobody ever said a word is not among them.
        """
        where = [
            Case.state.in_((CaseState.CLOSED.value, CaseState.ARCHIVED.value)),
            Case.closed_at >= since,
            exists().where(
                Evaluation.case_number == Case.number,
                Evaluation.round == Case.reworks,
                Evaluation.solved.is_(True),
            ),
            *reach.cases(),
        ]
        total = self._count(select(func.count()).select_from(Case), where)
        query = (
            select(
                Case.number, Case.text, Case.visibility, Member.name_sealed, Organisation.name, Case.closed_at
            )
            .join(Organisation, Organisation.id == Case.organisation_id)
            .join(Member, Member.id == Case.reporter_id)
            .where(*where)
            .order_by(Case.closed_at.desc(), Case.number.desc())
            .limit(limit)
        )
        return [
            Solved(number, self._veil.matter(text, visibility, name), organisation, closed_at)
            for number, text, visibility, name, organisation, closed_at in self._unit.session.execute(query)
            if closed_at is not None
        ], total

    def misread(self, reach: Reach, since: datetime) -> Misread:
        """Of how many messages since then nothing could be made, and at how many something broke."""
        query = select(
            func.count(),
            func.count().filter(Received.handler == NOT_UNDERSTOOD),
            func.count().filter(Received.fault != ""),
        ).where(Received.received_at >= since)
        if not reach.everything:
            query = (
                query.join(Identity, Identity.openid == Received.openid)
                .join(Member, Member.id == Identity.member_id)
                .join(Organisation, Organisation.id == Member.organisation_id)
                .where(*reach.within(local(since).date()))
            )
        return Misread(*self._unit.session.execute(query).one())

    def letters(self, since: datetime) -> list[Letters]:
        """How many letters since then are in which state."""
        query = (
            select(OutboxRow.state, func.count(), func.min(OutboxRow.created_at))
            .where(OutboxRow.created_at >= since)
            .group_by(OutboxRow.state)
            .order_by(OutboxRow.state)
        )
        return [Letters(*row) for row in self._unit.session.execute(query)]

    def failures(self, since: datetime, limit: int = 10) -> list[tuple[str, int]]:
        """Why letters since then were given up, the commonest reason first, and how many."""
        query = (
            select(OutboxRow.reason, func.count())
            .where(OutboxRow.created_at >= since, OutboxRow.state == State.DEAD.value)
            .group_by(OutboxRow.reason)
            .order_by(func.count().desc(), OutboxRow.reason)
            .limit(limit)
        )
        return [(reason, count) for reason, count in self._unit.session.execute(query)]

    def _count(self, query: Select[int], where: list[ColumnElement[bool]]) -> int:
        return self._unit.session.scalar(query.where(*where)) or 0

"""轮值台账、催办督办记录: whose turn it was, and who was urged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from models.case import Case
from models.clock import Clock, Level, Urging
from models.history import stream
from models.ledgers.asking import Ask
from models.ledgers.words import called, share
from models.letter import SUBSCRIPTION, TEMPLATE
from models.outbox import OutboxRow, State
from models.post import Post, held
from models.timeline import TimelineEntry

_HOUR = timedelta(hours=1)
_URGED = (Level.URGE.value, Level.SUPERVISE.value, Level.ESCALATE.value)
"""What an office calls urging: being reminded in time, or asked for a rating, is none."""


class TurnRow(msgspec.Struct, frozen=True):
    """One turn in the chair."""

    consortium: str
    sequence: int
    organisation: str
    starts_on: date
    ends_on: date
    state: str
    activities: int
    reported: int
    solved: int
    rated: int
    satisfied: str
    told_at: datetime | None
    acknowledged_at: datetime | None
    handover: str
    swapped: str


class UrgingRow(msgspec.Struct, frozen=True):
    """One urging."""

    number: int
    matter: str
    organisation: str
    about: str
    level: str
    at: datetime
    channel: str
    """Which way it went, or where it stands."""
    delivered_at: datetime | None
    """Empty: it has not arrived, or the platform has not said so."""
    receipt_at: datetime | None
    """When somebody confirmed it, or answered by acting."""
    answered_at: datetime | None
    hours: float | None
    """From the urging to the answer."""
    outcome: str


def turns(ask: Ask) -> Iterator[TurnRow]:
    """8 轮值台账: turns that were under way or over, with what fell into them."""
    for turn in ask.sums.turns.turns:
        yield TurnRow(
            consortium=turn.consortium,
            sequence=turn.sequence,
            organisation=turn.organisation,
            starts_on=turn.starts_on,
            ends_on=turn.ends_on,
            state=called("term", "past" if turn.ends_on < ask.period.until else "present"),
            activities=turn.activities,
            reported=turn.reported,
            solved=turn.solved,
            rated=turn.rated,
            satisfied=share(turn.satisfied, turn.rated),
            told_at=turn.facts.told_at,
            acknowledged_at=turn.facts.acknowledged_at,
            handover=turn.facts.handover,
            swapped=turn.facts.swapped,
        )


def urgings(ask: Ask) -> Iterator[UrgingRow]:
    """10 催办督办记录: 催办、督办、提级; no reminders."""
    period = ask.period
    what = (
        select(TimelineEntry.event)
        .where(TimelineEntry.case_number == Urging.case_number, TimelineEntry.at == Urging.answered_at)
        .order_by(TimelineEntry.id)
        .limit(1)
        .scalar_subquery()
        .label("event")
    )
    query = (
        select(
            Urging.case_number,
            Case.text,
            Case.visibility,
            Urging.organisation_id,
            Clock.kind,
            Urging.level,
            Urging.at,
            Urging.answered_at,
            what,
            _LETTER.state,
            _LETTER.channel,
            _LETTER.settled_at,
            _LETTER.acknowledged_at,
        )
        .join(Case, Case.number == Urging.case_number)
        .join(Clock, Clock.id == Urging.clock_id)
        .outerjoin(_LETTER, _LETTER.id == _best_letter())
        .where(
            Urging.level.in_(_URGED), Urging.at >= period.begin, Urging.at < period.end, *ask.scope.cases()
        )
        .order_by(Urging.at, Urging.id)
    )
    for row in stream(ask.unit, query):
        answered = _by(row.answered_at, period.end)
        channel, arrived = _way(row.state, row.channel, _by(row.settled_at, period.end))
        yield UrgingRow(
            number=row.case_number,
            matter=ask.veil.matter(row.text, row.visibility, None),
            organisation=ask.places[row.organisation_id].name,
            about=called("clock", row.kind),
            level=called("urging", row.level),
            at=row.at,
            channel=channel,
            delivered_at=arrived,
            receipt_at=_by(row.acknowledged_at, period.end) or answered,
            answered_at=answered,
            hours=(answered - row.at) / _HOUR if answered else None,
            outcome=called("answer", "none") if answered is None else called("event", row.event or "other"),
        )


_LETTER = aliased(OutboxRow)
"""The one letter that says how an organisation was told."""
_TOLD = (State.DELIVERED.value, State.CALLED.value, State.SENT.value)
_UNDER_WAY = (State.PENDING.value, State.WAITING.value)


def _best_letter() -> ColumnElement[int]:
    """Of the letters to an organisation's officers about one urging, the one that arrived best and first."""
    about_clock = and_(OutboxRow.subject == "clock", OutboxRow.subject_id == Urging.clock_id)
    about_case = and_(
        OutboxRow.subject == "case",
        OutboxRow.subject_id == Urging.case_number,
        OutboxRow.kind == "case_stuck",
    )
    # Whoever acts for several organisations gets one letter, in the first of their posts.
    acts_there = (
        select(Post.id)
        .where(
            Post.member_id == OutboxRow.member_id,
            Post.organisation_id == Urging.organisation_id,
            held(Urging.at),
        )
        .correlate(OutboxRow, Urging)
        .exists()
    )
    there = OutboxRow.office_id == Urging.organisation_id
    rank = case({state: place for place, state in enumerate(_TOLD)}, value=OutboxRow.state, else_=len(_TOLD))
    found = [
        select(OutboxRow.id)
        .where(
            about,
            OutboxRow.subject != literal_column("''"),
            OutboxRow.created_at == Urging.at,
            or_(there, and_(OutboxRow.office_id.is_not(None), acts_there)),
        )
        .order_by(rank, OutboxRow.settled_at, OutboxRow.id)
        .limit(1)
        .correlate(Urging)
        .scalar_subquery()
        for about in (about_clock, about_case)
    ]
    return func.coalesce(*found)


def _by(moment: datetime | None, end: datetime) -> datetime | None:
    """A moment, if it lies before the end of the period."""
    return moment if moment is not None and moment < end else None


def _way(state: str | None, channel: str | None, settled_at: datetime | None) -> tuple[str, datetime | None]:
    """Which way a letter went, or where it stands, and when it arrived as far as that is known."""
    if state is None:
        return called("letter", "none"), None
    if settled_at is None and state not in _UNDER_WAY:
        return called("letter", "pending"), None  # it was settled after the last day
    if state not in _TOLD:
        return called("letter", state), None
    unconfirmed = state == State.SENT and channel in (TEMPLATE, SUBSCRIPTION)
    return called("channel", channel), None if unconfirmed else settled_at

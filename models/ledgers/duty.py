"""轮值台账、催办督办记录: whose turn it was, and who was urged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import select

from models.case import Case
from models.clock import Clock, Level, Urging
from models.history import stream
from models.ledgers.asking import Ask
from models.ledgers.words import called, share
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
        )
        .join(Case, Case.number == Urging.case_number)
        .join(Clock, Clock.id == Urging.clock_id)
        .where(
            Urging.level.in_(_URGED), Urging.at >= period.begin, Urging.at < period.end, *ask.scope.cases()
        )
        .order_by(Urging.at, Urging.id)
    )
    for row in stream(ask.unit, query):
        answered = row.answered_at if row.answered_at and row.answered_at < period.end else None
        yield UrgingRow(
            number=row.case_number,
            matter=ask.veil.matter(row.text, row.visibility, None),
            organisation=ask.places[row.organisation_id].name,
            about=called("clock", row.kind),
            level=called("urging", row.level),
            at=row.at,
            answered_at=answered,
            hours=(answered - row.at) / _HOUR if answered else None,
            outcome=called("answer", "none") if answered is None else called("event", row.event or "other"),
        )

"""日历订阅的内容: what an organisation's calendar shows, and what those who subscribed to it have been shown.

Whoever subscribed learns of a change only by comparing: an event keeps its name for ever, each change raises its
number, and what was called off is shown as called off for a while instead of vanishing (RFC 5545). So what was shown
is written down, and each look compares it with what is true now; how a turn or an activity came to be moved or dropped
does not matter.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from models.activity import Activity, ActivityState
from models.base import Base
from models.consortium import Consortium, standing
from models.meeting import Meeting, MeetingState
from models.moment import local
from models.seat import Seat, seated
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.store import Unit

TERM: Final = "term"
ACTIVITY: Final = "activity"
MEETING: Final = "meeting"
MEETING_LASTS: Final = timedelta(hours=2)
"""For how long a joint meeting is shown: nobody is asked when it ends."""
_CALLED: Final = (ActivityState.CALLED.value, ActivityState.HELD.value, ActivityState.RECORDED.value)
"""What was only planned has neither topic nor place; it is shown once it was called."""
KEPT_CANCELLED: Final = timedelta(days=60)
"""How long what was called off is still shown as such."""
SHOWN_BACK: Final = timedelta(days=400)
"""How long what is over is still shown: a year and a bit, for the yearly report."""


class Days(msgspec.Struct, frozen=True, tag="days"):
    """Whole days, the first and the last included."""

    first: date
    last: date


class Hours(msgspec.Struct, frozen=True, tag="hours"):
    """From one moment to another."""

    starts_at: datetime
    ends_at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is true now."""

    subject: str
    """``term``, ``activity`` or ``meeting``."""
    subject_id: int
    title: str
    """Of an activity its label; of all others the consortium's name."""
    number: int = 0
    """Which turn in the rota, which joint meeting of the consortium it is."""
    place: str = ""
    when: Days | Hours

    @property
    def last_day(self) -> date:
        """The last day that it touches."""
        return self.when.last if isinstance(self.when, Days) else local(self.when.ends_at).date()


class Shown(msgspec.Struct, frozen=True):
    """One event as it is shown to subscribers."""

    uid: str
    """Stable, and nobody else's."""
    sequence: int
    changed_at: datetime
    cancelled: bool
    entry: Entry


class ShownEvent(Base):
    """What subscribers have been shown last of one event."""

    __tablename__ = "calendar_events"
    __table_args__ = (UniqueConstraint("organisation_id", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    sequence: Mapped[int]
    entry: Mapped[str] = mapped_column(Text)
    """An ``Entry`` as JSON."""
    changed_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    @classmethod
    def first(cls, organisation_id: int, entry: Entry, now: datetime) -> ShownEvent:
        """An event that nobody has seen yet."""
        return cls(
            organisation_id=organisation_id,
            subject=entry.subject,
            subject_id=entry.subject_id,
            # Not made of our numbers: two installations may meet on one phone.
            uid=f"{uuid.uuid4()}@shouqianshou",
            sequence=0,
            entry=_written(entry),
            changed_at=now,
            cancelled_at=None,
        )

    @property
    def key(self) -> tuple[str, int]:
        """What it is about."""
        return self.subject, self.subject_id

    def differs(self, entry: Entry) -> bool:
        """Whether subscribers see something else than what is true now."""
        # What they say is compared, not how it is written: a later release may know more of an event.
        return self.cancelled_at is not None or self._entry != entry

    def change(self, entry: Entry, now: datetime) -> None:
        """It was moved, or takes place after all."""
        self.entry, self.cancelled_at = _written(entry), None
        self._raise(now)

    def cancel(self, now: datetime) -> None:
        """It does not take place."""
        self.cancelled_at = now
        self._raise(now)

    def _raise(self, now: datetime) -> None:
        self.sequence += 1
        # A clock that was set back must not make the change look older than what it replaces.
        self.changed_at = max(now, self.changed_at)

    @property
    def shown(self) -> Shown:
        """As subscribers see it."""
        return Shown(self.uid, self.sequence, self.changed_at, self.cancelled_at is not None, self._entry)

    @property
    def _entry(self) -> Entry:
        return msgspec.json.decode(self.entry, type=Entry)


class Calendars:
    """The calendars of all organisations."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def entries(self, organisation_id: int) -> list[Entry]:
        """Everything that an organisation's calendar holds now, over or to come. Each subject has its own source."""
        return [
            *self._turns(organisation_id),
            *self._activities(organisation_id),
            *self._meetings(organisation_id),
        ]

    def behind(self, organisation_id: int) -> bool:
        """Whether something changed since subscribers were last shown the calendar; only looks."""
        true = {(entry.subject, entry.subject_id): entry for entry in self.entries(organisation_id)}
        events = {event.key: event for event in self._events(organisation_id)}
        return any(key not in events or events[key].differs(entry) for key, entry in true.items()) or any(
            event.cancelled_at is None for key, event in events.items() if key not in true
        )

    def publish(self, organisation_id: int, now: datetime) -> None:
        """Writes down what is shown from now on: what is new, moved, called off."""
        events = {event.key: event for event in self._events(organisation_id)}
        for entry in self.entries(organisation_id):
            event = events.pop((entry.subject, entry.subject_id), None)
            if event is None:
                self._unit.session.add(ShownEvent.first(organisation_id, entry, now))
            elif event.differs(entry):
                event.change(entry, now)
        for event in events.values():
            if event.cancelled_at is None:
                event.cancel(now)
        self._unit.session.flush()

    def shown(self, organisation_id: int, now: datetime) -> list[Shown]:
        """What subscribers see, in the order of the days; what has been over or called off for long is left out."""
        since = local(now - SHOWN_BACK).date()
        found = [
            shown
            for event in self._events(organisation_id)
            if event.cancelled_at is None or now - event.cancelled_at < KEPT_CANCELLED
            if (shown := event.shown).entry.last_day >= since
        ]
        return sorted(found, key=lambda shown: (shown.entry.last_day, shown.uid))

    def _turns(self, organisation_id: int) -> list[Entry]:
        query = (
            select(Term.id, Term.sequence, Term.starts_on, Term.ends_on, Consortium.name)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(
                Term.organisation_id == organisation_id, presiding(Term.starts_on), standing(Term.starts_on)
            )
        )
        return [
            Entry(subject=TERM, subject_id=term, title=name, number=number, when=Days(first, last))
            for term, number, first, last, name in self._unit.session.execute(query)
        ]

    def _activities(self, organisation_id: int) -> list[Entry]:
        """What was called, its own and that of the consortia it belongs to, for the days on which it does."""
        query = (
            select(Activity)
            .outerjoin(Seat, Seat.consortium_id == Activity.consortium_id)
            .where(
                or_(Activity.organisation_id == organisation_id, Seat.organisation_id == organisation_id),
                Activity.state.in_(_CALLED),
            )
            .order_by(Activity.number)
            .distinct()
        )
        return [
            Entry(
                subject=ACTIVITY,
                subject_id=activity.number,
                title=activity.label,
                place=activity.place,
                when=Hours(activity.starts_at, activity.ends_at),
            )
            for activity in self._unit.session.scalars(query)
            if activity.organisation_id == organisation_id
            or self._belongs(organisation_id, activity.consortium_id, activity.day)
        ]

    def _meetings(self, organisation_id: int) -> list[Entry]:
        query = (
            select(Meeting, Consortium.name)
            .join(Consortium, Consortium.id == Meeting.consortium_id)
            .join(Seat, Seat.consortium_id == Meeting.consortium_id)
            .where(Seat.organisation_id == organisation_id, Meeting.state == MeetingState.CALLED.value)
            .order_by(Meeting.id)
            .distinct()
        )
        return [
            Entry(
                subject=MEETING,
                subject_id=meeting.id,
                title=name,
                number=meeting.sequence,
                place=meeting.place,
                when=Hours(meeting.starts_at, meeting.starts_at + MEETING_LASTS),
            )
            for meeting, name in self._unit.session.execute(query)
            if self._belongs(organisation_id, meeting.consortium_id, local(meeting.starts_at).date())
        ]

    def _belongs(self, organisation_id: int, consortium_id: int | None, day: date) -> bool:
        """Whether the organisation has a seat in the consortium on a day."""
        query = select(Seat.id).where(
            Seat.organisation_id == organisation_id,
            Seat.consortium_id == consortium_id,
            seated(day),
        )
        return self._unit.session.scalar(query.limit(1)) is not None

    def _events(self, organisation_id: int) -> list[ShownEvent]:
        query = select(ShownEvent).where(ShownEvent.organisation_id == organisation_id)
        return list(self._unit.session.scalars(query))


def _written(entry: Entry) -> str:
    return msgspec.json.encode(entry).decode()

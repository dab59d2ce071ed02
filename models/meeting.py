"""联席会议: a joint meeting of a consortium's organisations: when and where, what it talks about, and what it decides."""

from __future__ import annotations

import enum
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import About, Reminded
from models.base import Base, DomainError, Happening
from models.moment import local

if TYPE_CHECKING:
    from models.person import Person

EARLIEST: Final = time.fromisoformat("07:00")
LATEST: Final = time.fromisoformat("21:00")
"""Nobody meets before or after (a slip of the finger, or 3 in the morning for 3 in the afternoon)."""
LONGEST_TEXT: Final = 200
"""Characters of an item or a resolution."""
LONGEST_MINUTES: Final = 550
"""Characters: the letter that carries them has to fit into 2,048 bytes."""
MOST_ITEMS: Final = 20


class MeetingPast(DomainError):
    """The moment that was named is over."""


class OddHour(DomainError):
    """Nobody meets at that hour."""


class MeetingCalled(DomainError):
    """The consortium has a meeting before it already."""


class NoMeeting(DomainError):
    """There is no meeting before the consortium, or none that was held lately."""


class MeetingBegun(DomainError):
    """It has begun: it is not moved or called off any more."""


class NoSuchItem(DomainError):
    """The meeting has no item of that number."""


class NotInMeeting(DomainError):
    """Items and answers come from those who hold a post in a member organisation."""


class ItemKnown(DomainError):
    """The matter is on the agenda already."""


class AgendaFull(DomainError):
    """More items than one meeting gets through."""


class HeldByAnother(DomainError):
    """Somebody else has the matter in hand: it has to be taken from them first."""


class DueTooEarly(DomainError):
    """What is decided is to be done on a day to come."""


class MeetingState(enum.StrEnum):
    """Whether it takes place. That it is over follows from the clock."""

    CALLED = "called"
    CANCELLED = "cancelled"


class MeetingTold(msgspec.Struct, frozen=True):
    """The facts of a meeting that is told of."""

    meeting: int
    sequence: int
    consortium: str
    starts_at: datetime
    place: str
    items: tuple[str, ...]
    """Its items in their order, each in a few words."""


class MeetingReminded(Reminded, frozen=True, kw_only=True):
    """A rung of a meeting's ladder."""

    told: MeetingTold
    organisation_ids: tuple[int, ...]
    """Whoever is told."""
    coming: int = 0
    absent: int = 0
    open_answers: int = 0
    """Organisations that have said nothing yet."""
    lead: str = ""
    """The lead organisation's name."""
    done: int = 0
    resolved: int = 0
    """How many resolutions there are, and how many of them were carried out."""


class MeetingChanged(Happening, frozen=True, kw_only=True):
    """It was moved (``cancelled`` false), or called off: told to whoever had been told of it."""

    told: MeetingTold
    cancelled: bool
    reason: str
    organisation_ids: tuple[int, ...]
    about: About
    """Of a meeting that was moved: they are asked again."""
    above_ids: tuple[int, ...] = ()
    """The organisation above, if it had been told."""


class MeetingDecided(Happening, frozen=True, kw_only=True):
    """A resolution was passed: the organisation that carries it out is told."""

    told: MeetingTold
    position: int
    text: str
    organisation_id: int
    due_on: date
    case_number: int


class MinutesWritten(Happening, frozen=True, kw_only=True):
    """纪要: all who take part read what was decided."""

    told: MeetingTold
    minutes: str
    resolutions: int
    organisation_ids: tuple[int, ...]


class Meeting(Base):
    """One joint meeting."""

    __tablename__ = "meetings"
    __table_args__ = (
        # Two that are called at the same moment want the same place: one of them is done again, and finds the other.
        UniqueConstraint("consortium_id", "sequence"),
        Index("ix_meetings_starts_at", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    sequence: Mapped[int]
    """届次: which one of the consortium it is, from 1 on; one that was called off gives its number back."""
    starts_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))
    called_at: Mapped[datetime]
    called_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    called_for: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The organisation in whose name it was called: that day's chair, or the lead."""
    cancelled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    """Why it was called off."""
    minutes: Mapped[str] = mapped_column(Text)
    """纪要; empty until somebody writes it."""
    minuted_at: Mapped[datetime | None]
    minuted_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    @classmethod
    def call(
        cls,
        *,
        consortium_id: int,
        sequence: int,
        starts_at: datetime,
        place: str,
        by: Person,
        called_for: int,
        now: datetime,
    ) -> Meeting:
        """A new meeting. Refuses a moment that is over, or an hour at which nobody meets."""
        _require_moment(starts_at, now)
        return cls(
            consortium_id=consortium_id,
            sequence=sequence,
            starts_at=starts_at,
            place=place[:60],
            state=MeetingState.CALLED.value,
            called_at=now,
            called_by=by.member_id,
            called_for=called_for,
            cancelled_at=None,
            reason="",
            minutes="",
            minuted_at=None,
            minuted_by=None,
        )

    def ahead(self, now: datetime) -> bool:
        """Whether it is still to come."""
        return self.state == MeetingState.CALLED.value and now < self.starts_at

    def move(self, *, starts_at: datetime, place: str, now: datetime) -> None:
        """Another moment, and another place where one is named."""
        self._require_ahead(now)
        _require_moment(starts_at, now)
        self.starts_at, self.place = starts_at, place[:60] or self.place

    def cancel(self, *, reason: str, now: datetime) -> None:
        """It does not take place; the next one takes its number."""
        self._require_ahead(now)
        self.state, self.cancelled_at, self.reason = (
            MeetingState.CANCELLED.value,
            now,
            reason[:LONGEST_TEXT],
        )
        # Numbers of meetings that were held have no gaps; one that was not is kept under its own, below zero.
        self.sequence = -self.id

    def write_minutes(self, text: str, *, by: Person, now: datetime) -> None:
        """纪要, which may be written anew."""
        self.minutes, self.minuted_at, self.minuted_by = text[:LONGEST_MINUTES], now, by.member_id

    def _require_ahead(self, now: datetime) -> None:
        if self.state == MeetingState.CANCELLED.value:
            raise NoMeeting()
        if not self.ahead(now):
            raise MeetingBegun(number=self.sequence)


def _require_moment(starts_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise MeetingPast(month=local(starts_at).month, day=local(starts_at).day)
    if not EARLIEST <= local(starts_at).time() <= LATEST:
        raise OddHour(hour=f"{local(starts_at):%H:%M}")


class MeetingItem(Base):
    """议题: something that a meeting talks about."""

    __tablename__ = "meeting_items"
    __table_args__ = (UniqueConstraint("meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    """In a few words; of a case its own first words."""
    case_number: Mapped[int | None] = mapped_column(ForeignKey("cases.number"), index=True)
    """The need, problem or project that it is about."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Who put it there."""
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]

    @classmethod
    def put(
        cls,
        meeting_id: int,
        position: int,
        *,
        text: str,
        case_number: int | None,
        organisation_id: int,
        by: Person,
        now: datetime,
    ) -> MeetingItem:
        """A new item."""
        return cls(
            meeting_id=meeting_id,
            position=position,
            text=text[:LONGEST_TEXT],
            case_number=case_number,
            organisation_id=organisation_id,
            member_id=by.member_id,
            at=now,
        )


class Attendance(Base):
    """参会、请假: what an organisation said to being invited."""

    __tablename__ = "meeting_answers"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    coming: Mapped[bool]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    """Who said so."""
    at: Mapped[datetime]

    @classmethod
    def give(
        cls, meeting_id: int, organisation_id: int, *, coming: bool, by: Person, now: datetime
    ) -> Attendance:
        """An organisation's answer."""
        row = cls(meeting_id=meeting_id, organisation_id=organisation_id)
        row.change(coming=coming, by=by, now=now)
        return row

    def change(self, *, coming: bool, by: Person, now: datetime) -> None:
        """It answers otherwise, or once more."""
        self.coming, self.member_id, self.at = coming, by.member_id, now


class Resolution(Base):
    """决定: what a meeting decided, who carries it out, and by when. How far it is stands with its case."""

    __tablename__ = "resolutions"
    __table_args__ = (UniqueConstraint("meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"))
    position: Mapped[int]
    item_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_items.id"))
    """The item that it settles; None: it came up at the meeting."""
    text: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    due_on: Mapped[date]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    """Who wrote it down."""
    at: Mapped[datetime]

    @classmethod
    def pass_(
        cls,
        meeting_id: int,
        position: int,
        *,
        item_id: int | None,
        text: str,
        case_number: int,
        organisation_id: int,
        due_on: date,
        by: Person,
        now: datetime,
    ) -> Resolution:
        """A new resolution. Refuses a day that is over."""
        if due_on < local(now).date():
            raise DueTooEarly()
        return cls(
            meeting_id=meeting_id,
            position=position,
            item_id=item_id,
            text=text[:LONGEST_TEXT],
            case_number=case_number,
            organisation_id=organisation_id,
            due_on=due_on,
            member_id=by.member_id,
            at=now,
        )

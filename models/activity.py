"""活动: a theme day, a day of volunteer service … that an organisation calls, with its states and what is told of it.

Planned (by a series) → called (topic, place and time are settled: members may sign up) → held (the roll was called) →
recorded (there are minutes); or cancelled. Who may run it is derived from the term in office on its day, never kept.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Final

import msgspec
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models import activitywords
from models.base import Base, DomainError, Happening
from models.moment import local

SUBJECT: Final = "activity"
"""What its agenda and its letters are kept under."""
CALLED: Final = "called"
"""The mark of an agenda whose activity is settled: nobody has to be asked for its topic."""
INVITED: Final = "invited"
"""The mark of an agenda whose members were told: they have to hear when it moves or is off."""
MINUTES: Final = "minutes"
"""The mark of an agenda whose activity is recorded."""
LONGEST_TEXT: Final = 2000
"""Characters kept of minutes and of what came of them."""


class ActivityState(enum.StrEnum):
    """Where an activity stands."""

    PLANNED = "planned"
    CALLED = "called"
    HELD = "held"
    RECORDED = "recorded"
    CANCELLED = "cancelled"


class ActivityUnknown(DomainError):
    """There is no such activity, or not for this person."""


class ActivityNotYours(DomainError):
    """Others call it, move it, call its roll."""


class ActivityCancelledAlready(DomainError):
    """It is off."""


class ActivityBegun(DomainError):
    """It has begun or is over: too late for that."""


class ActivityAhead(DomainError):
    """It has not begun: too early for that."""


class ActivityNotCalled(DomainError):
    """Its topic is not settled: nobody can sign up yet."""


class ActivityHeld(DomainError):
    """It was held: it can be neither moved nor called off."""


class ActivityInPast(DomainError):
    """Nobody calls an activity for a moment that is over."""


class ActivityCalledAlready(DomainError):
    """The same host has called one for the same time."""


class Plan(msgspec.Struct, frozen=True):
    """What is settled when an activity is called."""

    kind: str
    format: str
    topic: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None = None


class ActivityMoved(Happening, frozen=True, kw_only=True):
    """A called activity takes place at another time or place."""

    number: int
    edition: int
    label: str
    """Kind and topic, as members are told."""
    before: datetime
    starts_at: datetime
    place: str
    signed: tuple[int, ...]
    """Members who have signed up."""
    others: tuple[int, ...]
    """Members who were told of the old time and have not."""
    host_id: int


class ActivityOff(Happening, frozen=True, kw_only=True):
    """An activity does not take place."""

    number: int
    label: str
    starts_at: datetime
    reason: str
    members: tuple[int, ...]
    host_id: int


class Activity(Base):
    """One activity. Its number is what everybody calls it by."""

    __tablename__ = "activities"
    __table_args__ = (
        UniqueConstraint("series_id", "original_day"),
        CheckConstraint("consortium_id IS NOT NULL OR organisation_id IS NOT NULL", name="host"),
        Index("ix_activities_consortium_id_starts_at", "consortium_id", "starts_at"),
        Index("ix_activities_organisation_id_starts_at", "organisation_id", "starts_at"),
        {"sqlite_autoincrement": True},  # a number is never given twice
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("activity_series.id"))
    original_day: Mapped[date | None]
    """The day by the series' rule, before it was rolled or moved."""
    consortium_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    """The branch whose own it is; None: the consortium's."""
    kind: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(20))
    topic: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(100))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int | None]
    """How many may come; None: as many as like."""
    state: Mapped[str] = mapped_column(String(20))
    by_hand: Mapped[bool]
    """Changed by somebody: its series leaves it alone."""
    created_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    called_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    held_at: Mapped[datetime | None]
    """When it was first known to have taken place."""
    recorded_at: Mapped[datetime | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    minutes: Mapped[str] = mapped_column(Text)
    followed_at: Mapped[datetime | None]
    follow_up: Mapped[str] = mapped_column(Text)
    """落实情况: what came of what was decided."""
    cancelled_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200))
    """Why it is off."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    @classmethod
    def plan(
        cls,
        plan: Plan,
        *,
        consortium_id: int | None,
        organisation_id: int | None,
        now: datetime,
        series_id: int | None = None,
        original_day: date | None = None,
    ) -> Activity:
        """An activity that nobody is told of yet."""
        return cls(
            series_id=series_id,
            original_day=original_day,
            consortium_id=consortium_id,
            organisation_id=organisation_id,
            kind=plan.kind,
            format=plan.format,
            topic=plan.topic[:200],
            place=plan.place[:100],
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            capacity=plan.capacity,
            state=ActivityState.PLANNED.value,
            by_hand=series_id is None,
            created_at=now,
            called_at=None,
            called_by=None,
            held_at=None,
            recorded_at=None,
            recorded_by=None,
            minutes="",
            followed_at=None,
            follow_up="",
            cancelled_at=None,
            reason="",
        )

    @property
    def face(self) -> str:
        """What members read of its state."""
        return activitywords.face(self.state)

    @property
    def kind_label(self) -> str:
        """主题党日, 志愿服务 …"""
        return activitywords.kinds()[self.kind].label

    @property
    def label(self) -> str:
        """Kind and topic: 主题党日“学习…”; the kind alone while there is no topic."""
        return f"{self.kind_label}“{self.topic}”" if self.topic else self.kind_label

    @property
    def day(self) -> date:
        """The day in Chifeng on which it begins."""
        return local(self.starts_at).date()

    @property
    def guests(self) -> bool:
        """Whether members of other consortia may come."""
        return self.organisation_id is None and activitywords.formats()[self.format].guests

    @property
    def gives_hours(self) -> bool:
        """Whether who came has done volunteer service."""
        return activitywords.kinds()[self.kind].hours

    @property
    def open(self) -> bool:
        """Whether it is still to take place, as far as anybody has said."""
        return self.state in (ActivityState.PLANNED, ActivityState.CALLED)

    def call(self, plan: Plan, by: int, now: datetime) -> None:
        """Topic, place and time are settled. What is called already may be called anew as long as it is ahead."""
        self.check_open()
        if self.state == ActivityState.CALLED:
            self.check_ahead(now)
        if plan.starts_at <= now:
            raise ActivityInPast(number=self.number)
        self.kind, self.format = plan.kind, plan.format
        self.topic, self.place = plan.topic[:200], plan.place[:100]
        self.starts_at, self.ends_at, self.capacity = plan.starts_at, plan.ends_at, plan.capacity
        self.state, self.by_hand = ActivityState.CALLED.value, True
        self.called_at, self.called_by = self.called_at or now, by

    def move(self, starts_at: datetime, ends_at: datetime, place: str, now: datetime) -> None:
        """It takes place at another time or (not empty) place."""
        self.check_open()
        self.check_ahead(now)
        if starts_at <= now:
            raise ActivityInPast(number=self.number)
        self.starts_at, self.ends_at, self.by_hand = starts_at, ends_at, True
        self.place = (place or self.place)[:100]

    def reschedule(self, plan: Plan) -> None:
        """Its series' rule has changed, and nobody has touched it."""
        self.kind, self.format, self.topic, self.place = plan.kind, plan.format, plan.topic, plan.place
        self.starts_at, self.ends_at, self.capacity = plan.starts_at, plan.ends_at, plan.capacity
        self.state, self.cancelled_at = ActivityState.PLANNED.value, None

    def drop(self, now: datetime) -> None:
        """Its series' rule has it no more; nobody called it off."""
        self.state, self.cancelled_at = ActivityState.CANCELLED.value, now

    def cancel(self, reason: str, now: datetime) -> None:
        """It does not take place, or did not."""
        self.check_open()
        self.state, self.cancelled_at, self.by_hand = ActivityState.CANCELLED.value, now, True
        self.reason = reason[:200]

    def hold(self, now: datetime) -> None:
        """Somebody says that it took place."""
        self.check_begun(now)
        if self.open:
            self.state = ActivityState.HELD.value
        self.held_at = self.held_at or now

    def record(self, minutes: str, by: int, now: datetime) -> None:
        """纪要: written once it has begun; what is said later is added."""
        self.hold(now)
        self.minutes = f"{self.minutes}；{minutes}".removeprefix("；")[:LONGEST_TEXT]
        self.state = ActivityState.RECORDED.value
        self.recorded_at, self.recorded_by = self.recorded_at or now, self.recorded_by or by

    def follow(self, words: str, now: datetime) -> None:
        """落实: what came of it; the newest word counts."""
        self.check_begun(now)
        self.follow_up, self.followed_at = words[:LONGEST_TEXT], now

    def check_open(self) -> None:
        """Refuses what can only be done while it is still to take place."""
        if self.state == ActivityState.CANCELLED:
            raise ActivityCancelledAlready(number=self.number)
        if not self.open:
            raise ActivityHeld(number=self.number)

    def check_ahead(self, now: datetime) -> None:
        """Refuses what can only be done before it begins."""
        if self.starts_at <= now:
            raise ActivityBegun(number=self.number)

    def check_begun(self, now: datetime) -> None:
        """Refuses what can only be done once it has begun, and takes place at all."""
        if self.state == ActivityState.CANCELLED:
            raise ActivityCancelledAlready(number=self.number)
        if self.starts_at > now:
            raise ActivityAhead(number=self.number)


class ActivityPhoto(Base):
    """佐证: a photo that was sent while the minutes were written; the platform keeps the media for three days."""

    __tablename__ = "activity_photos"

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_number: Mapped[int] = mapped_column(ForeignKey("activities.number"), index=True)
    media_id: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(1000))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]

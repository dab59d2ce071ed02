"""报名、请假、候补、点名、签到: who takes part in an activity.

Nobody is ranked, and nobody but those who run it learns who was absent. The code is voluntary: whoever does not use it
is on the roll that the host calls (no clock-in: 国办函〔2026〕12号).
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models import activitywords
from models.activity import Activity, ActivityCancelledAlready, ActivityNotCalled, ActivityState
from models.base import Base, DomainError, Happening
from models.member import Member

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

_BY_ROLL: Final = "roll"
_BY_CODE: Final = "code"
_CODES: Final = 9000
"""Codes have four digits and begin with no nought."""


class Part(enum.StrEnum):
    """How somebody takes part."""

    SIGNED = "signed"
    WAITING = "waiting"  # every place is taken
    LEAVE = "leave"


class AlreadySigned(DomainError):
    """One signs up once."""


class AlreadyOnLeave(DomainError):
    """One asks for leave once."""


class WrongCode(DomainError):
    """It is not the code that was shown."""


class CodeNotNow(DomainError):
    """The code holds around the activity only."""


class PlaceFound(Happening, frozen=True, kw_only=True):
    """A place became free, and the first who waited has it."""

    number: int
    label: str
    starts_at: datetime
    place: str
    member_id: int


class Participation(Base):
    """That a member comes, waits for a place, or cannot come. Final when the activity begins."""

    __tablename__ = "participations"
    __table_args__ = (Index("ix_participations_member_id", "member_id"),)

    activity_number: Mapped[int] = mapped_column(ForeignKey("activities.number"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The branch that they come from."""
    state: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime]
    turn: Mapped[int]
    """Counts the activity's answers: whoever waits goes in this order, even where two came in one moment."""
    reason: Mapped[str] = mapped_column(String(200))

    @property
    def coming(self) -> bool:
        """Whether they have a place or wait for one."""
        return self.state in (Part.SIGNED, Part.WAITING)

    def become(self, state: Part, turn: int, now: datetime, reason: str = "") -> None:
        """They say something else now."""
        self.state, self.turn, self.since, self.reason = state.value, turn, now, reason[:200]

    def get_place(self, now: datetime) -> None:
        """A place became free."""
        self.state, self.since = Part.SIGNED.value, now


class Attendance(Base):
    """What the roll says of one member; what is said later counts, and nothing is overwritten."""

    __tablename__ = "attendances"
    __table_args__ = (Index("ix_attendances_activity_number", "activity_number", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_number: Mapped[int] = mapped_column(ForeignKey("activities.number"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    present: Mapped[bool]
    method: Mapped[str] = mapped_column(String(20))
    """``roll`` or ``code``."""
    by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]


class Attendee(msgspec.Struct, frozen=True):
    """Somebody on the roll."""

    member_id: int
    name: str
    organisation_id: int
    present: bool | None
    """None: nobody has said yet."""


class Answered(msgspec.Struct, frozen=True):
    """What became of a sign-up."""

    activity: Activity
    state: Part
    waiting: int
    """How many wait, this member included; 0: they have a place."""


class Counts(msgspec.Struct, frozen=True):
    """How many take part in which way."""

    signed: int
    waiting: int
    leave: int


class Called(msgspec.Struct, frozen=True):
    """What a roll came to."""

    came: int
    absent: int
    leave: int


class Attending:
    """Who takes part in which activity."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- members ---------------------------------------------------------------------------------

    def sign_up(self, number: int, *, by: Person, now: datetime) -> Answered:
        """报名: a place, or a turn in the waiting line where every place is taken.

        Raises ActivityUnknown, ActivityNotCalled, ActivityCancelledAlready, ActivityBegun, AlreadySigned.
        """
        activity = self._to_join(number, by, now)
        mine = self.part_of(number, by.member_id)
        if mine is not None and mine.coming:
            raise AlreadySigned(number=number, label=activity.label)
        counts = self.counts(number)
        free = activity.capacity is None or counts.signed < activity.capacity
        state = Part.SIGNED if free else Part.WAITING
        self._answer(activity, mine, by, state, now)
        return Answered(activity, state, 0 if free else counts.waiting + 1)

    def take_leave(self, number: int, reason: str, *, by: Person, now: datetime) -> Activity:
        """请假: a place that was held goes to the first who waits, and they are told."""
        activity = self._to_join(number, by, now)
        mine = self.part_of(number, by.member_id)
        if mine is not None and mine.state == Part.LEAVE:
            raise AlreadyOnLeave(number=number, label=activity.label)
        held = mine is not None and mine.state == Part.SIGNED
        self._answer(activity, mine, by, Part.LEAVE, now, reason)
        if held and activity.capacity is not None:
            self._move_up(activity, now)
        return activity

    def sign_in(self, number: int, code: str, *, by: Person, now: datetime) -> Activity:
        """签到: by the code that the host shows; as good as being called, and nobody has to."""
        activity = self._unit.activities.to_change(number, by, now)
        _check_called(activity)
        rule = activitywords.rule()
        opens = activity.starts_at - timedelta(minutes=rule.code_before_minutes)
        if not opens <= now < activity.ends_at + timedelta(minutes=rule.code_after_minutes):
            raise CodeNotNow(number=number)
        if code != self.code(number):
            raise WrongCode(number=number)
        present = {each.member_id for each in self.roll(number) if each.present}
        if by.member_id not in present:
            self._mark(activity, by.member_id, by.organisation_id, True, _BY_CODE, by, now)
            self._unit.session.flush()
            if activity.held_at is not None:  # the roll was called before: this one came besides
                self._unit.volunteering.credit(activity, self._present(number), now)
        return activity

    # ---- those who run it ------------------------------------------------------------------------

    def code(self, number: int) -> str:
        """The four digits that are shown on the spot. They follow from the key, and are kept nowhere."""
        mark = self._unit.vault.mark(str(number), "activity.code")
        return str(int.from_bytes(mark[:8]) % _CODES + 1000)

    def call_roll(self, number: int, present: Collection[int], *, by: Person, now: datetime) -> Called:
        """点名: who of those on the roll (or for whom it is) came; the rest of the roll was absent, leave stays leave.

        Volunteer service is credited to whoever came. A roll that is called again is put right.
        """
        activity = self._unit.activities.to_run(number, by, now)
        activity.hold(now)
        roll = {each.member_id: each for each in self.roll(number)}
        extra = [each for each in self._unit.members.get_all(present) if each.id not in roll]
        for member in extra:
            self._mark(activity, member.id, member.organisation_id, True, _BY_ROLL, by, now)
        for attendee in roll.values():
            came = attendee.member_id in present
            if attendee.present is not came:
                self._mark(activity, attendee.member_id, attendee.organisation_id, came, _BY_ROLL, by, now)
        self._unit.session.flush()
        came_now = self._present(number)
        self._unit.volunteering.credit(activity, came_now, now)
        absent = len(self.roll(number)) - len(came_now)
        leave = sum(each.state == Part.LEAVE and each.member_id not in came_now for each in self.of(number))
        return Called(came=len(came_now), absent=absent, leave=leave)

    def roll(self, number: int) -> list[Attendee]:
        """Who is called: those with a place in the order in which they answered, then whoever came besides."""
        said = self._said(number)
        rows = [each for each in self.of(number) if each.state == Part.SIGNED]
        listed = {each.member_id: each.organisation_id for each in rows}
        listed |= {
            member_id: attendance.organisation_id
            for member_id, attendance in said.items()
            if member_id not in listed and attendance.present
        }
        names = {each.id: each.name(self._unit.vault) for each in self._unit.members.get_all(listed)}
        return [
            Attendee(
                member_id,
                names[member_id],
                organisation_id,
                said[member_id].present if member_id in said else None,
            )
            for member_id, organisation_id in listed.items()
        ]

    def named(self, number: int, name: str, *, by: Person, now: datetime) -> int | None:
        """Somebody of that name whom the activity is for, who came without having signed up; None: none, or several."""
        activity = self._unit.activities.look(number, by, now)
        marks = self._unit.vault.marks(name, "member.name")
        query = select(Member.id).where(
            Member.name_mark.in_(marks),
            Member.organisation_id.in_(self._unit.activities.audience(activity)),
            Member.left_at.is_(None),
        )
        found = list(self._unit.session.scalars(query))
        return found[0] if len(found) == 1 else None

    # ---- looking up ------------------------------------------------------------------------------

    def of(self, number: int) -> list[Participation]:
        """Everybody who has answered, in that order."""
        query = (
            select(Participation)
            .where(Participation.activity_number == number)
            .order_by(Participation.turn, Participation.member_id)
        )
        return list(self._unit.session.scalars(query))

    def part_of(self, number: int, member_id: int) -> Participation | None:
        """What one member has answered."""
        return self._unit.session.get(Participation, (number, member_id))

    def counts(self, number: int) -> Counts:
        """How many have answered in which way."""
        query = (
            select(Participation.state, func.count())
            .where(Participation.activity_number == number)
            .group_by(Participation.state)
        )
        found: dict[str, int] = {row[0]: row[1] for row in self._unit.session.execute(query)}
        return Counts(*(found.get(part.value, 0) for part in Part))

    # ---- within ----------------------------------------------------------------------------------

    def _to_join(self, number: int, by: Person, now: datetime) -> Activity:
        activity = self._unit.activities.to_change(number, by, now)
        _check_called(activity)
        if not self._unit.activities.may_come(activity, by):
            raise ActivityNotCalled(number=number)
        activity.check_ahead(now)
        return activity

    def _answer(
        self,
        activity: Activity,
        mine: Participation | None,
        by: Person,
        state: Part,
        now: datetime,
        reason: str = "",
    ) -> None:
        last = self._unit.session.scalar(
            select(func.max(Participation.turn)).where(Participation.activity_number == activity.number)
        )
        turn = (last or 0) + 1
        if mine is None:
            self._unit.session.add(
                Participation(
                    activity_number=activity.number,
                    member_id=by.member_id,
                    organisation_id=by.organisation_id,
                    state=state.value,
                    since=now,
                    turn=turn,
                    reason=reason[:200],
                )
            )
        else:
            mine.become(state, turn, now, reason)
        self._unit.session.flush()

    def _move_up(self, activity: Activity, now: datetime) -> None:
        first = next((each for each in self.of(activity.number) if each.state == Part.WAITING), None)
        if first is None:
            return
        first.get_place(now)
        self._unit.session.flush()
        self._unit.tell(
            PlaceFound(
                number=activity.number,
                label=activity.label,
                starts_at=activity.starts_at,
                place=activity.place,
                member_id=first.member_id,
            )
        )

    def _mark(
        self,
        activity: Activity,
        member_id: int,
        organisation_id: int,
        present: bool,
        method: str,
        by: Person,
        now: datetime,
    ) -> None:
        self._unit.session.add(
            Attendance(
                activity_number=activity.number,
                member_id=member_id,
                organisation_id=organisation_id,
                present=present,
                method=method,
                by=by.member_id,
                at=now,
            )
        )

    def _said(self, number: int) -> dict[int, Attendance]:
        """The last word on each member."""
        query = select(Attendance).where(Attendance.activity_number == number).order_by(Attendance.id)
        return {each.member_id: each for each in self._unit.session.scalars(query)}

    def _present(self, number: int) -> dict[int, int]:
        """Who came, and from which branch."""
        return {
            member_id: each.organisation_id for member_id, each in self._said(number).items() if each.present
        }


def _check_called(activity: Activity) -> None:
    if activity.state == ActivityState.CANCELLED:
        raise ActivityCancelledAlready(number=activity.number)
    if activity.state == ActivityState.PLANNED:
        raise ActivityNotCalled(number=activity.number)

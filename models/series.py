"""固定活动: activities that come back by a rule (每月相对固定1天), put on file some months ahead.

The rule is text of RFC 5545 (``FREQ=MONTHLY;BYMONTHDAY=5``), reckoned in local days of Asia/Shanghai, which keeps no
summer time. A day off may be rolled to a working day; where the calendar of a year is not on file nothing is guessed:
the occurrence waits. What somebody has changed by hand is never touched again.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, get_args

from dateutil.rrule import rrulestr
from sqlalchemy import ForeignKey, Index, Select, String, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from models import activitywords
from models.activity import SUBJECT, Activity, ActivityState, Plan
from models.base import Base
from models.moment import SHANGHAI, local
from models.workday import Calendar, YearMissing

if TYPE_CHECKING:
    from models.activityrights import Host
    from models.person import Person
    from models.store import Unit

Roll = Literal["none", "next_workday", "prev_workday", "skip"]
"""What becomes of a day off."""
_DAY: Final = timedelta(days=1)
AT_ONCE: Final = 20
"""Series that one transaction puts on file: members' messages must not wait long behind it."""


class ActivitySeries(Base):
    """One rule by which activities come back."""

    __tablename__ = "activity_series"
    __table_args__ = (
        Index(
            "ix_activity_series_ahead",
            "ahead_until",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(100))
    rule: Mapped[str] = mapped_column(String(200))
    """An RRULE of RFC 5545, without its name."""
    starts_on: Mapped[date]
    """The local day that the rule counts from (DTSTART)."""
    begins: Mapped[str] = mapped_column(String(5))
    """The local time of day, ``09:00``."""
    minutes: Mapped[int]
    """How long each one takes."""
    roll: Mapped[str] = mapped_column(String(20))
    ahead_until: Mapped[date | None]
    """The last day up to which occurrences are on file; None: not by this rule yet."""
    waits_for: Mapped[int | None]
    """The year whose working days an occurrence waits for."""
    created_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def follow(
        self, *, rule: str, starts_on: date, begins: time, roll: str, place: str, format_key: str
    ) -> None:
        """Another rule from now on."""
        check(rule, roll)
        self.rule, self.starts_on, self.begins, self.roll = rule, starts_on, f"{begins:%H:%M}", roll
        self.place, self.format, self.ahead_until = place[:100], format_key, None

    def days(self, first: date, last: date) -> list[date]:
        """The days by the rule between two days, both included, before any is rolled."""
        found = rrulestr(self.rule, dtstart=datetime.combine(self.starts_on, time.min))
        return [
            each.date()
            for each in found.between(
                datetime.combine(first, time.min), datetime.combine(last, time.min), inc=True
            )
        ]

    def rolled(self, day: date, calendar: Calendar) -> date | None:
        """The day on which it takes place; None: it is left out. Raises YearMissing where nobody can know."""
        if self.roll == "none" or calendar.worked(day):
            return day
        if self.roll == "skip":
            return None
        return calendar.rolled(day, "after" if self.roll == "next_workday" else "before")

    def plan(self, day: date) -> Plan:
        """What is settled of the activity on a day."""
        starts_at = datetime.combine(day, time.fromisoformat(self.begins), SHANGHAI)
        return Plan(
            kind=self.kind,
            format=self.format,
            topic="",
            place=self.place,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=self.minutes),
        )


def check(rule: str, roll: str) -> None:
    """Raises ValueError for a rule or a roll that nobody can follow."""
    try:
        rrulestr(rule, dtstart=datetime.combine(date.min, time.min))
    except ValueError as error:
        raise ValueError(f"no rule of RFC 5545: {rule}") from error
    if roll not in get_args(Roll):
        raise ValueError(f"no way to roll: {roll}")


def horizon(today: date) -> date:
    """The last day that is put on file: the end of a month, so that a series is looked at once a month."""
    months = today.year * 12 + today.month - 1 + activitywords.rule().ahead_months
    year, month = divmod(months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


class Recurring:
    """All series: founding and ending them, and putting their occurrences on file."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of(self, host: Host) -> list[ActivitySeries]:
        """The live series of a host, the oldest first."""
        query = (
            select(ActivitySeries)
            .where(
                ActivitySeries.ended_at.is_(None),
                ActivitySeries.organisation_id == host.organisation_id
                if host.organisation_id is not None
                else (
                    (ActivitySeries.consortium_id == host.consortium_id)
                    & ActivitySeries.organisation_id.is_(None)
                ),
            )
            .order_by(ActivitySeries.id)
        )
        return list(self._unit.session.scalars(query))

    def settle(
        self,
        host: Host,
        *,
        kind: str,
        format_key: str,
        place: str,
        rule: str,
        begins: time,
        minutes: int,
        roll: str,
        by: Person,
        now: datetime,
    ) -> ActivitySeries:
        """From now on it comes back by this rule. A host has one series of a kind: another rule changes it.

        Raises:
            ValueError: the rule is none.
        """
        check(rule, roll)
        today = local(now).date()
        found = next((each for each in self.of(host) if each.kind == kind), None)
        if found is None:
            found = ActivitySeries(
                consortium_id=host.consortium_id,
                organisation_id=host.organisation_id,
                kind=kind,
                format=format_key,
                place=place[:100],
                rule=rule,
                starts_on=today,
                begins=f"{begins:%H:%M}",
                minutes=minutes,
                roll=roll,
                ahead_until=None,
                waits_for=None,
                created_by=by.member_id,
                created_at=now,
                ended_at=None,
            )
            self._unit.session.add(found)
            self._unit.session.flush()
        else:
            found.follow(
                rule=rule, starts_on=today, begins=begins, roll=roll, place=place, format_key=format_key
            )
            found.minutes = minutes
        self._put_on_file(found, now)
        return found

    def end(self, series: ActivitySeries, now: datetime) -> int:
        """It comes back no more; what nobody has touched is taken off. Gives how many were."""
        series.ended_at = now
        gone = [each for each in self._own(series, now) if each.open]
        for activity in gone:
            self._drop(activity, now)
        self._unit.session.flush()
        return len(gone)

    def ahead(self, series: ActivitySeries, now: datetime) -> list[Activity]:
        """What it has put on file and is still to come, the nearest first."""
        query = (
            select(Activity)
            .where(
                Activity.series_id == series.id,
                Activity.starts_at > now,
                Activity.state.in_((ActivityState.PLANNED.value, ActivityState.CALLED.value)),
            )
            .order_by(Activity.starts_at)
        )
        return list(self._unit.session.scalars(query))

    def look_again(self, consortium_id: int) -> None:
        """How long a consortium lasts has changed: what its series have put on file is gone through anew."""
        self._unit.session.execute(
            update(ActivitySeries)
            .where(
                ActivitySeries.consortium_id == consortium_id,
                ActivitySeries.organisation_id.is_(None),
                ActivitySeries.ended_at.is_(None),
            )
            .values(ahead_until=None),
            execution_options={"synchronize_session": "fetch"},
        )

    # ---- what time makes due ---------------------------------------------------------------------

    def due(self, now: datetime) -> bool:
        """Whether occurrences have to be put on file; only looks."""
        return self._unit.session.scalar(self._waiting(now).limit(1)) is not None

    def put_on_file(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Puts the occurrences of the coming months on file, each once; gives how many series were dealt with."""
        ids = list(self._unit.session.scalars(self._waiting(now).limit(limit)))
        for series_id in ids:
            series = self._unit.session.get(ActivitySeries, series_id, with_for_update=True)
            if series is not None:
                self._put_on_file(series, now)
        return len(ids)

    def _waiting(self, now: datetime) -> Select[int]:
        return (
            select(ActivitySeries.id)
            .where(
                ActivitySeries.ended_at.is_(None),
                or_(
                    ActivitySeries.ahead_until.is_(None),
                    ActivitySeries.ahead_until < horizon(local(now).date()),
                    ActivitySeries.waits_for.in_(self._unit.workdays.years()),
                ),
            )
            .order_by(ActivitySeries.id)
        )

    def _put_on_file(self, series: ActivitySeries, now: datetime) -> None:
        unit, today = self._unit, local(now).date()
        last = horizon(today)
        gone_on = self._gone_on(series)
        if gone_on is not None and gone_on <= today:
            self.end(series, now)
            return
        series.waits_for = None
        own = {each.original_day: each for each in self._own(series, now)}
        known = self._known(series)
        for original in series.days(today, last if gone_on is None else min(last, gone_on - _DAY)):
            try:
                day = series.rolled(original, unit.workdays.calendar)
            except YearMissing as missing:
                series.waits_for = missing.year
                unit.clocks.tell_missing(missing.year)
                own.pop(original, None)
                continue
            if day is None or (plan := series.plan(day)).starts_at <= now:
                continue
            if gone_on is not None and day >= gone_on:
                continue
            if original not in known:
                self._add(series, plan, original, now)
            elif (activity := own.pop(original, None)) is not None:
                self._adjust(activity, plan, now)
        for activity in own.values():
            if activity.open:
                self._drop(activity, now)
        series.ahead_until = last
        unit.session.flush()

    def _gone_on(self, series: ActivitySeries) -> date | None:
        """From which day on the consortium whose series it is is no more; a branch's own goes on without it."""
        if series.organisation_id is not None or series.consortium_id is None:
            return None
        return self._unit.consortia.get(series.consortium_id).dissolved_on

    def _add(self, series: ActivitySeries, plan: Plan, original: date, now: datetime) -> None:
        activity = Activity.plan(
            plan,
            consortium_id=series.consortium_id,
            organisation_id=series.organisation_id,
            now=now,
            series_id=series.id,
            original_day=original,
        )
        self._unit.session.add(activity)
        self._unit.session.flush()
        self._unit.agendas.plan(SUBJECT, activity.number, activity.starts_at)

    def _adjust(self, activity: Activity, plan: Plan, now: datetime) -> None:
        moved = activity.starts_at != plan.starts_at or not activity.open
        activity.reschedule(plan)
        if moved:
            self._unit.agendas.move(SUBJECT, activity.number, activity.starts_at, now)

    def _drop(self, activity: Activity, now: datetime) -> None:
        """The rule has it no more. The row stays, for the rule may have it again, and numbers are not given twice."""
        activity.drop(now)
        self._unit.agendas.stop(SUBJECT, activity.number, now)

    def _known(self, series: ActivitySeries) -> set[date | None]:
        """The days by the rule that have an activity already, whatever became of it by somebody's hand."""
        return set(
            self._unit.session.scalars(select(Activity.original_day).where(Activity.series_id == series.id))
        )

    def _own(self, series: ActivitySeries, now: datetime) -> list[Activity]:
        """What is still to come and nobody has touched: planned, or dropped by the rule itself."""
        query = (
            select(Activity)
            .where(
                Activity.series_id == series.id,
                Activity.state.in_((ActivityState.PLANNED.value, ActivityState.CANCELLED.value)),
                Activity.by_hand.is_(False),
                Activity.starts_at > now,
            )
            .order_by(Activity.original_day)
        )
        return list(self._unit.session.scalars(query))

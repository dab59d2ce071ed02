"""All clocks: starting, stopping, moving and pausing them; deadlines that wait for the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, literal_column, select, true, update

from models.base import Happening
from models.bulk import put_on_file
from models.case import Case
from models.category import Category
from models.claim import LIVE, Claim
from models.clock import Clock, ClockKind, Urging
from models.life import CaseState
from models.moment import local
from models.pace import Pace, spans
from models.revision import CALENDAR
from models.workday import CLOSING_TIME, YearMissing, closing

if TYPE_CHECKING:
    from models.store import Unit

AT_ONCE: Final = 2_000
"""Cases that one transaction gives their clocks: members' messages must not wait long behind it."""


class CalendarEnds(Happening, frozen=True, kw_only=True):
    """A deadline could not be set because a year's working days are not on file; told once for each year."""

    year: int
    organisation_ids: tuple[int, ...]
    """The heads of all trees: whoever runs the account sits there."""


_COMPUTED: Final = "calendar_computed"
"""The revision of the calendar that deadlines were last set by."""
_RUNNING = Clock.stopped_at.is_(None)


class Clocks:
    """The clocks of all cases."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def start(
        self,
        number: int,
        kind: ClockKind,
        now: datetime,
        *,
        pace: Pace | None = None,
        due_on: date | None = None,
    ) -> Clock | None:
        """Starts a clock; one of that kind that runs already is stopped.

        ``pace``: how fast the case is to be dealt with (default: ``pace_of``). ``due_on``: the day that was
        promised, instead of what is usual for the pace. None is given where that kind of matter has no such clock.
        """
        self.stop(number, kind, now)
        pace = pace or self.pace_of(number)
        if due_on is not None:
            return self._add(Clock.begin(number, kind, started_at=now, due_at=closing(due_on)))
        if pace not in spans()[kind]:
            return None
        return self._add(Clock.begin(number, kind, started_at=now, due_at=self._usual_due(kind, pace, now)))

    def stop(self, number: int, kind: ClockKind, now: datetime) -> None:
        """Stops a clock, and remembers whether it had run out; nothing where none runs."""
        self._stop(self._running(number, kind), now)

    def stop_all(self, number: int, now: datetime) -> None:
        """Stops every clock of a case: it is over, or waits for nobody."""
        self._stop(self._running(number), now)

    def move(self, number: int, kind: ClockKind, due_on: date, now: datetime) -> Clock | None:
        """An approved extension: the clock has until the end of that day, and its ladder begins anew."""
        clocks = self._running(number, kind)
        if not clocks:
            return None
        [old] = clocks
        self._stop(clocks, now)
        moved = Clock.begin(number, kind, started_at=old.started_at, due_at=closing(due_on))
        moved.paused_at, moved.paused_s = old.paused_at, old.paused_s
        return self._add(moved)

    def pause(self, number: int, now: datetime) -> None:
        """Every clock of a case stands still."""
        for clock in self._running(number):
            clock.pause(now)

    def resume(self, number: int, now: datetime) -> None:
        """Every clock of a case runs again; each deadline moves by as much as the clock stood still."""
        for clock in self._running(number):
            if clock.paused_at is not None:
                clock.resume(now, self._moved(clock, clock.paused_at, now))

    def heard(self, number: int, now: datetime) -> None:
        """Something was said about the case: silence is counted from now on, and what was urged is answered."""
        if any(clock.paused_at is None for clock in self._running(number, ClockKind.PROGRESS)):
            self.start(number, ClockKind.PROGRESS, now)
        self._unit.session.execute(
            update(Urging)
            .where(Urging.case_number == number, Urging.answered_at.is_(None))
            .values(answered_at=now)
        )

    def over(self, number: int, kind: ClockKind, now: datetime) -> bool:
        """Whether a clock of that kind runs on a case and has run out."""
        return any(clock.over(now) for clock in self._running(number, kind))

    def of(self, number: int) -> list[Clock]:
        """Every clock that ever ran on a case, oldest first."""
        query = select(Clock).where(Clock.case_number == number).order_by(Clock.id)
        return list(self._unit.session.scalars(query))

    def pace_of(self, number: int) -> Pace:
        """How fast a case is to be dealt with: by its urgency, its kind, its category."""
        query = (
            select(Case.urgent, Case.kind, Category.clock)
            .outerjoin(Category, Category.label == Case.category)
            .where(Case.number == number)
        )
        urgent, kind, category = self._unit.session.execute(query).one()
        return Pace.of(urgent=urgent, kind=kind, category=category)

    def missing(self, limit: int = AT_ONCE) -> list[int]:
        """Submitted cases that have no accept clock yet, the oldest first.

        A message that files a case starts none, so that it stays short.
        """
        return [row.number for row in self._missing(limit)]

    def begin_missing(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Gives them their clocks, started when they were submitted; says how many. As many rows at once as there are."""
        clocks = []
        for number, submitted_at, urgent, kind, category in self._missing(limit):
            began, pace = submitted_at or now, Pace.of(urgent=urgent, kind=kind, category=category)
            due_at = self._usual_due(ClockKind.ACCEPT, pace, began)
            clocks.append(Clock.begin(number, ClockKind.ACCEPT, started_at=began, due_at=due_at))
        put_on_file(self._unit, clocks)
        return len(clocks)

    def _missing(self, limit: int) -> Sequence[Any]:
        has_one = select(Clock.id).where(
            Clock.case_number == Case.number, Clock.kind == ClockKind.ACCEPT.value
        )
        query = (
            select(Case.number, Case.submitted_at, Case.urgent, Case.kind, Category.clock)
            .outerjoin(Category, Category.label == Case.category)
            .where(Case.state == literal_column(f"'{CaseState.SUBMITTED}'"), ~has_one.exists())
            .order_by(Case.number)
            .limit(limit)
        )
        return self._unit.session.execute(query).all()

    def waiting(self) -> bool:
        """Whether the calendar changed since deadlines were last set by it."""
        revisions = self._unit.revisions
        return revisions.of(CALENDAR) != revisions.of(_COMPUTED)

    def recompute(self, now: datetime) -> int:
        """Sets the deadlines that waited for the calendar, as far as it reaches now; says how many.

        None of them is over before the next working day is: nobody is late for what could not be known.
        """
        query = (
            select(Clock, Case.urgent, Case.kind, Category.clock, Claim.promised_on)
            .join(Case, Case.number == Clock.case_number)
            .outerjoin(Category, Category.label == Case.category)
            .outerjoin(
                Claim,
                and_(
                    Claim.case_number == Case.number,
                    Claim.lead == true(),
                    Claim.state.in_([state.value for state in LIVE]),
                ),
            )
            .where(_RUNNING, Clock.due_at.is_(None))
            .order_by(Clock.id)
        )
        count = 0
        for clock, urgent, kind, name, promised_on in self._unit.session.execute(query).all():
            promise = promised_on if clock.kind == ClockKind.RESOLVE.value else None
            try:
                due = self._late_due(clock, Pace.of(urgent=urgent, kind=kind, category=name), promise)
                clock.set_due(max(due, self._unit.workdays.due(now, 1)))
            except YearMissing:
                continue
            count += 1
        self._unit.session.flush()
        self._unit.revisions.note(_COMPUTED, self._unit.revisions.of(CALENDAR))
        return count

    # ---- what they share -------------------------------------------------------------------------

    def _running(self, number: int, kind: ClockKind | None = None) -> list[Clock]:
        query = select(Clock).where(Clock.case_number == number, _RUNNING).order_by(Clock.id)
        if kind is not None:
            query = query.where(Clock.kind == kind.value)
        return list(self._unit.session.scalars(query))

    def _add(self, clock: Clock) -> Clock:
        self._unit.session.add(clock)
        self._unit.session.flush()
        return clock

    def _stop(self, clocks: Sequence[Clock], now: datetime) -> None:
        if not clocks:
            return
        for clock in clocks:
            clock.stop(now)
        self._unit.session.execute(
            update(Urging)
            .where(Urging.clock_id.in_([clock.id for clock in clocks]), Urging.answered_at.is_(None))
            .values(answered_at=now)
        )
        self._unit.session.flush()

    def _usual_due(self, kind: ClockKind, pace: Pace, started_at: datetime) -> datetime | None:
        try:
            return spans()[kind][pace].after(started_at, self._unit.workdays)
        except YearMissing as missing:
            self.tell_missing(missing.year)
            return None

    def _moved(self, clock: Clock, since: datetime, now: datetime) -> datetime | None:
        """The deadline after a pause. One at closing time is one of days, and moves by the working days between."""
        due = clock.due_at
        if due is None:
            return None
        day = local(due)
        if day.time() != CLOSING_TIME:
            return due + (now - since)
        workdays = self._unit.workdays
        try:
            stood_still = workdays.between(local(since).date(), local(now).date())
            return closing(workdays.after(day.date(), stood_still))
        except YearMissing as missing:
            self.tell_missing(missing.year)
            return None

    def _late_due(self, clock: Clock, pace: Pace, promise: date | None) -> datetime:
        """The deadline of a clock whose calendar came late, as if it had begun later by what it stood still."""
        began = clock.started_at + timedelta(seconds=clock.paused_s)
        workdays = self._unit.workdays
        if promise is None:
            usual = spans()[ClockKind(clock.kind)]
            # Only working days wait for a calendar, so it was started at a pace that is counted in them.
            counted = [usual[each] for each in (pace, *Pace) if each in usual and usual[each].workdays]
            return counted[0].after(began, workdays)
        stood_still = workdays.between(local(clock.started_at).date(), local(began).date())
        return closing(workdays.after(promise, stood_still))

    def wants_telling(self, year: int) -> bool:
        """Whether nobody was told yet that a year's working days are missing."""
        return self._unit.revisions.of(_told(year)) == 0

    def tell_missing(self, year: int) -> None:
        """A year's working days are wanted and not on file: told once, whoever finds it out."""
        if self.wants_telling(year):
            self._unit.revisions.bump(_told(year))
            self._unit.tell(CalendarEnds(year=year, organisation_ids=self._unit.organisations.heads()))


def _told(year: int) -> str:
    return f"calendar_ends_{year}"

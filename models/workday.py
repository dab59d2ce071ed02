"""工作日历: which days are worked, by the State Council's yearly arrangement of holidays and make-up days.

From Monday to Friday is worked, but for what the yearly notice says otherwise. A year whose notice is not on file is
not known at all: to count its working days would be a guess, and a guess becomes somebody's deadline.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.lean import Lean
from models.moment import SHANGHAI, local
from models.revision import CALENDAR, Revision

if TYPE_CHECKING:
    from models.store import Unit

OPENING_TIME: Final = time.fromisoformat("08:30")
"""When the office day begins; what is due on a day is said then."""
CLOSING_TIME: Final = time.fromisoformat("17:30")
"""When the office day ends (Asia/Shanghai): a deadline in working days runs out then."""
_DAY: Final = timedelta(days=1)
_NEXT_NOTICE_FROM: Final = (12, 25)
"""From this day on a year's days belong to the notice of the next one, whose 元旦 may reach back: that of 2019 made
29 December 2018 a working day and the 31st a holiday. No other holiday comes near."""


class YearMissing(Exception):
    """The notice of a year is not on file, and one of its days was asked for."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no working-day calendar for {year}")
        self.year = year


class Workday(Base):
    """One day that differs from its weekday: a holiday (休) or a make-up day (班)."""

    __tablename__ = "workdays"

    day: Mapped[date] = mapped_column(primary_key=True)
    worked: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40))
    """``shipped`` or ``import``."""


class Entry(msgspec.Struct, frozen=True):
    """What a notice says of one day."""

    day: date
    worked: bool
    """班 or 休."""
    name: str
    """The holiday that it belongs to."""

    @property
    def year(self) -> int:
        """The year whose notice it stands in."""
        return _year_of_notice(self.day)


class Calendar:
    """Arithmetic with working days. Every day is a local one; what lies in a year not on file raises YearMissing."""

    def __init__(self, named: Mapping[date, bool]) -> None:
        """``named``: the days that notices speak of, and whether they are worked."""
        self._named = dict(named)
        self._years = frozenset(_year_of_notice(day) for day in named)

    def worked(self, day: date) -> bool:
        """Whether the office works on a day."""
        if day.year not in self._years:
            raise YearMissing(day.year)
        return self._named.get(day, day.weekday() < 5)

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after a day, whether that one is worked or not; 0: the day itself."""
        return self._step(day, count, _DAY)

    def before(self, day: date, count: int) -> date:
        """The ``count``-th working day before a day; 0: the day itself."""
        return self._step(day, count, -_DAY)

    def rolled(self, day: date, to: Literal["", "before", "after"]) -> date:
        """The day where it is worked, else the working day before or after it; empty: the day, worked or not."""
        if not to:
            return day
        return self.before(day + _DAY, 1) if to == "before" else self.after(day - _DAY, 1)

    def between(self, after: date, until: date) -> int:
        """How many working days lie after one day up to another, that one included; none where it is not later."""
        return sum(self.worked(after + _DAY * step) for step in range(1, (until - after).days + 1))

    def due(self, moment: datetime, working_days: int) -> datetime:
        """When the office closes on the so-many-th working day after the day of ``moment``; aware."""
        return closing(self.after(local(moment).date(), working_days))

    def covers(self, year: int) -> bool:
        """Whether the notice of a year is on file."""
        return year in self._years

    def years(self) -> list[int]:
        """The years on file."""
        return sorted(self._years)

    def until(self, day: date) -> date | None:
        """The last day up to which every day is known, from ``day`` on; None: not even that one is."""
        year = day.year
        while year in self._years:
            year += 1
        return None if year == day.year else date(year - 1, 12, 31)

    def _step(self, day: date, count: int, step: timedelta) -> date:
        if count < 0:
            raise ValueError("working days are counted forwards or backwards, not by a negative number")
        while count:
            day += step
            count -= self.worked(day)
        return day


def closing(day: date) -> datetime:
    """When the office closes on a day; aware."""
    return datetime.combine(day, CLOSING_TIME, SHANGHAI)


def opening(day: date) -> datetime:
    """When the office opens on a day; aware."""
    return datetime.combine(day, OPENING_TIME, SHANGHAI)


def shipped() -> Iterator[Entry]:
    """The years that come with the product, day by day."""
    text = resources.files("models.data").joinpath("workdays.toml").read_text(encoding="utf-8")
    for notice in tomllib.loads(text)["notice"]:
        for holiday in notice["holiday"]:
            yield from _days(holiday)


def _days(holiday: Mapping[str, Any]) -> Iterator[Entry]:
    first, last = holiday["off"]
    for step in range((last - first).days + 1):
        yield Entry(first + _DAY * step, worked=False, name=holiday["name"])
    for day in holiday.get("worked", ()):
        yield Entry(day, worked=True, name=holiday["name"])


def _year_of_notice(day: date) -> int:
    return day.year + ((day.month, day.day) >= _NEXT_NOTICE_FROM)


_ALL = Lean(select(Workday.__table__.c.day, Workday.__table__.c.worked))
_REVISION = Lean(select(Revision.__table__.c.value).where(Revision.__table__.c.name == CALENDAR))


class Workdays:
    """The calendar on file. It is kept in memory; each unit that asks looks once whether it changed since."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._calendar: Calendar | None = None

    @property
    def calendar(self) -> Calendar:
        """The calendar as it stands in this transaction."""
        if self._calendar is None:
            self._calendar = self._known() or self._load()
        return self._calendar

    def worked(self, day: date) -> bool:
        """Whether the office works on a day. Raises YearMissing, as all that follow do."""
        return self.calendar.worked(day)

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after a day; 0: the day itself."""
        return self.calendar.after(day, count)

    def before(self, day: date, count: int) -> date:
        """The ``count``-th working day before a day; 0: the day itself."""
        return self.calendar.before(day, count)

    def between(self, after: date, until: date) -> int:
        """How many working days lie after one day up to another, that one included."""
        return self.calendar.between(after, until)

    def due(self, moment: datetime, working_days: int) -> datetime:
        """When the office closes on the so-many-th working day after the day of ``moment``; aware."""
        return self.calendar.due(moment, working_days)

    def covers(self, year: int) -> bool:
        """Whether the notice of a year is on file."""
        return self.calendar.covers(year)

    def years(self) -> list[int]:
        """The years on file."""
        return self.calendar.years()

    def until(self, day: date) -> date | None:
        """The last day up to which every day is known, from ``day`` on; None: not even that one is."""
        return self.calendar.until(day)

    def entries(self) -> list[Workday]:
        """Every day that a notice speaks of, in order."""
        return list(self._unit.session.scalars(select(Workday).order_by(Workday.day)))

    def replace(self, entries: Sequence[Entry], now: datetime) -> None:
        """Puts notices on file: all that is known of the years that they are for is replaced.

        The last week of December belongs to the next year's notice, so that a 元旦 which reaches back replaces
        nothing of the year before. Deadlines that waited for these years are set at once.

        Raises:
            ValueError: a day is named twice.
        """
        self._put(entries, source="import")
        self._unit.clocks.recompute(now)

    def ensure(self) -> None:
        """Puts the shipped years on file where they are missing; what an office imported stays."""
        known = set(self.years())
        missing = [entry for entry in shipped() if entry.year not in known]
        if missing:
            self._put(missing, source="shipped")

    def _put(self, entries: Sequence[Entry], source: str) -> None:
        if len({entry.day for entry in entries}) < len(entries):
            raise ValueError("a day is named twice")
        session = self._unit.session
        for year in sorted({entry.year for entry in entries}):
            first, last = date(year - 1, *_NEXT_NOTICE_FROM), date(year, *_NEXT_NOTICE_FROM) - _DAY
            session.execute(delete(Workday).where(Workday.day.between(first, last)))
        session.add_all(
            Workday(day=entry.day, worked=entry.worked, name=entry.name[:40], source=source)
            for entry in entries
        )
        session.flush()
        self._unit.revisions.bump(CALENDAR)
        # For this transaction alone: it may still be undone.
        self._calendar = Calendar({row.day: row.worked for row in self.entries()})

    def _known(self) -> Calendar | None:
        kept = self._unit.directory.calendar
        return kept[1] if kept is not None and kept[0] == self._revision() else None

    def _load(self) -> Calendar:
        revision = self._revision()
        calendar = Calendar(dict(_ALL.run(self._unit, {})))
        self._unit.directory.calendar = revision, calendar
        return calendar

    def _revision(self) -> int:
        rows = _REVISION.run(self._unit, {})
        return int(rows[0][0]) if rows else 0

"""催办的梯子: when somebody is urged about a clock, how loudly, and who, as data; and the moments that follow from it."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from models.clock import ClockKind, Level
from models.moment import local
from models.workday import OPENING_TIME, Calendar, YearMissing, opening

_DAY: Final = timedelta(days=1)


class Role(enum.StrEnum):
    """Who is told, seen from the case."""

    HOLDER = "holder"  # the claimant; before a claim the chair, or the branch where there is no consortium
    CHAIR = "chair"
    LEAD = "lead"
    ABOVE = "above"  # the level above the lead organisation


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung: exactly one of the offsets from the deadline, negative ones before it."""

    level: Level
    to: tuple[Role, ...]
    workdays: int | None = None
    days: int | None = None
    hours: int | None = None

    def __post_init__(self) -> None:
        if sum(offset is not None for offset in (self.workdays, self.days, self.hours)) != 1:
            raise ValueError(f"a rung has one offset: {self}")

    @property
    def exact(self) -> timedelta:
        """The offset of a rung that is not counted in working days."""
        return timedelta(days=self.days or 0, hours=self.hours or 0)

    def moment(self, due_at: datetime, calendar: Calendar) -> datetime:
        """When it is reached by a clock that is due then. Raises YearMissing."""
        if self.workdays is None:
            return due_at + self.exact
        day = local(due_at).date()
        if self.workdays < 0:
            return opening(calendar.before(day, -self.workdays))
        return opening(calendar.after(day, self.workdays))

    def latest_due(self, now: datetime, calendar: Calendar) -> datetime:
        """Clocks due before this moment have reached it, all others not. Raises YearMissing."""
        if self.workdays is None:
            return now - self.exact + timedelta(microseconds=1)
        here = local(now)
        last = here.date() if here.time() >= OPENING_TIME else here.date() - _DAY
        day = calendar.before(last + _DAY, self.workdays) if self.workdays > 0 else last
        while self._reached(day + _DAY, last, calendar):
            day += _DAY
        while not self._reached(day, last, calendar):
            day -= _DAY
        return opening(day + _DAY).replace(hour=0, minute=0)

    def _reached(self, due_on: date, last: date, calendar: Calendar) -> bool:
        try:
            return local(self.moment(opening(due_on), calendar)).date() <= last
        except YearMissing as missing:
            if missing.year > last.year:
                return False  # a year that has not begun lies ahead, whichever of its days are worked
            raise


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rungs for some clocks, the lowest first."""

    clocks: tuple[ClockKind, ...]
    rung: tuple[Rung, ...]
    urgent: bool | None = None
    """Only for urgent matters, or only for others; None: for all."""

    def top(self, due_at: datetime, now: datetime, calendar: Calendar) -> int:
        """How many of its rungs a clock has reached."""
        reached = 0
        for rung in self.rung:
            try:
                if rung.moment(due_at, calendar) > now:
                    break
            except YearMissing:
                break
            reached += 1
        return reached


@cache
def ladders() -> Sequence[Ladder]:
    """Every ladder in its order; the first that fits a clock is the clock's."""
    text = resources.files("models.data").joinpath("ladder.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["ladder"], tuple[Ladder, ...])


@cache
def ladder_of(kind: ClockKind, urgent: bool) -> Ladder | None:
    """The ladder that a clock climbs; None: nobody is urged for it."""
    for ladder in ladders():
        if kind in ladder.clocks and ladder.urgent in (None, urgent):
            return ladder
    return None

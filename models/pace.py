"""时限的长短: how long each clock runs for each class of matter, as data."""

from __future__ import annotations

import enum
import tomllib
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import msgspec

from models.clock import ClockKind

if TYPE_CHECKING:
    from models.workday import Calendar, Workdays


class Pace(enum.StrEnum):
    """How fast a matter is to be dealt with."""

    URGENT = "urgent"  # 紧急
    GENERAL = "general"  # 一般
    COMPLEX = "complex"  # 复杂或多单位
    PROJECT = "project"  # 项目类

    @classmethod
    def of(cls, *, urgent: bool, kind: str, category: str | None) -> Pace:
        """By its urgency, then its kind, then what its category says (None: nothing)."""
        if urgent:
            return cls.URGENT
        if kind == "project":
            return cls.PROJECT
        return cls(category) if category else cls.GENERAL


_HANDLING: Final = frozenset({"claimed", "in_progress", "rework"})
RUNS_IN: Final[dict[ClockKind, frozenset[str]]] = {
    ClockKind.ACCEPT: frozenset({"submitted"}),
    ClockKind.CLAIM: frozenset({"open"}),
    ClockKind.CONTACT: _HANDLING,
    ClockKind.RESOLVE: _HANDLING,
    ClockKind.PROGRESS: _HANDLING,
    ClockKind.RATE: frozenset({"resolved"}),
}
"""The states of a case in which a clock waits for something. In any other nobody is urged, whoever forgot the clock."""


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A length of time: hours and days run on through nights and holidays, working days end when the office closes."""

    hours: int = 0
    days: int = 0
    workdays: int = 0

    def after(self, moment: datetime, calendar: Calendar | Workdays) -> datetime:
        """When it is over, counted from a moment. Raises YearMissing."""
        if self.workdays:
            return calendar.due(moment, self.workdays)
        return moment + timedelta(days=self.days, hours=self.hours)


@cache
def spans() -> dict[ClockKind, dict[Pace, Span]]:
    """How long each clock runs; what is not there does not run at all."""
    text = resources.files("models.data").joinpath("clocks.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[ClockKind, dict[Pace, Span]])

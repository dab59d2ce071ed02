"""Moments as people name and read them: ``12月5日（周六）9:00``, ``9点到11点``, ``两个半小时``."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import msgspec

from bot.kit.days import say_day
from bot.kit.words import number, plain
from models.moment import SHANGHAI, local

_WEEKDAYS = "一二三四五六日"
_NUMBER = r"\d{1,4}(?:\.\d)?|[一二两三四五六七八九十百]{1,4}"
_HOURS = re.compile(rf"({_NUMBER})\s*(?:个)?\s*(半)?\s*(?:多)?\s*(?:小时|钟头|h)\s*(半)?", re.IGNORECASE)
_HALF_HOUR = re.compile(r"半个?\s*(?:小时|钟头)")
_MINUTES = re.compile(rf"({_NUMBER})\s*分钟?")
_DAYS = re.compile(r"半天|(?:一|1|整)\s*(?:整)?天|一上午|一下午|一晚上")
HALF_DAY = 4 * 60
"""Minutes of half an office day (8:30–12:00 or 14:30–17:30 with the way there), as members count it."""


class Said(msgspec.Struct, frozen=True):
    """A time that somebody named."""

    day: date
    begins: time | None = None
    ends: time | None = None

    @property
    def starts_at(self) -> datetime | None:
        """The moment, where an hour was named."""
        return None if self.begins is None else datetime.combine(self.day, self.begins, SHANGHAI)

    @property
    def ends_at(self) -> datetime | None:
        """The moment of the end, where one was named that lies behind the beginning."""
        if self.begins is None or self.ends is None or self.ends <= self.begins:
            return None
        return datetime.combine(self.day, self.ends, SHANGHAI)


def read(when: str | None) -> Said | None:
    """What ``Understanding.when`` says of one day (the first, where it names a span of days); None: no day."""
    if not when:
        return None
    first, _, last = when.partition("/")
    day, _, begins = first.partition("T")
    ends = last.partition("T")[2]
    return Said(
        date.fromisoformat(day),
        time.fromisoformat(begins) if begins else None,
        time.fromisoformat(ends) if ends else None,
    )


def say_clock(moment: datetime | time) -> str:
    """``9:00``."""
    at = local(moment).time() if isinstance(moment, datetime) else moment
    return f"{at.hour}:{at.minute:02}"


def say_when(moment: datetime, today: date) -> str:
    """``12月5日（周六）9:00``, with its year where that is not this one."""
    day = local(moment).date()
    return f"{say_day(day, today)}（周{_WEEKDAYS[day.weekday()]}）{say_clock(moment)}"


def say_length(minutes: int) -> str:
    """``3小时``, ``2.5小时``, ``40分钟``."""
    if 0 < minutes < 60:
        return f"{minutes}分钟"
    hours = round(minutes / 60, 1)
    return f"{hours:g}小时"


def length(text: str) -> tuple[int, str] | None:
    """How many minutes a text names, and the piece that says so: ``两个半小时`` → 150; None: none."""
    text = plain(text)
    if found := _HOURS.search(text):
        hours = _value(found[1])
        if hours is not None:
            return round(hours * 60) + 30 * bool(found[2] or found[3]), found[0]
    if found := _HALF_HOUR.search(text):
        return 30, found[0]
    if found := _MINUTES.search(text):
        minutes = _value(found[1])
        return (round(minutes), found[0]) if minutes else None
    if found := _DAYS.search(text):
        whole = "半" not in found[0] and "午" not in found[0] and "晚" not in found[0]
        return HALF_DAY * (2 if whole else 1), found[0]
    return None


def _value(written: str) -> float | None:
    return float(written) if "." in written else number(written)

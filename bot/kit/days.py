"""Days as people say them."""

from __future__ import annotations

from datetime import date, datetime

from models.moment import local


def day_of(moment: datetime | date) -> str:
    """``11月25日``: the day of a moment, or a day."""
    day = local(moment) if isinstance(moment, datetime) else moment
    return f"{day.month}月{day.day}日"


def say_day(day: date, today: date) -> str:
    """The same with its year where that is not this one."""
    return day_of(day) if day.year == today.year else f"{day.year}年{day_of(day)}"

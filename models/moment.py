"""Time as the product keeps it: aware moments in UTC, spoken in the account's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone in which members speak and calendars are read; China keeps no summer time."""


def from_epoch(seconds: float) -> datetime:
    """The aware UTC moment of a Unix time stamp in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def local(moment: datetime) -> datetime:
    """The same moment as members read it on their clocks."""
    return moment.astimezone(SHANGHAI)


def midnight(day: date) -> datetime:
    """The first moment of a day in Chifeng."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)

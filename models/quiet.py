"""免打扰时间: hours in which nobody is told anything that can wait, and the morning after them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

import msgspec

from models.moment import SHANGHAI, local

MORNING: Final = "08:00"
"""When what was put off to the next day is told, where no quiet hours are set."""
BEFORE: Final = timedelta(minutes=1)
"""Nothing leaves so shortly before the quiet hours begin: it would arrive in them."""


class Quiet(msgspec.Struct, frozen=True):
    """From one time of day to another, both HH:MM in Shanghai; over midnight as a rule. Equal ones: no quiet at all."""

    since: str = MORNING
    until: str = MORNING

    @classmethod
    def read(cls, hours: str) -> Quiet:
        """``20:00-08:00`` as in the settings; empty: none. Raises ValueError where that is no time of day."""
        if not hours:
            return cls()
        since, _, until = hours.partition("-")
        for each in (since, until):
            time.fromisoformat(each)
        return cls(since, until)

    def end(self, moment: datetime) -> datetime | None:
        """When the quiet hours that ``moment`` falls into (or the minute before them) are over; None: it falls into none."""
        if self.since == self.until:
            return None
        here = local(moment)
        since, until = _at(here, self.since) - BEFORE, _at(here, self.until)
        if since < until:
            return until if since <= here < until else None
        if here < until:
            return until
        return until + timedelta(days=1) if here >= since else None

    def tomorrow(self, moment: datetime) -> datetime:
        """When people may be told again on the day after ``moment``'s."""
        return _at(local(moment) + timedelta(days=1), self.until)


def _at(day: datetime, clock: str) -> datetime:
    return datetime.combine(day.date(), time.fromisoformat(clock), SHANGHAI)

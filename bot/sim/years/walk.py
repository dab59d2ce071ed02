"""Time goes by: stories that wait for their moment, told one after the other in the order of their moments."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from bot.sim.years.crew import Crew
from bot.sim.years.script import Words
from models.case import Case
from models.moment import SHANGHAI, local
from models.store import Unit
from models.workday import YearMissing

Story = Iterator[datetime]
"""Does something, and gives the moment at which it goes on."""
Daily = Callable[[Unit, datetime], None]
"""What time makes due."""


class Walk:
    """The moving clock, and whoever waits for it."""

    def __init__(self, unit: Unit, *, start: datetime, end: datetime, seed: int, words: Words) -> None:
        self.unit, self.seed, self.words = unit, seed, words
        self.now, self.end = start, end
        self.crew = Crew(unit)
        self.numbers: dict[str, int] = {}
        """Cases that another one speaks of, by their key."""
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._count = 0

    def begin(self, story: Story, at: datetime) -> None:
        """A story begins at a moment; one whose moment is over begins at once."""
        self._count += 1
        heapq.heappush(self._waiting, (max(at, self.now), self._count, story))

    def run(self) -> None:
        """Tells all stories up to the end; what would come later does not happen."""
        while self._waiting and self._waiting[0][0] < self.end:
            self.now, _, story = heapq.heappop(self._waiting)
            after = next(story, None)
            self.unit.happenings.clear()  # nobody follows the account yet: there is nobody to write to
            if after is not None:
                self.begin(story, after)

    def chance(self, name: str) -> Random:
        """Dice of one's own, so that a change of one story leaves the others as they were."""
        return Random(f"{self.seed}:{name}")  # noqa: S311 - it draws an invented history

    def case(self, number: int) -> Case:
        """The case of that number."""
        return self.unit.casework.find(number)

    # ---- moments ---------------------------------------------------------------------------------

    def office(self, days: int, chance: Random) -> datetime:
        """Some time in office hours so many working days later; today if there is still time."""
        day = self.workday(days)
        while not self._worked(day):
            day += timedelta(days=1)
        return self._later(datetime.combine(day, time(8, 40), SHANGHAI), chance.randrange(500))

    def spare(self, days: int, chance: Random) -> datetime:
        """Some time between breakfast and bedtime so many days later: members have no office hours."""
        day = local(self.now).date() + timedelta(days=days)
        return self._later(datetime.combine(day, time(7, 0), SHANGHAI), chance.randrange(840))

    def soon(self, chance: Random, least: int = 20, most: int = 180) -> datetime:
        """So many minutes later."""
        return self.now + timedelta(minutes=chance.randint(least, most), seconds=chance.randrange(60))

    def workday(self, days: int, since: date | None = None) -> date:
        """So many working days after a day (default: today)."""
        day = since or local(self.now).date()
        while days > 0:
            day += timedelta(days=1)
            days -= self._worked(day)
        return day

    def workdays(self, until: date) -> int:
        """How many working days are left from tomorrow up to a day."""
        today = local(self.now).date()
        return sum(self._worked(today + timedelta(days=each + 1)) for each in range((until - today).days))

    def _worked(self, day: date) -> bool:
        try:
            return self.unit.workdays.calendar.worked(day)
        except YearMissing:  # somebody promises a day behind the calendar's end
            return day.weekday() < 5

    def _later(self, morning: datetime, minutes: int) -> datetime:
        moment = morning + timedelta(minutes=minutes)
        return moment if moment > self.now else self.now + timedelta(minutes=10 + minutes % 50)

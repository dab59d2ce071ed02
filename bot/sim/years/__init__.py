"""两年: what a consortium might have done in two years, lived through the same verbs that members' messages use.

Everybody in it and every word is invented. Nobody is written to: no phone follows the account in these years, so the
happenings are let go, where a running bot would turn them into letters.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from bot.sim.years import days, gatherings, lists, script
from bot.sim.years.crew import CONSORTIUM
from bot.sim.years.matters import Tale
from bot.sim.years.projects import Enterprise
from bot.sim.years.walk import Daily, Story, Walk
from models.moment import SHANGHAI, local
from models.store import Unit
from models.term import Term

FOLDER: Final = Path(__file__).parent
"""Where the tables of the sample's organisations, members and supplies are."""
TABLES: Final = ("organisations", "members", "consortia", "supplies")
"""In the order in which they are imported."""
MORNING: Final = time(8, 31)
"""When what is due is looked for: just after the ladder of urging has moved."""
_AHEAD: Final = 6
"""Months of the rota that are on file beyond the end."""


def live(unit: Unit, *, start: date, end: datetime, seed: int, daily: Daily) -> None:
    """Lives from a day to a moment. The sample's tables are on file, imported as of ``start``; ``daily`` does what time
    makes due. The same seed and days give the same years."""
    told = script.load()
    walk = Walk(
        unit, start=datetime.combine(start, time(7, 0), SHANGHAI), end=end, seed=seed, words=told.words
    )
    last = local(end).date()
    _rota(walk, start, last)
    lists.begin(walk, start, last)
    gatherings.begin(walk, start)
    for matter in told.matters:
        day = script.day_of(matter.turn, matter.on, start)
        chance = walk.chance(f"{matter.text}:begin")
        at = datetime.combine(day, time(7, 0), SHANGHAI) + timedelta(minutes=chance.randrange(720))
        walk.begin(Tale(walk, matter, matter.text).story(), at)
    for project in told.projects:
        Enterprise(walk, project, script.day_of(project.turn, project.on, start)).begin()
    days.begin(walk, start, last, told.themes, told.services, told.entries)
    walk.begin(_mornings(walk, daily), datetime.combine(start, MORNING, SHANGHAI))
    walk.run()


def _mornings(walk: Walk, daily: Daily) -> Story:
    while True:
        daily(walk.unit, walk.now)
        yield walk.now + timedelta(days=1)


def _rota(walk: Walk, start: date, last: date) -> None:
    """Each month another member organisation has the chair, in the order in which they joined."""
    seats = walk.unit.consortia.seated(walk.crew.consortium.id, start)
    months = (last.year - start.year) * 12 + last.month - start.month + 1 + _AHEAD
    for place in range(months):
        year, month = divmod(start.year * 12 + start.month - 1 + place, 12)
        walk.unit.consortia.schedule(
            Term.plan(
                consortium_id=walk.crew.consortium.id,
                sequence=place + 1,
                organisation_id=seats[place % len(seats)].organisation_id,
                starts_on=date(year, month + 1, 1),
                ends_on=date(year, month + 1, monthrange(year, month + 1)[1]),
            )
        )
    walk.unit.session.flush()
    walk.unit.directory.forget()


__all__ = ["CONSORTIUM", "FOLDER", "TABLES", "live"]

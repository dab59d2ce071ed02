"""台账: the tables that offices ask for, each a query that yields typed rows as of a day.

Nothing here is typed in for a ledger's sake: every row is a by-product of work that was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from models.ledgers.activities import activities, service
from models.ledgers.asking import Ask
from models.ledgers.duty import turns, urgings
from models.ledgers.lists import books, supplies
from models.ledgers.matters import needs, problems
from models.ledgers.meetings import meetings
from models.ledgers.outcomes import gaps, outcomes, overview
from models.ledgers.projects import projects

LEDGERS: Final[dict[str, Callable[[Ask], Iterator[Any]]]] = {
    "problems": problems,
    "needs": needs,
    "supplies": supplies,
    "projects": projects,
    "books": books,
    "activities": activities,
    "volunteer": service,
    "rotation": turns,
    "meetings": meetings,
    "urgings": urgings,
    "monthly": outcomes,
    "gaps": gaps,
    "overview": overview,
}
"""Every ledger by its key, in the order of its number."""

__all__ = ["LEDGERS", "Ask"]

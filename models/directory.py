"""The directory: who belongs where and who acts for whom, kept in memory because every message asks.

It holds only what follows from organisations, posts, consortia and the rota; it is emptied when one of them
changes (the revision ``roll``) and when a new day begins, since a term ends at midnight.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from models.moment import local
from models.organisation import Officer, PostKind

if TYPE_CHECKING:
    from models.store import Unit


class Card(msgspec.Struct, frozen=True):
    """One organisation as the directory knows it today."""

    organisation_id: int
    name: str
    region: str
    consortium_id: int | None
    consortium: str
    chair_id: int | None
    chair: str
    officers: tuple[Officer, ...]
    """Liaison officers first, then secretaries, then deputies."""

    @property
    def desk(self) -> tuple[Officer, ...]:
        """Those who hear of a matter: the liaison officers; without one the secretaries, then the deputies."""
        for kind in (PostKind.LIAISON, PostKind.SECRETARY, PostKind.DEPUTY):
            found = tuple(officer for officer in self.officers if officer.post is kind)
            if found:
                return found
        return ()


class Directory:
    """Cards by organisation, loaded as they are asked for."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._cards: dict[int, Card] = {}
        self._questions: dict[str, str] = {}

    def forget(self) -> None:
        """Something changed: load everything anew when it is asked for."""
        self._cards, self._questions = {}, {}

    def question(self, category: str, unit: Unit) -> str:
        """What is asked when a matter of that category (label) has no place; empty: nothing."""
        if not self._questions:
            self._questions = {each.label: each.ask for each in unit.categories.all()}
        return self._questions.get(category, "")

    def card(self, organisation_id: int, unit: Unit, now: datetime) -> Card:
        """The card of one organisation on the day of ``now``."""
        day = local(now).date()
        if day != self._day:
            self._day, self._cards = day, {}
        cards = self._cards
        card = cards.get(organisation_id)
        if card is None:
            card = cards[organisation_id] = _load(organisation_id, unit, day)
        return card


def _load(organisation_id: int, unit: Unit, day: date) -> Card:
    organisation = unit.organisations.get(organisation_id)
    consortium = next(iter(unit.consortia.of_organisation(organisation_id, day)), None)
    chair = unit.consortia.chair(consortium.id, day) if consortium else None
    return Card(
        organisation_id=organisation_id,
        name=organisation.name,
        region=organisation.region,
        consortium_id=consortium.id if consortium else None,
        consortium=consortium.name if consortium else "",
        chair_id=chair[1].id if chair else None,
        chair=chair[1].name if chair else "",
        officers=tuple(unit.organisations.officers(organisation_id)),
    )

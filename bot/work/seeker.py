"""The seeker: looks whether what is new on the list serves a need that waits, and has its reporter asked.

Reading and comparing happen in a thread beside the writer; only whom to ask is written by it, and looked at again
there. Nothing is remembered between two looks but in the database: an entry counts as new for some days, and who was
asked is known by what they were shown, so that a look that is cut short, or made by two processes, asks nobody twice.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import msgspec

from bot.engine.engine import Engine
from bot.kit.clock import Clock
from bot.kit.context import Reading
from models.finding import Fresh, Waiting
from models.fit import Fit
from models.moment import local
from models.store import Store, Unit

EVERY: Final = timedelta(hours=1)
"""How often it is looked though the list did not change: who was asked about another entry may be asked a day later."""
AT_A_STRETCH: Final = 50
"""Needs that are compared before others get their turn; some 5 ms."""
ASKED_AT_ONCE: Final = 20
"""Reporters asked in one transaction."""


class ListMind(Protocol):
    """As much of the mind as comparing needs."""

    @property
    def version(self) -> str:
        """Which language is at work."""

    @property
    def list_revision(self) -> int:
        """Which state of the list it holds at least."""

    def read(self, text: str, now: datetime) -> Reading:
        """Understands a text."""

    def suggest(
        self, reading: Reading, *, category: str, place: str, home: str, day: date, circles: frozenset[str]
    ) -> list[Fit]:
        """The entries that may serve, best first; none where nothing truly fits."""


class Match(msgspec.Struct, frozen=True):
    """That an entry is the best for a need."""

    number: int
    fit: Fit


class Seeker:
    """Looks, and has reporters asked."""

    def __init__(self, *, store: Store, engine: Engine, mind: ListMind, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._mind = mind
        self._clock = clock
        self._seen = -1
        self._looked_at: datetime | None = None

    async def look(self) -> int:
        """Looks where the list changed, or an hour has passed; gives how many reporters were asked."""
        now, revision = self._clock(), self._mind.list_revision
        if revision == self._seen and self._looked_at is not None and now - self._looked_at < EVERY:
            return 0
        matches = await self._matches(now)
        asked = 0
        for start in range(0, len(matches), ASKED_AT_ONCE):
            asked += await self._ask(matches[start : start + ASKED_AT_ONCE])
        # Only now: what failed is to be looked at again.
        self._seen, self._looked_at = revision, now
        return asked

    async def _matches(self, now: datetime) -> list[Match]:
        """Which new entries are the best for which needs, the best first."""
        fresh, waiting = await asyncio.to_thread(self._waiting, now)
        found: list[Match] = []
        for start in range(0, len(waiting), AT_A_STRETCH):
            part = waiting[start : start + AT_A_STRETCH]
            found += await asyncio.to_thread(self._compare, part, fresh, now)
            await asyncio.sleep(0)
        return sorted(found, key=lambda match: -match.fit.score)

    def _waiting(self, now: datetime) -> tuple[dict[str, Fresh], list[Waiting]]:
        with self._store.reading() as unit:
            fresh = unit.findings.fresh(now)
            if not fresh:
                return {}, []
            return fresh, unit.findings.waiting({each.category for each in fresh.values()}, now)

    def _compare(self, needs: list[Waiting], fresh: dict[str, Fresh], now: datetime) -> list[Match]:
        fits = [(need, self._fits(need, now)) for need in needs]
        candidates = [(need, found) for need, found in fits if any(fit.code in fresh for fit in found)]
        if not candidates:
            return []
        with self._store.reading() as unit:
            return [
                Match(need.number, best)
                for need, found in candidates
                if (best := _news(unit, need.number, found, fresh)) is not None
            ]

    def _fits(self, need: Waiting, now: datetime) -> list[Fit]:
        return self._mind.suggest(
            self._mind.read(need.text, now),
            category=need.category,
            place=need.place,
            home=need.home,
            day=local(now).date(),
            circles=need.circles,
        )

    async def _ask(self, matches: list[Match]) -> int:
        version = self._mind.version

        def ask(unit: Unit, now: datetime) -> int:
            return sum(
                unit.findings.ask(match.number, match.fit, version=version, now=now) for match in matches
            )

        return await self._engine.unasked(ask)


def _news(unit: Unit, number: int, fits: list[Fit], fresh: dict[str, Fresh]) -> Fit | None:
    """The best entry for a need, if it is new to its reporter; what they said does not suit counts no more."""
    known = unit.findings.known_to(number)
    refused = known if unit.findings.refused_all(number) else {}
    best = next((fit for fit in fits if fit.code not in refused), None)
    if best is None or best.code not in fresh:
        return None
    shown = known.get(best.code)
    return best if shown is None or shown < fresh[best.code].updated_at else None

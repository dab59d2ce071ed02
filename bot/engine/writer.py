"""The writer: all changes to the database, batched so that one commit serves all that wait for it.

SQLite has one writer anyway, so one lane with one connection takes whatever queued up while the last commit
ran. PostgreSQL gets a few lanes; a sender's messages always go to the same one, and an advisory lock keeps
other machines from working on the same sender meanwhile. ``bot.engine.lanes`` says how a batch is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from bot.engine.lanes import MOST_TRIES, Job, Lane, LoopLane, Overloaded, ThreadLane, Work
from bot.engine.savepoints import Attempts, Spoiled
from models.store import Store, Unit

__all__ = ["MOST_TRIES", "Attempts", "Overloaded", "Simple", "Spoiled", "Work", "Writer"]

T = TypeVar("T")


class Simple(Generic[T]):
    """Work that is one function."""

    def __init__(self, function: Callable[[Unit], T], sender: str = "") -> None:
        self.sender = sender
        self.key = ""
        self._function = function

    def run(self, unit: Unit, attempt: Attempts) -> T:
        """Calls the function."""
        return self._function(unit)

    def give_up(self, unit: Unit, error: Exception) -> T:
        """Nothing is left to do."""
        raise error


class Writer:
    """Writes. Start it once, submit from the event loop, stop it at the end."""

    def __init__(self, store: Store, threads: int = 1) -> None:
        """``threads``: how many lanes on PostgreSQL; SQLite always has one."""
        self._lanes: Sequence[Lane] = (
            [LoopLane(store)]
            if store.is_sqlite
            else [ThreadLane(store, number) for number in range(max(1, threads))]
        )

    def start(self) -> None:
        """Begins to work."""
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """Finishes what is queued, then ends. To be called from another thread than the loop's."""
        for lane in self._lanes:
            lane.stop()

    @property
    def waiting(self) -> int:
        """How many pieces of work are queued."""
        return sum(lane.waiting for lane in self._lanes)

    def submit(self, work: Work[T], *, urgent: bool = True) -> asyncio.Future[T]:
        """Queues work; the future is done once its transaction is committed.

        ``urgent``: members' messages, before everything else. Raises Overloaded when too much is queued.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        lane = self._lanes[hash(work.sender) % len(self._lanes)] if work.sender else self._lanes[0]
        lane.put(Job(work, future, loop), urgent)
        return future

    async def do(self, function: Callable[[Unit], T], *, urgent: bool = False, sender: str = "") -> T:
        """Runs a function in a transaction and waits for its commit."""
        return await self.submit(Simple(function, sender), urgent=urgent)

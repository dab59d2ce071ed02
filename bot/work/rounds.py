"""The rounds: small jobs that come back again and again, each in a task of its own, none of which stops another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.engine.engine import Engine
from bot.engine.writer import Writer
from bot.kit.clock import Clock
from bot.work.auditor import Auditor
from bot.work.duties import DUTIES, Duty
from bot.work.postman import Postman
from bot.work.round import Monotonic, Round
from bot.work.seeker import Seeker
from bot.work.timekeeper import Timekeeper
from models.heartbeat import WRITTEN_EVERY_S, Beat
from models.store import Store, Unit
from models.watching import watch

log = structlog.get_logger()

LOOK_S = 1.0
"""Seconds between looks whether the lists or rules changed: people expect to see their change at once."""
SETTLED_S = 60.0
"""Seconds, and two rounds, that a process gets before it is asked why something is late."""


class Rounds:
    """Everything that is done without being asked."""

    def __init__(
        self,
        *,
        store: Store,
        writer: Writer,
        engine: Engine,
        postman: Postman | None,
        refresh: Callable[[], None],
        clock: Clock,
        tick_s: float,
        draft_timeout: timedelta,
        seeker: Seeker | None = None,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """``postman``: None where nothing is to be sent; ``seeker``: None where nobody is to be asked unasked.

        ``monotonic``: seconds that only go on, to tell when ``clock`` was set.
        """
        self._store = store
        self._writer = writer
        self._engine = engine
        self._postman = postman
        self._refresh = refresh
        self._clock = clock
        self._tick_s = tick_s
        self._draft_timeout = draft_timeout
        self._seeker = seeker
        self._monotonic = monotonic
        self._auditor = Auditor(store=store, engine=engine, clock=clock)
        self._process = f"{socket.gethostname()[:60]}:{os.getpid()}"
        self._rounds: dict[str, Round] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins."""
        tick = self._tick_s
        self._rounds = {}
        self._add("look", self.look, LOOK_S)
        self._add("drafts", self.submit_drafts, tick)
        self._add("clocks", self.watch_clocks, tick)
        if self._seeker is not None:
            self._add("seek", self.seek, tick)
        if self._postman is not None:
            self._add("deliver", self.deliver, tick, self._engine.letters_waiting)
            self._postman.goes_on = self._rounds["deliver"].goes_on
        # What a process that was down has to catch up with is late, but nobody's alarm before it was tried.
        self._add("audit", self.audit, watch().every_minutes * 60.0, delay_s=SETTLED_S + 2 * tick)
        self._add("beat", self.beat, WRITTEN_EVERY_S)
        jobs = [each.forever() for each in self._rounds.values()]
        self._tasks = [asyncio.ensure_future(job) for job in (*jobs, self._keep_time())]

    def _add(
        self,
        name: str,
        do: Callable[[], Awaitable[object]],
        every_s: float,
        bell: asyncio.Event | None = None,
        *,
        delay_s: float = 0.0,
    ) -> None:
        self._rounds[name] = Round(
            name,
            do,
            every_s,
            clock=self._clock,
            monotonic=self._monotonic,
            bell=bell,
            delay_s=delay_s,
        )

    def ring(self) -> None:
        """Has everything looked at at once; the audit comes when the others have had their turn."""
        for name, each in self._rounds.items():
            if name != "audit":
                each.bell.set()

    async def stop(self) -> None:
        """Ends."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def all_now(self) -> None:
        """Does everything that is due, at once: after the clock was moved."""
        await self.look()
        await self.submit_drafts()
        await self.watch_clocks()
        await self.seek()
        await self.deliver()
        if await self.audit():
            await self.deliver()

    def beats(self) -> list[Beat]:
        """How each job is doing; none before the beginning."""
        return [each.beat() for each in self._rounds.values()]

    async def look(self) -> None:
        """Whether the list, the rules or the roll changed."""
        await asyncio.to_thread(self._refresh)

    async def submit_drafts(self) -> None:
        """Drafts that nobody touched for a while submit themselves; the member gets the receipt as a letter."""
        before = self._clock() - self._draft_timeout

        def look() -> list[tuple[str, int]]:
            with self._store.reading() as unit:
                return unit.cases.silent_drafts(before)

        for openid, number in await asyncio.to_thread(look):
            await self._engine.fall_silent(openid, number)

    async def watch_clocks(self) -> None:
        """What time has made due on cases: each duty in small transactions, as long as there is something to do."""
        for duty in DUTIES:
            while await asyncio.to_thread(self._calls, duty):
                if not await self._engine.unasked(duty.do):
                    break
                if (own := self._rounds.get("clocks")) is not None:
                    own.goes_on()

    def _calls(self, duty: Duty) -> bool:
        with self._store.reading() as unit:
            return duty.calls(unit, self._clock())

    async def seek(self) -> None:
        """Whether what is new on the list serves a need that waits."""
        if self._seeker is not None:
            await self._seeker.look()

    async def deliver(self) -> None:
        """Letters that are due."""
        self._engine.letters_waiting.clear()
        if self._postman is not None:
            await self._postman.deliver_due()

    async def audit(self) -> int:
        """Whether what is owed is really told; gives how many things are wrong."""
        return await self._auditor.look()

    async def beat(self) -> None:
        """Leaves word in the database how each job is doing: one small transaction for all of them."""
        beats = self.beats()

        def write(unit: Unit) -> None:
            unit.heartbeats.write(self._process, beats, self._clock())

        await self._writer.do(write)

    async def _keep_time(self) -> None:
        """Rings every bell when the clock jumped."""
        timekeeper = Timekeeper(self._clock, self._monotonic)
        while True:
            await asyncio.sleep(LOOK_S)
            if timekeeper.jumped():
                self.ring()

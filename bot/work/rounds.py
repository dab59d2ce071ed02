"""The rounds: small jobs that come back again and again, each in a task of its own, none of which stops another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.engine.engine import Engine
from bot.engine.writer import Writer
from bot.kit.clock import Clock
from bot.work.duties import DUTIES, Duty
from bot.work.postman import Postman
from bot.work.seeker import Seeker
from models.store import Store

log = structlog.get_logger()

LOOK_S = 1.0
"""Seconds between looks whether the lists or rules changed: people expect to see their change at once."""


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
    ) -> None:
        """``postman``: None where nothing is to be sent; ``seeker``: None where nobody is to be asked unasked."""
        self._store = store
        self._writer = writer
        self._engine = engine
        self._postman = postman
        self._refresh = refresh
        self._clock = clock
        self._tick_s = tick_s
        self._draft_timeout = draft_timeout
        self._seeker = seeker
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins."""
        jobs: list[Awaitable[None]] = [
            self._again(self.look, LOOK_S),
            self._again(self.submit_drafts, self._tick_s),
            self._again(self.watch_clocks, self._tick_s),
        ]
        if self._seeker is not None:
            jobs.append(self._again(self.seek, self._tick_s))
        if self._postman is not None:
            jobs.append(self._again(self.deliver, self._tick_s, self._engine.letters_waiting))
        self._tasks = [asyncio.ensure_future(job) for job in jobs]

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

    async def _again(
        self, job: Callable[[], Awaitable[None]], seconds: float, bell: asyncio.Event | None = None
    ) -> None:
        while True:
            try:
                await job()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.error("round_failed", job=getattr(job, "__name__", ""), exc_info=error)
            if bell is None:
                await asyncio.sleep(seconds)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), seconds)

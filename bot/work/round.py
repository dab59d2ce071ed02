"""One job that comes back again and again, how long ago it was last done, and the bell that calls it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from bot.kit.clock import Clock
from models.heartbeat import Beat

log = structlog.get_logger()

Monotonic = Callable[[], float]
"""Seconds that only go on; nobody sets them."""


class Round:
    """A job with its period."""

    def __init__(
        self,
        name: str,
        do: Callable[[], Awaitable[object]],
        every_s: float,
        *,
        clock: Clock,
        monotonic: Monotonic,
        bell: asyncio.Event | None = None,
        delay_s: float = 0.0,
    ) -> None:
        """``bell``: rung by others when there is something to do. ``delay_s``: before it is done for the first time."""
        self.name = name
        self.every_s = every_s
        self.bell = bell or asyncio.Event()
        self._delay_s = delay_s
        self._do = do
        self._clock = clock
        self._monotonic = monotonic
        self._alive_at = monotonic()
        self._completed_at: datetime | None = None

    def beat(self) -> Beat:
        """How it is doing."""
        return Beat(
            job=self.name,
            every_s=self.every_s,
            completed_at=self._completed_at,
            silent_s=max(0.0, self._monotonic() - self._alive_at),
        )

    def goes_on(self) -> None:
        """It is at work and gets on with it: a long round is no silence."""
        self._alive_at = self._monotonic()

    async def once(self) -> None:
        """Does it. What fails is in the log, and has not been done."""
        self.bell.clear()
        try:
            await self._do()
        except Exception as error:
            log.error("round_failed", job=self.name, exc_info=error)
            return
        self.goes_on()
        self._completed_at = self._clock()

    async def forever(self) -> None:
        """Does it, and again after its period or when the bell is rung."""
        await asyncio.sleep(self._delay_s)
        while True:
            await self.once()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.bell.wait(), self.every_s)

"""The timekeeper: notices when the wall clock was set, or the machine slept, and has everything looked at at once.

Nothing that is owed depends on when it was last looked for: each job asks the database what is due now. So a jump can
neither lose anything nor tell it twice; unnoticed, it would only wait for the next round.
"""

from __future__ import annotations

from typing import Final

import structlog

from bot.kit.clock import Clock
from bot.work.round import Monotonic

log = structlog.get_logger()

JUMP_S: Final = 60.0
"""Seconds by which the two clocks may part between two looks; a time service that corrects drift stays far below."""


class Timekeeper:
    """Compares the wall clock with one that nobody sets."""

    def __init__(self, clock: Clock, monotonic: Monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._seen = clock(), monotonic()

    def jumped(self) -> float:
        """By how many seconds the wall clock jumped since the last look; 0: it did not. Below 0: it was set back."""
        (wall, steady), self._seen = self._seen, (self._clock(), self._monotonic())
        apart = (self._seen[0] - wall).total_seconds() - (self._seen[1] - steady)
        if abs(apart) <= JUMP_S:
            return 0.0
        log.warning("clock_jumped", seconds=round(apart))
        return apart

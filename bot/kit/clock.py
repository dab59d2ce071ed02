"""Now, as something that is handed in: the real clock, or one that a demonstration or a test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


def real_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class MovableClock:
    """Runs with the real clock, but can be moved ahead."""

    def __init__(self, start: datetime | None = None) -> None:
        """``start``: what it shows first (default: now)."""
        self._ahead = (start - real_clock()) if start else timedelta()

    def __call__(self) -> datetime:
        """The moment that this clock shows."""
        return real_clock() + self._ahead

    def move(self, by: timedelta) -> None:
        """Goes ahead by ``by``; refuses to go back (``ValueError``): what happened stays happened."""
        if by < timedelta():
            raise ValueError("the clock does not go back")
        self._ahead += by

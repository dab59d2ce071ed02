"""The access token: fetched once for all who wait, kept until shortly before its end, replaced when refused."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

MARGIN_S = 240.0
"""Seconds before its end when a token is replaced. From five minutes before the end on, stable_token hands out the next
token while the old one still works; so one asked for here is new, and calls under way keep theirs."""
FORCED_GAP_S = 30.0
FORCED_A_DAY = 20
"""The platform's limits on ``force_refresh``: 20 a day, half a minute apart."""
_DAY_S = 86_400.0

Fetch = Callable[[bool], Awaitable[tuple[str, float]]]
"""Asks the platform; the argument is ``force_refresh``. Gives the token and its seconds to live."""


class Tokens:
    """Keeps one token for one process.

    Several processes may each keep their own: ``stable_token`` gives all of them the same one, unlike the older
    ``token``, where each call takes the token away from everybody else.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds that never go back."""
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._good_until = 0.0
        self._forced: deque[float] = deque(maxlen=FORCED_A_DAY)

    async def current(self) -> str:
        """A token that should be good; asked of the platform only if there is none, and once for all callers.

        Raises:
            ApiError: the platform gave none.
        """
        if self._clock() < self._good_until:
            return self._token
        async with self._lock:
            # Whoever held the lock before may have fetched it.
            if self._clock() >= self._good_until:
                await self._take(force=False)
            return self._token

    async def instead_of(self, refused: str) -> str:
        """Another token than ``refused``, if there is one.

        Of all callers that were refused the same token only the first asks the platform. Should it give the refused
        one again, a new one is forced, as far as the platform's limits allow.

        Raises:
            ApiError: the platform gave none.
        """
        async with self._lock:
            if self._token == refused:
                await self._take(force=False)
                if self._token == refused and self._may_force():
                    self._forced.append(self._clock())
                    await self._take(force=True)
            return self._token

    def _may_force(self) -> bool:
        now = self._clock()
        if self._forced and now - self._forced[-1] < FORCED_GAP_S:
            return False
        return len(self._forced) < FORCED_A_DAY or now - self._forced[0] >= _DAY_S

    async def _take(self, *, force: bool) -> None:
        asked = self._clock()
        self._token, seconds = await self._fetch(force)
        # A token near its end when we joined still serves half of what it has left.
        self._good_until = asked + max(seconds - MARGIN_S, seconds / 2)

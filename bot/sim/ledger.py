"""The platform's books: who may still be written to, which tokens hold, who consented to what, what was already sent."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.kit.clock import Clock

MESSAGE = (timedelta(hours=48), 5)
"""After a message of the user: five customer-service messages within 48 hours."""
TOUCH = (timedelta(minutes=1), 3)
"""After following, a menu click or a scan: three within one minute."""

OUT_OF_TIME = 45015
OUT_OF_COUNT = 45047


@dataclass(slots=True)
class _Grant:
    until: datetime
    left: int


class Windows:
    """Customer-service allowances, one pair of windows for each person."""

    def __init__(self, clock: Clock) -> None:
        """``clock``: the simulated one; moving it closes windows."""
        self._clock = clock
        self._grants: dict[tuple[str, str], _Grant] = {}

    def open(self, openid: str, kind: str) -> None:
        """``kind``: ``message`` or ``touch``; opens that window anew."""
        span, count = MESSAGE if kind == "message" else TOUCH
        self._grants[openid, kind] = _Grant(self._clock() + span, count)

    def close(self, openid: str) -> None:
        """The person left."""
        for kind in ("message", "touch"):
            self._grants.pop((openid, kind), None)

    def take(self, openid: str) -> int:
        """Uses one allowance, the one that lapses first; 0, or the platform's error code."""
        now = self._clock()
        live = [
            grant
            for kind in ("touch", "message")
            if (grant := self._grants.get((openid, kind))) is not None and grant.until > now
        ]
        if not live:
            return OUT_OF_TIME
        for grant in live:
            if grant.left > 0:
                grant.left -= 1
                return 0
        return OUT_OF_COUNT


class Tokens:
    """Access tokens of both kinds; stable ones stay the same until shortly before they lapse."""

    LIFE = timedelta(seconds=7200)
    HANDOVER = timedelta(seconds=300)

    def __init__(self, clock: Clock) -> None:
        """``clock``: the simulated one; moving it lets tokens lapse."""
        self._clock = clock
        self._until: dict[str, datetime] = {}
        self._current = {"plain": "", "stable": ""}

    def _renew(self, kind: str) -> str:
        now = self._clock()
        old = self._current[kind]
        if old in self._until:
            self._until[old] = min(self._until[old], now + self.HANDOVER)
        self._current[kind] = token = f"{kind[0]}{secrets.token_hex(64)}"
        self._until[token] = now + self.LIFE
        return token

    def plain(self) -> tuple[str, int]:
        """A new token; the one before it lapses soon."""
        return self._renew("plain"), int(self.LIFE.total_seconds())

    def stable(self, force: bool = False) -> tuple[str, int]:
        """The same token as before, unless it nears its end or ``force``; with the seconds it has left."""
        token = self._current["stable"]
        left = self._until.get(token, self._clock()) - self._clock()
        if force or left < self.HANDOVER:
            token, left = self._renew("stable"), self.LIFE
        return token, int(left.total_seconds())

    def check(self, token: str) -> int:
        """0, or 41001 (none), 40001 (never given out or revoked), 42001 (lapsed)."""
        if not token:
            return 41001
        if (until := self._until.get(token)) is None:
            return 40001
        return 0 if until > self._clock() else 42001

    def revoke(self) -> None:
        """All tokens stop to hold, as when the secret is reset."""
        self._until.clear()
        self._current = {"plain": "", "stable": ""}


class Consents:
    """How many subscribe notifications each person still agreed to, by template."""

    def __init__(self) -> None:
        """Nobody has agreed to anything yet."""
        self._left: dict[tuple[str, str], int] = {}

    def give(self, openid: str, template_id: str, times: int = 1) -> None:
        """The person agreed."""
        self._left[openid, template_id] = self._left.get((openid, template_id), 0) + times

    def take(self, openid: str, template_id: str) -> bool:
        """Uses one consent, if there is one."""
        left = self._left.get((openid, template_id), 0)
        if left:
            self._left[openid, template_id] = left - 1
        return left > 0


class SentBefore:
    """Answers already given, by receiver and ``client_msg_id``, for ten minutes."""

    SPAN = timedelta(minutes=10)

    def __init__(self, clock: Clock) -> None:
        """``clock``: the simulated one."""
        self._clock = clock
        self._answers: dict[tuple[str, str, str], tuple[datetime, dict[str, object]]] = {}

    def answer(self, path: str, openid: str, key: str) -> dict[str, object] | None:
        """What was answered to the same call, if it was made before."""
        found = self._answers.get((path, openid, key))
        return found[1] if found and found[0] + self.SPAN > self._clock() else None

    def keep(self, path: str, openid: str, key: str, answer: dict[str, object]) -> None:
        """Remembers an accepted call."""
        self._answers[path, openid, key] = (self._clock(), answer)

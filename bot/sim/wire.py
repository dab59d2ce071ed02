"""The record of what went over the wire, for the curious engineer's drawer."""

from __future__ import annotations

import itertools
from collections import deque
from datetime import datetime
from typing import Literal

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange: a push to the account, or a call of the account to the platform's API."""

    number: int
    at: datetime
    kind: Literal["push", "call"]
    label: str
    """What it was, in Chinese."""
    openid: str = ""
    url: str = ""
    plain: str = ""
    """The request before it was sealed."""
    sealed: str = ""
    """The request as it went out, where sealed."""
    status: int = 0
    answer: str = ""
    """The answer, opened."""
    answer_sealed: str = ""
    """The answer as it came, where sealed."""
    verdict: str = ""
    """What the platform made of the answer, in Chinese."""
    good: bool = True
    ms: int = 0
    attempt: int = 1


class Wire:
    """The last few hundred exchanges."""

    def __init__(self, keep: int = 300) -> None:
        """``keep``: how many."""
        self.entries: deque[Entry] = deque(maxlen=keep)
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """The number of the next entry."""
        return next(self._numbers)

    def add(self, entry: Entry) -> None:
        """Writes an exchange down."""
        self.entries.append(entry)

"""A change: the work that one form of the web admin is, in the writer, behind members' messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar, cast

from bot.engine.conversation import Talk, announce
from bot.engine.savepoints import Attempts
from models.base import DomainError
from models.store import Unit

T = TypeVar("T")


class NotSignedIn(Exception):
    """Nobody is signed in, or not any more."""


class Refused(Exception):
    """Not to be shown; ``status`` and a word of ``words.toml``'s ``[refused]``."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


class Changed(Generic[T]):
    """What became of a change."""

    def __init__(self) -> None:
        self.answer: T | None = None
        self.error: Exception | None = None
        """Why nothing was changed."""
        self.letters = False
        """Whether somebody is to be told."""

    def result(self) -> T:
        """What the work gave. Raises DomainError, NotSignedIn, Refused: nothing was changed."""
        if self.error is not None:
            raise self.error
        return cast(T, self.answer)


class Change(Generic[T]):
    """One form. Who sent it and whether they may is looked at in the same transaction."""

    sender = ""
    key = ""

    def __init__(
        self, talk: Talk, check: Callable[[Unit], None], work: Callable[[Unit], T], now: datetime
    ) -> None:
        self._talk = talk
        self._check = check
        self._work = work
        self._now = now

    def run(self, unit: Unit, attempt: Attempts) -> Changed[T]:
        """Does it, then tells whoever has to hear of it."""
        changed: Changed[T] = Changed()
        try:
            with attempt(unit):
                self._check(unit)
                changed.answer = self._work(unit)
                announce(self._talk, unit, self._now, speaker=None)
        except (DomainError, NotSignedIn, Refused) as error:
            changed.error = error
        changed.letters = unit.letters_posted
        return changed

    def give_up(self, unit: Unit, error: Exception) -> Changed[T]:
        """Nothing is left to do."""
        raise error

"""What the clock does: a unit of work that no message caused, with the letters that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from bot.engine.conversation import Talk, announce
from bot.engine.writer import Attempts
from models.store import Unit

Chore = Callable[[Unit, datetime], int]
"""Does what time has made due at a moment; gives how much was done. It may be run again: only the database remembers."""


class Done(msgspec.Struct, frozen=True):
    """What became of a chore."""

    count: int
    letters: bool
    """Whether somebody is to be told."""


class ClockWork:
    """The work that one chore is."""

    sender = ""
    key = ""

    def __init__(self, talk: Talk, chore: Chore, now: datetime) -> None:
        self._talk = talk
        self._chore = chore
        self._now = now

    def run(self, unit: Unit, attempt: Attempts) -> Done:
        """Does the chore, then tells whoever has to hear of what happened."""
        count = self._chore(unit, self._now)
        announce(self._talk, unit, self._now, speaker=None)
        return Done(count, unit.letters_posted)

    def give_up(self, unit: Unit, error: Exception) -> Done:
        """Nothing is left to do: the next tick tries again."""
        raise error

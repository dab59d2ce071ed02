"""What the classifier sees of a text: known pieces of one to four characters, known words, and the text's shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import ahocorasick

from bot.language.lexicon import Lexicon

LONGEST = 200
"""Characters that count for the first matter of a message; what stands behind seldom changes the intent."""
PIECE = 2
"""The longest piece of plain characters that may be a feature."""
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LONG = re.compile(r"[a-z]{12,}")
_ASKS = ("吗", "不", "没", "呢", "么", "?")
_SIZES = (5, 10, 20, 45)


def frame(squeezed: str) -> str:
    """The text between its two ends, every number as one 0: what pieces are cut from (see ``folding.squeeze``)."""
    return f"^{_DIGITS.sub('0', squeezed[:LONGEST])}$"


def pieces(framed: str) -> set[str]:
    """All pieces of a framed text."""
    found = set(framed)
    for size in range(2, PIECE + 1):
        found.update([framed[i : i + size] for i in range(len(framed) - size + 1)])
    return found


def shape(squeezed: str) -> list[str]:
    """How long it is, whether it asks, whether it holds numbers: marked with ``~``."""
    text = squeezed[:LONGEST]
    found = [f"~{sum(len(text) >= size for size in _SIZES)}"]
    number = _DIGITS.search(text)
    if number is not None:
        found.append("~phone" if len(number.group()) >= 7 else "~number")
    if text.endswith(_ASKS) or "?" in text:
        found.append("~asks")
    if _LONG.search(text):
        found.append("~letters")
    return found


def every_feature(squeezed: str, lexicon: Lexicon) -> set[str]:
    """All features that a text could have: what training chooses from. ``Features`` finds those that were chosen."""
    found = pieces(frame(squeezed))
    found.update(shape(squeezed))
    found.update(marks(squeezed, lexicon))
    return found


def marks(squeezed: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The topics (``=``) and categories (``#``) of the lexicon's words in a text, each once, in order."""
    found: dict[str, None] = {}
    for _, category, meanings in lexicon.find(squeezed[:LONGEST]):
        found[category] = None
        for meaning in meanings:
            found[meaning] = None
    return tuple(found)


class Features:
    """The features that were chosen, found in one pass over a text."""

    def __init__(self, names: Sequence[str]) -> None:
        self._machine = ahocorasick.Automaton()
        self._places: dict[str, int] = {}
        for place, name in enumerate(names):
            if name[0] in "~#=":
                self._places[name] = place
            else:
                self._machine.add_word(name, place)
        self._filled = len(self._machine) > 0
        if self._filled:
            self._machine.make_automaton()

    def rows(self, squeezed: str, marked: Iterable[str]) -> list[int]:
        """The places of the features that a text has, each once. ``marked``: its ``marks``."""
        found = {place for _, place in self._machine.iter(frame(squeezed))} if self._filled else set()
        places = self._places
        for name in shape(squeezed):
            if name in places:
                found.add(places[name])
        found.update([places[name] for name in marked if name in places])
        return list(found)

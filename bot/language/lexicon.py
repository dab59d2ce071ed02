"""The lexicon: everyday and local words, and the plain word that each of them stands for.

``data/lexicon.toml`` holds one table per category; a line is ``plain word = "word word word"``. A word may stand
in several lines. What a line's key itself is a word of (苞米 → 玉米 → 粮食) is followed once more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources

import ahocorasick

Entry = tuple[int, str, tuple[str, ...]]
"""Length of the word, the category of its table marked with ``#``, the topics it speaks of marked with ``=``."""


@cache
def tables() -> dict[str, dict[str, str]]:
    """The file as it stands: category, plain word, words joined by blanks."""
    return tomllib.loads(resources.files("bot.language").joinpath("data/lexicon.toml").read_text("utf-8"))


class Lexicon:
    """Every known word, found in a text in one pass."""

    def __init__(self) -> None:
        means: dict[str, dict[str, None]] = {}
        category: dict[str, str] = {}
        for label, table in tables().items():
            for plain, words in table.items():
                for word in (plain, *words.split()):
                    means.setdefault(word, {})[plain] = None
                    category.setdefault(word, label)
        self._machine = ahocorasick.Automaton()
        self.words: tuple[str, ...] = tuple(means)
        for word, plains in means.items():
            wider = dict(plains)
            for plain in plains:
                wider.update(means.get(plain, {}))
            self._machine.add_word(
                word, (len(word), "#" + category[word], tuple("=" + plain for plain in wider))
            )
        self._machine.make_automaton()

    def find(self, folded: str) -> list[Entry]:
        """The known words of a folded text, in order of their ends; they may overlap."""
        return [entry for _, entry in self._machine.iter(folded)]


def known_words(lexicon: Lexicon) -> Iterable[str]:
    """Words of the lexicon that a segmenter should keep whole: names of things, not half sentences."""
    return (word for word in lexicon.words if 2 <= len(word) <= 4)

"""The lexicon: everyday and local words, and the plain word that each of them stands for.

``data/lexicon.toml`` holds one table per category; a line is ``plain word = "word word word"``. A word may stand
in several lines. What a line's key itself is a word of (苞米 → 玉米 → 粮食) is followed once more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

import ahocorasick

Entry = tuple[int, str, tuple[str, ...]]
"""Length of the word, the category of its table marked with ``#``, the topics it speaks of marked with ``=``."""


@cache
def tables() -> dict[str, dict[str, str]]:
    """The file as it stands: category, plain word, words joined by blanks."""
    return tomllib.loads(resources.files("bot.language").joinpath("data/lexicon.toml").read_text("utf-8"))


class BadSynonyms(ValueError):
    """A file of synonyms that cannot be used; the message says why."""


def read_synonyms(path: Path) -> dict[str, dict[str, str]]:
    """A file of one's own, shaped as ``data/lexicon.toml``.

    Raises BadSynonyms when it cannot be read or is shaped otherwise.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSynonyms(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSynonyms(f"{path}: {error}") from error
    for label, table in told.items():
        if not isinstance(table, dict) or not all(isinstance(words, str) for words in table.values()):
            raise BadSynonyms(f'{path}: [{label}] should hold lines such as 玉米 = "苞米 棒子"')
    return told


class Lexicon:
    """Every known word, found in a text in one pass."""

    def __init__(self, own: dict[str, dict[str, str]] | None = None) -> None:
        """``own``: tables of the same shape that an office adds; its words come on top of the product's."""
        means: dict[str, dict[str, None]] = {}
        category: dict[str, str] = {}
        every = [*tables().items(), *(own or {}).items()]
        for label, table in every:
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

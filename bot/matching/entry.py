"""One entry of the list as the index holds it: its words counted, its topics, and what it wants or gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.matching import sides
from bot.matching.regions import areas
from models.fit import Offer

MOST_COUNTED = 63
"""A word that stands more often in one entry counts as if it stood so often."""
MOST_TOPICS = 12
"""Topics that an entry is found by."""
_PAIRED = 120
"""Characters of a text whose pairs are taken: a title and a few sentences."""
_HAN = re.compile("[\u4e00-\u9fff]+")


class Reader(Protocol):
    """What the index asks of the room that reads texts (``bot.language.Language`` answers it)."""

    def words(self, text: str) -> Sequence[str]:
        """Search words of a text, topics of the lexicon marked with ``=``."""

    def plain(self, text: str) -> str:
        """The folded text without blanks."""

    def topics(self, text: str) -> Sequence[tuple[int, float]]:
        """The likeliest kinds of service that a text is about, each with its share."""

    def category_shares(self, text: str) -> dict[str, float]:
        """How likely each category is."""

    def vector(self, text: str) -> NDArray[np.float32] | None:
        """The text as a vector of length one; None where there is no encoder."""

    def expect(self, texts: Iterable[str]) -> None:
        """Is told which texts will be read next."""


class Entry(msgspec.Struct, frozen=True):
    """An offer, read once."""

    offer: Offer
    counts: dict[str, int]
    """How often each word stands in it; those of the title count twice."""
    length: int
    topics: tuple[tuple[int, float], ...]
    areas: frozenset[str]
    buys: bool
    """It wants goods: an answer to somebody who sells."""
    sells: bool
    hires: bool
    vector: NDArray[np.float32] | None = None
    """What it says, as the encoder has it; all entries of an index have one, or none."""


def read_entries(offers: Iterable[Offer], reader: Reader) -> list[Entry]:
    """The entries of these offers."""
    found = list(offers)
    reader.expect(_told(offer) for offer in found)
    return [read_entry(offer, reader) for offer in found]


def _told(offer: Offer) -> str:
    return f"{offer.title}，{offer.detail}"


def read_entry(offer: Offer, reader: Reader) -> Entry:
    """The entry of an offer."""
    counts = Counter(tokens(offer.title, reader))
    counts.update(counts)
    counts.update(tokens(offer.detail, reader))
    told = _told(offer)
    asks = offer.side == "需求"
    plain = reader.plain(told) if asks else ""
    trades = asks and offer.category == "产销对接"
    return Entry(
        offer=offer,
        counts={token: min(count, MOST_COUNTED) for token, count in counts.items()},
        length=counts.total(),
        topics=tuple(reader.topics(told))[:MOST_TOPICS],
        areas=areas(offer.area),
        buys=trades and sides.buys(plain) and not sides.sells(plain),
        sells=trades and sides.sells(plain),
        hires=asks and offer.category == "就业培训" and sides.hires(plain),
        vector=reader.vector(told),
    )


def tokens(text: str, reader: Reader, words: Iterable[str] | None = None) -> list[str]:
    """Words, topics of the lexicon, and pairs of characters."""
    squeezed = reader.plain(text)[:_PAIRED]
    found = list(reader.words(text) if words is None else words)
    known = set(found)
    found.extend(
        pair for run in _HAN.findall(squeezed) for pair in map("".join, pairwise(run)) if pair not in known
    )
    return found

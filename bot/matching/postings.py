"""Postings: for each word and topic, which entries hold it and how much it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import log

import numpy as np
from numpy.typing import NDArray

from bot.matching.entry import Entry

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

_K1, _B = 1.2, 0.5
_IDEAL = (_K1 + 1) * 0.75
"""What a word at its best adds, in units of its weight: the most that a query can reach is counted with it."""
TOPIC_OF_LEXICON = 3.5
"""A topic of the lexicon says that much more than a word."""
_FAR = date.max.toordinal()


class Postings:
    """Immutable columns over some entries."""

    def __init__(self, entries: Sequence[Entry], statistics: Postings | None = None) -> None:
        """``statistics``: whose counts say how rare a word is; its own where None."""
        self.entries = tuple(entries)
        size = len(self.entries)
        rows: dict[str, list[int]] = {}
        counts: dict[str, list[int]] = {}
        topics: dict[int, tuple[list[int], list[float]]] = {}
        for row, entry in enumerate(self.entries):
            for token, count in entry.counts.items():
                found = rows.get(token)
                if found is None:
                    rows[token], counts[token] = [row], [count]
                else:
                    found.append(row)
                    counts[token].append(count)
            for topic, share in entry.topics:
                places, shares = topics.setdefault(topic, ([], []))
                places.append(row)
                shares.append(share)
        lengths = np.array([entry.length for entry in self.entries], dtype=np.float32)
        own = float(lengths.mean()) if size else 1.0
        self.total: int = size if statistics is None else statistics.total
        self.mean: float = own if statistics is None else statistics.mean
        long = np.float32(_K1) * (1 - _B + _B * lengths / np.float32(self.mean))
        self._rarest = _rarity(self.total, 0) * _IDEAL
        self.often = {token: len(found) for token, found in rows.items()}
        often = self.often if statistics is None else statistics.often
        self._words: dict[str, tuple[Rows, Floats, float]] = {}
        for token, own_rows in rows.items():
            weight = _rarity(self.total, often.get(token, 1)) * _kind(token)
            where = np.array(own_rows, dtype=np.int32)
            times = np.array(counts[token], dtype=np.float32)
            says = (np.float32(weight * (_K1 + 1)) * times / (times + long[where])).astype(np.float32)
            self._words[token] = where, says, weight * _IDEAL
        self._topics: dict[int, tuple[Rows, Floats]] = {
            topic: (np.array(places, dtype=np.int32), np.array(shares, dtype=np.float32))
            for topic, (places, shares) in topics.items()
        }
        self._columns()

    def _columns(self) -> None:
        offers = [entry.offer for entry in self.entries]
        self.labels = sorted({offer.category for offer in offers})
        label = {name: i for i, name in enumerate(self.labels)}
        self.category = np.array([label[offer.category] for offer in offers], dtype=np.int32)
        served = list(dict.fromkeys(entry.areas for entry in self.entries))
        place = {area: i for i, area in enumerate(served)}
        self.served = served
        """The sets of regions that occur."""
        self.area = np.array([place[entry.areas] for entry in self.entries], dtype=np.int32)
        self.first = np.array(
            [o.valid_from.toordinal() if o.valid_from else 0 for o in offers], dtype=np.int32
        )
        self.last = np.array(
            [o.valid_until.toordinal() if o.valid_until else _FAR for o in offers], dtype=np.int32
        )
        self.left = np.array([o.remaining is None or o.remaining > 0 for o in offers], dtype=bool)
        shown = list(dict.fromkeys(offer.circles for offer in offers))
        self.circles = shown
        """The sets of circles that occur; empty: everybody."""
        at = {circles: i for i, circles in enumerate(shown)}
        self.circle = np.array([at[offer.circles] for offer in offers], dtype=np.int32)
        self.gives = np.array([o.side == "供给" for o in offers], dtype=bool)
        self.buys = np.array([entry.buys for entry in self.entries], dtype=bool)
        self.sells = np.array([entry.sells for entry in self.entries], dtype=bool)
        self.hires = np.array([entry.hires for entry in self.entries], dtype=bool)
        vectors = [entry.vector for entry in self.entries if entry.vector is not None]
        self._vectors: Floats | None = np.stack(vectors) if vectors else None

    def ideal(self, tokens: Sequence[str]) -> float:
        """What a text of these words reaches at its best; words of no entry do not count."""
        words = self._words
        return sum([words[token][2] for token in tokens if token in words])

    def whole(self, tokens: Sequence[str]) -> float:
        """The same with words that no entry has, each as rare as can be: what stands in the text at all."""
        words, rarest = self._words, self._rarest
        return sum([words[token][2] if token in words else rarest * _kind(token) for token in tokens])

    def lexical(self, tokens: Sequence[str]) -> Floats:
        """BM25 of every entry for these words."""
        words = self._words
        found = [words[token] for token in tokens if token in words]
        if not found:
            return np.zeros(len(self.entries), dtype=np.float32)
        return _counted(
            np.concatenate([each[0] for each in found]),
            np.concatenate([each[1] for each in found]),
            len(self.entries),
        )

    def topical(self, topics: Sequence[tuple[int, float]]) -> Floats:
        """How much every entry is about these topics."""
        own = self._topics
        found = [own[topic] for topic, _ in topics if topic in own]
        if not found:
            return np.zeros(len(self.entries), dtype=np.float32)
        shares = [share for topic, share in topics if topic in own]
        weights = np.concatenate([weights for _, weights in found])
        weights *= np.repeat(np.array(shares, dtype=np.float32), [len(rows) for rows, _ in found])
        return _counted(np.concatenate([rows for rows, _ in found]), weights, len(self.entries))

    def alike(self, vector: Floats | None) -> Floats | None:
        """How much every entry says what this vector says, 0 to 1; None where there is no encoder."""
        if vector is None or self._vectors is None:
            return None
        found: Floats = np.maximum(self._vectors @ vector, np.float32(0.0))
        return found


def _counted(rows: Rows, weights: Floats, size: int) -> Floats:
    return np.bincount(rows, weights=weights, minlength=size).astype(np.float32)


def _rarity(total: int, often: int) -> float:
    return log(1 + (total - often + 0.5) / (often + 0.5))


def _kind(token: str) -> float:
    """Single characters say little."""
    if token[0] == "=":
        return TOPIC_OF_LEXICON
    return 0.4 if len(token) == 1 else 1.0

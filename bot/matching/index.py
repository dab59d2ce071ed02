"""The index: every entry of the list as postings, ready to rank in a fraction of a millisecond."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.matching import sides
from bot.matching.regions import Regions, areas
from models.fit import Fit, Offer

Floats = NDArray[np.float32]

_K1, _B = 1.2, 0.5
_WORDS, _CATEGORY = 2.0, 0.35
"""Weights of words (the share of the query's ideal BM25) and of category."""
THRESHOLD, FOLLOWING = 0.55, 0.35
"""The first suggestion must reach the one, those behind it the other; else nothing truly serves."""
STRANGE = 0.08
"""Below this share of its category an entry is of another kind than the need, and counts for less and less ..."""
LEAST = 0.25
"""... down to this part."""
_COUNT_BITS = 6
_MOST_COUNTED = (1 << _COUNT_BITS) - 1
_QUERY_TOKENS = 96
TOPIC = 3.5
"""A topic of the lexicon says that much more than a word."""


class Reader(Protocol):
    """What the index asks of the room that reads texts (``bot.language.Language`` answers it)."""

    def words(self, text: str) -> Sequence[str]:
        """Search words of a text, topics marked with ``=``."""

    def plain(self, text: str) -> str:
        """The folded text without blanks."""

    def category_shares(self, text: str) -> dict[str, float]:
        """How likely each category is."""


class Index:
    """Immutable. Build anew when the list changes."""

    def __init__(self, offers: Sequence[Offer], language: Reader) -> None:
        self._offers = tuple(offers)
        self._language = language
        self._regions = Regions((offer.area, offer.unit) for offer in self._offers)
        self._areas = [areas(offer.area) for offer in self._offers]
        self._postings: dict[str, tuple[NDArray[np.int32], Floats]] = {}
        self._ideal: dict[str, float] = {}
        self._post()
        labels = sorted({offer.category for offer in self._offers})
        self._labels = {label: i for i, label in enumerate(labels)}
        self._category = np.array([self._labels[offer.category] for offer in self._offers], dtype=np.int32)
        far = date.max.toordinal()
        self._from = np.array(
            [o.valid_from.toordinal() if o.valid_from else 0 for o in self._offers], dtype=np.int64
        )
        self._until = np.array(
            [o.valid_until.toordinal() if o.valid_until else far for o in self._offers], dtype=np.int64
        )
        self._left = np.array([o.remaining is None or o.remaining > 0 for o in self._offers], dtype=bool)
        self._side = np.array([o.side == "供给" for o in self._offers], dtype=bool)
        asked = [o.side == "需求" for o in self._offers]
        told = [language.plain(f"{o.title}，{o.detail}") for o in self._offers]
        self._buys = np.array(
            [
                a and o.category == "产销对接" and sides.buys(t) and not sides.sells(t)
                for a, o, t in zip(asked, self._offers, told, strict=True)
            ],
            dtype=bool,
        )
        self._sells = np.array(
            [
                a and o.category == "产销对接" and sides.sells(t)
                for a, o, t in zip(asked, self._offers, told, strict=True)
            ],
            dtype=bool,
        )
        self._hires = np.array(
            [
                a and o.category == "就业培训" and sides.hires(t)
                for a, o, t in zip(asked, self._offers, told, strict=True)
            ],
            dtype=bool,
        )
        self._near = lru_cache(maxsize=256)(self._nearness)
        self._allowed = lru_cache(maxsize=16)(self._allow)

    @classmethod
    def build(cls, offers: Iterable[Offer], language: Reader) -> Index:
        """The index of these offers; about 0.2 ms each."""
        return cls(tuple(offers), language)

    def __len__(self) -> int:
        return len(self._offers)

    def _post(self) -> None:
        # Row and count in one number: half as many lists to fill.
        rows: dict[str, list[int]] = {}
        lengths = np.empty(len(self._offers), dtype=np.float32)
        for row, offer in enumerate(self._offers):
            bag = Counter(self._tokens(offer.title))
            bag.update(bag)  # a word of the title counts twice
            bag.update(self._tokens(offer.detail))
            lengths[row] = bag.total()
            mark = row << _COUNT_BITS
            for token, count in bag.items():
                rows.setdefault(token, []).append(mark + min(count, _MOST_COUNTED))
        total = len(self._offers)
        long = _K1 * (1 - _B + _B * lengths / (float(lengths.mean()) if total else 1.0))
        for token, found in rows.items():
            weight = log(1 + (total - len(found) + 0.5) / (len(found) + 0.5)) * _token_weight(token)
            marks = np.array(found, dtype=np.int32)
            places = marks >> _COUNT_BITS
            times = (marks & _MOST_COUNTED).astype(np.float32)
            shares = weight * times * (_K1 + 1) / (times + long[places])
            self._postings[token] = (places, shares.astype(np.float32))
            self._ideal[token] = weight * (_K1 + 1) * 0.75
        self._unknown = log(1 + (total + 0.5) / 0.5) * (_K1 + 1) * 0.75

    def _tokens(self, text: str, words: Iterable[str] | None = None) -> list[str]:
        """Words, plain words and pairs of characters."""
        squeezed = self._language.plain(text)
        tokens = list(self._language.words(text) if words is None else words)
        known = set(tokens)
        tokens.extend(
            pair for run in _HAN.findall(squeezed[:120]) for pair in _pairs(run) if pair not in known
        )
        return tokens

    def _nearness(self, wanted: frozenset[str]) -> Floats:
        return np.array([self._regions.nearness(wanted, served) for served in self._areas], dtype=np.float32)

    def suggest(
        self,
        text: str,
        *,
        words: Sequence[str] | None = None,
        category: str | None = None,
        places: Sequence[str] = (),
        kind: str | None = None,
        today: date,
        home: str = "",
        top: int = 3,
    ) -> list[Fit]:
        """The entries that serve the need, best first; empty when nothing truly does.

        ``words``: the text's search words if they are at hand; ``category``, ``kind`` and ``places``: from its
        understanding; ``home``: the region of the asker's own branch, used when the text names none.
        """
        if not self._offers or top <= 0:
            return []
        text = text[:600]
        words = self._language.words(text) if words is None else words
        wanted = self._regions.named(text, places) or (
            self._regions.named(home, (home,)) if home else frozenset()
        )
        score = self._score(text, words, category)
        near = self._near(wanted)
        score *= near
        folded = self._language.plain(text)
        score *= self._allowed(today, sides.sells(folded), sides.seeks_work(folded), sides.buys(folded))
        rows = np.flatnonzero(score >= FOLLOWING)
        first = rows[np.argsort(-score[rows], kind="stable")][:top]
        if not len(first) or score[first[0]] < THRESHOLD:
            return []
        return [self._fit(int(row), float(score[row]), wanted) for row in first]

    def _score(self, text: str, words: Sequence[str], category: str | None) -> Floats:
        tokens = self._tokens(text, words)[:_QUERY_TOKENS]
        found = [self._postings[token] for token in tokens if token in self._postings]
        ideal = sum(self._ideal.get(token, 0.0) for token in tokens) + 1e-6
        size = len(self._offers)
        if found:
            rows = np.concatenate([rows for rows, _ in found])
            weights = np.concatenate([weights for _, weights in found])
            lexical = np.bincount(rows, weights=weights, minlength=size).astype(np.float32) / np.float32(
                ideal
            )
        else:
            lexical = np.zeros(size, dtype=np.float32)
        shares = self._shares(text, category)[self._category]
        score: Floats = np.float32(_WORDS) * lexical
        score += np.float32(_CATEGORY) * shares
        # Words alone deceive, most of all on a short list where 村里 is rare: an entry of a kind that the need
        # hardly can be counts for little.
        score *= np.clip(shares / np.float32(STRANGE), np.float32(LEAST), np.float32(1.0))
        return score

    def _shares(self, text: str, category: str | None) -> Floats:
        """How likely the need belongs to each category of the list; a category that is given counts for half."""
        told = self._language.category_shares(text)
        shares = np.array([told.get(label, 0.0) for label in self._labels], dtype=np.float32)
        place = self._labels.get(category or "")
        if place is not None:
            shares *= np.float32(0.5)
            shares[place] += np.float32(0.5)
        return shares

    def _allow(self, today: date, sells: bool, seeks_work: bool, buys: bool) -> Floats:
        """1 for every entry that may be suggested on a day, else 0.

        Those are supplies, and entries of the other list that want what the text has: a buyer for a seller, a
        vacancy for a job-seeker, a seller for a buyer.
        """
        day = today.toordinal()
        meets = self._side.copy()
        if sells:
            meets |= self._buys
        if seeks_work:
            meets |= self._hires
        if buys:
            meets |= self._sells
        allowed = meets & self._left & (self._until >= day) & (self._from <= day + 300)
        mask: Floats = allowed.astype(np.float32)
        return mask

    def _fit(self, row: int, score: float, wanted: frozenset[str]) -> Fit:
        offer = self._offers[row]
        served = self._areas[row]
        if not wanted:
            where = "全市可用" if not served else "、".join(sorted(served)[:2])
        elif wanted & served:
            ending = min(wanted & served)[-1]
            where = f"本{ending}可用" if ending in "县旗区市镇" else "本地可用"
        else:
            where = "全市可用" if not served else "邻近地区"
        return Fit(
            code=offer.code,
            title=offer.title,
            unit=offer.unit,
            score=round(min(score / 2, 1.0), 3),
            reason=f"{where} · {offer.category}",
        )


_HAN = re.compile("[\u4e00-\u9fff]+")


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _token_weight(token: str) -> float:
    """Single characters say little."""
    if token[0] == "=":
        return TOPIC
    return 0.4 if len(token) == 1 else 1.0

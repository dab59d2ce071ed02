"""The index: every entry of the list, ready to be ranked for a need in a fraction of a millisecond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.matching import sides
from bot.matching.entry import Entry, Reader, read_entries, tokens
from bot.matching.postings import Floats, Postings
from bot.matching.regions import Regions
from models.fit import Fit, Offer

WORDS, TOPICS, CATEGORY = 2.0, 2.0, 0.35
"""Weights of words (the share of the query's ideal BM25), of topics (how far the shares of both overlap), of category."""
SERVES, SAYS_SO = 0.085, 0.4
"""Something serves where the first entry, or one nearly as good, overlaps the need's topics that much, or holds that share of all its words.
Chosen so that one need in twenty that something serves is told that nothing does; words alone hardly tell."""
WHOLE, WHOLE_BY_ENCODER = 2.0, 2.7
"""The score that is told as 1: without and with an encoder about as many reach it."""
NEARLY = 0.9
"""What is that near the first speaks for it as well."""
FOLLOWING, WIDE = 0.3, 0.15
"""Those behind the first must reach that part of its score: where a member chooses, and where somebody looks round."""
STRANGE, LEAST = 0.03, 0.6
"""Below the one share of its category an entry is of another kind than the need, and counts for less, down to the other."""
MEETS = 0.3
"""From this overlap of topics on an entry of the other list meets a need though no word says so."""
ENCODER, STRANGE_BY_ENCODER = 1.5, 0.003
"""Where there is an encoder: the weight of its likeness, and STRANGE, since words alone deceive less beside it. SERVES
holds there as well: on the lists that all this was chosen on, it tells no more needs wrongly that nothing serves."""
_NEAREST = 50
"""Entries that the encoder alone may bring in."""
_FLOOR = 0.02
"""Words and topics that say less than this are not looked at further."""
_BEHIND = 0.05
"""Nor what has less than this part of the best."""
_QUERY_TOKENS = 96
_AHEAD = 300
"""Days before its validity begins that an entry may be suggested."""
_MOST_CHANGED = 0.1
"""The share of the index that may have changed before it is laid out anew."""


class Query(msgspec.Struct, frozen=True):
    """A need as it is looked for."""

    tokens: list[str]
    topics: Sequence[tuple[int, float]]
    ideal: float
    shares: dict[str, float]
    wanted: frozenset[str]
    day: int
    sells: bool
    seeks_work: bool
    buys: bool
    offers: bool
    """It is no need but an offer: those who ask are its answer."""
    circles: frozenset[str]
    """To which the asker belongs."""
    vector: Floats | None = None
    """What it says, where there is an encoder."""


class Ranked(msgspec.Struct, frozen=True):
    """An entry with its score."""

    entry: Entry
    score: float
    serves: bool
    """Whether enough speaks for it that it may be the first."""


class Index:
    """Immutable; ``renewed`` gives the next one, of which only what changed is read."""

    def __init__(
        self, base: Postings, added: Postings | None, gone: NDArray[np.bool_] | None, reader: Reader
    ) -> None:
        """``added``: what came after the base was laid out; ``gone``: which rows of the base count no more."""
        self._base, self._added, self._gone = base, added, gone
        self._reader = reader
        entries = [*base.entries, *(added.entries if added is not None else ())]
        self._regions = Regions((entry.offer.area, entry.offer.unit) for entry in entries)
        self._nearness = lru_cache(maxsize=512)(self._near)

    @classmethod
    def build(cls, offers: Iterable[Offer], language: Reader) -> Index:
        """The index of these offers; about 0.1 ms each."""
        return cls(Postings(read_entries(offers, language)), None, None, language)

    def renewed(self, offers: Sequence[Offer]) -> Index:
        """The index of a newer state of the list. Entries that did not change are not read again."""
        known = {entry.offer.code: entry for entry in self._entries()}
        kept: set[str] = set()
        changed: list[Offer] = []
        for offer in offers:
            entry = known.get(offer.code)
            if entry is not None and entry.offer == offer:
                kept.add(offer.code)
            else:
                changed.append(offer)
        fresh = read_entries(changed, self._reader)
        base = self._base
        gone = np.array([entry.offer.code not in kept for entry in base.entries], dtype=bool)
        in_base = {entry.offer.code for entry in base.entries}
        added = [known[code] for code in kept if code not in in_base] + fresh
        if len(added) + int(gone.sum()) > _MOST_CHANGED * len(base.entries):
            order = {entry.offer.code: entry for entry in (*(known[code] for code in kept), *fresh)}
            return Index(Postings([order[offer.code] for offer in offers]), None, None, self._reader)
        return Index(
            base,
            Postings(added, statistics=base) if added else None,
            gone if gone.any() else None,
            self._reader,
        )

    def _entries(self) -> list[Entry]:
        gone = self._gone
        kept = [entry for row, entry in enumerate(self._base.entries) if gone is None or not gone[row]]
        return kept + list(self._added.entries if self._added is not None else ())

    def __len__(self) -> int:
        gone = 0 if self._gone is None else int(self._gone.sum())
        return len(self._base.entries) - gone + (len(self._added.entries) if self._added is not None else 0)

    @property
    def for_circles(self) -> bool:
        """Whether some entries are for their own circle only."""
        return any(any(part.circles) for part in (self._base, self._added) if part is not None)

    def suggest(
        self,
        text: str,
        *,
        words: Sequence[str] | None = None,
        category: str | None = None,
        places: Sequence[str] = (),
        intent: str = "report",
        today: date,
        home: str = "",
        top: int = 3,
        wide: bool = False,
        circles: frozenset[str] = frozenset(),
    ) -> list[Fit]:
        """The entries that serve the need, best first; empty when nothing truly does.

        ``words``: the text's search words if they are at hand; ``category``, ``intent`` and ``places``: from its
        understanding; ``home``: the region of the asker's own branch, used when the text names none; ``wide``:
        with those that a member would not be shown; ``circles``: to which the asker belongs, since some entries are
        for their own circle only.
        """
        if top <= 0:
            return []
        query = self._query(text[:600], words, category, intent, places, today, home, circles)
        ranked = self._ranked(self._base, query, self._gone, top)
        if self._added is not None:
            ranked = sorted(
                ranked + self._ranked(self._added, query, None, top), key=lambda each: -each.score
            )[:top]
        if not ranked or not any(each.serves for each in ranked if each.score >= NEARLY * ranked[0].score):
            return []
        least = ranked[0].score * (WIDE if wide else FOLLOWING)
        whole = WHOLE if query.vector is None else WHOLE_BY_ENCODER
        return [_fit(each.entry, each.score / whole, query.wanted) for each in ranked if each.score >= least]

    def _query(
        self,
        text: str,
        words: Sequence[str] | None,
        category: str | None,
        intent: str,
        places: Sequence[str],
        today: date,
        home: str,
        circles: frozenset[str],
    ) -> Query:
        found = tokens(text, self._reader, words)[:_QUERY_TOKENS]
        wanted = self._regions.named(text, places)
        if not wanted and home:
            wanted = self._regions.named(home, (home,))
        shares = self._reader.category_shares(text)
        if category:
            # A category that is given, by the member's own word or by the reading, counts for half.
            shares = {label: share * 0.5 for label, share in shares.items()}
            shares[category] = shares.get(category, 0.0) + 0.5
        folded = self._reader.plain(text)
        return Query(
            tokens=found,
            topics=self._reader.topics(text),
            ideal=self._ideal(found),
            shares=shares,
            wanted=wanted,
            day=today.toordinal(),
            sells=sides.sells(folded),
            seeks_work=sides.seeks_work(folded),
            buys=sides.buys(folded),
            offers=intent == "offer",
            circles=circles,
            vector=self._reader.vector(text),
        )

    def _ideal(self, tokens: Sequence[str]) -> float:
        """What a text of these words reaches at its best."""
        total = self._base.ideal(tokens) + 1e-6
        if self._added is not None:
            total += self._added.ideal([token for token in tokens if token not in self._base.often])
        return total

    def _ranked(self, part: Postings, query: Query, gone: NDArray[np.bool_] | None, top: int) -> list[Ranked]:
        """The best entries of one part, the best first."""
        words = part.lexical(query.tokens) * np.float32(1.0 / query.ideal)
        topical = part.topical(query.topics)
        score = words * np.float32(WORDS) + topical * np.float32(TOPICS)
        nearness = self._nearness(part is self._base, query.wanted)
        reach = score * nearness[part.area]
        # Most entries share some everyday word with a need; what is far behind the best is not looked at further.
        candidates = reach > max(_FLOOR, _BEHIND * float(reach.max(initial=0.0)))
        alike, strange = part.alike(query.vector), STRANGE
        if alike is not None:
            strange = STRANGE_BY_ENCODER
            score += np.float32(ENCODER) * alike
            near = alike if gone is None else np.where(gone, np.float32(0.0), alike)
            candidates[np.argpartition(-near, _NEAREST)[:_NEAREST] if len(near) > _NEAREST else ...] = True
        rows = np.flatnonzero(candidates)
        rows = rows[self._allowed(part, rows, query, topical)]
        if gone is not None:
            rows = rows[~gone[rows]]
        if not len(rows):
            return []
        shares = np.array([query.shares.get(label, 0.0) for label in part.labels], dtype=np.float32)
        share = shares[part.category[rows]]
        found = score[rows] + np.float32(CATEGORY) * share
        # Words alone deceive, most of all on a short list where 村里 is rare: an entry of a kind that the need
        # hardly can be counts for little.
        found *= np.minimum(np.maximum(share / np.float32(strange), np.float32(LEAST)), np.float32(1.0))
        found *= nearness[part.area[rows]]
        if len(rows) > 4 * top:
            best = np.argpartition(-found, top)[:top]
            rows, found = rows[best], found[best]
        order = np.argsort(-found, kind="stable")[:top]
        serves = topical[rows] >= SERVES
        if not serves[order].any():
            # What all its words weigh, those too that no entry has.
            whole = self._base.whole(query.tokens) + 1e-6
            serves = words[rows] * np.float32(query.ideal / whole) >= SAYS_SO
        return [
            Ranked(part.entries[rows[i]], float(found[i]), bool(serves[i])) for i in order if found[i] > 0
        ]

    def _allowed(
        self, part: Postings, rows: NDArray[np.intp], query: Query, topical: Floats
    ) -> NDArray[np.bool_]:
        """Which rows may be suggested that day.

        Those are supplies, and entries of the other list that want what the text has: a buyer for a seller, a
        vacancy for a job-seeker, a seller for a buyer, whoever asks for somebody who offers. A seller or a
        job-seeker is known by words, or by topic: the lessons of a buyer's topic are told by sellers.
        """
        meets = part.gives[rows]
        alike = topical[rows] >= MEETS
        if query.offers:
            meets = meets | ~part.gives[rows]
        else:
            meets = meets | (part.hires[rows] if query.seeks_work else part.hires[rows] & alike)
            if query.sells:
                meets = meets | part.buys[rows]
            elif not query.buys:
                meets = meets | (part.buys[rows] & alike)
        if query.buys:
            meets = meets | part.sells[rows]
        found: NDArray[np.bool_] = (
            meets
            & part.left[rows]
            & (part.last[rows] >= query.day)
            & (part.first[rows] <= query.day + _AHEAD)
        )
        if len(part.circles) > 1 or any(part.circles):
            shown = np.array([not each or not query.circles.isdisjoint(each) for each in part.circles])
            found &= shown[part.circle[rows]]
        return found

    def _near(self, base: bool, wanted: frozenset[str]) -> Floats:
        part = self._base if base or self._added is None else self._added
        return np.array([self._regions.nearness(wanted, served) for served in part.served], dtype=np.float32)


def _fit(entry: Entry, score: float, wanted: frozenset[str]) -> Fit:
    offer, served = entry.offer, entry.areas
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
        score=round(min(score, 1.0), 3),
        reason=f"{where} · {offer.category}",
    )

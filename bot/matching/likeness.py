"""How alike two needs are: for "is this the same as number 12?" before a second one is filed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

_PARTS = "里上下前后东西南北头边口"


class Bag(msgspec.Struct, frozen=True):
    """A text's search words with their weights; made once, compared often."""

    weights: dict[str, float]
    total: float


def bag(words: Iterable[str]) -> Bag:
    """The bag of a text's search words."""
    weights = {word: _weight(word) for word in words}
    return Bag(weights, sum(weights.values()))


def likeness(one: Bag, other: Bag) -> float:
    """0 (nothing in common) to 1 (the same words).

    Shared weight over the smaller text's weight and over both together, averaged, so that a short repeat of a
    long need still counts. Longer words weigh more; single characters hardly count.
    """
    few, many = (one, other) if len(one.weights) <= len(other.weights) else (other, one)
    theirs = many.weights
    common = sum([weight for word, weight in few.weights.items() if word in theirs])
    if common == 0.0:
        return 0.0
    return 0.5 * common / min(one.total, other.total) + 0.5 * common / (one.total + other.total - common)


def _weight(word: str) -> float:
    if len(word) == 1:
        return 0.15
    return 0.5 if word[-1] in _PARTS else min(len(word), 4) / 2

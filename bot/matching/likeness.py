"""How alike two needs are: for "is this the same as number 12?" before a second one is filed."""

from __future__ import annotations

from collections.abc import Iterable

_PARTS = "里上下前后东西南北头边口"


def likeness(a_words: Iterable[str], b_words: Iterable[str]) -> float:
    """0 (nothing in common) to 1 (the same words), from the search words of two texts.

    Shared weight over the smaller text's weight and over both together, averaged, so that a short repeat of a
    long need still counts. Longer words weigh more; single characters hardly count.
    """
    a, b = set(a_words), set(b_words)
    if not a or not b:
        return 0.0
    common = sum(map(_weight, a & b))
    if common == 0.0:
        return 0.0
    left, right = sum(map(_weight, a)), sum(map(_weight, b))
    return 0.5 * common / min(left, right) + 0.5 * common / (left + right - common)


def _weight(word: str) -> float:
    if len(word) == 1:
        return 0.15
    return 0.5 if word[-1] in _PARTS else min(len(word), 4) / 2

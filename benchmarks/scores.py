"""Figures of merit: accuracy, F1, hits, ranks, calibration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log2

Pairs = Sequence[tuple[str, str | None]]
Ranked = Sequence[tuple[dict[str, int], list[str]]]
"""For each query: the grades of the entries that serve it, and the codes that were suggested."""


def accuracy(pairs: Pairs) -> float:
    """Share of right answers."""
    return sum(gold == got for gold, got in pairs) / max(1, len(pairs))


def macro_f1(pairs: Pairs) -> float:
    """Mean F1 of the labels that occur."""
    labels = {gold for gold, _ in pairs}
    right = Counter(gold for gold, got in pairs if gold == got)
    golds, gots = Counter(gold for gold, _ in pairs), Counter(got for _, got in pairs)
    return sum(2 * right[x] / (golds[x] + gots[x]) for x in labels) / max(1, len(labels))


def overlap_f1(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> tuple[float, int]:
    """F1 over pieces of text, and how many there are to find."""
    right = missed = extra = 0
    for gold, got in pairs:
        wanted, found = Counter(gold), Counter(got)
        right += sum((wanted & found).values())
        missed += sum((wanted - found).values())
        extra += sum((found - wanted).values())
    return 2 * right / max(1, 2 * right + missed + extra), right + missed


def percentile(values: Sequence[float], share: float) -> float:
    """The value at a share of the sorted ones."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def hits(results: Ranked) -> dict[str, float]:
    """Hit@1, Hit@3, Hit@5, MRR and nDCG@5 over queries that something serves."""
    served = [(relevant, codes) for relevant, codes in results if relevant]
    ranks = [next((i for i, code in enumerate(codes) if code in relevant), 99) for relevant, codes in served]
    count = max(1, len(served))
    found = {f"Hit@{k}": sum(rank < k for rank in ranks) / count for k in (1, 3, 5)}
    found["MRR"] = sum(1 / (rank + 1) for rank in ranks if rank < 99) / count
    found["nDCG@5"] = (
        sum(
            _gain([r.get(c, 0) for c in codes]) / _gain(sorted(r.values(), reverse=True))
            for r, codes in served
        )
        / count
    )
    return found


def emptiness(results: Ranked) -> tuple[int, int, int, int]:
    """Queries that nothing serves: how many were answered with nothing, of how many; and wrongly empty, of how many."""
    nothing = [codes for relevant, codes in results if not relevant]
    something = [codes for relevant, codes in results if relevant]
    return sum(not codes for codes in nothing), len(nothing), sum(not c for c in something), len(something)


def calibration(
    sure: Sequence[tuple[float, bool]], bins: int = 10
) -> tuple[list[tuple[float, float, int]], float]:
    """For each tenth of confidence: mean confidence, share right, how many; and the expected calibration error."""
    rows = []
    error = 0.0
    for place in range(bins):
        own = [
            (c, right) for c, right in sure if place / bins <= c < (place + 1) / bins + (place == bins - 1)
        ]
        if own:
            mean = sum(c for c, _ in own) / len(own)
            share = sum(right for _, right in own) / len(own)
            rows.append((mean, share, len(own)))
            error += len(own) / len(sure) * abs(mean - share)
    return rows, error


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / log2(i + 2) for i, grade in enumerate(grades[:5]))

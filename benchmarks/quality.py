"""``python -m benchmarks.quality DIR``: how well messages are understood and matched, as markdown tables.

DIR holds messages.jsonl, catalogue.csv and matches.jsonl. Relative dates count from 2026-05-11 09:00 (+08:00).
With ``--cross`` the classifier is also trained anew five times, each time without a fifth of the messages.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from datetime import datetime
from math import log, log2
from pathlib import Path
from typing import Any

from bot.language import Language
from bot.language.training import read, seen, train
from bot.matching import Index, read_catalogue
from models.fit import Offer

NOW = datetime.fromisoformat("2026-05-11T09:00:00+08:00")
SLOTS = ("quantity", "place", "time", "phone", "item_no")
Pairs = list[tuple[str, str | None]]


def accuracy(pairs: Pairs) -> float:
    """Share of right answers."""
    return sum(gold == got for gold, got in pairs) / max(1, len(pairs))


def macro_f1(pairs: Pairs) -> float:
    """Mean F1 of the labels that occur."""
    labels = {gold for gold, _ in pairs}
    right = Counter(gold for gold, got in pairs if gold == got)
    golds, gots = Counter(gold for gold, _ in pairs), Counter(got for _, got in pairs)
    return sum(2 * right[x] / (golds[x] + gots[x]) for x in labels) / max(1, len(labels))


def percentile(times: list[float], share: float) -> float:
    """Microseconds at a share of the sorted times."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1e6


def understanding(language: Language, messages: list[dict[str, Any]]) -> None:
    """Prints the table of the shipped reader."""
    heads: dict[str, Pairs] = {"intent": [], "kind": [], "category": []}
    right, missed, extra = Counter[str](), Counter[str](), Counter[str]()
    dated: list[bool] = []
    times: list[float] = []
    for message in messages:
        start = time.perf_counter()
        reading = language.understand(message["text"], NOW)
        times.append(time.perf_counter() - start)
        for head, pairs in heads.items():
            if message.get(head):
                pairs.append((message[head], getattr(reading, head)))
        for slot in SLOTS:
            gold, got = Counter(message["slots"].get(slot, [])), Counter(getattr(reading.slots, slot))
            right[slot] += sum((gold & got).values())
            missed[slot] += sum((gold - got).values())
            extra[slot] += sum((got - gold).values())
        if message.get("deadline") or reading.deadline:
            dated.append(message.get("deadline") == reading.deadline)
    print("| understanding | value | n |\n|---|---|---|")
    for head, pairs in heads.items():
        print(
            f"| {head} accuracy / macro-F1 | {accuracy(pairs):.3f} / {macro_f1(pairs):.3f} | {len(pairs)} |"
        )
    for slot in SLOTS:
        f1 = 2 * right[slot] / max(1, 2 * right[slot] + missed[slot] + extra[slot])
        print(f"| {slot} F1 | {f1:.3f} | {right[slot] + missed[slot]} |")
    print(f"| deadline, right where either has one | {sum(dated) / max(1, len(dated)):.3f} | {len(dated)} |")
    print(
        f"| one message, µs p50 / p99 | {percentile(times, 0.5):.0f} / {percentile(times, 0.99):.0f} | {len(times)} |"
    )


def cross(folder: Path) -> None:
    """Prints five-fold figures: each message is read by a classifier that has not seen it."""
    own = read(folder / "messages.jsonl")
    lessons = read(Path("tests/data/lessons.txt"))
    features_own, features_lessons = seen(own), seen(lessons)
    heads: dict[str, Pairs] = {"intent": [], "kind": [], "category": []}
    for fold in range(5):
        kept = [i for i in range(len(own)) if i % 5 != fold]
        model = train([own[i] for i in kept] + lessons, [features_own[i] for i in kept] + features_lessons)
        for i in range(fold, len(own), 5):
            scores = model.scores(features_own[i])
            for head, pairs in heads.items():
                gold = getattr(own[i], head)
                if gold is not None:
                    pairs.append((gold, model.best(head, scores)[0]))
    print("\n| five-fold, classifier only | accuracy | macro-F1 |\n|---|---|---|")
    for head, pairs in heads.items():
        print(f"| {head} | {accuracy(pairs):.3f} | {macro_f1(pairs):.3f} |")


class Plain:
    """The baseline: BM25 over words of title and content, every row of the list, no region, no threshold."""

    def __init__(self, offers: list[Offer], language: Language) -> None:
        self._language = language
        self._bags = [Counter(self._words(f"{o.title}，{o.detail}")) for o in offers]
        self._codes = [offer.code for offer in offers]
        self._often = Counter(word for bag in self._bags for word in bag)
        self._mean = sum(sum(bag.values()) for bag in self._bags) / max(1, len(self._bags))

    def _words(self, text: str) -> list[str]:
        return [word for word in self._language.words(text) if word[0] != "="]

    def suggest(self, text: str) -> list[str]:
        words, size = self._words(text), len(self._bags)
        scores = []
        for code, bag in zip(self._codes, self._bags, strict=True):
            norm = 1.2 * (0.25 + 0.75 * sum(bag.values()) / self._mean)
            score = sum(
                log(1 + (size - self._often[w] + 0.5) / (self._often[w] + 0.5))
                * bag[w]
                * 2.2
                / (bag[w] + norm)
                for w in words
                if w in bag
            )
            scores.append((-score, code))
        return [code for score, code in sorted(scores)[:5] if score < 0]


def matching(language: Language, folder: Path) -> None:
    """Prints the table of the matcher beside the baseline's."""
    offers = read_catalogue(folder / "catalogue.csv")
    queries = [
        json.loads(line) for line in (folder / "matches.jsonl").read_text("utf-8").splitlines() if line
    ]
    index, plain = Index.build(offers, language), Plain(offers, language)
    ours: list[tuple[dict[str, int], list[str]]] = []
    times: list[float] = []
    for query in queries:
        reading = language.understand(query["text"], NOW)
        words = language.words(query["text"])
        start = time.perf_counter()
        fits = index.suggest(
            query["text"],
            words=words,
            category=reading.category,
            places=reading.slots.place,
            kind=reading.kind,
            today=NOW.date(),
            top=5,
        )
        times.append(time.perf_counter() - start)
        ours.append((query["relevant"], [fit.code for fit in fits]))
    base = [(query["relevant"], plain.suggest(query["text"])) for query in queries]
    print(
        "\n| matching | Hit@1 | Hit@3 | Hit@5 | MRR | nDCG@5 | suggests where nothing serves |\n|---|---|---|---|---|---|---|"
    )
    for name, results in (("ours", ours), ("ours, even rows", ours[1::2]), ("words + BM25", base)):
        print(f"| {name} | {' | '.join(figures(results))} |")
    print(
        f"\nOne query over {len(offers)} entries: {percentile(times, 0.5):.0f} µs p50, {percentile(times, 0.99):.0f} µs p99."
    )


def figures(results: list[tuple[dict[str, int], list[str]]]) -> list[str]:
    """Hit@1, Hit@3, Hit@5, MRR, nDCG@5, and false suggestions over queries that nothing serves."""
    served = [(relevant, codes) for relevant, codes in results if relevant]
    empty = [codes for relevant, codes in results if not relevant]
    ranks = [next((i for i, code in enumerate(codes) if code in relevant), 99) for relevant, codes in served]
    hits = [f"{sum(rank < k for rank in ranks) / max(1, len(ranks)):.3f}" for k in (1, 3, 5)]
    mrr = sum(1 / (rank + 1) for rank in ranks if rank < 99) / max(1, len(ranks))
    ndcg = sum(
        gain([r.get(c, 0) for c in codes]) / gain(sorted(r.values(), reverse=True)) for r, codes in served
    )
    return [
        *hits,
        f"{mrr:.3f}",
        f"{ndcg / max(1, len(served)):.3f}",
        f"{sum(map(bool, empty))} of {len(empty)}",
    ]


def gain(grades: list[int]) -> float:
    """Discounted gain of the first five."""
    return sum((2**grade - 1) / log2(i + 2) for i, grade in enumerate(grades[:5]))


def main(arguments: list[str]) -> int:
    """Prints all tables for a folder."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("tests/data"))
    parser.add_argument("--cross", action="store_true", help="five-fold figures of the classifier too")
    args = parser.parse_args(arguments)
    language = Language()
    lines = (args.folder / "messages.jsonl").read_text("utf-8").splitlines()
    understanding(language, [json.loads(line) for line in lines if line])
    if args.cross:
        cross(args.folder)
    matching(language, args.folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""``make eval``: how well messages are understood and matched, as markdown tables, and a drawing.

``python -m benchmarks.quality [DIR …] [--encoder] [--cross] [--plot FILE.svg]``. A DIR holds messages.jsonl, or catalogue.csv and
matches.jsonl, or all three; without one the sets of the project are taken: ``tests/data/held``, which nobody looked at
and nothing was learned or chosen from, and those that were developed on. Relative dates count from 2026-05-11 09:00.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from datetime import datetime
from math import log
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.scores import accuracy, calibration, emptiness, hits, macro_f1, overlap_f1, percentile
from bot.language import Language
from bot.matching import Index, read_catalogue
from bot.optional import open_encoder
from models.fit import Offer

NOW = datetime.fromisoformat("2026-05-11T09:00:00+08:00")
SLOTS = ("quantity", "place", "time", "phone", "item_no")
DATA = Path("tests/data")
HELD = DATA / "held"
SETS = (HELD, DATA, DATA / "lists" / "dingxi", DATA / "lists" / "bijie")


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def understanding(language: Language, folder: Path) -> list[tuple[float, bool]]:
    """Prints the tables of one set of messages; gives each intent's confidence and whether it was right."""
    messages = rows(folder / "messages.jsonl")
    heads: dict[str, list[tuple[str, str | None]]] = {"intent": [], "kind": [], "category": []}
    by_origin: dict[str, list[tuple[str, str | None]]] = {}
    slots: dict[str, list[tuple[list[str], list[str]]]] = {slot: [] for slot in SLOTS}
    dated: list[bool] = []
    times: list[float] = []
    sure: list[tuple[float, bool]] = []
    for message in messages:
        start = time.perf_counter()
        reading = language.understand(message["text"], NOW)
        times.append((time.perf_counter() - start) * 1e6)
        for head, pairs in heads.items():
            if message.get(head):
                pairs.append((message[head], getattr(reading, head)))
        by_origin.setdefault(message.get("origin", "-"), []).append((message["intent"], reading.intent))
        sure.append((reading.confidence, message["intent"] == reading.intent))
        for slot in SLOTS:
            slots[slot].append((message["slots"].get(slot, []), list(getattr(reading.slots, slot))))
        if message.get("deadline") or reading.deadline:
            dated.append(message.get("deadline") == reading.deadline)
    print(f"\n### Understanding: {folder}\n\n| figure | value | n |\n|---|---|---|")
    for head, pairs in heads.items():
        print(
            f"| {head} accuracy / macro-F1 | {accuracy(pairs):.3f} / {macro_f1(pairs):.3f} | {len(pairs)} |"
        )
    for slot in SLOTS:
        value, count = overlap_f1(slots[slot])
        print(f"| {slot} F1 | {value:.3f} | {count} |")
    print(
        f"| deadline, right where either has one | {accuracy([('x', 'x' if d else None) for d in dated]):.3f} | {len(dated)} |"
    )
    print(f"| intent calibration error | {calibration(sure)[1]:.3f} | {len(sure)} |")
    print(
        f"| one message, µs p50 / p99 | {percentile(times, 0.5):.0f} / {percentile(times, 0.99):.0f} | {len(times)} |"
    )
    if len(by_origin) > 1:
        told = ", ".join(
            f"{origin} {accuracy(pairs):.2f} ({len(pairs)})"
            for origin, pairs in sorted(by_origin.items(), key=lambda item: -len(item[1]))
        )
        print(f"\nIntent by origin: {told}.")
    return sure


def cross(folder: Path) -> None:
    """Prints what a classifier says of messages that it was not taught with: trained anew without the set."""
    from bot.language import training
    from bot.language.classifier import Classifier
    from bot.language.features import marks
    from bot.language.folding import fold, squeeze
    from bot.language.lexicon import Lexicon

    own = training.read(folder / "messages.jsonl")
    texts = {example.text for example in own}
    classifier = Classifier(training.train([e for e in training.lessons() if e.text not in texts]))
    lexicon = Lexicon()
    print(
        f"\n### {folder}, by a classifier that was taught without them\n\n| head | accuracy | macro-F1 |\n|---|---|---|"
    )
    senses = []
    for example in own:
        text = squeeze(fold(example.text[:600]))
        senses.append(classifier.sense(classifier.features(text, marks(text, lexicon))))
    for head in ("intent", "kind", "category"):
        pairs = [
            (str(getattr(e, head)), classifier.best(head, sense)[0])
            for e, sense in zip(own, senses, strict=True)
            if getattr(e, head) is not None
        ]
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
        """The five best."""
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


def matching(language: Language, folder: Path) -> list[tuple[str, list[str]]]:
    """The table's rows of one list: ours and the baseline."""
    offers = read_catalogue(folder / "catalogue.csv")
    queries = rows(folder / "matches.jsonl")
    index, plain = Index.build(offers, language), Plain(offers, language)
    ours: list[tuple[dict[str, int], list[str]]] = []
    times: list[float] = []
    for query in queries:
        reading = language.understand(query["text"], NOW)
        start = time.perf_counter()
        fits = index.suggest(
            query["text"],
            category=reading.category,
            places=reading.slots.place,
            intent=reading.intent,
            today=NOW.date(),
            top=5,
            wide=True,
        )
        times.append((time.perf_counter() - start) * 1e6)
        ours.append((query["relevant"], [fit.code for fit in fits]))
    base = [(query["relevant"], plain.suggest(query["text"])) for query in queries]
    found = []
    for name, results in ((str(folder), ours), ("… words + BM25", base)):
        nothing, of_nothing, empty, of_something = emptiness(results)
        cells = [f"{value:.3f}" for value in hits(results).values()]
        found.append((name, [*cells, f"{nothing} of {of_nothing}", f"{empty} of {of_something}"]))
    found[0][1].append(f"{percentile(times, 0.5):.0f} / {percentile(times, 0.99):.0f}")
    found[1][1].append("")
    return found


def main(arguments: list[str]) -> int:
    """Prints all tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality")
    parser.add_argument("folders", type=Path, nargs="*", metavar="DIR")
    parser.add_argument(
        "--cross", action="store_true", help="train anew without tests/data/messages.jsonl and judge it"
    )
    parser.add_argument("--encoder", action="store_true", help="with the sentence encoder")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw hits and calibration")
    args = parser.parse_args(arguments)
    folders = args.folders or list(SETS)
    start = time.perf_counter()
    language = Language(encoder=open_encoder(args.encoder))
    print(f"Reading the dictionary and the weights took {time.perf_counter() - start:.2f} s.")
    sure: list[tuple[float, bool]] = []
    for folder in folders:
        if (folder / "messages.jsonl").exists():
            told = understanding(language, folder)
            sure = sure or told
    if args.cross:
        cross(DATA)
    head = "| list | Hit@1 | Hit@3 | Hit@5 | MRR | nDCG@5 | nothing where nothing serves | wrongly empty | µs p50 / p99 |"
    print(f"\n### Matching\n\n{head}\n|{'---|' * 9}")
    drawn: dict[str, list[float]] = {}
    for folder in folders:
        if (folder / "catalogue.csv").exists():
            for name, cells in matching(language, folder):
                print(f"| {name} | {' | '.join(cells)} |")
                drawn.setdefault(
                    name if not name.startswith("…") else f"{folder}, BM25", [float(c) for c in cells[:3]]
                )
    print(f"\nMost memory held: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB.")
    if args.plot:
        args.plot.write_text(plots.quality(drawn, calibration(sure)[0]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""How long a need is looked for in a list of so many entries: ``python -m benchmarks.lists [COUNT …]``.

Entries are those of the project's four lists, again and again for other counties and units, a number in each; needs
are those lists' needs. Prints the time to build the index, memory, and microseconds for one need.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec

from benchmarks.scores import percentile
from bot.language import Language
from bot.matching import Index, read_catalogue
from bot.matching.regions import parents
from models.fit import Offer

DATA = Path("tests/data")
LISTS = (DATA, DATA / "held", DATA / "lists" / "dingxi", DATA / "lists" / "bijie")
TODAY = date(2026, 5, 11)


def entries(count: int) -> Iterator[Offer]:
    """So many entries."""
    own = [offer for folder in LISTS for offer in read_catalogue(folder / "catalogue.csv")]
    counties = list(parents())
    for number in range(count):
        offer = own[number % len(own)]
        area = offer.area if number < len(own) else counties[number * 7 % len(counties)]
        detail = offer.detail if number < len(own) else f"{offer.detail}，第{number % 997}批"
        yield msgspec.structs.replace(
            offer, code=f"E{number}", area=area, detail=detail, unit=f"{area}{number % 89}号单位党支部"
        )


def measure(count: int, language: Language, needs: Sequence[str]) -> str:
    """One row of the table."""
    start = time.perf_counter()
    index = Index.build(entries(count), language)
    built = time.perf_counter() - start
    asked = [(text, language.understand(text, NOW), language.words(text)) for text in needs]
    took = []
    for text, reading, words in asked:
        language.topics(text)
        start = time.perf_counter()
        index.suggest(
            text,
            words=words,
            category=reading.category,
            places=reading.slots.place,
            intent=reading.intent,
            today=TODAY,
            top=3,
        )
        took.append((time.perf_counter() - start) * 1e3)
    start = time.perf_counter()
    changed = [*entries(count)]
    changed[5] = msgspec.structs.replace(changed[5], title="打井洗井", detail="水浑水少都能治")
    prepared = time.perf_counter()
    index.renewed(changed)
    renewed = time.perf_counter() - prepared
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"| {count:,} | {percentile(took, 0.5):.2f} | {percentile(took, 0.99):.2f} | {max(took):.2f} | {built:.1f} "
        f"| {renewed:.2f} | {held:,} |"
    )


NOW = datetime.fromisoformat("2026-05-11T09:00:00+08:00")


def main(arguments: Sequence[str]) -> int:
    """Prints the table."""
    counts = [int(each) for each in arguments] or [3_000, 100_000]
    language = Language()
    needs = [
        json.loads(line)["text"]
        for folder in LISTS
        for line in (folder / "matches.jsonl").read_text("utf-8").splitlines()
        if line
    ]
    print(
        "| entries | p50 ms | p99 ms | worst ms | built in s | one entry changed: s | most memory MB |\n|---|---|---|---|---|---|---|"
    )
    for count in counts:
        print(measure(count, language, needs), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Messages at a fixed rate on a slow disk: whether anybody waits long, and what a busy evening looks like."""

from __future__ import annotations

import importlib.util
import sys

import msgspec

from benchmarks import driving
from benchmarks.loadgen import Result
from benchmarks.report import Table, median
from benchmarks.servers import PRODUCT, USUAL, Kind, NoCompiler, running, slow_disk

RATE = 300.0
DISK_US = 3_000
CONNECTIONS = 256


def measure(quick: bool) -> list[Table]:
    """The table; without a compiler it says what is missing and measures the real disk only."""
    seconds, rounds = (8, 2) if quick else (30, 3)
    remarks, slow = [], DISK_US
    try:
        slow_disk()
    except NoCompiler as reason:
        remarks.append(f"Skipped, the slow disk: {reason}.")
        slow = 0
    rows, figures = [], {}
    for disk in dict.fromkeys((slow, 0)):
        results = [_run(PRODUCT, disk, RATE, seconds) for _ in range(rounds if disk == slow else 1)]
        rows.append(_row(PRODUCT.name, disk, RATE, results))
        figures[f"{PRODUCT.name}, +{disk} us"] = msgspec.to_builtins(results)
        if disk == DISK_US:
            kept = all(each.p99_ms < 100 and not each.over_1s for each in results)
            remarks.append(
                f"p99 under 100 ms and nobody over a second, in every round: {'reached' if kept else 'MISSED'}."
            )
    if all(importlib.util.find_spec(name) for name in USUAL.needs):
        rate = 30.0 if quick else 60.0
        results = [_run(USUAL, slow, rate, seconds / 2)]
        rows.append(_row(USUAL.name, slow, rate, results))
        figures[USUAL.name] = msgspec.to_builtins(results)
        remarks.append(
            f"The usual build is asked {rate:g} a second, not {RATE:g}, which it could not answer."
        )
    return [
        Table(
            title=f"Open loop: {RATE:g} messages a second whether or not earlier ones were answered",
            head=[
                "server", "disk", "asked/s", "answered/s", "p50 ms", "p99 ms", "worst ms", "over 1 s", "not 200",
                "server CPU µs/message",
            ],
            rows=rows,
            remarks=[
                *remarks,
                f"{rounds} runs of {seconds} s each on the slow disk, one otherwise; medians, and the worst wait of all runs. Latency counts "
                "from when a message was due.",
            ],
            figures=figures,
        )
    ]  # fmt: skip


def _run(kind: Kind, disk_us: int, rate: float, seconds: float) -> Result:
    print(f"open loop: {kind.name}, fsync +{disk_us / 1000:g} ms, {rate:g}/s", file=sys.stderr, flush=True)
    count = int(rate * seconds)
    with running(kind, slow_disk_us=disk_us) as server:
        driving.warm_up(server, 1_000 if kind is PRODUCT else 100)
        return driving.Driver(server, driving.plan(count)).run(count, concurrency=CONNECTIONS, rate=rate)


def _row(name: str, disk_us: int, rate: float, results: list[Result]) -> list[str]:
    return [
        name,
        f"fsync +{disk_us / 1000:g} ms" if disk_us else "as it is",
        f"{rate:g}",
        f"{median([each.per_s for each in results]):.0f}",
        f"{median([each.p50_ms for each in results]):.1f}",
        f"{median([each.p99_ms for each in results]):.1f}",
        f"{max(each.max_ms for each in results):.0f}",
        str(sum(each.over_1s for each in results)),
        str(sum(each.not_200 for each in results)),
        f"{median([each.server_us for each in results]):.0f}",
    ]

"""The whole path of a message, side by side: all servers run, and take turns in being asked."""

from __future__ import annotations

import contextlib
import importlib.util
import sqlite3
import sys

import msgspec

from benchmarks import driving
from benchmarks.loadgen import Result
from benchmarks.report import Table, median, spread
from benchmarks.servers import ECHO, PRODUCT, USUAL, WEROBOT, Kind, Server, running

SENDERS = 64
AIMS = {USUAL.name: (10.0, 16.0), ECHO.name: (1.0, 1.2), WEROBOT.name: (40.0, 40.0)}
"""How many times its throughput ours has to be, and is meant to be."""


class Share(msgspec.Struct, frozen=True):
    """What one server gets in a round."""

    kind: Kind
    messages: int
    seconds: float
    warm: int
    rounds: int


def shares(quick: bool) -> list[Share]:
    """The servers, each with about as much time as the others."""
    size, rounds = (1, 3) if quick else (2, 5)
    return [
        Share(PRODUCT, 2_500 * size, 30, 1_000, rounds),
        Share(USUAL, 300 * size, 15, 300, rounds),
        Share(ECHO, 2_500 * size, 15, 300, rounds),
        # Its answers take so long that a round ends with the last of 64 senders giving up after 15 seconds.
        Share(WEROBOT, 40 * size, 3 * size, 10, 1 if quick else 2),
    ]


def measure(quick: bool) -> list[Table]:
    """The tables."""
    taking_part = []
    missing = []
    for share in shares(quick):
        absent = [name for name in share.kind.needs if importlib.util.find_spec(name) is None]
        if absent:
            missing.append(
                f"{share.kind.name} is left out: {', '.join(absent)} not installed (the extras bench and test)."
            )
        else:
            taking_part.append(share)
    rounds = max(share.rounds for share in taking_part)
    plan = driving.plan(max(share.messages for share in taking_part) * rounds)
    found: dict[str, list[Result]] = {share.kind.name: [] for share in taking_part}
    with contextlib.ExitStack() as stack:
        drivers = []
        for share in taking_part:
            server = stack.enter_context(running(share.kind))
            driving.warm_up(server, share.warm)
            drivers.append((share, driving.Driver(server, plan)))
        before = {share.kind.name: _rows(driver.server) for share, driver in drivers}
        for number in range(rounds):
            for share, driver in drivers:
                if number >= share.rounds:
                    continue
                _say(f"round {number + 1} of {rounds}: {share.kind.name}")
                result = driver.run(share.messages, concurrency=SENDERS, max_seconds=share.seconds)
                found[share.kind.name].append(result)
        stored = [
            _stored(driver.server, before[share.kind.name], found[share.kind.name])
            for share, driver in drivers
            if share.kind.stores
        ]
    speed = Table(
        title=f"Full pipeline: AES, durable commit, {SENDERS} senders at once, medians of {rounds} rounds (least–greatest)",
        head=[
            "server", "messages/s", "p50 ms", "p99 ms", "server CPU µs/message", "RSS MB", "not 200", "wrong",
            "ours against it, messages/s", "CPU",
        ],
        rows=[_row(name, results, found[PRODUCT.name]) for name, results in found.items()],
        remarks=[*_verdicts(found), *missing, _ROUNDS],
        figures={name: msgspec.to_builtins(results) for name, results in found.items()},
    )  # fmt: skip
    rows = Table(
        title="Rows written for each message",
        head=["server", *_TABLES],
        rows=stored,
        remarks=["The same mix; the usual build is asked fewer messages in the same time."],
    )
    return [speed, rows]


def _row(name: str, results: list[Result], ours: list[Result]) -> list[str]:
    return [
        name,
        spread(
            [each.per_s for each in results], ",.0f" if median([r.per_s for r in results]) > 20 else ".1f"
        ),
        f"{median([each.p50_ms for each in results]):,.0f}",
        f"{median([each.p99_ms for each in results]):,.0f}",
        spread([each.server_us for each in results]),
        f"{results[-1].rss_mb:.0f}",
        str(sum(each.not_200 for each in results)),
        str(sum(sum(each.wrong.values()) for each in results)),
        "1" if results is ours else f"**{_ratio(results, ours):.1f}×**",
        "1" if results is ours else f"{median([r.server_us for r in results]) / _cpu(ours):.1f}×",
    ]


def _ratio(theirs: list[Result], ours: list[Result]) -> float:
    """The median of the rounds' own ratios: neighbours on the machine hit both sides of a round alike."""
    return median([mine.per_s / it.per_s for mine, it in zip(ours, theirs, strict=False) if it.per_s])


def _cpu(results: list[Result]) -> float:
    return median([each.server_us for each in results]) or 1.0


def _verdicts(found: dict[str, list[Result]]) -> list[str]:
    said = []
    for name, (least, meant) in AIMS.items():
        if name in found:
            ratio = _ratio(found[name], found[PRODUCT.name])
            word = (
                "reached"
                if ratio >= meant
                else "over the least, under the aim"
                if ratio >= least
                else "MISSED"
            )
            said.append(f"{name}: {ratio:.2f}×; at least {least:g}×, aim {meant:g}×: {word}.")
    return said


_ROUNDS = "Ratios are medians of the rounds' own ratios. WeRoBot is asked in fewer rounds, and only answers within 15 s count."
_TABLES = ("received", "cases", "timeline", "suggestions", "outbox")


def _rows(server: Server) -> list[int]:
    if not server.kind.stores:
        return []
    with contextlib.closing(sqlite3.connect(server.database)) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _TABLES]


def _stored(server: Server, before: list[int], results: list[Result]) -> list[str]:
    sent = sum(each.sent for each in results)
    grown = [(after - then) / sent for then, after in zip(before, _rows(server), strict=True)]
    return [server.kind.name, *(f"{each:.2f}" for each in grown)]


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)

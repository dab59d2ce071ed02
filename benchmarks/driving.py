"""Sending messages to a server: the plan of what is said, and one run of the load generator in its own process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmarks import makers
from benchmarks.loadgen import Result
from benchmarks.servers import Server
from benchmarks.texts import conversation

TALKING = 1_000
"""Branches whose members write: their cards are in memory once one of them wrote."""


class Driver:
    """Sends a server the next part of the plan each time."""

    def __init__(self, server: Server, plan: Path) -> None:
        self.server, self.plan = server, plan
        self._at = 0

    def run(
        self, count: int, *, concurrency: int = 64, rate: float = 0.0, max_seconds: float = 120.0
    ) -> Result:
        """The next ``count`` messages."""
        first, self._at = self._at, self._at + count
        return send(
            self.server,
            self.plan,
            count,
            first=first,
            concurrency=concurrency,
            rate=rate,
            seconds=max_seconds,
        )


def send(
    server: Server,
    plan: Path,
    count: int,
    *,
    first: int = 0,
    concurrency: int = 64,
    rate: float = 0.0,
    seconds: float = 120.0,
) -> Result:
    """One run of the load generator."""
    command = [sys.executable, "-m", "benchmarks.loadgen", "--url", server.url, "--plan", str(plan)]
    command += ["--first", str(first), "--count", str(count), "--concurrency", str(concurrency)]
    command += ["--rate", str(rate), "--max-seconds", str(seconds), "--pid", str(server.process.pid)]
    if server.kind.echo:
        command.append("--echo")
    done = subprocess.run(command, cwd=makers.ROOT, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(f"the load generator failed: {done.stderr[-2000:]}")
    return msgspec.json.decode(done.stdout.encode(), type=Result)


def warm_up(server: Server, count: int) -> None:
    """One 帮助 from each of so many branches, so that caches are filled and every path was walked once."""
    plan = _write("warm", ((sender, "帮助") for sender in makers.first_of_branches(TALKING)))
    send(server, plan, min(count, TALKING), concurrency=16, seconds=20)


def plan(count: int) -> Path:
    """A conversation of so many messages as the load generator reads it."""
    said = conversation(count, makers.senders(TALKING))
    return _write(f"plan-{count}", ((each.sender, each.text) for each in said))


def _write(name: str, lines: Iterable[tuple[int, str]]) -> Path:
    makers.BUILD.mkdir(parents=True, exist_ok=True)
    path = makers.BUILD / f"{name}.tsv"
    path.write_text("".join(f"{sender}\t{text}\n" for sender, text in lines), encoding="utf-8")
    return path

"""What an import comes to: counted before anything is written, then written in one go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TextIO

from bot.commands.intake.row import Row

_EVERY: Final = 2_000
"""Rows between two words about how far it is."""
_NAMED: Final = 30
"""How many new and how many changed rows are named; more are only counted."""


class Progress:
    """Says how far a long import is: on one line of a terminal, else line by line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._open = False

    def __call__(self, doing: str, count: int) -> None:
        """``count`` rows are done."""
        if count % _EVERY == 0:
            tty = self._stream.isatty()
            self._stream.write(f"\r{doing} {count} 行" if tty else f"{doing} {count} 行\n")
            self._stream.flush()
            self._open = tty

    def done(self) -> None:
        """Whatever is said next begins on a line of its own."""
        if self._open:
            self._stream.write("\n")
            self._open = False


class Tally:
    """How many rows are new, changed, as before."""

    def __init__(self) -> None:
        self.new = self.updated = self.same = self.removed = 0
        self.named: list[str] = []
        """The first of the new and changed rows, to be shown."""
        self.notes: list[str] = []
        """What whoever imports should know although it is no fault."""
        self._named = {"新增": 0, "更新": 0}

    def add(self, row: Row, what: str) -> None:
        """The row is new."""
        self.new += 1
        self._name("新增", row, what)

    def change(self, row: Row, what: str) -> None:
        """The row changes what is on file."""
        self.updated += 1
        self._name("更新", row, what)

    def keep(self) -> None:
        """The row says what is on file already."""
        self.same += 1

    def remove(self, count: int) -> None:
        """So many things on file that the table leaves out go."""
        self.removed += count

    def _name(self, verb: str, row: Row, what: str) -> None:
        self._named[verb] += 1
        if self._named[verb] <= _NAMED:
            self.named.append(f"{verb} 第 {row.number} 行 {what}")

    @property
    def rows(self) -> int:
        """How many rows change anything."""
        return self.new + self.updated

    @property
    def changes(self) -> int:
        """How much changes on file."""
        return self.rows + self.removed

    def __str__(self) -> str:
        counted = f"新增 {self.new}，更新 {self.updated}，未变 {self.same}"
        return f"{counted}，去掉 {self.removed} 天" if self.removed else counted


class Plan:
    """What would be written, and the way to write it."""

    def __init__(self, tally: Tally, write: Callable[[Progress], None]) -> None:
        self.tally = tally
        self.write = write


def once_each(keyed: Iterable[tuple[Row, str, str]]) -> None:
    """Marks every row whose key stands in an earlier row too. Each item: row, key (empty: none), how to name it."""
    seen: dict[str, Row] = {}
    for row, key, name in keyed:
        if not key:
            continue
        first = seen.setdefault(key, row)
        if first is not row:
            row.fault(f"{name}与第 {first.number} 行重复")


def rings(parents: Mapping[str, str]) -> dict[str, list[str]]:
    """Every code whose line of parents comes back to itself, with the way round."""
    found: dict[str, list[str]] = {}
    settled: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        code = start
        while code and code not in settled and code not in path:
            path[code] = None
            code = parents.get(code, "")
        if code in path:
            ring = list(path)[list(path).index(code) :]
            for at, member in enumerate(ring):
                found[member] = [*ring[at:], *ring[:at], member]
        settled.update(path)
    return found

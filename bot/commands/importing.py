"""``import``: takes over a table as a whole, or says of every bad row what is wrong with it and writes nothing."""

from __future__ import annotations

import contextlib
import gc
import sys
import zlib
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.commands.intake import calendar, consortia, members, organisations, rotation, rules, supplies
from bot.commands.intake.plan import Plan, Progress, Tally
from bot.commands.intake.row import Row
from bot.commands.intake.sheet import SheetRefused, lines
from bot.kit.clock import real_clock
from models import revision, schema
from models.store import CONFLICTS, Store, Unit


class Kind(msgspec.Struct, frozen=True):
    """One kind of table."""

    label: str
    headers: tuple[str, ...]
    read: Callable[[Row], Any]
    plan: Callable[[Unit, list[Any], datetime], Plan]
    revision: str = ""
    """What other processes have to load anew, where the models do not say so themselves."""


KINDS: Final = {
    "organisations": Kind(
        "党组织", organisations.HEADERS, organisations.read, organisations.plan, revision.ROLL
    ),
    "members": Kind("党员", members.HEADERS, members.read, members.plan, revision.ROLL),
    "consortia": Kind("党建融合体", consortia.HEADERS, consortia.read, consortia.plan, revision.ROLL),
    "rotation": Kind("轮值", rotation.HEADERS, rotation.read, rotation.plan, revision.ROLL),
    "supplies": Kind("供需清单", supplies.HEADERS, supplies.read, supplies.plan, revision.SUPPLIES),
    "rules": Kind("关键词规则", rules.HEADERS, rules.read, rules.plan, revision.RULES),
    "calendar": Kind("工作日历", calendar.HEADERS, calendar.read, calendar.plan),
}
"""In the order in which they build on each other."""
_WORLD: Final = tuple(kind for kind in KINDS if kind != "calendar")
"""What the sample world consists of; the calendar comes with the product."""


_BEFORE_KINDS: Final = "种类和列名（一个不多、一个不少，先后随意）："
_AFTER_KINDS: Final = """
前四种一种靠着一种，照这个次序导；别的随时可以导。有一行不对，整份表都不写入。
退出码：0 完成；1 表格有问题，什么都没有写入；2 用法或设置不对，或数据库要先 migrate。"""


class RowsRefused(Exception):
    """Rows are bad; nothing was written."""

    def __init__(self, name: str, bad: list[Row], notes: list[str]) -> None:
        """``name``: of the file."""
        super().__init__(name, len(bad))
        self.name, self.bad, self.notes = name, bad, notes

    def __str__(self) -> str:
        listed = [f"第 {row.number} 行：{'；'.join(row.faults)}" for row in self.bad]
        noted = [f"注意：{note}" for note in self.notes]
        return "\n".join(
            [
                *listed,
                *noted,
                f"{self.name}：{len(self.bad)} 行有问题，什么都没有写入。改好以后请把整份表重新导入。",
            ]
        )


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand behind ``import``, and what each kind of table has to look like."""
    parser.formatter_class = RawDescriptionHelpFormatter
    kinds = "\n".join(f"  {name:14} {kind.label}：{'、'.join(kind.headers)}" for name, kind in KINDS.items())
    parser.epilog = f"{_BEFORE_KINDS}\n{kinds}\n{_AFTER_KINDS}"
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help="表格的种类，见下面")
    parser.add_argument("file", type=Path, metavar="FILE", help=".xlsx 或 .csv，怎么填见 docs/导入表格.md")
    parser.add_argument("--dry-run", action="store_true", help="只检查、只报数，什么都不写入")


def run(args: Namespace, store: Store) -> int:
    """Imports one file; the exit code."""
    if schema.current(store) != schema.HEAD:
        print("数据库还不是这一版的结构，请先运行 python -m bot migrate。", file=sys.stderr)
        return 2
    progress = Progress()
    try:
        tally = take_over(store, args.kind, args.file, real_clock(), dry_run=args.dry_run, progress=progress)
    except (SheetRefused, RowsRefused) as refused:
        progress.done()
        print(refused, file=sys.stderr)
        return 1
    except CONFLICTS:
        progress.done()
        print("写入时数据库正被别处改动，什么都没有写入，请再导入一次。", file=sys.stderr)
        return 1
    progress.done()
    for note in tally.notes:
        print(f"注意：{note}", file=sys.stderr)
    if args.dry_run:
        for line in tally.named:
            print(line)
        if tally.rows > len(tally.named):
            print(f"……只列出前面的，一共 {tally.rows} 条有变化。")
        print(f"试导入，什么都没有写入：将{tally}")
    else:
        print(tally)
    return 0


def take_over(
    store: Store, kind: str, path: Path, now: datetime, *, dry_run: bool, progress: Progress
) -> Tally:
    """Reads, checks and, unless it is a dry run, writes one file in one transaction.

    Raises:
        SheetRefused: not such a table.
        RowsRefused: bad rows.
    """
    with _unsearched():
        table = _read(kind, path, progress)
        with store.reading() if dry_run else store.unit() as unit:
            plan = _plan(unit, kind, table, now)
            if not dry_run:
                _write(unit, kind, plan, progress)
    if not dry_run:
        store.directory.forget()
    return plan.tally


def load_world(store: Store, folder: Path, now: datetime) -> None:
    """Imports the sample world of a folder, all of it in one transaction, or nothing if it is as loaded before.

    What somebody changed in the sample world since stays as long as its files are the same.

    Raises:
        SheetRefused: one of the files is no such table.
        RowsRefused: bad rows.
    """
    paths = {kind: folder / f"{kind}.csv" for kind in _WORLD}
    seal = 0
    for path in paths.values():
        seal = zlib.crc32(path.read_bytes(), seal)
    seal &= 0x7FFFFFFF  # an integer column holds 31 bits
    with store.unit() as unit:
        if unit.revisions.all().get("world") == seal:
            return
        load_tables(unit, folder, now)
        unit.revisions.note("world", seal)
    store.directory.forget()


def load_tables(unit: Unit, folder: Path, now: datetime, kinds: Sequence[str] = _WORLD) -> None:
    """Imports the tables of a folder that came with the product; whoever opened the unit has the directory forget.

    Raises:
        SheetRefused: one of the files is no such table.
        RowsRefused: bad rows.
    """
    progress = Progress()
    for kind in kinds:
        table = _read(kind, folder / f"{kind}.csv", progress)
        _write(unit, kind, _plan(unit, kind, table, now), progress)


@contextlib.contextmanager
def _unsearched() -> Iterator[None]:
    """Keeps the garbage collector from searching a table again and again while it grows.

    More than a quarter of an import's time went there, for nothing: what a row leads to never leads back to it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Table(msgspec.Struct, frozen=True):
    """A file as far as it can be read without a database."""

    name: str
    rows: list[Row]
    entries: list[Any]
    notes: list[str]


def _read(kind: str, path: Path, progress: Progress) -> _Table:
    """Everything that can be said of the rows without a database, before its transaction begins."""
    table = _Table(path.name, [], [], [])
    for line in lines(path, KINDS[kind].headers, table.notes):
        row = Row(line)
        table.rows.append(row)
        table.entries.append(KINDS[kind].read(row))
        progress("已读", len(table.rows))
    return table


def _plan(unit: Unit, kind: str, table: _Table, now: datetime) -> Plan:
    plan = KINDS[kind].plan(unit, table.entries, now)
    doubts = [f"第 {row.number} 行：{doubt}" for row in table.rows for doubt in row.doubts]
    plan.tally.notes[:0] = table.notes + doubts
    if bad := [row for row in table.rows if row.faults]:
        raise RowsRefused(table.name, bad, plan.tally.notes)
    return plan


def _write(unit: Unit, kind: str, plan: Plan, progress: Progress) -> None:
    if not plan.tally.changes:
        return
    plan.write(progress)
    unit.session.flush()
    if name := KINDS[kind].revision:
        unit.revisions.bump(name)

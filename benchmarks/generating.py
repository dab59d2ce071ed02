"""Letters to the whole city ten times over, written out by a server that answers messages meanwhile."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from benchmarks import driving, makers
from benchmarks.account import DATA_KEY
from benchmarks.exporting import create_database, postgresql
from benchmarks.loadgen import Result
from benchmarks.report import Table
from benchmarks.servers import PRODUCT, running
from models.audience import Audience
from models.circular import Circular
from models.outbox import OutboxRow
from models.store import Store
from models.vault import Vault

RATE = 200.0
CIRCULARS = 10
"""To all of the 80,000 members each."""
WITHIN_S, WITHIN_MS = 20.0, 100.0
PATIENCE_S = 120.0
CONNECTIONS = 256


class Measured(msgspec.Struct):
    """One run."""

    letters: int
    seconds: float
    """From the announcement to the last letter."""
    messages: Result
    """What members' messages met with while letters were written."""


def measure(quick: bool) -> list[Table]:
    """The table: on SQLite, and on PostgreSQL where the test packages are installed."""
    seconds = 5.0 if quick else 10.0
    rows, figures, remarks = [], {}, []
    with (
        tempfile.TemporaryDirectory(prefix="gen", ignore_cleanup_errors=True) as name,
        postgresql(Path(name)) as server,
    ):
        for database in ("SQLite", "PostgreSQL"):
            if database == "PostgreSQL" and server is None:
                remarks.append("Skipped, PostgreSQL: there is no embedded server here.")
                continue
            url = "" if database == "SQLite" else _city(str(server))
            for circulars in (0, CIRCULARS):
                print(f"generating: {database}, {circulars} circulars", file=sys.stderr, flush=True)
                done = _run(url, circulars, seconds)
                rows.append(_row(database, done))
                figures[f"{database}, {circulars}"] = msgspec.to_builtins(done)
            kept = done.seconds <= WITHIN_S and done.messages.p99_ms <= WITHIN_MS
            remarks.append(
                f"{database}: {done.letters:,} letters within {WITHIN_S:g} s, messages with p99 within "
                f"{WITHIN_MS:g} ms meanwhile: {'reached' if kept else 'MISSED'}."
            )
    remarks.append(
        f"Messages for {seconds:g} s at {RATE:g} a second, open loop: latency counts from when a message was due. "
        "Letters in pages through the server's own writer, each page a transaction."
    )
    head = ["database", "letters", "s", "letters/s", "messages", "p50 ms", "p99 ms", "worst ms", "not 200"]
    return [Table(title="Letters to the whole city while members write", head=head, rows=rows, remarks=remarks,
                  figures=figures)]  # fmt: skip


def _city(server: str) -> str:
    """A database with the city in it on that server; gives its address."""
    url = create_database(server, "city")
    store = Store(url, Vault(DATA_KEY))
    makers.fill(store)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    store.close()
    return url


def _run(url: str, circulars: int, seconds: float) -> Measured:
    count = int(RATE * seconds)
    settings = {"BOT_NOTICES__TICK_S": "0.2"} | ({"BOT_DATABASE__URL": url} if url else {})
    with running(PRODUCT, set_to=settings) as server:
        driving.warm_up(server, 1_000)
        driver = driving.Driver(server, driving.plan(count))
        found: list[Result] = []
        load = threading.Thread(
            target=lambda: found.append(driver.run(count, concurrency=CONNECTIONS, rate=RATE))
        )
        store = Store(url or f"sqlite:///{server.database}", Vault(DATA_KEY))
        load.start()
        began = _announce(store, circulars)
        letters = _await(store, circulars)
        took = time.perf_counter() - began
        load.join()
        store.close()
    if not found:
        raise RuntimeError("the load generator failed")
    return Measured(letters=letters, seconds=took, messages=found[0])


def _announce(store: Store, circulars: int) -> float:
    """Announces; gives the moment."""
    now = datetime.now(UTC)
    with store.unit() as unit:
        everybody = Audience("organisation", unit.organisations.heads())
        for number in range(circulars):
            unit.circulars.announce(
                key=f"bench:{now.timestamp()}:{number}", kind="campaign", text="有什么难处，回一句话就行。" * 4,
                fields={"title": "征集"}, audience=everybody, now=now,
            )  # fmt: skip
    return time.perf_counter()


def _await(store: Store, circulars: int) -> int:
    """Waits until every letter is written; gives how many there are."""
    until = time.monotonic() + PATIENCE_S
    wanted = circulars * makers.MEMBERS
    while time.monotonic() < until:
        with store.reading() as unit:
            left = unit.session.scalar(
                select(func.count()).select_from(Circular).where(Circular.done_at.is_(None))
            )
        if not left:
            with store.reading() as unit:
                written = unit.session.scalar(select(func.count()).where(OutboxRow.circular_id.is_not(None)))
            if written != wanted:
                raise RuntimeError(f"{written:,} letters instead of {wanted:,}")
            return wanted
        time.sleep(0.1)
    raise RuntimeError(f"not done after {PATIENCE_S:g} s")


def _row(database: str, done: Measured) -> list[str]:
    messages = done.messages
    return [
        database,
        f"{done.letters:,}",
        f"{done.seconds:.1f}" if done.letters else "–",
        f"{done.letters / done.seconds:,.0f}" if done.letters else "–",
        str(messages.sent),
        f"{messages.p50_ms:.1f}",
        f"{messages.p99_ms:.1f}",
        f"{messages.max_ms:.0f}",
        str(messages.not_200),
    ]

"""Letters to very many whose writing is cut short, or done by several at once: everybody is told, and once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.audience import Audience
from models.circular import Circular
from models.member import Member
from models.outbox import OutboxRow
from models.store import Store, Unit
from models.vault import Vault
from tests.conftest import KEY

from .test_circulars import announce, told, write_out
from .town import Town, build

ROOT = Path(__file__).parents[2]


@contextmanager
def dying(store: Store) -> Iterator[Unit]:
    """A unit of work whose process ends before it commits."""
    with store.session() as session:
        try:
            yield store.unit_in(session)
        finally:
            session.rollback()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=12))
def test_whatever_ends_it_and_whenever_everybody_is_told_once(
    sqlite_store: Store, now: datetime, steps: list[tuple[bool, int]]
) -> None:
    with sqlite_store.unit() as unit:
        first = not unit.consortia.all()
    if first:
        build(sqlite_store, now)
    with sqlite_store.unit() as unit:
        unit.session.query(OutboxRow).delete()
        unit.session.query(Circular).delete()
    announce(sqlite_store, now, Audience("consortium", (1,)))
    announce(sqlite_store, now, Audience("consortium", (1,)), key="another")
    for dies, limit in steps:
        with dying(sqlite_store) if dies else sqlite_store.unit() as unit:
            unit.circulars.generate(now, limit)
    write_out(sqlite_store, now, 3)
    assert len(told(sqlite_store)) == 14
    assert len(set(told(sqlite_store))) == 7


@pytest.mark.postgres
def test_two_processes_share_the_work(postgresql_url: str, now: datetime) -> None:
    stores = Store(postgresql_url, Vault(KEY)), Store(postgresql_url, Vault(KEY))
    town = build(stores[0], now)
    for number in range(6):
        announce(stores[0], now, Audience("consortium", (town.consortium,)), key=f"news:{number}")
    failures: list[Exception] = []

    def work(store: Store) -> None:
        try:
            while True:
                with store.reading() as unit:
                    if not unit.circulars.due(now):
                        return
                with store.unit() as unit:
                    unit.circulars.generate(now, 1)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(store,)) for store in (*stores, *stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(told(stores[0])) == 42
    for store in stores:
        store.close()


@pytest.mark.postgres
def test_while_one_writes_a_page_another_takes_the_next_circular(
    postgresql_store: Store, now: datetime
) -> None:
    town = build(postgresql_store, now)
    for key in ("one", "two"):
        announce(postgresql_store, now, Audience("consortium", (town.consortium,)), key=key)
    with postgresql_store.unit() as one, postgresql_store.unit() as other, postgresql_store.unit() as third:
        assert one.circulars.generate(now, 3) == 3
        assert other.circulars.generate(now, 3) == 3  # does not wait
        assert third.circulars.generate(now, 3) == 0
    with postgresql_store.reading() as unit:
        keys = [key.partition(":")[0] for key in unit.session.scalars(select(OutboxRow.dedup_key))]
    assert sorted(keys) == ["one"] * 3 + ["two"] * 3


GENERATING = """
import sys
from datetime import datetime
from models.store import Store
from models.vault import Vault

url, key, moment = sys.argv[1:]
store, now = Store(url, Vault(key)), datetime.fromisoformat(moment)
while True:
    with store.unit() as unit:
        if not unit.circulars.generate(now, 5):
            break
    print("a page", flush=True)
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_nobody_and_tells_nobody_twice(
    sqlite_store: Store, sqlite_url: str, now: datetime
) -> None:
    town = build(sqlite_store, now)
    crowd(sqlite_store, town, 2_000, now)
    announce(sqlite_store, now, Audience("consortium", (town.consortium,)))
    left = []
    for _ in range(3):
        command = [sys.executable, "-c", GENERATING, sqlite_url, KEY, now.isoformat()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            for _ in range(40):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        with sqlite_store.reading() as unit:
            left.append(unit.session.scalars(select(Circular.cursor)).one())
        assert told(sqlite_store) == sorted(set(told(sqlite_store)))
    assert left == sorted(left)
    assert 0 < left[0] < left[-1] < 2_009, "it was not killed in the middle"
    write_out(sqlite_store, now, 500)
    assert len(told(sqlite_store)) == 2_007
    assert len(set(told(sqlite_store))) == 2_007


def crowd(store: Store, town: Town, count: int, now: datetime) -> None:
    """So many members more in the village."""
    with store.unit() as unit:
        unit.members.add_all(
            [
                Member.enrol(
                    name="王秀兰",
                    phone=str(13_900_000_000 + number),
                    organisation_id=town.organisations["village"],
                    vault=unit.vault,
                    now=now,
                )
                for number in range(count)
            ]
        )

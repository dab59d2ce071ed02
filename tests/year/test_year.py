"""A year of sixty consortia: everybody who has to be told is told, or is on the list of those who are called."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from models.moment import SHANGHAI
from models.store import Store
from models.vault import Vault
from models.workday import Calendar, shipped
from tests.conftest import KEY
from tests.year import oracle as oracles
from tests.year.driver import Driver, at_work, free_port
from tests.year.life import Life
from tests.year.moment import SharedClock
from tests.year.oracle import Oracle
from tests.year.platform import Platform
from tests.year.region import build

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

FIRST, LAST = date(2025, 12, 1), date(2026, 12, 31)
CONSORTIA = int(os.environ.get("YEAR_CONSORTIA", "60"))
DAYS = int(os.environ.get("YEAR_DAYS", "396"))
KILLS = 10
QUOTA = 20_000


def test_a_year(postgresql_url: str, tmp_path: Path) -> None:
    store = Store(postgresql_url, Vault(KEY))
    began = datetime.combine(FIRST, datetime.min.time(), SHANGHAI) + timedelta(hours=9)
    region = build(store, CONSORTIA, began)
    clock = SharedClock(tmp_path / "clock", began)
    platform = Platform(clock)
    driver = Driver(store, postgresql_url, tmp_path, clock, platform, free_port(), QUOTA)
    calendar = Calendar({entry.day: entry.worked for entry in shipped()})
    oracle = Oracle(store, region, platform, calendar)
    life = Life(driver, region, oracle)
    last = min(LAST, FIRST + timedelta(days=DAYS))
    kills = set(driver.random.sample(range(3, (last - FIRST).days), KILLS))

    async def go() -> None:
        async with at_work(driver):
            life.settle_rotas()
            oracle.look(clock())
            await driver.go_to(began + timedelta(hours=9))
            day = FIRST + timedelta(days=1)
            while day <= last:
                driver.kill_soon = driver.kill_soon or (day - FIRST).days in kills
                # A quarter of the days the platform allows hardly anything.
                platform.quota = 150 if day.day in (8, 9) else QUOTA
                await life.day(day)
                day += timedelta(days=1)
            await driver.go_to(clock() + timedelta(days=1))

    asyncio.run(go())
    ended = clock()
    rows = oracles.ledger(store)
    print(oracles.by_state(rows), life.done, platform.outcomes, "arrived", len(platform.arrived))
    print(
        "kills",
        driver.kills,
        "steps",
        driver.steps,
        "settling",
        driver.settling_s,
        "patience",
        driver.patience,
    )
    _judge(oracle, platform, rows, began, ended)
    store.close()


def _judge(
    oracle: Oracle, platform: Platform, rows: list[oracles.Row], began: datetime, ended: datetime
) -> None:
    letters = defaultdict(list)
    for row in rows:
        if row.subject == "term" and row.member_id is not None:
            letters[row.subject_id, row.rung, row.member_id].append(row)
    expected = oracle.expected(began, ended - timedelta(days=2))
    lost = [each for each in expected if not letters[each.turn.id, each.rung, each.member_id]]
    print("expected", len(expected), "lost", len(lost))
    for each in lost[:10]:
        print("  ", each)
    ends = oracles.by_state(rows)
    print("dead", ends["dead"], [row for row in rows if row.state == "dead"][:5])
    again = oracles.repeated(platform.arrived)
    print("repeated", len(again), again[:5])
    by_id = {f"sqs{row.id}": row for row in rows}
    night = [
        each
        for each in platform.arrived
        if oracles.at_night(each.at)
        and (by_id.get(each.client_msg_id) is None or by_id[each.client_msg_id].priority > 0)
    ]
    print("at night", len(night), night[:5])
    assert not lost

"""A year of sixty consortia: everybody who has to be told is told, or is on the list of those who are called."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.servers import free_port
from models.moment import SHANGHAI
from models.store import Store
from models.vault import Vault
from models.workday import Calendar, shipped
from tests.conftest import KEY
from tests.year import oracle as oracles
from tests.year.driver import Driver, at_work
from tests.year.judging import Verdict, judge
from tests.year.life import Life
from tests.year.moment import SharedClock
from tests.year.oracle import Oracle
from tests.year.platform import Platform
from tests.year.region import build

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

FIRST, LAST = date(2025, 12, 1), date(2026, 12, 31)
CONSORTIA = int(os.environ.get("YEAR_CONSORTIA", "6"))
DAYS = int(os.environ.get("YEAR_DAYS", "45"))
"""``make year`` plays sixty and thirteen months."""
MINUTES = float(os.environ.get("YEAR_MINUTES", "600"))
"""After so long the year ends early, and what was played of it is judged."""
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
    kills_wanted = min(KILLS, max(2, DAYS // 10))
    kills = set(driver.random.sample(range(3, max(40, (last - FIRST).days // 3)), kills_wanted))

    async def go() -> None:
        async with at_work(driver):
            life.settle_rotas()
            oracle.look(clock())
            await driver.go_to(began + timedelta(hours=9))
            day, end = FIRST + timedelta(days=1), time.monotonic() + MINUTES * 60
            while day <= last and time.monotonic() < end:
                driver.kills_owed += (day - FIRST).days in kills
                # On two days of each month the platform allows hardly anything.
                platform.quota = 150 if day.day in (8, 9) else QUOTA
                await life.day(day)
                day += timedelta(days=1)
            await driver.go_to(clock() + timedelta(days=1))

    asyncio.run(go())
    verdict = judge(oracle, platform, oracles.ledger(store), began, clock())
    store.close()
    print(_report(verdict, life, driver, (clock() - began).days))  # noqa: T201 - for whoever runs a year by hand
    assert not verdict.faults, "\n".join([f"{len(verdict.faults)} faults", *verdict.faults[:20]])
    played = (clock() - began).days
    assert verdict.expected > CONSORTIA * played / 10
    assert len(verdict.repeated) <= verdict.arrived / 10_000, verdict.repeated[:20]
    assert driver.kills >= min(2, kills_wanted)


def _report(verdict: Verdict, life: Life, driver: Driver, days: int) -> str:
    """The year's figures."""
    return "\n".join(
        (
            f"{CONSORTIA} consortia, {days} days, {driver.kills} kills",
            f"notices of turns that were due {verdict.expected}: reached {verdict.reached}, to be phoned or said at the"
            f" next contact {verdict.to_call}, needless by then {verdict.needless}",
            f"letters {dict(verdict.letters)}; on phones {verdict.arrived}, twice {len(verdict.repeated)}",
            f"platform {dict(driver.platform.outcomes)}",
            *(f"  {count} {why}" for why, count in verdict.reasons.most_common(25)),
            f"people {life.done}",
            f"{driver.steps} steps, {driver.settling_s:.0f} s of waiting",
        )
    )

"""What the clock does by itself: clocks begin, officers hear once, and a failure stops nothing else."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.kit.clock import MovableClock
from models.appeal import AppealKind, AppealMade
from models.store import Store, Unit
from models.vault import Vault
from tests.conftest import KEY

from .scene import START, at_work, rows, settle

LATER = timedelta(days=2)
"""Wednesday: what was to be accepted by Tuesday evening is over."""


def test_a_case_that_nobody_accepts_is_urged_at_its_time(store: Store) -> None:
    settle(store)

    async def go() -> list[str]:
        async with at_work(store) as scene:
            await scene.say("报水渠堵了")
            await scene.rounds.all_now()
            assert [tuple(row) for row in rows(store, "SELECT kind, rung FROM clocks")] == [("accept", 2)]
            scene.pushed.clear()
            scene.clock.move(LATER)
            await scene.rounds.all_now()
            await scene.rounds.all_now()
            return [f"{letter.openid} {letter.text.splitlines()[0]}" for letter in scene.pushed]

    assert asyncio.run(go()) == ["oLi 【催办】编号 1“报水渠堵了”"]


def test_what_a_chore_tells_is_posted_and_rings_for_the_postman(store: Store) -> None:
    settle(store)

    def chore(unit: Unit, now: datetime) -> int:
        unit.tell(
            AppealMade(
                appeal=1,
                kind=AppealKind.SUGGESTION,
                text="路太窄",
                member_id=1,
                name="张建国",
                organisation="东沟村党支部",
                to_organisation_id=1,
            )
        )
        return 7

    async def go() -> tuple[int, bool]:
        async with at_work(store) as scene:
            return await scene.engine.unasked(chore), scene.engine.letters_waiting.is_set()

    assert asyncio.run(go()) == (7, True)
    assert rows(store, "SELECT kind FROM outbox") == [("appeal_suggestion",)]


def test_a_chore_that_fails_changes_nothing_and_the_next_one_works(store: Store) -> None:
    settle(store)

    def broken(unit: Unit, now: datetime) -> int:
        unit.revisions.bump("broken")
        raise LookupError

    async def go() -> int:
        async with at_work(store) as scene:
            with pytest.raises(LookupError):
                await scene.engine.unasked(broken)
            return await scene.engine.unasked(lambda unit, now: 1)

    assert asyncio.run(go()) == 1
    assert rows(store, "SELECT name FROM revisions WHERE name = 'broken'") == []


@pytest.mark.postgres
def test_two_processes_tell_once(postgresql_url: str) -> None:
    stores = Store(postgresql_url, Vault(KEY)), Store(postgresql_url, Vault(KEY))
    settle(stores[0])

    async def go() -> list[str]:
        clock = MovableClock(START)
        async with at_work(stores[0], clock=clock) as one, at_work(stores[1], clock=clock) as other:
            for number in range(12):
                await one.say(f"报第{number}件事")
            await asyncio.gather(one.rounds.all_now(), other.rounds.all_now())
            one.pushed.clear()
            other.pushed.clear()
            clock.move(LATER)
            await asyncio.gather(one.rounds.watch_clocks(), other.rounds.watch_clocks())
            await asyncio.gather(one.rounds.deliver(), other.rounds.deliver())
            return [letter.text for letter in one.pushed + other.pushed]

    texts = asyncio.run(go())
    assert len(texts) == len(set(texts)) == 12
    assert all(text.startswith("【催办】") for text in texts)
    assert len(rows(stores[0], "SELECT id FROM clocks")) == 12
    for store in stores:
        store.close()

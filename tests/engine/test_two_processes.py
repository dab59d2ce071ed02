"""Two processes on one PostgreSQL: whoever is faster answers, and both say the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.store import Store
from models.vault import Vault
from tests.conftest import KEY

from .scene import at_work, rows, settle

pytestmark = pytest.mark.postgres


@pytest.fixture
def two(postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    """Two stores on one database, as two processes have them."""
    stores = Store(postgresql_url, Vault(KEY)), Store(postgresql_url, Vault(KEY))
    settle(stores[0])
    yield stores
    for store in stores:
        store.close()


def test_one_push_that_reaches_both_at_once_is_one_case_and_one_answer(two: tuple[Store, Store]) -> None:
    async def go() -> list[tuple[str | None, str | None]]:
        async with at_work(two[0]) as one, at_work(two[1]) as other:
            return [
                tuple(  # type: ignore[misc]
                    await asyncio.gather(
                        one.say(f"报第{n}件事", key=f"m:{n}"), other.say(f"报第{n}件事", key=f"m:{n}")
                    )
                )
                for n in range(25)
            ]

    pairs = asyncio.run(go())
    assert all(one == other and "收到了" in (one or "") for one, other in pairs)
    assert len({one for one, _ in pairs}) == 25
    assert len(rows(two[0], "SELECT number FROM cases")) == 25
    assert len(rows(two[0], "SELECT key FROM received")) == 25
    assert {row[0] for row in rows(two[0], "SELECT fault FROM received")} == {""}


def test_many_pushes_that_reach_both_in_any_order_are_answered_once_each(two: tuple[Store, Store]) -> None:
    people = ("oZhang", "oLi", "oWang", "oBao")

    async def go() -> dict[str, set[str | None]]:
        async with at_work(two[0], threads=3) as one, at_work(two[1], threads=3) as other:
            said = [(f"{sender}:{n}", sender, f"报{sender}第{n}件事") for n in range(12) for sender in people]
            jobs = [
                (key, asyncio.ensure_future(scene.say(words, sender, key)))
                for scene, order in ((one, said), (other, said[::-1]))
                for key, sender, words in order
            ]
            heard: dict[str, set[str | None]] = {}
            for key, job in jobs:
                heard.setdefault(key, set()).add(await job)
            return heard

    heard = asyncio.run(go())
    assert all(len(replies) == 1 for replies in heard.values())
    assert len(rows(two[0], "SELECT number FROM cases")) == 48
    assert len(rows(two[0], "SELECT dedup_key FROM outbox WHERE kind = 'late_reply'")) == 0


def test_what_one_began_the_other_goes_on_with(two: tuple[Store, Store]) -> None:
    async def go() -> list[str | None]:
        async with at_work(two[0]) as one, at_work(two[1]) as other:
            return [
                await one.say("报需求", key="m:1"),
                await other.say("报三万斤土豆卖不动", key="m:2"),
                await one.say("我的", key="m:3"),
                await other.say("撤回 1", key="m:4"),
                await one.say("1", key="m:5"),
            ]

    replies = [reply or "" for reply in asyncio.run(go())]
    assert "编号 1" in replies[1]
    assert "编号 1" in replies[2]
    assert "撤回了" in replies[4]


def test_a_letter_is_delivered_by_one_of_them(two: tuple[Store, Store]) -> None:
    async def go() -> list[str]:
        async with at_work(two[0]) as one, at_work(two[1]) as other:
            await asyncio.gather(*(one.say(f"报第{n}件事", key=f"m:{n}") for n in range(20)))
            await asyncio.gather(one.rounds.deliver(), other.rounds.deliver())
            return [letter.client_msg_id for letter in one.pushed + other.pushed]

    delivered = asyncio.run(go())
    assert len(delivered) == len(set(delivered)) == 20


def test_a_draft_is_submitted_by_one_of_them(two: tuple[Store, Store]) -> None:
    async def go() -> int:
        async with at_work(two[0]) as one, at_work(two[1]) as other:
            await one.say("报个什么事儿呢")
            one.clock.move(timedelta(minutes=11))
            other.clock.move(timedelta(minutes=11))
            await asyncio.gather(one.rounds.submit_drafts(), other.rounds.submit_drafts())
            await asyncio.gather(one.rounds.deliver(), other.rounds.deliver())
            return sum(letter.kind == "late_reply" for letter in one.pushed + other.pushed)

    assert asyncio.run(go()) == 1
    assert rows(two[0], "SELECT state FROM cases") == [("submitted",)]

"""The rounds watch themselves: what was done is written down, what fails counts as not done, and somebody is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
import structlog

from bot.kit.clock import MovableClock
from bot.work.round import Round
from models.organisation import Organisation, Post, PostKind
from models.outbox import Priority
from models.store import Store
from models.vault import Vault
from tests.conftest import KEY

from .scene import START, at_work, rows, settle

OFFICER = 2
"""The member who is the eastern branch's liaison officer."""


def under_a_head(store: Store) -> None:
    """Both branches get a committee above them, for which the eastern officer acts too."""
    settle(store)
    with store.unit() as unit:
        head = unit.organisations.add(
            Organisation.found(
                code="H", name="县委组织部", kind="党委", region="林西县", parent_id=None, now=START
            )
        )
        for branch in unit.organisations.all():
            if branch.id != head.id:
                branch.rename(name=branch.name, kind=branch.kind, region=branch.region, parent_id=head.id)
        unit.organisations.appoint(
            Post.appoint(
                member_id=OFFICER, organisation_id=head.id, kind=PostKind.LIAISON, since=START.date()
            )
        )


def test_a_round_that_fails_has_not_been_done_and_one_that_gets_on_is_not_silent() -> None:
    seconds, broken = [0.0], [True]

    async def job() -> None:
        if broken[0]:
            raise OSError("no")

    async def go() -> list[tuple[float, bool, bool]]:
        own = Round("job", job, 30.0, clock=lambda: START, monotonic=lambda: seconds[0])
        seen = []

        def note() -> None:
            beat = own.beat()
            seen.append((beat.silent_s, beat.completed_at is not None, beat.overdue))

        await own.once()
        seconds[0] = 210.0
        note()
        seconds[0] = 211.0
        note()
        own.goes_on()
        note()
        broken[0] = False
        await own.once()
        seconds[0] += 1.0
        note()
        return seen

    with structlog.testing.capture_logs() as entries:
        seen = asyncio.run(go())
    assert seen == [(210.0, False, False), (211.0, False, True), (0.0, False, False), (1.0, True, False)]
    assert [entry["job"] for entry in entries if entry["event"] == "round_failed"] == ["job"]


def test_each_job_leaves_word_in_the_database_and_a_bell_wakes_it(store: Store) -> None:
    settle(store)

    async def go() -> tuple[set[str], list[str]]:
        async with at_work(store) as scene:
            scene.rounds.start()
            await asyncio.sleep(0.5)
            await scene.rounds.beat()
            beats = scene.rounds.beats()
            assert not any(beat.overdue for beat in beats)
            done = [beat.job for beat in beats if beat.completed_at is not None]
            await scene.rounds.stop()
            return {beat.job for beat in beats}, done

    jobs, done = asyncio.run(go())
    assert jobs == {"look", "drafts", "clocks", "deliver", "audit", "beat"}
    assert set(done) == jobs - {"audit"}, "the audit waits until the others had their turn"
    written = rows(store, "SELECT job, silent_s FROM heartbeats WHERE completed_at IS NOT NULL")
    assert {job for job, _ in written} == jobs - {"audit"}
    assert len({process for (process,) in rows(store, "SELECT process FROM heartbeats")}) == 1


def test_what_lies_about_is_told_once_a_day_to_the_head_and_logged_each_time(store: Store) -> None:
    under_a_head(store)

    async def go() -> list[list[str]]:
        async with at_work(store) as scene:
            # Another process took it and never came back.
            with store.unit() as unit:
                unit.outbox.post(key="k", kind="x", text="t", fields={}, now=START, openid="oNobody")
            with store.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE outbox SET lease_until = '2030-01-01 00:00:00'")
            heard = []
            for hours in (1, 1, 24):
                scene.clock.move(timedelta(hours=hours))
                await scene.rounds.all_now()
                heard.append([letter.text for letter in scene.pushed if letter.kind == "alarm"])
                scene.pushed.clear()
            return heard

    with structlog.testing.capture_logs() as entries:
        heard = asyncio.run(go())
    text = "公众号自查，有地方要看一看：\n1 条消息到时间没发出去。\n请告诉管系统的同志，运行 doctor 看详细。"
    assert heard == [[text], [], [text]]
    alarms = [(entry["cause"], entry["count"]) for entry in entries if entry["event"] == "alarm"]
    assert alarms == [("late", 1)] * 3


@pytest.mark.postgres
def test_two_processes_raise_one_alarm(postgresql_url: str) -> None:
    stores = Store(postgresql_url, Vault(KEY)), Store(postgresql_url, Vault(KEY))
    under_a_head(stores[0])
    with stores[0].unit() as unit:
        unit.outbox.post(
            key="k", kind="x", text="t", fields={}, now=START - timedelta(hours=1), openid="oNobody"
        )

    async def go() -> None:
        clock = MovableClock(START)
        async with at_work(stores[0], clock=clock) as one, at_work(stores[1], clock=clock) as other:
            await asyncio.gather(*(each.rounds.audit() for each in (one, other) * 3))

    asyncio.run(go())
    assert rows(stores[0], "SELECT cause FROM alarms") == [("late",)]
    assert len(rows(stores[0], "SELECT id FROM outbox WHERE kind = 'alarm'")) == 1
    for store in stores:
        store.close()


def test_a_long_list_of_letters_is_no_silence(sqlite_store: Store) -> None:
    """Whatever the postman wrote down counts as getting on, though its round is not over."""
    settle(sqlite_store)

    async def go() -> list[float]:
        async with at_work(sqlite_store) as scene:
            with sqlite_store.unit() as unit:
                for number in range(450):
                    openid = f"o{number}"
                    unit.inbox.greet(openid, wrote=True, gesture=False, now=START)
                    unit.outbox.post(
                        key=openid,
                        kind="x",
                        text="t",
                        fields={},
                        now=START,
                        openid=openid,
                        priority=Priority.URGENT,
                    )
            scene.rounds.start()
            silences = []
            while True:
                await asyncio.sleep(0)
                (deliver,) = [each for each in scene.rounds.beats() if each.job == "deliver"]
                if deliver.completed_at is not None:
                    break
                silences.append(deliver.silent_s)
            await scene.rounds.stop()
            return silences

    silences = asyncio.run(go())
    assert any(later < sooner for sooner, later in pairwise(silences)), "it was heard of on the way"

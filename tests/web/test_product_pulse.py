"""Alive, ready and the figures: what a monitoring system asks for."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from bot.engine.writer import Writer
from bot.kit.clock import real_clock
from bot.kit.message import Inbound, Reply, Text
from bot.pulse import LATE_S, Pulse
from models.heartbeat import Beat
from models.moment import SHANGHAI
from models.outbox import OutboxRow
from models.store import Store
from models.vault import Vault, new_key


async def asked(pulse: Pulse, path: str, **headers: str) -> tuple[int, str]:
    """One GET on a site with nothing but the pulse."""
    app = web.Application()
    app.add_routes(pulse.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
            return answer.status, await answer.text()
    finally:
        await runner.cleanup()


def pulse_of(store: Store, token: str = "") -> Pulse:
    """The pulse of a process on this database."""
    return Pulse(store, Writer(store), real_clock, token, deadline_s=0.1)


def test_a_process_is_alive_whatever_its_database_does(sqlite_store: Store) -> None:
    assert asyncio.run(asked(pulse_of(sqlite_store), "/healthz")) == (200, '{"alive": true}')


def test_ready_with_a_current_schema(store: Store) -> None:
    status, body = asyncio.run(asked(pulse_of(store), "/readyz"))
    assert status == 200
    facts = json.loads(body)
    assert date.fromisoformat(facts.pop("calendar_until")) >= date(2026, 12, 31)
    assert facts | {"schema": "x"} == {
        "ready": True, "database": True, "schema": "x", "schema_current": True,
        "outbox_due": 0, "outbox_age_s": 0.0, "queue": 0, "rounds_go_on": True, "rounds": {},
    }  # fmt: skip


@pytest.mark.parametrize(("silent_s", "status"), [(5 * 30.0 + 59, 200), (5 * 30.0 + 61, 503)])
def test_not_ready_when_a_job_is_not_done_any_more(sqlite_store: Store, silent_s: float, status: int) -> None:
    done = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
    beats = [
        Beat(job="clocks", every_s=30.0, completed_at=done, silent_s=silent_s),
        Beat(job="deliver", every_s=30.0, completed_at=None, silent_s=2.0),
    ]
    pulse = Pulse(sqlite_store, Writer(sqlite_store), real_clock, "", 0.1, lambda: beats)
    code, body = asyncio.run(asked(pulse, "/readyz"))
    facts = json.loads(body)
    assert (code, facts["ready"], facts["rounds_go_on"]) == (status, status == 200, status == 200)
    assert facts["rounds"] == {
        "clocks": {"completed_at": "2026-05-11T09:00:00+08:00", "silent_s": silent_s},
        "deliver": {"completed_at": None, "silent_s": 2.0},
    }
    figures = asyncio.run(asked(pulse, "/metrics"))[1]
    assert f'shouqianshou_round_age_seconds{{job="clocks"}} {silent_s}' in figures


def test_the_figures_say_what_is_owed_and_what_is_wrong(store: Store) -> None:
    then = real_clock() - timedelta(minutes=20)
    with store.unit() as unit:
        for key in "abc":
            unit.outbox.post(key=key, kind="x", text="t", fields={}, now=then, openid="o")
        unit.session.execute(
            update(OutboxRow).where(OutboxRow.dedup_key == "a").values(state="dead", settled_at=real_clock())
        )
    figures = asyncio.run(asked(pulse_of(store), "/metrics"))[1]
    for line in (
        'shouqianshou_letters{state="pending"} 2.0',
        'shouqianshou_letters{state="dead"} 1.0',
        'shouqianshou_letters{state="unconfirmed"} 0.0',
        'shouqianshou_alarm{cause="late"} 2.0',
        'shouqianshou_alarm{cause="dead"} 1.0',
        'shouqianshou_alarm{cause="agenda"} 0.0',
        "shouqianshou_agendas_due 0.0",
        "shouqianshou_agenda_age_seconds 0.0",
    ):
        assert line in figures


def test_the_figures_can_be_asked_for_while_the_database_is_away() -> None:
    store = Store("postgresql://nobody@127.0.0.1:9/nothing", Vault(new_key()))
    status, body = asyncio.run(asked(pulse_of(store), "/metrics"))
    store.close()
    assert (status, "shouqianshou_writer_queue" in body) == (200, True)


def test_a_calendar_that_ended_is_shown_and_no_reason_to_be_not_ready(sqlite_store: Store) -> None:
    def later() -> datetime:
        return datetime(2031, 5, 1, tzinfo=SHANGHAI)

    pulse = Pulse(sqlite_store, Writer(sqlite_store), later, "", deadline_s=0.1)
    status, body = asyncio.run(asked(pulse, "/readyz"))
    assert (status, json.loads(body)["calendar_until"]) == (200, None)
    assert "shouqianshou_calendar_days 0.0" in asyncio.run(asked(pulse, "/metrics"))[1]


def test_the_figures_say_how_far_the_calendar_reaches(sqlite_store: Store) -> None:
    def then() -> datetime:
        return datetime(2026, 12, 22, 9, 0, tzinfo=SHANGHAI)

    pulse = Pulse(sqlite_store, Writer(sqlite_store), then, "", deadline_s=0.1)
    assert "shouqianshou_calendar_days 10.0" in asyncio.run(asked(pulse, "/metrics"))[1]


def test_not_ready_before_the_schema_is_current(empty_url: str) -> None:
    store = Store(empty_url, Vault(new_key()))
    status, body = asyncio.run(asked(pulse_of(store), "/readyz"))
    store.close()
    assert (status, json.loads(body)["ready"]) == (503, False)


def test_not_ready_when_the_database_does_not_answer() -> None:
    store = Store("postgresql://nobody@127.0.0.1:9/nothing", Vault(new_key()))
    status, body = asyncio.run(asked(pulse_of(store), "/readyz"))
    store.close()
    assert (status, json.loads(body)["database"]) == (503, False)


@pytest.mark.parametrize(("late", "status"), [(LATE_S - 60, 200), (LATE_S + 60, 503)])
def test_not_ready_when_letters_lie_about(store: Store, late: float, status: int) -> None:
    with store.unit() as unit:
        then = real_clock() - timedelta(seconds=late)
        unit.outbox.post(key="k", kind="x", text="t", fields={}, now=then, openid="o")
    code, body = asyncio.run(asked(pulse_of(store), "/readyz"))
    facts = json.loads(body)
    assert (code, facts["outbox_due"]) == (status, 1)
    assert facts["outbox_age_s"] >= late


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "secret"}, 403),
        ({"Authorization": "Bearer sécret"}, 403),
        ({"Authorization": "Bearer secret"}, 200),
    ],
)
def test_the_figures_ask_for_their_token(sqlite_store: Store, headers: dict[str, str], status: int) -> None:
    code, body = asyncio.run(asked(pulse_of(sqlite_store, "secret"), "/metrics", **headers))
    assert code == status
    assert ("shouqianshou_" in body) == (status == 200)


def test_answers_are_counted_and_timed_and_nobody_is_named(sqlite_store: Store) -> None:
    pulse = pulse_of(sqlite_store)

    async def answer(message: Inbound) -> Reply | None:
        return Reply("好")

    async def go() -> tuple[Any, tuple[int, str]]:
        message = Text(key="1", sender="oZhang", account="gh", sent_at=real_clock(), text="在吗")
        watched = pulse.watched(answer)
        replies = [await watched(message) for _ in range(3)]
        return replies, await asked(pulse, "/metrics")

    replies, (status, body) = asyncio.run(go())
    assert "shouqianshou_late_answers_total 0.0" in body
    assert (replies, status) == ([Reply("好")] * 3, 200)
    assert 'shouqianshou_messages_total{kind="Text"} 3.0' in body
    assert "shouqianshou_answer_seconds_count 3.0" in body
    assert "oZhang" not in body


def test_what_the_platform_did_not_wait_for_is_counted(sqlite_store: Store) -> None:
    pulse = pulse_of(sqlite_store)

    async def late(message: Inbound) -> Reply | None:
        await asyncio.sleep(0.15)

    async def quiet(message: Inbound) -> Reply | None:
        """Says nothing, but in time."""

    async def go() -> str:
        message = Text(key="1", sender="o", account="gh", sent_at=real_clock(), text="在吗")
        await pulse.watched(late)(message)
        await pulse.watched(quiet)(message)
        return (await asked(pulse, "/metrics"))[1]

    assert "shouqianshou_late_answers_total 1.0" in asyncio.run(go())

"""A phone that subscribed to an organisation's calendar: what it is given over HTTP, and what nobody else learns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
import structlog
import vobject
from aiohttp import web
from sqlalchemy import update

import handlers
from bot.engine.writer import Writer
from bot.feed.web import Feed
from models.calendars import Calendars, Entry, Hours
from models.moment import SHANGHAI
from models.store import Store
from models.term import Term
from tests.engine.pushing import Sender
from tests.store.town import Town, build
from tests.web.product import Product, phone_of


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    headers: Any
    """Whatever their case."""
    body: bytes

    @property
    def events(self) -> dict[str, Any]:
        """Its events by their title, as an independent library reads them."""
        calendar = vobject.readOne(self.body.decode())
        return {event.summary.value: event for event in calendar.contents.get("vevent", ())}


class Phone:
    """Asks for a calendar, and remembers its tag as phones do."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url, self._http = url, http
        self.tag = ""

    async def look(self, secret: str, method: str = "GET") -> Answer:
        """Looks whether there is something new."""
        headers = {"If-None-Match": self.tag} if self.tag else {}
        async with self._http.request(method, f"{self._url}/calendar/{secret}.ics", headers=headers) as got:
            self.tag = got.headers.get("ETag", self.tag)
            return Answer(got.status, got.headers, await got.read())


@asynccontextmanager
async def subscribed(store: Store, now: Callable[[], datetime]) -> AsyncIterator[Phone]:
    """A phone, and a site with nothing but calendars."""
    writer = Writer(store)
    writer.start()
    app = web.Application()
    app.add_routes(Feed(store, writer, now, handlers.texts()).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http:
            yield Phone(f"http://127.0.0.1:{runner.addresses[0][1]}", http)
    finally:
        await runner.cleanup()
        await asyncio.to_thread(writer.stop)


def on_the_phone(store: Store, now: datetime, play: Callable[[Phone], Awaitable[Any]]) -> Any:
    """Plays with a phone at a fixed moment."""

    async def go() -> Any:
        async with subscribed(store, lambda: now) as phone:
            return await play(phone)

    return asyncio.run(go())


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The tax office chairs in May, the power company in June."""
    return build(store, now)


@pytest.fixture
def secret(store: Store, town: Town, now: datetime) -> str:
    """The link of the power company's liaison officer."""
    with store.unit() as unit:
        return unit.calendar_links.give(town.organisations["power"], by=town["next_chair"], now=now)


def move_june(store: Store, **change: Any) -> None:
    """Changes the turn in June, however that comes about."""
    with store.unit() as unit:
        unit.session.execute(update(Term).where(Term.sequence == 2).values(**change))


TURN = "轮值主持：官地联合党委（第 2 期）"


def test_a_phone_sees_a_turn_then_that_it_moved_then_that_it_is_called_off(
    store: Store, town: Town, secret: str, now: datetime
) -> None:
    async def play(phone: Phone) -> list[Answer]:
        answers = [await phone.look(secret)]
        move_june(store, starts_on=date(2026, 6, 8), ends_on=date(2026, 7, 7))
        answers.append(await phone.look(secret))
        move_june(store, organisation_id=town.organisations["village"])
        answers.append(await phone.look(secret))
        return answers

    answers = on_the_phone(store, now, play)
    first, moved, off = (answer.events[TURN] for answer in answers)
    assert (first.dtstart.value, first.dtend.value) == (date(2026, 6, 1), date(2026, 7, 1))
    assert (moved.dtstart.value, moved.dtend.value) == (date(2026, 6, 8), date(2026, 7, 8))
    assert first.uid.value == moved.uid.value == off.uid.value
    assert [event.sequence.value for event in (first, moved, off)] == ["0", "1", "2"]
    assert [event.status.value for event in (first, moved, off)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_a_phone_that_has_it_already_is_told_so(store: Store, secret: str, now: datetime) -> None:
    async def play(phone: Phone) -> list[Answer]:
        answers = [await phone.look(secret), await phone.look(secret)]
        move_june(store, ends_on=date(2026, 6, 29))
        answers.append(await phone.look(secret))
        phone.tag = f'W/{phone.tag}, "other"'
        answers.append(await phone.look(secret))
        phone.tag = ""
        return [*answers, await phone.look(secret, "HEAD")]

    answers = on_the_phone(store, now, play)
    assert [answer.status for answer in answers] == [200, 304, 200, 304, 200]
    assert [bool(answer.body) for answer in answers] == [True, False, True, False, False]
    first, unchanged, changed, *_ = answers
    assert first.headers["ETag"] == unchanged.headers["ETag"] != changed.headers["ETag"]
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all("private" in answer.headers["Cache-Control"] for answer in answers)
    assert first.headers["Referrer-Policy"] == "no-referrer"


def test_what_is_no_secret_of_anybody_is_a_page_that_is_not_there(sqlite_store: Store, now: datetime) -> None:
    town = build(sqlite_store, now)
    office = town.organisations["power"]
    with sqlite_store.unit() as unit:
        old = unit.calendar_links.give(office, by=town["next_chair"], now=now)
        unit.calendar_links.renew(office, by=town["next_chair"], now=now)

    async def play(phone: Phone) -> list[Answer]:
        wrong = ["x", "A" * 43, "A" * 44, old[:-1] + "~", "%00", "A" * 5000, "../metrics", old]
        return [await phone.look(each) for each in wrong]

    answers = on_the_phone(sqlite_store, now, play)
    assert {answer.status for answer in answers} == {404}
    assert not any(b"calendar" in answer.body.lower() for answer in answers)


def test_hours_are_shown_in_the_citys_own_time(
    sqlite_store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = build(sqlite_store, now)
    starts_at = datetime(2026, 6, 5, 14, 30, tzinfo=SHANGHAI)
    day = Entry(
        subject="activity",
        subject_id=7,
        title="主题党日：义诊",
        place="朝阳沟村",
        when=Hours(starts_at, starts_at + timedelta(hours=2)),
    )
    monkeypatch.setattr(Calendars, "entries", lambda self, office: [day])
    with sqlite_store.unit() as unit:
        secret = unit.calendar_links.give(town.organisations["tax"], by=town["chair"], now=now)
    answer = on_the_phone(sqlite_store, now, lambda phone: phone.look(secret))
    assert b"DTSTART;TZID=Asia/Shanghai:20260605T143000\r\n" in answer.body
    event = answer.events["主题党日：义诊"]
    assert event.dtstart.value == starts_at
    assert event.location.value == "朝阳沟村"


def test_many_phones_at_once_are_shown_the_same(store: Store, secret: str, now: datetime) -> None:
    async def play(phone: Phone) -> list[Answer]:
        return list(await asyncio.gather(*(phone.look(secret) for _ in range(8))))

    answers = on_the_phone(store, now, play)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM calendar_events").scalar() == 1


def test_while_the_database_does_not_answer_the_phone_is_to_come_again(
    sqlite_store: Store, now: datetime
) -> None:
    town = build(sqlite_store, now)
    with sqlite_store.unit() as unit:
        secret = unit.calendar_links.give(town.organisations["tax"], by=town["chair"], now=now)
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calendar_links RENAME TO gone")
    answer = on_the_phone(sqlite_store, now, lambda phone: phone.look(secret))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")


def test_no_secret_stands_in_a_log(
    sqlite_store: Store, now: datetime, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever happens: it is opened, wrong, unchanged, or the database breaks under it."""
    town = build(sqlite_store, now)
    with sqlite_store.unit() as unit:
        secret = unit.calendar_links.give(town.organisations["tax"], by=town["chair"], now=now)
    for name in ("aiohttp", "sqlalchemy", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    other = secret[::-1]

    async def play(phone: Phone) -> list[int]:
        statuses = [(await phone.look(each)).status for each in (secret, other, secret, secret + "x")]
        with sqlite_store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE calendar_events RENAME TO gone")
        return [*statuses, (await phone.look(secret)).status]

    with structlog.testing.capture_logs() as entries:
        assert on_the_phone(sqlite_store, now, play) == [200, 404, 304, 404, 503]
    out, err = capfd.readouterr()
    logged = caplog.text + repr(entries) + out + err
    assert "calendar_failed" in logged
    assert "calendar_links" in logged, "the statements are really in this log"
    assert secret not in logged
    assert other not in logged


def test_the_officer_gets_the_link_by_a_word_and_it_works(tmp_path: Any) -> None:
    with Product(tmp_path) as product:
        sender = Sender(product.url + "/wechat", product.settings)
        officer = phone_of(product, "liaison").openid

        def look(reply: str | None) -> Answer:
            assert reply is not None
            (line,) = [line for line in reply.splitlines() if line.startswith("http")]
            assert line.startswith(product.url + "/calendar/")

            async def go() -> Answer:
                async with aiohttp.ClientSession() as http, http.get(line) as got:
                    return Answer(got.status, got.headers, await got.read())

            return asyncio.run(go())

        first = sender.text(officer, "日历")
        answer = look(first)
        assert answer.status == 200
        assert any(title.startswith("轮值主持：") for title in answer.events)
        renewed = sender.text(officer, "日历 换")
        assert (look(first).status, look(renewed).status) == (404, 200)
        sender.text(officer, "日历 停")
        assert look(renewed).status == 404
        assert first is not None
        assert all(
            first.encode() not in bytes(row[0] or b"")
            for row in product.rows("SELECT reply_sealed FROM received")
        )

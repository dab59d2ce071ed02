"""From the outbox to the platform and back while everything fails that can: each letter arrives once, or is kept.

The platform is a scripted one on loopback; what is looked at is only what it got, and what the outbox still owes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web
from fakeapi import OK, FakeApi, Say, broken, hang, page, refused, reset, slow, unless_token

import handlers
from bot.config import WeChat
from bot.engine.writer import Writer
from bot.kit.clock import MovableClock
from bot.wechat.channels import Channels
from bot.wechat.client import Client
from bot.work.postman import Postman
from models.moment import SHANGHAI
from models.store import Store

NOON = datetime(2026, 5, 11, 12, 0, tzinfo=SHANGHAI)
TEMPLATE = {"case": "TPL thing1=title"}
CUSTOM, TEMPLATES = "/cgi-bin/message/custom/send", "/cgi-bin/message/template/send"
TIMEOUT_S = 0.4


class Way(msgspec.Struct):
    """The way from the outbox to the platform."""

    store: Store
    fake: FakeApi
    clock: MovableClock
    postman: Postman

    def owe(self, openid: str, text: str, *, wrote: bool = True) -> None:
        """A letter to somebody; ``wrote``: who wrote just now, so that customer service may be tried."""
        with self.store.unit() as unit:
            unit.inbox.greet(openid, wrote=wrote, gesture=False, now=self.clock())
            unit.outbox.post(
                key=f"{openid}:{text}",
                kind="case_filed",
                text=text,
                fields={"title": text},
                now=self.clock(),
                openid=openid,
            )

    async def deliver(self, *pauses: timedelta) -> None:
        """Delivers what is due now, and again after each pause."""
        await self.postman.deliver_due()
        for pause in pauses:
            self.clock.move(pause)
            await self.postman.deliver_due()

    def said(self) -> list[str]:
        """The texts that were tried by customer service, in order."""
        return [call.body["text"]["content"] for call in self.fake.calls if call.path == CUSTOM]

    def numbers(self) -> list[str]:
        """The numbers of the template messages that were tried."""
        return [call.body["client_msg_id"] for call in self.fake.calls if call.path == TEMPLATES]

    def states(self) -> Counter[str]:
        """How many letters stand where."""
        with self.store.engine.connect() as connection:
            return Counter(state for (state,) in connection.exec_driver_sql("SELECT state FROM outbox"))


def postman_of(writer: Writer, client: Client, settings: WeChat, clock: MovableClock) -> Postman:
    """The postman as the product puts it together."""
    return Postman(writer=writer, ways=Channels(client, settings, clock), clock=clock, texts=handlers.texts())


def under_way(store: Store, play: Callable[[Way], Awaitable[None]], **settings: Any) -> FakeApi:
    """Plays on a way that is built anew."""
    fake, clock = FakeApi(), MovableClock(NOON)

    async def go() -> None:
        writer = Writer(store)
        writer.start()
        try:
            async with fake.client(timeout_s=TIMEOUT_S) as client:
                await play(Way(store, fake, clock, postman_of(writer, client, WeChat(**settings), clock)))
        finally:
            await asyncio.to_thread(writer.stop)

    asyncio.run(go())
    return fake


MINUTES = (timedelta(minutes=3),) * 4


def test_a_token_that_expires_in_the_middle_costs_one_more_token_and_no_letter(store: Store) -> None:
    async def play(way: Way) -> None:
        way.owe("o1", "第一封")
        await way.deliver()
        way.fake.token, way.fake.always = "T2", unless_token("T2")
        for number in range(2, 12):
            way.owe(f"o{number}", f"第{number}封")
        await way.deliver(*MINUTES)
        assert way.states() == {"sent": 11}
        # Each was refused under the old token at most once, and taken once under the new one.
        taken = [call for call in way.fake.calls[1:] if call.query["access_token"] == "T2"]
        assert Counter(call.body["touser"] for call in taken) == {f"o{number}": 1 for number in range(2, 12)}
        assert max(Counter(way.said()).values()) == 2

    assert len(under_way(store, play).token_calls) == 2


def test_a_single_refusal_of_the_token_is_no_reason_to_say_anything_twice(store: Store) -> None:
    async def play(way: Way) -> None:
        way.owe("o1", "好")
        way.fake.script = [refused(40001)]
        await way.deliver(*MINUTES)
        assert way.said() == ["好", "好"]
        assert way.states() == {"sent": 1}

    under_way(store, play)


@pytest.mark.parametrize("fault", [hang, reset, page, broken(504)], ids=["hang", "reset", "page", "504"])
def test_what_may_have_arrived_by_customer_service_is_not_sent_again_blindly(
    store: Store, fault: Say
) -> None:
    """Nothing would keep a second one off the phone: it is said with the person's next message."""

    async def play(way: Way) -> None:
        way.owe("o1", "您的需求已受理")
        way.fake.script = [fault]
        await way.deliver(*MINUTES, timedelta(hours=1))
        assert way.said() == ["您的需求已受理"]
        assert way.states() == {"waiting": 1}

    under_way(store, play)


@pytest.mark.parametrize("fault", [hang, reset, page, broken(502)], ids=["hang", "reset", "page", "502"])
def test_a_template_message_is_sent_again_under_the_number_by_which_a_repeat_is_dropped(
    store: Store, fault: Say
) -> None:
    async def play(way: Way) -> None:
        way.owe("o1", "有新的需求", wrote=False)
        way.fake.script = [fault, {**OK, "msgid": 7}]
        await way.deliver(*MINUTES)
        assert len(way.numbers()) == 2
        assert len(set(way.numbers())) == 1
        assert way.states() == {"sent": 1}

    under_way(store, play, templates=TEMPLATE)


@pytest.mark.parametrize(
    "fault", [broken(502), broken(500), refused(-1), refused(45011)], ids=["502", "500", "-1", "45011"]
)
def test_what_the_platform_did_not_take_is_sent_again_until_it_does(store: Store, fault: Say) -> None:
    async def play(way: Way) -> None:
        way.owe("o1", "好")
        way.fake.script = [fault, fault]
        await way.deliver()
        assert way.states() == {"pending": 1}
        await way.deliver(*MINUTES)
        assert way.said() == ["好"] * 3
        assert way.states() == {"sent": 1}

    under_way(store, play)


def test_a_slow_answer_is_an_answer(store: Store) -> None:
    async def play(way: Way) -> None:
        way.owe("o1", "好")
        way.fake.script = [slow(TIMEOUT_S / 2)]
        await way.deliver(*MINUTES)
        assert way.said() == ["好"]
        assert way.states() == {"sent": 1}

    under_way(store, play)


def test_a_spent_quota_is_not_run_against_and_nothing_is_lost_by_it(store: Store) -> None:
    async def play(way: Way) -> None:
        texts = [f"第{number}封" for number in range(3)]
        for text in texts:
            way.owe("o1", text)
        way.fake.always = refused(45009)
        await way.deliver(*MINUTES, timedelta(hours=1))
        assert len(way.fake.calls) == 1, "the first refusal closes the channel until midnight"
        way.fake.always = OK
        # The next morning, though nobody wrote since: the window of 48 hours is still open.
        await way.deliver(timedelta(hours=11), timedelta(hours=9))
        arrived = "\n".join(way.said()[1:])
        assert all(arrived.count(text) == 1 for text in texts)
        assert way.states().keys() == {"sent"}

    under_way(store, play)


def test_what_waits_for_nobody_to_answer_keeps_nobody_else_waiting(store: Store) -> None:
    """One recipient's call hangs; the others' letters arrive meanwhile."""

    async def play(way: Way) -> None:
        for number in range(8):
            way.owe(f"o{number}", f"给{number}")
        way.fake.script = [hang]
        await asyncio.wait_for(way.deliver(), TIMEOUT_S * 4)
        assert len(way.said()) == 8
        assert way.states() == {"sent": 7, "waiting": 1}

    under_way(store, play)


def test_a_process_that_dies_on_the_way_leaves_the_letter_to_the_next(store: Store) -> None:
    """A template message: the next process sends it under the same number, so that the platform drops a repeat."""

    async def die(way: Way) -> None:
        way.owe("o1", "有新的需求", wrote=False)
        called = asyncio.Event()

        async def hang_and_say(request: web.Request) -> web.Response:
            called.set()
            return await hang(request)

        way.fake.script = [hang_and_say]
        dying = asyncio.ensure_future(way.postman.deliver_due())
        await called.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert way.states() == {"pending": 1}

    first = under_way(store, die, templates=TEMPLATE)

    async def live(way: Way) -> None:
        await way.deliver()
        assert way.numbers() == [], "it is still leased"
        await way.deliver(timedelta(minutes=2))
        assert way.states() == {"sent": 1}

    second = under_way(store, live, templates=TEMPLATE)
    assert first.calls[0].body["client_msg_id"] == second.calls[0].body["client_msg_id"]

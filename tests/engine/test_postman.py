"""The postman's pipeline: order, bounds, bundles, and an end that loses nothing and repeats nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import handlers
from bot.engine.writer import Writer
from bot.kit.clock import MovableClock
from bot.work.postman import AT_ONCE, CUSTOM_AT_ONCE, Postman
from models.due import WindowThenTemplate
from models.letter import Letter, Outcome, Verdict
from models.member import Member
from models.organisation import Organisation
from models.outbox import Priority
from models.pause import Pause
from models.store import Store
from tests.engine.scene import START, rows


class Ways(WindowThenTemplate):
    """Channels that do what a test says, and count."""

    def __init__(self, answer: Callable[[Letter], Awaitable[Outcome]] | None = None) -> None:
        self.letters: list[Letter] = []
        self.heeded: list[Mapping[str, Pause]] = []
        self.at_once = self.most = 0
        self._answer = answer

    def heed(self, pauses: Mapping[str, Pause]) -> None:
        self.heeded.append(pauses)

    async def deliver(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(0.001)
            if self._answer is not None:
                return await self._answer(letter)
            return Outcome(verdict=Verdict.ACCEPTED, channel=letter.channel, message_id=str(letter.id))
        finally:
            self.at_once -= 1


def owe(store: Store, people: int, each: int = 1, *, wrote: bool = False) -> None:
    """So many letters to so many people."""
    with store.unit() as unit:
        for person in range(people):
            unit.inbox.greet(f"p{person}", wrote=wrote, gesture=False, now=START)
        for number in range(each):
            for person in range(people):
                unit.outbox.post(
                    key=f"k{person}:{number}", kind="case_filed", text=f"{person}:{number}", fields={}, now=START,
                    openid=f"p{person}", priority=Priority.URGENT,
                )  # fmt: skip


def at_work(
    store: Store, ways: Ways, what: Callable[[Postman], Awaitable[None]], clock: MovableClock | None = None
) -> None:
    """Runs a postman on this database."""

    async def go() -> None:
        writer = Writer(store, threads=2)
        writer.start()
        try:
            await what(
                Postman(writer=writer, ways=ways, clock=clock or MovableClock(START), texts=handlers.texts())
            )
        finally:
            await asyncio.to_thread(writer.stop)

    asyncio.run(go())


def states(store: Store) -> dict[str, int]:
    """How many letters stand in each state."""
    return {
        str(state): count for state, count in rows(store, "SELECT state, COUNT(*) FROM outbox GROUP BY state")
    }


def test_everything_leaves_once_and_each_persons_letters_in_order(store: Store) -> None:
    owe(store, people=300, each=4)
    ways = Ways()

    async def deliver(postman: Postman) -> None:
        assert await postman.deliver_due() == 1200
        assert await postman.deliver_due() == 0

    at_work(store, ways, deliver)
    assert states(store) == {"sent": 1200}
    assert len({letter.id for letter in ways.letters}) == len(ways.letters) == 1200
    by_person: dict[str, list[str]] = {}
    for letter in ways.letters:
        by_person.setdefault(letter.openid, []).append(letter.text)
    assert all(said == sorted(said) for said in by_person.values())
    assert CUSTOM_AT_ONCE < ways.most <= AT_ONCE
    assert ways.heeded[0] == {}


def test_few_customer_service_messages_are_on_their_way_at_once(store: Store) -> None:
    owe(store, people=200, wrote=True)
    ways = Ways()

    async def deliver(postman: Postman) -> None:
        await postman.deliver_due()

    at_work(store, ways, deliver)
    assert ways.most <= CUSTOM_AT_ONCE
    assert rows(store, "SELECT DISTINCT sends_left FROM identities") == [(4,)]


def test_whoever_is_stopped_finishes_what_is_on_its_way_and_gives_back_the_rest(store: Store) -> None:
    owe(store, people=600)
    gate, full = asyncio.Event(), asyncio.Event()

    async def wait(letter: Letter) -> Outcome:
        if ways.at_once == AT_ONCE:
            full.set()
        await gate.wait()
        return Outcome(verdict=Verdict.ACCEPTED, channel=letter.channel, message_id=str(letter.id))

    ways = Ways(wait)

    async def stop(postman: Postman) -> None:
        running = asyncio.ensure_future(postman.deliver_due())
        await full.wait()
        running.cancel()
        await asyncio.sleep(0.05)
        assert not running.done()
        gate.set()
        await asyncio.gather(running, return_exceptions=True)

    at_work(store, ways, stop)
    sent = len(ways.letters)
    assert AT_ONCE <= sent < 600
    assert states(store) == {"sent": sent, "pending": 600 - sent}
    assert rows(store, "SELECT COUNT(*) FROM outbox WHERE lease_until IS NOT NULL") == [(0,)]
    again = Ways()

    async def deliver(postman: Postman) -> None:
        await postman.deliver_due()

    at_work(store, again, deliver)
    assert len(again.letters) == 600 - sent
    assert not any(letter.again for letter in again.letters)


def test_a_letter_is_not_begun_when_its_lease_is_nearly_over(store: Store) -> None:
    owe(store, people=1, each=2)
    clock = MovableClock(START)

    async def slow(letter: Letter) -> Outcome:
        if letter.text == "0:0":
            clock.move(timedelta(seconds=70))
        return Outcome(verdict=Verdict.ACCEPTED, channel=letter.channel, message_id=str(letter.id))

    ways = Ways(slow)

    async def deliver(postman: Postman) -> None:
        await postman.deliver_due()

    at_work(store, ways, deliver, clock)
    assert [(letter.text, letter.attempt) for letter in ways.letters] == [("0:0", 1), ("0:1", 2)]
    assert states(store) == {"sent": 2}


def test_what_breaks_in_a_channel_is_tried_again_later(store: Store) -> None:
    owe(store, people=2)

    async def broken(letter: Letter) -> Outcome:
        if letter.openid == "p0":
            raise ValueError("unforeseen")
        return Outcome(verdict=Verdict.ACCEPTED, channel=letter.channel, message_id="1")

    async def deliver(postman: Postman) -> None:
        assert await postman.deliver_due() == 2

    at_work(store, Ways(broken), deliver)
    assert states(store) == {"sent": 1, "pending": 1}


def test_a_bundle_says_how_many_letters_it_holds(store: Store) -> None:
    with store.unit() as unit:
        [branch] = unit.organisations.add_all(
            [
                Organisation.found(
                    code="E", name="东沟村党支部", kind="党支部", region="林西县", parent_id=None, now=START
                )
            ]
        )
        member = unit.members.add(
            Member.enrol(
                name="张建国", phone="13800001111", organisation_id=branch, vault=unit.vault, now=START
            )
        )
        unit.inbox.greet("p0", wrote=False, gesture=False, now=START)
        unit.identities.of("p0").bind(member.id, START)
        for number in range(9):
            unit.outbox.post(
                key=f"k{number}", kind="case_filed", text=f"第{number}封" + "长" * 150, fields={"title": "一件"},
                now=START, member_id=member.id,
            )  # fmt: skip
    ways = Ways()

    async def deliver(postman: Postman) -> None:
        await postman.deliver_due()

    at_work(store, ways, deliver)
    [letter] = ways.letters
    assert letter.fields == {"title": "您有4条消息", "number": "4", "who": "手牵手"}
    assert letter.text.endswith("\n还有 5 条，回“通知”接着看。")
    assert len(letter.text.encode()) < 2_000
    assert states(store) == {"sent": 4, "pending": 5}

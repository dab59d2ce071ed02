"""The seeker at work: beside the writer, again after a failure, and never twice though two processes look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

import handlers
from bot.engine.engine import Engine
from bot.engine.mind import StoredMind
from bot.engine.writer import Writer
from bot.kit.clock import MovableClock
from bot.language import Language
from bot.work.seeker import Seeker
from models.case import NewCase
from models.life import CaseKind
from models.offering import Circle
from models.outbox import OutboxRow
from models.person import Person
from models.store import Store
from models.suggestion import Suggestion
from models.supply import Supply
from tests.engine.scene import START, settle

TEXT = "家里苹果树想嫁接，找不着会的师傅"


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture
def filled(store: Store) -> Store:
    """Two branches; one need of each of two members."""
    settle(store)
    for phone in ("13800001111", "13800004444"):
        report(store, phone)
    return store


def who(store: Store, phone: str) -> Person:
    with store.reading() as unit:
        member = unit.members.with_phone(phone)
        assert member is not None
        card = unit.card(member.organisation_id, START)
        return Person(
            member_id=member.id,
            name="某人",
            organisation_id=card.organisation_id,
            organisation=card.name,
            region=card.region,
            consortium_id=None,
            consortium="",
            chair_id=None,
            chair="",
        )


def report(store: Store, phone: str, text: str = TEXT) -> int:
    by = who(store, phone)
    case = NewCase.report(
        by=by, text=text, kind=CaseKind.NEED, category="农业技术", place="", quantity="", deadline="",
        received_key=f"{phone}:{text}", now=START,
    )  # fmt: skip
    case.submit(START)
    with store.unit() as unit:
        return int(unit.cases.file(case, by=by).number)


def put_on_offer(
    store: Store, now: datetime, *, circle: Circle = Circle.CITY, until: date | None = None
) -> str:
    by = who(store, "13800002222")
    with store.unit() as unit:
        return unit.supplies.propose(
            Supply.propose(
                code=unit.supplies.next_code(), title="免费教嫁接", detail="果树嫁接技术上门教", category="农业技术",
                organisation_id=by.organisation_id, unit_name=by.organisation, area="林西县", quantity="",
                capacity=None, valid_until=until, circle=circle, by=by, contact="", reviewed=True,
                vault=unit.vault, now=now,
            ),
            by=by,
            terms="",
        ).code  # fmt: skip


class Process:
    """One process that looks."""

    def __init__(self, store: Store, language: Language, clock: MovableClock) -> None:
        self.mind = StoredMind(store, clock().date(), language)
        self.writer = Writer(store, threads=2)
        self.engine = Engine(
            writer=self.writer,
            router=handlers.router(),
            texts=handlers.texts(),
            mind=self.mind,
            clock=clock,
            deadline_s=4.5,
            dialogue_timeout_s=1800,
        )
        self.seeker = Seeker(store=store, engine=self.engine, mind=self.mind, clock=clock)
        self.clock = clock

    async def look(self) -> int:
        """Renews the mind as the rounds do, then looks."""
        await asyncio.to_thread(self.mind.refresh, self.clock().date())
        return await self.seeker.look()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def process(filled: Store, language: Language, clock: MovableClock) -> Iterator[Process]:
    process = Process(filled, language, clock)
    process.writer.start()
    yield process
    process.writer.stop()


def letters(store: Store) -> int:
    with store.reading() as unit:
        return unit.session.scalar(select(func.count()).where(OutboxRow.kind == "supply_found")) or 0


def shown(store: Store) -> list[tuple[int, str]]:
    with store.reading() as unit:
        rows = unit.session.execute(
            select(Suggestion.case_number, Suggestion.supply_code).order_by(Suggestion.case_number)
        )
        return [(number, code) for number, code in rows]


def test_what_is_new_is_asked_about_once(filled: Store, process: Process, clock: MovableClock) -> None:
    async def scene() -> list[int]:
        asked = [await process.look()]
        code = put_on_offer(filled, clock())
        asked.append(await process.look())
        asked.append(await process.look())
        clock.move(timedelta(hours=2))
        asked.append(await process.look())
        assert shown(filled) == [(1, code), (2, code)]
        return asked

    assert asyncio.run(scene()) == [0, 2, 0, 0]
    assert letters(filled) == 2
    assert process.engine.letters_waiting.is_set()


def test_only_its_own_circle_is_asked(filled: Store, process: Process, clock: MovableClock) -> None:
    put_on_offer(filled, clock(), circle=Circle.CONSORTIUM)  # no consortium: its own branch
    assert asyncio.run(process.look()) == 1
    assert [number for number, _ in shown(filled)] == [1]


def test_a_second_entry_waits_for_the_next_day(filled: Store, process: Process, clock: MovableClock) -> None:
    async def scene() -> list[int]:
        put_on_offer(filled, clock(), circle=Circle.CONSORTIUM)
        asked = [await process.look()]
        report(filled, "13800001111", "果树嫁接没人会，想学嫁接")
        put_on_offer(filled, clock(), circle=Circle.CONSORTIUM)
        asked.append(await process.look())
        clock.move(timedelta(days=1))
        asked.append(await process.look())
        return asked

    assert asyncio.run(scene()) == [1, 0, 1]
    assert letters(filled) == 2


def test_what_fails_is_looked_at_again(
    filled: Store, process: Process, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_offer(filled, clock())

    async def fail(*_: object) -> int:
        raise ConnectionError

    async def scene() -> int:
        with monkeypatch.context() as broken:
            broken.setattr(process.engine, "unasked", fail)
            with pytest.raises(ConnectionError):
                await process.look()
        return await process.look()

    assert asyncio.run(scene()) == 2


@pytest.mark.postgres
def test_two_processes_that_look_at_once_ask_nobody_twice(
    postgresql_store: Store, language: Language, clock: MovableClock
) -> None:
    settle(postgresql_store)
    for place in range(6):
        report(postgresql_store, "13800001111" if place % 2 else "13800004444", f"{TEXT}{place}")
    put_on_offer(postgresql_store, clock())
    processes = [Process(postgresql_store, language, clock) for _ in range(2)]

    async def scene() -> int:
        return sum(await asyncio.gather(*(each.look() for each in processes)))

    for each in processes:
        each.writer.start()
    try:
        assert asyncio.run(scene()) == 2
    finally:
        for each in processes:
            each.writer.stop()
    assert letters(postgresql_store) == 2
    assert len(shown(postgresql_store)) == 2

"""The writer: many pieces of work in one commit, and no piece that harms another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

import bot.engine.lanes as writing
from bot.engine.writer import MOST_TRIES, Attempts, Overloaded, Simple, Writer
from models.base import Conflict, DomainError
from models.category import Category
from models.store import Store, Unit

from .scene import rows


class SaidNo(DomainError):
    """A rule that says no."""


@asynccontextmanager
async def started(store: Store, threads: int = 1) -> AsyncIterator[Writer]:
    """A writer at work."""
    writer = Writer(store, threads=threads)
    writer.start()
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)


@pytest.fixture
def commits(store: Store) -> list[int]:
    """Grows by one with each commit."""
    seen: list[int] = []
    event.listen(store.engine, "commit", lambda connection: seen.append(1))
    return seen


@pytest.fixture(autouse=True)
def notes(store: Store) -> None:
    """A table to write to."""
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (word VARCHAR(20) PRIMARY KEY, place INTEGER)"))


def note(word: str, place: int = 0) -> Callable[[Unit], str]:
    """Work that writes one row."""

    def write(unit: Unit) -> str:
        unit.session.execute(text("INSERT INTO notes VALUES (:word, :place)"), {"word": word, "place": place})
        return word

    return write


def noted(store: Store) -> list[str]:
    """The words that were kept."""
    return [row[0] for row in rows(store, "SELECT word FROM notes ORDER BY place, word")]


@asynccontextmanager
async def busy(writer: Writer, store: Store) -> AsyncIterator[None]:
    """Meanwhile the writer is at its first piece of work, and whatever else comes queues up behind it."""
    if store.is_sqlite:  # somebody else holds the file's lock
        with store.engine.connect() as other, other.begin() as transaction:
            first = writer.submit(Simple(lambda unit: None))
            while writer.waiting:  # noqa: ASYNC110 - until the lane has taken it
                await asyncio.sleep(0.01)
            yield
            transaction.rollback()
    else:
        reached, opened = threading.Event(), threading.Event()

        def stand(unit: Unit) -> None:
            reached.set()
            assert opened.wait(30)

        first = writer.submit(Simple(stand))
        await asyncio.to_thread(reached.wait, 30)
        yield
        opened.set()
    await first


async def together(writer: Writer, store: Store, works: Callable[[], list[Any]]) -> list[Any]:
    """The results (or errors) of work that queued up while the writer was busy."""
    async with busy(writer, store):
        waiting = works()
    return await asyncio.gather(*waiting, return_exceptions=True)


def test_what_queues_up_is_committed_together(store: Store, commits: list[int]) -> None:
    async def go() -> None:
        async with started(store) as writer:
            before = len(commits)
            results = await together(
                writer, store, lambda: [writer.submit(Simple(note(f"w{n:03}"))) for n in range(100)]
            )
            assert results == [f"w{n:03}" for n in range(100)]
            assert len(commits) - before <= 2  # the first one's, unless it waited too, and one for a hundred

    asyncio.run(go())
    assert len(noted(store)) == 100


def test_a_future_is_done_only_when_its_work_is_committed(store: Store) -> None:
    async def go() -> None:
        async with started(store) as writer:
            await writer.do(note("kept"))
            assert noted(store) == ["kept"]  # by another connection

    asyncio.run(go())


@pytest.mark.parametrize("failure", [ValueError("no"), SaidNo(number=1), KeyError("x")])
def test_a_failing_piece_harms_no_other_in_its_batch(store: Store, failure: Exception) -> None:
    def fail(unit: Unit) -> None:
        note("undone")(unit)
        raise failure

    async def go() -> list[Any]:
        async with started(store) as writer:
            return await together(
                writer,
                store,
                lambda: [
                    writer.submit(Simple(note("a"))),
                    writer.submit(Simple(fail)),
                    writer.submit(Simple(note("b"))),
                ],
            )

    one, wrong, other = asyncio.run(go())
    assert (one, wrong, other) == ("a", failure, "b")
    assert noted(store) == ["a", "b"]


def test_a_flush_that_fails_harms_no_other_in_its_batch(store: Store) -> None:
    """Two pieces add the same row by the ORM: the second's flush takes the whole transaction with it."""
    with store.unit() as unit:
        row = unit.session.query(Category).first()
        assert row is not None
        taken = {column.name: getattr(row, column.name) for column in Category.__table__.columns}

    def clash(unit: Unit) -> None:
        note("undone")(unit)
        unit.session.add(Category(**taken))

    async def go() -> list[Any]:
        async with started(store) as writer:
            return await together(
                writer,
                store,
                lambda: [
                    writer.submit(Simple(note("a"))),
                    writer.submit(Simple(clash)),
                    writer.submit(Simple(note("b"))),
                ],
            )

    one, wrong, other = asyncio.run(go())
    assert (one, other) == ("a", "b")
    assert type(wrong).__name__ == "IntegrityError"
    assert noted(store) == ["a", "b"]


def test_a_statement_that_fails_harms_no_other_in_its_batch(store: Store) -> None:
    async def go() -> list[Any]:
        async with started(store) as writer:
            return await together(
                writer, store, lambda: [writer.submit(Simple(note(word))) for word in ("a", "b", "a", "c")]
            )

    results = asyncio.run(go())
    assert [type(result).__name__ for result in results] == ["str", "str", "IntegrityError", "str"]
    assert noted(store) == ["a", "b", "c"]


@pytest.mark.parametrize(("lost", "given_up"), [(1, False), (MOST_TRIES + 10, True)])
def test_work_that_loses_a_race_runs_again_until_it_is_given_up(
    store: Store, lost: int, given_up: bool
) -> None:
    runs: list[int] = []

    def race(unit: Unit) -> str:
        note(f"run{len(runs)}")(unit)
        runs.append(1)
        if len(runs) <= lost:
            raise Conflict
        return "won"

    async def go() -> Any:
        async with started(store) as writer:
            return (await asyncio.gather(writer.do(race), return_exceptions=True))[0]

    result = asyncio.run(go())
    if given_up:
        assert isinstance(result, Conflict)
        assert MOST_TRIES <= len(runs) <= MOST_TRIES + 2  # alone, after it was tried with others
        assert noted(store) == []
    else:
        assert result == "won"
        assert noted(store) == [f"run{lost}"]


def test_what_is_given_up_may_still_leave_a_word(store: Store) -> None:
    class Lost:
        sender = ""
        key = ""

        def run(self, unit: Unit, attempt: Attempts) -> str:
            note("undone")(unit)
            raise Conflict

        def give_up(self, unit: Unit, error: Exception) -> str:
            assert isinstance(error, Conflict)
            return note("given up")(unit)

    async def go() -> str:
        async with started(store) as writer:
            return await writer.submit(Lost())

    assert asyncio.run(go()) == "given up"
    assert noted(store) == ["given up"]


def test_an_attempt_that_fails_is_undone_and_what_surrounds_it_stays(store: Store) -> None:
    class Trying:
        sender = ""
        key = ""

        def run(self, unit: Unit, attempt: Attempts) -> str:
            note("before")(unit)
            try:
                with attempt(unit):
                    note("inside")(unit)
                    raise SaidNo
            except SaidNo:
                note("after")(unit)
            return "done"

        def give_up(self, unit: Unit, error: Exception) -> str:
            raise error

    async def go() -> list[Any]:
        async with started(store) as writer:
            return await together(
                writer, store, lambda: [writer.submit(Trying()), writer.submit(Simple(note("other")))]
            )

    assert asyncio.run(go()) == ["done", "other"]
    assert noted(store) == ["after", "before", "other"]


def test_one_sender_s_work_is_done_in_order(store: Store) -> None:
    done: dict[str, list[int]] = {}
    guard = threading.Lock()

    def work(sender: str, place: int) -> Callable[[Unit], None]:
        def run(unit: Unit) -> None:
            note(f"{sender}{place}", place)(unit)
            with guard:
                done.setdefault(sender, []).append(place)

        return run

    async def go() -> None:
        async with started(store, threads=4) as writer:
            await asyncio.gather(
                *(
                    writer.submit(Simple(work(sender, place), sender))
                    for place in range(60)
                    for sender in "abcdefgh"
                )
            )

    asyncio.run(go())
    assert all(places == list(range(60)) for places in done.values())
    assert len(done) == 8


def test_members_go_before_everything_else(store: Store) -> None:
    done: list[str] = []

    async def go() -> None:
        async with started(store) as writer:
            await together(
                writer,
                store,
                lambda: [
                    writer.submit(Simple(lambda unit: done.append("chore")), urgent=False),
                    writer.submit(Simple(lambda unit: done.append("member"))),
                ],
            )

    asyncio.run(go())
    assert done == ["member", "chore"]


def test_a_queue_that_is_too_long_refuses(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LONGEST_QUEUE", 5)

    async def go() -> None:
        async with started(store) as writer:
            async with busy(writer, store):
                waiting = [writer.submit(Simple(note(f"w{n}"))) for n in range(5)]
                assert writer.waiting == 5
                with pytest.raises(Overloaded):
                    writer.submit(Simple(note("too much")))
            await asyncio.gather(*waiting)
            await writer.do(note("room again"))

    asyncio.run(go())
    assert len(noted(store)) == 6


def test_stopping_finishes_what_is_queued(store: Store) -> None:
    async def go() -> list[Any]:
        writer = Writer(store, threads=3)
        writer.start()
        waiting = [writer.submit(Simple(note(f"w{n:03}"), f"s{n % 7}")) for n in range(200)]
        await asyncio.to_thread(writer.stop)
        assert writer.waiting == 0
        return await asyncio.wait_for(asyncio.gather(*waiting), 30)

    assert len(asyncio.run(go())) == 200
    assert len(noted(store)) == 200


def test_nobody_waiting_any_more_is_no_trouble(store: Store) -> None:
    """The loop that asked is gone, or the one who asked gave up: the work is done all the same."""
    writer = Writer(store)
    writer.start()

    async def ask() -> None:
        future = writer.submit(Simple(note("left")))
        given_up = writer.submit(Simple(note("cancelled")))
        given_up.cancel()
        del future

    asyncio.run(ask())
    writer.stop()
    assert noted(store) == ["cancelled", "left"]

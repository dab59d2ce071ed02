"""Lanes: where pieces of work queue up and are done, batch by batch, each batch with one commit.

A batch runs together in one transaction, at first without savepoints, which cost as much as a small message:
hardly ever has anything to be undone. Where something has, the whole batch is undone and runs again with a
savepoint for each piece of work; where even that fails (a deadlock, a failed flush), each piece runs alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import queue
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import text

from bot.engine.savepoints import (
    Attempts,
    Spoiled,
    careful_attempts,
    in_savepoint,
    light_attempts,
    quick_attempts,
)
from models.base import Conflict
from models.pending import PendingSession
from models.store import CONFLICTS, Store, Unit

T_co = TypeVar("T_co", covariant=True)

LARGEST_BATCH = 256
"""More would make the first of a batch wait for too many others."""
MOST_TRIES = 3
"""How often work that lost a race runs again before it is given up."""
LONGEST_QUEUE = 20_000
"""Beyond this nobody is answered in time any more, and a clear refusal is better."""
AT_A_STRETCH = 32
"""Pieces of work that the loop's lane does before it lets the loop look at its sockets again."""

log = structlog.get_logger()


class Overloaded(Exception):
    """The queue is full: try again later."""


class Work(Protocol[T_co]):
    """A piece of work. It may run more than once: nothing but the database may remember that it did."""

    sender: str
    """Work of one sender runs in order; empty: no matter whose."""

    key: str
    """The message that it deals with; empty: none."""

    def run(self, unit: Unit, attempt: Attempts) -> T_co:
        """Does it."""

    def give_up(self, unit: Unit, error: Exception) -> T_co:
        """Does what is left to do when it failed for good. Raises ``error`` if there is nothing."""


class Job:
    """A piece of work and who waits for it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        """Tells whoever waits; in the loop's own thread."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Lane:
    """A queue, and how a batch of it is done; where that happens is the heirs' affair."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._urgent: deque[Job] = deque()
        self._later: deque[Job] = deque()

    @property
    def waiting(self) -> int:
        """How many pieces of work are queued."""
        return len(self._urgent) + len(self._later)

    def start(self) -> None:
        """Begins to work."""

    def stop(self) -> None:
        """Finishes what is queued, then ends. To be called from another thread than the loop's."""
        raise NotImplementedError

    def put(self, job: Job, urgent: bool) -> None:
        """Queues a piece of work. Raises Overloaded when too much is queued."""
        if self.waiting >= LONGEST_QUEUE:
            raise Overloaded
        (self._urgent if urgent else self._later).append(job)
        self._ring(job.loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        raise NotImplementedError

    def _take(self, most: int = LARGEST_BATCH) -> list[Job]:
        batch: list[Job] = []
        for line in (self._urgent, self._later):
            while line and len(batch) < most:
                batch.append(line.popleft())
        return batch

    def _attempts(self, session: PendingSession, guarded: bool) -> tuple[Any, Attempts]:
        driver: Any = session.line.driver
        light = self._store.is_sqlite and not guarded
        return driver, (light_attempts if light else quick_attempts)(session, driver)

    def _run(self, job: Job, session: PendingSession, attempts: Attempts) -> None:
        job.error = None
        job.result = job.work.run(self._store.unit_in(session), attempts)
        session.tidy()
        session.forget()

    def _guarded(self, batch: list[Job]) -> None:
        """The batch in one transaction, each piece of work in a savepoint of its own."""
        with self._store.session() as session:
            self._lock(session, batch)
            driver, attempts = self._attempts(session, guarded=True)
            for job in batch:
                try:
                    with in_savepoint(session, driver, "job"):
                        self._run(job, session, attempts)
                except (Spoiled, *CONFLICTS):
                    raise
                except Exception as error:
                    job.error = error
                    session.expunge_all()

    def _again(self, batch: list[Job], error: Exception) -> None:
        """The light way failed: the batch once more with savepoints, and if that fails too, each alone."""
        log.info("batch_undone", size=len(batch), error=repr(error)[:200])
        try:
            self._guarded(batch)
        except Exception as again:
            log.info("batch_undone", size=len(batch), guarded=True, error=repr(again)[:200])
            for job in batch:
                self._alone(job)

    def _alone(self, job: Job) -> None:
        error: Exception = Conflict()
        for _ in range(MOST_TRIES):
            try:
                with self._store.session() as session:
                    self._lock(session, [job])
                    job.result = job.work.run(self._store.unit_in(session), careful_attempts(session))
                job.error = None
                return
            except CONFLICTS as conflict:
                error = conflict
            except Exception as failure:
                error = failure
                break
        try:
            with self._store.session() as session:
                job.result = job.work.give_up(self._store.unit_in(session), error)
            job.error = None
        except Exception as failure:
            job.error = failure

    def _lock(self, session: PendingSession, batch: list[Job]) -> None:
        """Keeps other machines from working on the same senders; always in one order, so that nobody deadlocks."""
        if self._store.is_sqlite:
            return
        keys = sorted({_lock_key(job.work.sender) for job in batch if job.work.sender})
        if keys:
            session.execute(
                text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key"), {"keys": keys}
            )


class LoopLane(Lane):
    """SQLite's lane: the work runs on the event loop, what may have to wait (BEGIN, COMMIT) in a thread of its own.

    Work in a thread would fight the loop for the interpreter's lock at each of its statements, which was
    measured to cost a quarter of everything. A disk that stalls stops only the thread: the loop goes on
    answering the platform in time.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._hand = ThreadPoolExecutor(1, "writer")
        self._bell: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._ended = threading.Event()

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._bell is None:
            self._bell, self._loop = asyncio.Event(), loop
            self._task = loop.create_task(self._work(self._bell))
        self._bell.set()

    def stop(self) -> None:
        """Finishes what is queued, then ends."""
        self._ending = True
        if self._loop is not None and self._bell is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._bell.set)
            self._ended.wait()
        self._hand.shutdown()
        while batch := self._take():  # the loop ended before us
            self._again(batch, Conflict("the loop has ended"))

    async def _work(self, bell: asyncio.Event) -> None:
        try:
            while True:
                await bell.wait()
                bell.clear()
                while batch := self._take():
                    await self._do(batch)
                if self._ending:
                    return
        finally:
            self._ended.set()

    async def _do(self, batch: list[Job]) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        try:
            await self._together(batch)
        except asyncio.CancelledError:
            self._urgent.extendleft(reversed(batch))  # whoever stops the lane finishes them
            raise
        except Exception as error:
            await in_thread(self._hand, self._again, batch, error)
        for job in batch:
            job.resolve()

    async def _together(self, batch: list[Job]) -> None:
        in_thread = asyncio.get_running_loop().run_in_executor
        begun = self._hand.submit(self._begin)
        try:
            session = await asyncio.wrap_future(begun)
        except asyncio.CancelledError:
            begun.add_done_callback(_close)  # it may still be waiting for the lock, and will get it
            raise
        try:
            batch += self._take(LARGEST_BATCH - len(batch))  # what came while the lock was waited for
            _, attempts = self._attempts(session, guarded=False)
            _announce(session, batch)
            for place, job in enumerate(batch, 1):
                self._run(job, session, attempts)
                if not place % AT_A_STRETCH:
                    await asyncio.sleep(0)
            await in_thread(self._hand, session.commit)
        finally:
            await in_thread(self._hand, session.close)  # undoes what was not committed

    def _begin(self) -> PendingSession:
        session = PendingSession(self._store.engine)
        try:
            session.line  # noqa: B018 - asked for, it begins the transaction
        except BaseException:
            session.close()
            raise
        return session


class ThreadLane(Lane):
    """One of PostgreSQL's lanes: a thread with a connection, since each statement waits for the server."""

    def __init__(self, store: Store, number: int) -> None:
        super().__init__(store)
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"writer-{number}", daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes what is queued, then ends."""
        self._bell.put(False)
        self._thread.join()

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._bell.put(True)

    def _work(self) -> None:
        while True:
            more = self._bell.get()
            while not self._bell.empty():  # one ring is enough for all that is queued
                more = self._bell.get() and more
            while batch := self._take():
                self._do(batch)
            if not more:
                return

    def _do(self, batch: list[Job]) -> None:
        try:
            with self._store.session() as session:
                self._lock(session, batch)
                _, attempts = self._attempts(session, guarded=False)
                _announce(session, batch)
                for job in batch:
                    self._run(job, session, attempts)
        except Exception as error:
            self._again(batch, error)
        by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
        for job in batch:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, jobs)


def _announce(session: PendingSession, batch: list[Job]) -> None:
    """Which messages come next, so that what they all ask first is asked once."""
    session.foreseen.expect({job.work.key: job.work.sender for job in batch if job.work.key})


def _close(begun: Future[PendingSession]) -> None:
    if not begun.cancelled() and begun.exception() is None:
        begun.result().close()


def _lock_key(sender: str) -> int:
    return int.from_bytes(hashlib.blake2b(sender.encode(), digest_size=8).digest(), "big", signed=True)


def _resolve(jobs: list[Job]) -> None:
    for job in jobs:
        job.resolve()

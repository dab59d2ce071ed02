"""The writer: all changes to the database, batched so that one commit serves all that wait for it.

SQLite has one writer anyway, so one thread with one connection takes whatever queued up while the last
commit ran. PostgreSQL gets a few such threads; a sender's messages always go to the same one, and an advisory
lock keeps other machines from working on the same sender meanwhile.

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
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from models.base import Conflict
from models.store import CONFLICTS, Store, Unit

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LARGEST_BATCH = 256
"""More would make the first of a batch wait for too many others."""
MOST_TRIES = 3
"""How often work that lost a race runs again before it is given up."""
LONGEST_QUEUE = 20_000
"""Beyond this nobody is answered in time any more, and a clear refusal is better."""

log = structlog.get_logger()


class Overloaded(Exception):
    """The queue is full: try again later."""


class Spoiled(Exception):
    """The whole transaction is lost, not only this piece of work."""


class Attempts(Protocol):
    """How a piece of work tries something that may have to be undone."""

    def __call__(self, unit: Unit) -> contextlib.AbstractContextManager[None]:
        """A block whose changes are undone when something is raised in it."""


class Work(Protocol[T_co]):
    """A piece of work. It may run more than once: nothing but the database may remember that it did."""

    sender: str
    """Work of one sender runs in order; empty: no matter whose."""

    def run(self, unit: Unit, attempt: Attempts) -> T_co:
        """Does it."""

    def give_up(self, unit: Unit, error: Exception) -> T_co:
        """Does what is left to do when it failed for good. Raises ``error`` if there is nothing."""


class Simple(Generic[T]):
    """Work that is one function."""

    def __init__(self, function: Callable[[Unit], T], sender: str = "") -> None:
        self.sender = sender
        self._function = function

    def run(self, unit: Unit, attempt: Attempts) -> T:
        """Calls the function."""
        return self._function(unit)

    def give_up(self, unit: Unit, error: Exception) -> T:
        """Nothing is left to do."""
        raise error


class _Job:
    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Writes. Start it once, submit from the event loop, stop it at the end."""

    def __init__(self, store: Store, threads: int = 1) -> None:
        """``threads``: 1 on SQLite; a few on PostgreSQL."""
        self._store = store
        self._lanes = [_Lane(store, number) for number in range(1 if store.is_sqlite else max(1, threads))]

    def start(self) -> None:
        """Begins to work."""
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """Finishes what is queued, then ends."""
        for lane in self._lanes:
            lane.stop()

    @property
    def waiting(self) -> int:
        """How many pieces of work are queued."""
        return sum(lane.waiting for lane in self._lanes)

    def submit(self, work: Work[T], *, urgent: bool = True) -> asyncio.Future[T]:
        """Queues work; the future is done once its transaction is committed.

        ``urgent``: members' messages, before everything else. Raises Overloaded when too much is queued.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        lane = self._lanes[hash(work.sender) % len(self._lanes)] if work.sender else self._lanes[0]
        lane.put(_Job(work, future, loop), urgent)
        return future

    async def do(self, function: Callable[[Unit], T], *, urgent: bool = False, sender: str = "") -> T:
        """Runs a function in a transaction and waits for its commit."""
        return await self.submit(Simple(function, sender), urgent=urgent)


class _Lane:
    """One thread with its queue."""

    def __init__(self, store: Store, number: int) -> None:
        self._store = store
        self._urgent: deque[_Job] = deque()
        self._later: deque[_Job] = deque()
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"writer-{number}", daemon=True)

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._later)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._bell.put(False)
        self._thread.join()

    def put(self, job: _Job, urgent: bool) -> None:
        if self.waiting >= LONGEST_QUEUE:
            raise Overloaded
        (self._urgent if urgent else self._later).append(job)
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

    def _take(self) -> list[_Job]:
        batch: list[_Job] = []
        for line in (self._urgent, self._later):
            while line and len(batch) < LARGEST_BATCH:
                batch.append(line.popleft())
        return batch

    def _do(self, batch: list[_Job]) -> None:
        for guarded in (False, True):
            try:
                self._together(batch, guarded)
                break
            except Exception as error:
                log.info("batch_undone", size=len(batch), guarded=guarded, error=repr(error)[:200])
        else:
            for job in batch:
                self._alone(job)
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in batch:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, jobs)

    def _together(self, batch: list[_Job], guarded: bool) -> None:
        with self._store.session() as session:
            self._lock(session, batch)
            driver: Any = session.connection().connection.driver_connection
            lightly = self._store.is_sqlite and not guarded
            attempts = _light_attempts(session, driver) if lightly else _quick_attempts(session, driver)
            for job in batch:
                job.error = None
                unit = self._store.unit_in(session)
                if not guarded:
                    job.result = job.work.run(unit, attempts)
                    session.flush()
                else:
                    try:
                        with _in_savepoint(session, driver, "job"):
                            job.result = job.work.run(unit, attempts)
                    except (Spoiled, *CONFLICTS):
                        raise
                    except Exception as error:
                        job.error = error
                session.expunge_all()

    def _alone(self, job: _Job) -> None:
        error: Exception = Conflict()
        for _ in range(MOST_TRIES):
            try:
                with self._store.session() as session:
                    self._lock(session, [job])
                    job.result = job.work.run(self._store.unit_in(session), _careful_attempts(session))
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

    def _lock(self, session: Session, batch: list[_Job]) -> None:
        """Keeps other machines from working on the same senders; always in one order, so that nobody deadlocks."""
        if self._store.is_sqlite:
            return
        keys = sorted({_lock_key(job.work.sender) for job in batch if job.work.sender})
        if keys:
            session.execute(
                text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key"), {"keys": keys}
            )


def _lock_key(sender: str) -> int:
    return int.from_bytes(hashlib.blake2b(sender.encode(), digest_size=8).digest(), "big", signed=True)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


@contextlib.contextmanager
def _in_savepoint(session: Session, driver: Any, name: str) -> Iterator[None]:
    """A savepoint by the driver's own words: a fifth of the cost of the session's bookkeeping.

    The session knows nothing of it, so a flush that fails takes the whole transaction with it: Spoiled.
    """
    driver.execute(f"SAVEPOINT {name}")
    try:
        yield
        session.flush()
    except Exception as error:
        if isinstance(error, Spoiled) or not session.is_active:
            raise Spoiled from error
        driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
        driver.execute(f"RELEASE SAVEPOINT {name}")
        session.expunge_all()
        raise
    driver.execute(f"RELEASE SAVEPOINT {name}")


def _light_attempts(session: Session, driver: Any) -> Attempts:
    """No savepoint: what failed before it changed anything needs none, and anything else spoils the batch."""

    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted, changes = len(unit.happenings), unit.letters_posted, driver.total_changes
        try:
            yield
            session.flush()
        except Exception as error:
            if not session.is_active or driver.total_changes != changes:
                raise Spoiled from error
            session.expunge_all()
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt


def _quick_attempts(session: Session, driver: Any) -> Attempts:
    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted = len(unit.happenings), unit.letters_posted
        try:
            with _in_savepoint(session, driver, "attempt"):
                yield
        except Exception:
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt


def _careful_attempts(session: Session) -> Attempts:
    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted = len(unit.happenings), unit.letters_posted
        try:
            with session.begin_nested():
                yield
        except Exception:
            session.expunge_all()
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt

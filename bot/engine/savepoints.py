"""How a piece of work tries something that may have to be undone: three ways, from the lightest to the safest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from models.pending import PendingSession
from models.store import Unit


class Spoiled(Exception):
    """The whole transaction is lost, not only this piece of work."""


class Attempts(Protocol):
    """How a piece of work tries something that may have to be undone."""

    def __call__(self, unit: Unit) -> contextlib.AbstractContextManager[None]:
        """A block whose changes are undone when something is raised in it."""


@contextlib.contextmanager
def in_savepoint(session: PendingSession, driver: Any, name: str) -> Iterator[None]:
    """A savepoint by the driver's own words: a fifth of the cost of the session's bookkeeping.

    The session knows nothing of it, so a flush that fails takes the whole transaction with it: Spoiled.
    """
    session.settle()
    session.pending.mark()
    driver.execute(f"SAVEPOINT {name}")
    try:
        yield
        session.tidy()
        session.settle()
    except Exception as error:
        if isinstance(error, Spoiled) or not session.is_active:
            raise Spoiled from error
        session.pending.take_back()
        driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
        driver.execute(f"RELEASE SAVEPOINT {name}")
        session.forget()
        raise
    driver.execute(f"RELEASE SAVEPOINT {name}")


def light_attempts(session: PendingSession, driver: Any) -> Attempts:
    """No savepoint: what failed before it changed anything needs none, and anything else spoils the batch."""

    pending = session.pending

    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted, changes = (
            len(unit.happenings),
            unit.letters_posted,
            driver.total_changes - pending.changes,
        )
        pending.mark()
        try:
            yield
            session.tidy()
        except Exception as error:
            changed = driver.total_changes - pending.changes != changes
            if changed or not session.is_active or not pending.take_back():
                raise Spoiled from error
            session.forget()
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt


def quick_attempts(session: PendingSession, driver: Any) -> Attempts:
    """A savepoint by the driver's own words."""

    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted = len(unit.happenings), unit.letters_posted
        try:
            with in_savepoint(session, driver, "attempt"):
                yield
        except Exception:
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt


def careful_attempts(session: PendingSession) -> Attempts:
    """A savepoint that the session knows of: survives a flush that fails."""

    @contextlib.contextmanager
    def attempt(unit: Unit) -> Iterator[None]:
        told, posted = len(unit.happenings), unit.letters_posted
        session.settle()
        session.pending.mark()
        try:
            with session.begin_nested():
                yield
        except Exception:
            session.pending.take_back()
            session.forget()
            del unit.happenings[told:]
            unit.letters_posted = posted
            raise

    return attempt

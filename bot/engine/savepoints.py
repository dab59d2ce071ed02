"""How a piece of work tries something that may have to be undone: three ways, from the lightest to the safest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

from sqlalchemy.orm import Session

from models.store import Unit


class Spoiled(Exception):
    """The whole transaction is lost, not only this piece of work."""


class Attempts(Protocol):
    """How a piece of work tries something that may have to be undone."""

    def __call__(self, unit: Unit) -> contextlib.AbstractContextManager[None]:
        """A block whose changes are undone when something is raised in it."""


@contextlib.contextmanager
def in_savepoint(session: Session, driver: Any, name: str) -> Iterator[None]:
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


def light_attempts(session: Session, driver: Any) -> Attempts:
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


def quick_attempts(session: Session, driver: Any) -> Attempts:
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


def careful_attempts(session: Session) -> Attempts:
    """A savepoint that the session knows of: survives a flush that fails."""

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

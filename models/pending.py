"""Rows that wait: what every message writes is collected, and written for a whole batch with one statement a table.

A statement of its own costs some 20 microseconds beside the row that it writes; in a statement with many rows a row
costs a fifth of that. Whoever asks about a table gets its waiting rows written first, so nobody notices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ClauseElement, Connection, Engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from models.base import Conflict
from models.lean import Compiled

if TYPE_CHECKING:
    from models.store import Unit

_SIZES = (64, 32, 16, 8, 4, 2, 1)
"""Rows in one statement: few sizes, so that the driver keeps each of them prepared."""
_VALUES = re.compile(r"\bVALUES\s*(\((?:[^()]|\([^()]*\))*\))", re.IGNORECASE)
_NAMED = re.compile(r"%\((\w+)\)s")


class Rows:
    """A kind of row that can wait: an INSERT, or one for each dialect where they differ."""

    def __init__(
        self,
        statement: ClauseElement | Mapping[str, ClauseElement],
        keys: Sequence[str],
        *,
        once: str | None = None,
    ) -> None:
        """``keys``: the columns that each row gives values for.

        ``once``: a column of which one statement may hold each value only once (PostgreSQL refuses to update a row
        twice in one statement).
        """
        self._statement = statement
        self._keys = list(keys)
        self._once = once
        self._by_dialect: dict[str, _ManyRows] = {}
        first = next(iter(statement.values())) if isinstance(statement, Mapping) else statement
        self.table: str = first.table.name  # type: ignore[attr-defined]

    def add(self, unit: Unit, values: Mapping[str, Any]) -> None:
        """One more row. It is written with the transaction, or before anybody asks about its table."""
        many = self._by_dialect.get(unit.dialect.name)
        if many is None:
            statement = self._statement
            chosen = statement[unit.dialect.name] if isinstance(statement, Mapping) else statement
            many = self._by_dialect[unit.dialect.name] = _ManyRows(
                chosen, unit.dialect, self._keys, self._once
            )
        unit.pending.add(self.table, many, many.compiled.bind(values))


class _ManyRows:
    """An INSERT for one dialect, in as many lengths as are needed."""

    def __init__(
        self, statement: ClauseElement, dialect: Dialect, keys: Sequence[str], once: str | None
    ) -> None:
        self.compiled = Compiled(statement, dialect, keys)
        sql = self.compiled.sql
        if self.compiled.names is None:
            # A name can stand only once for one value; places can stand for as many rows as there are.
            self.compiled.names = _NAMED.findall(sql)
            sql = _NAMED.sub("%s", sql)
        self._once = None if once is None else self.compiled.names.index(once)
        found = _VALUES.search(sql)
        if found is None:
            raise ValueError(f"not an INSERT of one row: {sql}")
        before, group, after = sql[: found.start(1)], found.group(1), sql[found.end(1) :]
        self._sql = {size: before + ", ".join([group] * size) + after for size in _SIZES}

    def write(self, driver: Any, rows: Sequence[Sequence[Any]]) -> None:
        """Writes the rows, with as few statements as there are sizes."""
        if self._once is not None and len({row[self._once] for row in rows}) < len(rows):
            for row in rows:
                driver.execute(self._sql[1], row)
            return
        start = 0
        for size in _SIZES:
            while len(rows) - start >= size:
                driver.execute(self._sql[size], list(chain.from_iterable(rows[start : start + size])))
                start += size


class Pending:
    """The rows of one transaction that wait to be written, in the order in which they came."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, _ManyRows, Sequence[Any]]] = []
        self.tables: set[str] = set()
        """Tables that rows may be waiting for."""
        self.changes = 0
        """How many rows the driver counted for what was written from here."""
        self._floor = 0
        self._spoiled = False

    def add(self, table: str, many: _ManyRows, row: Sequence[Any]) -> None:
        """One more row."""
        self._rows.append((table, many, row))
        self.tables.add(table)

    def mark(self) -> None:
        """What is added from now on may have to be taken back."""
        self._floor, self._spoiled = len(self._rows), False

    def take_back(self) -> bool:
        """Forgets what was added since the mark; False where some of it is written already."""
        if self._spoiled:
            return False
        del self._rows[self._floor :]
        return True

    def settle(
        self, driver: Any, refusals: tuple[type[Exception], ...], tables: set[str] | None = None
    ) -> None:
        """Writes what waits for these tables, or for any.

        Raises:
            Conflict: a constraint or a lock was in the way.
        """
        due: dict[int, tuple[_ManyRows, list[Sequence[Any]]]] = {}
        kept: list[tuple[str, _ManyRows, Sequence[Any]]] = []
        below = 0
        for place, entry in enumerate(self._rows):
            table, many, row = entry
            if tables is not None and table not in tables:
                kept.append(entry)
                continue
            due.setdefault(id(many), (many, []))[1].append(row)
            if place < self._floor:
                below += 1
            else:
                self._spoiled = True
        self._rows, self._floor = kept, self._floor - below
        self.tables = set() if tables is None else self.tables - tables
        before = getattr(driver, "total_changes", 0)
        try:
            for many, rows in due.values():
                many.write(driver, rows)
        except refusals as error:
            raise Conflict(str(error)) from error
        self.changes += getattr(driver, "total_changes", 0) - before


class Foreseen:
    """What the messages of a batch will ask first, so that it can be asked for all of them at once."""

    def __init__(self) -> None:
        self.coming: dict[str, str] = {}
        """Message key to sender, in the order in which they will ask."""
        self.known: dict[str, Any] = {}
        """What was found out for some of them already, by key."""

    def expect(self, coming: Mapping[str, str]) -> None:
        """These messages will be dealt with next."""
        self.coming, self.known = dict(coming), {}

    def doubt(self) -> None:
        """Something may have changed: what was found out is not to be relied on."""
        self.known.clear()


class Line(msgspec.Struct, frozen=True):
    """A session's way to the database, below the session."""

    connection: Connection
    driver: Any
    dialect: Dialect
    refusals: tuple[type[Exception], ...]
    """What the driver raises when a constraint or a lock is in the way."""


class PendingSession(Session):
    """A session whose transaction has rows that wait; they are written before it commits."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.pending = Pending()
        self.foreseen = Foreseen()
        self.used = False
        """Whether entities may be in it: only then is there anything to flush or to forget."""

    def tidy(self) -> None:
        """Flushes entities, if there are any."""
        if self.used:
            self.flush()

    def forget(self) -> None:
        """Lets go of all entities, if there are any."""
        if self.used:
            self.expunge_all()
            self.used = False

    @cached_property
    def line(self) -> Line:
        """Begins the transaction, if nothing has yet; the session is good for one."""
        connection = self.connection()
        dbapi: Any = connection.dialect.dbapi
        return Line(
            connection,
            connection.connection.driver_connection,
            connection.dialect,
            (dbapi.IntegrityError, dbapi.OperationalError),
        )

    def settle(self, tables: set[str] | None = None) -> None:
        """Writes the rows that wait for these tables, or for any.

        Raises:
            Conflict: a constraint or a lock was in the way.
        """
        if self.pending.tables:
            self.pending.settle(self.line.driver, self.line.refusals, tables)


@event.listens_for(PendingSession, "before_commit")
def _settle(session: PendingSession) -> None:
    session.settle()

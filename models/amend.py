"""Many rows changed at once: each by its id to values of its own, with one statement whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Table, and_, bindparam, text, update
from sqlalchemy.engine import Dialect

from models.lean import Compiled

if TYPE_CHECKING:
    from models.store import Unit


class Amend:
    """An UPDATE of some columns of a table with an ``id``."""

    def __init__(
        self, table: Table, columns: Sequence[str], *, same: Sequence[str] = (), where: str = ""
    ) -> None:
        """``same``: columns that must still hold what a row gives for them. ``where``: what has to be true besides."""
        self._table = table
        self._columns = list(columns)
        self._same = ["id", *same]
        self._where = where
        self._by_dialect: dict[str, Compiled | str] = {}

    def run(self, unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
        """Changes these rows; whatever does not hold any more is left alone."""
        if not rows:
            return
        connection = unit.connection  # what waits to be written is written first
        dialect = unit.dialect
        statement = self._by_dialect.get(dialect.name)
        if statement is None:
            statement = self._by_dialect[dialect.name] = (
                self._many(dialect) if dialect.name == "postgresql" else self._one(dialect)
            )
        if isinstance(statement, Compiled):
            named = [{f"new_{key}": value for key, value in row.items()} for row in rows]
            unit.driver.executemany(statement.sql, [statement.bind(row) for row in named])
        else:
            connection.exec_driver_sql(statement, (msgspec.json.encode(rows).decode(),))

    def _one(self, dialect: Dialect) -> Compiled:
        """For a driver in the same process: a prepared statement that it runs for each row."""
        columns = self._table.c
        given = {name: bindparam(f"new_{name}", type_=columns[name].type) for name in self._columns}
        still = [columns[name] == bindparam(f"new_{name}", type_=columns[name].type) for name in self._same]
        condition = and_(*still, text(self._where)) if self._where else and_(*still)
        return Compiled(update(self._table).where(condition).values(given), dialect, None)

    def _many(self, dialect: Dialect) -> str:
        """For a server: all rows in one message."""
        table = self._table.name
        names = [*self._same, *(name for name in self._columns if name not in self._same)]
        shape = ", ".join(f"{name} {self._table.c[name].type.compile(dialect)}" for name in names)
        sets = ", ".join(f"{name} = given.{name}" for name in self._columns)
        conditions = [f"{table}.{name} = given.{name}" for name in self._same]
        conditions += [self._where] * bool(self._where)
        return (
            f"UPDATE {table} SET {sets} FROM json_to_recordset(%s::json) AS given ({shape}) "  # noqa: S608 - our own words
            f"WHERE {' AND '.join(conditions)}"
        )

"""Lean statements: compiled once, then run by the driver itself, for the few that every message needs.

SQLAlchemy says what the statement is and how values are converted; what it spends on each execution (cache keys,
contexts, result objects: some 60 to 100 microseconds) is spent once. Such a statement does not flush the
session: what it relies on has to be flushed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

from models.base import Conflict, Moment

if TYPE_CHECKING:
    from models.store import Unit

Converter = Callable[[Any], Any]


def _once(dialect: Dialect, converter: Converter) -> Converter:
    return _MOMENTS.setdefault(dialect.name, lru_cache(maxsize=256)(converter))


_MOMENTS: dict[str, Converter] = {}


class Compiled:
    """One statement for one dialect."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, keys: Sequence[str] | None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
        self.sql = str(compiled)
        self.tables = {each.name for each in visitors.iterate(statement) if isinstance(each, Table)}
        """What it reads or writes: rows that wait for these tables have to be written first."""
        self.names: list[str] | None = list(compiled.positiontup) if compiled.positional else None
        self.fixed: dict[str, Any] = {}
        self.convert: list[tuple[str, Converter]] = []
        for name, bind in compiled.binds.items():
            if not bind.required and name not in (keys or ()):
                self.fixed[name] = bind.effective_value
            converter = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if converter is not None:
                # One message writes one and the same moment a dozen times: it is converted once.
                moments = isinstance(bind.type, Moment)
                self.convert.append((name, _once(dialect, converter) if moments else converter))
        for name, converter in self.convert:
            if name in self.fixed:
                self.fixed[name] = converter(self.fixed[name])
        self.convert = [(name, converter) for name, converter in self.convert if name not in self.fixed]
        columns: Sequence[Any] = ()
        if isinstance(statement, Select):
            columns = list(statement.selected_columns)
        elif isinstance(statement, UpdateBase):
            columns = list(statement.exported_columns)
        self.results = [
            (place, converter)
            for place, column in enumerate(columns)
            if (converter := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def bind(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them: by place, or by name where the driver wants names."""
        if self.names is None:
            bound = {**self.fixed, **values}
            for name, converter in self.convert:
                bound[name] = converter(bound[name])
            return bound
        if self.fixed:
            values = {**self.fixed, **values}
        row = [values[name] for name in self.names]
        for place, converter in self.places:
            row[place] = converter(row[place])
        return row

    @cached_property
    def places(self) -> list[tuple[int, Converter]]:
        """The converters by place."""
        converters = dict(self.convert)
        return [(i, converters[name]) for i, name in enumerate(self.names or ()) if name in converters]


def among(column: ColumnElement[str], words: Iterable[str]) -> ColumnElement[bool]:
    """That a column is one of our own few words, written into the statement: a lean one cannot grow a list of values."""
    return column.in_([literal_column(f"'{word}'") for word in words])


def one_of(column: Any, name: str, dialect: str) -> ColumnElement[bool]:
    """That a column is one of as many numbers as there may be, given as one value: ``as_list`` makes it."""
    if dialect == "postgresql":
        return column == func.any(bindparam(name, type_=ARRAY(Integer())))  # type: ignore[no-any-return]
    each = func.json_each(bindparam(name, type_=String())).table_valued("value")
    return column.in_(select(each.c.value))  # type: ignore[no-any-return]


def as_list(unit: Unit, numbers: Iterable[int | None]) -> Any:
    """Numbers as the one value that ``one_of`` takes."""
    values = [each for each in numbers if each is not None]
    return values if unit.dialect.name == "postgresql" else msgspec.json.encode(values).decode()


class Lean:
    """A statement, or one for each dialect where they differ."""

    def __init__(
        self,
        statement: ClauseElement | Mapping[str, ClauseElement],
        keys: Sequence[str] | None = None,
    ) -> None:
        """``keys``: the columns that an INSERT gives values for."""
        self._statement = statement
        self._keys = keys
        self._by_dialect: dict[str, Compiled] = {}

    def _for(self, unit: Unit) -> Compiled:
        dialect = unit.dialect
        compiled = self._by_dialect.get(dialect.name)
        if compiled is None:
            statement = self._statement
            chosen = statement[dialect.name] if isinstance(statement, Mapping) else statement
            compiled = self._by_dialect[dialect.name] = Compiled(chosen, dialect, self._keys)
        return compiled

    def run(self, unit: Unit, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Executes it; the rows, if it gives any.

        Raises:
            Conflict: a constraint or a lock was in the way.
        """
        compiled = self._for(unit)
        if not compiled.tables.isdisjoint(unit.pending.tables):
            unit.settle(compiled.tables)
        try:
            cursor = unit.driver.execute(compiled.sql, compiled.bind(values))
        except unit.refusals as error:
            raise Conflict(str(error)) from error
        if cursor.description is None:
            return []
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not compiled.results:
            return rows
        converted = []
        for row in rows:
            mutable = list(row)
            for place, converter in compiled.results:
                mutable[place] = converter(mutable[place])
            converted.append(tuple(mutable))
        return converted

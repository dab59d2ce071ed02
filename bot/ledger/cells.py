"""What may stand in a cell, and the code by which two exports are known to say the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from bot.ledger.layout import Column
from models.moment import local

Value = str | int | float | date | datetime | None
_LONGEST: Final = 32_767
"""Characters that a cell of a workbook holds."""
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML has no place for."""
_FORMULA: Final = tuple("=+-@＝＋－＠")
"""How a formula begins; the wide signs too, since Chinese spreadsheets take them for the narrow ones."""


def text(written: str) -> str:
    """Text that no spreadsheet program takes for a formula, in the file or when it is copied out of it."""
    if not written:
        return written
    if not written.isprintable():
        written = _UNWRITABLE.sub("", written.replace("\r\n", "\n").replace("\r", "\n"))
    head = written.lstrip()
    if head.startswith(_FORMULA) and head not in ("-", "－"):
        written = "'" + written
    return written if len(written) <= _LONGEST else written[: _LONGEST - 1] + "…"


def cell(value: object, column: Column) -> Value:
    """A row's value as it stands in a cell of a column: moments and days by the clocks of Chifeng."""
    if value is None or value == "":
        return column.empty or None
    if isinstance(value, str):
        return text(value)
    if isinstance(value, datetime):
        here = local(value).replace(tzinfo=None)
        return here.date() if column.kind == "date" else here.replace(microsecond=0)
    if isinstance(value, float):
        return round(value, 4 if column.kind == "percent" else 1)
    if isinstance(value, int | date):
        return value
    raise TypeError(f"{column.field}: {type(value).__name__}")


def said(value: Value) -> str:
    """The same as text: what a .csv has, and what the code is made of."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return str(value)


class Seal:
    """The code of a table: the first 16 digits of the SHA-256 of its headings and rows as text."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._digest = hashlib.sha256()
        self.add(headings)

    def add(self, cells: Iterable[Value]) -> None:
        """One more row. Unit and record separators stand between, which no cell can contain."""
        self._digest.update(("\x1f".join(map(said, cells)) + "\x1e").encode())

    @property
    def code(self) -> str:
        """The code of what was added so far."""
        return self._digest.hexdigest()[:16]

"""What every kind of file gives: pages of rows, numbered as the spreadsheet program numbers them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from bot.commands.intake.cells import written

Rows = Iterator[tuple[int, Sequence[object]]]
"""Row numbers, the first row being 1, and what stands in the row's cells from the first column on."""


class SheetRefused(Exception):
    """The file cannot be read as such a table; the text tells a clerk what is the matter and what to do."""


class Missing(enum.Enum):
    """What stands for a cell whose value the file does not hold."""

    RESULT = "公式"
    """A formula that was never calculated, or whose result was not saved."""


UNCOMPUTED: Final = Missing.RESULT


class Page(msgspec.Struct, frozen=True):
    """One sheet of a workbook, or a whole text file."""

    title: str
    """Its tab; empty for a text file."""
    visible: bool
    rows: Callable[[], Rows]
    """Reads the page from its beginning; reading on may raise SheetRefused."""
    hidden_rows: Callable[[], frozenset[int]]
    """Rows that a filter or a clerk hides."""
    hidden_columns: Callable[[], frozenset[int]]
    """The same for columns; the first is 1."""


def filled(cell: object) -> bool:
    """Whether anything can be seen in a cell."""
    if isinstance(cell, str):
        return bool(cell) and bool(written(cell))
    return cell is not None

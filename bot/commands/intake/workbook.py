"""Opens .xlsx: its sheets, with merged cells spread out and formulas without results marked."""

from __future__ import annotations

import contextlib
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from bot.commands.intake.page import UNCOMPUTED, Page, Rows, SheetRefused, filled

_LAST_ROW: Final = 1_048_576
"""No spreadsheet program has more."""
_CHUNK: Final = 1 << 20
_LONGEST_ROW: Final = 64 << 20
"""Bytes of a sheet without the end of a row among them: 16,384 cells do not come to as much."""
_MOST_WIDE_ROWS: Final = 2_000
"""Rows that reach beyond the 702nd column. Each of them is laid out with all its cells, so that hundreds of thousands
would take hours; somebody drew lines round the whole sheet."""
_NS = rb"(?:\w+:)?"
_MERGED = re.compile(rb"<%bmergeCell\s[^>]*?ref=[\"']([A-Z]+\d+:[A-Z]+\d+)" % _NS)
_HIDDEN_ROW = re.compile(rb"<%brow\s(?=[^>]*?hidden=[\"'](?:1|true))[^>]*?\br=[\"'](\d+)" % _NS)
_HIDDEN_COLUMNS = re.compile(rb"<%bcol\s(?=[^>]*?hidden=[\"'](?:1|true))([^>]*)" % _NS)
_WIDE_ROW = re.compile(rb"\br=[\"'][A-Z]{3}(\d+)")
_UNCOMPUTED = re.compile(
    # A text that is empty (t="str") is a result too.
    rb"<%bc\s(?![^>]*?t=[\"']str)[^>]*?\br=[\"']([A-Z]+\d+)[^>]*>\s*<%bf(?:\s[^>]*)?(?:/>|>[^<]*</%bf>)"
    rb"\s*(?:<%bv\s*/>|<%bv>\s*</%bv>)?\s*</%bc>" % ((_NS,) * 7)
)
_TORN = "{} 读不下去，可能已经损坏，请另存为 .xlsx 再导入。"


class _Survey(msgspec.Struct, frozen=True):
    """What reading row by row does not tell, or tells too late."""

    merges: dict[tuple[int, int], int]
    """First row and column (from 0) of every range that is merged downwards, and its last row."""
    uncomputed: dict[int, list[int]]
    """Rows, and the columns (from 0) in which a formula has no result."""
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[list[Page]]:
    """The sheets of a workbook, to be read while it is open.

    Raises:
        SheetRefused: damaged, or without any sheet.
    """
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and drop-down lists that the reader cannot keep
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # a damaged workbook fails in a dozen ways
            raise SheetRefused(_TORN.format(path.name)) from error
        try:
            if not book.worksheets:
                raise SheetRefused(f"{path.name} 里没有工作表。")
            yield [_page(path, sheet) for sheet in book.worksheets]
        finally:
            book.close()


def _page(path: Path, sheet: Any) -> Page:
    @cache
    def survey() -> _Survey:
        try:
            return _surveyed(path, sheet)
        except SheetRefused:
            raise
        except Exception as error:
            raise SheetRefused(_TORN.format(path.name)) from error

    def rows() -> Rows:
        try:
            sheet.reset_dimensions()  # some programs write a wrong size
            numbered = enumerate(sheet.iter_rows(values_only=True), 1)
            yield from _unmerged(_bounded(_marked(numbered, survey().uncomputed)), survey().merges)
        except SheetRefused:
            raise
        except Exception as error:
            raise SheetRefused(_TORN.format(path.name)) from error

    return Page(
        title=sheet.title,
        visible=sheet.sheet_state == "visible",
        rows=rows,
        hidden_rows=lambda: survey().hidden_rows,
        hidden_columns=lambda: survey().hidden_columns,
    )


def _surveyed(path: Path, sheet: Any) -> _Survey:
    """Looks through the sheet's own part of the file; the reader knows its name, but under no public one."""
    merges: dict[tuple[int, int], int] = {}
    uncomputed: dict[int, list[int]] = {}
    rows: set[int] = set()
    columns: set[int] = set()
    wide: set[bytes] = set()
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as part:
        for block in _blocks(part):
            wide.update(_WIDE_ROW.findall(block))
            if len(wide) > _MOST_WIDE_ROWS:
                raise SheetRefused(
                    f"{path.name} 有几千行一直画到了右边几百列以后。请新建一个表，只把有内容的格子复制过去，再导入。"
                )
            if b"mergeCell" in block:
                for found in _MERGED.findall(block):
                    left, top, _, bottom = range_boundaries(found.decode())
                    if bottom > top:
                        merges[top, left - 1] = bottom
            if b"hidden=" in block:
                rows.update(map(int, _HIDDEN_ROW.findall(block)))
                for attributes in _HIDDEN_COLUMNS.findall(block):
                    bounds = dict(re.findall(rb"\b(min|max)=[\"'](\d+)", attributes))
                    first, last = int(bounds.get(b"min", 0)), int(bounds.get(b"max", 0))
                    columns.update(range(first, min(last, first + 100) + 1))
            if b"<f" in block or b":f" in block:
                for found in _UNCOMPUTED.findall(block):
                    row, column = coordinate_to_tuple(found.decode())
                    uncomputed.setdefault(row, []).append(column - 1)
    return _Survey(merges, uncomputed, frozenset(rows), frozenset(columns))


def _blocks(part: Any) -> Iterator[bytes]:
    """A sheet in pieces of whole rows, so that nothing that is looked for is torn."""
    rest = b""
    while chunk := part.read(_CHUNK):
        rest += chunk
        end = rest.rfind(b"row>") + 4
        if end > 4:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > _LONGEST_ROW:
            raise ValueError("a row without an end")
    yield rest


def _marked(rows: Rows, uncomputed: dict[int, list[int]]) -> Rows:
    for number, row in rows:
        if columns := uncomputed.get(number):
            cells = list(row)
            for column in columns:
                if column < len(cells) and cells[column] is None:
                    cells[column] = UNCOMPUTED
            yield number, cells
        else:
            yield number, row


def _bounded(rows: Rows) -> Rows:
    for number, row in rows:
        if number > _LAST_ROW:
            raise ValueError("a row beyond the last that there can be")
        yield number, row


def _unmerged(rows: Rows, merges: dict[tuple[int, int], int]) -> Rows:
    """Gives each row of a merged range the value that stands in its first; an empty row stays empty.

    What is seen across several rows is meant for each of them: 党组织编号 merged over its members, a 开始日期 over
    several turns. Where that cannot be meant, as for a phone, the rows' keys are equal and are refused for it.
    A range merged across columns gives its value to the first of them only.
    """
    carried: dict[int, tuple[int, object]] = {}
    for number, row in rows:
        if not merges:
            yield number, row
            continue
        cells: Sequence[object] = row
        if any(filled(cell) for cell in row):
            cells = list(row)
            cells.extend([None] * (max(carried, default=-1) + 1 - len(cells)))
        for column in range(len(row)):
            if (last := merges.get((number, column))) is not None:
                carried[column] = (last, row[column])
        for column, (last, value) in list(carried.items()):
            if number > last:
                del carried[column]
            elif isinstance(cells, list) and not filled(cells[column]):
                cells[column] = value
        yield number, cells

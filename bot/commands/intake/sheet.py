"""Opens a table as clerks send it: .xlsx or .csv, a title above the headers, blank rows, merged cells."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.cell import get_column_letter, range_boundaries

_LOOK_AHEAD: Final = 5
"""Among how many rows that hold anything the headers are looked for."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"')
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCODINGS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class SheetRefused(Exception):
    """The file cannot be read as such a table; the text tells a clerk what is the matter and what to do."""


class Line(msgspec.Struct, frozen=True):
    """One row that holds something, under the table's headers."""

    number: int
    """As the spreadsheet program counts: the first row of the sheet is 1."""
    cells: dict[str, object]
    stray: tuple[str, ...]
    """What stands to the right of the last header."""


def lines(path: Path, headers: Sequence[str]) -> Iterator[Line]:
    """The rows of a table that has exactly these columns, in any order; empty rows are left out.

    Raises:
        SheetRefused: not a table, or its columns are others.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise SheetRefused(f"打不开文件 {path}：{error.strerror}") from error
    if start.startswith(_OLE):
        raise SheetRefused(f"{path.name} 是旧版 .xls 或加了密码，请在表格软件里另存为不加密的 .xlsx 再导入。")
    rows = _workbook(path) if start == _ZIP else _separated(path)
    return _under(headers, ((number, row) for number, row in rows if any(_filled(cell) for cell in row)))


def _filled(cell: object) -> bool:
    return cell is not None and not (
        isinstance(cell, str) and not cell.strip("\ufeff\u200b \t\r\n\u3000\xa0")
    )


def _under(headers: Sequence[str], rows: Iterable[tuple[int, Sequence[object]]]) -> Iterator[Line]:
    rows = iter(rows)
    first = list(islice(rows, _LOOK_AHEAD))
    wanted = {_title(header): header for header in headers}
    scores = [len({_title(cell) for cell in row} & wanted.keys()) for _, row in first]
    if not any(scores):
        raise SheetRefused(f"前 {_LOOK_AHEAD} 行里没有找到表头。表头应当是：{'、'.join(headers)}。")
    at = scores.index(max(scores))
    titles = [_title(cell) for cell in first[at][1]]
    _check(titles, wanted, headers)
    while titles and not titles[-1]:
        titles.pop()
    for number, row in chain(first[at + 1 :], rows):
        yield Line(
            number,
            {wanted[title]: cell for title, cell in zip(titles, row, strict=False) if title},
            tuple(
                f"{get_column_letter(column)} 列的“{str(cell)[:20]}”"
                for column, cell in enumerate(row, 1)
                if _filled(cell) and (column > len(titles) or not titles[column - 1])
            ),
        )


def _title(cell: object) -> str:
    return re.sub(r"[\s*:\ufeff\u200b]", "", unicodedata.normalize("NFKC", str(cell or "")))


def _check(titles: list[str], wanted: dict[str, str], headers: Sequence[str]) -> None:
    faults = []
    named = [title for title in titles if title]
    if extra := [title for title in dict.fromkeys(named) if title not in wanted]:
        faults.append(f"多了列：{'、'.join(extra)}")
    if missing := [header for title, header in wanted.items() if title not in named]:
        faults.append(f"少了列：{'、'.join(missing)}")
    if twice := [title for title in wanted if named.count(title) > 1]:
        faults.append(f"列重复：{'、'.join(twice)}")
    if faults:
        raise SheetRefused(f"表头不对，{'；'.join(faults)}。应当是：{'、'.join(headers)}。")


def _workbook(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # styles and drop-down lists that the reader cannot keep
                book = load_workbook(file, read_only=True, data_only=True)
            if not book.worksheets:
                raise SheetRefused(f"{path.name} 里没有工作表。")
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write a wrong size
            yield from _unmerged(enumerate(sheet.iter_rows(values_only=True), 1), _merges(path, sheet))
            book.close()
        except SheetRefused:
            raise
        except Exception as error:  # a damaged workbook fails in a dozen ways
            raise SheetRefused(f"{path.name} 读不下去，可能已经损坏，请另存为 .xlsx 再导入。") from error


def _merges(path: Path, sheet: Any) -> dict[tuple[int, int], int]:
    """First row and column of every range that is merged downwards, and its last row.

    Reading row by row does not tell of merged cells, so they are looked up in the sheet's own part of the file;
    the reader knows its name, but under no public one.
    """
    with zipfile.ZipFile(path) as archive:
        found = _MERGED.findall(archive.read(sheet._worksheet_path))
    bounds = [range_boundaries(each.decode()) for each in found]
    return {(top, left - 1): bottom for left, top, _, bottom in bounds if bottom > top}


def _unmerged(
    rows: Iterable[tuple[int, Sequence[object]]], merges: dict[tuple[int, int], int]
) -> Iterator[tuple[int, Sequence[object]]]:
    """Gives each row of a merged range the value that stands in its first; an empty row stays empty."""
    carried: dict[int, tuple[int, object]] = {}
    for number, row in rows:
        if not merges:
            yield number, row
            continue
        cells = list(row)
        empty = not any(_filled(cell) for cell in cells)
        for column in range(len(cells)):
            if (last := merges.get((number, column))) is not None:
                carried[column] = (last, cells[column])
        for column, (last, value) in list(carried.items()):
            if number > last:
                del carried[column]
            elif not empty and column < len(cells) and not _filled(cells[column]):
                cells[column] = value
        yield number, cells


def _separated(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    written = path.read_bytes()
    encoding = next((name for mark, name in _ENCODINGS.items() if written.startswith(mark)), None)
    text = _decoded(path, written, [encoding] if encoding else ["utf-8", "gb18030"])
    head = "".join(text.splitlines()[:_LOOK_AHEAD])
    separator = max(",\t;", key=head.count)
    number = 0
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator, strict=True), 1):
            yield number, row
    except csv.Error as error:
        raise SheetRefused(f"{path.name} 第 {number + 1} 行起读不下去：引号没有成对，或一格太长。") from error


def _decoded(path: Path, written: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused(f"{path.name} 认不出是什么编码，请另存为 .xlsx 或“CSV UTF-8（逗号分隔）”再导入。")

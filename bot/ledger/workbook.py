"""A workbook of ledgers: ready to be printed, signed and handed in.

openpyxl makes the form: titles, headings, styles, print set-up, the last line. The rows of a table are many and all
alike, and a cell object for each of them costs ten times what the row itself does; so they are written as they come
into a file beside, and put into the form when that is saved. Memory stays flat, however many there are.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import IO, Any, BinaryIO, Final, Self

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import WINDOWS_EPOCH

from bot.ledger.cells import Value
from bot.ledger.layout import Column, Layout, word

MOST_ROWS: Final = 1_048_576 - 4
"""Rows of a table that fit into one sheet beside title, filler, headings and footer."""
HEAD_ROWS: Final = 3
"""Title, filler, headings: repeated on every printed page."""
_FIRST: Final = Column(heading=word("row_number"), field="", width=5, kind="figure")
_FORMATS: Final = {
    "number": "0",
    "decimal": "0.0",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "percent": "0.0%",
}
_FONT: Final = "宋体"
_THIN: Final = Side(style="thin", color="FF808080")
_EDGES: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_LINE: Final = 13.5
"""Points from one line of a cell to the next."""
_TALLEST: Final = 409
"""Points: no row can be higher."""
_NOUGHT: Final = WINDOWS_EPOCH
"""Day 0 of a workbook; every day is the number of days since."""
_DAY: Final = timedelta(days=1)
_END_OF_ROW: Final = b"</row>"


class TooLong(Exception):
    """More rows than a sheet has; the one argument says how many it has."""


class Sheet:
    """One ledger on one sheet, written from top to bottom."""

    def __init__(self, sheet: Any, layout: Layout, title: str, filler: str) -> None:
        """``sheet``: an empty one of the form."""
        self._sheet = sheet
        self._columns = [_FIRST, *layout.column]
        self._letters = [get_column_letter(place) for place in range(1, len(self._columns) + 1)]
        self._count = 0
        self.rows: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the workbook
        """The table's rows as the workbook's file has them."""
        self._prepare()
        self._across(1, title, Font(name=_FONT, size=16, bold=True), "center", 30)
        self._across(2, filler, Font(name=_FONT, size=10), "left", 20)
        self._head()
        styles = [self._style(column) for column in self._columns]
        self._openings = [
            (f'<c r="{letter}', f'" s="{style}"', column.width)
            for letter, style, column in zip(self._letters, styles, self._columns, strict=True)
        ]
        """Of each column: what stands before and behind the row's number, and the width."""

    def _prepare(self) -> None:
        sheet = self._sheet
        for letter, column in zip(self._letters, self._columns, strict=True):
            sheet.column_dimensions[letter].width = column.width
        sheet.freeze_panes = f"A{HEAD_ROWS + 1}"
        sheet.print_title_rows = f"1:{HEAD_ROWS}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = 0  # as many pages down as it takes
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.firstPageNumber, sheet.page_setup.useFirstPageNumber = 1, True
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins  # inches
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.footer = 0.6, 0.7, 0.3
        sheet.oddFooter.center.text = word("page")

    def _across(self, row: int, words: str, font: Font, where: str, height: float) -> None:
        """A line over the whole width; spreadsheet programs do not size merged rows by themselves."""
        cell = self._sheet.cell(row=row, column=1, value=words)
        cell.font = font
        cell.alignment = Alignment(horizontal=where, vertical="center", wrap_text=True)
        self._sheet.row_dimensions[row].height = height
        self._sheet.merge_cells(f"A{row}:{self._letters[-1]}{row}")

    def _head(self) -> None:
        lines = 1
        for place, column in enumerate(self._columns, 1):
            cell = self._sheet.cell(row=HEAD_ROWS, column=place, value=column.heading)
            cell.font = Font(name=_FONT, size=10, bold=True)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.border = _EDGES
            cell.fill = PatternFill("solid", fgColor="FFEDEDED")
            lines = max(lines, _lines(column.heading, column.width))
        self._sheet.row_dimensions[HEAD_ROWS].height = 8 + 14 * lines

    def _style(self, column: Column) -> int:
        """The number under which the form keeps the style of a column's cells."""
        cell = Cell(self._sheet)
        # All but long text stands in the middle, as forms have it; numbers too, which are few and small.
        across = "left" if column.kind == "long" else "center"
        cell.font = Font(name=_FONT, size=10)
        cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
        cell.border = _EDGES
        cell.number_format = _FORMATS.get(column.kind, "General")
        return int(cell.style_id)

    def add(self, values: Sequence[Value]) -> None:
        """One more row of the table, without its number.

        Raises:
            TooLong: the sheet is full.
        """
        if self._count == MOST_ROWS:
            raise TooLong(MOST_ROWS)
        self._count += 1
        row, lines, parts = str(HEAD_ROWS + self._count), 1, []
        for (before, behind, width), value in zip(self._openings, (self._count, *values), strict=True):
            if isinstance(value, str) and (len(value) * 2 > width or "\n" in value):
                lines = max(lines, _lines(value, width))
            parts.append(f"{before}{row}{behind}{_content(value)}")
        # Not every program that opens or prints a workbook works out by itself how high its rows must be.
        height = min(_TALLEST, 5 + _LINE * lines)
        self.rows.write(f'<row r="{row}" ht="{height}" customHeight="1">{"".join(parts)}</row>'.encode())

    def finish(self, footer: str) -> None:
        """The last line; where there was no row, one that says so stands before it."""
        row = HEAD_ROWS + self._count + 1
        if not self._count:
            self._across(row, word("nothing"), Font(name=_FONT, size=10), "center", 24)
            row += 1
        width = sum(column.width for column in self._columns)
        height = 8 + 13 * _lines(footer, width)
        self._across(row, footer, Font(name=_FONT, size=9, color="FF555555"), "left", height)


def _lines(words: str, width: int) -> int:
    """Into how many lines a text falls in so many characters of half width."""
    # In GBK a sign has as many bytes as halves of a square.
    halves = [len(part.encode("gbk", "replace")) for part in words.split("\n")]
    # A line that goes on ends early: no square is cut in two, and no line begins with a comma.
    return sum(1 if each <= width else -(-each // max(1, width - 2)) for each in halves)


def _content(value: Value) -> str:
    """A cell from behind its style on. Text stands in place and is marked as such, whatever it begins with."""
    if value is None:
        return "/>"
    if isinstance(value, str):
        if "&" in value or "<" in value or ">" in value:
            value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f' t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    if isinstance(value, datetime):
        # All digits: one of 08:31 that is short by a part of a second is shown as 08:30.
        return f"><v>{(value - _NOUGHT) / _DAY!r}</v></c>"
    if isinstance(value, date):
        return f"><v>{value.toordinal() - _NOUGHT.toordinal()}</v></c>"
    return f"><v>{value}</v></c>"


class Pages:
    """A workbook with one sheet for each ledger; at the end of its ``with`` the rows' own files are gone."""

    def __init__(self) -> None:
        self._form = Workbook()
        self._form.remove(self._form.active)
        self._sheets: list[Sheet] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sheet in self._sheets:
            sheet.rows.close()

    def sheet(self, layout: Layout, title: str, filler: str) -> Sheet:
        """The next sheet."""
        sheet = Sheet(self._form.create_sheet(layout.tab), layout, title, filler)
        self._sheets.append(sheet)
        return sheet

    def save(self, file: BinaryIO) -> None:
        """Puts everything into a file, the form's sheets filled with their rows."""
        form = BytesIO()
        self._form.save(form)
        rows = {f"xl/worksheets/sheet{place}.xml": sheet.rows for place, sheet in enumerate(self._sheets, 1)}
        with (
            zipfile.ZipFile(form) as source,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target,
        ):
            for info in source.infolist():
                part = source.read(info)
                if info.filename not in rows:
                    target.writestr(info, part, zipfile.ZIP_DEFLATED)
                    continue
                at = _behind_head(part)
                with target.open(info.filename, "w", force_zip64=True) as out, rows[info.filename] as own:
                    out.write(part[:at])
                    own.seek(0)
                    shutil.copyfileobj(own, out)
                    out.write(part[at:])


def _behind_head(part: bytes) -> int:
    """Where a sheet's rows go: behind the last row of its head."""
    at = 0
    for _ in range(HEAD_ROWS):
        at = part.index(_END_OF_ROW, at) + len(_END_OF_ROW)
    return at

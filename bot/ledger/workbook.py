"""A ledger as a sheet of a workbook: ready to be printed, signed and handed in.

Written row by row by openpyxl's write-only mode, so that twenty thousand rows take no more memory than twenty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from bot.ledger.cells import Value
from bot.ledger.layout import Column, Layout, word

MOST_ROWS: Final = 1_048_576 - 4
"""Rows of a table that fit into one sheet beside title, filler, headings and footer."""
_FIRST: Final = Column(heading="", field="", width=6, kind="number")
"""序号."""
_FORMATS: Final = {
    "number": "0",
    "decimal": "0.0",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "percent": "0.0%",
}
_CENTRED: Final = ("date", "moment")
_TO_THE_RIGHT: Final = ("number", "decimal", "percent", "figure")
_FONT: Final = "宋体"
_THIN: Final = Side(style="thin", color="FF808080")
_EDGES: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD_ROWS: Final = 3


class TooLong(Exception):
    """More rows than a sheet has; the one argument says how many it has."""


class Sheet:
    """One sheet, written from top to bottom."""

    def __init__(self, book: Workbook, layout: Layout, title: str, filler: str) -> None:
        self._sheet: Any = book.create_sheet(layout.tab)
        self._columns = [_FIRST, *layout.column]
        self._rows = 0
        self._prepare(title)
        last = get_column_letter(len(self._columns))
        for row in (1, 2):
            self._sheet.merged_cells.add(f"A{row}:{last}{row}")
        self._wide(title, 1, Font(name=_FONT, size=16, bold=True), "center", 30)
        self._wide(filler, 2, Font(name=_FONT, size=10), "left", 20)
        self._head(layout)
        # The same few cells again and again: making and styling one for every value costs more than writing it.
        self._cells = [self._styled(column) for column in self._columns]

    def _prepare(self, title: str) -> None:
        sheet = self._sheet
        for place, column in enumerate(self._columns, 1):
            sheet.column_dimensions[get_column_letter(place)].width = column.width
        sheet.freeze_panes = f"A{_HEAD_ROWS + 1}"
        sheet.print_title_rows = f"1:{_HEAD_ROWS}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = 0  # as many pages down as it takes
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = 0.4  # inches
        margins.top, margins.bottom, margins.footer = 0.6, 0.7, 0.3
        sheet.oddFooter.center.text = word("page")

    def _wide(self, words: str, row: int, font: Font, where: str, height: float) -> None:
        """A line over the whole width; spreadsheet programs do not size merged rows by themselves."""
        cell = WriteOnlyCell(self._sheet, value=words)
        cell.font = font
        cell.alignment = Alignment(horizontal=where, vertical="center", wrap_text=True)
        self._sheet.row_dimensions[row].height = height
        self._sheet.append([cell])

    def _head(self, layout: Layout) -> None:
        headings = [word("row_number"), *(column.heading for column in layout.column)]
        cells = []
        for heading in headings:
            cell = WriteOnlyCell(self._sheet, value=heading)
            cell.font = Font(name=_FONT, size=10, bold=True)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.border = _EDGES
            cell.fill = PatternFill("solid", fgColor="FFEDEDED")
            cells.append(cell)
        longest = max(
            -(-_breadth(heading) // max(1, column.width - 1))
            for heading, column in zip(headings, self._columns, strict=True)
        )
        self._sheet.row_dimensions[_HEAD_ROWS].height = 8 + 14 * max(1, longest)
        self._sheet.append(cells)

    def _styled(self, column: Column) -> Any:
        cell = WriteOnlyCell(self._sheet)
        kind = column.kind
        across = "center" if kind in _CENTRED else "right" if kind in _TO_THE_RIGHT else "left"
        cell.font = Font(name=_FONT, size=10)
        cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
        cell.border = _EDGES
        cell.number_format = _FORMATS.get(kind, "General")
        return cell

    def add(self, values: Sequence[Value]) -> None:
        """One more row of the table, without its number.

        Raises:
            TooLong: the sheet is full.
        """
        if self._rows == MOST_ROWS:
            raise TooLong(MOST_ROWS)
        self._rows += 1
        cells = self._cells
        cells[0].value = self._rows
        for cell, value in zip(cells[1:], values, strict=True):
            format_before = cell.number_format
            cell.value = value
            if cell.number_format != format_before:  # a date brings a format of its own along
                cell.number_format = format_before
            if isinstance(value, str):
                cell.data_type = "s"  # text, whatever it begins with
        self._sheet.append(cells)

    def finish(self, footer: str) -> None:
        """The last line; where there was no row, one that says so stands before it."""
        row = _HEAD_ROWS + self._rows + 1
        last = get_column_letter(len(self._columns))
        if not self._rows:
            self._sheet.merged_cells.add(f"A{row}:{last}{row}")
            self._wide(word("nothing"), row, Font(name=_FONT, size=10), "center", 24)
            row += 1
        self._sheet.merged_cells.add(f"A{row}:{last}{row}")
        width = sum(column.width for column in self._columns)
        lines = -(-_breadth(footer) // max(1, width - 4))
        self._wide(footer, row, Font(name=_FONT, size=9, color="FF555555"), "left", 8 + 13 * lines)


def _breadth(words: str) -> int:
    """How wide a text is, in characters of half width."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in words)


class Pages:
    """A workbook with one sheet for each ledger."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)

    def sheet(self, layout: Layout, title: str, filler: str) -> Sheet:
        """The next sheet."""
        return Sheet(self._book, layout, title, filler)

    def save(self, file: BinaryIO) -> None:
        """Puts everything into a file."""
        self._book.save(file)

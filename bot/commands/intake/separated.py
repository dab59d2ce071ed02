"""Opens .csv in the encodings and with the separators that spreadsheet programs use."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from bot.commands.intake.page import Page, Rows, SheetRefused

_ENCODINGS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEPARATORS: Final = ",\t;"


def opened(path: Path) -> list[Page]:
    """The file read with each separator; which one is right shows where the headers are found.

    That shows as well whether GBK was the right guess for a file that is not UTF-8: no other encoding makes these
    headers.

    Raises:
        SheetRefused: no text.
    """
    written = path.read_bytes()
    encoding = next((name for mark, name in _ENCODINGS.items() if written.startswith(mark)), None)
    text = _decoded(path, written, [encoding] if encoding else ["utf-8", "gb18030"])
    return [_page(path, text, separator) for separator in _SEPARATORS]


def _page(path: Path, text: str, separator: str) -> Page:
    def rows() -> Rows:
        number = 0
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
            for number, row in enumerate(lines, 1):
                yield number, row
        except csv.Error as error:
            raise SheetRefused(
                f"{path.name} 第 {number + 1} 行起读不下去：引号没有成对，或一格太长。"
            ) from error

    return Page(title="", visible=True, rows=rows, hidden_rows=frozenset, hidden_columns=frozenset)


def _decoded(path: Path, written: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused(f"{path.name} 认不出是什么编码，请另存为 .xlsx 或“CSV UTF-8（逗号分隔）”再导入。")

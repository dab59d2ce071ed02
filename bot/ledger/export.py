"""Writes ledgers into a file: .xlsx with one sheet each, or one of them as .csv."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from bot.ledger.cells import Seal, Value, cell, said
from bot.ledger.layout import Layout, clock, day, word
from bot.ledger.workbook import Pages, TooLong
from models.ledgers import LEDGERS, Ask
from models.moment import local

SUFFIXES: Final = (".xlsx", ".csv")
Told = Callable[[str, int], None]
"""Is told of every row: the ledger's title, and how many rows of it are written."""


class Written(msgspec.Struct, frozen=True):
    """One ledger that was written."""

    title: str
    rows: int
    code: str


def write(path: Path, wanted: Sequence[Layout], ask: Ask, now: datetime, told: Told) -> list[Written]:
    """Writes the ledgers; the file appears only when it is whole, and replaces one of that name.

    ``path`` ends in one of SUFFIXES; a .csv holds one ledger.

    Raises:
        OSError: the file cannot be written there.
        TooLong: a ledger has more rows than a sheet.
    """
    with _whole(path, private=not ask.veil.masked) as file:
        if path.suffix.lower() == ".csv":
            [layout] = wanted
            return [_separated(file, layout, ask, told)]
        with Pages() as pages:
            written = [_sheet(pages, layout, ask, now, told) for layout in wanted]
            pages.save(file)
        return written


@contextlib.contextmanager
def _whole(path: Path, *, private: bool) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its place at the end; ``private``: only its owner may read it."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if not private:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _rows(layout: Layout, ask: Ask, told: Told) -> Iterator[list[Value]]:
    columns = layout.column
    fields: Callable[[Any], tuple[object, ...]] = attrgetter(*(column.field for column in columns))
    for number, row in enumerate(LEDGERS[layout.key](ask), 1):
        yield [cell(value, column) for value, column in zip(fields(row), columns, strict=True)]
        told(layout.title, number)


def _headings(layout: Layout) -> list[str]:
    return [column.heading for column in layout.column]


def _sheet(pages: Pages, layout: Layout, ask: Ask, now: datetime, told: Told) -> Written:
    title = layout.heading(ask.period, ask.scope)
    sheet = pages.sheet(layout, title, word("filler", day=day(local(now).date())))
    seal, count = Seal(_headings(layout)), 0
    for row in _rows(layout, ask, told):
        sheet.add(row)
        seal.add(row)
        count += 1
    veil = word("masked") if ask.veil.masked else word("unmasked")
    sheet.finish(word("footer", at=clock(now), basis=layout.basis, veil=veil, code=seal.code))
    return Written(title, count, seal.code)


def _separated(file: BinaryIO, layout: Layout, ask: Ask, told: Told) -> Written:
    """UTF-8 with a mark in front, by which spreadsheet programs know it; headings and rows only."""
    file.write(b"\xef\xbb\xbf")
    seal, count = Seal(_headings(layout)), 0
    out = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(out)
    writer.writerow([word("row_number"), *_headings(layout)])
    for row in _rows(layout, ask, told):
        count += 1
        writer.writerow([count, *map(said, row)])
        seal.add(row)
    out.detach()  # flushed; the file itself is closed by whoever opened it
    return Written(layout.heading(ask.period, ask.scope), count, seal.code)


__all__ = ["SUFFIXES", "TooLong", "Written", "write"]

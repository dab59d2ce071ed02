"""Finds the table in what clerks send: titles and remarks above the headers, totals and signatures below the rows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from openpyxl.utils.cell import get_column_letter

from bot.commands.intake import separated, workbook
from bot.commands.intake.cells import flat, narrow, written
from bot.commands.intake.nature import Nature, nature
from bot.commands.intake.page import Page, Rows, SheetRefused, filled

__all__ = ["Line", "SheetRefused", "lines"]

_LOOK_AHEAD: Final = 10
"""Among how many rows that hold anything the headers are looked for."""
_LISTED: Final = 8
"""How many row numbers are named; more are only counted."""
_MARKS = re.compile(r"[\s*:★☆※●▲#'\"]")
_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")
_TOTAL = re.compile(
    r"[合总小共]计(?:数|人数|户数)?:?[\d.,]*[人名个条户行件项期天]?|共[\d.,]+[人名个条户行件项期天]"
)
_SIGNATURE = re.compile(
    r"\(?(?:填报|填表|制表|制作|审核|审批|审定|复核|核对|经办|报送|上报|统计|汇总|负责|分管|联系|签字|签名|签章"
    r"|盖章|公章|单位|部门|党组织|书记|领导|日期|时间|电话)[^:]{0,12}:"
)
_ALONE = re.compile(
    r"(?:附?注|备注|(?:填表)?说明)\d*[:、.].*|\d{4}年\d{1,2}月\d{1,2}日|\(?(?:盖章|公章|签字|签章)\)?"
    r"|\(?(?:以下空白|以下无正文)\)?|以上数据.*"
)
"""What means nothing when it is all that stands in a row."""


class Line(msgspec.Struct, frozen=True):
    """One row that holds something, under the table's headers."""

    number: int
    """As the spreadsheet program counts: the first row of the sheet is 1."""
    cells: dict[str, object]
    stray: tuple[str, ...]
    """What stands in columns without a header."""
    remark: str = ""
    """Why the row cannot be one of the table's at all."""


class _Head(msgspec.Struct, frozen=True):
    """Where the headers of a page may be."""

    page: Page
    number: int
    titles: list[str]
    score: int
    """How many of the headers there are."""
    followed: bool
    """Whether anything stands below them, as far as the look ahead goes."""


def lines(path: Path, headers: Sequence[str], notes: list[str]) -> Iterator[Line]:
    """The rows of a table that has exactly these columns, in any order; empty rows are left out.

    Of several sheets the first one that can be seen and has the headers is taken. ``notes`` receives what a clerk
    should know although it is no fault: which sheet was read where that is not plain, hidden rows, what was left out.

    Raises:
        SheetRefused: not a table, or its columns are others.
    """
    if nature(path) is Nature.WORKBOOK:
        opened: contextlib.AbstractContextManager[list[Page]] = workbook.opened(path)
    else:
        opened = contextlib.nullcontext(separated.opened(path))
    wanted = {_title(header, {}): header for header in headers}
    with opened as pages:
        head = _choose([page for page in pages if page.visible], wanted, notes)
        if head.page is not pages[0] and head.page.title:
            notes.insert(0, f"读的是工作表“{head.page.title}”。")
        _check(head, wanted, headers)
        yield from _below(head, wanted, notes)


def _seen(rows: Rows) -> Rows:
    return ((number, row) for number, row in rows if any(filled(cell) for cell in row))


def _choose(pages: list[Page], wanted: dict[str, str], notes: list[str]) -> _Head:
    heads: list[_Head] = []
    unreadable: SheetRefused | None = None
    for page in pages:
        try:
            heads.append(_look(page, wanted))
        except (
            SheetRefused
        ) as refused:  # a text may be torn only as long as it is read with the wrong separator
            unreadable = refused
    best = max(heads, key=lambda head: head.score, default=None)
    if best is None or not best.score:
        if unreadable:
            raise unreadable
        raise SheetRefused(
            f"前 {_LOOK_AHEAD} 行里没有找到表头。表头应当是：{'、'.join(wanted.values())}。"
            "空行不算；隐藏的工作表不读。"
        )
    others = [
        head.page.title
        for head in heads
        if head is not best and head.page.title and head.score == len(wanted) and head.followed
    ]
    if others:
        names = "、".join(f"“{title}”" for title in others[:_LISTED])
        notes.append(
            f"只读了工作表“{best.page.title}”。工作表{names}也有这样的表头，没有读；要导入，请分别另存成一份文件。"
        )
    return best


def _look(page: Page, wanted: dict[str, str]) -> _Head:
    first: list[tuple[int, Sequence[object]]] = []
    rows = _seen(page.rows())
    try:
        first.extend(islice(rows, _LOOK_AHEAD + 1))
    except SheetRefused:
        if not first:
            raise
    titled = [[_title(cell, wanted) for cell in row] for _, row in first[:_LOOK_AHEAD]]
    scores = [len(set(titles) & wanted.keys()) for titles in titled]
    score = max(scores, default=0)
    if not score:
        return _Head(page, 0, [], 0, followed=False)
    at = scores.index(score)
    titles = titled[at]
    while not titles[-1]:
        titles.pop()
    return _Head(page, first[at][0], titles, score, followed=len(first) > at + 1)


def _title(cell: object, wanted: dict[str, str]) -> str:
    """A header as it is compared: without marks, and without a remark where it is the rest that is wanted."""
    whole = _MARKS.sub("", narrow(cell))
    if not whole or whole in wanted:
        return whole
    first_line = written(cell).split("\n")[0]
    for part in (_MARKS.sub("", _REMARK.sub("", narrow(cell))), _MARKS.sub("", narrow(first_line))):
        if part in wanted:
            return part
    return whole


def _check(head: _Head, wanted: dict[str, str], headers: Sequence[str]) -> None:
    faults = []
    hidden = head.page.hidden_columns()
    extra = {
        title: f"{title}（隐藏的 {get_column_letter(column)} 列）" if column in hidden else title
        for column, title in reversed(list(enumerate(head.titles, 1)))
        if title and title not in wanted
    }
    if extra:
        faults.append(f"多了列：{'、'.join(reversed(extra.values()))}")
    if missing := [header for title, header in wanted.items() if title not in head.titles]:
        faults.append(f"少了列：{'、'.join(missing)}")
    if twice := [title for title in wanted if head.titles.count(title) > 1]:
        faults.append(f"列重复：{'、'.join(twice)}")
    if faults:
        where = f"工作表“{head.page.title}”第 {head.number} 行的" if head.page.title else ""
        raise SheetRefused(f"{where}表头不对，{'；'.join(faults)}。应当是：{'、'.join(headers)}。")


def _below(head: _Head, wanted: dict[str, str], notes: list[str]) -> Iterator[Line]:
    """The rows below the headers, without what closes the table."""
    hidden_rows = head.page.hidden_rows()
    hidden, again = [], []
    closing: list[Line] = []
    empty = True
    for number, row in _seen(head.page.rows()):
        if number <= head.number:
            continue
        line = _line(head, wanted, number, row)
        if line.remark:
            closing.append(line)
            continue
        if _is_head(head, wanted, row):
            again.append(number)
            continue
        yield from closing
        closing.clear()
        empty = False
        if number in hidden_rows:
            hidden.append(number)
        yield line
    if empty:
        notes.append("表头下面一行数据也没有。")
    if again:
        notes.append(f"{_numbered(again)}又是表头，跳过了。")
    if hidden:
        notes.append(f"{_numbered(hidden)}是隐藏着的（或被筛选掉的），同样算在内。")
    if closing:
        notes.append(
            f"最后的{_numbered([line.number for line in closing])}是合计、签字或说明，没有当作数据。"
        )


def _is_head(head: _Head, wanted: dict[str, str], row: Sequence[object]) -> bool:
    first = next(index for index, title in enumerate(head.titles) if title)
    if len(row) < len(head.titles) or _title(row[first], wanted) != head.titles[first]:
        return False
    return [_title(cell, wanted) for cell in row[: len(head.titles)]] == head.titles


def _line(head: _Head, wanted: dict[str, str], number: int, row: Sequence[object]) -> Line:
    titles = head.titles
    return Line(
        number,
        {wanted[title]: cell for title, cell in zip(titles, row, strict=False) if title},
        tuple(
            f"{get_column_letter(column)} 列的“{str(cell)[:20]}”"
            for column, cell in enumerate(row, 1)
            if (column > len(titles) or not titles[column - 1]) and filled(cell)
        ),
        _closing(row),
    )


def _closing(row: Sequence[object]) -> str:
    """What to say of a row that can only close a table, if it stands elsewhere; empty: it is an ordinary one.

    A total, a line of signatures, or a remark, a date, a place for the seal that stands alone.
    """
    first = next(cell for cell in row if filled(cell))
    if not isinstance(first, str) or first.isascii():
        return ""
    text = narrow(first)
    alone = _ALONE.fullmatch(text) and sum(filled(cell) for cell in row) == 1
    if not alone and not _TOTAL.fullmatch(text) and not _SIGNATURE.match(text):
        return ""
    return f"“{flat(first)[:20]}”这样的合计、签字或说明行只能放在表的最后，请删掉这一行"


def _numbered(numbers: list[int]) -> str:
    listed = "、".join(str(number) for number in numbers[:_LISTED])
    return f"第 {listed} 行" if len(numbers) <= _LISTED else f"第 {listed} 等 {len(numbers)} 行"

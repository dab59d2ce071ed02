"""The lists that organisations sign, as people name their periods and read their lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.lists import shorten
from bot.kit.words import leading_number, number, plain
from models.book import BookItem
from models.period import Period

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2}|二[〇零][〇零一二三四五六七八九]{2})(?:年度?|[-/.])?")
_QUARTER = re.compile(r"第?([一二三四五六七八九1-9])季度?|q([1-9])", re.IGNORECASE)
_MONTH = re.compile(r"(\d{1,2}|[一二三四五六七八九十]{1,3})月份?")
_ONLY_NUMBER = re.compile(r"^(\d{1,2})$")
_BESIDE = re.compile(r"(上个?|本|这个|当|下个?)(月|季)")


def read_period(text: str, today: date) -> Period | None:
    """The period that a text names: 2026年11月, 11月, 下个月, 四季度, 2026-Q4, 明年; None where it names none.

    Without a year it is the next one that is not over. Raises PeriodUnclear where there is no such month or quarter.
    """
    rest = re.sub(r"\s", "", plain(text))
    if found := _BESIDE.search(rest):
        return _beside(today, found[2], ahead={"上": -1, "下": 1}.get(found[1][0], 0))
    year: int | None = None
    if found := _YEAR.search(rest):
        year = number(found[1])
        rest = rest[: found.start()] + rest[found.end() :]
    elif "明年" in rest:
        year = today.year + 1
    elif re.search("今年|本年|全年", rest):
        year = today.year
    if found := _QUARTER.search(rest):
        quarter = number(found[1] or found[2]) or 0
        return _coming(today, year, quarter, Period.quarter)
    if found := _MONTH.search(rest) or (_ONLY_NUMBER.match(rest) if year is not None else None):
        return _coming(today, year, number(found[1]) or 0, Period.month)
    return Period.of(str(year)) if year is not None else None


def _coming(today: date, year: int | None, part: int, make: Callable[[int, int], Period]) -> Period:
    period = make(year or today.year, part)
    return make(today.year + 1, part) if year is None and period.last < today else period


def _beside(today: date, span: str, ahead: int) -> Period:
    """This month or quarter, the last or the next."""
    parts = 12 if span == "月" else 4
    at = (today.month - 1) // (12 // parts) + ahead
    return (Period.month if parts == 12 else Period.quarter)(today.year + at // parts, at % parts + 1)


def read_book_number(text: str) -> tuple[int | None, str]:
    """The number of a list at the beginning of a text, and what stands behind it: ``5号 数字不对`` → 5, 数字不对."""
    found = leading_number(text)
    return found if found is not None else (None, text)


def book_line(ctx: Context, item: BookItem, most: int) -> str:
    """One line of a list, its matter in at most so many characters."""
    line = item.line
    claimed = ""
    if line.claimant:
        claimed = ctx.texts.say("book.claimed", claimant=shorten(line.claimant, 18))
        if line.promised:
            claimed += ctx.texts.say("book.promised", day=day_of(date.fromisoformat(line.promised)))
    head = (
        ctx.texts.say("book.case", number=item.case_number)
        if item.case_number is not None
        else item.supply_code
    )
    return ctx.texts.say(
        "book.line", head=head, text=shorten(line.text, most), unit=shorten(line.unit, 18), claimed=claimed
    )

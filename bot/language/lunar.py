"""The Chinese calendar: lunar days, the 24 solar terms and the dog days, as dates of Asia/Shanghai.

Both tables hold the years 2015 to 2060 and were computed with lunar-python 1.4 (MIT); what it says of the past
agrees with the Hong Kong Observatory's conversion tables.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_FIRST_YEAR = 2015
_NEW_YEAR = date(2015, 2, 19)
"""The first day of the lunar year 2015."""
_MONTHS = (
    "005d2 00da5 61d4a 00d4a 00c95 4152e 00556 00ab5 215b2 006d2 60ea5 00725 0064b 50c97 00cab 0055a "
    "30ad6 00b69 b1752 00b52 00b25 61a4b 00a4b 004ab 5055b 005ad 00b6a 21b52 00d92 71d25 00d25 00a55 "
    "514ad 004b6 005b5 30daa 00ec9 81e92 00e92 00d26 60a56 00a57 004d6 406d5 00755 00749 "
)
"""One lunar year each: the number of its leap month (0: none), then a bit for every month of 30 days, the first
month lowest."""

TERMS = (
    "小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至",
    "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至",
)  # fmt: skip
"""The solar terms in the order of the solar year, two to a month."""
_EARLIEST = (5, 19, 3, 18, 5, 20, 4, 19, 5, 20, 5, 20, 6, 22, 7, 22, 7, 22, 7, 22, 6, 21, 6, 21)
"""The earliest day of its month on which each term falls within the table's years."""
_LATER = (
    "111111111112111111122111 111100000001100100111110 010000010101100101111111 011101110111110111111111 "
    "011111111111111111122111 111100000001000000111110 010000010101100101111110 011100110111110101111111 "
    "011111111111111111122111 111100000001000000111100 010000010101100101111110 011000110101110101111111 "
    "011111111111111111111111 111100000001000000111100 010000010101100101111110 011000110101110101111111 "
    "011111111111111111111111 111100000001000000111100 010000010101100101111110 011000110101110101111111 "
    "011111110111110111111111 111100000001000000111100 010000010101100101111110 011000110101110101111111 "
    "011111110111110111111111 111100000001000000111100 010000010001100100111110 011000010101110101111111 "
    "011111110111110111111111 111100000001000000011100 010000000001100100111110 011000010101100101111111 "
    "011111110111110111111111 111100000000000000011000 000000000001000000111110 010000010101100101111111 "
    "011100110111110101111111 011100000000000000011000 000000000001000000111110 010000010101100101111111 "
    "011100110101110101111111 011100000000000000011000 000000000001000000111100 010000010101100101111110 "
    "011100110101110101111111 011100000000000000000000 "
)
"""One solar year each: how many days later than the earliest every term falls."""


@lru_cache(maxsize=64)
def _year(year: int) -> tuple[date, tuple[tuple[int, bool, int], ...]] | None:
    """The first day of a lunar year and its months (number, whether leap, days); None outside the table."""
    place = year - _FIRST_YEAR
    if not 0 <= place < len(_MONTHS) // 6:
        return None
    first = _NEW_YEAR
    months: list[tuple[int, bool, int]] = []
    for at in range(0, 6 * place + 1, 6):
        code = _MONTHS[at : at + 5]
        first += timedelta(days=sum(days for _, _, days in months))
        leap, long = int(code[0], 16), int(code[1:], 16)
        order = [(n, again) for n in range(1, 13) for again in (False, True) if not again or n == leap]
        months = [(n, again, 29 + (long >> i & 1)) for i, (n, again) in enumerate(order)]
    return first, tuple(months)


def solar(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The date of a day of the lunar calendar. The 30th of a short month is its last day; None: no such day."""
    found = _year(year)
    if found is None or not 1 <= day <= 30:
        return None
    first, months = found
    for number, again, days in months:
        if number == month and again == leap:
            return first + timedelta(days=min(day, days) - 1)
        first += timedelta(days=days)
    return None


def month_days(year: int, month: int) -> tuple[date, date] | None:
    """First and last day of a lunar month (not of its leap month)."""
    first, last = solar(year, month, 1), solar(year, month, 30)
    return None if first is None or last is None else (first, last)


def from_solar(day: date) -> tuple[int, int, int] | None:
    """Year, month and day of the lunar calendar; a leap month bears its number."""
    for year in (day.year, day.year - 1):
        found = _year(year)
        if found is None or day < found[0]:
            continue
        first, months = found
        for number, _, days in months:
            if day < first + timedelta(days=days):
                return year, number, (day - first).days + 1
            first += timedelta(days=days)
    return None


def term(name: str, year: int) -> date | None:
    """The day of a solar term in a solar year; None outside the table."""
    place = year - _FIRST_YEAR
    if not 0 <= place < len(_LATER) // 25:
        return None
    index = TERMS.index(name)
    return date(year, index // 2 + 1, _EARLIEST[index] + int(_LATER[25 * place + index]))


def dog_days(year: int) -> tuple[date, date, date, date] | None:
    """First days of 初伏, 中伏 and 末伏, and the first day after them.

    初伏 begins on the third geng day from the summer solstice on, 中伏 ten days later, 末伏 on the first geng day
    from the beginning of autumn on.
    """
    solstice, autumn = term("夏至", year), term("立秋", year)
    if solstice is None or autumn is None:
        return None
    first = solstice + timedelta(days=_to_geng(solstice) + 20)
    last = autumn + timedelta(days=_to_geng(autumn))
    return first, first + timedelta(days=10), last, last + timedelta(days=10)


def _to_geng(day: date) -> int:
    """How many days it is to the next geng day; 15 July 2026 is one."""
    return (date(2026, 7, 15) - day).days % 10

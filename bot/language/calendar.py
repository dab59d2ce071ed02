"""Days with names, and the arithmetic of spoken dates. Pure; every date is a local one (Asia/Shanghai).

Lunar festivals come from a table (the Hong Kong Observatory's conversion tables) for the years it covers;
other lunar dates (农历三月初五) are not read.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

Span = tuple[date, date]

_LUNAR: dict[int, tuple[str, str, str, str]] = {
    2024: ("02-10", "06-10", "09-17", "10-11"),
    2025: ("01-29", "05-31", "10-06", "10-29"),
    2026: ("02-17", "06-19", "09-25", "10-18"),
    2027: ("02-06", "06-09", "09-15", "10-08"),
    2028: ("01-26", "05-28", "10-03", "10-26"),
    2029: ("02-13", "06-16", "09-22", "10-16"),
    2030: ("02-03", "06-05", "09-12", "10-05"),
    2031: ("01-23", "06-24", "10-01", "10-24"),
    2032: ("02-11", "06-12", "09-19", "10-12"),
    2033: ("01-31", "06-01", "09-08", "10-01"),
    2034: ("02-19", "06-20", "09-27", "10-20"),
    2035: ("02-08", "06-10", "09-16", "10-09"),
}
"""Year: Spring Festival, Dragon Boat, Mid-Autumn, Double Ninth."""

_FIXED: dict[str, tuple[int, int, int]] = {
    "元旦": (1, 1, 1), "妇女节": (3, 8, 1), "三八": (3, 8, 1), "植树节": (3, 12, 1), "学雷锋": (3, 5, 1),
    "五一": (5, 1, 5), "劳动节": (5, 1, 5), "五四": (5, 4, 1), "青年节": (5, 4, 1), "护士节": (5, 12, 1),
    "六一": (6, 1, 1), "儿童节": (6, 1, 1), "七一": (7, 1, 1), "建党节": (7, 1, 1),
    "八一": (8, 1, 1), "建军节": (8, 1, 1), "教师节": (9, 10, 1), "国庆": (10, 1, 7), "十一": (10, 1, 7),
    "圣诞": (12, 25, 1), "双十一": (11, 11, 1), "双11": (11, 11, 1),
}  # fmt: skip
"""Month, day and number of days that the word covers."""
_BY_MOON = {
    "春节": 0,
    "过年": 0,
    "大年初一": 0,
    "端午": 1,
    "五月节": 1,
    "中秋": 2,
    "八月节": 2,
    "八月十五": 2,
    "重阳": 3,
}
_AROUND_SPRING = {"元宵": 14, "正月十五": 14, "除夕": -1, "年三十": -1, "大年三十": -1}

NAMES = sorted((*_FIXED, *_BY_MOON, *_AROUND_SPRING, "清明", "母亲节", "父亲节"), key=len, reverse=True)


def month_span(year: int, month: int) -> Span:
    """First and last day of a month; months beyond 12 or below 1 run into the neighbouring years."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    first, last = month_span(day.year, day.month + months)
    return first.replace(day=min(day.day, last.day))


def third_of_month(year: int, month: int, which: str) -> Span:
    """上旬, 中旬 or 下旬: days 1–10, 11–20, 21–end."""
    first, last = month_span(year, month)
    if which == "上旬":
        return first, first.replace(day=10)
    if which == "中旬":
        return first.replace(day=11), first.replace(day=20)
    return first.replace(day=21), last


def monday_of(day: date) -> date:
    """The Monday with which the day's week begins."""
    return day - timedelta(days=day.weekday())


def named_day(name: str, year: int) -> Span | None:
    """The days that a festival's name means in a year, or None where the table ends."""
    if name in _FIXED:
        month, day, days = _FIXED[name]
        first = date(year, month, day)
        return first, first + timedelta(days=days - 1)
    if name == "清明":
        # the usual formula for the 21st century
        short = year % 100
        day_of_april = int(short * 0.2422 + 4.81) - short // 4
        return (date(year, 4, day_of_april),) * 2
    if name == "母亲节":
        return _nth_sunday(year, 5, 2)
    if name == "父亲节":
        return _nth_sunday(year, 6, 3)
    table = _LUNAR.get(year)
    if table is None:
        return None
    if name in _BY_MOON:
        first = date.fromisoformat(f"{year}-{table[_BY_MOON[name]]}")
        # the public holiday of Spring Festival counts seven days from New Year's Day
        return first, first + timedelta(days=6 if name in ("春节", "过年") else 0)
    spring = date.fromisoformat(f"{year}-{table[0]}")
    return (spring + timedelta(days=_AROUND_SPRING[name]),) * 2


def _nth_sunday(year: int, month: int, nth: int) -> Span:
    first = date(year, month, 1)
    day = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
    return day, day

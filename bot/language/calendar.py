"""Days with names, and the arithmetic of spoken dates. Pure; every date is a local one (Asia/Shanghai)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from bot.language import lunar

Span = tuple[date, date]

_FIXED: dict[str, tuple[int, int, int]] = {
    "元旦": (1, 1, 1), "情人节": (2, 14, 1), "学雷锋日": (3, 5, 1), "雷锋日": (3, 5, 1), "妇女节": (3, 8, 1),
    "三八": (3, 8, 1), "植树节": (3, 12, 1), "消费者权益日": (3, 15, 1), "三一五": (3, 15, 1), "读书日": (4, 23, 1),
    "五一": (5, 1, 5), "劳动节": (5, 1, 5), "五四": (5, 4, 1), "青年节": (5, 4, 1), "护士节": (5, 12, 1),
    "防灾减灾日": (5, 12, 1), "六一": (6, 1, 1), "儿童节": (6, 1, 1), "环境日": (6, 5, 1), "高考": (6, 7, 2),
    "六一八": (6, 18, 1), "618": (6, 18, 1), "土地日": (6, 25, 1), "禁毒日": (6, 26, 1), "七一": (7, 1, 1),
    "建党节": (7, 1, 1), "党的生日": (7, 1, 1), "八一": (8, 1, 1), "建军节": (8, 1, 1), "医师节": (8, 19, 1),
    "教师节": (9, 10, 1), "烈士纪念日": (9, 30, 1), "国庆": (10, 1, 7), "十一": (10, 1, 7), "双十一": (11, 11, 1),
    "双11": (11, 11, 1), "双十二": (12, 12, 1), "双12": (12, 12, 1), "宪法日": (12, 4, 1), "公祭日": (12, 13, 1),
    "平安夜": (12, 24, 1), "圣诞": (12, 25, 1),
}  # fmt: skip
"""Month, day and number of days that the word covers."""
_BY_MOON: dict[str, tuple[int, int]] = {
    "春节": (1, 1), "过年": (1, 1), "破五": (1, 5), "人日": (1, 7), "元宵": (1, 15), "灯节": (1, 15),
    "龙抬头": (2, 2), "上巳": (3, 3), "端午": (5, 5), "端五": (5, 5), "五月节": (5, 5), "火把节": (6, 24),
    "七夕": (7, 7), "乞巧节": (7, 7), "中元": (7, 15), "鬼节": (7, 15), "中秋": (8, 15), "仲秋": (8, 15),
    "八月节": (8, 15), "重阳": (9, 9), "老人节": (9, 9), "敬老节": (9, 9), "寒衣节": (10, 1), "下元节": (10, 15),
    "腊八": (12, 8), "小年": (12, 23), "祭灶": (12, 23),
}  # fmt: skip
"""Lunar month and day; 小年 as in the north."""
_SUNDAYS = {"母亲节": (5, 2), "助残日": (5, 3), "父亲节": (6, 3)}
"""Month, and which Sunday of it."""
_DOG_DAYS = {
    "初伏": 0,
    "头伏": 0,
    "入伏": 0,
    "数伏": 0,
    "中伏": 1,
    "二伏": 1,
    "末伏": 2,
    "三伏": 2,
    "出伏": 3,
}
_EVES = ("除夕", "年三十", "大年三十", "年根")
_HARVEST = "丰收节"
"""The farmers' harvest festival is kept at the autumn equinox."""
NAMES = sorted(
    (*_FIXED, *_BY_MOON, *_SUNDAYS, *_DOG_DAYS, *_EVES, _HARVEST, *lunar.TERMS, "大年初一"),
    key=len,
    reverse=True,
)
"""Every day that has a name, longest first."""
_DAYS_OFF: dict[str, tuple[int, int]] = {
    "元旦": (0, 2), "春节": (-1, 6), "过年": (-1, 6), "清明": (0, 2), "五一": (0, 4), "劳动节": (0, 4),
    "端午": (0, 2), "中秋": (0, 2), "国庆": (0, 6), "十一": (0, 6),
}  # fmt: skip
"""Public holidays: first and last day off, counted from the day itself, as they are usual since 2025."""
_TOLD = {
    (2026, "清明"): (date(2026, 4, 4), date(2026, 4, 6)),
    (2026, "春节"): (date(2026, 2, 15), date(2026, 2, 23)),
    (2026, "过年"): (date(2026, 2, 15), date(2026, 2, 23)),
}
"""Days off that the State Council's notice for the year set otherwise."""


def month_span(year: int, month: int) -> Span:
    """First and last day of a month; months beyond 12 or below 1 run into the neighbouring years."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def quarter_span(year: int, quarter: int) -> Span:
    """First and last day of a quarter; quarters beyond 4 run into the next year."""
    return month_span(year, quarter * 3 - 2)[0], month_span(year, quarter * 3)[1]


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    first, last = month_span(day.year, day.month + months)
    return first.replace(day=min(day.day, last.day))


def part_of_month(year: int, month: int, part: str) -> Span:
    """What a part of a month means: 初 its 1st, 中 its 15th, 底 its last day; 上旬, 中旬, 下旬 ten days each."""
    first, last = month_span(year, month)
    tenth, twentieth = first.replace(day=10), first.replace(day=20)
    eleventh, next_third = first.replace(day=11), first.replace(day=21)
    if part in ("初", "头"):
        return first, first
    if part in ("底", "末", "尾", "低"):
        return last, last
    if part == "中":
        return first.replace(day=15), first.replace(day=15)
    return {
        "上旬": (first, tenth),
        "中旬": (eleventh, twentieth),
        "下旬": (next_third, last),
        "上中旬": (first, twentieth),
        "中上旬": (first, twentieth),
        "中下旬": (eleventh, last),
    }.get(part, (first, last))


def monday_of(day: date) -> date:
    """The Monday with which the day's week begins."""
    return day - timedelta(days=day.weekday())


def workdays_later(day: date, count: int) -> date:
    """So many days from Monday to Friday later; the few Saturdays worked for a holiday are not known."""
    weeks, rest = divmod(min(count, 1000), 5)
    day += timedelta(days=7 * weeks)
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day


def named_day(name: str, year: int) -> Span | None:
    """The days that a name means in a (solar) year, or None where the tables end."""
    if name in _FIXED:
        month, day, days = _FIXED[name]
        first = date(year, month, day)
        return first, first + timedelta(days=days - 1)
    if name in _SUNDAYS:
        return _nth_sunday(year, *_SUNDAYS[name])
    if name in _DOG_DAYS:
        dogs = lunar.dog_days(year)
        if dogs is None:
            return None
        if name == "三伏":
            return dogs[0], dogs[3] - timedelta(days=1)
        return (dogs[_DOG_DAYS[name]],) * 2
    if name in _BY_MOON:
        found = lunar_day(year, *_BY_MOON[name])
        # the public holiday of Spring Festival is counted as seven days from New Year's Day
        last = timedelta(days=6 if name in ("春节", "过年") else 0)
        return (found, found + last) if found else None
    if name in _EVES or name == "大年初一":
        spring = lunar.solar(year, 1, 1)
        return (spring - timedelta(days=name != "大年初一"),) * 2 if spring else None
    found = lunar.term("秋分" if name == _HARVEST else name, year)
    return (found, found) if found else None


def days_off(name: str, year: int) -> Span | None:
    """The days off of a public holiday; of any other named day just that day."""
    told = _TOLD.get((year, name))
    found = told or named_day(name, year)
    if told or found is None or name not in _DAYS_OFF:
        return found
    before, after = _DAYS_OFF[name]
    return found[0] + timedelta(days=before), found[0] + timedelta(days=after)


def lunar_day(year: int, month: int, day: int) -> date | None:
    """A lunar day that falls into a solar year: 腊月 of a year belongs to its end or to the next one's beginning."""
    for moon_year in (year, year - 1):
        found = lunar.solar(moon_year, month, day)
        if found is not None and found.year == year:
            return found
    return None


def _nth_sunday(year: int, month: int, nth: int) -> Span:
    first = date(year, month, 1)
    day = first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))
    return day, day

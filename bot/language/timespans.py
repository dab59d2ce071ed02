"""What one spoken time means: the days of the words that the patterns found, counted from a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from bot.language import lunar
from bot.language.calendar import (
    Span,
    add_months,
    days_off,
    monday_of,
    month_span,
    named_day,
    part_of_month,
    quarter_span,
    workdays_later,
)
from bot.language.numerals import value, whole

_Match = re.Match[str]


class Frame(NamedTuple):
    """From where a time is counted."""

    today: date
    backward: bool = False
    """The talk is of the past."""
    year: int | None = None
    """A year that was said before."""


def _one(day: date) -> Span:
    return day, day


YEARS = {"今": 0, "本": 0, "明": 1, "来": 1, "转": 1, "后": 2, "去": -1, "前": -2}
_SHIFT = {"这": 0, "本": 0, "当": 0, "下": 1, "下下": 2, "大下": 2, "上": -1, "上上": -2}
_MONTHS = {"正": 1, "冬": 11, "腊": 12}
_MOON_DAYS = frozenset([(2, 2), (3, 3), (4, 8), (5, 5), (6, 6), (7, 7), (7, 15), (8, 15), (9, 9)])
"""Feast days that people name by the lunar month without saying so: 二月二, 四月八, 七月十五."""
_JUST_OVER = timedelta(days=31)
"""People still speak of a feast that was within this time; of an older one they mean the next."""
_YEAR_OVER = timedelta(days=60)


def year_of(match: _Match, frame: Frame) -> int:
    """The year that 明年, 2027年 … names."""
    word = match.group()
    return int(word[:4]) if word[0] == "2" else frame.today.year + YEARS[word[0]]


def shift_of(word: str) -> int:
    """How many weeks, months or quarters 下下个 is away."""
    return _SHIFT[word.rstrip("个一")]


def _nearest(days: Callable[[int], Span | None], frame: Frame) -> Span | None:
    """Of a yearly day the one that is meant: the next, the one just over, or the last one when looking back."""
    if frame.year is not None:
        return days(frame.year)
    best: Span | None = None
    for year in (frame.today.year - 1, frame.today.year, frame.today.year + 1):
        span = days(year)
        if span is None:
            continue
        if frame.backward:
            if span[0] <= frame.today:
                best = span
        elif span[1] >= frame.today - _JUST_OVER:
            return span
    return best


def _iso(m: _Match, frame: Frame) -> Span | None:
    year, month, day = (int(part) for part in re.findall("[0-9]+", m.group()))
    return _one(date(year, month, day))


def _month_day(m: _Match, frame: Frame) -> Span | None:
    kind, said = m["ml"] or "", m["m"]
    day = whole(m["d"]) if m["d"] else None
    if said not in _MONTHS and (numbers := value(said)) is not None and numbers[0] != numbers[1]:
        first, last = (int(number) for number in numbers)
        if not first < last <= 12:
            return None
        year = frame.year or frame.today.year
        return month_span(year, first)[0], month_span(year, last)[1]
    month = _MONTHS.get(said) or whole(said)
    if month is None or not 1 <= month <= 12:
        return None
    feast = (month, day) in _MOON_DAYS and not m["du"] and not said[0].isdigit()
    if not kind.startswith(("阳", "公", "新", "国")) and (
        kind or said in _MONTHS or m["leap"] or m["mi"] or feast or (m["d"] or "").startswith("廿")
    ):
        span = _moon(month, whole(m["mi"]) if m["mi"] else day, bool(m["leap"]), frame)
        return _part_of_moon(span, m["mp"] or "")
    if m["mw"]:
        return _nearest(lambda year: _nth_weekday(year, month, m["mw"], m["mwd"]), frame)
    if day is not None:
        return _roll(_one(date(_leap_safe(frame, month, day), month, day)), frame)
    return _roll(part_of_month(frame.year or frame.today.year, month, m["mp"] or ""), frame)


def _leap_safe(frame: Frame, month: int, day: int) -> int:
    """The year of a month and day; for 29 February the next one that has it."""
    year = frame.year or frame.today.year
    if (month, day) == (2, 29) and frame.year is None:
        while year % 4 or (year % 100 == 0 and year % 400):
            year += 1
    return year


def _moon(month: int, day: int | None, leap: bool, frame: Frame) -> Span | None:
    if day is None:
        if frame.year is not None:
            return lunar.month_days(frame.year, month)
        return _nearest(lambda year: lunar.month_days(year, month), frame)
    if leap:
        found = (lunar.solar(frame.today.year + more, month, day, leap=True) for more in range(12))
        return next((_one(one) for one in found if one is not None and one >= frame.today), None)

    def in_year(year: int) -> Span | None:
        one = lunar.solar(year, month, day)
        return _one(one) if one else None

    return _nearest(in_year, frame)


def _part_of_moon(span: Span | None, part: str) -> Span | None:
    """腊月底, 正月初: a part of a lunar month."""
    if span is None or not part:
        return span
    first, last = span
    if part in ("初", "头"):
        return _one(first)
    if part in ("底", "末", "尾"):
        return _one(last)
    if part == "中":
        return _one(first + timedelta(days=14))
    begin, end = {"上旬": (0, 10), "中旬": (10, 20), "下旬": (20, 30)}.get(part, (0, 30))
    return first + timedelta(days=begin), min(last, first + timedelta(days=end - 1))


def _nth_weekday(year: int, month: int, which: str, day: str) -> Span:
    first, last = month_span(year, month)
    weekday = _WEEKDAYS[day]
    if which.startswith("最后"):
        return _one(last - timedelta(days=(last.weekday() - weekday) % 7))
    nth = {"一": 1, "二": 2, "三": 3, "四": 4}[which[-1]]
    return _one(first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1)))


def _dot(m: _Match, frame: Frame) -> Span | None:
    month, day = int(m["sm"]), int(m["sd"])
    return _roll(_one(date(_leap_safe(frame, month, day), month, day)), frame)


def _roll(span: Span, frame: Frame) -> Span:
    """A date without a year: the one that lies ahead, unless it has only just passed or the talk is of the past."""
    first, last = span
    if frame.year is not None:
        return span
    if frame.backward:
        return (_in_year(first, -1), _in_year(last, -1)) if first > frame.today else span
    if last < frame.today - _YEAR_OVER:
        return _in_year(first, 1), _in_year(last, 1)
    return span


def _in_year(day: date, more: int) -> date:
    last = month_span(day.year + more, day.month)[1]
    month_end = month_span(day.year, day.month)[1] == day
    return last if month_end else last.replace(day=min(day.day, last.day))


def _month(m: _Match, frame: Frame) -> Span | None:
    first, last = month_span(frame.today.year, frame.today.month + shift_of(m["mow"]))
    if m["moi"]:
        return _moon_month(whole(m["moi"]), shift_of(m["mow"]), frame)
    if m["mod"]:
        return _one(first.replace(day=whole(m["mod"]) or 0))
    return part_of_month(first.year, first.month, m["mop"]) if m["mop"] else (first, last)


def _moon_month(day: int | None, shift: int, frame: Frame) -> Span | None:
    """下月初五: the day of this, the next or the last lunar month."""
    told = lunar.from_solar(frame.today)
    if told is None or day is None:
        return None
    months = told[0] * 12 + told[1] - 1 + shift
    found = lunar.solar(months // 12, months % 12 + 1, day)
    return _one(found) if found else None


def _month_end(m: _Match, frame: Frame) -> Span | None:
    """A part of this month, or of the next one when this one's is over."""
    part = m["mep"] or m.group()
    span = part_of_month(frame.today.year, frame.today.month, "底" if part == "内" else part)
    if span[1] < frame.today and not frame.backward:
        return part_of_month(frame.today.year, frame.today.month + 1, part)
    return span


_DAYS = {
    "大前": -3,
    "前": -2,
    "昨": -1,
    "夜": -1,
    "寻": -1,
    "琴": -1,
    "今": 0,
    "明": 1,
    "听": 1,
    "后": 2,
    "大后": 3,
    "外": 3,
}
_SPELT = {"j": 0, "m": 1, "h": 2, "z": -1}


def _day(m: _Match, frame: Frame) -> Span | None:
    word = m.group()
    today = frame.today
    if word.startswith("今明"):
        return today, today + timedelta(days=2 if "后" in word else 1)
    if word.startswith("明后"):
        return today + timedelta(days=1), today + timedelta(days=2)
    if word == "即日":
        return _one(today)
    shift = _SPELT.get(word[0])
    if shift is None:
        shift = _DAYS[word[:2]] if word[:2] in _DAYS else _DAYS[word[0]]
    return _one(today + timedelta(days=shift))


_WEEKDAYS = (
    {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6, "末": 5} | {str(i): i - 1 for i in range(1, 8)}
)


def _week(m: _Match, frame: Frame) -> Span | None:
    word, said = m["ww"], m["wd"]
    monday = monday_of(frame.today) + timedelta(days=7 * shift_of(word) if word else 0)
    if m.group() == "周内":
        return _one(monday + timedelta(days=6))
    if said is None:
        return monday, monday + timedelta(days=6)
    first = monday + timedelta(days=_WEEKDAYS[said[0]])
    last = first + timedelta(days=1 if said == "末" or len(said) > 1 else 0)
    if not word and last < frame.today and not frame.backward:
        return first + timedelta(days=7), last + timedelta(days=7)
    if not word and first > frame.today and frame.backward:
        return first - timedelta(days=7), last - timedelta(days=7)
    return first, last


def weekday_after(day: date, said: str) -> date:
    """The weekday that ends a span which begins at ``day``."""
    return day + timedelta(days=(_WEEKDAYS[said[0]] - day.weekday()) % 7)


def _festival(m: _Match, frame: Frame) -> Span | None:
    name = m["name"]
    days = days_off if m["off"] else named_day
    span = _nearest(lambda year: days(name, year), frame)
    return month_span(span[0].year, span[0].month) if span and m["hmo"] else span


def next_festival(name: str, today: date) -> Span | None:
    """The first one that is not over."""
    for year in (today.year, today.year + 1, today.year + 2):
        span = named_day(name, year)
        if span is not None and span[1] >= today:
            return span
    return None


def _quarter(m: _Match, frame: Frame) -> Span | None:
    if m["q"]:
        return quarter_span(frame.year or frame.today.year, whole(m["q"]) or 1)
    now = frame.today.year * 4 + (frame.today.month - 1) // 3 + shift_of(m["qw"])
    return quarter_span(now // 4, now % 4 + 1)


def _half(m: _Match, frame: Frame) -> Span | None:
    year = frame.year or frame.today.year
    if m["hh"] == "上":
        return date(year, 1, 1), date(year, 6, 30)
    return date(year, 7, 1), date(year, 12, 31)


def _year_end(m: _Match, frame: Frame) -> Span | None:
    word = m.group()
    year = frame.year or frame.today.year
    if word[0] in YEARS:
        year, word = frame.today.year + YEARS[word[0]], word[1:]
    if word in ("年前", "年关"):
        # "before the year" is before Spring Festival
        span = next_festival("春节", frame.today) if frame.year is None else named_day("春节", frame.year)
        return _one(span[0]) if span else None
    return None if word in ("年初", "年后") else _one(date(year, 12, 31))


def _relative(m: _Match, frame: Frame) -> Span | None:
    sign = -1 if m["rs"] in ("前", "以前", "之前") else 1
    return _counted(m["rn"], bool(m["rh"]), m["ru"], sign, frame.today)


def _counted(said: str, half: bool, unit: str, sign: int, today: date) -> Span | None:
    """So many days, weeks, months from today: 三五天内 the later number, 一个半月 forty-five days."""
    if said == "十天半":
        return _one(today + timedelta(days=15 * sign))
    numbers = (0.5, 0.5) if said == "半" else value(re.split("[-~到至]", said)[-1].removesuffix("来"))
    if numbers is None or said == "几":
        return None
    number = numbers[1] + (0.5 if half else 0)
    whole_part, rest = int(number), number % 1
    if unit == "工作日":
        return _one(workdays_later(today, whole_part))
    if unit == "月":
        day = add_months(today, sign * whole_part) + timedelta(days=15 * sign if rest else 0)
    elif unit == "年":
        day = add_months(today, sign * round(12 * number))
    elif unit in ("小时", "钟头"):
        day = today + timedelta(days=sign * int(number // 24))
    else:
        day = today + timedelta(days=sign * round(number * (7 if unit in ("周", "星期", "礼拜") else 1)))
    return _one(day)


def _in_some_days(m: _Match, frame: Frame) -> Span | None:
    return None if m["pv"] else _counted(m["pn"], False, m["pu"], 1, frame.today)


def _moon_day(m: _Match, frame: Frame) -> Span | None:
    """初八, 廿三: the next such day of a lunar month; with 大年, of the first one."""
    said = m["ca"] or m["cd"] or m["ce"]
    day = whole(said)
    if day is None or m["cc"]:
        return None
    if m.group().startswith(("大", "年")):
        return _moon(1, day, False, frame)
    for shift in (0, -1) if frame.backward else (0, 1, 2):
        first = _moon_month(day, shift, frame)
        if first and (first[0] <= frame.today if frame.backward else first[0] >= frame.today):
            more = whole(m["cb"]) if m["cb"] else day
            return first[0], first[0] + timedelta(days=max(0, min(30, (more or day) - day)))
    return None


def _day_of_month(m: _Match, frame: Frame) -> Span | None:
    day = whole(m["ddn"])
    if day is None or not 1 <= day <= 31:
        return None
    shift = 0
    if day < frame.today.day and not frame.backward:
        shift = 1
    elif day > frame.today.day and frame.backward:
        shift = -1
    first, last = month_span(frame.today.year, frame.today.month + shift)
    if day > last.day:
        return None
    more = whole(m["ddb"]) if m["ddb"] else None
    until = first.replace(day=more) if more and day < more <= last.day else first.replace(day=day)
    return first.replace(day=day), until


def _none(m: _Match, frame: Frame) -> Span | None:
    return None


def _whole_year(m: _Match, frame: Frame) -> Span | None:
    year = year_of(m, frame)
    return date(year, 1, 1), date(year, 12, 31)


RESOLVE: dict[str, Callable[[_Match, Frame], Span | None]] = {
    "every": _none, "market": _none, "iso": _iso, "year": _whole_year, "md": _month_day, "dot": _dot, "mo": _month,
    "me": _month_end, "day": _day, "wk": _week, "hol": _festival, "quarter": _quarter, "half": _half,
    "yend": _year_end, "rel": _relative, "chu": _moon_day, "past": _in_some_days, "vague": _none,
    "dd": _day_of_month, "hour": _none,
}  # fmt: skip


def days_of(m: _Match, frame: Frame) -> Span | None:
    """The days of one atom. A date that the calendar does not have means no day at all."""
    try:
        return RESOLVE[m.lastgroup or "hour"](m, frame)
    except (ValueError, OverflowError):
        return None

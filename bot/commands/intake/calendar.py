"""工作日历表: the days off and the make-up days of the State Council's yearly notice. A year is taken over as a whole."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each
from bot.commands.intake.row import Row
from models import workday
from models.store import Unit

HEADERS: Final = ("日期", "类型", "名称")
FEWEST: Final = 20
"""Days off, weekends within the holidays included, that a whole notice has at least: 2025 had 28, 2026 has 33."""
_LONGEST: Final = 31
"""Days of one stretch; the longest holiday of 2026 has nine."""
_WORKED: Final[dict[str, bool | None]] = {"休": False, "班": True, "放假": False, "上班": True}
_WEEKDAYS: Final = "一二三四五六日"


class Entry(msgspec.Struct, frozen=True):
    """One row: a day or several, all of them off or all of them worked."""

    row: Row
    days: tuple[workday.Entry, ...]


def read(row: Row) -> Entry:
    """What a row says."""
    worked = row.choice("类型", _WORKED, None)
    if worked is None and not row.word("类型", 10, required=False):
        row.missing("类型")
    name = row.word("名称", 40, required=False)
    days: list[date] = []
    for first, last in row.stretches("日期"):
        length = (last - first).days + 1
        if length > _LONGEST:
            row.fault(f"“日期”{first} 至 {last} 有 {length} 天，不像一个假期，一段最多 {_LONGEST} 天")
            continue
        days += [first + timedelta(step) for step in range(length)]
    for day, count in Counter(days).items():
        if count > 1:
            row.fault(f"“日期”里 {day} 写了{'两' if count == 2 else f' {count} '}次")
    if worked and (plain := [day for day in days if day.weekday() < 5]):
        row.fault(
            f"{plain[0]} 是星期{_WEEKDAYS[plain[0].weekday()]}，本来就上班；“班”只写调休上班的星期六、星期日"
        )
    return Entry(row, tuple(workday.Entry(day, bool(worked), name) for day in days))


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Compares the table with the calendar on file, for the years that it speaks of."""
    once_each((entry.row, f"{day.day}", f"{day.day} ") for entry in entries for day in entry.days)
    listed = [day for entry in entries for day in entry.days]
    years = {day.year for day in listed}
    on_file = [workday.Entry(each.day, each.worked, each.name) for each in unit.workdays.entries()]
    known = {each.day: (each.worked, each.name) for each in on_file}

    tally = Tally()
    for entry in entries:
        before = [known.get(day.day) for day in entry.days]
        if before == [(day.worked, day.name) for day in entry.days]:
            tally.keep()
        elif any(before):
            tally.change(entry.row, _named(entry))
        else:
            tally.add(entry.row, _named(entry))
    tally.remove(len({each.day for each in on_file if each.year in years} - {day.day for day in listed}))
    _remark(tally, listed)

    def write(progress: Progress) -> None:
        unit.workdays.replace(listed, now)
        progress("已写入", len(entries))

    return Plan(tally, write)


def _named(entry: Entry) -> str:
    days = [day.day.isoformat() for day in entry.days]
    kind = "班" if any(day.worked for day in entry.days) else "休"
    return f"{days[0]} {kind}" if len(days) == 1 else f"{days[0]} 至 {days[-1]}，{len(days)} 天 {kind}"


def _remark(tally: Tally, listed: list[workday.Entry]) -> None:
    off = Counter(day.year for day in listed if not day.worked)
    for year in sorted({day.year for day in listed}):
        if off[year] < FEWEST:
            tally.notes.append(
                f"{year} 年只写了 {off[year]} 天“休”，一般有 28 到 33 天（放假当中的周六、周日也要写上），请核对。"
            )

"""Days as people say them."""

from __future__ import annotations

from datetime import date, datetime

from models.moment import local


def day_of(moment: datetime | date) -> str:
    """``11月25日``: the day of a moment, or a day."""
    day = local(moment) if isinstance(moment, datetime) else moment
    return f"{day.month}月{day.day}日"


def say_day(day: date, today: date) -> str:
    """The same with its year where that is not this one."""
    return day_of(day) if day.year == today.year else f"{day.year}年{day_of(day)}"


_WEEK = ("一", "二", "三", "四", "五", "六", "日")
_PARTS = ((12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""The parts of a day, each with the hour at which it is over."""


def say_moment(moment: datetime | date, today: date) -> str:
    """``5月20日周三下午2点半``: the day, its weekday, and the hour where there is one; with its year where that differs."""
    if not isinstance(moment, datetime):
        return f"{say_day(moment, today)}周{_WEEK[moment.weekday()]}"
    here = local(moment)
    part = next(word for until, word in _PARTS if here.hour < until)
    hour = here.hour if here.hour <= 12 else here.hour - 12
    minute = {0: "点", 30: "点半"}.get(here.minute, f":{here.minute:02}")
    return f"{say_moment(here.date(), today)}{part}{hour}{minute}"

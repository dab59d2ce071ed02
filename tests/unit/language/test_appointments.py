"""When and where people meet, as they say it."""

from __future__ import annotations

from datetime import date, time

import pytest

from bot.language import appointments
from bot.language.folding import fold
from models.understanding import Appointment

TODAY = date(2026, 5, 11)
"""A Monday."""


def read(text: str) -> Appointment:
    return appointments.find(text, fold(text), TODAY)


@pytest.mark.parametrize(
    ("text", "day", "at", "rest"),
    [
        ("12月10日上午9点 镇政府", "2026-12-10", "09:00", "镇政府"),
        ("5月19日14：30，在镇政府三楼", "2026-05-19", "14:30", "镇政府三楼"),
        ("下周三下午两点半 税务局会议室", "2026-05-20", "14:30", "税务局会议室"),
        ("19号头晌儿九点 大队部", "2026-05-19", "09:00", "大队部"),
        ("十九号头晌9点", "2026-05-19", "09:00", ""),
        ("下礼拜三下晌两点", "2026-05-20", "14:00", ""),
        ("大队部 明儿早上八点", "2026-05-12", "08:00", "大队部"),
        ("周五上午10点在镇政府二楼开", "2026-05-15", "10:00", "镇政府二楼"),
        ("5月19号 税务局会议室 上午9点", "2026-05-19", "09:00", "税务局会议室"),
        ("5.19 9:00", "2026-05-19", "09:00", ""),
        ("后天3点", "2026-05-13", "15:00", ""),
        ("5月1日上午9点", "2026-05-01", "09:00", ""),
        ("镇政府", None, None, "镇政府"),
        ("下午2点", None, "14:00", ""),
        ("上午九点半", None, "09:30", ""),
        ("14:30", None, "14:30", ""),
        ("晚上七点", None, "19:00", ""),
        ("5月20号", "2026-05-20", None, ""),
        ("下周", None, None, ""),
        ("下周 镇政府", None, None, "镇政府"),
    ],
)
def test_the_day_the_hour_and_the_place(text: str, day: str | None, at: str | None, rest: str) -> None:
    assert read(text) == Appointment(
        day=date.fromisoformat(day) if day else None, at=time.fromisoformat(at) if at else None, rest=rest
    )


@pytest.mark.parametrize("text", ["明天25点", "13月5日上午9点", "5月33号", "5月20号 27点"])
def test_a_day_or_an_hour_that_there_is_not(text: str) -> None:
    assert read(text).wrong


def test_an_empty_text_names_nothing() -> None:
    assert read("") == Appointment(day=None, at=None, rest="")

"""Rules by which something comes back, as people say them (每月5号, 每月最后一天, 每月第一个周五, 每周五) and as RFC 5545 writes them."""

from __future__ import annotations

import re

import msgspec

from bot.kit.words import number, plain

_DAY = r"[一二三四五六日天1-6]"
_EVERY_MONTH = re.compile(r"每个?月(?:的)?(?:固定)?")
_LAST_DAY = re.compile(r"(?:最后一天|最末一天|月末|月底|末尾)")
_LAST = "最后一天"
_NUMBERED = re.compile(r"(\d{1,2}|[一二三四五六七八九十]{1,3})(?:号|日)")
_NTH = re.compile(rf"(?:第([一二三四1-4])|(最后一))个?(?:周|星期|礼拜)({_DAY})")
_EVERY_WEEK = re.compile(rf"每(?:个)?(?:周|星期|礼拜)的?({_DAY})")
_ROLLS = (
    (re.compile(r"提前|往前"), "prev_workday"),
    (re.compile(r"不顺延|照常|不变|雷打不动"), "none"),
    (re.compile(r"(?:休息|放假|节假).{0,3}(?:不办|不开|跳过|取消|停)"), "skip"),
    (re.compile(r"顺延|往后"), "next_workday"),
)
USUAL_ROLL = "next_workday"
"""每月相对固定1天: where that is a day off, offices take the next working day."""
_CODES = dict(zip("一二三四五六日", ("MO", "TU", "WE", "TH", "FR", "SA", "SU"), strict=True))


class Rule(msgspec.Struct, frozen=True):
    """A rule, as it is kept and as it is said."""

    rrule: str
    said: str
    piece: str
    """The part of the text that says it."""


def read_rule(text: str) -> Rule | None:
    """The rule that a text names; None: it names none."""
    text = plain(text)
    if found := _EVERY_WEEK.search(text):
        day = _weekday(found[1])
        return Rule(f"FREQ=WEEKLY;BYDAY={_CODES[day]}", f"每周{day}", found[0])
    month = _EVERY_MONTH.search(text)
    if month is None:
        return None
    rest = text[month.end() :]
    if (found := _NTH.match(rest)) is not None:
        day = _weekday(found[3])
        place = -1 if found[2] else number(found[1]) or 1
        said = f"每月{'最后一' if place < 0 else f'第{_digit(place)}'}个周{day}"
        return Rule(f"FREQ=MONTHLY;BYDAY={place:+d}{_CODES[day]}", said, month[0] + found[0])
    if (found := _LAST_DAY.match(rest)) is not None:
        # BYMONTHDAY=31 would leave out the short months.
        rrule = "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"
        return Rule(rrule, f"每月{_LAST}", month[0] + found[0])
    if (found := _NUMBERED.match(rest)) is not None:
        day_number = number(found[1]) or 0
        if 1 <= day_number <= 28:
            return Rule(f"FREQ=MONTHLY;BYMONTHDAY={day_number}", f"每月{day_number}号", month[0] + found[0])
        if 28 < day_number <= 31:
            # The 30th of February is its last day.
            days = ",".join(map(str, range(28, day_number + 1)))
            rrule = f"FREQ=MONTHLY;BYMONTHDAY={days};BYSETPOS=-1"
            return Rule(rrule, f"每月{day_number}号", month[0] + found[0])
    return None


def read_roll(text: str) -> str | None:
    """What is to become of a day off, as a text says it; None: it says nothing of it."""
    return next((roll for pattern, roll in _ROLLS if pattern.search(text)), None)


def _weekday(written: str) -> str:
    if written.isdigit():
        return "一二三四五六"[int(written) - 1]
    return "日" if written == "天" else written


def _digit(value: int) -> str:
    return "一二三四"[value - 1]

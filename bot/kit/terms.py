"""What people say of an offer's terms: until when it lasts, and how many it serves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from bot.kit.words import choice, number, plain

_ALWAYS = re.compile(r"长期|一直|随时|随便|时候都|不限期|常年|永远|没有?期限")
_UNLIMITED = re.compile(r"不限|随便|都行|多少都|有多少|没数|不计|管够")
_COUNT = re.compile(
    r"(?<![\d.])(\d{1,6}|[一二两三四五六七八九十百千]{1,6})\s*(?:多|来)?(?:个|家|户|人|名|位|次|场|批|单)?(?:名额)?"
)
_PLACES = re.compile(
    r"(\d{1,6}|[一二两三四五六七八九十百千]{1,6})(?:个[^，。；,;]{0,8}名额|(?:个)?(?:名额|户|家(?!里|长|畜|禽|常|人)|人(?!家|多)|名|位))"
)
COUNTS = (None, 5, 10, 20)
"""How many the numbered answers mean; None: as many as come."""


def last_day(text: str, today: date, deadline_of: Callable[[str], str | None]) -> tuple[date | None] | None:
    """The day until which an offer lasts: ``(None,)`` without an end; None where the text names none.

    ``deadline_of`` reads a sentence; ``1`` means always, ``2`` until the year's end, ``3`` this month.
    """
    match choice(text):
        case 1:
            return (None,)
        case 2:
            return (date(today.year, 12, 31),)
        case 3:
            return (_month_end(today),)
    if _ALWAYS.search(text):
        return (None,)
    # A bare day is not taken for a deadline: what stands before it says that it is one.
    found = last_of(deadline_of("报名截止" + plain(text)))
    return None if found is None else (found,)


def last_of(deadline: str | None) -> date | None:
    """The last day of a deadline as the reading has it (``YYYY-MM-DD``, or two of them)."""
    return None if not deadline else date.fromisoformat(deadline.rpartition("/")[2])


def count(text: str) -> tuple[int | None] | None:
    """How many are served: ``(None,)`` as many as come; None where the text names no number.

    ``1`` to ``4`` are the numbered answers, and any other number is itself.
    """
    if _UNLIMITED.search(text):
        return (None,)
    chosen = choice(text)
    if chosen is not None and 1 <= chosen <= len(COUNTS) and not re.search(r"[家户个人名位次场]", text):
        return (COUNTS[chosen - 1],)
    exact = exact_count(text)
    return exact if exact != (0,) else None


def exact_count(text: str) -> tuple[int | None] | None:
    """The same where nothing was numbered: ``还有 5 家`` is five."""
    if _UNLIMITED.search(text):
        return (None,)
    found = _COUNT.search(plain(text))
    value = number(found[1]) if found else None
    return None if value is None else (value,)


def places(text: str) -> int | None:
    """How many places an offer names by itself: ``20个名额``, ``能带十户``; two tractors are no two places."""
    found = _PLACES.search(plain(text))
    return (number(found[1]) or None) if found else None


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)

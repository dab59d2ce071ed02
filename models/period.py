"""期: the month, quarter or year that a list is drawn up for."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from models.base import DomainError
from models.moment import midnight

_CODE: Final = re.compile(r"^(\d{4})(?:-(?:(\d{2})|Q(\d)))?$")
_QUARTERS: Final = ("一", "二", "三", "四")


class PeriodUnclear(DomainError):
    """Not a month, quarter or year: ``words`` as they were written."""


class Period(msgspec.Struct, frozen=True):
    """A month, quarter or year, first and last day included."""

    code: str
    """``2026-11``, ``2026-Q4`` or ``2026``: how it is kept, and how it sorts within its span."""
    first: date
    last: date
    span: str
    """``month``, ``quarter`` or ``year``."""

    @classmethod
    def of(cls, code: str) -> Period:
        """The period of that code.

        Raises:
            PeriodUnclear: a month above 12, a quarter above 4, or no code at all.
        """
        found = _CODE.match(code)
        if not found or found[1] == "0000":
            raise PeriodUnclear(words=code[:20])
        year, month, quarter = int(found[1]), found[2], found[3]
        if month is not None:
            return cls.month(year, int(month))
        if quarter is not None:
            return cls.quarter(year, int(quarter))
        return cls(f"{year:04}", date(year, 1, 1), date(year, 12, 31), "year")

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """One month. Refuses a 13th."""
        if not 1 <= month <= 12 or not 1 <= year <= 9999:
            raise PeriodUnclear(words=f"{month}月")
        last = date(year, month, monthrange(year, month)[1])
        return cls(f"{year:04}-{month:02}", date(year, month, 1), last, "month")

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        """One quarter. Refuses a fifth."""
        if not 1 <= quarter <= 4 or not 1 <= year <= 9999:
            raise PeriodUnclear(words=f"{quarter}季度")
        ends = quarter * 3
        last = date(year, ends, monthrange(year, ends)[1])
        return cls(f"{year:04}-Q{quarter}", date(year, ends - 2, 1), last, "quarter")

    @property
    def label(self) -> str:
        """As people say it: 2026年11月, 2026年第四季度, 2026年."""
        match self.span:
            case "month":
                return f"{self.first.year}年{self.first.month}月"
            case "quarter":
                return f"{self.first.year}年第{_QUARTERS[self.last.month // 3 - 1]}季度"
        return f"{self.first.year}年"


def end_of(day: date) -> datetime:
    """The moment at which a day is over in Chifeng: what was true on that day became true before it."""
    return midnight(day + timedelta(days=1))

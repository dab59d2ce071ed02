"""What stands in a cell, put straight: spaces, full-width digits, dates in many shapes, numbers as text."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Final

from openpyxl.utils.datetime import from_excel

_INVISIBLE = re.compile(
    "_x000D_|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\u00ad\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_WIDE = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef\U00020000-\U0003ffff"
_GAP_BESIDE_CHINESE = re.compile(rf"(?<=[{_WIDE}])\s+|\s+(?=[{_WIDE}])")
_DATE = r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?|\d{8}"
_CLOCK = r"(?:[T\s]\s*(?:[上下]午)?\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"
_ONE = re.compile(rf"({_DATE})\.?{_CLOCK}")
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?\s*")
_SPAN = re.compile(rf"({_DATE})?\s*(?:至|到|~|-|–|—+|截至|截止)\s*({_DATE}|长期)?")
_FROM = re.compile(rf"自?({_DATE})起")
_STRETCH = re.compile(
    rf"({_DATE})\s*(?:至|到|~|-|–|—+)\s*(?:({_DATE})|(?:(\d{{1,2}})[-/.月])?(\d{{1,2}})[日号]?)"
)
_POWER = re.compile(r"(\d)(?:\.(\d*))?[eE]\+?(\d{1,3})")
_SERIAL: Final = range(20_000, 80_000)
"""Days since 1900 that a spreadsheet shows as a date: the years 1954 to 2119."""
ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
"""What a formula leaves behind that went wrong."""


def written(cell: object) -> str:
    """A cell as its text, line breaks kept; a whole number without its decimals."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    text = _INVISIBLE.sub("", str(cell).replace("\r\n", "\n").replace("\r", "\n")).strip()
    if text.startswith("'") and text.count("'") == 1:  # a mark that makes a spreadsheet take digits for text
        return text[1:].lstrip()
    return text


def flat(cell: object) -> str:
    """Text in one line: no gap next to a Chinese character, one space elsewhere."""
    return " ".join(_GAP_BESIDE_CHINESE.sub("", written(cell)).split())


def prose(cell: object) -> str:
    """Text whose line breaks mean something; each line without the spaces around it."""
    return "\n".join(line.strip() for line in written(cell).split("\n")).strip()


def narrow(cell: object) -> str:
    """A number, code or date in plain half-width characters without any spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", written(cell)))


def restored(cell: object) -> str | None:
    """The digits of a number that a program wrote with a decimal point or a power of ten.

    Empty where some of them are lost: 1.38E+10 is all that is left of a phone. None where the cell is no such number.
    """
    text = narrow(cell)
    if isinstance(cell, float) and cell and not cell % 10**7:
        return ""
    if found := re.fullmatch(r"(\d+)\.0*", text):
        return found[1]
    if not (found := _POWER.fullmatch(text)):
        return None
    digits, power = found[1] + (found[2] or ""), int(found[3])
    return digits[: power + 1] if len(digits.rstrip("0")) <= power + 1 <= len(digits) else ""


def day(cell: object) -> date | None:
    """The day a cell names; None where it is empty.

    Raises:
        ValueError: no day of the calendar.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _WEEKDAY.sub(" ", unicodedata.normalize("NFKC", written(cell))).strip()
    if not text:
        return None
    number = re.sub(r"\.0+$", "", text)
    if number.isdecimal() and int(number) in _SERIAL:
        counted = from_excel(int(number))
        if isinstance(counted, datetime):
            return counted.date()
    if found := _ONE.fullmatch(number if number.isdecimal() else text):
        return _calendar(found[1])
    raise ValueError(text)


def days(cell: object) -> tuple[date | None, date | None]:
    """First and last day of a validity: empty or 长期 has none, one date is the last day.

    Raises:
        ValueError: anything else.
    """
    text = "" if isinstance(cell, date) else unicodedata.normalize("NFKC", written(cell)).strip()
    if text in ("长期", "长期有效", "永久"):
        return None, None
    if found := _FROM.fullmatch(text):
        return _calendar(found[1]), None
    try:
        return None, day(cell)
    except ValueError:
        found = _SPAN.fullmatch(text)
        if not found or not (found[1] or found[2]):
            raise
    first = _calendar(found[1]) if found[1] else None
    last = _calendar(found[2]) if found[2] and found[2] != "长期" else None
    if first and last and first > last:
        raise ValueError(text)
    return first, last


def stretch(cell: object) -> tuple[date, date] | None:
    """First and last of some days in a row: one date, or two; the second may leave out what the first has said.

    None where the cell is empty.

    Raises:
        ValueError: anything else, or days that run backwards.
    """
    text = "" if isinstance(cell, date) else _WEEKDAY.sub("", unicodedata.normalize("NFKC", written(cell)))
    if not (found := _STRETCH.fullmatch(text)):
        one = day(cell)
        return (one, one) if one else None
    first = _calendar(found[1])
    year, month = first.year, int(found[3] or first.month)
    last = _calendar(found[2]) if found[2] else date(year, month, int(found[4]))
    if last < first:
        raise ValueError(text)
    return first, last


def _calendar(text: str) -> date:
    if text.isdecimal():
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    year, month, number = (int(part) for part in re.findall(r"\d+", text))
    return date(year, month, number)


def whole(cell: object) -> int | None:
    """A whole number, 第3期 too; None where the cell is empty.

    Raises:
        ValueError: something else.
    """
    text = narrow(cell)
    if not text:
        return None
    found = re.fullmatch(r"第?([+-]?\d{1,9})(?:\.0+)?期?", text)
    if not found:
        raise ValueError(text)
    return int(found[1])


def several(cell: object) -> list[str]:
    """Words joined by 、 , ; or line breaks, each once, in their order."""
    parts = re.split(r"[、,，;；\n]", written(cell))
    return list(dict.fromkeys(word for part in parts if (word := flat(part))))

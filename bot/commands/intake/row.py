"""A row of a table while it is read: gives clean values, and keeps what is wrong with it in plain Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from bot.commands.intake import cells
from bot.commands.intake.page import UNCOMPUTED
from bot.commands.intake.sheet import Line
from models.member import NameUnusable, PhoneUnusable, clean_name, clean_phone

T = TypeVar("T")


class Row:
    """One row. Reading goes on after a fault, so that a clerk hears of all of them at once."""

    __slots__ = ("_broken", "_cells", "_foreign", "doubts", "faults", "number")

    def __init__(self, line: Line) -> None:
        self.number = line.number
        self._cells = line.cells
        self._broken: list[str] = []
        self._foreign = False
        self.faults: list[str] = []
        self.doubts: list[str] = []
        """What may be meant, but should be looked at."""
        if line.remark:
            self.fault(line.remark)
            self._foreign = True
        if line.stray:
            self.fault(f"没有列名的列里有内容：{'、'.join(line.stray)}")
        for column, cell in line.cells.items():
            if cell is UNCOMPUTED:
                self._break(column, "是公式，文件里没有存下算出的结果，请粘贴成数值")
            elif isinstance(cell, str) and cell in cells.ERRORS:
                self._break(column, f"是公式错误 {cell}")

    def _break(self, column: str, why: str) -> None:
        self.fault(f"“{column}”{why}")
        self._broken.append(column)
        self._cells = {**self._cells, column: None}

    def fault(self, reason: str) -> None:
        """Something is wrong with the row. Of one that is none of the table's nothing more is said."""
        if not self._foreign:
            self.faults.append(reason)

    def missing(self, column: str) -> None:
        """A cell is empty that may not be, which is said unless its value was lost on the way."""
        if column not in self._broken:
            self.fault(f"“{column}”不能为空")

    def _fitting(self, column: str, text: str, longest: int, required: bool) -> str:
        if not text and required:
            self.missing(column)
        if len(text) > longest:
            self.fault(f"“{column}”太长，最多 {longest} 个字")
        return text

    def word(self, column: str, longest: int, *, required: bool = True) -> str:
        """Text in one line."""
        return self._fitting(column, cells.flat(self._cells.get(column)), longest, required)

    def prose(self, column: str, longest: int, *, required: bool = True) -> str:
        """Text in one or more lines."""
        return self._fitting(column, cells.prose(self._cells.get(column)), longest, required)

    def code(self, column: str, *, required: bool = True) -> str:
        """A 编号."""
        return self._fitting(column, cells.narrow(self._cells.get(column)), 64, required)

    def codes(self, column: str) -> list[str]:
        """Several 编号."""
        return list(dict.fromkeys(cells.narrow(word) for word in cells.several(self._cells.get(column))))

    def several(self, column: str) -> list[str]:
        """Several words."""
        return cells.several(self._cells.get(column))

    def raw(self, column: str) -> object:
        """The cell as it is."""
        return self._cells.get(column)

    def choice(self, column: str, options: Mapping[str, T], default: T) -> T:
        """One of a few words; ``default`` where the cell is empty or the word is another."""
        text = cells.flat(self._cells.get(column))
        if not text:
            return default
        if text not in options:
            self.fault(f"“{column}”只能是{'、'.join(options)}，不能是“{text[:20]}”")
            return default
        return options[text]

    def whole(self, column: str, *, default: int | None, least: int) -> int:
        """A whole number; the default where the cell is empty."""
        cell = self._cells.get(column)
        try:
            number = cells.whole(cell)
        except ValueError:
            self.fault(f"“{column}”要写整数，不能是“{cells.flat(cell)[:20]}”")
            return least
        if number is None:
            number = default
        if number is None:
            self.missing(column)
            return least
        if number < least:
            self.fault(f"“{column}”不能小于 {least}")
        return number

    def day(self, column: str) -> date | None:
        """A day; None where it is missing or cannot be read, which is a fault."""
        cell = self._cells.get(column)
        try:
            found = cells.day(cell)
        except ValueError:
            self.fault(f"“{column}”的“{cells.flat(cell)[:30]}”认不出是哪一天，请写成 2026-05-01")
            return None
        if found is None:
            self.missing(column)
        return found

    def days(self, column: str) -> tuple[date | None, date | None]:
        """A validity."""
        cell = self._cells.get(column)
        try:
            return cells.days(cell)
        except ValueError:
            text = cells.flat(cell)[:30]
            self.fault(
                f"“{column}”的“{text}”认不出，请写成 2026-05-01、2026-05-01至2026-12-31 或 长期，也可以空着"
            )
            return None, None

    def stretches(self, column: str) -> list[tuple[date, date]]:
        """First and last day of stretches of days; what cannot be read is a fault."""
        parts = self.several(column)
        if not parts:
            self.missing(column)
        found = []
        for part in parts:
            try:
                days = cells.stretch(part)
            except ValueError:
                self.fault(f"“{column}”的“{part[:30]}”认不出，请写成 2027-02-06 或 2027-02-06至2027-02-13")
            else:
                found += [days] if days else []
        return found

    def name(self, column: str) -> str:
        """A person's name."""
        text = cells.flat(self._cells.get(column))
        if not text:
            self.missing(column)
            return ""
        try:
            return clean_name(text)
        except NameUnusable:
            self.fault(f"“{column}”的“{text[:20]}”不像人名，要 2 到 20 个汉字")
            return ""

    def phone(self, column: str) -> str:
        """A mobile number."""
        cell = self._cells.get(column)
        text = cells.narrow(cell)
        if not text:
            self.missing(column)
            return ""
        whole = cells.restored(cell)
        if isinstance(cell, int) and not cell % 10**7:
            self.doubts.append(f"“{column}”后面全是 0，像是被写成科学计数以后丢了几位，请核对。")
        try:
            return clean_phone(text.strip("'‘’`") if whole is None else whole)
        except PhoneUnusable:
            self.fault(f"“{column}”{_about_phone(text, whole)}")
            return ""


def _about_phone(text: str, whole: str | None) -> str:
    if whole == "":
        return f"被表格软件写成了科学计数“{text[:20]}”，后几位已经丢了，请把这一列设成文本后重填"
    if len(re.findall(r"1[3-9]\d{9}", text)) > 1:
        return f"的“{text[:30]}”写了几个号码，请只留一个"
    return f"的“{text[:20]}”不是 11 位手机号"

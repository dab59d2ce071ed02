"""How each ledger looks: title, headings, widths and kinds of its columns, read from ``sheets.toml``."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from models.asof import Period, Scope
from models.moment import local

ALL = "all"
"""The kind that stands for every ledger in one workbook."""
_ALL_NAMES = (ALL, "全部", "所有")


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column."""

    heading: str
    field: str
    """Of the row."""
    width: int
    """In characters of half width."""
    kind: Literal["text", "long", "number", "decimal", "date", "moment", "percent", "figure"]
    empty: str = ""
    """What is said where there is no value."""


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ledger."""

    key: str
    number: int
    title: str
    names: tuple[str, ...]
    days: Literal["span", "month", "until"]
    """What its title says of the days: all of them, those of one month unless told, or only the last."""
    basis: str
    """口径: what was counted, for the last line."""
    column: tuple[Column, ...]

    @property
    def tab(self) -> str:
        """The name on the workbook's tab: at most 31 characters, none of ``[]:*?/\\``."""
        return word("tab", number=self.number, title=self.title)

    def heading(self, period: Period, scope: Scope) -> str:
        """The title above the table: of whom, what, and of which days."""
        days = period.month if self.days == "month" else period
        key = "until" if days.since is None or self.days == "until" else "span"
        since = day(days.since) if days.since else ""
        said = word(key, since=since, until=day(days.until))
        return word("title", scope=scope.name or word("whole"), title=self.title, period=said)


class _Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sheet: tuple[Layout, ...]
    words: dict[str, str]


@cache
def _book() -> _Book:
    text = resources.files("bot.ledger").joinpath("sheets.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Book)


def layouts() -> dict[str, Layout]:
    """Every ledger by its key, in the order of its number."""
    return {layout.key: layout for layout in _book().sheet}


def word(key: str, **facts: object) -> str:
    """A sentence of the sheets with its blanks filled."""
    return _book().words[key].format(**facts)


def day(of: date) -> str:
    """2026年6月30日."""
    return word("day", year=of.year, month=of.month, day=of.day)


def clock(at: datetime) -> str:
    """2026年6月30日 17:05, as clocks in Chifeng have it."""
    here = local(at)
    return f"{day(here.date())} {here:%H:%M}"


def find(said: str) -> list[Layout]:
    """The ledgers that somebody means, by key or Chinese name; empty: none."""
    said = said.strip()
    if said.lower() in _ALL_NAMES:
        return list(_book().sheet)
    for layout in _book().sheet:
        if said.lower() == layout.key or said in (layout.title, str(layout.number), *layout.names):
            return [layout]
    return []

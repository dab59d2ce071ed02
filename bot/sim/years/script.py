"""What happens in the two years: the matters and projects of the data files, and on which day each of them begins."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from importlib import resources
from typing import Final, Literal

import msgspec

MOST_YEARS: Final = 2
"""Years that are written down."""


Twist = Literal[
    "withdraw", "merge", "decline", "appeal", "transfer",
    "study", "postponed", "handed_over", "shelved",
    "slow", "dispatch", "invite", "lapse", "give_back", "revoke",
    "late", "extend", "extend_refused", "pause",
    "rework", "stuck", "visit", "unrated", "reopen", "second",
    "none_suits", "urgent", "behalf", "private",
]  # fmt: skip
"""What does not go smoothly; ``matters.toml`` says what each one is."""


class Matter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A need or a problem; ``matters.toml`` says what each field means."""

    kind: str
    category: str
    branch: str
    text: str
    turn: int = 1
    on: str = ""
    ago: int = 0
    """Of a part of a project: reported so many days before that is founded."""
    key: str = ""
    place: str = ""
    joined: int = 0
    claimant: str = ""
    former: str = ""
    beside: tuple[str, ...] = ()
    supply: str = ""
    reason: str = ""
    plan: str = ""
    days: int = 0
    steps: tuple[str, ...] = ()
    evidence: str = ""
    words: str = ""
    bad: str = ""
    level: int = 0
    """0: drawn."""
    into: str = ""
    close: str = ""
    twist: tuple[Twist, ...] = ()


class Undertaking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A project; ``projects.toml`` says what each field means."""

    category: str
    text: str
    turn: int
    on: str
    lead: str
    plan: str
    days: int
    milestones: tuple[tuple[str, int], ...]
    steps: tuple[str, ...]
    part: tuple[Matter, ...]
    former: str = ""
    beside: tuple[str, ...] = ()
    evidence: str = ""
    words: str = ""
    level: int = 0
    extended: bool = False


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A theme day; ``days.toml`` says what each field means."""

    topic: str
    format: str
    decided: str = ""
    followed: str = ""
    twist: Literal["", "moved", "off", "late", "uncalled"] = ""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day of volunteer service."""

    turn: int
    on: str
    topic: str
    place: str
    capacity: int = 0
    """0: as many as like."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Service that somebody tells of afterwards."""

    turn: int
    on: str
    ago: int
    branch: str
    what: str
    place: str
    minutes: int
    twist: Literal["", "refused", "asked"] = ""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people say in passing."""

    decline: str
    appeal: str
    transfer: str
    give_back: str
    revoke: str
    refuse: str
    extend: str
    extend_refused: str
    pause: str
    visit: str
    book_refused: str
    evidence: str
    step: tuple[str, ...]


class Script(msgspec.Struct, frozen=True):
    """All of it."""

    matters: tuple[Matter, ...]
    projects: tuple[Undertaking, ...]
    themes: tuple[Theme, ...]
    services: tuple[Service, ...]
    entries: tuple[Entry, ...]
    words: Words


def load() -> Script:
    """Reads the data files."""
    days = _toml("days")
    return Script(
        matters=msgspec.convert(_toml("matters")["matter"], tuple[Matter, ...]),
        projects=msgspec.convert(_toml("projects")["project"], tuple[Undertaking, ...]),
        themes=msgspec.convert(days["theme"], tuple[Theme, ...]),
        services=msgspec.convert(days["service"], tuple[Service, ...]),
        entries=msgspec.convert(days["late"], tuple[Entry, ...]),
        words=msgspec.convert(_toml("words"), Words),
    )


def _toml(name: str) -> dict[str, object]:
    return tomllib.loads(resources.files("bot.sim.years").joinpath(f"{name}.toml").read_text("utf-8"))


def day_of(turn: int, on: str, start: date) -> date:
    """The ``turn``-th time that a month and day (``03-24``) come round from ``start`` on."""
    month, day = map(int, on.split("-"))
    first = start.year if date(start.year, month, day) >= start else start.year + 1
    return date(first + turn - 1, month, day)


def report_day(founded: date, ago: int, start: date) -> date:
    """When a part of a project is reported: before that is founded, but not before everything begins."""
    return max(founded - timedelta(days=ago), start)

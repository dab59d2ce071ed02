"""活动的叫法和定数: kinds, formats and beneficiaries of activities, as data, since places name them differently."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What sort of activity it is."""

    key: str
    label: str
    minutes: int
    """How long it takes where nobody says until when."""
    format: str
    """How it is held where nobody says so."""
    words: tuple[str, ...]
    hours: bool = False
    """Whether who came has done volunteer service."""


class Format(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which way it is held."""

    key: str
    label: str
    guests: bool
    """Whether members of other consortia may come."""
    words: tuple[str, ...]


class Beneficiary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom volunteer service is for; 民政部令第67号 asks that it be recorded."""

    key: str
    label: str
    words: tuple[str, ...]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers; ``activities.toml`` says what each one is."""

    code_before_minutes: int
    code_after_minutes: int
    late_days: int
    most_hours: int
    ahead_months: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: tuple[Kind, ...]
    format: tuple[Format, ...]
    state: dict[str, str]
    beneficiary: tuple[Beneficiary, ...]
    rule: Rule


@cache
def _file() -> _File:
    text = resources.files("models.data").joinpath("activities.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its key."""
    return {each.key: each for each in _file().kind}


@cache
def formats() -> dict[str, Format]:
    """Every format by its key."""
    return {each.key: each for each in _file().format}


@cache
def beneficiaries() -> dict[str, Beneficiary]:
    """Every class of beneficiaries by its key."""
    return {each.key: each for each in _file().beneficiary}


def face(state: str) -> str:
    """What members read of a state."""
    return _file().state[state]


def rule() -> Rule:
    """The numbers."""
    return _file().rule


def kind_in(text: str) -> Kind | None:
    """The kind that a text names; None: none."""
    return next((each for each in _file().kind if any(word in text for word in each.words)), None)


def format_in(text: str) -> Format | None:
    """The format that a text names; None: none."""
    return next((each for each in _file().format if any(word in text for word in each.words)), None)


def beneficiary_in(text: str) -> Beneficiary:
    """Whom service is for, by the words that tell of it; where none says so, the last: the public."""
    found = (each for each in _file().beneficiary if any(word in text for word in each.words))
    return next(found, _file().beneficiary[-1])

"""融合体的样式: the kinds and modes of consortia, what may stand under what, and what members of each role take part in.

All of it is data (``models/data/consortia.toml``), since places name and build their consortia differently.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, case, literal_column

from models.base import DomainError
from models.lean import among

LEAD: Final = "lead"
"""The role of the organisation that leads (牵头单位)."""
MEMBER: Final = "member"
"""The role of whoever is seated without a word about it."""
DEMONSTRATION: Final = "demonstration"
"""示范点, the title that the overview counts."""


class KindUnknown(DomainError):
    """No consortium is of that kind (类型)."""


class ModeUnknown(DomainError):
    """Consortia are not built in that way (联建方式)."""


class RoleUnknown(DomainError):
    """Organisations do not belong to consortia in that role."""


class DesignationUnknown(DomainError):
    """There is no such title (称号)."""


class NestingWrong(DomainError):
    """A consortium of the one kind does not stand under one of the other."""


class NestingRing(DomainError):
    """A consortium would stand under itself."""


class NestingTooDeep(DomainError):
    """There would be more levels than are wanted."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Kind(_Row, frozen=True):
    """A kind of consortium."""

    name: str
    under: tuple[str, ...] = ()
    table: bool = False
    """Whether the table that is imported may name it."""


class Mode(_Row, frozen=True):
    """联建方式: a way in which organisations come together."""

    name: str
    table: bool = False


class Role(_Row, frozen=True):
    """What a member organisation is in a consortium."""

    code: str
    label: str
    chairs: bool
    """Whether the chair may come round to it."""
    signs: bool
    """Whether it signs the lists."""
    claims: bool
    """Whether it takes matters on."""
    belongs: int
    """Its members' consortium is the one in which it has the lowest of these, then the one joined first."""


class Designation(_Row, frozen=True):
    """称号: a title that consortia, organisations or belts are given."""

    code: str
    label: str


class _Forms(_Row, frozen=True):
    most_levels: int
    kind: tuple[Kind, ...]
    mode: tuple[Mode, ...]
    role: tuple[Role, ...]
    designation: tuple[Designation, ...]


@cache
def forms() -> _Forms:
    """The data."""
    text = resources.files("models.data").joinpath("consortia.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Forms)


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return {kind.name: kind for kind in forms().kind}


@cache
def roles() -> Mapping[str, Role]:
    """Every role by its code."""
    return {role.code: role for role in forms().role}


@cache
def designations() -> Mapping[str, Designation]:
    """Every title by its code."""
    return {each.code: each for each in forms().designation}


def role_of(code: str) -> Role:
    """The role of that code. Raises RoleUnknown."""
    if code not in roles():
        raise RoleUnknown(role=code)
    return roles()[code]


def title_of(code: str) -> Designation:
    """The title of that code. Raises DesignationUnknown."""
    if code not in designations():
        raise DesignationUnknown(title=code)
    return designations()[code]


def check_kind(kind: str, modes: str) -> None:
    """Refuses a kind, or one of the modes (joined by 、), that the data does not name: KindUnknown, ModeUnknown."""
    if kind not in kinds():
        raise KindUnknown(kind=kind[:20], kinds="、".join(kinds()))
    known = [mode.name for mode in forms().mode]
    for mode in modes.split("、"):
        if mode and mode not in known:
            raise ModeUnknown(mode=mode[:20], modes="、".join(known))


def check_nesting(code: str, kind_of: Mapping[str, str], above: Mapping[str, str]) -> None:
    """Refuses a consortium that stands where it may not, with everything above and below it.

    ``kind_of``: the kind of each consortium; ``above``: the one that each stands under, where it stands under one.

    Raises:
        NestingRing: it stands under itself.
        NestingWrong: its kind does not stand under the other's.
        NestingTooDeep: more levels than ``most_levels``.
    """
    line = [code]
    while upper := above.get(line[-1]):
        if upper in line:
            raise NestingRing()
        line.append(upper)
    if len(line) > 1:
        own, other = kind_of[code], kind_of[line[1]]
        if other not in (kinds()[own].under if own in kinds() else ()):
            raise NestingWrong(kind=own, above=other)
    if len(line) + _depth_below(code, above) > forms().most_levels:
        raise NestingTooDeep(most=forms().most_levels)


def _depth_below(code: str, above: Mapping[str, str]) -> int:
    depth, level = 0, {code}
    while level := {lower for lower, upper in above.items() if upper in level}:
        depth += 1
        if depth > len(above):
            raise NestingRing()
    return depth


def in_roles(column: Any, able: Callable[[Role], bool]) -> ColumnElement[bool]:
    """That the role in a column is one of those; written into the statement, so that lean ones can use it."""
    return among(column, [role.code for role in roles().values() if able(role)])


def belonging(column: Any) -> ColumnElement[int]:
    """In which order an organisation belongs to its consortia, by the role in a column."""
    return case(
        *[
            (column == literal_column(f"'{role.code}'"), literal_column(str(role.belongs)))
            for role in roles().values()
        ],
        else_=literal_column("99"),
    )

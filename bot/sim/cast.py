"""The cast: whose phones stand on the desk, and which QR codes hang on the branches' doors."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec


class CastError(Exception):
    """The cast's file cannot be used; the text names the place."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a phone says it is when its owner sends a location."""

    label: str
    latitude: float
    longitude: float


HOME = Place(label="内蒙古自治区赤峰市松山区", latitude=42.2861, longitude=118.9328)


class Phone(msgspec.Struct, frozen=True):
    """One person of the sample world, as the desk shows them."""

    openid: str
    name: str
    phone: str = ""
    """An invented number; what they would type to bind themselves."""
    role: str = ""
    avatar: str = ""
    """One character; default: the last of the name."""
    color: str = "#5b7083"
    bound: bool = True
    """Whether the sample world already knows them; who it does, follows the account from the start."""
    says: tuple[str, ...] = ()
    """Sentences to try."""
    key: str = ""
    """A short name for programs: ``herdsman``."""
    organisation: str = ""
    """The code of their organisation in the sample world."""
    place: Place = HOME


class Code(msgspec.Struct, frozen=True):
    """A QR code of the account: what it carries, and what is written under it."""

    scene: str
    label: str


class _Avatar(msgspec.Struct, frozen=True):
    text: str = ""
    colour: str = "#5b7083"


class _Person(msgspec.Struct, frozen=True):
    openid: str
    name: str
    key: str = ""
    phone: str = ""
    role: str = ""
    avatar: _Avatar = _Avatar()
    bound: bool = True
    say: tuple[str, ...] = ()
    organisation: str = ""
    place: Place = HOME


def load_cast(path: Path) -> tuple[Phone, ...]:
    """The phones of a TOML file: tables ``[[person]]`` in the order in which they stand on the desk.

    Raises:
        CastError: the file is missing, not TOML, or a person lacks something.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        people = msgspec.convert(tree.get("person", []), tuple[_Person, ...])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise CastError(f"{path}: {error}") from error
    if not people:
        raise CastError(f"{path}: no [[person]] in it")
    if len({person.openid for person in people}) < len(people):
        raise CastError(f"{path}: two people with one openid")
    return tuple(
        Phone(
            openid=person.openid,
            name=person.name,
            phone=person.phone,
            role=person.role,
            avatar=person.avatar.text or person.name[-1:],
            color=person.avatar.colour,
            bound=person.bound,
            says=person.say,
            key=person.key,
            organisation=person.organisation,
            place=person.place,
        )
        for person in people
    )


def codes_of(pairs: Sequence[tuple[str, str]]) -> list[Code]:
    """Codes from pairs of scene and label."""
    return [Code(scene, label) for scene, label in pairs]

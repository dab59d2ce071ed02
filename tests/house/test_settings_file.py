"""The settings' file and the settings: the same keys on both sides, each with a word about it."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest

from bot.config import Config, load

from .source import ROOT

FILE = ROOT / "config.toml"
SECRETS = {"app_secret", "token", "encoding_aes_key", "encoding_aes_key_previous", "data_key", "data_key_previous",
           "metrics_token"}  # fmt: skip


def written() -> set[tuple[str, ...]]:
    """Every key that stands in the file."""
    tree: dict[str, dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {(section, key) for section, table in tree.items() for key in table}


def known() -> dict[tuple[str, ...], Any]:
    """Every key that the settings have, with its default."""
    return {
        (section.name, key.name): key.default
        if key.default is not msgspec.NODEFAULT
        else key.default_factory()
        for section in msgspec.structs.fields(Config)
        for key in msgspec.structs.fields(section.type)
    }


def test_every_key_of_the_file_is_known_and_every_known_key_is_in_the_file() -> None:
    assert sorted(written() ^ known().keys()) == []


def test_the_file_holds_the_defaults() -> None:
    loaded = load(FILE, {})
    for section, key in known():
        assert getattr(getattr(loaded, section), key) == known()[section, key], f"{section}.{key}"


def test_every_key_has_a_comment() -> None:
    bare, before = [], ""
    for line in map(str.strip, FILE.read_text(encoding="utf-8").splitlines()):
        if "=" in line and not line.startswith("#") and " #" not in line and not before.startswith("#"):
            bare.append(line)
        before = line
    assert not bare


@pytest.mark.parametrize("key", sorted(SECRETS))
def test_a_secret_has_no_default(key: str) -> None:
    values = [value for (_, name), value in known().items() if name == key]
    assert values == [""]

"""Words of the ledgers: what a code is called in a table. They are data, since places name things differently."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from models.indicators import NOTHING


@cache
def _words() -> dict[str, dict[str, str]]:
    text = resources.files("models.data").joinpath("ledgers.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def called(kind: str, code: object) -> str:
    """What a code of a kind (``state``, ``level`` …) is called; one that nobody named stays as it is."""
    return _words()[kind].get(str(code), str(code))


def remark(key: str, **facts: object) -> str:
    """A short remark with its blanks filled."""
    return _words()["remark"][key].format(**facts)


def share(good: int, whole: int) -> str:
    """75.0%（3/4）; a dash where there is nothing to share."""
    return remark("share", share=f"{good / whole:.1%}", good=good, whole=whole) if whole else NOTHING

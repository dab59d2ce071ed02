"""Steps: what the bot must remember until the person answers."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Step(msgspec.Struct, frozen=True):
    """Base of all steps. A step is kept as its class's name and its fields as JSON."""

    answers: ClassVar[frozenset[str]] = frozenset()
    """Command words that are an answer while this step waits: ``注销`` to whether one wants 注销."""


class Unsure(Step, frozen=True):
    """等他说刚才那句话是哪个意思。"""

    text: str
    intents: tuple[str, ...] = ("report",)
    """What the numbers mean, in order."""


class Looking(Step, frozen=True):
    """刚给他看过这件事：接着说“这个”，说的就是它。"""

    case: int


class Choose(Step, frozen=True):
    """等他从推荐里选。"""

    answers = frozenset({"也报"})

    case: int
    count: int
    second: str = ""
    """那条消息里说的另一件事，还没报。"""
    ranks: tuple[int, ...] = ()
    """列出来的是哪几个号；空：从一到 ``count``。"""


def name_of(kind: type[Step]) -> str:
    """What a step is kept under."""
    return kind.__name__

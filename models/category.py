"""类别: kinds of matters as data, so that a place can name them in its own way."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit


class Category(Base):
    """One kind of matter."""

    __tablename__ = "categories"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int]
    words: Mapped[list[str]] = mapped_column(JSON)
    """Everyday words that hint at it."""
    clock: Mapped[str] = mapped_column(String(20))
    """Which clocks run for it: ``general``, ``complex`` or ``project``."""
    ask: Mapped[str] = mapped_column(String(200))
    """What a friendly clerk asks when the place is missing; empty: the place does not matter."""


def shipped() -> list[dict[str, Any]]:
    """The categories that come with the product, in their order."""
    text = resources.files("models.data").joinpath("categories.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["category"])


class Categories:
    """All categories."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def all(self) -> list[Category]:
        """Every category in its order."""
        return list(self._unit.session.scalars(select(Category).order_by(Category.position)))

    def ensure(self) -> None:
        """Puts the shipped categories on file where they are missing; what an office changed stays."""
        known = set(self._unit.session.scalars(select(Category.code)))
        for position, entry in enumerate(shipped(), 1):
            if entry["code"] not in known:
                self._unit.session.add(
                    Category(
                        code=entry["code"],
                        label=entry["label"],
                        position=position,
                        words=list(entry["words"]),
                        clock=entry["clock"],
                        ask=entry["ask"],
                    )
                )
        self._unit.session.flush()

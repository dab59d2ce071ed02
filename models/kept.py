"""What a unit of work makes of itself when it is first asked for, and keeps: its collections, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """An attribute that ``make`` makes of its owner, once for each owner."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Under which name it is kept."""
        self._name = name

    def __get__(self, owner: Any, of: type | None = None) -> T:
        """Made at the first time; from then on the owner's own attribute stands before this one."""
        made = owner.__dict__[self._name] = self._make(owner)
        return made

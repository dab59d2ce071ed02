"""Revisions: a counter for each thing that processes keep in memory, so that they notice when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit

SUPPLIES = "supplies"
RULES = "rules"
ROLL = "roll"
CALENDAR = "calendar"


class Revision(Base):
    """How often something changed."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class Revisions:
    """All counters."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def bump(self, name: str) -> None:
        """Something changed: every process is to load it anew."""
        changed = self._unit.session.execute(
            update(Revision).where(Revision.name == name).values(value=Revision.value + 1)
        )
        if not changed.rowcount:  # type: ignore[attr-defined]
            self._unit.session.add(Revision(name=name, value=1))
            self._unit.session.flush()

    def note(self, name: str, value: int) -> None:
        """Sets a counter that is no count but a fingerprint: what was loaded last."""
        self._unit.session.merge(Revision(name=name, value=value))
        self._unit.session.flush()

    def of(self, name: str) -> int:
        """How often something changed; 0: never."""
        return self._unit.session.scalar(select(Revision.value).where(Revision.name == name)) or 0

    def all(self) -> dict[str, int]:
        """The counters as they stand."""
        rows = self._unit.session.execute(select(Revision.name, Revision.value))
        return {row.name: row.value for row in rows}

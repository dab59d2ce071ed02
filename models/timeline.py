"""时间线: what happened to a case, entry by entry; nothing is ever changed or taken out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ForeignKey, String, Text, bindparam, insert, select
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.lean import Lean
from models.pending import Rows

if TYPE_CHECKING:
    from models.store import Unit


class TimelineEntry(Base):
    """One thing that happened to a case."""

    __tablename__ = "timeline"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """None: the clock did it."""
    note: Mapped[str] = mapped_column(Text)
    public: Mapped[bool]
    """Whether the reporter sees it."""
    state: Mapped[str] = mapped_column(String(20), server_default=sql_text("''"))
    """The state that the case went into; empty where it stayed. What was true on a day is read from here."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    """For whom the actor acted; None: for themself."""


_INSERT = Rows(
    insert(TimelineEntry),
    keys=["case_number", "at", "event", "actor_id", "note", "public", "state", "organisation_id"],
)


class Entry(msgspec.Struct, frozen=True):
    """One entry that is only looked at."""

    at: datetime
    event: str
    actor_id: int | None
    note: str
    public: bool
    state: str
    organisation_id: int | None


_ENTRIES = TimelineEntry.__table__.c
_NEWEST = Lean(
    select(*(_ENTRIES[name] for name in Entry.__struct_fields__))
    .where(_ENTRIES.case_number == bindparam("case_number"))
    .order_by(_ENTRIES.id.desc())
    .limit(bindparam("most"))
)


class Timeline:
    """The entries of all cases."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(
        self,
        number: int,
        event: str,
        *,
        at: datetime,
        actor_id: int | None,
        note: str = "",
        public: bool = True,
        state: str = "",
        organisation_id: int | None = None,
    ) -> None:
        """Writes one entry. ``state``: the one that the case went into; ``organisation_id``: for whom the actor acted."""
        _INSERT.add(
            self._unit,
            {
                "case_number": number,
                "at": at,
                "event": event,
                "actor_id": actor_id,
                "note": note,
                "public": public,
                "state": state,
                "organisation_id": organisation_id,
            },
        )

    def of(self, number: int, limit: int = 50) -> list[Entry]:
        """The newest entries of one case, oldest of them first."""
        rows = _NEWEST.run(self._unit, {"case_number": number, "most": limit})
        return [Entry(*row) for row in reversed(rows)]

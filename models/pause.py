"""停发: channels and templates that send nothing for now, known to every process and after every restart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import String, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit

EVERYTHING: Final = "all"
"""The pause of the whole outbox, as an operator sets it."""
BROKEN: Final = "template:"
"""Before the number of a template that the platform refuses; it lies still until somebody resumes it."""


class ChannelPause(Base):
    """One channel, or one template, that sends nothing."""

    __tablename__ = "channel_pauses"

    channel: Mapped[str] = mapped_column(String(80), primary_key=True)
    until: Mapped[datetime | None]
    """None: until somebody resumes it."""
    reason: Mapped[str] = mapped_column(String(300))


class Pause(msgspec.Struct, frozen=True):
    """Why something sends nothing, and until when; None: until somebody resumes it."""

    until: datetime | None
    reason: str

    def over(self, now: datetime) -> bool:
        """Whether it may send again."""
        return self.until is not None and self.until <= now


class Pauses:
    """All pauses."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def current(self, now: datetime) -> dict[str, Pause]:
        """What sends nothing now."""
        query = select(ChannelPause.channel, ChannelPause.until, ChannelPause.reason).where(
            or_(ChannelPause.until.is_(None), ChannelPause.until > now)
        )
        rows = self._unit.connection.execute(query)
        return {channel: Pause(until, reason) for channel, until, reason in rows}

    def pause(self, channel: str, *, until: datetime | None, reason: str) -> None:
        """It sends nothing until then; a pause that lasts longer stays."""
        self._unit.connection.execute(
            _PAUSE[self._unit.dialect.name], {"channel": channel, "until": until, "reason": reason[:300]}
        )

    def pause_for(self, channel: str, seconds: float, *, reason: str, now: datetime) -> None:
        """The same, for so many seconds."""
        self.pause(channel, until=now + timedelta(seconds=seconds), reason=reason)

    def resume(self, channel: str = EVERYTHING) -> int:
        """It may send again; ``all`` ends every pause there is. How many were ended."""
        gone = delete(ChannelPause)
        if channel != EVERYTHING:
            gone = gone.where(ChannelPause.channel == channel)
        return self._unit.connection.execute(gone).rowcount


def _upsert(insert: Any) -> Any:
    new = insert(ChannelPause)
    return new.on_conflict_do_update(
        index_elements=["channel"],
        set_={"until": new.excluded.until, "reason": new.excluded.reason},
        where=(ChannelPause.until.is_not(None))
        & (or_(new.excluded.until.is_(None), ChannelPause.until < new.excluded.until)),
    )


_PAUSE: Mapping[str, Any] = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}

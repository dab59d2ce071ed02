"""心跳: when each job of each process was last done, so that somebody notices when one is not done any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit

ROUNDS_MISSED: Final = 5
"""How many rounds a job may miss, and then the grace, before it counts as silent."""
GRACE_S: Final = 60.0
WRITTEN_EVERY_S: Final = 30.0
"""Seconds between two heartbeats of a process in the database: a commit that members' messages wait behind."""
_FORGOTTEN: Final = timedelta(days=1)
"""When the rows of a process that is gone are swept away."""


def allowed_s(every_s: float) -> float:
    """Seconds of silence after which a job that is to be done every so many seconds is overdue."""
    return ROUNDS_MISSED * every_s + GRACE_S


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """How one job of this process is doing."""

    job: str
    every_s: float
    """Seconds between its rounds."""
    completed_at: datetime | None
    """When it was last done, by the wall clock; None: not once since the process began."""
    silent_s: float
    """Seconds since it was last done, or since the process began, by a clock that nobody sets."""

    @property
    def overdue(self) -> bool:
        """Whether it has been silent for too long."""
        return self.silent_s > allowed_s(self.every_s)


class Heartbeat(Base):
    """The same in the database, for whoever looks from outside."""

    __tablename__ = "heartbeats"

    process: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Machine and process number."""
    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    every_s: Mapped[float]
    completed_at: Mapped[datetime | None]
    silent_s: Mapped[float]
    """As of ``seen_at``."""
    seen_at: Mapped[datetime]
    """When the process wrote this."""

    def alive(self, now: datetime) -> bool:
        """Whether the process still writes. One that ended is nobody's alarm."""
        return now - self.seen_at <= timedelta(seconds=allowed_s(WRITTEN_EVERY_S))

    def silent(self, now: datetime) -> bool:
        """Whether the process goes on and this job does not."""
        return self.alive(now) and self.silent_s > allowed_s(self.every_s)


class Heartbeats:
    """The heartbeats of all processes."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def write(self, process: str, beats: Iterable[Beat], now: datetime) -> None:
        """Writes down how a process is doing, and sweeps away those that are gone."""
        rows = [
            {
                "process": process,
                "job": beat.job,
                "every_s": beat.every_s,
                "completed_at": beat.completed_at,
                "silent_s": beat.silent_s,
                "seen_at": now,
            }
            for beat in beats
        ]
        session = self._unit.session
        if rows:
            insert = postgresql.insert if self._unit.dialect.name == "postgresql" else sqlite.insert
            statement = insert(Heartbeat).values(rows)
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=["process", "job"],
                    set_={
                        name: statement.excluded[name]
                        for name in ("every_s", "completed_at", "silent_s", "seen_at")
                    },
                )
            )
        session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - _FORGOTTEN))

    def all(self) -> list[Heartbeat]:
        """Every job of every process that was seen within a day."""
        return list(self._unit.session.scalars(select(Heartbeat).order_by(Heartbeat.process, Heartbeat.job)))

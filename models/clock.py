"""时限: the clocks that run on a case, and what was said when they ran out."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ClockKind(enum.StrEnum):
    """What a clock waits for."""

    ACCEPT = "accept"  # 签收: since the report
    CLAIM = "claim"  # 认领: since it stands on the list
    CONTACT = "contact"  # 首次联系: since the claim
    RESOLVE = "resolve"  # 办结: since the claim, until the promised day
    PROGRESS = "progress"  # 进展: since something was last heard
    RATE = "rate"  # 评价: since it was reported done


class Clock(Base):
    """One clock on one case. An extension ends it and begins another with the same start: the newest one counts."""

    __tablename__ = "clocks"
    __table_args__ = (
        Index(
            "uq_clocks_running",
            "case_number",
            "kind",
            unique=True,
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index(
            "ix_clocks_due",
            "due_at",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """None: the working-day calendar does not reach that far yet; set when it is imported."""
    paused_at: Mapped[datetime | None]
    paused_s: Mapped[int]
    """Seconds that it stood still in all, the present pause not counted."""
    stopped_at: Mapped[datetime | None]
    late: Mapped[bool]
    """Whether it had run out when it was stopped."""
    rung: Mapped[int]
    """How far up the urging ladder it has gone."""

    @classmethod
    def begin(cls, number: int, kind: ClockKind, *, started_at: datetime, due_at: datetime | None) -> Clock:
        """A clock that begins to run."""
        return cls(
            case_number=number,
            kind=kind.value,
            started_at=started_at,
            due_at=due_at,
            paused_at=None,
            paused_s=0,
            stopped_at=None,
            late=False,
            rung=0,
        )

    def over(self, now: datetime) -> bool:
        """Whether it has run out; while it stands still it does not."""
        return self.due_at is not None and (self.paused_at or now) > self.due_at

    def stop(self, now: datetime) -> None:
        """What it waited for happened, or is no longer waited for."""
        self.late, self.stopped_at = self.over(now), now

    def pause(self, now: datetime) -> None:
        """It stands still from now on; one that does already goes on doing so."""
        if self.paused_at is None:
            self.paused_at = now

    def resume(self, now: datetime, due_at: datetime | None) -> None:
        """It runs again, until a deadline that was moved by as much as it stood still."""
        if self.paused_at is not None:
            self.paused_s += int((now - self.paused_at).total_seconds())
            self.paused_at, self.due_at = None, due_at

    def set_due(self, due_at: datetime) -> None:
        """The calendar reaches so far now."""
        self.due_at = due_at

    def climb(self, rung: int) -> None:
        """So many rungs of the ladder are behind it."""
        self.rung = rung


class Level(enum.StrEnum):
    """How loudly somebody is urged."""

    INVITE = "invite"  # 请反映人评价
    REMIND = "remind"  # 提醒
    URGE = "urge"  # 催办
    SUPERVISE = "supervise"  # 督办
    ESCALATE = "escalate"  # 提级


class Urging(Base):
    """提醒、催办、督办、提级: that an organisation was told that a clock runs out, or ran out."""

    __tablename__ = "urgings"
    __table_args__ = (Index("uq_urgings_step", "clock_id", "level", "organisation_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    level: Mapped[str] = mapped_column(String(20))
    """A ``Level``; of several reminders the first one stands here."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When the next thing happened on the case."""

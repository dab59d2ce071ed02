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
    """One clock on one case."""

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


class Urging(Base):
    """催办、督办、提级: that an organisation was urged because a clock ran out."""

    __tablename__ = "urgings"
    __table_args__ = (Index("uq_urgings_step", "clock_id", "level", "organisation_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    level: Mapped[str] = mapped_column(String(20))
    """``remind``, ``urge`` (催办), ``supervise`` (督办) or ``escalate`` (提级)."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When the next thing happened on the case."""

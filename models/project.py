"""项目: what a project consists of: the needs and problems it solves, and the milestones on the way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ProjectItem(Base):
    """That a project solves a need or problem; one case may be part of several projects."""

    __tablename__ = "project_items"

    project_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True, index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    """Who put it there."""
    at: Mapped[datetime]


class Milestone(Base):
    """里程碑: a step of a project that can be seen to be done."""

    __tablename__ = "milestones"
    __table_args__ = (
        UniqueConstraint("project_number", "position"),
        CheckConstraint("weight > 0", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_number: Mapped[int] = mapped_column(ForeignKey("cases.number"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    weight: Mapped[int]
    """Its share in the project's progress, relative to the others'."""
    done_at: Mapped[datetime | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

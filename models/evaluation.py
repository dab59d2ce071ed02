"""评价、回访: what the one who asked says of the result, and what somebody else found when they asked after it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class EvaluationKind(enum.StrEnum):
    """Who says it, and when."""

    RATING = "rating"  # 评价: by the reporter
    SECOND = "second"  # 追评: once more, after it was closed
    VISIT = "visit"  # 回访: by somebody who did not handle it


class Evaluation(Base):
    """One word on the result."""

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("case_number", "round", "kind"),
        CheckConstraint("level IS NULL OR level BETWEEN 1 AND 5", name="level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"))
    round: Mapped[int]
    """0 at first, one more after each rework."""
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[int | None]
    """5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意; None: a visit that asked only whether it is solved."""
    solved: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]

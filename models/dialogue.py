"""会话: where each sender stands in a conversation, in the same transaction as everything else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Dialogue(Base):
    """The step that one sender stands at, with the facts it needs."""

    __tablename__ = "dialogues"
    __table_args__ = (Index("ix_dialogues_expires_at", "expires_at"),)

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(60))
    facts_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The step as JSON, sealed: on the way to being recognised people give names and phones."""
    expires_at: Mapped[datetime]

"""会话: where each sender stands in a conversation, in the same transaction as everything else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Dialogue(Base):
    """The step that one sender stands at, with the facts it needs."""

    __tablename__ = "dialogues"
    __table_args__ = (Index("ix_dialogues_expires_at", "expires_at"),)

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    step: Mapped[str] = mapped_column(String(60))
    facts: Mapped[str] = mapped_column(Text)
    """The step as JSON."""
    expires_at: Mapped[datetime]

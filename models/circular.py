"""通知群发: one letter to many, written once; each recipient's letter refers to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Circular(Base):
    """One letter to many."""

    __tablename__ = "circulars"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(150), unique=True)
    """The occasion: the same one is owed once."""
    kind: Mapped[str] = mapped_column(String(40))
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What all of them are told, sealed as a letter's own body would be."""
    priority: Mapped[int]
    due_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    subject: Mapped[str] = mapped_column(String(20))
    """What it is about, as in ``models.agenda.About``; so are the next four."""
    subject_id: Mapped[int | None]
    edition: Mapped[int]
    rung: Mapped[str] = mapped_column(String(20))
    asks: Mapped[bool]
    audience: Mapped[str] = mapped_column(String(40))
    """Whom it is for, such as everybody of an organisation."""
    audience_id: Mapped[int | None]
    cursor: Mapped[int]
    """The last member who has been given their letter; they go by their numbers."""
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    """When the last of the audience had been given theirs."""
    withdrawn_at: Mapped[datetime | None]

    def go_on(self, last: int) -> None:
        """Everybody up to that member has been given their letter."""
        self.cursor = last

    def finish(self, now: datetime) -> None:
        """Nobody is left."""
        self.done_at = now

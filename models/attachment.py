"""佐证: photos and other pieces that belong to a case."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.case import Case
    from models.person import Person
    from models.store import Unit


class Attachment(Base):
    """One photo (voice, place) that a member sent for a case; the platform keeps the media for three days."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    media_id: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(1000))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]


class Attachments:
    """All attachments."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, case: Case, *, kind: str, media_id: str, url: str, by: Person, now: datetime) -> int:
        """Attaches one piece to a case; gives how many it has now."""
        self._unit.session.add(
            Attachment(
                case_number=case.number,
                kind=kind,
                media_id=media_id[:200],
                url=url[:1000],
                member_id=by.member_id,
                at=now,
            )
        )
        self._unit.session.flush()
        Timeline(self._unit).add(case.number, f"attach_{kind}", actor_id=by.member_id, at=now)
        return self.count(case.number)

    def count(self, number: int) -> int:
        """How many pieces a case has."""
        query = select(func.count()).select_from(Attachment).where(Attachment.case_number == number)
        return self._unit.session.scalar(query) or 0

    def since(self, number: int, moment: datetime) -> bool:
        """Whether a piece was added to a case at or after a moment."""
        query = (
            select(Attachment.id).where(Attachment.case_number == number, Attachment.at >= moment).limit(1)
        )
        return self._unit.session.scalar(query) is not None

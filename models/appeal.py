"""转人工: words that go to a person: a call for help, a complaint, a suggestion, a voice to be written down."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, LargeBinary, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Happening
from models.lean import Lean

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class AppealKind(enum.StrEnum):
    """What is wanted of the person."""

    HUMAN = "human"  # 人工
    COMPLAINT = "complaint"  # 投诉
    SUGGESTION = "suggestion"  # 建议
    VOICE = "voice"  # 语音听写


class AppealMade(Happening, frozen=True, kw_only=True):
    """Words were handed to the people of an organisation."""

    appeal: int
    kind: AppealKind
    text: str
    member_id: int
    name: str
    organisation: str
    to_organisation_id: int


class Appeal(Base):
    """One call on a person; the words are sealed."""

    __tablename__ = "appeals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    media_id: Mapped[str] = mapped_column(String(200))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    """Whose people are called on."""
    received_key: Mapped[str] = mapped_column(String(191))
    at: Mapped[datetime]


_INSERT = Lean(
    insert(Appeal).returning(Appeal.id),
    keys=[column.name for column in Appeal.__table__.c if column.name != "id"],
)


class Appeals:
    """All calls on people."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def make(
        self,
        *,
        kind: AppealKind,
        text: str,
        by: Person,
        organisation_id: int,
        received_key: str,
        now: datetime,
        media_id: str = "",
    ) -> int:
        """Hands words to the people of an organisation; gives the call's number."""
        [(number,)] = _INSERT.run(
            self._unit,
            {
                "kind": kind.value,
                "text_sealed": self._unit.vault.seal(text, "appeal.text"),
                "media_id": media_id[:200],
                "member_id": by.member_id,
                "organisation_id": organisation_id,
                "received_key": received_key,
                "at": now,
            },
        )
        self._unit.tell(
            AppealMade(
                appeal=number,
                kind=kind,
                text=text,
                member_id=by.member_id,
                name=by.name,
                organisation=by.organisation,
                to_organisation_id=organisation_id,
            )
        )
        return int(number)

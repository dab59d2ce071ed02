"""回执: letters that ask whether they were read, and the answers to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select, true, update

from models.outbox import OutboxRow, State

if TYPE_CHECKING:
    from models.store import Unit

REMEMBERED: Final = timedelta(days=35)
"""How long a question can still be answered with a mere 1; the longest ladder asks 30 days ahead."""
_REACHED: Final = (State.SENT.value, State.DELIVERED.value)


class Asked(msgspec.Struct, frozen=True):
    """A question that somebody has been sent and not answered."""

    subject: str
    subject_id: int
    edition: int
    rung: str
    office_id: int | None
    """The organisation for which they are asked."""
    sent_at: datetime
    kind: str


class Asking:
    """The questions that are open to somebody."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def open_to(self, member_id: int, now: datetime) -> list[Asked]:
        """What a member was asked and has not answered, the newest first; each matter once."""
        query = (
            select(
                OutboxRow.subject,
                OutboxRow.subject_id,
                OutboxRow.edition,
                OutboxRow.rung,
                OutboxRow.office_id,
                OutboxRow.settled_at,
                OutboxRow.kind,
            )
            .where(
                OutboxRow.member_id == member_id,
                OutboxRow.asks == true(),
                OutboxRow.acknowledged_at.is_(None),
                OutboxRow.state.in_(_REACHED),
                OutboxRow.settled_at > now - REMEMBERED,
            )
            .order_by(OutboxRow.settled_at.desc(), OutboxRow.id.desc())
        )
        found: dict[tuple[str, int], Asked] = {}
        for subject, subject_id, edition, rung, office_id, sent_at, kind in self._unit.session.execute(query):
            asked = Asked(subject, subject_id or 0, edition, rung, office_id, sent_at or now, kind)
            found.setdefault((subject, asked.subject_id), asked)
        return list(found.values())

    def answer(self, asked: Asked, member_id: int, now: datetime) -> None:
        """The question was answered: nobody else in that post has to answer it too, and nobody is asked again."""
        mine = OutboxRow.member_id == member_id
        for_office = OutboxRow.office_id == asked.office_id if asked.office_id is not None else mine
        self._unit.session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.subject == asked.subject,
                OutboxRow.subject_id == asked.subject_id,
                OutboxRow.edition == asked.edition,
                for_office,
                OutboxRow.asks == true(),
                OutboxRow.acknowledged_at.is_(None),
            )
            .values(acknowledged_at=now)
        )
        agenda = self._unit.agendas.of(asked.subject, asked.subject_id)
        if agenda is not None and agenda.edition == asked.edition:
            self._unit.agendas.acknowledge(asked.subject, asked.subject_id, member_id, now)

    def close(self, subject: str, subject_id: int, now: datetime) -> None:
        """The matter is over: nobody's mere yes or no answers a question about it any more."""
        self._unit.session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.subject == subject,
                OutboxRow.subject_id == subject_id,
                OutboxRow.asks == true(),
                OutboxRow.acknowledged_at.is_(None),
            )
            .values(acknowledged_at=now)
        )

"""说过的和没说成的: looking into the outbox, and saying at the next contact what could not be pushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select, true, update

from models.circular import Circular
from models.owed import Body, OutboxRow, State, in_state
from models.purpose import Purpose, lost

if TYPE_CHECKING:
    from models.store import Unit

AT_ONCE: Final = 3
"""Letters said with one contact; whoever wants the others asks for them."""
UNCONFIRMED_AFTER: Final = timedelta(minutes=30)
"""So long after a template message was accepted the platform's word on it is overdue."""
_REACHED: Final = (State.SENT.value, State.DELIVERED.value)


class Said(msgspec.Struct, frozen=True):
    """What is said of that which waited, and how much waits on."""

    texts: list[str]
    rest: int


class Earlier(msgspec.Struct, frozen=True):
    """A letter that somebody got."""

    text: str
    at: datetime


class Standing(msgspec.Struct, frozen=True):
    """A letter as an operator sees it; its text stays sealed."""

    id: int
    kind: str
    priority: int
    state: str
    due_at: datetime
    attempts: int
    channel: str
    reason: str
    member_id: int | None
    openid: str | None
    uncertain: bool


class Told:
    """Questions to the outbox."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- at the next contact ---------------------------------------------------------------------

    def say_waiting(self, openid: str, now: datetime, *, limit: int, room: int) -> Said:
        """What could not be pushed to this person, as much as ``room`` bytes hold; it counts as sent.

        What lost its purpose meanwhile is dropped instead.
        """
        return self._say(and_(OutboxRow.openid == openid, in_state(State.WAITING)), now, limit, room)

    def say_owed(self, openid: str, member_id: int | None, now: datetime, *, limit: int, room: int) -> Said:
        """The same for somebody who asks: also what was put off to another day."""
        waits = and_(OutboxRow.openid == openid, in_state(State.WAITING))
        if member_id is None:
            return self._say(waits, now, limit, room)
        put_off = and_(
            OutboxRow.member_id == member_id,
            in_state(State.PENDING),
            OutboxRow.lease_until.is_(None),
            OutboxRow.attempts == 0,
            OutboxRow.reason != "",
        )
        return self._say(or_(waits, put_off), now, limit, room)

    def _say(self, which: ColumnElement[bool], now: datetime, limit: int, room: int) -> Said:
        query = (
            select(
                OutboxRow.id,
                OutboxRow.member_id,
                OutboxRow.office_id,
                OutboxRow.subject,
                OutboxRow.subject_id,
                OutboxRow.edition,
                OutboxRow.rung,
                OutboxRow.not_after,
                Circular.withdrawn_at,
                func.coalesce(OutboxRow.body_sealed, Circular.body_sealed),
            )
            .outerjoin(Circular, Circular.id == OutboxRow.circular_id)
            .where(which)
            .order_by(OutboxRow.priority, OutboxRow.id)
            .with_for_update(skip_locked=True, of=OutboxRow)
        )
        rows = self._unit.connection.execute(query).all()
        reasons = lost(
            self._unit, [Purpose(*row[:8], withdrawn=row.withdrawn_at is not None) for row in rows], now
        )
        for letter_id, reason in reasons.items():
            self._change([letter_id], now, state=State.DROPPED.value, reason=reason)
        alive = [row for row in rows if row.id not in reasons]
        texts: list[str] = []
        for row in alive[:limit]:
            text = Body.open(row[9], self._unit.vault).text
            room -= len(text.encode()) + 1
            if room < 0 and texts:
                break
            texts.append(text)
            if room < 0:
                break
        self._change(
            [row.id for row in alive[: len(texts)]], now, state=State.SENT.value, channel="reply", reason=""
        )
        return Said(texts, len(alive) - len(texts))

    def _change(self, ids: Sequence[int], now: datetime, **values: Any) -> None:
        if ids:
            self._unit.connection.execute(
                update(OutboxRow).where(OutboxRow.id.in_(ids)).values(settled_at=now, **values)
            )

    def lately(self, openid: str, member_id: int | None, since: datetime, limit: int) -> list[Earlier]:
        """What this person was told since then, the newest first."""
        mine = OutboxRow.member_id == member_id if member_id is not None else OutboxRow.openid == openid
        query = (
            select(func.coalesce(OutboxRow.body_sealed, Circular.body_sealed), OutboxRow.settled_at)
            .outerjoin(Circular, Circular.id == OutboxRow.circular_id)
            .where(mine, OutboxRow.state.in_(_REACHED), OutboxRow.settled_at > since)
            .order_by(OutboxRow.settled_at.desc(), OutboxRow.id.desc())
            .limit(limit)
        )
        return [
            Earlier(Body.open(sealed, self._unit.vault).text, at)
            for sealed, at in self._unit.connection.execute(query)
            if at is not None
        ]

    # ---- who was told ----------------------------------------------------------------------------

    def owed(self, subject: str, subject_id: int) -> set[int]:
        """The members to whom, as themselves, a letter about a matter went out, is on its way or waits for their word."""
        query = select(OutboxRow.member_id).where(
            OutboxRow.subject == subject,
            OutboxRow.subject_id == subject_id,
            OutboxRow.office_id.is_(None),
            OutboxRow.member_id.is_not(None),
            OutboxRow.state.in_(
                [each.value for each in (State.PENDING, State.SENT, State.DELIVERED, State.WAITING)]
            ),
        )
        found = self._unit.connection.execute(query).scalars()
        return {member_id for member_id in found if member_id is not None}

    def told(self, subject: str, subject_id: int) -> set[int]:
        """The members whom a letter about it reached, or may have: sent, on its way right now, or unknown."""
        query = select(OutboxRow.member_id).where(
            OutboxRow.subject == subject,
            OutboxRow.subject != "",
            OutboxRow.subject_id == subject_id,
            OutboxRow.member_id.is_not(None),
            or_(
                OutboxRow.state.in_(_REACHED),
                OutboxRow.lease_until.is_not(None),
                OutboxRow.uncertain == true(),
            ),
        )
        return {member_id for member_id in self._unit.connection.execute(query).scalars() if member_id}

    # ---- for those who watch ---------------------------------------------------------------------

    def backlog(self, now: datetime) -> tuple[int, float]:
        """How many letters are due and not on their way, and for how many seconds the oldest of them has been."""
        count, oldest = self._unit.connection.execute(
            select(func.count(), func.min(OutboxRow.due_at)).where(
                in_state(State.PENDING), OutboxRow.due_at <= now
            )
        ).one()
        return count, (now - oldest).total_seconds() if oldest else 0.0

    def counts(self) -> Mapping[str, int]:
        """How many letters stand in each state; reads the whole outbox."""
        query = select(OutboxRow.state, func.count()).group_by(OutboxRow.state)
        found = {row[0]: row[1] for row in self._unit.connection.execute(query)}
        return {state.value: found.get(state.value, 0) for state in State}

    def uncertain(self) -> int:
        """How many letters wait of which nobody knows whether they arrived."""
        return self._count(in_state(State.WAITING), OutboxRow.uncertain == true())

    def unconfirmed(self, now: datetime) -> int:
        """How many template messages were accepted and never reported on by the platform; they are not sent again."""
        return self._count(
            in_state(State.SENT), OutboxRow.message_id != "", OutboxRow.settled_at < now - UNCONFIRMED_AFTER
        )

    def _count(self, *which: ColumnElement[bool]) -> int:
        return self._unit.connection.execute(
            select(func.count()).select_from(OutboxRow).where(*which)
        ).scalar_one()

    def list(self, state: State, limit: int) -> list[Standing]:
        """Letters in a state, the newest first."""
        query = (
            select(*(getattr(OutboxRow, name) for name in Standing.__struct_fields__))
            .where(in_state(state))
            .order_by(OutboxRow.id.desc())
            .limit(limit)
        )
        return [Standing(*row) for row in self._unit.connection.execute(query)]

    def retry(self, now: datetime, letter_id: int | None = None) -> int:
        """A dead letter, or all of them, is owed anew; gives how many. One on the call list too, when it is named."""
        which = [in_state(State.DEAD)]
        if letter_id is not None:
            which = [OutboxRow.id == letter_id, OutboxRow.state.in_([State.DEAD.value, State.CALL.value])]
        return self._unit.connection.execute(
            update(OutboxRow)
            .where(*which)
            .values(
                state=State.PENDING.value,
                due_at=now,
                attempts=0,
                reason="",
                settled_at=None,
                first_tried_at=None,
                bundle_id=None,
            )
        ).rowcount

"""电话名单: who is to be phoned because WeChat does not reach them, and what became of it.

What somebody hears in WeChat after all leaves the list by itself; ``models.calling`` says how one comes on it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, exists, or_, select, update

from models.call import Call, End, rules
from models.circular import Circular
from models.identity import Identity
from models.member import Member
from models.outbox import Body, OutboxRow, Priority, State, in_state
from models.owed import to_call
from models.purpose import Purpose, lost

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

_CHUNK: Final = 500
_LEFT: Final = "收信人取消了关注，请打电话告知"
_NEWS: Final = "收信人取消了关注，不用再告诉"
_NOT_THERE: Final = "打过电话，收信人已经不在了"
_ANEW: Final = {
    "state": State.PENDING.value, "openid": None, "settled_at": None, "attempts": 0, "reason": "",
    "bundle_id": None, "first_tried_at": None, "uncertain": False,
}  # fmt: skip
"""What becomes of a letter that is to be sent as if it had never been tried."""


class Listed(msgspec.Struct, frozen=True):
    """One person as they stand on the list."""

    number: int
    """What the desk calls it: 打过 2."""
    member_id: int
    name: str
    organisation: str
    phone: str
    tries: int
    texts: tuple[str, ...]
    """What there is to tell them, the most urgent first."""


class Calls:
    """The call list."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- phoning ---------------------------------------------------------------------------------

    def listed(self, by: Person, now: datetime) -> list[Call]:
        """The calls that this person's offices are to make, the oldest first."""
        offices = self._unit.organisations.offices_of(by.member_id, now)
        if not offices:
            return []
        calls = [call for call in self.open_at(offices) if call.member_id != by.member_id]
        found = self.alive(calls, now)
        self._unit.session.flush()
        return found

    def look(self, call: Call, now: datetime) -> Listed:
        """Who that is, with their phone, which is what the list is for, and what there is to tell them."""
        rows = self.letters(call.member_id, now)
        call.show(max((row.id for row in rows), default=0))
        member = self._unit.session.get_one(Member, call.member_id)
        return Listed(
            number=call.number,
            member_id=call.member_id,
            name=member.name(self._unit.vault),
            organisation=self._unit.card(call.home_id, now).name,
            phone=member.phone(self._unit.vault),
            tries=call.tries,
            texts=tuple(self.text_of(row) for row in rows),
        )

    def name_of(self, call: Call) -> str:
        """The name of whoever is to be phoned."""
        return self._unit.session.get_one(Member, call.member_id).name(self._unit.vault)

    def reached(self, call: Call, by: Person, now: datetime) -> None:
        """They were told by telephone what there was to tell. What nobody was shown yet is left for another call."""
        self._end(call, State.CALLED, "", now)
        call.close(End.REACHED, now, by.member_id)
        self._unit.session.flush()

    def gone(self, call: Call, by: Person, now: datetime) -> None:
        """They are not there any more: what there was to tell them has no purpose."""
        self._end(call, State.DROPPED, _NOT_THERE, now)
        call.close(End.GONE, now, by.member_id)
        self._unit.session.flush()

    def in_vain(self, call: Call, now: datetime) -> None:
        """Nobody was reached: they stay on the list."""
        call.in_vain(now)
        self._unit.session.flush()

    def _end(self, call: Call, state: State, reason: str, now: datetime) -> None:
        self._unit.session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.member_id == call.member_id,
                to_call(),
                or_(OutboxRow.id <= call.shown, OutboxRow.id == call.urgent_told),
            )
            .values(state=state.value, channel="call", reason=reason, settled_at=now)
        )

    # ---- who comes and goes ----------------------------------------------------------------------

    def lost(self, openid: str, now: datetime) -> None:
        """Somebody follows no more or unbinds: what waited to be said in their WeChat has to find another way.

        What is due later finds out by itself when it is to be sent.
        """
        other = exists().where(
            Identity.member_id == OutboxRow.member_id,
            Identity.openid != openid,
            Identity.subscribed.is_(True),
        )
        waiting = and_(OutboxRow.openid == openid, in_state(State.WAITING))
        duty = and_(OutboxRow.priority <= int(Priority.DUTY), OutboxRow.member_id.is_not(None))
        again = _ANEW | {"due_at": now}
        to_call = {"state": State.CALL.value, "reason": _LEFT, "settled_at": now}
        dropped = {"state": State.DROPPED.value, "reason": _NEWS, "settled_at": now}
        for which, values in ((other, again), (duty, to_call), (None, dropped)):
            where = [waiting] if which is None else [waiting, which]
            self._unit.session.execute(update(OutboxRow).where(*where).values(**values))

    def back(self, member_id: int, now: datetime) -> None:
        """Somebody is on WeChat now: what they were to be phoned for is sent there."""
        sent = self._unit.session.execute(
            update(OutboxRow)
            .where(OutboxRow.member_id == member_id, to_call(), in_state(State.CALL))
            .values(
                state=State.PENDING.value, due_at=now, settled_at=None, attempts=0, reason="", openid=None
            )
        )
        if sent.rowcount:  # type: ignore[attr-defined]
            self._unit.letters_posted = True

    # ---- looking things up -----------------------------------------------------------------------

    def open_at(self, desks: Collection[int]) -> Sequence[Call]:
        """The open calls of some desks, the oldest first; not looked at whether they are still to be made."""
        query = select(Call).where(Call.desk_id.in_(desks), Call.closed_at.is_(None)).order_by(Call.id)
        return self._unit.session.scalars(query).all()

    def alive(self, calls: Sequence[Call], now: datetime) -> list[Call]:
        """Those of the calls that are still to be made; the others are closed."""
        waiting: set[int | None] = set()
        members = [call.member_id for call in calls]
        for start in range(0, len(members), _CHUNK):
            query = select(OutboxRow).where(
                OutboxRow.member_id.in_(members[start : start + _CHUNK]), *overdue(now)
            )
            rows = self._of_use(self._unit.session.scalars(query).all(), now)
            waiting.update(row.member_id for row in rows)
        for call in calls:
            if call.member_id not in waiting:
                call.close(End.HEARD, now)
        return [call for call in calls if call.member_id in waiting]

    def letters(self, member_id: int, now: datetime) -> list[OutboxRow]:
        """What there is to tell somebody, the most urgent first: what has not waited for a day yet, too."""
        query = (
            select(OutboxRow)
            .where(OutboxRow.member_id == member_id, to_call(), *serves(now))
            .order_by(OutboxRow.priority, OutboxRow.id)
        )
        return self._of_use(self._unit.session.scalars(query).all(), now)

    def _of_use(self, rows: Sequence[OutboxRow], now: datetime) -> list[OutboxRow]:
        """Those that still have a purpose; the others are dropped, as they would be when they are sent."""
        purposes = [
            Purpose(
                row.id,
                row.member_id,
                row.office_id,
                row.subject,
                row.subject_id,
                row.edition,
                row.rung,
                row.not_after,
                row.circular_id is not None and self._circular(row.circular_id).withdrawn_at is not None,
            )
            for row in rows
        ]
        reasons = lost(self._unit, purposes, now)
        for row in rows:
            if row.id in reasons:
                row.drop(reasons[row.id], now)
        return [row for row in rows if row.id not in reasons]

    def text_of(self, row: OutboxRow) -> str:
        """What a letter says."""
        sealed = row.body_sealed
        if sealed is None and row.circular_id is not None:
            sealed = self._circular(row.circular_id).body_sealed
        return Body.open(sealed, self._unit.vault).text if sealed is not None else ""

    def _circular(self, circular_id: int) -> Circular:
        return self._unit.session.get_one(Circular, circular_id)


ABOUT_CALLS: Final = ("calls_waiting", "call_now")
"""Letters that ask somebody to phone."""


def serves(now: datetime) -> tuple[Any, ...]:
    """That a letter is still worth telling, as far as the letter itself says."""
    return (or_(OutboxRow.not_after.is_(None), OutboxRow.not_after > now),)


def overdue(now: datetime) -> tuple[Any, ...]:
    """Letters that WeChat did not bring to their recipient in time."""
    waited = and_(
        in_state(State.WAITING),
        or_(OutboxRow.priority == int(Priority.URGENT), OutboxRow.due_at <= now - rules().patience),
    )
    # Whoever is to phone and does not react is not phoned in turn: the letter itself is on the list of the next desk.
    return (to_call(), OutboxRow.kind.not_in(ABOUT_CALLS), or_(in_state(State.CALL), waited), *serves(now))

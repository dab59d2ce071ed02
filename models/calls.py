"""电话名单: who is to be phoned because WeChat does not reach them, by whom, and what became of it.

A letter belongs to it when its recipient is not on WeChat, or when it could not be pushed and its recipient has said
nothing for a day. What somebody hears in WeChat after all leaves the list by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.call import Call, CallNow, CallsWaiting, End, rules
from models.consortium import Consortium
from models.identity import Identity
from models.member import Member
from models.moment import SHANGHAI, local
from models.organisation import Officer, PostKind
from models.outbox import OutboxRow, Priority, State, in_state, to_call
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

AT_ONCE: Final = 50
"""People that one transaction puts on the list, or asks their desks to phone: members' messages wait behind it."""
_CHUNK: Final = 500
_LEFT: Final = "收信人取消了关注，请打电话告知"
_NEWS: Final = "收信人取消了关注，不用再告诉"
_NOT_THERE: Final = "打过电话，收信人已经不在了"
_INSERTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


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
        self._there: dict[int, set[int]] = {}

    # ---- keeping the list ------------------------------------------------------------------------

    def due(self, now: datetime) -> bool:
        """Whether somebody is to be put on the list, or a desk to be told; only looks."""
        return bool(self._unlisted(now, 1)) or bool(self._untold(now, 1)) or bool(self._hurried(now, 1))

    def keep(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Puts people on the list and tells those who are to phone; gives how many people it dealt with."""
        return self._list(now, limit) or self._tell_urgent(now, limit) or self._tell_morning(now, limit)

    def _list(self, now: datetime, limit: int) -> int:
        members = self._unlisted(now, limit)
        for member_id in members:
            rows = self._letters(member_id, now)
            homes = [row.office_id for row in rows if row.office_id is not None]
            home = homes[0] if homes else self._unit.session.get_one(Member, member_id).organisation_id
            desk, _ = self._callers(member_id, home, now)
            since = min(
                (row.settled_at or row.due_at) if row.state == State.CALL else row.due_at + rules().patience
                for row in rows
            )
            self._unit.session.execute(
                # Two that list somebody at the same moment list them once.
                _INSERTS[self._unit.dialect.name](Call)
                .values(
                    member_id=member_id, home_id=home, desk_id=desk, number=self._next_number(desk),
                    since=min(since, now), tries=0, shown=0,
                    tried_at=None, told_on=None, urgent_told=0, closed_at=None, closed_by=None, outcome="",
                )
                .on_conflict_do_nothing()
            )  # fmt: skip
        return len(members)

    def _tell_urgent(self, now: datetime, limit: int) -> int:
        found = self._hurried(now, limit)
        for call, letter_id in found:
            call.told_urgently(letter_id)
            desk, callers = self._callers(call.member_id, call.home_id, now)
            self._move(call, desk)
            letter = self._unit.session.get_one(OutboxRow, letter_id)
            member = self._unit.session.get_one(Member, call.member_id)
            self._unit.tell(
                CallNow(
                    caller_ids=tuple(caller.member_id for caller in callers),
                    desk_id=desk,
                    letter_id=letter_id,
                    member_id=call.member_id,
                    name=member.name(self._unit.vault),
                    organisation=self._unit.card(call.home_id, now).name,
                    text=self._unit.outbox.text_of(letter),
                )
            )
        self._unit.session.flush()
        return len(found)

    def _tell_morning(self, now: datetime, limit: int) -> int:
        """A desk at a time, all that it is to phone for; others follow in the next transaction."""
        desks = self._untold(now, 1)
        if not desks:
            return 0
        day = local(now).date()
        counts: dict[int, int] = {}
        calls = self._open(desks)
        for call in self._alive(calls, now):
            call.told(day)
            desk, callers = self._callers(call.member_id, call.home_id, now)
            self._move(call, desk)  # where nobody is left who could; the other desk has its own turn
            if desk == desks[0]:
                for caller in callers:
                    counts[caller.member_id] = counts.get(caller.member_id, 0) + 1
        self._unit.session.flush()
        for caller_id, count in counts.items():
            self._unit.tell(
                CallsWaiting(
                    caller_id=caller_id,
                    desk_id=desks[0],
                    count=count,
                    day=day,
                    ends_at=self._next_morning(now),
                )
            )
        return len(calls)

    def _unlisted(self, now: datetime, limit: int) -> list[int]:
        """Members with letters to be phoned for who are not on the list."""
        listed = exists().where(Call.member_id == OutboxRow.member_id, Call.closed_at.is_(None))
        query = (
            select(OutboxRow.member_id)
            .join(Member, Member.id == OutboxRow.member_id)
            .where(*self._overdue(now), Member.left_at.is_(None), ~listed)
            .group_by(OutboxRow.member_id)
            .order_by(func.min(OutboxRow.id))
            .limit(limit)
        )
        return [member_id for member_id in self._unit.session.scalars(query) if member_id is not None]

    def _hurried(self, now: datetime, limit: int) -> list[tuple[Call, int]]:
        """Whom something urgent did not reach that their desk was not told of, with that letter."""
        letter = func.max(OutboxRow.id)
        query = (
            select(Call.id, letter)
            .join(OutboxRow, OutboxRow.member_id == Call.member_id)
            .where(
                Call.closed_at.is_(None),
                to_call(),
                OutboxRow.priority == int(Priority.URGENT),
                OutboxRow.id > Call.urgent_told,
                *_serves(now),
            )
            .group_by(Call.id)
            .order_by(Call.id)
            .limit(limit)
        )
        found = self._unit.session.execute(query).all()
        return [(self._unit.session.get_one(Call, row[0]), row[1]) for row in found]

    def _untold(self, now: datetime, limit: int) -> list[int]:
        """Desks that are to be told this morning, if it is a working one."""
        here = local(now)
        try:
            if here.time() < rules().at or not self._unit.workdays.worked(here.date()):
                return []
        except YearMissing:
            return []  # nobody is bothered on what may be a day off
        morning = datetime.combine(here.date(), rules().at, SHANGHAI)
        query = (
            select(Call.desk_id)
            .where(
                Call.closed_at.is_(None),
                Call.since <= morning,
                or_(Call.told_on.is_(None), Call.told_on < here.date()),
            )
            .group_by(Call.desk_id)
            .order_by(Call.desk_id)
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def _next_morning(self, now: datetime) -> datetime:
        return datetime.combine(local(now).date() + timedelta(days=1), rules().at, SHANGHAI)

    # ---- who phones ------------------------------------------------------------------------------

    def _callers(self, member_id: int, home_id: int, now: datetime) -> tuple[int, list[Officer]]:
        """The organisation whose officers are to phone somebody, and those officers: on WeChat, and not that person.

        The nearest that has any: their own, the one that leads its consortium, those above.
        """
        unit = self._unit
        line = [home_id]
        consortium_id = unit.card(home_id, now).consortium_id
        if consortium_id is not None:
            line.append(unit.session.get_one(Consortium, consortium_id).lead_id)
        line += unit.standings.above(home_id)
        spare: int | None = None
        for organisation_id in dict.fromkeys(line):
            officers = [
                officer
                for officer in unit.card(organisation_id, now).officers
                if officer.member_id != member_id
            ]
            if officers and spare is None:
                spare = organisation_id
            there = self._on_wechat(organisation_id, now)
            for kind in (PostKind.LIAISON, PostKind.SECRETARY, PostKind.DEPUTY):
                found = [
                    officer for officer in officers if officer.post is kind and officer.member_id in there
                ]
                if found:
                    return organisation_id, found
        return spare if spare is not None else home_id, []

    def _move(self, call: Call, desk_id: int) -> None:
        if desk_id != call.desk_id:
            call.move(desk_id, self._next_number(desk_id))
            self._unit.session.flush()

    def _next_number(self, desk_id: int) -> int:
        """One more than any open call of a desk has: numbers begin anew once its list was worked off."""
        highest = select(func.max(Call.number)).where(Call.desk_id == desk_id, Call.closed_at.is_(None))
        return (self._unit.session.scalar(highest) or 0) + 1

    def _on_wechat(self, organisation_id: int, now: datetime) -> set[int]:
        """The officers of an organisation who are on WeChat."""
        found = self._there.get(organisation_id)
        if found is None:
            officers = {officer.member_id for officer in self._unit.card(organisation_id, now).officers}
            query = select(Identity.member_id).where(
                Identity.member_id.in_(officers), Identity.subscribed.is_(True)
            )
            found = self._there[organisation_id] = {
                each for each in self._unit.session.scalars(query) if each is not None
            }
        return found

    # ---- phoning ---------------------------------------------------------------------------------

    def listed(self, by: Person, now: datetime) -> list[Call]:
        """The calls that this person's offices are to make: who was tried before comes last."""
        offices = self._unit.organisations.offices_of(by.member_id)
        if not offices:
            return []
        calls = [call for call in self._open(offices) if call.member_id != by.member_id]
        found = self._alive(calls, now)
        self._unit.session.flush()
        return found

    def look(self, call: Call, now: datetime) -> Listed:
        """Who that is, with their phone, which is what the list is for, and what there is to tell them."""
        rows = self._letters(call.member_id, now)
        call.show(max((row.id for row in rows), default=0))
        member = self._unit.session.get_one(Member, call.member_id)
        return Listed(
            number=call.number,
            member_id=call.member_id,
            name=member.name(self._unit.vault),
            organisation=self._unit.card(call.home_id, now).name,
            phone=member.phone(self._unit.vault),
            tries=call.tries,
            texts=tuple(self._unit.outbox.text_of(row) for row in rows),
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
            .where(OutboxRow.member_id == call.member_id, to_call(), OutboxRow.id <= call.shown)
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
        again = {"state": State.PENDING.value, "openid": None, "due_at": now}
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

    def _open(self, desks: Collection[int]) -> Sequence[Call]:
        query = (
            select(Call)
            .where(Call.desk_id.in_(desks), Call.closed_at.is_(None))
            .order_by(Call.tries, Call.since, Call.id)
        )
        return self._unit.session.scalars(query).all()

    def _overdue(self, now: datetime) -> list[Any]:
        """Letters that WeChat did not bring to their recipient in time."""
        waited = and_(
            in_state(State.WAITING),
            or_(
                OutboxRow.priority == int(Priority.URGENT),
                OutboxRow.due_at <= now - rules().patience,
            ),
        )
        return [to_call(), or_(in_state(State.CALL), waited), *_serves(now)]

    def _alive(self, calls: Sequence[Call], now: datetime) -> list[Call]:
        """Those of the calls that are still to be made; the others are closed."""
        waiting: set[int | None] = set()
        members = [call.member_id for call in calls]
        for start in range(0, len(members), _CHUNK):
            query = select(OutboxRow.member_id).where(
                OutboxRow.member_id.in_(members[start : start + _CHUNK]), *self._overdue(now)
            )
            waiting.update(self._unit.session.scalars(query))
        for call in calls:
            if call.member_id not in waiting:
                call.close(End.HEARD, now)
        return [call for call in calls if call.member_id in waiting]

    def _letters(self, member_id: int, now: datetime) -> Sequence[OutboxRow]:
        """What there is to tell somebody, the most urgent first: what has not waited for a day yet, too."""
        query = (
            select(OutboxRow)
            .where(OutboxRow.member_id == member_id, to_call(), *_serves(now))
            .order_by(OutboxRow.priority, OutboxRow.id)
        )
        return self._unit.session.scalars(query).all()


def _serves(now: datetime) -> tuple[Any, ...]:
    """That a letter is still worth telling."""
    return (or_(OutboxRow.not_after.is_(None), OutboxRow.not_after > now),)

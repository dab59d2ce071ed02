"""打电话的安排: who is put on the call list, which officers are to phone them, and when those are told.

A letter belongs on the list when its recipient is not on WeChat, or when it could not be pushed and its recipient has
said nothing for a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from models.call import Call, CallNow, CallsWaiting, rules
from models.calls import overdue, serves
from models.consortium import Consortium
from models.identity import Identity
from models.member import Member
from models.moment import SHANGHAI, local
from models.organisation import Officer, PostKind
from models.outbox import OutboxRow, Priority, State
from models.owed import to_call
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.store import Unit

AT_ONCE: Final = 20
"""People that one transaction puts on the list: members' messages wait behind it."""
_INSERTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class Calling:
    """Keeps the call list as time passes."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._there: dict[int, set[int]] = {}
        self._lines: dict[int, list[int]] = {}

    def due(self, now: datetime) -> bool:
        """Whether somebody is to be put on the list, or a desk to be told; only looks."""
        return bool(self._unlisted(now, 1)) or bool(self._untold(now, 1)) or bool(self._hurried(now, 1))

    def keep(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Puts people on the list and tells those who are to phone; gives how many people it dealt with."""
        return self._list(now, limit) or self._tell_urgent(now, limit) or self._tell_morning(now, limit)

    def _list(self, now: datetime, limit: int) -> int:
        members = self._unlisted(now, limit)
        for member_id in members:
            rows = self._unit.calls.letters(member_id, now)
            if not rows:
                continue  # they lost their purpose, which was written down now
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
            letter = self._unit.session.get_one(OutboxRow, letter_id)
            if letter not in self._unit.calls.letters(call.member_id, now):
                continue
            desk, callers = self._callers(call.member_id, call.home_id, now)
            self._move(call, desk)
            member = self._unit.session.get_one(Member, call.member_id)
            self._unit.tell(
                CallNow(
                    caller_ids=tuple(caller.member_id for caller in callers),
                    desk_id=desk,
                    letter_id=letter_id,
                    member_id=call.member_id,
                    name=member.name(self._unit.vault),
                    organisation=self._unit.card(call.home_id, now).name,
                    text=self._unit.calls.text_of(letter),
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
        calls = self._unit.calls.open_at(desks)
        for call in self._unit.calls.alive(calls, now):
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
            .where(*overdue(now), Member.left_at.is_(None), ~listed)
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
                *serves(now),
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
        spare: int | None = None
        for organisation_id in self._line(home_id, now):
            officers = [
                officer
                for officer in self._unit.card(organisation_id, now).officers
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

    def _line(self, home_id: int, now: datetime) -> list[int]:
        """The organisations that may be asked to phone, the nearest first."""
        found = self._lines.get(home_id)
        if found is None:
            line = [home_id]
            consortium_id = self._unit.card(home_id, now).consortium_id
            if consortium_id is not None:
                line.append(self._unit.session.get_one(Consortium, consortium_id).lead_id)
            line += self._unit.standings.above(home_id)
            found = self._lines[home_id] = list(dict.fromkeys(line))
        return found

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

"""通知群发: announcing one letter to many, writing it out page by page as time allows, and taking it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, Integer, String, any_, cast, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.agenda import About
from models.audience import AUDIENCES, Audience
from models.circular import Circular
from models.identity import Identity
from models.member import Member
from models.moment import local
from models.outbox import ABOUT_NOTHING, Body, OutboxRow, Priority, State

if TYPE_CHECKING:
    from models.store import Unit

PAGE: Final = 2_000
"""Letters that one transaction writes: some 20 ms, which members' messages can wait."""
AHEAD: Final = timedelta(hours=1)
"""How long before it is due a circular is written out: late enough that the audience is that of the day."""
_PART: Final = "|"
"""Between the occasion and the part of the audience in a circular's key; no occasion's own key has it."""
_INSERTS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class Circulars:
    """All letters to many."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def announce(
        self,
        *,
        key: str,
        kind: str,
        text: str,
        fields: dict[str, str],
        audience: Audience,
        now: datetime,
        priority: Priority = Priority.NEWS,
        due_at: datetime | None = None,
        about: About = ABOUT_NOTHING,
    ) -> None:
        """Owes everybody of an audience one letter about one occasion (``key``); the same occasion is announced once.

        Nothing is written out yet: that is the clock's work, page by page. Whoever was told of the same occasion
        before (``Outbox.post`` with ``key:m<member id>``) is not told again. News goes to those who are on WeChat
        only; what somebody has to do goes to everybody, and who cannot be reached is put on the call list.

        Raises:
            ValueError: a key that no letter could have.
        """
        if _PART in key:
            raise ValueError(f"no {_PART} in the key of a circular: {key}")
        if audience.kind not in AUDIENCES:
            raise ValueError(f"no such audience: {audience.kind}")
        sealed = Body(text, fields).seal(self._unit.vault)
        rows = [
            {
                "key": f"{key}{_PART}{audience.kind}:{each}",
                "kind": kind,
                "body_sealed": sealed,
                "priority": int(priority),
                "due_at": due_at or now,
                "not_after": about.not_after,
                "subject": about.subject,
                "subject_id": about.subject_id or None,
                "edition": about.edition,
                "rung": about.rung,
                "asks": about.asks,
                "audience": audience.kind,
                "audience_id": each,
                "cursor": 0,
                "created_at": now,
                "done_at": None,
                "withdrawn_at": None,
            }
            for each in dict.fromkeys(audience.ids)
        ]
        if rows:
            once = _INSERTS[self._unit.dialect.name](Circular).on_conflict_do_nothing(index_elements=["key"])
            self._unit.session.execute(once, rows)

    def withdraw(self, key: str, now: datetime) -> bool:
        """Nobody else is to get it: no more letters are written, and what was not sent yet is dropped when it is due.

        Whether there was anything left to take back: False where it is unknown or was withdrawn before.
        """
        taken = self._unit.session.execute(
            update(Circular)
            .where(Circular.key.startswith(key + _PART, autoescape=True), Circular.withdrawn_at.is_(None))
            .values(withdrawn_at=now)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]

    # ---- writing out -----------------------------------------------------------------------------

    def due(self, now: datetime) -> bool:
        """Whether one has letters to be written; only looks."""
        return self._unit.session.scalar(select(Circular.id).where(*self._open(now)).limit(1)) is not None

    def generate(self, now: datetime, limit: int = PAGE) -> int:
        """Writes the letters of one page of members; gives how many members it dealt with, at least 1 if anything was.

        The page and how far it went are one transaction: whoever dies in between has done nothing, and another
        goes on where it stood. Whoever does the same at this moment takes another circular.
        """
        circular = self._unit.session.scalar(
            select(Circular)
            .where(*self._open(now))
            .order_by(Circular.priority, Circular.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if circular is None:
            return 0
        belongs = AUDIENCES[circular.audience]
        page = (
            select(Member.id)
            .where(
                Member.left_at.is_(None),
                Member.id > circular.cursor,
                belongs(circular.audience_id or 0, local(circular.created_at).date()),
            )
            .order_by(Member.id)
            .limit(limit)
        )
        members = list(self._unit.session.scalars(page))
        if members:
            self._write(circular, members, now)
            circular.go_on(members[-1])
            self._unit.letters_posted = True
        if len(members) < limit:
            circular.finish(now)
        self._unit.session.flush()
        return max(1, len(members))

    def _open(self, now: datetime) -> tuple[Any, ...]:
        return (
            Circular.done_at.is_(None),
            Circular.withdrawn_at.is_(None),
            Circular.due_at <= now + AHEAD,
            or_(Circular.not_after.is_(None), Circular.not_after > now),
        )

    def _write(self, circular: Circular, members: list[int], now: datetime) -> None:
        """The letters of one page."""
        whom = [_these(self._unit, members)]
        if circular.priority > Priority.DUTY:
            # A value looked up for each member, not an EXISTS, which a database may answer by reading all identities.
            on_wechat = (
                select(literal(1))
                .where(Identity.member_id == Member.id, Identity.subscribed.is_(True))
                .limit(1)
                .scalar_subquery()
            )
            whom.append(on_wechat.is_not(None))
        key = literal(circular.key.partition(_PART)[0] + ":m") + cast(Member.id, String)
        same: dict[str, Any] = {
            "openid": None,
            "kind": circular.kind,
            "body_sealed": None,
            "priority": circular.priority,
            "state": State.PENDING.value,
            "due_at": circular.due_at,
            "lease_until": None,
            "attempts": 0,
            "channel": "",
            "message_id": "",
            "reason": "",
            "created_at": now,
            "settled_at": None,
            "office_id": None,
            "subject": circular.subject,
            "subject_id": circular.subject_id,
            "edition": circular.edition,
            "rung": circular.rung,
            "asks": circular.asks,
            "not_after": circular.not_after,
            "acknowledged_at": None,
            "circular_id": circular.id,
            "bundle_id": None,
            "first_tried_at": None,
            "uncertain": False,
        }
        columns = OutboxRow.__table__.c
        letters = select(
            key, Member.id, *(literal(value, columns[name].type) for name, value in same.items())
        ).where(*whom)
        once = _INSERTS[self._unit.dialect.name](OutboxRow)
        self._unit.session.execute(
            once.from_select(["dedup_key", "member_id", *same], letters).on_conflict_do_nothing(
                index_elements=["dedup_key"]
            )
        )


def _these(unit: Unit, member_ids: list[int]) -> ColumnElement[bool]:
    """That a member is one of these, as one value: a statement with a blank for each would be another every time."""
    if unit.dialect.name == "postgresql":
        return Member.id == any_(literal(member_ids, postgresql.ARRAY(Integer)))
    each = func.json_each(msgspec.json.encode(member_ids).decode()).table_valued("value")
    return Member.id.in_(select(each.c.value))

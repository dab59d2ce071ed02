"""收到的消息: every message once, with what was understood and answered; a repeat finds its answer here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    Index,
    LargeBinary,
    String,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.dialogue import Dialogue
from models.identity import Identity
from models.lean import Lean
from models.member import Member
from models.outbox import OutboxRow, State, in_state

if TYPE_CHECKING:
    from models.store import Unit


class Received(Base):
    """One message as it came, and what became of it. The words are sealed: people write names and phones."""

    __tablename__ = "received"
    __table_args__ = (Index("ix_received_received_at", "received_at"),)

    key: Mapped[str] = mapped_column(String(191), primary_key=True)
    openid: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The whole message as JSON."""
    parse: Mapped[str | None] = mapped_column(Text)
    """What was understood, as JSON, without the words themselves."""
    version: Mapped[str] = mapped_column(String(40))
    """Which understanding read it; with the words at hand it can be read anew."""
    handler: Mapped[str] = mapped_column(String(80))
    reply_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None: nothing was answered."""
    fault: Mapped[str] = mapped_column(String(20))
    """The reference number that was told when something broke; empty when all went well."""
    received_at: Mapped[datetime]


class Arrival(msgspec.Struct, frozen=True):
    """All that a message's path must know at its beginning."""

    answered: bool
    """This message was answered before."""
    reply_sealed: bytes | None
    member_id: int | None
    name_sealed: bytes | None
    organisation_id: int | None
    consent: str
    scene: str
    known: bool
    """Whether the sender was seen before."""
    step: str | None
    facts_sealed: bytes | None
    expires_at: datetime | None
    waiting: int
    """Letters that could not be pushed and are to be said now."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a message once it has been dealt with."""

    key: str
    openid: str
    kind: str
    body: str
    parse: str | None
    version: str
    handler: str
    reply: str | None
    fault: str
    at: datetime


_anchor = select(literal(1).label("one")).subquery("anchor")
_WAITING = (
    select(func.count())
    .select_from(OutboxRow)
    .where(OutboxRow.openid == Identity.openid, in_state(State.WAITING))
    .scalar_subquery()
)


_ARRIVAL = (
    select(
        Received.key,
        Received.reply_sealed,
        Identity.member_id,
        Member.name_sealed,
        Member.organisation_id,
        Identity.consent,
        Identity.scene,
        Identity.openid,
        Dialogue.step,
        Dialogue.facts_sealed,
        Dialogue.expires_at,
        _WAITING,
    )
    .select_from(_anchor)
    .outerjoin(Identity, Identity.openid == bindparam("openid"))
    .outerjoin(Member, and_(Member.id == Identity.member_id, Member.left_at.is_(None)))
    .outerjoin(Dialogue, Dialogue.openid == bindparam("openid"))
    .outerjoin(Received, Received.key == bindparam("key"))
)
_LEAN_ARRIVAL = Lean(_ARRIVAL)
_REMEMBER = Lean(insert(Received), keys=list(Received.__table__.c.keys()))
_FORGET_DIALOGUE = Lean(delete(Dialogue).where(Dialogue.openid == bindparam("openid")))

MESSAGE_SENDS = 5
"""Customer-service messages allowed for 48 hours after a person wrote (platform rule since 2023)."""
GESTURE_SENDS = 3
"""The same after a menu tap, a scan or a new follow, for one minute."""


class Inbox:
    """The lean statements on every message's path; each runs once a message."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def arrive(self, openid: str, key: str) -> Arrival:
        """What is known at a message's arrival."""
        [row] = _LEAN_ARRIVAL.run(self._unit, {"openid": openid, "key": key})
        return Arrival(
            answered=row[0] is not None,
            reply_sealed=row[1],
            member_id=row[2] if row[4] is not None else None,
            name_sealed=row[3],
            organisation_id=row[4],
            consent=row[5] or "",
            scene=row[6] or "",
            known=row[7] is not None,
            step=row[8],
            facts_sealed=row[9],
            expires_at=row[10],
            waiting=row[11] or 0,
        )

    def greet(self, openid: str, *, wrote: bool, gesture: bool, now: datetime) -> None:
        """Notes that the person was here: puts a new one on file, opens the customer-service window."""
        row = {
            "openid": openid,
            "subscribed": True,
            "scene": "",
            "consent": "",
            "first_seen_at": now,
            "last_message_at": now if wrote else None,
            "last_gesture_at": now if gesture else None,
            "sends_left": MESSAGE_SENDS if wrote else GESTURE_SENDS if gesture else 0,
        }
        _GREET["wrote" if wrote else "gesture" if gesture else "quiet"].run(self._unit, row)

    def remember(self, entry: Entry) -> None:
        """Writes down what came and what was answered. Raises Conflict if another process was faster."""
        vault = self._unit.vault
        _REMEMBER.run(
            self._unit,
            {
                "key": entry.key,
                "openid": entry.openid,
                "kind": entry.kind,
                "body_sealed": vault.seal(entry.body, "received.body"),
                "parse": entry.parse,
                "version": entry.version,
                "handler": entry.handler,
                "reply_sealed": None if entry.reply is None else vault.seal(entry.reply, "received.reply"),
                "fault": entry.fault,
                "received_at": entry.at,
            },
        )

    def reply(self, sealed: bytes) -> str:
        """A remembered reply in the clear."""
        return self._unit.vault.open(sealed, "received.reply")

    def stand(self, openid: str, *, step: str, facts: str, expires_at: datetime) -> None:
        """The sender stands at this step now."""
        _STAND.run(
            self._unit,
            {
                "openid": openid,
                "step": step,
                "facts_sealed": self._unit.vault.seal(facts, "dialogue.facts"),
                "expires_at": expires_at,
            },
        )

    def step_of(self, openid: str) -> tuple[str, str] | None:
        """The step that a sender stands at and its facts, or None."""
        row = self._unit.connection.execute(
            select(Dialogue.step, Dialogue.facts_sealed).where(Dialogue.openid == openid)
        ).first()
        return (row[0], self.facts(row[1])) if row else None

    def facts(self, sealed: bytes) -> str:
        """A step's facts in the clear."""
        return self._unit.vault.open(sealed, "dialogue.facts")

    def leave(self, openid: str) -> None:
        """The sender stands at no step any more."""
        _FORGET_DIALOGUE.run(self._unit, {"openid": openid})

    def since(self, moment: datetime, limit: int) -> list[tuple[str, str, str | None]]:
        """Key, body and stored parse of the newest messages since then: to read them anew."""
        rows = self._unit.connection.execute(
            select(Received.key, Received.body_sealed, Received.parse)
            .where(Received.received_at >= moment)
            .order_by(Received.received_at.desc())
            .limit(limit)
        )
        return [(row[0], self._unit.vault.open(row[1], "received.body"), row[2]) for row in rows]


def _greetings(upsert: Any) -> dict[str, Any]:
    columns = Identity.__table__.c
    new = upsert(Identity.__table__)
    return {
        "wrote": new.on_conflict_do_update(
            index_elements=[columns.openid],
            set_={"last_message_at": new.excluded.last_message_at, "sends_left": new.excluded.sends_left},
        ),
        "gesture": new.on_conflict_do_update(
            index_elements=[columns.openid],
            set_={
                "last_gesture_at": new.excluded.last_gesture_at,
                # A tap never takes away what a message allowed.
                "sends_left": case(
                    (columns.sends_left > GESTURE_SENDS, columns.sends_left), else_=GESTURE_SENDS
                ),
            },
        ),
        "quiet": new.on_conflict_do_nothing(index_elements=[columns.openid]),
    }


def _standing(upsert: Any) -> Any:
    new = upsert(Dialogue.__table__)
    return new.on_conflict_do_update(
        index_elements=[Dialogue.__table__.c.openid],
        set_={
            "step": new.excluded.step,
            "facts_sealed": new.excluded.facts_sealed,
            "expires_at": new.excluded.expires_at,
        },
    )


_UPSERTS = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_GREET = {
    which: Lean(
        {name: _greetings(upsert)[which] for name, upsert in _UPSERTS.items()},
        keys=[
            "openid",
            "subscribed",
            "scene",
            "consent",
            "first_seen_at",
            "last_message_at",
            "last_gesture_at",
            "sends_left",
        ],
    )
    for which in ("wrote", "gesture", "quiet")
}
_STAND = Lean(
    {name: _standing(upsert) for name, upsert in _UPSERTS.items()},
    keys=list(Dialogue.__table__.c.keys()),
)

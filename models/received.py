"""收到的消息: every message once, with what was understood and answered; a repeat finds its answer here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
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
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.dialogue import Dialogue
from models.identity import Identity
from models.lean import Lean
from models.member import Member
from models.owed import OutboxRow, State, in_state
from models.pending import Rows

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


def _arrival(row: tuple[Any, ...] | None, *, answered: bool, reply: bytes | None) -> Arrival:
    if row is None:
        return Arrival(answered, reply, None, None, None, "", "", False, None, None, None, 0)
    _, member_id, name_sealed, organisation_id, consent, scene, step, facts_sealed, expires_at, waiting = row
    return Arrival(
        answered=answered,
        reply_sealed=reply,
        member_id=member_id if organisation_id is not None else None,
        name_sealed=name_sealed,
        organisation_id=organisation_id,
        consent=consent,
        scene=scene,
        known=True,
        step=step,
        facts_sealed=facts_sealed,
        expires_at=expires_at,
        waiting=waiting or 0,
    )


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


_WAITING = (
    select(func.count())
    .select_from(OutboxRow)
    .where(OutboxRow.openid == Identity.openid, in_state(State.WAITING))
    .scalar_subquery()
)
_SENDERS = (
    select(
        Identity.openid,
        Identity.member_id,
        Member.name_sealed,
        Member.organisation_id,
        Identity.consent,
        Identity.scene,
        Dialogue.step,
        Dialogue.facts_sealed,
        Dialogue.expires_at,
        _WAITING,
    )
    .select_from(Identity)
    .outerjoin(Member, and_(Member.id == Identity.member_id, Member.left_at.is_(None)))
    .outerjoin(Dialogue, Dialogue.openid == Identity.openid)
)
FORGOTTEN_AT_ONCE = 500
"""Messages that one transaction deletes: others wait behind it."""
MOST_FORESEEN = 32
"""Messages that are looked up together."""


@cache
def _arrivals(size: int) -> tuple[Lean, Lean]:
    """The statements for so many messages: who their senders are, and which of them were answered before."""
    openids = [bindparam(f"o{place}", type_=String) for place in range(size)]
    keys = [bindparam(f"k{place}", type_=String) for place in range(size)]
    return (
        Lean(_SENDERS.where(Identity.openid.in_(openids))),
        Lean(select(Received.key, Received.reply_sealed).where(Received.key.in_(keys))),
    )


_REMEMBER = Rows(insert(Received), keys=list(Received.__table__.c.keys()))
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
        """What is known at a message's arrival.

        Where a batch of messages was announced (``foreseen``), it is found out for those that come next too.
        """
        foreseen = self._unit.foreseen
        arrival: Arrival | None = foreseen.known.pop(key, None)
        if arrival is None:
            wanted, senders = {key: openid}, {openid}
            for other, sender in foreseen.coming.items():
                # A second message of one sender sees what the first one did.
                if sender not in senders and len(wanted) < MOST_FORESEEN:
                    wanted[other] = sender
                    senders.add(sender)
            foreseen.known = self._find_out(wanted)
            arrival = foreseen.known.pop(key)
        foreseen.coming.pop(key, None)
        return arrival

    def _find_out(self, wanted: Mapping[str, str]) -> dict[str, Arrival]:
        """The arrivals of messages (key to sender), by key."""
        size = 1 << (len(wanted) - 1).bit_length()
        keys, openids = list(wanted), list(wanted.values())
        padding = size - len(wanted)
        values = {f"o{place}": openid for place, openid in enumerate(openids + openids[:1] * padding)}
        values |= {f"k{place}": key for place, key in enumerate(keys + keys[:1] * padding)}
        senders, answered = _arrivals(size)
        replies: dict[str, bytes | None] = {row[0]: row[1] for row in answered.run(self._unit, values)}
        known = {row[0]: row for row in senders.run(self._unit, values)}
        return {
            key: _arrival(known.get(openid), answered=key in replies, reply=replies.get(key))
            for key, openid in wanted.items()
        }

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
        _GREET["wrote" if wrote else "gesture" if gesture else "quiet"].add(self._unit, row)

    def remember(self, entry: Entry) -> None:
        """Writes down what came and what was answered. Raises Conflict if another process was faster."""
        vault = self._unit.vault
        _REMEMBER.add(
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
        _STAND.add(
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

    def outlived(self, now: datetime) -> bool:
        """Whether a message has been kept for longer than the settings allow; only looks."""
        before = now - self._unit.policy.retention
        return (
            self._unit.session.scalar(select(Received.key).where(Received.received_at < before).limit(1))
            is not None
        )

    def forget_outlived(self, now: datetime, limit: int = FORGOTTEN_AT_ONCE) -> int:
        """Deletes messages that have been kept for long enough, the oldest first; gives how many.

        What follows from them, the case and its timeline, stays.
        """
        oldest = (
            select(Received.key)
            .where(Received.received_at < now - self._unit.policy.retention)
            .order_by(Received.received_at)
            .limit(limit)
        )
        gone = self._unit.session.execute(delete(Received).where(Received.key.in_(oldest)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


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
    which: Rows(
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
        once="openid",
    )
    for which in ("wrote", "gesture", "quiet")
}
_STAND = Rows(
    {name: _standing(upsert) for name, upsert in _UPSERTS.items()},
    keys=list(Dialogue.__table__.c.keys()),
    once="openid",
)

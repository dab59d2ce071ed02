"""待发消息: one letter that is owed to one person, where it stands, and how urgent it is."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    and_,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import About
from models.base import Base
from models.lean import among
from models.vault import Vault

LEASE: Final = timedelta(seconds=90)
"""How long a process may take over a letter before another may try."""
MOST_ATTEMPTS: Final = 8
LONGEST_STEP: Final = timedelta(minutes=2)
"""The longest step of the back-off: all tries lie within ten minutes, as long as the platform drops repeats."""
ABOUT_NOTHING: Final = About(subject="", subject_id=0)
"""A letter whose purpose nothing can take away."""


class State(enum.StrEnum):
    """Where a letter stands."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    WAITING = "waiting"  # no channel is open: said with the person's next message
    CALL = "call"  # the person is not on WeChat: somebody has to call
    CALLED = "called"  # told by telephone
    DROPPED = "dropped"  # it lost its purpose before it left
    DEAD = "dead"


class Priority(enum.IntEnum):
    """Who goes first."""

    URGENT = 0  # danger, the beginning of a turn, the late answer to somebody's own words
    ANSWER = 1  # somebody waits for it; 督办
    DUTY = 2  # what somebody has to do
    NEWS = 3  # 征集 and what is good to know
    INVITE = 4  # 请评价


def _index_where(name: str, columns: tuple[str, ...], condition: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


def in_state(state: State) -> ColumnElement[bool]:
    """That a letter is in a state, written into the statement itself: only so can its partial index serve."""
    return OutboxRow.state == literal_column(f"'{state.value}'")


TO_CALL: Final = "state IN ('call', 'waiting') AND priority <= 2 AND member_id IS NOT NULL"
"""Letters that somebody may have to phone for, as their index has it; news is not among them."""


class OutboxRow(Base):
    """One letter to one person."""

    __tablename__ = "outbox"
    __table_args__ = (
        # Each index holds only the letters it is asked for: most letters are soon in none of them.
        _index_where("ix_outbox_pending", ("priority", "due_at", "id"), "state = 'pending'"),
        _index_where("ix_outbox_owed", ("member_id",), "state = 'pending'"),
        _index_where("ix_outbox_waiting", ("openid",), "state = 'waiting'"),
        _index_where("ix_outbox_call", ("member_id",), TO_CALL),
        _index_where(
            "ix_outbox_unconfirmed", ("message_id", "settled_at"), "state = 'sent' AND message_id <> ''"
        ),
        _index_where("ix_outbox_dead", ("settled_at",), "state = 'dead'"),
        _index_where("ix_outbox_new_calls", ("settled_at",), "state = 'call'"),
        _index_where("ix_outbox_subject", ("subject", "subject_id"), "subject <> ''"),
        _index_where("ix_outbox_asks", ("member_id",), "asks AND acknowledged_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedup_key: Mapped[str] = mapped_column(String(191), unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Whom it is for; their WeChat is looked up when it is sent."""
    openid: Mapped[str | None] = mapped_column(String(64))
    """Set from the beginning for somebody who is not bound, else when it is sent."""
    kind: Mapped[str] = mapped_column(String(40))
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None: the text is that of its circular."""
    priority: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    """The one it went through; while it is leased, the one it may be going through."""
    message_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    office_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    """The organisation in whose post the recipient is told; None: as the person they are."""
    subject: Mapped[str] = mapped_column(String(20))
    """What it is about, as in ``models.agenda.About``; empty: nothing that could lose its purpose."""
    subject_id: Mapped[int | None]
    edition: Mapped[int]
    rung: Mapped[str] = mapped_column(String(20))
    asks: Mapped[bool]
    """Whether the recipient is asked to acknowledge."""
    not_after: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    circular_id: Mapped[int | None]
    """The letter to many that this one is a copy of. No foreign key: to look it up would cost PostgreSQL a fifth of
    writing a letter, and no circular is ever removed."""
    bundle_id: Mapped[int | None]
    """The first of the letters together with which it was sent as one message."""
    first_tried_at: Mapped[datetime | None]
    uncertain: Mapped[bool]
    """Nobody knows whether it arrived: the process died, or the platform did not answer."""

    def drop(self, reason: str, now: datetime) -> None:
        """It lost its purpose before its recipient heard of it."""
        self.state, self.reason, self.settled_at = State.DROPPED.value, reason, now


def to_call() -> ColumnElement[bool]:
    """The condition of ``TO_CALL``, word for word: only so can its partial index serve."""
    return and_(
        among(OutboxRow.__table__.c.state, (State.CALL, State.WAITING)),
        OutboxRow.priority <= literal_column(str(int(Priority.DUTY))),
        OutboxRow.member_id.is_not(None),
    )


class Body(msgspec.Struct, frozen=True):
    """The sealed part of a letter."""

    text: str
    fields: dict[str, str]

    def seal(self, vault: Vault) -> bytes:
        """As it is kept."""
        return vault.seal(msgspec.json.encode(self).decode(), "outbox.body")

    @classmethod
    def open(cls, sealed: bytes, vault: Vault) -> Body:
        """What ``seal`` was given."""
        return msgspec.json.decode(vault.open(sealed, "outbox.body"), type=cls)

"""待发消息: letters that the bot owes somebody, written in the same transaction as what caused them."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    and_,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import About
from models.base import Base
from models.circular import Circular
from models.identity import Identity
from models.lean import among
from models.letter import Letter, Outcome, Verdict
from models.pending import Rows

if TYPE_CHECKING:
    from models.store import Unit

MESSAGE_WINDOW: Final = timedelta(hours=48)
"""How long after a person's message customer-service messages are allowed (platform rule)."""
GESTURE_WINDOW: Final = timedelta(minutes=1)
"""The same after a menu tap, a scan or a follow."""
LEASE: Final = timedelta(seconds=60)
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
    DROPPED = "dropped"  # it had no purpose any more
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
        _index_where("ix_outbox_pending", ("due_at",), "state = 'pending'"),
        _index_where("ix_outbox_waiting", ("openid",), "state = 'waiting'"),
        _index_where("ix_outbox_call", ("member_id",), TO_CALL),
        _index_where("ix_outbox_message_id", ("message_id",), "message_id <> ''"),
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


_POST = Rows(
    {
        name: insert(OutboxRow).on_conflict_do_nothing(index_elements=["dedup_key"])
        for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
    },
    keys=[column.name for column in OutboxRow.__table__.c if column.name != "id"],
)


class Outbox:
    """All letters."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._said: tuple[Body, bytes] | None = None

    def _seal(self, body: Body) -> bytes:
        """Sealed once for all who get the same letter one after the other."""
        if self._said is None or self._said[0] != body:
            self._said = body, self._unit.vault.seal(msgspec.json.encode(body).decode(), "outbox.body")
        return self._said[1]

    def post(
        self,
        *,
        key: str,
        kind: str,
        text: str,
        fields: dict[str, str],
        now: datetime,
        member_id: int | None = None,
        openid: str | None = None,
        priority: Priority = Priority.DUTY,
        due_at: datetime | None = None,
        office_id: int | None = None,
        about: About = ABOUT_NOTHING,
    ) -> None:
        """Owes somebody a letter. ``key`` names the occasion and the recipient: the same key is owed once.

        ``office_id``: the organisation in whose post they are told. ``about``: what has to be still so when it is sent.
        """
        _POST.add(
            self._unit,
            {
                "dedup_key": key,
                "member_id": member_id,
                "openid": openid,
                "kind": kind,
                "body_sealed": self._seal(Body(text, fields)),
                "priority": int(priority),
                "state": State.PENDING.value,
                "due_at": due_at or now,
                "lease_until": None,
                "attempts": 0,
                "channel": "",
                "message_id": "",
                "reason": "",
                "created_at": now,
                "settled_at": None,
                "office_id": office_id,
                "subject": about.subject,
                "subject_id": about.subject_id or None,
                "edition": about.edition,
                "rung": about.rung,
                "asks": about.asks,
                "not_after": about.not_after,
                "acknowledged_at": None,
                "circular_id": None,
            },
        )
        self._unit.letters_posted = True

    def lease(self, now: datetime, limit: int) -> list[Letter]:
        """Takes letters that are due, the urgent ones first; nobody else takes them while the lease lasts.

        A letter to somebody without WeChat is put on the call list instead; news is not worth a call.
        """
        query = (
            select(OutboxRow)
            .where(
                in_state(State.PENDING),
                OutboxRow.due_at <= now,
                or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < now),
            )
            .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        letters = []
        for row in self._unit.session.scalars(query):
            identity = self._identity(row)
            if identity is None:
                to_call = row.member_id is not None and row.priority <= Priority.DUTY
                row.state, row.settled_at = (State.CALL if to_call else State.DROPPED).value, now
                row.reason = "收信人没有绑定微信，请打电话告知" if to_call else "收信人没有绑定微信"
                continue
            row.openid = identity.openid
            row.lease_until, row.attempts = now + LEASE, row.attempts + 1
            body = self._body(row)
            letters.append(
                Letter(
                    id=row.id,
                    openid=identity.openid,
                    kind=row.kind,
                    text=body.text,
                    fields=body.fields,
                    client_msg_id=f"sqs{row.id}",
                    window_open=window_open(identity, now),
                )
            )
        return letters

    def _identity(self, row: OutboxRow) -> Identity | None:
        query = select(Identity).where(Identity.subscribed.is_(True))
        if row.member_id is not None:
            query = query.where(Identity.member_id == row.member_id)
        else:
            query = query.where(Identity.openid == row.openid)
        return self._unit.session.scalar(query.order_by(Identity.last_message_at.desc()).limit(1))

    def _body(self, row: OutboxRow) -> Body:
        sealed = row.body_sealed
        if sealed is None:
            circular = self._unit.session.get_one(Circular, row.circular_id)
            sealed = circular.body_sealed
        return msgspec.json.decode(self._unit.vault.open(sealed, "outbox.body"), type=Body)

    def text_of(self, row: OutboxRow) -> str:
        """What a letter says."""
        return self._body(row).text

    def settle(self, letter_id: int, outcome: Outcome, now: datetime) -> None:
        """Writes down what an attempt came to; a letter that was tried too often is dead."""
        row = self._unit.session.get(OutboxRow, letter_id)
        if row is None or row.state != State.PENDING.value:
            return
        row.lease_until = None
        row.channel = outcome.channel or row.channel
        row.reason = outcome.reason[:300]
        match outcome.verdict:
            case Verdict.ACCEPTED:
                row.state, row.settled_at, row.message_id = State.SENT.value, now, outcome.message_id
                if outcome.channel == "custom" and row.openid:
                    self._unit.session.execute(
                        update(Identity)
                        .where(Identity.openid == row.openid, Identity.sends_left > 0)
                        .values(sends_left=Identity.sends_left - 1)
                    )
            case Verdict.WAIT:
                row.state = State.WAITING.value
            case Verdict.RETRY if row.attempts < MOST_ATTEMPTS:
                step = max(1.0, outcome.retry_after_s) * 2 ** (row.attempts - 1)
                row.due_at = now + min(timedelta(seconds=step), max(LONGEST_STEP, _seconds(outcome)))
            case _:
                row.state, row.settled_at = State.DEAD.value, now

    def say_waiting(self, openid: str, now: datetime, limit: int = 3) -> list[str]:
        """What could not be pushed to this person, to be said now; counts as sent."""
        rows = self._unit.session.scalars(
            select(OutboxRow)
            .where(OutboxRow.openid == openid, in_state(State.WAITING))
            .order_by(OutboxRow.priority, OutboxRow.id)
            .limit(limit)
        )
        said = []
        for row in rows:
            row.state, row.channel, row.settled_at = State.SENT.value, "reply", now
            said.append(self._body(row).text)
        return said

    def delivered(self, message_id: str, status: str, now: datetime) -> None:
        """The platform's word on a template message: arrived, or why not."""
        for row in self._unit.session.scalars(
            select(OutboxRow).where(
                OutboxRow.message_id == message_id,
                OutboxRow.message_id != literal_column("''"),
                OutboxRow.state == State.SENT.value,
            )
        ):
            if status == "success":
                row.state = State.DELIVERED.value
            else:
                # The template did not arrive: it is said at the next contact instead.
                row.state, row.reason = State.WAITING.value, status[:300]
            row.settled_at = now

    def backlog(self, now: datetime) -> tuple[int, float]:
        """How many letters are due, and for how many seconds the oldest of them has been."""
        count, oldest = self._unit.session.execute(
            select(func.count(), func.min(OutboxRow.due_at)).where(
                in_state(State.PENDING), OutboxRow.due_at <= now
            )
        ).one()
        return count, (now - oldest).total_seconds() if oldest else 0.0


def _seconds(outcome: Outcome) -> timedelta:
    return timedelta(seconds=outcome.retry_after_s)


def window_open(identity: Identity, now: datetime) -> bool:
    """Whether a customer-service message to this person is allowed now."""
    if identity.sends_left <= 0:
        return False
    wrote, gesture = identity.last_message_at, identity.last_gesture_at
    return (wrote is not None and now - wrote < MESSAGE_WINDOW) or (
        gesture is not None and now - gesture < GESTURE_WINDOW
    )

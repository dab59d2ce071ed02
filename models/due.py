"""到点的信: letters that are due, as they lie in the outbox, the messages they leave as, and the ways these may go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import Integer, bindparam, func, literal_column, not_, or_, select

from models.base import Moment
from models.circular import Circular
from models.lean import Lean, one_of
from models.letter import CUSTOM, TEMPLATE, Letter
from models.owed import OutboxRow, Priority, State, in_state
from models.pause import Pause
from models.window import Contact


class Route(msgspec.Struct, frozen=True):
    """Which way a letter goes first."""

    channel: str
    """Empty: none is open to it."""
    until: datetime | None = None
    """Set where the only ways are paused: when one of them opens again."""
    reason: str = ""


class Routes(Protocol):
    """Who knows the channels."""

    wants_consents: bool
    """Whether what people agreed to has to be looked up."""

    def route(
        self,
        kind: str,
        *,
        window_open: bool,
        consents: frozenset[str],
        pauses: Mapping[str, Pause],
        now: datetime,
    ) -> Route:
        """The first way that is open."""


class WindowThenTemplate:
    """The ways as they are where nobody knows more."""

    wants_consents = False

    def route(
        self,
        kind: str,
        *,
        window_open: bool,
        consents: frozenset[str],
        pauses: Mapping[str, Pause],
        now: datetime,
    ) -> Route:
        """Customer service while the window is open, else a template message."""
        return Route(CUSTOM if window_open else TEMPLATE)


class Taken(msgspec.Struct, frozen=True):
    """What one look came to."""

    letters: list[Letter]
    looked_at: int
    """How many were due; 0: there is nothing left to do now."""
    pauses: Mapping[str, Pause]


class Due(msgspec.Struct):
    """A letter that is due, as it lies in the outbox, and what was found out about it."""

    id: int
    member_id: int | None
    openid: str | None
    kind: str
    sealed: bytes
    priority: int
    attempts: int
    lease_until: datetime | None
    channel: str
    bundle_id: int | None
    first_tried_at: datetime | None
    office_id: int | None
    subject: str
    subject_id: int | None
    edition: int
    rung: str
    not_after: datetime | None
    withdrawn_at: datetime | None
    due_at: datetime
    uncertain: bool
    contact: Contact | None = None

    @property
    def again(self) -> bool:
        """Whether an earlier attempt ended in the dark."""
        return self.lease_until is not None or self.uncertain

    @property
    def personal(self) -> bool:
        """Whether it counts as a push to a member as the person they are."""
        return self.office_id is None and self.member_id is not None and self.priority > Priority.URGENT


class Bundle(msgspec.Struct):
    """Letters that leave as one message."""

    rows: list[Due]
    window_open: bool = False
    consents: frozenset[str] = frozenset()
    channel: str = ""
    more: int = 0

    @property
    def first(self) -> Due:
        """The one that gives it its number."""
        return self.rows[0]


_FREE = or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < bindparam("now", type_=Moment()))
_COLUMNS = (
    OutboxRow.id,
    OutboxRow.member_id,
    OutboxRow.openid,
    OutboxRow.kind,
    func.coalesce(OutboxRow.body_sealed, Circular.body_sealed),
    OutboxRow.priority,
    OutboxRow.attempts,
    OutboxRow.lease_until,
    OutboxRow.channel,
    OutboxRow.bundle_id,
    OutboxRow.first_tried_at,
    OutboxRow.office_id,
    OutboxRow.subject,
    OutboxRow.subject_id,
    OutboxRow.edition,
    OutboxRow.rung,
    OutboxRow.not_after,
    Circular.withdrawn_at,
    OutboxRow.due_at,
    OutboxRow.uncertain,
)
OF_PRIORITY = Lean(
    select(*_COLUMNS)
    .outerjoin(Circular, Circular.id == OutboxRow.circular_id)
    .where(
        in_state(State.PENDING),
        OutboxRow.priority == bindparam("priority", type_=Integer()),
        OutboxRow.due_at <= bindparam("now", type_=Moment()),
        _FREE,
    )
    .order_by(OutboxRow.due_at, OutboxRow.id)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True, of=OutboxRow)
)
ELSE_FOR = Lean(
    {
        dialect: select(*_COLUMNS)
        .outerjoin(Circular, Circular.id == OutboxRow.circular_id)
        .where(
            in_state(State.PENDING),
            one_of(OutboxRow.member_id, "members", dialect),
            not_(one_of(OutboxRow.id, "known", dialect)),
            OutboxRow.office_id.is_(None),
            OutboxRow.priority > literal_column(str(int(Priority.URGENT))),
            OutboxRow.due_at <= bindparam("now", type_=Moment()),
            _FREE,
        )
        .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
        .with_for_update(skip_locked=True, of=OutboxRow)
        for dialect in ("sqlite", "postgresql")
    }
)

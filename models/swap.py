"""换班: two organisations exchange one turn each. What is agreed belongs to the turns, and goes with them if they move."""

from __future__ import annotations

import enum
import tomllib
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import About
from models.base import Base, DomainError, Happening
from models.rota import LONGEST_REASON

SUBJECT: Final = "swap"
TAKEN_MARK: Final = "taken"


class NoTurnToSwap(DomainError):
    """The organisation has no turn to come."""


class NotForOffice(DomainError):
    """Only who holds a post in an organisation speaks for its turn."""


class SwapUnder(DomainError):
    """A swap of this turn is under way already."""


class TurnTooNear(DomainError):
    """The turn begins so soon that nobody could agree to anything."""


class NobodyToSwap(DomainError):
    """There is no other organisation that could take the turn."""


class SwapUnknown(DomainError):
    """No swap of that number that concerns this person."""


class SwapOver(DomainError):
    """The swap is settled, one way or the other."""


class SwapGone(DomainError):
    """Somebody else took it first."""


class SwapState(enum.StrEnum):
    """Where a swap stands."""

    OPEN = "open"
    TAKEN = "taken"  # a peer said yes; the lead organisation may still object
    DONE = "done"
    REFUSED = "refused"  # the lead organisation objected
    EXPIRED = "expired"  # nobody took it in time
    WITHDRAWN = "withdrawn"
    VOID = "void"  # the rota changed, and there was nothing left to exchange

    @property
    def label(self) -> str:
        """As people say it."""
        return _LABELS[self]


_LABELS: Final = {
    SwapState.OPEN: "等人换",
    SwapState.TAKEN: "等备案",
    SwapState.DONE: "换好了",
    SwapState.REFUSED: "牵头单位没同意",
    SwapState.EXPIRED: "没换成",
    SwapState.WITHDRAWN: "撤回了",
    SwapState.VOID: "作废了",
}
LIVE: Final = (SwapState.OPEN.value, SwapState.TAKEN.value)
_LIVE_WHERE: Final = text("state IN ('open', 'taken')")
_TAKEN_WHERE: Final = text("state = 'taken'")


class Rules(msgspec.Struct, frozen=True):
    """The numbers of ``models/data/rota.toml``."""

    answer_days: int
    object_workdays: int
    object_days: int
    score: dict[str, dict[str, int]]


@cache
def rules() -> Rules:
    """As they are shipped."""
    source = resources.files("models.data").joinpath("rota.toml").read_text(encoding="utf-8")
    tree: dict[str, Any] = tomllib.loads(source)
    return msgspec.convert(tree, Rules)


class Swap(Base):
    """One organisation's wish to give a turn for another's. Its id is the number that it is called by."""

    __tablename__ = "swaps"
    __table_args__ = (
        Index("ix_swaps_consortium_id", "consortium_id"),
        Index(
            "ix_swaps_live", "term_id", unique=True, sqlite_where=_LIVE_WHERE, postgresql_where=_LIVE_WHERE
        ),
        Index(
            "ix_swaps_taken",
            "peer_term_id",
            unique=True,
            sqlite_where=_TAKEN_WHERE,
            postgresql_where=_TAKEN_WHERE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    term_id: Mapped[int]
    """It may have left the rota since; so may the peer's."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Who wants to swap."""
    to_all: Mapped[bool]
    """Whether all who could were asked, or only one."""
    state: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime]
    settle_by: Mapped[datetime]
    """When it expires, or once it is taken, takes effect by itself."""
    peer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    peer_term_id: Mapped[int | None]
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    taken_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """None: the clock."""
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))

    @classmethod
    def ask(
        cls,
        *,
        consortium_id: int,
        term_id: int,
        organisation_id: int,
        to_all: bool,
        by: int,
        settle_by: datetime,
        now: datetime,
    ) -> Swap:
        """A wish that others are to hear of."""
        return cls(
            consortium_id=consortium_id,
            term_id=term_id,
            organisation_id=organisation_id,
            to_all=to_all,
            state=SwapState.OPEN.value,
            asked_by=by,
            asked_at=now,
            settle_by=settle_by,
            peer_id=None,
            peer_term_id=None,
            taken_by=None,
            taken_at=None,
            settled_at=None,
            settled_by=None,
            reason="",
        )

    @property
    def live(self) -> bool:
        """Whether it can still come to something."""
        return self.state in LIVE

    def take(self, peer_id: int, term_id: int, *, by: int, settle_by: datetime, now: datetime) -> None:
        """A peer says yes."""
        self.state, self.peer_id, self.peer_term_id = SwapState.TAKEN.value, peer_id, term_id
        self.taken_by, self.taken_at, self.settle_by = by, now, settle_by

    def hasten(self, settle_by: datetime) -> None:
        """Its turns have moved nearer."""
        self.settle_by = settle_by

    def settle(self, state: SwapState, *, by: int | None, reason: str, now: datetime) -> None:
        """It comes to an end."""
        self.state, self.reason = state.value, reason[:LONGEST_REASON]
        self.settled_at, self.settled_by = now, by


class SwapAsk(Base):
    """An organisation that was asked whether it would swap, and which turn of its own it would give."""

    __tablename__ = "swap_asks"
    __table_args__ = (UniqueConstraint("swap_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    swap_id: Mapped[int] = mapped_column(ForeignKey("swaps.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    term_id: Mapped[int]
    declined_at: Mapped[datetime | None]
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    @classmethod
    def send(cls, swap_id: int, organisation_id: int, term_id: int) -> SwapAsk:
        """They are asked."""
        return cls(
            swap_id=swap_id,
            organisation_id=organisation_id,
            term_id=term_id,
            declined_at=None,
            declined_by=None,
        )

    def decline(self, by: int, now: datetime) -> None:
        """They would rather not."""
        self.declined_at, self.declined_by = now, by


class Side(msgspec.Struct, frozen=True):
    """One organisation and the turn that it would give."""

    organisation_id: int
    organisation: str
    term_id: int
    first: date
    last: date


class Event(enum.StrEnum):
    """What happened to a swap."""

    ASKED = "asked"
    REMINDED = "reminded"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class SwapMoved(Happening, frozen=True, kw_only=True):
    """Something happened to a swap."""

    event: Event
    swap: int
    edition: int
    consortium: str
    lead_id: int
    mine: Side
    """Of who wants to swap, as the turns lay before."""
    peer: Side | None
    """Of who took it."""
    asked: tuple[Side, ...]
    """Who was asked and did not decline, without who took it."""
    settle_by: datetime
    reason: str
    was_taken: bool
    """Whether the lead organisation had heard of it."""

    @property
    def about(self) -> About:
        """For letters that ask whether somebody would take it."""
        return About(SUBJECT, self.swap, self.edition, self.event.value, asks=True, not_after=self.settle_by)

    @property
    def key(self) -> str:
        """The same for the same news."""
        return f"swap:{self.swap}:{self.edition}:{self.event.value}"

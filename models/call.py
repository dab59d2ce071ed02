"""电话名单上的一位: somebody whom WeChat does not reach, and who is to phone them instead."""

from __future__ import annotations

import enum
import tomllib
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources

import msgspec
from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening


class CallUnknown(DomainError):
    """Nobody with that number is to be phoned by this person any more."""


class CallsWaiting(Happening, frozen=True, kw_only=True):
    """Once a working morning: so many are to be phoned."""

    caller_id: int
    """The member who is to do it."""
    desk_id: int
    """The organisation for which."""
    count: int
    day: date
    ends_at: datetime
    """The next morning brings a letter of its own."""


class CallNow(Happening, frozen=True, kw_only=True):
    """Something urgent did not reach somebody: they are to be phoned at once."""

    caller_ids: tuple[int, ...]
    desk_id: int
    letter_id: int
    member_id: int
    name: str
    organisation: str
    text: str


class End(enum.StrEnum):
    """How a call ended."""

    REACHED = "reached"  # phoned and told
    GONE = "gone"  # phoned, and told that the person is not there any more
    HEARD = "heard"  # said in WeChat meanwhile, or nothing is left to say


class Call(Base):
    """One person who is to be phoned, with whatever there is to tell them then."""

    __tablename__ = "calls"
    __table_args__ = (
        Index(
            "uq_calls_open",
            "member_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_calls_desk",
            "desk_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    home_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """For which organisation they are told: the one whose post they hold, else their own."""
    desk_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The organisation whose officers are to phone."""
    number: Mapped[int]
    """What it is called there: none of its open calls has the same."""
    since: Mapped[datetime]
    """When it was clear that WeChat does not reach them."""
    tries: Mapped[int]
    """How often nobody was reached."""
    tried_at: Mapped[datetime | None]
    told_on: Mapped[date | None]
    """The day on which the desk was last told that somebody is to be phoned."""
    urgent_told: Mapped[int]
    """The last urgent letter of which the desk was told at once."""
    shown: Mapped[int]
    """The last letter that was shown to whoever phones: what came later was not told by the call."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """The officer who phoned; None: it was not necessary any more."""
    outcome: Mapped[str] = mapped_column(String(20))
    """How it ended, an ``End``; empty: it has not."""

    def move(self, desk_id: int, number: int) -> None:
        """Another desk is to phone, and has not been told so."""
        self.desk_id, self.number, self.told_on = desk_id, number, None

    def told(self, day: date) -> None:
        """The desk was told that day."""
        self.told_on = day

    def told_urgently(self, letter_id: int) -> None:
        """The desk was told of an urgent letter at once."""
        self.urgent_told = letter_id

    def show(self, letter_id: int) -> None:
        """Whoever phones has seen what there is to tell, up to that letter."""
        self.shown = max(self.shown, letter_id)

    def in_vain(self, now: datetime) -> None:
        """Phoned, and nobody was reached."""
        self.tries, self.tried_at = self.tries + 1, now

    def close(self, end: End, now: datetime, by_id: int | None = None) -> None:
        """Nobody has to phone any more. Refuses where that was so before."""
        if self.closed_at is not None:
            raise CallUnknown()
        self.closed_at, self.closed_by, self.outcome = now, by_id, end.value


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of the call list, as data has them."""

    morning: str
    patience_hours: int

    @property
    def at(self) -> time:
        """The time of day from which the desks are told, on a working day."""
        return time.fromisoformat(self.morning)

    @property
    def patience(self) -> timedelta:
        """How long a letter that cannot be pushed waits for the person to say something."""
        return timedelta(hours=self.patience_hours)


@cache
def rules() -> Rules:
    """The numbers in force."""
    source = resources.files("models.data").joinpath("calls.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(source), Rules)

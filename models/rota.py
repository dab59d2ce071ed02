"""轮值表: how a consortium's chair goes round, what was put over it, and what of it changed."""

from __future__ import annotations

import enum
import hashlib
from datetime import date, datetime
from typing import Final

import msgspec
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.turns import Away, Origin, Place, Span, Strategy

LONGEST_REASON: Final = 200


class NotLead(DomainError):
    """Only officers of the lead organisation set the rota up."""


class NoConsortium(DomainError):
    """The person's organisation belongs to no consortium."""


class RotaChanged(DomainError):
    """Somebody changed the rota after the preview was drawn."""


class NobodyToChair(DomainError):
    """There is no organisation that could chair the first of the turns."""


class NotSeated(DomainError):
    """The organisation is no member of the consortium for that whole time."""


class NotSkipped(DomainError):
    """The organisation is not being skipped."""


class TurnOver(DomainError):
    """What has begun is not changed any more."""


class Rota(Base):
    """The order in which the organisations of one consortium chair it."""

    __tablename__ = "rotas"

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"), unique=True)
    strategy: Mapped[str] = mapped_column(String(20))
    span: Mapped[str] = mapped_column(String(20))
    first_on: Mapped[date]
    """The day from which periods are counted."""
    filled_until: Mapped[date | None] = mapped_column(index=True)
    """The last day of the last turn on file, as of the last look; where nobody may chair, how far was looked."""
    version: Mapped[int]
    set_at: Mapped[datetime]
    set_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    @classmethod
    def begin(cls, consortium_id: int) -> Rota:
        """One of which ``set_up`` says how it goes round, and ``fill`` how far."""
        return cls(consortium_id=consortium_id, version=0)

    def set_up(self, strategy: Strategy, span: Span, first_on: date, by: int | None, now: datetime) -> None:
        """It goes round in another way from now on."""
        self.strategy, self.span, self.first_on = strategy.value, span.value, first_on
        self.set_by, self.set_at = by, now
        self.version += 1

    def fill(self, until: date | None) -> None:
        """Turns are on file up to a day."""
        self.filled_until = until


class RotaPlace(Base):
    """An organisation's place in the order."""

    __tablename__ = "rota_places"
    __table_args__ = (UniqueConstraint("rota_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    position: Mapped[int]
    weight: Mapped[int]

    @classmethod
    def put(cls, rota_id: int, position: int, place: Place) -> RotaPlace:
        """At that position."""
        return cls(
            rota_id=rota_id, organisation_id=place.organisation_id, position=position, weight=place.weight
        )


class RotaSkip(Base):
    """An organisation is skipped for a while (换届、没有书记、机构改革); what it misses is owed to it."""

    __tablename__ = "rota_skips"
    __table_args__ = (Index("ix_rota_skips_consortium_id", "consortium_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    since: Mapped[date]
    until: Mapped[date | None]
    """The last day; None: nobody knows yet."""
    missed_on: Mapped[date | None]
    paid_on: Mapped[date | None]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    made_at: Mapped[datetime]

    @classmethod
    def note(cls, consortium_id: int, away: Away, by: int | None, now: datetime) -> RotaSkip:
        """From a day on."""
        return cls(
            consortium_id=consortium_id,
            organisation_id=away.organisation_id,
            reason=away.reason[:LONGEST_REASON],
            since=away.since,
            until=away.until,
            missed_on=away.missed_on,
            paid_on=away.paid_on,
            made_by=by,
            made_at=now,
        )

    @property
    def away(self) -> Away:
        """As the drawing of turns needs it."""
        return Away(self.organisation_id, self.reason, self.since, self.until, self.missed_on, self.paid_on)

    def settle(self, away: Away) -> None:
        """What the turns that were drawn made of it."""
        self.until, self.missed_on, self.paid_on = away.until, away.missed_on, away.paid_on


class TermOverride(Base):
    """Somebody else chairs one turn than the rota named: it lies over the rota, and what lies beneath is kept."""

    __tablename__ = "term_overrides"
    __table_args__ = (
        Index(
            "ix_term_overrides_live",
            "term_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    term_id: Mapped[int] = mapped_column(index=True)
    """It may have left the rota since."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    swap_id: Mapped[int | None]
    """The swap that it came of; None: the lead organisation said so."""
    bundle: Mapped[int]
    """Overlays of one bundle hold together or not at all: the two sides of a swap, and of swaps upon it; 0: alone."""
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @classmethod
    def lay(
        cls,
        term_id: int,
        organisation_id: int,
        *,
        swap_id: int | None,
        bundle: int,
        reason: str,
        by: int | None,
        now: datetime,
    ) -> TermOverride:
        """Over a turn."""
        return cls(
            term_id=term_id,
            organisation_id=organisation_id,
            swap_id=swap_id,
            bundle=bundle,
            reason=reason[:LONGEST_REASON],
            made_by=by,
            made_at=now,
            ended_at=None,
        )

    def join(self, bundle: int) -> None:
        """It holds as long as those do."""
        self.bundle = bundle

    def end(self, now: datetime) -> None:
        """It holds no more."""
        self.ended_at = now


class TermChange(Base):
    """改动: what became of an organisation's turn. Kept for good, and told once where somebody has to hear of it."""

    __tablename__ = "term_changes"
    __table_args__ = (
        Index("ix_term_changes_term_id", "term_id"),
        Index(
            "ix_term_changes_untold",
            "changed_at",
            sqlite_where=text("tells AND told_at IS NULL"),
            postgresql_where=text("tells AND told_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    term_id: Mapped[int]
    """It may have left the rota since."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Whose turn changed."""
    kind: Mapped[str] = mapped_column(String(20))
    was_first: Mapped[date | None]
    was_last: Mapped[date | None]
    first: Mapped[date | None]
    last: Mapped[date | None]
    cause: Mapped[str] = mapped_column(String(20))
    """``publish``, ``import``, ``swap`` or ``override``."""
    tells: Mapped[bool]
    """Whether that organisation is told."""
    told_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    def tell(self, now: datetime) -> None:
        """The organisation was told."""
        self.told_at = now


class Kind(enum.StrEnum):
    """What became of a turn, as seen by one organisation."""

    MOVED = "moved"  # it is still theirs, on other days
    OFF = "off"  # it is no longer theirs
    GIVEN = "given"  # it is theirs now


class Settings(msgspec.Struct, frozen=True):
    """How the chair is to go round."""

    strategy: Strategy
    span: Span
    first_on: date
    places: tuple[Place, ...]
    skips: tuple[Away, ...] = ()
    """Organisations that are skipped from now on, besides those that are already."""
    back: tuple[int, ...] = ()
    """Organisations that are skipped no longer."""


class Slot(msgspec.Struct, frozen=True):
    """Who chairs from when until when, all told."""

    organisation_id: int
    starts_on: date
    ends_on: date


class Change(msgspec.Struct, frozen=True):
    """One difference between the rota on file and a proposal."""

    term_id: int
    """0: a new turn."""
    was: Slot | None
    will: Slot | None

    def seen(self) -> list[tuple[int, Kind]]:
        """Who is affected, and how."""
        if (
            self.was is not None
            and self.will is not None
            and self.was.organisation_id == self.will.organisation_id
        ):
            return [(self.was.organisation_id, Kind.MOVED)]
        found = [] if self.was is None else [(self.was.organisation_id, Kind.OFF)]
        return found if self.will is None else [*found, (self.will.organisation_id, Kind.GIVEN)]


class Row(msgspec.Struct, frozen=True):
    """One turn of a rota that is to be on file."""

    term_id: int
    """0: a new one."""
    sequence: int
    organisation_id: int
    """Whom the rota names."""
    starts_on: date
    ends_on: date
    origin: Origin


class Proposal(msgspec.Struct, frozen=True):
    """A rota that is not in force yet, as a difference to the one on file."""

    consortium_id: int
    version: int
    """Of the rota that it was drawn against."""
    settings: Settings
    rows: tuple[Row, ...]
    """All turns still to come."""
    dropped: tuple[int, ...]
    """Turns on file that would go."""
    changes: tuple[Change, ...]
    aways: tuple[Away, ...]
    stuck_on: date | None

    @property
    def affected(self) -> tuple[int, ...]:
        """The organisations whose turns change."""
        return tuple(sorted({each for change in self.changes for each, _ in change.seen()}))

    @property
    def fingerprint(self) -> str:
        """The same for the same proposal against the same rota."""
        told = (self.consortium_id, self.version, self.settings, self.changes, self.rows)
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


class TurnChange(msgspec.Struct, frozen=True):
    """One line of what an organisation is told."""

    term_id: int
    kind: Kind
    was_first: date | None
    was_last: date | None
    first: date | None
    last: date | None


class TurnsChanged(Happening, frozen=True, kw_only=True):
    """The rota changed under somebody."""

    key: str
    consortium: str
    organisation_id: int
    changes: tuple[TurnChange, ...]
    edition: int
    """Of the only turn that changed, for a letter that loses its purpose when it changes again; 0: of several."""
    asks: bool
    """Whether that turn is so near that they are asked to acknowledge."""

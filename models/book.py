"""清单: the books that a consortium draws up for a period and that its organisations sign."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.consortium import Consortium
from models.organisation import Officer
from models.period import Period
from models.person import Person

LONGEST_REASON: Final = 300
"""Characters kept of why a list was not signed or was ended."""


class BookUnknown(DomainError):
    """No list of that number that this person may see."""


class BookNotNow(DomainError):
    """The list's state does not allow this."""


class NotDrawing(DomainError):
    """Only the organisation that chairs today, or the lead organisation, draws lists up, sends and ends them."""


class NothingToList(DomainError):
    """There is nothing that could stand on the list."""


class PeriodOver(DomainError):
    """Nobody pledges to do something in a time that is over."""


class NotParty(DomainError):
    """The list does not ask this person's organisation to sign."""


class NotSigner(DomainError):
    """Somebody else signs for this person's organisation."""


class SignedAlready(DomainError):
    """This organisation signed already; a signature is not taken back by one side."""


class BookReasonMissing(DomainError):
    """Whoever does not sign, or ends a list, says why."""


class BookKind(enum.StrEnum):
    """Which of the three lists."""

    PROBLEMS = "problems"
    SUPPLIES = "supplies"
    PROJECTS = "projects"


class BookState(enum.StrEnum):
    """Where a list stands."""

    DRAFT = "draft"
    CONFIRMING = "confirming"  # the parties are asked to sign
    SIGNED = "signed"  # every party signed: nothing in it changes any more
    DISSOLVED = "dissolved"  # ended before its time, with a reason
    REPLACED = "replaced"  # a newer version was sent before this one was signed, or was signed after it

    @property
    def label(self) -> str:
        """As people say it."""
        return _LABELS[self]


_LABELS: Final = {
    BookState.DRAFT: "草拟",
    BookState.CONFIRMING: "待签",
    BookState.SIGNED: "已签",
    BookState.DISSOLVED: "已作废",
    BookState.REPLACED: "已换新版",
}
TRANSITIONS: Final[dict[tuple[BookState, str], BookState]] = {
    (BookState.DRAFT, "redraw"): BookState.DRAFT,
    (BookState.DRAFT, "send"): BookState.CONFIRMING,
    (BookState.DRAFT, "dissolve"): BookState.DISSOLVED,
    (BookState.CONFIRMING, "confirm"): BookState.CONFIRMING,
    (BookState.CONFIRMING, "refuse"): BookState.CONFIRMING,
    (BookState.CONFIRMING, "sign"): BookState.SIGNED,
    (BookState.CONFIRMING, "dissolve"): BookState.DISSOLVED,
    (BookState.CONFIRMING, "replace"): BookState.REPLACED,
    (BookState.SIGNED, "dissolve"): BookState.DISSOLVED,
    (BookState.SIGNED, "replace"): BookState.REPLACED,
}
"""Every move that is allowed; anything else is refused as BookNotNow."""


class BookSent(Happening, frozen=True, kw_only=True):
    """The parties are asked to sign."""

    book: int
    title: str
    items: int
    organisation_ids: tuple[int, ...]
    replaced: tuple[int, ...]
    """Lists of the same period that waited for signatures and need none any more."""


class BookRefused(Happening, frozen=True, kw_only=True):
    """One party does not sign."""

    book: int
    title: str
    organisation_id: int
    organisation: str
    reason: str
    drawn_by: int
    chair_id: int | None


class BookSigned(Happening, frozen=True, kw_only=True):
    """Every party signed."""

    book: int
    title: str
    parties: int
    valid_until: date | None
    drawn_by: int
    organisation_ids: tuple[int, ...]


class BookDissolved(Happening, frozen=True, kw_only=True):
    """A list that the parties knew of was ended."""

    book: int
    title: str
    reason: str
    organisation_ids: tuple[int, ...]


class Occasion(enum.StrEnum):
    """What a reminder is about."""

    UNSIGNED = "unsigned"
    REVIEW = "review"
    EXPIRY = "expiry"


class BookReminded(Happening, frozen=True, kw_only=True):
    """A day came on which the parties are to be reminded."""

    book: int
    title: str
    occasion: Occasion
    rung: int
    """Days since it was sent, or days before the day that it is about: tells one reminder from the next."""
    on: date
    """The day that it was sent, that it is to be reviewed, or that is its last."""
    organisation_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """The same for the same reminder, however often and by whomever it is told."""
        return f"book:{self.book}:{self.occasion.value}:{self.rung}"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one line of a list says: as it was on the day, and nothing about persons."""

    kind: str
    """``need``, ``problem`` or ``project`` of a case; ``supply`` or ``demand`` of the supply-demand list."""
    text: str
    category: str = ""
    place: str = ""
    unit: str = ""
    """The organisation it comes from."""
    claimant: str = ""
    """The organisation in the lead; empty while nobody claimed it."""
    promised: str = ""
    """The day that the claimant named, as ``2026-05-20``; empty: the list's own end counts."""


def signers(officers: Sequence[Officer]) -> tuple[Officer, ...]:
    """Who signs for an organisation: its secretaries, or whoever holds a post there when it has none.

    A signature binds the organisation, and that is the secretary's business (civic practice: 支部书记 signs lists).
    But a branch whose secretary's post is vacant must not hold up all others, so its other officers may.
    """
    able = [officer for officer in officers if officer.post.signs]
    first = min((officer.post.signs for officer in able), default=0)
    return tuple(officer for officer in able if officer.post.signs == first)


def reason_given(reason: str) -> str:
    """The reason in one line and cut to its length. Refuses none at all."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise BookReasonMissing()
    return reason


class Book(Base):
    """One version of one list of one consortium for one period. Its id is the number it is called by."""

    __tablename__ = "books"
    __table_args__ = (
        UniqueConstraint("consortium_id", "kind", "period", "version"),
        Index("ix_books_state_review_on", "state", "review_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    kind: Mapped[str] = mapped_column(String(20))
    period: Mapped[str] = mapped_column(String(20))
    """``2026-11``, ``2026-Q4`` or ``2026``."""
    version: Mapped[int]
    """1 for the first of its period."""
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    drawn_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    drawn_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When the parties were asked to sign."""
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(300))
    valid_until: Mapped[date | None]
    review_on: Mapped[date | None]
    """复审日: when the parties look at it again."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was signed; empty before."""
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    @classmethod
    def draw_up(
        cls,
        *,
        consortium: Consortium,
        kind: BookKind,
        label: str,
        period: Period,
        version: int,
        by: Person,
        now: datetime,
        valid_until: date,
        review_on: date,
    ) -> Book:
        """A new list, a draft until it is sent; ``label``: what the place calls this kind today."""
        title = f"{consortium.name[:150]}{period.label}{label}"
        return cls(
            consortium_id=consortium.id,
            kind=kind.value,
            period=period.code,
            version=version,
            title=f"{title}（第{version}版）" if version > 1 else title,
            state=BookState.DRAFT.value,
            drawn_by=by.member_id,
            drawn_at=now,
            sent_at=None,
            signed_at=None,
            ended_at=None,
            end_reason="",
            valid_until=valid_until,
            review_on=review_on,
            content_hash="",
        )

    @property
    def label(self) -> str:
        """The word for its state."""
        return BookState(self.state).label

    def check(self, verb: str) -> BookState:
        """The state that a verb leads to. Refuses what the present one does not allow."""
        to = TRANSITIONS.get((BookState(self.state), verb))
        if to is None:
            raise BookNotNow(number=self.id, state=self.label)
        return to

    def redraw(self, *, by: Person, now: datetime, valid_until: date, review_on: date) -> None:
        """The draft is made anew from what is true now; nobody but the drafter has seen it."""
        self.state = self.check("redraw").value
        self.drawn_by, self.drawn_at = by.member_id, now
        self.valid_until, self.review_on = valid_until, review_on

    def send(self, now: datetime) -> None:
        """The parties are asked to sign what it says now."""
        self.state = self.check("send").value
        self.sent_at = now

    def sign(self, content_hash: str, now: datetime) -> None:
        """The last party signed: from now on it is as it is."""
        self.state = self.check("sign").value
        self.signed_at, self.content_hash = now, content_hash

    def replace(self, now: datetime) -> None:
        """A newer version takes its place."""
        self.state = self.check("replace").value
        self.ended_at = now

    def dissolve(self, reason: str, now: datetime) -> None:
        """It ends before its time. What was signed stays readable as it was signed."""
        to = self.check("dissolve")
        self.end_reason = reason_given(reason)
        self.state, self.ended_at = to.value, now

    def in_force(self, day: date) -> bool:
        """Whether it is signed, was not ended, and its time is not over."""
        return self.state == BookState.SIGNED.value and (self.valid_until is None or self.valid_until >= day)


class BookItem(Base):
    """One line of a list, with its content as it was when the list was drawn up."""

    __tablename__ = "book_items"
    __table_args__ = (UniqueConstraint("book_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    position: Mapped[int]
    case_number: Mapped[int | None] = mapped_column(ForeignKey("cases.number"), index=True)
    supply_code: Mapped[str] = mapped_column(String(64))
    """Of a line that is an entry of the supply-demand list; else empty."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)

    @classmethod
    def write(
        cls, *, book_id: int, position: int, case_number: int | None, supply_code: str, line: Line
    ) -> BookItem:
        """One line of a draft."""
        return cls(
            book_id=book_id,
            position=position,
            case_number=case_number,
            supply_code=supply_code,
            content=msgspec.to_builtins(line),
        )

    @property
    def line(self) -> Line:
        """What it says."""
        return msgspec.convert(self.content, Line)


class BookParty(Base):
    """An organisation that is asked to sign, and what it said."""

    __tablename__ = "book_parties"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who signed or refused for it."""
    confirmed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300))

    @classmethod
    def ask(cls, *, book_id: int, organisation_id: int) -> BookParty:
        """The organisation is to sign; it has not said anything yet."""
        return cls(
            book_id=book_id,
            organisation_id=organisation_id,
            member_id=None,
            confirmed_at=None,
            refused_at=None,
            reason="",
        )

    def confirm(self, *, by: Person, now: datetime) -> None:
        """It signs; whoever refused at first may think better of it."""
        if self.confirmed_at is not None:
            raise SignedAlready(number=self.book_id)
        self.member_id, self.confirmed_at = by.member_id, now
        self.refused_at, self.reason = None, ""

    def refuse(self, *, by: Person, reason: str, now: datetime) -> None:
        """It does not sign as the list stands, and says why."""
        if self.confirmed_at is not None:
            raise SignedAlready(number=self.book_id)
        self.reason = reason_given(reason)
        self.member_id, self.refused_at = by.member_id, now

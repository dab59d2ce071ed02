"""需求与问题: cases, their states, and who stands behind them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.life import TRANSITIONS, CaseKind, CaseState, CloseKind, Step, face
from models.vault import mask_text

if TYPE_CHECKING:
    from models.person import Person

REPEAT_WINDOW: Final = timedelta(days=60)
"""How long back an open case of the same branch counts as possibly the same matter."""

LONGEST_TEXT: Final = 600
"""Characters kept of a matter in the member's own words; the whole message stays with what was received."""


class CaseUnknown(DomainError):
    """No case of that number that this person may see."""


class NotYours(DomainError):
    """Only who reported a case can do this."""


class NotNow(DomainError):
    """The case's state does not allow this."""


class AlreadyJoined(DomainError):
    """This person stands behind the case already."""


class OwnCase(DomainError):
    """One does not join one's own case."""


class CaseFiled(Happening, frozen=True, kw_only=True):
    """A case was submitted."""

    number: int
    kind: str
    text: str
    category: str
    place: str
    urgent: bool
    reporter: str
    reporter_id: int
    organisation_id: int
    chair_id: int | None
    behalf: str = ""
    """代报: for whom it is; empty: the reporter's own matter."""


class CaseJoined(Happening, frozen=True, kw_only=True):
    """Somebody has the same matter."""

    number: int
    text: str
    count: int
    organisation_id: int


class Behalf(msgspec.Struct, frozen=True):
    """代报: somebody without WeChat for whom a matter is reported."""

    name: str
    phone: str = ""


class CaseFacts:
    """What a case is asked about, whoever holds its facts."""

    number: Any
    kind: Any
    state: Any
    close_kind: Any
    text: Any
    created_at: Any
    visibility: Any
    reporter_id: Any
    organisation_id: Any
    consortium_id: Any

    def seen_by(self, person: Person) -> bool:
        """Whether a person may see the case: their own, their branch's or consortium's unless it is private."""
        if self.reporter_id == person.member_id:
            return True
        if self.visibility == "handlers":
            return False
        return self.organisation_id == person.organisation_id or (
            self.consortium_id is not None and self.consortium_id == person.consortium_id
        )

    @property
    def face(self) -> str:
        """The plain word for where it stands, as members see it."""
        return face(self.state, self.close_kind)

    @property
    def label(self) -> str:
        """The same as those who work on it say it."""
        return CaseState(self.state).label(self.kind)

    @property
    def short(self) -> str:
        """The first words of the matter, for lists and letters: at most 20 characters, and nobody's number."""
        text = mask_text(self.text)
        return text if len(text) <= 20 else text[:19] + "…"


class CaseVerbs(CaseFacts):
    """What can be done to a case, whoever holds its facts."""

    category: Any
    place: Any
    urgent: Any
    merged_into: Any
    behalf_sealed: Any
    submitted_at: Any
    touched_at: Any

    if TYPE_CHECKING:

        def __init__(self, **facts: Any) -> None: ...

    @classmethod
    def report(
        cls,
        *,
        by: Person,
        text: str,
        kind: CaseKind,
        category: str,
        place: str,
        quantity: str,
        deadline: str,
        received_key: str,
        now: datetime,
        urgent: bool = False,
        private: bool = False,
        behalf: bytes | None = None,
        source: str = "wechat",
    ) -> Self:
        """A new matter, a draft until it is submitted.

        ``private``: only those who deal with it see it. ``behalf``: for whom it is, sealed (``Cases.seal_behalf``).
        ``source``: where it comes from, as ``ledgers.toml`` names them; for somebody else it is always ``behalf``.
        """
        return cls(
            kind=kind.value,
            state=CaseState.DRAFT.value,
            source=source if behalf is None else "behalf",
            text=text[:LONGEST_TEXT],
            category=category,
            place=place[:200],
            quantity=quantity[:200],
            deadline=deadline,
            urgent=urgent,
            visibility="handlers" if private else "consortium",
            reporter_id=by.member_id,
            organisation_id=by.organisation_id,
            consortium_id=by.consortium_id,
            merged_into=None,
            joined=0,
            behalf_sealed=behalf,
            close_kind="",
            received_key=received_key,
            created_at=now,
            submitted_at=None,
            touched_at=now,
            version=1,
        )

    def may(self, step: Step) -> CaseState:
        """Where a step leads from here. Refuses with NotNow what the state does not allow."""
        after = TRANSITIONS.get((CaseState(self.state), step))
        if after is None:
            raise NotNow(number=self.number, face=self.face)
        return after

    def go(self, step: Step, now: datetime) -> None:
        """Takes a step that the state allows."""
        self.state, self.touched_at = self.may(step).value, now

    def supplement(
        self,
        *,
        now: datetime,
        text: str = "",
        place: str = "",
        category: str = "",
        kind: CaseKind | None = None,
    ) -> None:
        """Adds what was asked for, while the case is a draft."""
        if self.state != CaseState.DRAFT.value:
            raise NotNow(number=self.number, face=self.face)
        if text:
            self.text = f"{self.text}；{text}"[:LONGEST_TEXT]
        self.place = (place or self.place)[:200]
        self.category = category or self.category
        self.kind = kind.value if kind else self.kind
        self.touched_at = now

    def submit(self, now: datetime) -> None:
        """The matter is complete and goes to those who deal with it."""
        self.go(Step.SUBMIT, now)
        self.submitted_at = now

    def merge(self, into: CaseVerbs, now: datetime) -> None:
        """It is the same matter as another case."""
        self.go(Step.MERGE, now)
        self.merged_into = into.number


class NewCase(CaseVerbs):
    """A case on its way to the file. The mapper's watch over each attribute costs as much as filing it."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts, number=None)


class CaseView(msgspec.Struct, CaseFacts, frozen=True):
    """A case that is only looked at."""

    number: int
    kind: str
    state: str
    text: str
    category: str
    place: str
    urgent: bool
    visibility: str
    reporter_id: int
    organisation_id: int
    consortium_id: int | None
    joined: int
    created_at: datetime
    close_kind: str = ""


class Case(CaseVerbs, Base):
    """A need or a problem, in the member's own words. Its number is what everybody calls it by."""

    __tablename__ = "cases"
    __table_args__ = (
        # Holds all that is asked of cases which may be the same matter, so that their rows need not be touched.
        Index("ix_cases_alike", "organisation_id", "state", "category", "visibility", "number", "created_at"),
        Index("ix_cases_consortium_id_state", "consortium_id", "state"),
        Index(
            "ix_cases_drafts",
            "touched_at",
            sqlite_where=sql_text("state = 'draft'"),
            postgresql_where=sql_text("state = 'draft'"),
        ),
        # What waits for being accepted is looked through every half minute.
        Index(
            "ix_cases_submitted",
            "number",
            sqlite_where=sql_text("state = 'submitted'"),
            postgresql_where=sql_text("state = 'submitted'"),
        ),
        Index("ix_cases_reporter_id_number", "reporter_id", "number"),
        {"sqlite_autoincrement": True},  # a number is never given twice
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(40))
    """The category's label; empty while it is not known."""
    place: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[str] = mapped_column(String(200))
    deadline: Mapped[str] = mapped_column(String(40))
    """A date, or two joined by ``/``; empty where none was named."""
    urgent: Mapped[bool]
    visibility: Mapped[str] = mapped_column(String(20))
    """``consortium`` (default) or ``handlers`` (only those who deal with it)."""
    reporter_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    consortium_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("cases.number"))
    joined: Mapped[int]
    """How many others said 我也是."""
    behalf_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """代报: name and phone of somebody without WeChat whom the reporter speaks for; sealed."""
    reworks: Mapped[int] = mapped_column(server_default=sql_text("0"))
    """How often it had to be done anew."""
    transfers: Mapped[int] = mapped_column(server_default=sql_text("0"))
    """How often it was handed to another consortium."""
    appealed: Mapped[bool] = mapped_column(server_default=sql_text("false"))
    """申诉: the reporter objected once to its being declined."""
    raised_at: Mapped[datetime | None]
    """提级: since when the level above watches it."""
    accepted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    """When the present claim began; None while nobody has it."""
    contacted_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    close_kind: Mapped[str] = mapped_column(String(20), server_default=sql_text("''"))
    """销号方式; empty while it is not written off."""
    received_key: Mapped[str] = mapped_column(String(191))
    """The message it came from."""
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    touched_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    def go(self, step: Step, now: datetime) -> None:
        """Takes a step that the state allows, and notes when it was taken."""
        super().go(step, now)
        match step:
            case Step.ACCEPT:
                self.accepted_at = now
            case Step.PUBLISH:
                self.published_at = now
            case Step.CLAIM:
                self.accepted_at, self.published_at = self.accepted_at or now, self.published_at or now
                self.claimed_at, self.contacted_at = now, None
            case Step.REVOKE | Step.GIVE_BACK | Step.LAPSE | Step.RELIST:
                self.claimed_at = self.contacted_at = None
            case Step.CONTACT | Step.PROGRESS:
                self.contacted_at = self.contacted_at or now
            case Step.RESOLVE:
                self.contacted_at, self.resolved_at = self.contacted_at or now, now
            case Step.EVALUATE | Step.VISIT | Step.EXPIRE:
                self.closed_at = self.closed_at or now
            case Step.WITHDRAW | Step.TRANSFER | Step.WRITE_OFF:
                self.closed_at = now
            case Step.ARCHIVE:
                self.close_kind = CloseKind.NORMAL.value
            case Step.REWORK | Step.REOPEN:
                self.reworks += 1
                self.closed_at, self.close_kind = None, ""
            case Step.APPEAL:
                self.appealed = True

    def write_off_as(self, kind: CloseKind) -> None:
        """How it left the list, where it did not end in the normal way."""
        self.close_kind = kind.value

    def belong_to(self, consortium_id: int) -> None:
        """Another consortium has to see to it now, from the beginning."""
        self.consortium_id = consortium_id
        self.transfers += 1
        self.accepted_at = self.published_at = None

    def gather(self, more: int) -> None:
        """So many more stand behind it."""
        self.joined += more

    def melt_into(self, number: int) -> None:
        """It lives on in another case."""
        self.merged_into = number


class CaseFollower(Base):
    """我也是: a member who has the same matter."""

    __tablename__ = "case_followers"

    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    at: Mapped[datetime]

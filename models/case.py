"""需求与问题: cases, their states, and who stands behind them."""

from __future__ import annotations

import enum
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


class CaseKind(enum.StrEnum):
    """What sort of matter it is."""

    NEED = "need"
    PROBLEM = "problem"

    @property
    def label(self) -> str:
        """As people say it."""
        return {"need": "需求", "problem": "问题"}[self.value]


class CaseState(enum.StrEnum):
    """Where a case stands. The states that follow a submission come with the claim workflow."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"

    @property
    def face(self) -> str:
        """The plain word a member sees (civic practice: few faces for members, all states for staff)."""
        return {"draft": "补充中", "submitted": "已收到", "merged": "已并到同一件事", "withdrawn": "已撤回"}[
            self.value
        ]


TRANSITIONS: Final[dict[tuple[CaseState, str], CaseState]] = {
    (CaseState.DRAFT, "submit"): CaseState.SUBMITTED,
    (CaseState.DRAFT, "merge"): CaseState.MERGED,
    (CaseState.DRAFT, "withdraw"): CaseState.WITHDRAWN,
    (CaseState.SUBMITTED, "merge"): CaseState.MERGED,
    (CaseState.SUBMITTED, "withdraw"): CaseState.WITHDRAWN,
}
"""Every move that is allowed; anything else is refused as NotNow."""

OPEN: Final = (CaseState.SUBMITTED,)
"""States in which somebody still has to do something."""


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


class CaseWithdrawn(Happening, frozen=True, kw_only=True):
    """The reporter took the case back."""

    number: int
    text: str
    organisation_id: int
    chair_id: int | None


class CaseJoined(Happening, frozen=True, kw_only=True):
    """Somebody has the same matter."""

    number: int
    text: str
    count: int
    organisation_id: int


class CaseFacts:
    """What a case is asked about, whoever holds its facts."""

    number: Any
    state: Any
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
    def short(self) -> str:
        """The first words of the matter, for lists: at most 20 characters."""
        text: str = self.text
        return text if len(text) <= 20 else text[:19] + "…"


class CaseVerbs(CaseFacts):
    """What can be done to a case, whoever holds its facts."""

    kind: Any
    category: Any
    place: Any
    urgent: Any
    merged_into: Any
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
    ) -> Self:
        """A new matter, a draft until it is submitted. ``private``: only those who deal with it see it."""
        return cls(
            kind=kind.value,
            state=CaseState.DRAFT.value,
            source="wechat",
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
            behalf_sealed=None,
            received_key=received_key,
            created_at=now,
            submitted_at=None,
            touched_at=now,
            version=1,
        )

    def _move(self, event: str, now: datetime) -> None:
        state = TRANSITIONS.get((CaseState(self.state), event))
        if state is None:
            raise NotNow(number=self.number, face=CaseState(self.state).face)
        self.state, self.touched_at = state.value, now

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
            raise NotNow(number=self.number, face=CaseState(self.state).face)
        if text:
            self.text = f"{self.text}；{text}"[:LONGEST_TEXT]
        self.place = (place or self.place)[:200]
        self.category = category or self.category
        self.kind = kind.value if kind else self.kind
        self.touched_at = now

    def submit(self, now: datetime) -> None:
        """The matter is complete and goes to those who deal with it."""
        self._move("submit", now)
        self.submitted_at = now

    def merge(self, into: CaseVerbs, now: datetime) -> None:
        """It is the same matter as another case."""
        self._move("merge", now)
        self.merged_into = into.number

    def may_withdraw(self, by: Person) -> None:
        """Refuses whoever did not report it, and a case that is past it."""
        if by.member_id != self.reporter_id:
            raise NotYours(number=self.number)
        if (CaseState(self.state), "withdraw") not in TRANSITIONS:
            raise NotNow(number=self.number, face=CaseState(self.state).face)

    def withdraw(self, *, by: Person, now: datetime) -> None:
        """The reporter takes it back. Refuses anybody else."""
        self.may_withdraw(by)
        self._move("withdraw", now)


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
    visibility: str
    reporter_id: int
    organisation_id: int
    consortium_id: int | None
    joined: int
    created_at: datetime


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


class CaseFollower(Base):
    """我也是: a member who has the same matter."""

    __tablename__ = "case_followers"

    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    at: Mapped[datetime]

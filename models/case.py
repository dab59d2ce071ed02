"""需求与问题: cases, their states, and who stands behind them."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.identity import Identity
from models.lean import Lean
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

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


class Case(Base):
    """A need or a problem, in the member's own words. Its number is what everybody calls it by."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_organisation_id_state_category", "organisation_id", "state", "category"),
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
    received_key: Mapped[str] = mapped_column(String(191))
    """The message it came from."""
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    touched_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

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
    ) -> Case:
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

    def merge(self, into: Case, now: datetime) -> None:
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
        return self.text if len(self.text) <= 20 else self.text[:19] + "…"


class CaseFollower(Base):
    """我也是: a member who has the same matter."""

    __tablename__ = "case_followers"

    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class CaseBrief(msgspec.Struct, frozen=True):
    """As much of a case as a list or a comparison needs."""

    number: int
    kind: str
    state: str
    text: str
    place: str


_COLUMNS = Case.__table__.c
_BRIEF = select(_COLUMNS.number, _COLUMNS.kind, _COLUMNS.state, _COLUMNS.text, _COLUMNS.place)
_FIELDS = tuple(name for name in _COLUMNS.keys() if name != "number")  # noqa: SIM118 - a column collection
_INSERT = Lean(insert(Case).returning(Case.number), keys=_FIELDS)
_ALIKE = Lean(
    _BRIEF.where(
        _COLUMNS.organisation_id == bindparam("organisation_id"),
        _COLUMNS.state == CaseState.SUBMITTED.value,
        _COLUMNS.category == bindparam("category"),
        _COLUMNS.created_at >= bindparam("since"),
        _COLUMNS.visibility == "consortium",
    )
    .order_by(_COLUMNS.number.desc())
    .limit(20)
)


_WHOSE = and_(
    or_(
        _COLUMNS.reporter_id == bindparam("member_id"),
        _COLUMNS.number.in_(
            select(CaseFollower.case_number).where(CaseFollower.member_id == bindparam("member_id"))
        ),
    ),
    # What was merged lives on in the case that it was merged into, and that one is listed.
    _COLUMNS.state != CaseState.MERGED.value,
)
_MINE = Lean(_BRIEF.where(_WHOSE).order_by(_COLUMNS.number.desc()).limit(bindparam("most")))
_MINE_COUNT = Lean(select(func.count()).select_from(Case.__table__).where(_WHOSE))


class Cases:
    """All cases."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def file(self, case: Case, *, by: Person) -> Case:
        """Puts a new case on file and gives it its number; a submitted one becomes known to others.

        One lean statement: this is what most messages come to.
        """
        row = {name: getattr(case, name) for name in _FIELDS}
        [(case.number,)] = _INSERT.run(self._unit, row)
        Timeline(self._unit).add(case.number, "report", actor_id=by.member_id, at=case.created_at)
        if case.state == CaseState.SUBMITTED.value:
            self._filed(case, by=by)
        return case

    def submit(self, case: Case, *, by: Person, now: datetime) -> None:
        """Submits a draft that is on file already."""
        case.submit(now)
        Timeline(self._unit).add(case.number, "submit", actor_id=by.member_id, at=now)
        self._filed(case, by=by)

    def _filed(self, case: Case, *, by: Person) -> None:
        self._unit.tell(
            CaseFiled(
                number=case.number,
                kind=case.kind,
                text=case.text,
                category=case.category,
                place=case.place,
                urgent=case.urgent,
                reporter=by.name,
                reporter_id=case.reporter_id,
                organisation_id=case.organisation_id,
                chair_id=by.chair_id,
            )
        )

    def number(self, number: int, *, seen_by: Person) -> Case:
        """The case of that number, if the person may see it. Else CaseUnknown."""
        found = self._unit.session.get(Case, number) if 0 < number < 2**31 else None
        if found is None or not (
            found.seen_by(seen_by)
            or self._follows(number, seen_by.member_id)
            or self.handled_by(found, seen_by)
        ):
            raise CaseUnknown(number=number)
        return found

    def handled_by(self, case: Case, person: Person) -> bool:
        """Whether a person deals with the case and may know who reported it and how to reach them.

        Officers of the reporter's branch, of the organisation that chairs the consortium today, and of a
        supplier whom the reporter chose.
        """
        offices = {post.organisation_id for post in self._unit.organisations.posts_of(person.member_id)}
        if case.organisation_id in offices:
            return True
        chairs = person.consortium_id is not None and person.consortium_id == case.consortium_id
        if chairs and person.chair_id in offices:
            return True
        return bool(offices & self._unit.suggestions.chosen_suppliers(case.number))

    def _follows(self, number: int, member_id: int) -> bool:
        return self._unit.session.get(CaseFollower, (number, member_id)) is not None

    def alike(self, *, organisation_id: int, category: str, since: datetime) -> list[CaseBrief]:
        """Open cases of one branch and category that were reported since then, the newest first, at most 20."""
        values = {"organisation_id": organisation_id, "category": category, "since": since}
        return [CaseBrief(*row) for row in _ALIKE.run(self._unit, values)]

    def of_person(self, person: Person, limit: int = 5) -> tuple[list[CaseBrief], int]:
        """The newest cases that a person reported or joined, and how many there are in all."""
        [(total,)] = _MINE_COUNT.run(self._unit, {"member_id": person.member_id})
        rows = _MINE.run(self._unit, {"member_id": person.member_id, "most": limit})
        return [CaseBrief(*row) for row in rows], total

    def open_in(
        self, consortium_id: int, kind: CaseKind | None, limit: int = 6
    ) -> tuple[list[CaseBrief], int]:
        """The oldest open cases of a consortium that its members may see, and how many there are in all."""
        where = [
            _COLUMNS.consortium_id == consortium_id,
            _COLUMNS.state.in_([state.value for state in OPEN]),
            _COLUMNS.visibility == "consortium",
        ]
        if kind is not None:
            where.append(_COLUMNS.kind == kind.value)
        total = (
            self._unit.connection.scalar(select(func.count()).select_from(Case.__table__).where(*where)) or 0
        )
        rows = self._unit.connection.execute(_BRIEF.where(*where).order_by(_COLUMNS.number).limit(limit))
        return [CaseBrief(*row) for row in rows], total

    def join(self, case: Case, *, by: Person, now: datetime) -> None:
        """我也是: the person stands behind the case too. Refuses the reporter, and a second time."""
        if case.state not in OPEN:
            raise NotNow(number=case.number, face=CaseState(case.state).face)
        if case.reporter_id == by.member_id:
            raise OwnCase(number=case.number)
        if self._follows(case.number, by.member_id):
            raise AlreadyJoined(number=case.number)
        self._unit.session.add(CaseFollower(case_number=case.number, member_id=by.member_id, at=now))
        case.joined += 1
        Timeline(self._unit).add(case.number, "join", actor_id=by.member_id, at=now)
        self._unit.tell(
            CaseJoined(
                number=case.number,
                text=case.short,
                count=case.joined + 1,
                organisation_id=case.organisation_id,
            )
        )

    def withdraw(self, case: Case, *, by: Person, now: datetime) -> None:
        """The reporter takes the case back; those who heard of it are told."""
        known = case.state != CaseState.DRAFT.value
        case.withdraw(by=by, now=now)
        Timeline(self._unit).add(case.number, "withdraw", actor_id=by.member_id, at=now)
        if known:
            self._unit.tell(
                CaseWithdrawn(
                    number=case.number,
                    text=case.short,
                    organisation_id=case.organisation_id,
                    chair_id=by.chair_id,
                )
            )

    def last_of(self, person: Person) -> Case | None:
        """The newest open case or draft that a person reported."""
        return self._unit.session.scalar(
            select(Case)
            .where(
                Case.reporter_id == person.member_id,
                Case.state.in_([CaseState.DRAFT.value, *[state.value for state in OPEN]]),
            )
            .order_by(Case.number.desc())
            .limit(1)
        )

    def draft_of(self, person: Person) -> Case | None:
        """The newest draft of a person."""
        return self._unit.session.scalar(
            select(Case)
            .where(Case.reporter_id == person.member_id, Case.state == CaseState.DRAFT.value)
            .order_by(Case.number.desc())
            .limit(1)
        )

    def silent_drafts(self, before: datetime, limit: int = 100) -> list[tuple[str, int]]:
        """Drafts that nobody touched since then: the reporter's openid and the number."""
        rows = self._unit.connection.execute(
            select(func.max(Identity.openid), _COLUMNS.number)
            .join(Identity, Identity.member_id == _COLUMNS.reporter_id)
            .where(_COLUMNS.state == literal_column("'draft'"), _COLUMNS.touched_at < before)
            .group_by(_COLUMNS.number)
            .order_by(_COLUMNS.number)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in rows]

    def submit_draft_of(self, person: Person, now: datetime) -> None:
        """Submits what a person who leaves had begun to report: nothing is lost."""
        draft = self.draft_of(person)
        if draft is not None:
            self.submit(draft, by=person, now=now)

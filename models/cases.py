"""All cases: filing, finding, comparing, joining; who may see which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import String, and_, bindparam, func, insert, literal_column, or_, select, type_coerce

from models.case import (
    AlreadyJoined,
    Behalf,
    Case,
    CaseFacts,
    CaseFiled,
    CaseFollower,
    CaseJoined,
    CaseUnknown,
    CaseVerbs,
    CaseView,
    OwnCase,
)
from models.identity import Identity
from models.lean import Lean, among
from models.life import IN_HAND, OPEN, CaseKind, CaseState, Role, Step, face
from models.project import ProjectItem
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class CaseBrief(msgspec.Struct, frozen=True):
    """As much of a case as a list or a comparison needs."""

    number: int
    kind: str
    state: str
    text: str
    place: str
    close_kind: str

    @property
    def face(self) -> str:
        """The plain word that a member sees."""
        return face(self.state, self.close_kind)


CaseMark = tuple[int, object]
"""Number and moment of a case: the number alone may be another's if what gave it was undone."""
_COLUMNS = Case.__table__.c
_BRIEF = select(*(_COLUMNS[name] for name in CaseBrief.__struct_fields__))
_FIELDS = (
    "kind", "state", "source", "text", "category", "place", "quantity", "deadline", "urgent", "visibility",
    "reporter_id", "organisation_id", "consortium_id", "merged_into", "joined", "behalf_sealed", "received_key",
    "created_at", "submitted_at", "touched_at", "version",
)  # fmt: skip
"""What a case has when it is filed; the rest of its life begins empty."""
_INSERT = Lean(insert(Case).returning(Case.number), keys=_FIELDS)
_ALIKE = Lean(
    # Only to tell cases apart, so it need not become a moment.
    select(_COLUMNS.number, type_coerce(_COLUMNS.created_at, String))
    .where(
        _COLUMNS.organisation_id == bindparam("organisation_id"),
        among(_COLUMNS.state, OPEN),
        _COLUMNS.category == bindparam("category"),
        _COLUMNS.created_at >= bindparam("since"),
        _COLUMNS.visibility == "consortium",
    )
    .order_by(_COLUMNS.number.desc())
    .limit(20)
)


_TEXTS = Lean(select(_COLUMNS.number, _COLUMNS.text).where(_COLUMNS.number == bindparam("number")))
_LOOK = Lean(
    select(*(_COLUMNS[name] for name in CaseView.__struct_fields__)).where(
        _COLUMNS.number == bindparam("number")
    )
)
_FOLLOWS = Lean(
    select(CaseFollower.member_id).where(
        CaseFollower.case_number == bindparam("number"), CaseFollower.member_id == bindparam("member_id")
    )
)
_BEHALF = Lean(select(_COLUMNS.behalf_sealed).where(_COLUMNS.number == bindparam("number")))
_AWAITING = Lean(
    _BRIEF.where(_COLUMNS.reporter_id == bindparam("member_id"), _COLUMNS.state == CaseState.RESOLVED.value)
    .order_by(_COLUMNS.resolved_at.desc())
    .limit(5)
)
_FOLLOWERS = Lean(
    select(CaseFollower.member_id)
    .where(CaseFollower.case_number == bindparam("number"))
    .order_by(CaseFollower.member_id)
)
_PROJECT = Case.__table__.alias("project")
_IN_PROJECT = (
    select(ProjectItem.case_number)
    .join(_PROJECT, _PROJECT.c.number == ProjectItem.project_number)
    .where(ProjectItem.case_number == _COLUMNS.number, among(_PROJECT.c.state, OPEN))
    .correlate(Case.__table__)
    .exists()
)
_STAFF = frozenset({Role.BRANCH, Role.CHAIR, Role.LEAD, Role.ABOVE, Role.HANDLER, Role.HELPER, Role.INVITED})
"""Those who deal with a case, and may see it even where its reporter's neighbours may not."""
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

    def file(self, case: CaseVerbs, *, by: Person) -> CaseVerbs:
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

    def _filed(self, case: CaseVerbs, *, by: Person) -> None:
        behalf = self._unsealed(case.behalf_sealed)
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
                behalf="" if behalf is None else behalf.name,
            )
        )

    def number(self, number: int, *, seen_by: Person, now: datetime) -> Case:
        """The case of that number, if the person may see it. Else CaseUnknown."""
        found = self._unit.session.get(Case, number) if 0 < number < 2**31 else None
        if found is None or not self._may_see(found, seen_by, now):
            raise CaseUnknown(number=number)
        return found

    def look(self, number: int, *, seen_by: Person, now: datetime) -> CaseView:
        """The same, only to be looked at."""
        rows = _LOOK.run(self._unit, {"number": number}) if 0 < number < 2**31 else []
        found = CaseView(*rows[0]) if rows else None
        if found is None or not self._may_see(found, seen_by, now):
            raise CaseUnknown(number=number)
        return found

    def _may_see(self, case: CaseFacts, person: Person, now: datetime) -> bool:
        return (
            case.seen_by(person)
            or self._follows(case.number, person.member_id)
            or self._chosen(case, person, now)
            or bool(self._unit.standings.of(case, person, now).roles & _STAFF)
        )

    def handled_by(self, case: CaseFacts, person: Person, now: datetime) -> bool:
        """Whether a person deals with the case: holds a post where it is answered for, or supplies what was chosen."""
        return bool(self._unit.standings.of(case, person, now).roles & _STAFF) or self._chosen(
            case, person, now
        )

    def may_call(self, case: CaseFacts, person: Person, now: datetime) -> bool:
        """Whether a person may know how to reach the reporter.

        The branch's own officers always; whoever has the case in hand, as long as they have it; a supplier whom
        the reporter chose, until the matter is over. Nobody else, and nobody any longer.
        """
        roles = self._unit.standings.of(case, person, now).roles
        state = CaseState(case.state)
        if Role.BRANCH in roles or Role.REPORTER in roles:
            return True
        if roles & {Role.HANDLER, Role.HELPER} and state in IN_HAND:
            return True
        return state in (*OPEN, CaseState.RESOLVED) and self._chosen(case, person, now)

    def _chosen(self, case: CaseFacts, person: Person, now: datetime) -> bool:
        chosen = self._unit.suggestions.chosen_suppliers(case.number)
        return bool(chosen) and bool(chosen & self._unit.organisations.offices_of(person.member_id, now))

    def _follows(self, number: int, member_id: int) -> bool:
        return bool(_FOLLOWS.run(self._unit, {"number": number, "member_id": member_id}))

    def alike(self, *, organisation_id: int, category: str, since: datetime) -> list[CaseMark]:
        """Open cases of one branch and category that were reported since then, the newest first, at most 20."""
        values = {"organisation_id": organisation_id, "category": category, "since": since}
        return _ALIKE.run(self._unit, values)

    def text_of(self, number: int) -> str:
        """The words of a case; they do not change once it is submitted."""
        [(_, text)] = _TEXTS.run(self._unit, {"number": number})
        return str(text)

    def of_person(self, person: Person, limit: int = 5) -> tuple[list[CaseBrief], int]:
        """The newest cases that a person reported or joined, and how many there are in all."""
        [(total,)] = _MINE_COUNT.run(self._unit, {"member_id": person.member_id})
        rows = _MINE.run(self._unit, {"member_id": person.member_id, "most": limit})
        return [CaseBrief(*row) for row in rows], total

    def open_in(
        self,
        consortium_id: int,
        kind: CaseKind | None,
        limit: int = 6,
        *,
        states: Sequence[CaseState] = OPEN,
        offset: int = 0,
        private: bool = False,
        alone: bool = False,
    ) -> tuple[list[CaseBrief], int]:
        """The oldest open cases of a consortium that its members may see, and how many there are in all.

        ``private``: for those on duty, who see also what is on no list. ``alone``: without what waits for the project
        that is to solve it.
        """
        where = [
            _COLUMNS.consortium_id == consortium_id,
            _COLUMNS.state.in_([state.value for state in states]),
        ]
        if not private:
            where.append(_COLUMNS.visibility == "consortium")
        if alone:
            where.append(~_IN_PROJECT)
        if kind is not None:
            where.append(_COLUMNS.kind == kind.value)
        total = (
            self._unit.connection.scalar(select(func.count()).select_from(Case.__table__).where(*where)) or 0
        )
        rows = self._unit.connection.execute(
            _BRIEF.where(*where).order_by(_COLUMNS.number).limit(limit).offset(offset)
        )
        return [CaseBrief(*row) for row in rows], total

    def join(self, case: Case, *, by: Person, now: datetime) -> None:
        """我也是: the person stands behind the case too. Refuses the reporter, and a second time."""
        case.may(Step.JOIN)
        if case.reporter_id == by.member_id:
            raise OwnCase(number=case.number)
        if self._follows(case.number, by.member_id):
            raise AlreadyJoined(number=case.number)
        self._unit.session.add(CaseFollower(case_number=case.number, member_id=by.member_id, at=now))
        case.gather(1)
        Timeline(self._unit).add(case.number, "join", actor_id=by.member_id, at=now)
        self._unit.tell(
            CaseJoined(
                number=case.number,
                text=case.short,
                count=case.joined + 1,
                organisation_id=case.organisation_id,
            )
        )

    def carry_over(self, case: Case, into: Case, now: datetime) -> None:
        """The reporter and followers of a merged case stand behind the other one from now on."""
        members = {case.reporter_id, *self.followers(case.number)} - {
            into.reporter_id,
            *self.followers(into.number),
        }
        for member_id in sorted(members):
            self._unit.session.add(CaseFollower(case_number=into.number, member_id=member_id, at=now))
        into.gather(len(members))
        self._unit.session.flush()

    def seal_behalf(self, behalf: Behalf) -> bytes:
        """For whom a matter is reported, so that only this vault can read it."""
        return self._unit.vault.seal(msgspec.json.encode(behalf).decode(), "case.behalf")

    def behalf_of(self, number: int) -> Behalf | None:
        """For whom a case was reported; None: for the reporter themself."""
        [(sealed,)] = _BEHALF.run(self._unit, {"number": number}) or [(None,)]
        return self._unsealed(sealed)

    def _unsealed(self, sealed: bytes | None) -> Behalf | None:
        if sealed is None:
            return None
        return msgspec.json.decode(self._unit.vault.open(sealed, "case.behalf"), type=Behalf)

    def awaiting_rating(self, person: Person) -> list[CaseBrief]:
        """What a person reported and has not yet said a word on, the newest first."""
        rows = _AWAITING.run(self._unit, {"member_id": person.member_id})
        return [CaseBrief(*row) for row in rows]

    def followers(self, number: int) -> list[int]:
        """The members who said 我也是."""
        rows = _FOLLOWERS.run(self._unit, {"number": number})
        return [member_id for (member_id,) in rows]

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

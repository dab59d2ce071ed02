"""评价与销号: the one who asked says whether it is solved; who never says is visited, or counted as unrated."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, literal_column, or_, select

from models.base import DomainError
from models.case import Case
from models.claim import ClaimState
from models.clock import ClockKind
from models.evaluation import Evaluation, EvaluationKind
from models.lean import Lean
from models.life import (
    RATE_WINDOW,
    REOPEN_WINDOW,
    SATISFIED,
    CaseKind,
    CaseState,
    CloseKind,
    Step,
)
from models.moves import Moves, ReasonMissing
from models.standing import CLOCK

if TYPE_CHECKING:
    from models.person import Person
    from models.standing import Standing
    from models.store import Unit


_CASES, _WORDS = Case.__table__.c, Evaluation.__table__.c
# Whoever types a digit is looked up by these: lean, since that is a fifth of all messages.
_UNRATED = Lean(
    select(_CASES.number)
    .where(
        _CASES.reporter_id == bindparam("member_id"),
        _CASES.state == literal_column(f"'{CaseState.CLOSED}'"),
        _CASES.closed_at >= bindparam("since", type_=_CASES.closed_at.type),
        ~select(_WORDS.case_number)
        .where(_WORDS.case_number == _CASES.number, _WORDS.round == _CASES.reworks)
        .correlate(Case.__table__)
        .exists(),
    )
    .order_by(_CASES.number.desc())
    .limit(1)
)
_RATED = Lean(
    # By way of their cases, of which there are few, and for which there is an index.
    select(_WORDS.case_number)
    .join(Case.__table__, _CASES.number == _WORDS.case_number)
    .where(
        _CASES.reporter_id == bindparam("member_id"),
        _WORDS.member_id == bindparam("member_id"),
        _WORDS.at >= bindparam("since", type_=_WORDS.at.type),
    )
    .order_by(_WORDS.id.desc())
    .limit(1)
)


class RatedAlready(DomainError):
    """One rates once, and once more after it was closed."""


class VisitedAlready(DomainError):
    """It was visited in this round; the record stands."""


class TooLongAgo(DomainError):
    """It was closed more than thirty days ago: a new report is better."""


class Closing:
    """The verbs of the end."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._moves = Moves(unit)

    def evaluate(self, case: Case, level: int, *, by: Person, text: str, now: datetime) -> Evaluation:
        """评价 1–5 by the reporter: from 基本满意 on it is closed, below it is done anew.

        After it was closed they may rate once more (追评) within thirty days; a bad one reopens it.
        """
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.EVALUATE, case)
        case.may(Step.EVALUATE)
        first = case.state == CaseState.RESOLVED
        if not first:
            self._recent(case, now)
        rated = self._of(case, EvaluationKind.RATING) is not None
        kind = EvaluationKind.SECOND if rated else EvaluationKind.RATING
        if rated and self._of(case, EvaluationKind.SECOND) is not None:
            raise RatedAlready(number=case.number)
        solved = level >= SATISFIED
        evaluation = self._add(case, kind, by, level=level, solved=solved, text=text, now=now)
        note = f"{level} 分{'，' + text if text else ''}"
        if solved:
            self._moves.make(case, Step.EVALUATE, standing, now, note=note)
            if first:
                self._unit.clocks.stop_all(case.number, now)
            self._moves.tell(case, Step.EVALUATE.value, standing, now, note=text, times=level)
        else:
            self._again(case, standing, now, event="evaluate_bad", note=note, told=text)
        return evaluation

    def complain(self, case: Case, *, by: Person, text: str, now: datetime) -> None:
        """What the reporter says was wrong, after a bad rating: those who do it anew read it."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.EVALUATE, case)
        self._moves.note(case, "complain", standing, now, note=text)
        self._moves.tell(case, "complain", standing, now, note=text)

    def visit(self, case: Case, *, by: Person, solved: bool, note: str, now: datetime) -> Evaluation:
        """回访: somebody who did not handle it asked the reporter. Solved closes it without a rating; else it is done anew."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.VISIT, case)
        case.may(Step.VISIT)
        if not note.strip():
            raise ReasonMissing(number=case.number)
        if self._of(case, EvaluationKind.VISIT) is not None:
            raise VisitedAlready(number=case.number)
        was_open = case.state == CaseState.RESOLVED
        evaluation = self._add(case, EvaluationKind.VISIT, by, level=None, solved=solved, text=note, now=now)
        if solved:
            self._moves.make(case, Step.VISIT, standing, now, note=note)
            if was_open:
                self._unit.clocks.stop_all(case.number, now)
            self._moves.tell(case, Step.VISIT.value, standing, now, note=note)
        else:
            if not was_open:
                self._recent(case, now)
            self._again(case, standing, now, event="visit_bad", note=note, told=note)
        return evaluation

    def reopen(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """再次反映: within thirty days of its end the trouble is back; what was shelved can come back any time."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.REOPEN, case)
        case.may(Step.REOPEN)
        if case.close_kind != CloseKind.SHELVED:
            self._recent(case, now)
        if not reason.strip():
            raise ReasonMissing(number=case.number)
        self._again(case, standing, now, event="reopen", note=reason, told=reason, step=Step.REOPEN)

    def write_off(self, case: Case, kind: CloseKind, *, by: Person, reason: str, now: datetime) -> None:
        """研判、延期、移交、挂账销号: it leaves the list unsolved, by the lead organisation and with a reason that is read."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(
            case,
            Step.WRITE_OFF,
            standing,
            now,
            note=f"{kind.label}：{reason}" if reason else "",
            needs_reason=True,
        )
        case.write_off_as(kind)
        former = self._unit.claiming.end_all(case, ClaimState.ENDED, f"{kind.label}销号", now)
        self._unit.clocks.stop_all(case.number, now)
        if kind is not CloseKind.NORMAL:
            self._unit.uses.release(case.number, now)
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.dissolve(case, standing, now)
        self._moves.tell(
            case,
            Step.WRITE_OFF.value,
            standing,
            now,
            note=f"{kind.label}，{reason}",
            handlers=(),
            former=former,
        )

    def archive(self, case: Case, *, by: Person, now: datetime) -> None:
        """销号: a closed case leaves the ledger of what is going on, in the normal way."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.ARCHIVE, standing, now)

    def unrated(self, person: Person, now: datetime) -> int | None:
        """The newest case of a person that was closed without their word, while it still counts (追评)."""
        rows = _UNRATED.run(self._unit, {"member_id": person.member_id, "since": now - REOPEN_WINDOW})
        return rows[0][0] if rows else None

    def closed_lately(self, person: Person, now: datetime, limit: int = 2) -> list[int]:
        """What a person reported and may still say of that it came back, the newest first."""
        ended = (CaseState.CLOSED.value, CaseState.ARCHIVED.value)
        return list(
            self._unit.session.scalars(
                select(Case.number)
                .where(
                    Case.reporter_id == person.member_id,
                    Case.state.in_(ended),
                    Case.closed_at >= now - REOPEN_WINDOW,
                )
                .order_by(Case.closed_at.desc())
                .limit(limit)
            )
        )

    def rated_since(self, person: Person, moment: datetime) -> int | None:
        """The case that a person rated last, if they did so since then."""
        rows = _RATED.run(self._unit, {"member_id": person.member_id, "since": moment})
        return rows[0][0] if rows else None

    # ---- what time does --------------------------------------------------------------------------

    def expire_unrated(self, now: datetime, limit: int = 100) -> int:
        """Closes what nobody rated in fifteen days, as unrated; gives how many."""
        cases = self._resolved_before(now - RATE_WINDOW, limit)
        for case in cases:
            self._moves.make(case, Step.EXPIRE, CLOCK, now)
            self._unit.clocks.stop_all(case.number, now)
            self._moves.tell(case, Step.EXPIRE.value, CLOCK, now)
        return len(cases)

    def due(self, now: datetime) -> bool:
        """Whether time has something to close or to take off the list; only looks."""
        unrated = and_(Case.state == CaseState.RESOLVED.value, Case.resolved_at < now - RATE_WINDOW)
        old = and_(Case.state == CaseState.CLOSED.value, Case.closed_at < now - REOPEN_WINDOW)
        return self._unit.session.scalar(select(Case.number).where(or_(unrated, old)).limit(1)) is not None

    def archive_old(self, now: datetime, limit: int = 100) -> int:
        """Takes off the list what was closed so long ago that it cannot be reopened; gives how many."""
        cases = self._unit.session.scalars(
            select(Case)
            .where(Case.state == CaseState.CLOSED.value, Case.closed_at < now - REOPEN_WINDOW)
            .order_by(Case.number)
            .limit(limit)
        ).all()
        for case in cases:
            self._moves.make(case, Step.ARCHIVE, CLOCK, now)
        return len(cases)

    # ---- the parts -------------------------------------------------------------------------------

    def _resolved_before(self, moment: datetime, limit: int) -> list[Case]:
        query = (
            select(Case)
            .where(Case.state == CaseState.RESOLVED.value, Case.resolved_at < moment)
            .order_by(Case.number)
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def _of(self, case: Case, kind: EvaluationKind) -> Evaluation | None:
        return self._unit.session.scalar(
            select(Evaluation).where(
                Evaluation.case_number == case.number,
                Evaluation.round == case.reworks,
                Evaluation.kind == kind.value,
            )
        )

    def _add(
        self,
        case: Case,
        kind: EvaluationKind,
        by: Person,
        *,
        level: int | None,
        solved: bool,
        text: str,
        now: datetime,
    ) -> Evaluation:
        evaluation = Evaluation(
            case_number=case.number,
            round=case.reworks,
            kind=kind.value,
            level=level,
            solved=solved,
            text=text[:300],
            member_id=by.member_id,
            at=now,
        )
        self._unit.session.add(evaluation)
        self._unit.session.flush()
        return evaluation

    def _recent(self, case: Case, now: datetime) -> None:
        if case.closed_at is None or now - case.closed_at > REOPEN_WINDOW:
            raise TooLongAgo(number=case.number)

    def _again(
        self,
        case: Case,
        standing: Standing,
        now: datetime,
        *,
        event: str,
        note: str,
        told: str,
        step: Step = Step.REWORK,
    ) -> None:
        """It is done anew by whoever did it; where nobody has it any more, it goes back onto the list."""
        organisation_id = standing.allow(step, case)
        self._moves.make_for(case, step, standing, now, organisation_id, note=note, event=event)
        pace = self._unit.casework.pace(case)
        self._unit.clocks.stop_all(case.number, now)
        holds = self._unit.claims.live(case.number)
        if holds:
            for claim in self._unit.claims.on(case.number):
                claim.take_up_again()
            self._unit.clocks.start(case.number, ClockKind.RESOLVE, now, pace=pace)
            self._unit.clocks.start(case.number, ClockKind.PROGRESS, now, pace=pace)
        else:
            self._moves.make(case, Step.RELIST, CLOCK, now)
            self._unit.clocks.start(case.number, ClockKind.CLAIM, now, pace=pace)
        self._moves.tell(
            case, event, standing, now, organisation_id=organisation_id, note=told, times=case.reworks
        )
        self._unit.urgings.raise_if_stuck(case.number, now)

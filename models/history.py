"""来龙去脉: cases with all that happened to them until a day, read one after the other without holding them all.

What a case is *now* stands in its row; what it was *then* is read from its timeline, its claims and the words said of
it. Each of these is a stream of its own in the order of the cases' numbers, so a city's cases take a few statements
and the memory of a few hundred rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Executable, func, select

from models.asof import Period, Scope
from models.case import Case, CaseFollower
from models.claim import Claim, ClaimState, Extension
from models.clock import Clock
from models.evaluation import Evaluation, EvaluationKind
from models.life import WAITING, CaseState
from models.life import Step as LifeStep
from models.member import Member
from models.project import ProjectItem
from models.suggestion import Suggestion
from models.supply import SupplyUse
from models.timeline import TimelineEntry

if TYPE_CHECKING:
    from models.store import Unit

SOLVED: Final = frozenset((CaseState.CLOSED.value, CaseState.ARCHIVED.value))
"""States of what is done with; what was written off unsolved is archived too."""
GONE: Final = frozenset((CaseState.WITHDRAWN.value, CaseState.MERGED.value))
"""States of what was taken back or is dealt with under another number: no figure counts it."""
RETURNED: Final = frozenset((ClaimState.GIVEN_BACK, ClaimState.REVOKED, ClaimState.LAPSED))
"""States of a claim that came to nothing on the claimant's side."""
_NEVER_BEGUN: Final = (ClaimState.APPLIED, ClaimState.REFUSED)
_OF_THEMSELVES: Final = {"submit": "submitted", "withdraw": "withdrawn"}
"""What entries led to that do not name a state: reports are written on a path where every word counts."""
_WAITING: Final = frozenset(state.value for state in WAITING)
_AT_ONCE: Final = 500
"""Rows that are fetched at a time."""


class Step(msgspec.Struct, frozen=True):
    """One entry of the timeline."""

    at: datetime
    event: str
    state: str
    """The state after it; empty where it stayed."""
    note: str


class Hold(msgspec.Struct, frozen=True):
    """One claim that took effect."""

    id: int
    organisation_id: int
    name_sealed: bytes
    """Whoever claimed for it."""
    lead: bool
    state: str
    plan: str
    promised_on: date | None
    effective_at: datetime
    ended_at: datetime | None


class Word(msgspec.Struct, frozen=True):
    """What somebody said of the result."""

    kind: str
    level: int | None
    solved: bool
    at: datetime


class Grant(msgspec.Struct, frozen=True):
    """An extension that was granted."""

    claim_id: int
    until: date
    at: datetime


class Run(msgspec.Struct, frozen=True):
    """One clock."""

    kind: str
    started_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    late: bool


class History:
    """One case as it stood at the end of a period."""

    def __init__(
        self,
        case: Any,
        steps: list[Step],
        claims: list[Hold],
        through: list[Hold],
        words: list[Word],
        end: datetime,
    ) -> None:
        self.case, self.steps, self.words, self.end = case, steps, words, end
        self.claims = claims
        """Those that had taken effect, the oldest first; also those that had ended."""
        self.through = through
        """The same of the projects that the case was part of: whoever claims a project has its parts in hand."""
        self.clocks: list[Run] = []
        self.extensions: list[Grant] = []
        """Every extension that was ever granted, the oldest first."""
        self.shown_at: datetime | None = None
        """When suggestions were first shown for it."""
        self.chosen_at: datetime | None = None
        """When one of them was chosen."""
        self.matched_at: datetime | None = None
        """When an entry of the list began to serve it."""
        moved = next((step for step in reversed(steps) if step.state), None)
        self.state = moved.state if moved else CaseState.SUBMITTED.value
        self.left_by = moved.event if moved else ""
        """The event that led into the state."""

    @property
    def solved(self) -> bool:
        """Whether it was closed; what was written off (研判、延期、移交、挂账) left the list unsolved."""
        return self.state in SOLVED and self.left_by != LifeStep.WRITE_OFF.value

    @property
    def standing(self) -> list[Hold]:
        """The claims that had not come to nothing: under way, done, or ended together with the case."""
        return [claim for claim in self.claims if not self.returned(claim)]

    @cached_property
    def lead(self) -> Hold | None:
        """Who had the case in hand, or had solved it, by a claim of its own or a project's."""
        if self._own_lead is not None or self.state in _WAITING:
            return self._own_lead
        return next((each for each in reversed(self.through) if each.lead and not self.returned(each)), None)

    @property
    def beside(self) -> list[Hold]:
        """Who stood beside the lead: of a part of a project, those who stood beside the project's."""
        own = [claim for claim in self.standing if not claim.lead]
        if self._own_lead is not None or self.state in _WAITING:
            return own
        return own + [each for each in self.through if not each.lead and not self.returned(each)]

    @property
    def _own_lead(self) -> Hold | None:
        return next((claim for claim in reversed(self.standing) if claim.lead), None)

    def returned(self, claim: Hold) -> bool:
        """Whether a claim had been given back, taken away or had lapsed by then."""
        return claim.state in RETURNED and claim.ended_at is not None and claim.ended_at < self.end

    def lead_at(self, moment: datetime) -> Hold | None:
        """Whose lead began last at or before a moment: whoever answers for what happened then."""
        claims = (*reversed(self.claims), *reversed(self.through))
        return next((each for each in claims if each.lead and each.effective_at <= moment), None)

    def last(self, state: str) -> datetime | None:
        """When the case last went into a state."""
        return next((step.at for step in reversed(self.steps) if step.state == state), None)

    def first(self, state: str) -> datetime | None:
        """When the case first went into a state."""
        return next((step.at for step in self.steps if step.state == state), None)

    @property
    def done_at(self) -> datetime | None:
        """When it was last reported done; None where it was not, or is to be done anew."""
        if not self.solved and self.state != CaseState.RESOLVED:
            return None
        return self.last("resolved") or self.last("closed")

    @property
    def solved_at(self) -> datetime | None:
        """When it was closed; None where it was open (again)."""
        return self.last("closed") if self.solved else None

    @cached_property
    def rating(self) -> Word | None:
        """The reporter's last word; visits by others are none."""
        return next((w for w in reversed(self.words) if w.kind != EvaluationKind.VISIT and w.level), None)

    @property
    def reworks(self) -> int:
        """How often it had to be done anew."""
        return sum(step.state == "rework" for step in self.steps)


class Alongside:
    """Rows beside others, both in the order of the same number: each is asked for once, and none is kept."""

    def __init__(self, rows: Iterable[Any]) -> None:
        """``rows``: the number first; it is never smaller than the one before."""
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, number: int) -> list[Any]:
        """The rows of a number; those of smaller ones that nobody asked for are passed over."""
        found = []
        row = self._next
        while row is not None and row[0] <= number:
            if row[0] == number:
                found.append(row)
            row = next(self._rows, None)
        self._next = row
        return found


def stream(unit: Unit, query: Executable) -> Iterator[Any]:
    """The rows of a query, a few hundred in memory at a time."""
    options = {"stream_results": True, "yield_per": _AT_ONCE}
    yield from unit.connection.execute(query.execution_options(**options))


_ABOUT: Final = (
    Case.number, Case.kind, Case.category, Case.organisation_id, Case.consortium_id, Case.submitted_at,
    Case.close_kind, Case.merged_into, Case.visibility,
)  # fmt: skip
_TOLD: Final = (
    Case.source, Case.text, Case.place, Case.behalf_sealed, Member.name_sealed,
)  # fmt: skip


def histories(
    unit: Unit, period: Period, scope: Scope, kinds: Sequence[str] = ("need", "problem", "project")
) -> Iterator[History]:
    """Every case of those kinds that was submitted by the end of the period, by number, to be written out."""
    joined = (
        select(func.count())
        .where(CaseFollower.case_number == Case.number, CaseFollower.at < period.end)
        .scalar_subquery()
        .label("joined")
    )
    which = _which(period, scope, kinds)
    cases = select(*_ABOUT, *_TOLD, joined).join(Member, Member.id == Case.reporter_id).where(*which)
    granted = _beside(Extension, which, Extension.claim_id, Extension.until, Extension.decided_at).where(
        Extension.state == "approved", Extension.decided_at.is_not(None)
    )
    due = _clocks(which).where(Clock.kind == "resolve", Clock.started_at < period.end)
    beside = _Beside(unit, period, which, notes=True)
    extensions = Alongside(stream(unit, granted.order_by(Extension.decided_at, Extension.id)))
    clocks = Alongside(stream(unit, due))
    for case in stream(unit, cases.order_by(Case.number)):
        history = beside.history(case)
        history.extensions = [Grant(*row[1:]) for row in extensions.of(case[0])]
        history.clocks = [Run(*row[1:]) for row in clocks.of(case[0])]
        yield history


def courses(unit: Unit, period: Period, scope: Scope) -> Iterator[History]:
    """The same of every kind, to be counted: without words, with all clocks and with what was suggested."""
    which = _which(period, scope, ("need", "problem", "project"))
    cases = select(*_ABOUT).where(*which).order_by(Case.number)
    # The earliest of a case's moments, where it lies within the period; one row a case.
    shown = (
        select(
            Suggestion.case_number,
            func.min(Suggestion.shown_at),
            func.min(Suggestion.chosen_at),
        )
        .join(Case, Case.number == Suggestion.case_number)
        .where(*which, Suggestion.shown_at < period.end)
        .group_by(Suggestion.case_number)
        .order_by(Suggestion.case_number)
    )
    used = (
        select(SupplyUse.case_number, func.min(SupplyUse.at))
        .join(Case, Case.number == SupplyUse.case_number)
        .where(*which, SupplyUse.at < period.end)
        .group_by(SupplyUse.case_number)
        .order_by(SupplyUse.case_number)
    )
    beside = _Beside(unit, period, which, notes=False)
    clocks = Alongside(stream(unit, _clocks(which).where(Clock.started_at < period.end)))
    suggestions, uses = Alongside(stream(unit, shown)), Alongside(stream(unit, used))
    for case in stream(unit, cases):
        history = beside.history(case)
        history.clocks = [Run(*row[1:]) for row in clocks.of(case[0])]
        for _, shown_at, chosen_at in suggestions.of(case[0]):
            history.shown_at = shown_at
            history.chosen_at = chosen_at if chosen_at and chosen_at < period.end else None
        for _, at in uses.of(case[0]):
            history.matched_at = at
        yield history


def _which(period: Period, scope: Scope, kinds: Sequence[str]) -> list[Any]:
    return [Case.submitted_at < period.end, Case.kind.in_(kinds), *scope.cases()]


def _beside(entity: Any, which: list[Any], *columns: Any) -> Any:
    number = entity.case_number
    return (
        select(number, *columns).join(Case, Case.number == number).where(*which).order_by(entity.case_number)
    )


def _clocks(which: list[Any]) -> Any:
    columns = (
        Clock.kind,
        Clock.started_at,
        Clock.due_at,
        Clock.paused_at,
        Clock.stopped_at,
        Clock.late,
    )
    return _beside(Clock, which, *columns).order_by(Clock.id)


_HOLD: Final = (
    Claim.id, Claim.organisation_id, Member.name_sealed, Claim.lead, Claim.state, Claim.plan, Claim.promised_on,
    Claim.effective_at, Claim.ended_at,
)  # fmt: skip


class _Beside:
    """Timeline, claims and words of the same cases."""

    def __init__(self, unit: Unit, period: Period, which: list[Any], *, notes: bool) -> None:
        self.end = period.end
        told = TimelineEntry.note if notes else func.substr(TimelineEntry.note, 1, 0)
        entry = TimelineEntry
        steps = _beside(entry, which, entry.at, entry.event, entry.state, told).where(entry.at < self.end)
        if not notes:
            steps = steps.where((entry.state != "") | entry.event.in_(_OF_THEMSELVES))
        begun = (Claim.effective_at < self.end, Claim.state.not_in(_NEVER_BEGUN))
        claims = (
            _beside(Claim, which, *_HOLD)
            .join(Member, Member.id == Claim.member_id)
            .where(*begun)
            .order_by(Claim.effective_at, Claim.id)
        )
        through = (
            _beside(ProjectItem, which, *_HOLD)
            .join(Claim, Claim.case_number == ProjectItem.project_number)
            .join(Member, Member.id == Claim.member_id)
            .where(ProjectItem.at < self.end, *begun)
            .order_by(Claim.effective_at, Claim.id)
        )
        said = _beside(
            Evaluation, which, Evaluation.kind, Evaluation.level, Evaluation.solved, Evaluation.at
        ).where(Evaluation.at < self.end)
        self._steps = Alongside(stream(unit, steps.order_by(entry.at, entry.id)))
        self._claims = Alongside(stream(unit, claims))
        self._through = Alongside(stream(unit, through))
        self._words = Alongside(stream(unit, said.order_by(Evaluation.at, Evaluation.id)))

    def history(self, case: Any) -> History:
        """One case with all of it."""
        number = case[0]
        return History(
            case,
            [
                Step(at, event, state or _OF_THEMSELVES.get(event, ""), note)
                for _, at, event, state, note in self._steps.of(number)
            ],
            [Hold(*row[1:]) for row in self._claims.of(number)],
            [Hold(*row[1:]) for row in self._through.of(number)],
            [Word(*row[1:]) for row in self._words.of(number)],
            self.end,
        )

"""催办、督办、提级: climbing the ladder as time passes, and telling the level above what is stuck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from models.base import Happening
from models.case import Case
from models.clock import Clock, ClockKind, Level, Urging
from models.ladder import Role, Rung, ladder_of
from models.moment import local
from models.pace import RUNS_IN
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.store import Unit

AT_ONCE: Final = 20
"""Clocks that one transaction moves: members' messages must not wait long behind it."""
STUCK_AFTER: Final = 3
"""重办 or 转办 so often and the level above hears of it at once (巴彦淖尔市“问题工单”)."""


class Urged(Happening, frozen=True, kw_only=True):
    """Organisations are to hear that a clock runs out, or ran out."""

    clock_id: int
    rung: int
    """Which rung of the clock's ladder it is: a clock comes to each only once."""
    number: int
    text: str
    level: Level
    kind: ClockKind
    due_at: datetime
    days_left: int
    """Working days until the day that it is due; 0: today, or it is over."""
    days_over: int
    """Working days since the day that it was due."""
    hours_over: int
    claimed: bool
    """Whether an organisation has taken it on."""
    holder_id: int
    """The organisation that has to act: the claimant, the chair, or the branch."""
    organisation_ids: tuple[int, ...]
    """All that are to hear of it, whoever has to act first."""
    consortium_id: int | None


class Stuck(Happening, frozen=True, kw_only=True):
    """问题工单: it was done anew or handed on too often; the level above is to see to it."""

    number: int
    text: str
    reworks: int
    transfers: int
    holder_id: int
    organisation_ids: tuple[int, ...]
    consortium_id: int | None


class RatingInvited(Happening, frozen=True, kw_only=True):
    """The reporter has not said yet whether it is solved: they are asked once more."""

    clock_id: int
    number: int
    text: str
    reporter_id: int


class Targets:
    """Who stands where around a case: derived from claims, the rota and the tree as they are now."""

    def __init__(self, unit: Unit, case: Case, now: datetime) -> None:
        self._unit, self._now = unit, now
        duty = unit.standings.duty(case, now)
        claimant = next((hold.organisation_id for hold in unit.claims.live(case.number) if hold.lead), None)
        branch = case.organisation_id
        chair = duty.chair_id or branch
        # Without a consortium nobody leads but the branch itself; what is above it is told as such.
        lead = branch if case.consortium_id is None else duty.lead_id or branch
        self.claimed = claimant is not None
        self.holder = claimant or chair
        self._by_role = {
            Role.HOLDER: self.holder,
            Role.CHAIR: chair,
            Role.LEAD: lead,
            Role.ABOVE: self._above(lead),
        }

    def of(self, roles: Iterable[Role]) -> tuple[int, ...]:
        """The organisations in these roles, each once."""
        return tuple(dict.fromkeys(self._by_role[role] for role in roles))

    def _above(self, organisation_id: int) -> int:
        """The nearest organisation above in which somebody can be told; itself where there is none."""
        above = self._unit.standings.above(organisation_id)
        staffed = (each for each in above if self._unit.organisations.officers(each, self._now))
        return next(staffed, above[0] if above else organisation_id)


class Urgings:
    """All that was urged, and the ladder that everything climbs."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of(self, number: int) -> list[Urging]:
        """What was urged about a case, oldest first."""
        query = select(Urging).where(Urging.case_number == number).order_by(Urging.id)
        return list(self._unit.session.scalars(query))

    def reached(self, now: datetime) -> bool:
        """Whether there is something to climb for, or a missing year to tell of; only looks."""
        where, missing = self._reached(now)
        if any(self._unit.clocks.wants_telling(year) for year in missing):
            return True
        query = select(Clock.id).join(Case, Case.number == Clock.case_number).where(where).limit(1)
        return self._unit.session.scalar(query) is not None

    def climb(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Lets clocks climb to the rung that time has brought them to, and tells whom that concerns.

        Whoever else does the same at this moment takes other clocks, so that everybody is told once. Rungs that
        were passed unseen are told as one, the highest. Gives how many clocks were dealt with.
        """
        where, missing = self._reached(now)
        for year in missing:
            self._unit.clocks.tell_missing(year)
        query = (
            select(Clock, Case)
            .join(Case, Case.number == Clock.case_number)
            .where(where)
            .order_by(Clock.due_at, Clock.id)
            .limit(limit)
            .with_for_update(of=Clock, skip_locked=True)
        )
        found = self._unit.session.execute(query).all()
        for clock, case in found:
            self._climb(clock, case, now)
        self._unit.session.flush()
        return len(found)

    def raise_if_stuck(self, number: int, now: datetime) -> bool:
        """提级 at once what was done anew or handed on too often; whether it was."""
        case = self._unit.session.get(Case, number)
        if case is None or case.raised_at is not None:
            return False
        if max(case.reworks, case.transfers) < STUCK_AFTER:
            return False
        targets = Targets(self._unit, case, now)
        organisation_ids = targets.of(Role)
        clock = self._unit.session.scalar(
            select(Clock)
            .where(Clock.case_number == number, Clock.stopped_at.is_(None))
            .order_by(Clock.id.desc())
            .limit(1)
        )
        if clock is not None:
            self._write(clock, Level.ESCALATE, organisation_ids, now)
        self._raise(case, organisation_ids, now)
        self._unit.tell(
            Stuck(
                number=number,
                text=case.short,
                reworks=case.reworks,
                transfers=case.transfers,
                holder_id=targets.holder,
                organisation_ids=organisation_ids,
                consortium_id=case.consortium_id,
            )
        )
        return True

    # ---- one clock's way -------------------------------------------------------------------------

    def _climb(self, clock: Clock, case: Case, now: datetime) -> None:
        kind = ClockKind(clock.kind)
        if case.state not in RUNS_IN[kind]:
            clock.stop(now)  # the case went on; nobody is urged about what is over
            return
        ladder = ladder_of(kind, case.urgent)
        if ladder is None or clock.due_at is None:
            return
        calendar = self._unit.workdays.calendar
        top = ladder.top(clock.due_at, now, calendar)
        if top <= clock.rung:
            return
        clock.climb(top)
        rung = ladder.rung[top - 1]
        if rung.level is Level.INVITE:
            self._invite(clock, case, now)
        elif rung.level is not Level.REMIND or rung.moment(clock.due_at, calendar) > clock.started_at:
            # A short clock is not reminded of before it even began.
            self._urge(clock, case, rung, clock.due_at, now)

    def _urge(self, clock: Clock, case: Case, rung: Rung, due_at: datetime, now: datetime) -> None:
        targets = Targets(self._unit, case, now)
        organisation_ids = targets.of(rung.to)
        self._write(clock, rung.level, organisation_ids, now)
        match rung.level:
            case Level.URGE:
                self._unit.timeline.add(
                    case.number,
                    "urge",
                    at=now,
                    actor_id=None,
                    note=self._names(organisation_ids),
                    public=False,
                )
            case Level.SUPERVISE:
                self._unit.timeline.add(
                    case.number,
                    "supervise",
                    at=now,
                    actor_id=None,
                    note=self._names(organisation_ids),
                    public=False,
                )
            case Level.ESCALATE:
                self._raise(case, organisation_ids, now)
        left, over = self._days(due_at, now)
        self._unit.tell(
            Urged(
                clock_id=clock.id,
                rung=clock.rung,
                number=case.number,
                text=case.short,
                level=rung.level,
                kind=ClockKind(clock.kind),
                due_at=due_at,
                days_left=left,
                days_over=over,
                hours_over=max(0, int((now - due_at).total_seconds() // 3600)),
                claimed=targets.claimed,
                holder_id=targets.holder,
                organisation_ids=organisation_ids,
                consortium_id=case.consortium_id,
            )
        )

    def _invite(self, clock: Clock, case: Case, now: datetime) -> None:
        self._write(clock, Level.INVITE, (case.organisation_id,), now)
        self._unit.tell(
            RatingInvited(
                clock_id=clock.id, number=case.number, text=case.short, reporter_id=case.reporter_id
            )
        )

    def _write(self, clock: Clock, level: Level, organisation_ids: Sequence[int], now: datetime) -> None:
        insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[self._unit.dialect.name]
        self._unit.session.execute(
            insert(Urging).on_conflict_do_nothing(index_elements=["clock_id", "level", "organisation_id"]),
            [
                {
                    "clock_id": clock.id,
                    "case_number": clock.case_number,
                    "level": level.value,
                    "organisation_id": organisation_id,
                    "at": now,
                    "answered_at": None,
                }
                for organisation_id in organisation_ids
            ],
        )

    def _raise(self, case: Case, organisation_ids: Sequence[int], now: datetime) -> None:
        """The level above watches it from now on. Not by the entity: two who talk about the case go on doing so."""
        self._unit.session.execute(
            update(Case).where(Case.number == case.number, Case.raised_at.is_(None)).values(raised_at=now)
        )
        self._unit.timeline.add(
            case.number, "raise", at=now, actor_id=None, note=self._names(organisation_ids), public=False
        )

    def _names(self, organisation_ids: Sequence[int]) -> str:
        return "、".join(self._unit.organisations.get(each).name for each in organisation_ids)

    def _days(self, due_at: datetime, now: datetime) -> tuple[int, int]:
        """Working days until the day it is due, and since; none where the calendar has an end."""
        due, today = local(due_at).date(), local(now).date()
        try:
            return self._unit.workdays.between(today, due), self._unit.workdays.between(due, today)
        except YearMissing:
            return 0, 0

    def _reached(self, now: datetime) -> tuple[ColumnElement[bool], set[int]]:
        """Which clocks have reached the next rung of their ladder; and the years that kept rungs from being known."""
        calendar = self._unit.workdays.calendar
        ways: list[ColumnElement[bool]] = []
        missing: set[int] = set()
        for kind in ClockKind:
            for urgent in (True, False):
                ladder = ladder_of(kind, urgent)
                for position, rung in enumerate(ladder.rung if ladder is not None else ()):
                    try:
                        latest = rung.latest_due(now, calendar)
                    except YearMissing as error:
                        missing.add(error.year)
                        continue
                    ways.append(
                        and_(
                            Clock.kind == kind.value,
                            Case.urgent == urgent,
                            Clock.rung == position,
                            Clock.due_at < latest,
                        )
                    )
        return and_(Clock.stopped_at.is_(None), Clock.paused_at.is_(None), or_(false(), *ways)), missing

"""All projects: what they are made of, how far they are, and how their parts follow them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select

from models.base import DomainError
from models.case import Case, NotNow
from models.clock import ClockKind
from models.lean import Lean, among
from models.life import OPEN, TRANSITIONS, WAITING, CaseKind, CaseState, Role, Step
from models.moves import Moves
from models.project import Milestone, ProjectItem
from models.standing import NoRight
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.person import Person
    from models.standing import Standing
    from models.store import Unit


class NoProject(DomainError):
    """That number is no project."""


class NotForProjects(DomainError):
    """A project is not part of a project, and what somebody has in hand already is not put into one."""


class NoMilestone(DomainError):
    """The project has no milestone of that number."""


_TOLD_AS: Final = {
    Step.CLAIM: "part_claim",
    Step.GIVE_BACK: "part_lost",
    Step.REVOKE: "part_lost",
    Step.LAPSE: "part_lost",
}


_ITEMS, _CASES = ProjectItem.__table__.c, Case.__table__.c
_PROJECTS = (
    select(_ITEMS.project_number)
    .where(_ITEMS.case_number == bindparam("case_number"))
    .order_by(_ITEMS.project_number)
)
_OF = Lean(_PROJECTS)
_UNDER_WAY = Lean(
    _PROJECTS.join(Case.__table__, _CASES.number == _ITEMS.project_number).where(among(_CASES.state, OPEN))
)


class Projects:
    """The verbs and queries of projects; a project's own life is that of every case."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._moves = Moves(unit)

    def put_in(self, project: Case, items: Sequence[Case], *, by: Person, now: datetime) -> None:
        """The project is to solve these needs and problems: they wait for it, and are no longer claimed one by one."""
        if project.kind != CaseKind.PROJECT.value:
            raise NoProject(number=project.number)
        standing = self._unit.standings.of(project, by, now)
        if not standing.roles & {Role.CHAIR, Role.LEAD, Role.HANDLER, Role.REPORTER}:
            raise NoRight(number=project.number)
        if CaseState(project.state) not in OPEN:
            raise NotNow(number=project.number, face=project.face)
        known = {item.number for item in self.items(project.number)}
        for item in items:
            if item.kind == CaseKind.PROJECT.value or CaseState(item.state) not in WAITING:
                raise NotForProjects(number=item.number)
            if item.number in known:
                continue
            self._unit.session.add(
                ProjectItem(
                    project_number=project.number, case_number=item.number, member_id=by.member_id, at=now
                )
            )
            self._moves.note(project, "add_item", standing, now, note=f"编号 {item.number}")
            Timeline(self._unit).add(
                item.number, "into_project", actor_id=by.member_id, at=now, note=f"编号 {project.number}"
            )
        self._unit.session.flush()

    def items(self, project_number: int) -> list[Case]:
        """The needs and problems that a project is to solve."""
        return list(
            self._unit.session.scalars(
                select(Case)
                .join(ProjectItem, ProjectItem.case_number == Case.number)
                .where(ProjectItem.project_number == project_number)
                .order_by(Case.number)
            )
        )

    def of(self, case_number: int, *, under_way: bool = False) -> list[int]:
        """The projects that a case is part of; ``under_way``: only those that somebody still has to carry out."""
        rows = (_UNDER_WAY if under_way else _OF).run(self._unit, {"case_number": case_number})
        return [project for (project,) in rows]

    def follow(
        self,
        project: Case,
        step: Step,
        standing: Standing,
        now: datetime,
        *,
        note: str = "",
        organisation_id: int | None = None,
        until: date | None = None,
    ) -> None:
        """The parts take the step that the project took, as far as their state allows it; each reporter is told.

        Those on duty hear of the project, not of each of its parts: ``part_claim``, ``part_lost``.
        """
        clocks = self._unit.clocks
        for item in self._own(project):
            if (CaseState(item.state), step) not in TRANSITIONS:
                continue
            self._moves.make_for(item, step, standing, now, None, note=note or f"随项目 {project.number}")
            if step is Step.CLAIM:
                clocks.stop_all(item.number, now)
            elif step is Step.RESOLVE:
                self._unit.solving.await_rating(item, now)
            elif step in (Step.CONTACT, Step.PROGRESS):
                continue  # the project's own word is enough
            self._moves.tell(
                item,
                _TOLD_AS.get(step, step.value),
                standing,
                now,
                organisation_id=organisation_id,
                note=note if step is Step.RESOLVE else str(project.number),
                until=until,
                times=item.reworks,
            )

    def dissolve(self, project: Case, standing: Standing, now: datetime) -> None:
        """The project ends unfinished: what it was to solve goes back onto the list."""
        for item in self._own(project):
            if CaseState(item.state) in (CaseState.CLAIMED, CaseState.IN_PROGRESS, CaseState.REWORK):
                self._moves.make_for(
                    item, Step.REVOKE, standing, now, None, note=f"项目 {project.number} 终止"
                )
                self._unit.clocks.start(
                    item.number, ClockKind.CLAIM, now, pace=self._unit.casework.pace(item)
                )
                self._moves.tell(item, "part_lost", standing, now, note=str(project.number), handlers=())
            row = self._unit.session.get(ProjectItem, (project.number, item.number))
            if row is not None and CaseState(item.state) in WAITING:
                self._unit.session.delete(row)
        self._unit.session.flush()

    def _own(self, project: Case) -> list[Case]:
        """The parts that depend on the project alone: none that an organisation has claimed by itself, or that another
        project has in hand."""
        mine = {project.number}
        return [
            item
            for item in self.items(project.number)
            if {hold.case_number for hold in self._unit.claims.live(item.number)} <= mine
        ]

    # ---- milestones ------------------------------------------------------------------------------

    def set_milestones(
        self, project: Case, titles: Sequence[tuple[str, int]], *, by: Person, now: datetime
    ) -> None:
        """里程碑: the steps with their weights, appended to those that are there."""
        if project.kind != CaseKind.PROJECT.value:
            raise NoProject(number=project.number)
        standing = self._unit.standings.of(project, by, now)
        standing.allow(Step.EXTEND_ASK if self._unit.claims.live(project.number) else Step.PUBLISH, project)
        start = len(self.milestones(project.number))
        for place, (title, weight) in enumerate(titles, start + 1):
            self._unit.session.add(
                Milestone(
                    project_number=project.number,
                    position=place,
                    title=title[:100],
                    weight=weight,
                    done_at=None,
                    done_by=None,
                )
            )
        self._unit.session.flush()

    def reach(self, project: Case, position: int, *, by: Person, now: datetime) -> int:
        """A milestone is reached: counts as progress. Gives the percentage of the whole."""
        found = self._unit.session.scalar(
            select(Milestone).where(
                Milestone.project_number == project.number, Milestone.position == position
            )
        )
        if found is None:
            raise NoMilestone(number=project.number)
        if found.done_at is None:
            found.done_at, found.done_by = now, by.member_id
            self._unit.session.flush()
            self._unit.solving.progress(
                project, by=by, note=f"{found.title}（{self.percent(project.number)}%）", now=now
            )
        return self.percent(project.number)

    def milestones(self, project_number: int) -> list[Milestone]:
        """The milestones in their order."""
        return list(
            self._unit.session.scalars(
                select(Milestone)
                .where(Milestone.project_number == project_number)
                .order_by(Milestone.position)
            )
        )

    def percent(self, project_number: int) -> int:
        """How far a project is: the weight of what was reached in all the weight; 0 without milestones."""
        reached: Any = func.sum(Milestone.weight).filter(Milestone.done_at.is_not(None))
        total, done = self._unit.session.execute(
            select(func.sum(Milestone.weight), reached).where(Milestone.project_number == project_number)
        ).one()
        return round(100 * (done or 0) / total) if total else 0

"""受理: what those on duty do with a case before somebody takes it on, and how its reporter takes it back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from models.base import DomainError
from models.case import Case, CaseUnknown
from models.claim import ClaimState
from models.clock import ClockKind
from models.consortium import Consortium
from models.life import CaseKind, CaseState, Role, Step
from models.moves import Moves
from models.pace import Pace
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class AppealedAlready(DomainError):
    """One may object once to a case's being declined."""


class SameCase(DomainError):
    """A case cannot be merged into itself, or into one that was merged itself."""


class Casework:
    """The verbs of those on duty."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._moves = Moves(unit)

    def pace(self, case: Case) -> Pace:
        """Which clocks run for a case."""
        category = self._unit.directory.pace(case.category, self._unit)
        return Pace.of(urgent=case.urgent, kind=case.kind, category=category)

    def accept(self, case: Case, *, by: Person, now: datetime) -> None:
        """受理: somebody on duty has seen the case and will see to it."""
        standing = self._unit.standings.of(case, by, now)
        organisation_id = self._moves.make(case, Step.ACCEPT, standing, now)
        self._unit.clocks.stop(case.number, ClockKind.ACCEPT, now)
        self._moves.tell(case, Step.ACCEPT.value, standing, now, organisation_id=organisation_id)

    def publish(self, case: Case, *, by: Person, now: datetime) -> None:
        """上清单: member organisations may claim it."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.PUBLISH, standing, now)
        self._unit.clocks.start(case.number, ClockKind.CLAIM, now, pace=self.pace(case))

    def publish_own(self, case: Case, *, by: Person, now: datetime) -> bool:
        """Accepts and publishes at once what somebody on duty filed themself; else it waits like any other."""
        standing = self._unit.standings.of(case, by, now)
        if not standing.roles & {Role.CHAIR, Role.LEAD}:
            return False
        self._moves.make(case, Step.ACCEPT, standing, now)
        self.publish(case, by=by, now=now)
        return True

    def decline(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """不予受理, with a reason that the reporter reads; they may object once."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.DECLINE, standing, now, note=reason, needs_reason=True)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.uses.release(case.number, now)
        # Who objected once already is not told that they may.
        self._moves.tell(
            case, "decline_again" if case.appealed else Step.DECLINE.value, standing, now, note=reason
        )

    def appeal(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """申诉: the reporter objects to its being declined; it is looked at anew, by the lead organisation too."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.APPEAL, case)
        case.may(Step.APPEAL)
        if case.appealed:
            raise AppealedAlready(number=case.number)
        self._moves.make(case, Step.APPEAL, standing, now, note=reason)
        self._unit.clocks.start(case.number, ClockKind.ACCEPT, now, pace=self.pace(case))
        self._moves.tell(case, Step.APPEAL.value, standing, now, note=reason)

    def hand_on(self, case: Case, consortium: Consortium, *, by: Person, reason: str, now: datetime) -> None:
        """转办 to another consortium: it waits there for being accepted."""
        standing = self._unit.standings.of(case, by, now)
        note = f"{consortium.name}（{reason}）" if reason else consortium.name
        organisation_id = self._moves.make(case, Step.HAND_ON, standing, now, note=note, needs_reason=True)
        self._unit.claiming.end_all(case, ClaimState.ENDED, note, now)
        case.belong_to(consortium.id)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.clocks.start(case.number, ClockKind.ACCEPT, now, pace=self.pace(case))
        self._moves.tell(
            case,
            Step.HAND_ON.value,
            standing,
            now,
            organisation_id=organisation_id,
            note=note,
            times=case.transfers,
        )
        self._unit.urgings.raise_if_stuck(case.number, now)

    def transfer(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """转出 of the consortia (to 12345, to an office): the reason says where to, and the reporter reads it."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.TRANSFER, standing, now, note=reason, needs_reason=True)
        self._unit.claiming.end_all(case, ClaimState.ENDED, reason, now)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.uses.release(case.number, now)
        self._moves.tell(case, Step.TRANSFER.value, standing, now, note=reason)

    def merge(self, case: Case, into: Case, *, by: Person, now: datetime) -> None:
        """并单: the same matter as another case; its reporter and followers now stand behind that one."""
        if (
            into.number == case.number
            or into.merged_into is not None
            or CaseState(into.state) is CaseState.DRAFT
        ):
            raise SameCase(number=case.number, other=into.number)
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.MERGE, standing, now, note=f"编号 {into.number}")
        case.melt_into(into.number)
        self._unit.claiming.end_all(case, ClaimState.ENDED, f"并到编号 {into.number}", now)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.cases.carry_over(case, into, now)
        Timeline(self._unit).add(
            into.number, "absorb", actor_id=by.member_id, at=now, note=f"编号 {case.number}"
        )
        self._moves.tell(case, Step.MERGE.value, standing, now, note=str(into.number), handlers=())
        self._moves.tell(into, "absorb", standing, now, note=str(case.number), times=case.number)

    def may(self, case: Case, step: Step, *, by: Person, now: datetime) -> None:
        """Refuses whoever may not take a step, or not now: before they are asked for a reason in vain."""
        self._unit.standings.of(case, by, now).allow(step, case)
        case.may(step)

    def withdraw(self, case: Case, *, by: Person, now: datetime) -> None:
        """撤回: the reporter takes it back; those who heard of it are told, a claim on it is over."""
        standing = self._unit.standings.of(case, by, now)
        known = case.state != CaseState.DRAFT.value
        self._moves.make(case, Step.WITHDRAW, standing, now)
        if not known:
            return
        former = self._unit.claiming.end_all(case, ClaimState.ENDED, "本人撤回", now)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.uses.release(case.number, now)
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.dissolve(case, standing, now)
        self._moves.tell(case, Step.WITHDRAW.value, standing, now, handlers=(), former=former)

    def find(self, number: int) -> Case:
        """The case of that number, whoever asks: for the clock and for imports."""
        found = self._unit.session.get(Case, number)
        if found is None:
            raise CaseUnknown(number=number)
        return found

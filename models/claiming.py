"""认领: taking a case on, together or alone, being asked to, letting go of it, and losing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from models.base import DomainError
from models.case import Case
from models.claim import Claim, ClaimState, Invitation
from models.clock import ClockKind
from models.life import LAPSE_AFTER, CaseKind, CaseState, Role, Step
from models.moment import local
from models.moves import Moves, ReasonMissing
from models.standing import CLOCK, NoRight, Standing

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class AlreadyClaimed(DomainError):
    """Another organisation was faster."""


class ClaimedByYou(DomainError):
    """The organisation has the case already."""


class NobodyToHelp(DomainError):
    """There is no lead claim that one could stand beside."""


class NotInvited(DomainError):
    """The organisation was not asked, or answered already."""


class PartOfProject(DomainError):
    """What a project is to solve is taken on with the project, not by itself."""


class NoApplication(DomainError):
    """No claim waits for approval."""


class Claiming:
    """The verbs of claims."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._moves = Moves(unit)

    def claim(
        self, case: Case, *, by: Person, now: datetime, plan: str = "", promised_on: date | None = None
    ) -> Claim:
        """The person's organisation takes the lead on a case.

        It takes effect at once, unless the policy wants the chair's approval. Two at the same moment: the database
        refuses one of them, which then runs again and is told by whom the case was taken.

        Raises:
            AlreadyClaimed, ClaimedByYou: somebody has it.
            PartOfProject: it waits for its project.
            NoRight, NotNow: see ``Moves.make``.
        """
        standing = self._unit.standings.of(case, by, now)
        organisation_id = standing.allow(Step.CLAIM, case)
        assert organisation_id is not None  # noqa: S101 - members and invited act for an organisation
        self._free(case, organisation_id)
        case.may(Step.CLAIM)
        self._by_itself(case)
        if promised_on is None:  # what a joint meeting decided has its day already
            promised_on = self._unit.resolving.due_of(case.number, organisation_id, local(now).date())
        needs_approval = self._unit.policy.claims_need_approval and not (
            {Role.CHAIR, Role.LEAD, Role.INVITED} & standing.roles
        )
        claim = Claim.apply(
            case_number=case.number,
            organisation_id=organisation_id,
            member_id=by.member_id,
            lead=True,
            plan=plan,
            promised_on=promised_on,
            now=now,
        )
        if needs_approval:
            self._unit.claims.add(claim)
            self._moves.note(case, "apply", standing, now, note=plan, organisation_id=organisation_id)
            self._moves.tell(case, "apply", standing, now, organisation_id=organisation_id, note=plan)
            return claim
        self._take(case, claim, standing, now)
        return claim

    def approve(self, case: Case, *, by: Person, now: datetime) -> Claim:
        """The chair agrees to the oldest application; the others are refused by it."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.REVOKE, case)
        applications = self._unit.claims.on(case.number, states=(ClaimState.APPLIED,))
        if not applications:
            raise NoApplication(number=case.number)
        claim, *others = applications
        self._free(case, claim.organisation_id)
        case.may(Step.CLAIM)
        for other in others:
            other.end(ClaimState.REFUSED, "", now)
        self._take(case, claim, standing, now, event="approve", step_by_right=False)
        return claim

    def refuse(self, case: Case, *, by: Person, reason: str, now: datetime) -> Claim:
        """The chair does not agree to the oldest application, and says why."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.REVOKE, case)
        applications = self._unit.claims.on(case.number, states=(ClaimState.APPLIED,))
        if not applications:
            raise NoApplication(number=case.number)
        if not reason.strip():
            raise ReasonMissing(number=case.number)
        claim = applications[0]
        claim.end(ClaimState.REFUSED, reason, now)
        self._moves.note(case, "refuse_claim", standing, now, note=reason, organisation_id=None)
        self._moves.tell(case, "refuse_claim", standing, now, note=reason, former=(claim.organisation_id,))
        return claim

    def help(self, case: Case, *, by: Person, now: datetime, plan: str = "") -> Claim:
        """The person's organisation stands beside the one in the lead (协办)."""
        standing = self._unit.standings.of(case, by, now)
        holds = self._unit.claims.live(case.number)
        if not holds:
            raise NobodyToHelp(number=case.number)
        organisation_id = self._moves.make(case, Step.CO_CLAIM, standing, now, note=plan)
        assert organisation_id is not None  # noqa: S101 - members and invited act for an organisation
        if any(hold.organisation_id == organisation_id for hold in holds):
            raise ClaimedByYou(number=case.number)
        claim = Claim.apply(
            case_number=case.number,
            organisation_id=organisation_id,
            member_id=by.member_id,
            lead=False,
            plan=plan,
            promised_on=None,
            now=now,
        )
        claim.take_effect(now)
        self._unit.claims.add(claim)
        self._answer_invitations(case, by.member_id, organisation_id, now, end_others=False)
        self._moves.tell(case, Step.CO_CLAIM.value, standing, now, organisation_id=organisation_id, note=plan)
        return claim

    def invite(self, case: Case, organisation_ids: Sequence[int], *, by: Person, now: datetime) -> list[int]:
        """Asks organisations to take a case on: one is a dispatch (派单), several an invitation; the first who accepts has it.

        A case that is only submitted is accepted and put on the list by it. Gives those who were not asked before.
        """
        standing = self._unit.standings.of(case, by, now)
        self._by_itself(case)
        if case.state == CaseState.SUBMITTED:
            self._unit.casework.accept(case, by=by, now=now)
        kind = "dispatch" if len(organisation_ids) == 1 else "invite"
        asked = self._unit.claims.invited(case.number)
        fresh = [each for each in dict.fromkeys(organisation_ids) if each not in asked]
        names = "、".join(self._unit.card(each, now).name for each in fresh)
        self._moves.make(
            case,
            Step.INVITE,
            standing,
            now,
            note=names,
            event="dispatch" if kind == "dispatch" else "invite",
            public=False,
        )
        if case.state == CaseState.ACCEPTED:
            self._unit.casework.publish(case, by=by, now=now)
        for organisation_id in fresh:
            self._unit.claims.invite(
                Invitation.send(
                    case_number=case.number,
                    organisation_id=organisation_id,
                    kind=kind,
                    by=by.member_id,
                    now=now,
                )
            )
        self._moves.tell(case, kind, standing, now, asked=tuple(fresh))
        return fresh

    def decline_invitation(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """The person's organisation does not take on what it was asked to, and says why."""
        standing = self._unit.standings.of(case, by, now)
        mine = standing.organisations.get(Role.INVITED)
        found = next(
            (each for each in self._unit.claims.invitations(case.number) if each.organisation_id == mine),
            None,
        )
        if found is None:
            raise NotInvited(number=case.number)
        if not reason.strip():
            raise ReasonMissing(number=case.number)
        found.answer("refused", by=by.member_id, reason=reason, now=now)
        self._moves.note(case, "refuse_invitation", standing, now, note=reason, organisation_id=mine)
        self._moves.tell(case, "refuse_invitation", standing, now, organisation_id=mine, note=reason)

    def give_back(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """The claimant lets go of the case, with a reason; a helper only steps aside."""
        standing = self._unit.standings.of(case, by, now)
        if Role.HANDLER not in standing.roles and Role.HELPER in standing.roles:
            self._step_aside(case, standing, reason, now)
            return
        self._lose(case, Step.GIVE_BACK, ClaimState.GIVEN_BACK, standing, reason, now)

    def revoke(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """The chair takes the case away again, with a reason that the claimant sees."""
        self._lose(case, Step.REVOKE, ClaimState.REVOKED, self._unit.standings.of(case, by, now), reason, now)

    def lapse_silent(self, now: datetime, limit: int = 100) -> int:
        """Ends the claims of those who never got in touch; gives how many."""
        numbers = self._unit.claims.uncontacted_since(now - LAPSE_AFTER, limit)
        for number in numbers:
            self._lose(self._unit.casework.find(number), Step.LAPSE, ClaimState.LAPSED, CLOCK, "", now)
        return len(numbers)

    def end_all(self, case: Case, state: ClaimState, reason: str, now: datetime) -> tuple[int, ...]:
        """Ends every claim and application on a case; gives the organisations that had it in hand."""
        ended = []
        for claim in self._unit.claims.on(
            case.number, states=(ClaimState.ACTIVE, ClaimState.FULFILLED, ClaimState.APPLIED)
        ):
            if claim.state != ClaimState.APPLIED.value:
                ended.append(claim.organisation_id)
            claim.end(state, reason, now)
        self._answer_invitations(case, None, None, now, end_others=True)
        return tuple(ended)

    # ---- the parts -------------------------------------------------------------------------------

    def _by_itself(self, case: Case) -> None:
        for project in self._unit.projects.of(case.number, under_way=True):
            raise PartOfProject(number=case.number, project=project)

    def _free(self, case: Case, organisation_id: int) -> None:
        for hold in self._unit.claims.live(case.number):
            if hold.organisation_id == organisation_id:
                raise ClaimedByYou(number=case.number)
            if hold.lead:
                name = self._unit.organisations.get(hold.organisation_id).name
                raise AlreadyClaimed(number=case.number, organisation=name)

    def _take(
        self,
        case: Case,
        claim: Claim,
        standing: Standing,
        now: datetime,
        *,
        event: str = "",
        step_by_right: bool = True,
    ) -> None:
        claim.take_effect(now)
        if claim.id is None:
            self._unit.claims.add(claim)
        note = claim.plan
        if step_by_right:
            self._moves.make(case, Step.CLAIM, standing, now, note=note, event=event)
        else:  # the chair approves: what it may do was asked already
            self._moves.make_for(
                case, Step.CLAIM, standing, now, claim.organisation_id, note=note, event=event
            )
        others = self._answer_invitations(
            case, standing.member_id, claim.organisation_id, now, end_others=True
        )
        clocks = self._unit.clocks
        clocks.stop(case.number, ClockKind.ACCEPT, now)
        clocks.stop(case.number, ClockKind.CLAIM, now)
        pace = self._unit.casework.pace(case)
        clocks.start(case.number, ClockKind.CONTACT, now, pace=pace)
        clocks.start(case.number, ClockKind.RESOLVE, now, pace=pace, due_on=claim.promised_on)
        clocks.start(case.number, ClockKind.PROGRESS, now, pace=pace)
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.follow(
                case,
                Step.CLAIM,
                standing,
                now,
                organisation_id=claim.organisation_id,
                until=claim.promised_on,
            )
        self._moves.tell(
            case,
            Step.CLAIM.value,
            standing,
            now,
            organisation_id=claim.organisation_id,
            note=claim.plan,
            asked=others,
            until=claim.promised_on,
        )

    def _lose(
        self, case: Case, step: Step, ending: ClaimState, standing: Standing, reason: str, now: datetime
    ) -> None:
        by_clock = standing.member_id is None
        organisation_id = self._moves.make(case, step, standing, now, note=reason, needs_reason=not by_clock)
        former = self.end_all(case, ending, reason, now)
        self._unit.clocks.stop_all(case.number, now)
        self._unit.clocks.start(case.number, ClockKind.CLAIM, now, pace=self._unit.casework.pace(case))
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.follow(case, step, standing, now)
        self._moves.tell(
            case,
            step.value,
            standing,
            now,
            organisation_id=organisation_id,
            note=reason,
            handlers=(),
            former=former,
        )

    def _step_aside(self, case: Case, standing: Standing, reason: str, now: datetime) -> None:
        mine = standing.organisations[Role.HELPER]
        if not reason.strip():
            raise ReasonMissing(number=case.number)
        for claim in self._unit.claims.on(case.number):
            if claim.organisation_id == mine and not claim.lead:
                claim.end(ClaimState.GIVEN_BACK, reason, now)
                self._moves.note(case, "step_aside", standing, now, note=reason, organisation_id=mine)
                self._moves.tell(
                    case, "step_aside", standing, now, organisation_id=mine, note=reason, former=(mine,)
                )
                return
        raise NoRight(number=case.number)

    def _answer_invitations(
        self,
        case: Case,
        member_id: int | None,
        organisation_id: int | None,
        now: datetime,
        *,
        end_others: bool,
    ) -> tuple[int, ...]:
        """Settles what is still asked; gives the organisations that need not answer any more."""
        others = []
        for invitation in self._unit.claims.invitations(case.number):
            if invitation.organisation_id == organisation_id:
                invitation.answer("accepted", by=member_id, now=now)
            elif end_others:
                invitation.answer("superseded", by=None, now=now)
                others.append(invitation.organisation_id)
        return tuple(others)

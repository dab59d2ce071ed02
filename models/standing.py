"""Who is what to a case at this moment: derived from posts, seats, the term in office and live claims, never kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Date, and_, bindparam, select

from models.base import DomainError
from models.case import CaseFacts, NotYours
from models.consortium import Consortium, standing
from models.forms import roles as parts
from models.lean import Lean
from models.life import NOT_BY_HANDLERS, RIGHTS, Role, Step
from models.moment import local
from models.organisation import Organisation
from models.seat import Seat, seated
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class NoRight(DomainError):
    """Somebody else takes this step."""


class NoPost(DomainError):
    """Organisations take cases on; who speaks for none cannot."""


class OwnWork(DomainError):
    """Nobody judges what their own organisation did."""


_OFFICE_ORDER = (
    Role.HANDLER,
    Role.HELPER,
    Role.CHAIR,
    Role.LEAD,
    Role.BRANCH,
    Role.INVITED,
    Role.MEMBER,
    Role.ABOVE,
)
"""In which capacity somebody acts who has several: the nearest to the work."""


class Standing(msgspec.Struct, frozen=True):
    """What one person is to one case now."""

    member_id: int | None
    """None: the clock."""
    name: str
    organisations: dict[Role, int]
    """For which organisation they would act in each role; their own where the role needs none."""
    handles: bool
    """Whether an organisation that they hold a post in has the case in hand, the lead or not."""

    @property
    def roles(self) -> frozenset[Role]:
        """All roles."""
        return frozenset(self.organisations)

    def allow(self, step: Step, case: CaseFacts) -> int | None:
        """For which organisation they take the step; None: for themself.

        Raises:
            NotYours: only the reporter takes it.
            OwnWork: they would judge their own organisation's work.
            NoPost: they speak for no organisation that could take the case on.
            NoRight: others take it.
        """
        allowed = RIGHTS[step] & self.roles
        if step in NOT_BY_HANDLERS and self.handles and Role.CLOCK not in self.roles:
            raise OwnWork(number=case.number)
        if not allowed:
            if RIGHTS[step] <= {Role.REPORTER, Role.CLOCK}:
                raise NotYours(number=case.number)
            if step in (Step.CLAIM, Step.CO_CLAIM) and self.roles <= {Role.REPORTER}:
                raise NoPost(number=case.number)
            raise NoRight(number=case.number)
        if Role.REPORTER in allowed or Role.CLOCK in allowed:
            return None
        return next(self.organisations[role] for role in _OFFICE_ORDER if role in allowed)


CLOCK = Standing(member_id=None, name="", organisations={Role.CLOCK: 0}, handles=False)
"""What time itself is to every case."""


class Duty(msgspec.Struct, frozen=True):
    """Who answers for the cases of a consortium, or of a branch that is in none."""

    chair_id: int | None
    lead_id: int | None
    consortium: str


_DAY = bindparam("day", type_=Date)
_DUTY = Lean(
    select(Consortium.lead_id, Consortium.name, Term.organisation_id)
    .select_from(Consortium)
    # What a consortium that was dissolved left open is its lead organisation's.
    .outerjoin(Term, and_(Term.consortium_id == Consortium.id, presiding(_DAY), standing(_DAY)))
    .where(Consortium.id == bindparam("consortium_id"))
)
_SEATS = Lean(
    select(Seat.organisation_id, Seat.role).where(
        Seat.consortium_id == bindparam("consortium_id"), seated(_DAY)
    )
)
_UPPER = Lean(
    select(Consortium.parent_id, Consortium.lead_id).where(Consortium.id == bindparam("consortium_id"))
)
_PARENT = Lean(select(Organisation.parent_id).where(Organisation.id == bindparam("organisation_id")))
_DEEPEST = 12
"""Levels of the tree that are looked up: from a village to the Central Committee there are fewer."""


class Standings:
    """Works out who is what."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def duty(self, case: CaseFacts, now: datetime) -> Duty:
        """Who chairs and who leads for a case today. A gap in the rota falls to the lead organisation.

        A branch that belongs to no consortium answers for itself, and the organisation above it leads.
        """
        if case.consortium_id is None:
            above = self.above(case.organisation_id)
            return Duty(
                chair_id=case.organisation_id,
                lead_id=above[0] if above else case.organisation_id,
                consortium="",
            )
        [(lead_id, name, chair_id)] = _DUTY.run(
            self._unit, {"consortium_id": case.consortium_id, "day": local(now).date()}
        )
        return Duty(chair_id=chair_id or lead_id, lead_id=lead_id, consortium=name)

    def of(self, case: CaseFacts, person: Person, now: datetime) -> Standing:
        """What a person is to a case."""
        unit = self._unit
        offices = unit.organisations.offices_of(person.member_id, now)
        joint = unit.posts.acts_in(person.member_id, now) if case.consortium_id is not None else frozenset()
        roles: dict[Role, int] = {}
        if case.reporter_id == person.member_id:
            roles[Role.REPORTER] = person.organisation_id
        handles = False
        if offices or joint:
            duty = self.duty(case, now)
            leads = case.consortium_id in joint
            # Whoever acts for the consortium judges neither what its lead nor what their own organisation does.
            own = offices | {duty.lead_id, person.organisation_id} if leads else offices
            claims = unit.claims.live(case.number)
            handles = any(claim.organisation_id in own for claim in claims)
            for claim in claims:
                if claim.organisation_id in offices:
                    roles[Role.HANDLER if claim.lead else Role.HELPER] = claim.organisation_id
            answering = {
                Role.CHAIR: duty.chair_id,
                Role.LEAD: duty.lead_id,
                Role.BRANCH: case.organisation_id,
            }
            roles |= {role: each for role, each in answering.items() if each is not None and each in offices}
            if leads and duty.lead_id is not None:
                roles[Role.LEAD] = duty.lead_id
            members, onlookers = self._members(case, now)
            if invited := offices & unit.claims.invited(case.number) - onlookers:
                roles[Role.INVITED] = min(invited)
            if seated := offices & members:
                roles[Role.MEMBER] = (
                    person.organisation_id if person.organisation_id in seated else min(seated)
                )
            above = {*self.above(case.organisation_id), *self.above(duty.lead_id or case.organisation_id)}
            if over := offices & above:
                roles[Role.ABOVE] = min(over)
            elif joint and (leader := self._leads_above(case.consortium_id, joint)) is not None:
                roles[Role.ABOVE] = leader
        return Standing(member_id=person.member_id, name=person.name, organisations=roles, handles=handles)

    def _members(self, case: CaseFacts, now: datetime) -> tuple[set[int], set[int]]:
        """Those that take matters of the consortium on today, and those that only look on."""
        if case.consortium_id is None:
            return {case.organisation_id, *self.above(case.organisation_id)}, set()
        rows = _SEATS.run(self._unit, {"consortium_id": case.consortium_id, "day": local(now).date()})
        claiming = {code for code, part in parts().items() if part.claims}
        members = {organisation_id for organisation_id, role in rows if role in claiming}
        return members, {organisation_id for organisation_id, _ in rows} - members

    def _leads_above(self, consortium_id: int, joint: frozenset[int]) -> int | None:
        """The lead of the nearest consortium above that one in which the person acts; None: they act in none."""
        line, at = {consortium_id}, consortium_id
        while True:
            [(upper, lead_id)] = _UPPER.run(self._unit, {"consortium_id": at})
            if at in joint and at != consortium_id:
                return int(lead_id)
            if upper is None or upper in line:
                return None
            line.add(upper)
            at = upper

    def above(self, organisation_id: int) -> list[int]:
        """The organisations above one, the nearest first."""
        line: list[int] = []
        while len(line) < _DEEPEST:
            rows = _PARENT.run(self._unit, {"organisation_id": line[-1] if line else organisation_id})
            parent = rows[0][0] if rows else None
            if parent is None or parent in line:
                break
            line.append(parent)
        return line

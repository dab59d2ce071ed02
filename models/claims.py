"""All claims: who has a case in hand, who is asked to take it on, who asked for more time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import String, and_, bindparam, func, or_, select

from models.case import Case
from models.claim import LIVE, Claim, ClaimState, Extension, Invitation
from models.lean import Lean, among
from models.life import IN_HAND, OPEN, CaseKind, CaseState
from models.project import ProjectItem

if TYPE_CHECKING:
    from models.store import Unit


class Hold(msgspec.Struct, frozen=True):
    """A live claim that is only looked at."""

    claim_id: int
    case_number: int
    """The case that was claimed: for a part of a project, the project."""
    organisation_id: int
    lead: bool


_CLAIMS = Claim.__table__.c
_LIVE = Lean(
    select(_CLAIMS.id, _CLAIMS.case_number, _CLAIMS.organisation_id, _CLAIMS.lead)
    .where(
        among(_CLAIMS.state, LIVE),
        # Whoever carries out a project has in hand what it is to solve.
        or_(
            _CLAIMS.case_number == bindparam("number"),
            _CLAIMS.case_number.in_(
                select(ProjectItem.project_number).where(ProjectItem.case_number == bindparam("number"))
            ),
        ),
    )
    .order_by(_CLAIMS.lead.desc(), _CLAIMS.id)
)
_INVITED = Lean(
    select(Invitation.organisation_id).where(
        Invitation.case_number == bindparam("number"), Invitation.state == bindparam("state", type_=String)
    )
)


class Task(msgspec.Struct, frozen=True):
    """A case that an organisation has in hand, as its officers' list needs it."""

    number: int
    kind: str
    state: str
    text: str
    lead: bool


class Claims:
    """Claims, invitations and extensions."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def live(self, number: int) -> list[Hold]:
        """Who has a case in hand, the lead first; for a part of a project, who has the project."""
        return [Hold(*row) for row in _LIVE.run(self._unit, {"number": number})]

    def lead_of(self, number: int) -> Claim | None:
        """The live lead claim on exactly this case, to be changed."""
        return self._unit.session.scalar(
            select(Claim).where(
                Claim.case_number == number,
                Claim.lead.is_(True),
                Claim.state.in_([state.value for state in LIVE]),
            )
        )

    def on(self, number: int, *, states: tuple[ClaimState, ...] = LIVE) -> list[Claim]:
        """The claims on exactly this case in these states, to be changed; the lead first."""
        return list(
            self._unit.session.scalars(
                select(Claim)
                .where(Claim.case_number == number, Claim.state.in_([state.value for state in states]))
                .order_by(Claim.lead.desc(), Claim.id)
            )
        )

    def add(self, claim: Claim) -> None:
        """Puts a claim on file. Another's live lead on the same case is a conflict, found by the database."""
        self._unit.session.add(claim)
        self._unit.session.flush()

    def invited(self, number: int) -> set[int]:
        """The organisations that are asked to take a case on and have not answered."""
        rows = _INVITED.run(self._unit, {"number": number, "state": "open"})
        return {organisation_id for (organisation_id,) in rows}

    def invitations(self, number: int) -> list[Invitation]:
        """The unanswered invitations, to be changed."""
        return list(
            self._unit.session.scalars(
                select(Invitation)
                .where(Invitation.case_number == number, Invitation.state == "open")
                .order_by(Invitation.id)
            )
        )

    def invite(self, invitation: Invitation) -> None:
        """Puts an invitation on file."""
        self._unit.session.add(invitation)
        self._unit.session.flush()

    def extension(self, number: int) -> Extension | None:
        """The extension that waits for a decision, to be changed."""
        return self._unit.session.scalar(
            select(Extension).where(Extension.case_number == number, Extension.state == "asked")
        )

    def asking_for_time(self, consortium_id: int | None, limit: int = 2) -> list[int]:
        """The cases of a consortium whose claimants wait for more time, the longest first."""
        return list(
            self._unit.session.scalars(
                select(Extension.case_number)
                .join(Case, Case.number == Extension.case_number)
                .where(Extension.state == "asked", Case.consortium_id == consortium_id)
                .order_by(Extension.id)
                .limit(limit)
            )
        )

    def extensions(self, claim_id: int) -> int:
        """How often more time was granted under one claim."""
        query = (
            select(func.count())
            .select_from(Extension)
            .where(Extension.claim_id == claim_id, Extension.state == "approved")
        )
        return self._unit.session.scalar(query) or 0

    def ask(self, extension: Extension) -> None:
        """Puts a request for more time on file."""
        self._unit.session.add(extension)
        self._unit.session.flush()

    def in_hand(
        self, organisation_ids: Collection[int], limit: int = 6, *, states: Sequence[CaseState] = IN_HAND
    ) -> tuple[list[Task], int]:
        """What organisations have in hand, the longest first, and how many there are in all.

        A part of a project is in hand by itself only when its reporter wants it done anew.
        """
        where = (
            Claim.organisation_id.in_(organisation_ids),
            Claim.state.in_([state.value for state in LIVE]),
            Case.state.in_([state.value for state in states]),
        )
        projects = select(ProjectItem.project_number).where(ProjectItem.case_number == Case.number)
        own = or_(
            Claim.case_number == Case.number,
            and_(Case.state == CaseState.REWORK.value, Claim.case_number.in_(projects)),
        )
        join = select(func.count()).select_from(Claim).join(Case, own)
        total = self._unit.session.scalar(join.where(*where)) or 0
        rows = self._unit.session.execute(
            select(Case.number, Case.kind, Case.state, Case.text, Claim.lead)
            .join(Claim, own)
            .where(*where)
            .order_by(Case.claimed_at, Case.number)
            .limit(limit)
        )
        return [Task(*row) for row in rows], total

    def asked_of(self, organisation_ids: Collection[int], limit: int = 6) -> list[Task]:
        """What organisations are asked to take on and have not answered."""
        rows = self._unit.session.execute(
            select(Case.number, Case.kind, Case.state, Case.text, Invitation.kind == "dispatch")
            .join(Invitation, Invitation.case_number == Case.number)
            .where(
                Invitation.organisation_id.in_(organisation_ids),
                Invitation.state == "open",
                Case.state.in_([state.value for state in OPEN]),
            )
            .order_by(Invitation.id)
            .limit(limit)
        )
        return [Task(*row) for row in rows]

    def uncontacted_since(self, moment: datetime, limit: int = 100) -> list[int]:
        """Cases that were claimed before a moment and whose claimant never got in touch."""
        return list(
            self._unit.session.scalars(
                select(Case.number)
                # A part of a project lapses with the project: it has no claim of its own.
                .join(Claim, and_(Claim.case_number == Case.number, Claim.lead, Claim.state == "active"))
                # A project asks for no phone call; its promise is watched instead.
                .where(
                    Case.state == CaseState.CLAIMED.value,
                    Case.kind != CaseKind.PROJECT.value,
                    Case.claimed_at < moment,
                )
                .order_by(Case.number)
                .limit(limit)
            )
        )

"""认领: that an organisation takes a case on, alone or beside the one in the lead."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ClaimState(enum.StrEnum):
    """Where a claim stands."""

    APPLIED = "applied"  # waits for the chair's approval, where the consortium wants that
    ACTIVE = "active"
    FULFILLED = "fulfilled"  # the work was reported done; active again when it is to be done anew
    GIVEN_BACK = "given_back"
    REVOKED = "revoked"  # by the chair, with a reason that the claimant sees
    LAPSED = "lapsed"  # nobody got in touch in time
    REFUSED = "refused"  # an application that the chair did not approve
    ENDED = "ended"  # the case went away under it: withdrawn, merged, written off

    @property
    def label(self) -> str:
        """As people say it."""
        return _LABELS[self]


_LABELS: Final = {
    ClaimState.APPLIED: "待同意",
    ClaimState.ACTIVE: "办理中",
    ClaimState.FULFILLED: "已办结",
    ClaimState.GIVEN_BACK: "已放弃",
    ClaimState.REVOKED: "已撤销",
    ClaimState.LAPSED: "已失效",
    ClaimState.REFUSED: "未同意",
    ClaimState.ENDED: "已终止",
}
LIVE: Final = (ClaimState.ACTIVE, ClaimState.FULFILLED)
"""States in which the claimant has the case in hand, and with it the right to the reporter's phone."""


LONGEST_PLAN: Final = 2000
"""Characters of a plan (认领方案)."""


def _unique_where(name: str, columns: tuple[str, ...], condition: str) -> Index:
    where = text(condition)
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


class Claim(Base):
    """One organisation's hold on one case."""

    __tablename__ = "claims"
    __table_args__ = (
        # Two may claim at the same moment; the database lets one of them have the lead.
        _unique_where("uq_claims_live_lead", ("case_number",), "lead AND state IN ('active', 'fulfilled')"),
        _unique_where(
            "uq_claims_live_organisation",
            ("case_number", "organisation_id"),
            "state IN ('applied', 'active', 'fulfilled')",
        ),
        Index("ix_claims_organisation_id_state", "organisation_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    """Who claimed for it: the person responsible until somebody else is named."""
    lead: Mapped[bool]
    """牵头; else 协办."""
    state: Mapped[str] = mapped_column(String(20))
    plan: Mapped[str] = mapped_column(Text)
    """认领方案: what will be done."""
    promised_on: Mapped[date | None]
    """承诺时限: by when."""
    applied_at: Mapped[datetime]
    effective_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(300))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    @classmethod
    def apply(
        cls,
        *,
        case_number: int,
        organisation_id: int,
        member_id: int,
        lead: bool,
        plan: str,
        promised_on: date | None,
        now: datetime,
    ) -> Claim:
        """An application; it has no effect until it is approved."""
        return cls(
            case_number=case_number,
            organisation_id=organisation_id,
            member_id=member_id,
            lead=lead,
            state=ClaimState.APPLIED.value,
            plan=plan[:LONGEST_PLAN],
            promised_on=promised_on,
            applied_at=now,
            effective_at=None,
            ended_at=None,
            end_reason="",
        )

    def take_effect(self, now: datetime) -> None:
        """It was approved, or needs no approval."""
        self.state, self.effective_at = ClaimState.ACTIVE.value, now

    def promise(self, plan: str, promised_on: date | None) -> None:
        """Says what will be done, or by when; what was said before stays where nothing new is said."""
        self.plan = plan[:LONGEST_PLAN] or self.plan
        self.promised_on = promised_on or self.promised_on

    def fulfil(self) -> None:
        """The work was reported done."""
        self.state = ClaimState.FULFILLED.value

    def take_up_again(self) -> None:
        """The work is to be done anew."""
        self.state = ClaimState.ACTIVE.value

    def end(self, state: ClaimState, reason: str, now: datetime) -> None:
        """It is over; with it goes the right to the reporter's phone."""
        self.state, self.end_reason, self.ended_at = state.value, reason[:300], now


class Invitation(Base):
    """派单、邀请: that an organisation is asked to take a case on; the first to accept has it."""

    __tablename__ = "invitations"
    __table_args__ = (
        _unique_where("uq_invitations_open", ("case_number", "organisation_id"), "state = 'open'"),
        Index("ix_invitations_organisation_id_state", "organisation_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """``dispatch`` (派单, to one) or ``invite`` (to several)."""
    state: Mapped[str] = mapped_column(String(20))
    """``open``, ``accepted``, ``refused`` or ``superseded`` (another was faster, or the case moved on)."""
    invited_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    invited_at: Mapped[datetime]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300))

    @classmethod
    def send(cls, *, case_number: int, organisation_id: int, kind: str, by: int, now: datetime) -> Invitation:
        """Asks an organisation; ``kind`` is ``dispatch`` or ``invite``, ``by`` a member's id."""
        return cls(
            case_number=case_number,
            organisation_id=organisation_id,
            kind=kind,
            state="open",
            invited_by=by,
            invited_at=now,
            answered_by=None,
            answered_at=None,
            reason="",
        )

    def answer(self, state: str, *, by: int | None, reason: str = "", now: datetime) -> None:
        """``accepted``, ``refused`` or ``superseded``; ``by`` None: it lapsed by itself."""
        self.state, self.answered_by, self.answered_at, self.reason = state, by, now, reason[:300]


class Extension(Base):
    """延期: that a claimant asks for more time, and what the chair said."""

    __tablename__ = "extensions"
    __table_args__ = (_unique_where("uq_extensions_open", ("case_number",), "state = 'asked'"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[int] = mapped_column(ForeignKey("cases.number"), index=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey("claims.id"))
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(20))
    """``asked``, ``approved`` or ``refused``."""
    asked_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]

    @classmethod
    def ask(cls, *, claim: Claim, until: date, reason: str, by: int, now: datetime) -> Extension:
        """Asks for time until a day."""
        return cls(
            case_number=claim.case_number,
            claim_id=claim.id,
            until=until,
            reason=reason[:300],
            state="asked",
            asked_by=by,
            asked_at=now,
            decided_by=None,
            decided_at=None,
        )

    def decide(self, *, granted: bool, by: int, now: datetime) -> None:
        """The chair's word on it."""
        self.state = "approved" if granted else "refused"
        self.decided_by, self.decided_at = by, now

"""All campaigns: opening them by the rule or by hand, who is asked, who has answered, and how many did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from models import bookrights, chairing
from models.campaign import (
    Answer,
    Campaign,
    CampaignAnswer,
    CampaignClosed,
    CampaignOpen,
    CampaignTold,
    Response,
    schedule,
)
from models.case import Case, CaseFollower
from models.consortium import Consortium, standing
from models.identity import Identity
from models.life import CaseKind, CaseState
from models.member import Member
from models.moment import local
from models.term import Term, presiding
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

SUBJECT: Final = "campaign"
AT_ONCE: Final = 20
"""Campaigns that one transaction opens: each of them posts a letter to every member."""
GRACE: Final = timedelta(days=3)
"""An opening that was missed for longer (the server stood still, or was new) is left out: the turn goes on without."""
_NO_MATTER: Final = (CaseState.DRAFT, CaseState.WITHDRAWN, CaseState.MERGED)
"""States of what is not there yet, was taken back, or lives on under another number."""


class Campaigns:
    """All campaigns."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def desks(self, person: Person, now: datetime) -> list[Consortium]:
        """The consortia in which a person may open and close campaigns at a moment."""
        return bookrights.desks(self._unit, person, now)

    def current(self, consortium_id: int, now: datetime) -> Campaign | None:
        """The one that is open in a consortium."""
        query = (
            select(Campaign)
            .where(
                Campaign.consortium_id == consortium_id,
                Campaign.opened_at <= now,
                Campaign.closes_at > now,
            )
            .limit(1)
        )
        return self._unit.session.scalar(query)

    def latest(self, consortium_id: int) -> Campaign | None:
        """The one that was opened last."""
        query = (
            select(Campaign)
            .where(Campaign.consortium_id == consortium_id)
            .order_by(Campaign.sequence.desc())
            .limit(1)
        )
        return self._unit.session.scalar(query)

    def asking(self, person: Person, now: datetime) -> list[Campaign]:
        """The campaigns that are open and ask this person, whatever they have answered."""
        day = local(now).date()
        consortia = self._unit.consortia.of_organisation(person.organisation_id, day)
        found = [
            self.current(each.id, now)
            for each in consortia
            if person.organisation_id in self._unit.consortia.parties(each, day)
        ]
        return [each for each in found if each is not None]

    def get(self, campaign_id: int) -> Campaign | None:
        """The campaign of that id, or None."""
        return self._unit.session.get(Campaign, campaign_id)

    # ---- opening and closing ---------------------------------------------------------------------

    def open(self, consortium_id: int, *, by: Person, now: datetime, question: str = "") -> Campaign:
        """Somebody at the desk opens one by hand.

        Raises:
            NotChairing: they do not sit there today.
            CampaignOpen: one is open already.
            QuestionTooLong: see ``clean_question``.
        """
        chairing.require_desk(self._unit, consortium_id, by, now)
        if (current := self.current(consortium_id, now)) is not None:
            raise CampaignOpen(month=local(current.closes_at).month, day=local(current.closes_at).day)
        return self._open(consortium_id, None, question, by.member_id, now)

    def close(self, campaign: Campaign, *, by: Person, now: datetime) -> Response:
        """Somebody at the desk closes one before its time; its other officers are told the result.

        Raises:
            NotChairing: they do not sit there today.
            NoCampaign: it is over.
        """
        chairing.require_desk(self._unit, campaign.consortium_id, by, now)
        campaign.close(by=by.member_id, now=now)
        response = self.settle(campaign, now)
        self._unit.agendas.stop(SUBJECT, campaign.id, now)
        self._unit.tell(
            CampaignClosed(
                told=self.facts(campaign, response),
                organisation_ids=(chairing.chair_of(self._unit, campaign.consortium_id, local(now).date()),),
            )
        )
        return response

    def due(self, now: datetime) -> bool:
        """Whether the rule wants one opened; only looks."""
        return bool(self._due(now))

    def open_due(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Opens what the rule wants opened, each occasion once; gives how many."""
        wanted = self._due(now)[:limit]
        for consortium_id, occurrence in wanted:
            self._open(consortium_id, occurrence, "", None, now)
        return len(wanted)

    def _open(
        self, consortium_id: int, occurrence: str | None, question: str, by: int | None, now: datetime
    ) -> Campaign:
        latest = self.latest(consortium_id)
        campaign = Campaign.open(
            consortium_id=consortium_id,
            sequence=1 if latest is None else latest.sequence + 1,
            occurrence=occurrence,
            question=question,
            by=by,
            now=now,
            closes_at=schedule().opens.closes(now),
        )
        self._unit.session.add(campaign)
        self._unit.session.flush()
        self._unit.agendas.plan(SUBJECT, campaign.id, campaign.closes_at)
        return campaign

    def _due(self, now: datetime) -> list[tuple[int, str]]:
        """The consortia that wait for a campaign, and on which occasion: an opening lies just behind, and no campaign has
        been open since then, be it opened by the rule or by somebody who was faster."""
        if not self._unit.policy.campaigns_by_rule:
            return []
        today = local(now).date()
        terms = self._unit.session.execute(
            select(Term.consortium_id, Term.starts_on, Term.ends_on)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(presiding(today), standing(today))
            .order_by(Term.consortium_id)
        ).all()
        openings = {turn: self._opening(*turn, now) for turn in {(row[1], row[2]) for row in terms}}
        wanted = [
            (row.consortium_id, opening)
            for row in terms
            if (opening := openings[row.starts_on, row.ends_on]) is not None
        ]
        if not wanted:
            return []
        earliest = min(opening for _, opening in wanted)
        query = (
            select(Campaign.consortium_id, func.max(Campaign.closes_at))
            .where(Campaign.closes_at > earliest)
            .group_by(Campaign.consortium_id)
        )
        last = dict(self._unit.session.execute(query).all())
        return [
            (consortium_id, f"{local(opening).date()}")
            for consortium_id, opening in wanted
            if consortium_id not in last or last[consortium_id] <= opening
        ]

    def _opening(self, starts_on: date, ends_on: date, now: datetime) -> datetime | None:
        """The last opening of a turn that lies behind, as long as it is worth making up for."""
        try:
            moments = schedule().opens.openings(starts_on, ends_on, self._unit.workdays.calendar)
        except YearMissing:
            return None  # no campaign opens on a guessed working day; the desk may open it by hand
        behind = [moment for moment in moments if now - GRACE < moment <= now]
        return behind[-1] if behind else None

    # ---- answering -------------------------------------------------------------------------------

    def nothing(self, campaign: Campaign, *, by: Person, now: datetime, declined: bool = False) -> None:
        """无需求: that there is nothing is an answer. ``declined``: they do not wish to be asked. The last word counts,
        but whoever reported something has answered with that."""
        answer = Answer(kind="declined" if declined else "no_need", case_number=None, at=now)
        found = self._unit.session.get(CampaignAnswer, (campaign.id, by.member_id))
        if found is None:
            self._unit.session.add(CampaignAnswer.give(campaign.id, by.member_id, answer))
        elif found.answer != "need":
            found.change(answer)
        self._unit.session.flush()

    def audience(self, campaign: Campaign, now: datetime) -> list[int]:
        """The members who can be asked at this moment: of every member organisation, and bound to WeChat."""
        query = select(Member.id).where(*self._belongs(campaign, now), _bound()).order_by(Member.id)
        return list(self._unit.session.scalars(query))

    def answers(self, campaign: Campaign, now: datetime) -> dict[int, Answer]:
        """Who has answered what: what was said, and over it what was reported or joined since it opened."""
        rows = self._unit.session.scalars(
            select(CampaignAnswer).where(CampaignAnswer.campaign_id == campaign.id)
        )
        found = {
            row.member_id: Answer(kind=row.answer, case_number=row.case_number, at=row.at)  # type: ignore[arg-type]
            for row in rows
        }
        if campaign.settled_at is None:
            found |= self._needs(campaign, now)
        return found

    def answered(self, campaign: Campaign, members: Iterable[int], now: datetime) -> set[int]:
        """Those of the members who have answered in whichever way: nothing is asked of them any more."""
        return self.answers(campaign, now).keys() & set(members)

    def response(self, campaign: Campaign, now: datetime) -> Response:
        """How many answered what."""
        answers = self.answers(campaign, now)
        kinds = [each.kind for each in answers.values()]
        reached = campaign.reached
        if reached is None:
            reached = len(answers.keys() | set(self.audience(campaign, now)))
        return Response(
            reached=reached,
            needs=kinds.count("need"),
            no_need=kinds.count("no_need"),
            declined=kinds.count("declined"),
            cases=len(self._numbers(campaign, now)),
        )

    def cases(self, campaign: Campaign, now: datetime, *, offset: int, limit: int) -> tuple[list[Case], int]:
        """Some of the matters that were reported or joined meanwhile, and how many there are."""
        numbers = self._numbers(campaign, now)
        query = select(Case).where(Case.number.in_(numbers[offset : offset + limit])).order_by(Case.number)
        return list(self._unit.session.scalars(query)), len(numbers)

    def settle(self, campaign: Campaign, now: datetime) -> Response:
        """Writes the answers down for good: who moves to another organisation later changes no figure."""
        if campaign.settled_at is not None:
            return self.response(campaign, now)
        response = self.response(campaign, now)
        for member_id, answer in sorted(self._needs(campaign, now).items()):
            found = self._unit.session.get(CampaignAnswer, (campaign.id, member_id))
            if found is None:
                self._unit.session.add(CampaignAnswer.give(campaign.id, member_id, answer))
            else:
                found.change(answer)
        campaign.settle(reached=response.reached, now=now)
        self._unit.asking.close(SUBJECT, campaign.id, now)
        self._unit.session.flush()
        return response

    def _needs(self, campaign: Campaign, now: datetime) -> dict[int, Answer]:
        """What members reported or joined in its time. What is reported for somebody else is that person's answer."""
        until = min(now, campaign.closes_at)
        ours = select(Member.id).where(*self._belongs(campaign, now))
        reported = select(
            Case.reporter_id, func.coalesce(Case.merged_into, Case.number), Case.created_at
        ).where(
            Case.reporter_id.in_(ours),
            Case.behalf_sealed.is_(None),
            Case.kind != CaseKind.PROJECT.value,
            Case.state != CaseState.DRAFT.value,
            Case.created_at >= campaign.opened_at,
            Case.created_at < until,
        )
        joined = select(CaseFollower.member_id, CaseFollower.case_number, CaseFollower.at).where(
            CaseFollower.member_id.in_(ours),
            CaseFollower.at >= campaign.opened_at,
            CaseFollower.at < until,
        )
        found: dict[int, Answer] = {}
        for query in (reported, joined):
            for member_id, number, at in self._unit.session.execute(query):
                if member_id not in found or at < found[member_id].at:
                    found[member_id] = Answer(kind="need", case_number=number, at=at)
        return found

    def _numbers(self, campaign: Campaign, now: datetime) -> list[int]:
        """The numbers of all matters that were reported in its time, for somebody else too, or joined."""
        joined = {each.case_number for each in self.answers(campaign, now).values()} - {None}
        reported = and_(
            Case.consortium_id == campaign.consortium_id,
            Case.created_at >= campaign.opened_at,
            Case.created_at < min(now, campaign.closes_at),
        )
        query = (
            select(Case.number)
            .where(
                or_(reported, Case.number.in_(joined)),
                Case.kind != CaseKind.PROJECT.value,
                Case.state.not_in([state.value for state in _NO_MATTER]),
            )
            .order_by(Case.number)
        )
        return list(self._unit.session.scalars(query))

    def _belongs(self, campaign: Campaign, now: datetime) -> list[ColumnElement[bool]]:
        """Conditions on members: of an organisation that answers for the consortium today."""
        consortium = self._unit.session.get_one(Consortium, campaign.consortium_id)
        parties = self._unit.consortia.parties(consortium, local(now).date())
        return [Member.organisation_id.in_(parties), Member.left_at.is_(None)]

    def facts(self, campaign: Campaign, response: Response) -> CampaignTold:
        """What is told of a campaign."""
        consortium = self._unit.session.get_one(Consortium, campaign.consortium_id)
        return CampaignTold(
            campaign=campaign.id,
            consortium=consortium.name,
            question=campaign.question,
            closes_at=campaign.closes_at,
            response=response,
        )


def _bound() -> ColumnElement[bool]:
    """That a member can be written to."""
    return (
        select(Identity.openid)
        .where(Identity.member_id == Member.id, Identity.subscribed.is_(True))
        .correlate(Member)
        .exists()
    )


def answered(unit: Unit, campaign_id: int, members: Iterable[int], now: datetime) -> set[int]:
    """Those of the members to whom a letter about a campaign has no purpose any more: they have answered."""
    campaign = unit.campaigns.get(campaign_id)
    return set(members) if campaign is None else unit.campaigns.answered(campaign, members, now)

"""Whose an activity is and who runs it: derived from posts, seats and the term in office on its day, never kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from models.activity import Activity, ActivityNotYours
from models.consortium import Consortium, standing
from models.member import Member
from models.moment import local
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class Host(msgspec.Struct, frozen=True):
    """Whose activity it is."""

    consortium_id: int | None
    organisation_id: int | None
    """The branch whose own it is; None: the consortium's."""
    acting_id: int
    """For which organisation the speaker acts."""


class ActivityRights:
    """What follows from who somebody is on the day of an activity."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def host_for(self, by: Person, day: date, now: datetime, *, branch: bool = False) -> Host:
        """For whom somebody would call an activity on a day: the consortium that they chair or lead then, else their own
        branch (``branch``: that in any case). Refuses with ActivityNotYours whoever holds no post now.
        """
        offices, joint = self._posts_of(by, now)
        if not branch:
            for consortium_id in sorted(
                self._run_by(offices, joint, day), key=lambda each: (each != by.consortium_id, each)
            ):
                acting = offices & self.runners(consortium_id, None, day)
                if by.organisation_id in acting:
                    return Host(consortium_id, None, by.organisation_id)
                return Host(consortium_id, None, min(acting, default=self._lead(consortium_id)))
        if not offices:
            raise ActivityNotYours()
        own = by.organisation_id if by.organisation_id in offices else min(offices)
        return Host(self._consortium_of(own, day), own, own)

    def runners(self, consortium_id: int | None, organisation_id: int | None, day: date) -> set[int]:
        """The organisations that may run an activity of a day: the branch, or chair and lead."""
        if organisation_id is not None or consortium_id is None:
            return {organisation_id} if organisation_id is not None else set()
        lead = self._lead(consortium_id)
        chair = self._unit.consortia.chair(consortium_id, day)
        return {lead, chair[1].id} if chair is not None else {lead}

    def host_id(self, activity: Activity) -> int:
        """The organisation that answers for it: the branch, else the chair of its day; a gap falls to the lead."""
        if activity.organisation_id is not None:
            return activity.organisation_id
        assert activity.consortium_id is not None  # noqa: S101 - the table says so
        chair = self._unit.consortia.chair(activity.consortium_id, activity.day)
        return chair[1].id if chair is not None else self._lead(activity.consortium_id)

    def lead_id(self, activity: Activity) -> int:
        """Who is told when the host does nothing: the consortium's lead, else the organisation above, else the host."""
        if activity.consortium_id is not None:
            return self._lead(activity.consortium_id)
        above = self._unit.standings.above(self.host_id(activity))
        return above[0] if above else self.host_id(activity)

    def audience(self, activity: Activity) -> list[int]:
        """The organisations whose members it is for."""
        if activity.organisation_id is not None or activity.consortium_id is None:
            return [activity.organisation_id] if activity.organisation_id is not None else []
        seated = self._unit.consortia.seated(activity.consortium_id, activity.day)
        return [each.organisation_id for each in seated]

    def members(self, activity: Activity) -> list[int]:
        """Everybody whom it is for."""
        query = (
            select(Member.id)
            .where(Member.organisation_id.in_(self.audience(activity)), Member.left_at.is_(None))
            .order_by(Member.id)
        )
        return list(self._unit.session.scalars(query))

    def may_run(self, activity: Activity, by: Person, now: datetime) -> bool:
        """Whether somebody acts now for an organisation that runs it, or in the consortium whose it is."""
        offices, joint = self._posts_of(by, now)
        if activity.organisation_id is None and activity.consortium_id in joint:
            return True
        return bool(offices & self.runners(activity.consortium_id, activity.organisation_id, activity.day))

    def may_come(self, activity: Activity, by: Person) -> bool:
        """Whether it is for this person, or open to guests."""
        return activity.guests or by.organisation_id in self.audience(activity)

    # ---- within ----------------------------------------------------------------------------------

    def _concerns(self, by: Person, now: datetime) -> ColumnElement[bool]:
        """That an activity is for somebody's organisation or consortium, or run by an organisation they act for."""
        offices, joint = self._posts_of(by, now)
        consortia = set(self._run_by(offices, joint, local(now).date()))
        seated = self._unit.consortia.of_organisation(by.organisation_id, local(now).date())
        consortia |= {each.id for each in seated}
        return or_(
            and_(Activity.organisation_id.is_(None), Activity.consortium_id.in_(sorted(consortia))),
            Activity.organisation_id.in_(sorted({by.organisation_id, *offices})),
        )

    def _posts_of(self, by: Person, now: datetime) -> tuple[frozenset[int], frozenset[int]]:
        """The organisations, and the consortia, in which somebody acts at a moment."""
        unit = self._unit
        return unit.organisations.offices_of(by.member_id, now), unit.posts.acts_in(by.member_id, now)

    def _run_by(self, offices: frozenset[int], joint: frozenset[int], day: date) -> set[int]:
        """The consortia that are chaired or led by one of these organisations on a day, or by whoever acts in them."""
        if not offices and not joint:
            return set()
        query = (
            select(Consortium.id)
            .outerjoin(Term, and_(Term.consortium_id == Consortium.id, presiding(day)))
            .where(
                or_(
                    Consortium.lead_id.in_(offices),
                    Term.organisation_id.in_(offices),
                    Consortium.id.in_(joint),
                ),
                standing(day),
            )
        )
        return set(self._unit.session.scalars(query))

    def _lead(self, consortium_id: int) -> int:
        return self._unit.consortia.get(consortium_id).lead_id

    def _consortium_of(self, organisation_id: int, day: date) -> int | None:
        found = self._unit.consortia.of_organisation(organisation_id, day)
        return found[0].id if found else None

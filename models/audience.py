"""Whom a letter to many is for, as data: a kind of audience and the ids that it is counted from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from models.activity import Activity
from models.attending import Participation
from models.campaign import Campaign, CampaignAnswer
from models.member import Member
from models.organisation import Organisation
from models.seat import Seat, seated

Belongs = Callable[[int, date], ColumnElement[bool]]
"""The condition on ``Member`` that makes somebody one of an audience, for its id and as of a day."""


class Audience(msgspec.Struct, frozen=True):
    """The members of one consortium, of some organisations, of whatever else is in ``AUDIENCES``."""

    kind: str
    ids: tuple[int, ...]
    """Whoever belongs to several of them is told once."""


def _of_consortium(consortium_id: int, on: date) -> ColumnElement[bool]:
    """Members of the organisations that have a seat in it that day."""
    belonging = select(Seat.organisation_id).where(Seat.consortium_id == consortium_id, seated(on))
    return Member.organisation_id.in_(belonging)


def _of_organisation(organisation_id: int, on: date) -> ColumnElement[bool]:
    """Members of an organisation and of all below it."""
    tree = select(Organisation.id).where(Organisation.id == organisation_id).cte("tree", recursive=True)
    below = select(Organisation.id).where(Organisation.parent_id == tree.c.id)
    return Member.organisation_id.in_(select(tree.union(below).c.id))


def _silent(campaign_id: int, on: date) -> ColumnElement[bool]:
    """Members of a campaign's consortium who have not said that they need nothing.

    Whoever has reported a need meanwhile is left out when the letter leaves (``models.purpose``).
    """
    consortium = select(Campaign.consortium_id).where(Campaign.id == campaign_id).scalar_subquery()
    belonging = select(Seat.organisation_id).where(Seat.consortium_id == consortium, seated(on))
    said = select(CampaignAnswer.member_id).where(CampaignAnswer.campaign_id == campaign_id)
    return and_(Member.organisation_id.in_(belonging), Member.id.not_in(said))


def _invited(activity_number: int, on: date) -> ColumnElement[bool]:
    """Members of the organisations that an activity is for, as of its day, who have not answered yet."""
    activity = select(Activity).where(Activity.number == activity_number).subquery()
    belonging = (
        select(Seat.organisation_id)
        .join(activity, activity.c.consortium_id == Seat.consortium_id)
        .where(activity.c.organisation_id.is_(None), seated(on))
    )
    own = select(activity.c.organisation_id).where(activity.c.organisation_id.is_not(None))
    answered = select(Participation.member_id).where(Participation.activity_number == activity_number)
    return and_(
        or_(Member.organisation_id.in_(belonging), Member.organisation_id.in_(own)),
        Member.id.not_in(answered),
    )


AUDIENCES: Final[Mapping[str, Belongs]] = {
    "consortium": _of_consortium,
    "organisation": _of_organisation,
    "silent": _silent,
    "invited": _invited,
}
"""Every kind of audience. The condition is looked at page by page while the letters are written, so that whoever answers
meanwhile is left out."""

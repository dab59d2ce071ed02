"""主持: what only those at a consortium's desk do: the organisation that chairs it that day, and its lead organisation."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from models.base import DomainError
from models.bookrights import desks
from models.consortium import Consortium, standing
from models.moment import local

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class NotChairing(DomainError):
    """Campaigns and joint meetings are for whoever chairs the consortium that day, and for its lead organisation."""


def led(unit: Unit, person: Person, now: datetime) -> list[Consortium]:
    """The consortia that this person leads at a moment: they act for its lead organisation, or hold a post in it."""
    mine = unit.organisations.offices_of(person.member_id, now)
    joint = unit.posts.acts_in(person.member_id, now)
    if not mine and not joint:
        return []
    query = (
        select(Consortium)
        .where(or_(Consortium.lead_id.in_(mine), Consortium.id.in_(joint)), standing(local(now).date()))
        .order_by(Consortium.id)
    )
    return list(unit.session.scalars(query))


def leads(unit: Unit, consortium: Consortium, person: Person, now: datetime) -> bool:
    """Whether a consortium is one of those."""
    return any(each.id == consortium.id for each in led(unit, person, now))


def require_desk(unit: Unit, consortium_id: int, person: Person, now: datetime) -> int:
    """Refuses whoever does not sit at that desk; gives the organisation for which they do, the chair's if they may choose."""
    desk = next((each for each in desks(unit, person, now) if each.id == consortium_id), None)
    if desk is None:
        raise NotChairing()
    offices = unit.organisations.offices_of(person.member_id, now)
    chair = unit.consortia.chair(consortium_id, local(now).date())
    return chair[1].id if chair is not None and chair[1].id in offices else desk.lead_id


def chair_of(unit: Unit, consortium_id: int, day: date) -> int:
    """The organisation that chairs on a day; the lead organisation where the rota has a gap."""
    chair = unit.consortia.chair(consortium_id, day)
    return chair[1].id if chair is not None else unit.session.get_one(Consortium, consortium_id).lead_id

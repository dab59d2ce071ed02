"""主持: what only those at a consortium's desk do: the organisation that chairs it that day, and its lead organisation."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from models import bookrights
from models.base import DomainError
from models.consortium import Consortium

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class NotChairing(DomainError):
    """Campaigns and joint meetings are for whoever chairs the consortium that day, and for its lead organisation."""


def desks(unit: Unit, person: Person, day: date) -> list[Consortium]:
    """The consortia whose desk is this person's on a day: they hold a post in its chair or in its lead organisation."""
    return bookrights.desks(unit, person, day)


def require_desk(unit: Unit, consortium_id: int, person: Person, day: date) -> int:
    """Refuses whoever does not sit at that desk; gives the organisation for which they do, the chair's if they may choose."""
    if all(each.id != consortium_id for each in desks(unit, person, day)):
        raise NotChairing()
    offices = unit.organisations.offices_of(person.member_id)
    chair = unit.consortia.chair(consortium_id, day)
    lead_id = _lead(unit, consortium_id)
    return chair[1].id if chair is not None and chair[1].id in offices else lead_id


def chair_of(unit: Unit, consortium_id: int, day: date) -> int:
    """The organisation that chairs on a day; the lead organisation where the rota has a gap."""
    chair = unit.consortia.chair(consortium_id, day)
    return chair[1].id if chair is not None else _lead(unit, consortium_id)


def _lead(unit: Unit, consortium_id: int) -> int:
    return unit.session.get_one(Consortium, consortium_id).lead_id

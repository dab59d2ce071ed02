"""认人: from a name and a phone to a bound member, by the roster or by a liaison officer's word."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from models.identity import BindingDecided, BindingRequest, Identity
from models.member import Member, clean_phone

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class Roster(enum.Enum):
    """What the roster says to a name and a phone."""

    KNOWS = "knows"
    OTHER_NAME = "other name"
    UNKNOWN = "unknown"


def look_up(unit: Unit, *, name: str, phone: str) -> tuple[Roster, Member | None]:
    """Whether the roster has that phone under that name. Refuses what cannot be a name or a phone."""
    member = unit.members.with_phone(phone)
    if member is None:
        return Roster.UNKNOWN, None
    return (Roster.KNOWS if member.is_called(name, unit.vault) else Roster.OTHER_NAME), member


def bind(unit: Unit, identity: Identity, member: Member, now: datetime) -> None:
    """This WeChat is that member's; giving one's name after the notice is the consent to it.

    What they were to be phoned for is sent there now.
    """
    identity.bind(member.id, now)
    identity.agree(now)
    unit.calls.back(member.id, now)


def decide(unit: Unit, request: BindingRequest, *, approved: bool, by: Person | None, now: datetime) -> None:
    """A liaison officer's word on a request. A yes puts the person on the roster if need be, and binds them.

    ``by``: None where it was decided in the web admin, whose audit says by whom.
    """
    request.decide(approved=approved, by_id=None if by is None else by.member_id, now=now)
    name, phone = request.name(unit.vault), request.phone(unit.vault)
    if approved:
        member = unit.members.with_phone(clean_phone(phone))
        if member is None:
            member = unit.members.add(
                Member.enrol(
                    name=name, phone=phone, organisation_id=request.organisation_id, vault=unit.vault, now=now
                )
            )
        else:
            member.correct(name=name, organisation_id=request.organisation_id, vault=unit.vault)
        bind(unit, unit.identities.of(request.openid), member, now)
    unit.tell(
        BindingDecided(
            request=request.id,
            openid=request.openid,
            name=name,
            organisation=unit.organisations.get(request.organisation_id).name,
            approved=approved,
        )
    )

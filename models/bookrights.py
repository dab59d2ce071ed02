"""Who may draw a list up, who signs for an organisation, and who sees a list: all derived, nothing kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from models.book import Book, BookParty, BookState, NotDrawing, NotParty, NotSigner, signers
from models.consortium import Consortium, standing
from models.moment import local
from models.organisation import PostKind
from models.term import Term, presiding

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


def desks(unit: Unit, person: Person, now: datetime) -> list[Consortium]:
    """The consortia whose lists a person may draw up, send and end at a moment.

    That is for those who hold a post in the organisation that chairs it that day, since collecting the month's
    matters is what the chair is for; or in the lead organisation, which does not rotate and so can go on where the
    rota has a gap or the chair has changed meanwhile; or in the consortium itself.
    """
    mine, day = unit.organisations.offices_of(person.member_id, now), local(now).date()
    joint = unit.posts.acts_in(person.member_id, now)
    if not mine and not joint:
        return []
    in_the_chair = and_(Term.consortium_id == Consortium.id, presiding(day))
    query = (
        select(Consortium)
        .outerjoin(Term, in_the_chair)
        .where(
            or_(Consortium.lead_id.in_(mine), Term.organisation_id.in_(mine), Consortium.id.in_(joint)),
            standing(day),
        )
        .distinct()
        .order_by(Consortium.id)
    )
    return list(unit.session.scalars(query))


def draws(unit: Unit, consortium: Consortium, person: Person, now: datetime) -> bool:
    """Whether a person may draw up the lists of a consortium."""
    return any(each.id == consortium.id for each in desks(unit, person, now))


def require_drawing(unit: Unit, consortium: Consortium, person: Person, now: datetime) -> None:
    """Refuses whoever may not."""
    if not draws(unit, consortium, person, now):
        raise NotDrawing(consortium=consortium.name)


def signs_for(unit: Unit, organisation_id: int, person: Person, now: datetime) -> bool:
    """Whether a person signs for an organisation."""
    officers = unit.organisations.officers(organisation_id, now)
    return any(officer.member_id == person.member_id for officer in signers(officers))


def require_signing(unit: Unit, book: Book, organisation_id: int, person: Person, now: datetime) -> None:
    """Refuses whoever does not sign for that organisation; its own people are told who does."""
    if organisation_id != person.organisation_id and organisation_id not in unit.organisations.offices_of(
        person.member_id, now
    ):
        raise NotParty(number=book.id)
    if not signs_for(unit, organisation_id, person, now):
        first = next(iter(signers(unit.organisations.officers(organisation_id, now))), None)
        who = f"{first.post.label}{first.name}" if first is not None else PostKind.SECRETARY.label
        raise NotSigner(number=book.id, who=who)


def sees(unit: Unit, book: Book, parties: list[BookParty], person: Person, now: datetime) -> bool:
    """Whether a person may see a list: a draft only who may send it, else members of its parties and consortium."""
    consortium = unit.session.get_one(Consortium, book.consortium_id)
    if draws(unit, consortium, person, now):
        return True
    if book.state == BookState.DRAFT.value or book.sent_at is None:
        return False
    own = unit.organisations.offices_of(person.member_id, now) | {person.organisation_id}
    if person.consortium_id == book.consortium_id or consortium.lead_id in own:
        return True
    return any(party.organisation_id in own for party in parties)

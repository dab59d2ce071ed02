"""Who may draw a list up, who signs for an organisation, and who sees a list: all derived, nothing kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from models.book import Book, BookParty, BookState, NotDrawing, NotParty, NotSigner, signers
from models.consortium import Consortium, Term
from models.organisation import PostKind

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


def desks(unit: Unit, person: Person, day: date) -> list[Consortium]:
    """The consortia whose lists a person may draw up, send and end on a day.

    That is for those who hold a post in the organisation that chairs it that day, since collecting the month's
    matters is what the chair is for; or in the lead organisation, which does not rotate and so can go on where the
    rota has a gap or the chair has changed meanwhile.
    """
    mine = unit.organisations.offices_of(person.member_id)
    if not mine:
        return []
    in_the_chair = and_(Term.consortium_id == Consortium.id, Term.starts_on <= day, Term.ends_on >= day)
    query = (
        select(Consortium)
        .outerjoin(Term, in_the_chair)
        .where(or_(Consortium.lead_id.in_(mine), Term.organisation_id.in_(mine)))
        .distinct()
        .order_by(Consortium.id)
    )
    return list(unit.session.scalars(query))


def draws(unit: Unit, consortium: Consortium, person: Person, day: date) -> bool:
    """Whether a person may draw up the lists of a consortium."""
    return any(each.id == consortium.id for each in desks(unit, person, day))


def require_drawing(unit: Unit, consortium: Consortium, person: Person, day: date) -> None:
    """Refuses whoever may not."""
    if not draws(unit, consortium, person, day):
        raise NotDrawing(consortium=consortium.name)


def signs_for(unit: Unit, organisation_id: int, person: Person) -> bool:
    """Whether a person signs for an organisation."""
    officers = unit.organisations.officers(organisation_id)
    return any(officer.member_id == person.member_id for officer in signers(officers))


def require_signing(unit: Unit, book: Book, organisation_id: int, person: Person) -> None:
    """Refuses whoever does not sign for that organisation; its own people are told who does."""
    if organisation_id != person.organisation_id and organisation_id not in unit.organisations.offices_of(
        person.member_id
    ):
        raise NotParty(number=book.id)
    if not signs_for(unit, organisation_id, person):
        first = next(iter(signers(unit.organisations.officers(organisation_id))), None)
        who = f"{first.post.label}{first.name}" if first is not None else PostKind.SECRETARY.label
        raise NotSigner(number=book.id, who=who)


def sees(unit: Unit, book: Book, parties: list[BookParty], person: Person, day: date) -> bool:
    """Whether a person may see a list: a draft only who may send it, else members of its parties and consortium."""
    consortium = unit.session.get_one(Consortium, book.consortium_id)
    if draws(unit, consortium, person, day):
        return True
    if book.state == BookState.DRAFT.value or book.sent_at is None:
        return False
    own = unit.organisations.offices_of(person.member_id) | {person.organisation_id}
    if person.consortium_id == book.consortium_id or consortium.lead_id in own:
        return True
    return any(party.organisation_id in own for party in parties)

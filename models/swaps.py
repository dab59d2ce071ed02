"""All swaps: asking, taking, objecting, withdrawing; what time settles; what becomes of them when the rota changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from models import chairing
from models.consortium import Consortium, standing
from models.moment import local
from models.swap import (
    LIVE,
    NotForOffice,
    NoTurnToSwap,
    Side,
    Swap,
    SwapAsk,
    SwapState,
    SwapUnknown,
)
from models.term import Term, presiding
from models.turns import DAY, seated
from models.workday import closing

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class Swaps:
    """Swaps of all consortia."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def turns_of(self, person: Person, now: datetime) -> list[Term]:
        """The turns to come for which a person speaks, the nearest first.

        Raises:
            NotForOffice: they hold no post.
            NoTurnToSwap: their organisations have no turn to come.
        """
        offices = self._unit.organisations.offices_of(person.member_id, now)
        if not offices:
            raise NotForOffice()
        query = (
            select(Term)
            .join(Consortium, Consortium.id == Term.consortium_id)
            .where(
                Term.organisation_id.in_(offices),
                Term.starts_on > local(now).date(),
                presiding(Term.starts_on),
                standing(Term.starts_on),
            )
            .order_by(Term.starts_on, Term.id)
        )
        found = list(self._unit.session.scalars(query))
        if not found:
            raise NoTurnToSwap()
        return found

    def partners(self, term: Term, now: datetime) -> list[Side]:
        """With whom a turn could be swapped, see ``partner_terms``."""
        found = self.partner_terms(term, now)
        names = self._unit.organisations.names_of({each.organisation_id for each in found})
        return [
            Side(each.organisation_id, names[each.organisation_id], each.id, each.starts_on, each.ends_on)
            for each in found
        ]

    def partner_terms(self, term: Term, now: datetime) -> list[Term]:
        """For what a turn could be swapped: each other organisation's next turn, the nearest to it first.

        Both have to be members for both whole turns, and neither skipped; turns that are being swapped already, or lie
        too near, are left out.
        """
        unit, today = self._unit, local(now).date()
        stays = unit.consortia.stays(term.consortium_id)
        aways = [each.away for each in unit.rotas.skips(term.consortium_id)]

        def gets(organisation_id: int, gives: Term, other: Term) -> bool:
            return all(
                seated(organisation_id, each.starts_on, each.ends_on, stays) for each in (gives, other)
            ) and not any(
                away.organisation_id == organisation_id and away.covers(other.starts_on, other.ends_on)
                for away in aways
            )

        busy = self._busy(term.consortium_id)
        found: dict[int, Term] = {}
        for other in unit.consortia.terms_of(term.consortium_id):
            if other.starts_on <= today or latest(other.starts_on) <= now or other.id in busy:
                continue
            if other.organisation_id == term.organisation_id or other.organisation_id in found:
                continue
            if gets(other.organisation_id, other, term) and gets(term.organisation_id, term, other):
                found[other.organisation_id] = other
        return sorted(found.values(), key=lambda other: (abs(other.starts_on - term.starts_on), other.id))

    def number(self, swap_id: int) -> Swap:
        """The swap of that number, to be changed."""
        query = select(Swap).where(Swap.id == swap_id).with_for_update()
        found = self._unit.session.scalar(query)
        if found is None:
            raise SwapUnknown(number=swap_id)
        return found

    def asked(self, swap: Swap, organisation_id: int) -> Side | None:
        """Which turn an organisation would give; None: it was not asked, or its turn is gone."""
        ask = self.ask_of(swap, organisation_id)
        term = self._unit.consortia.term(ask.term_id) if ask is not None else None
        return None if term is None else self.side(organisation_id, term)

    def mine(self, swap: Swap) -> Side | None:
        """Whose turn is offered; None: it is gone."""
        term = self._unit.consortia.term(swap.term_id)
        return None if term is None else self.side(swap.organisation_id, term)

    def of_offices(self, person: Person, now: datetime) -> list[Swap]:
        """The swaps under way that a person's organisations asked for, the newest first."""
        offices = self._unit.organisations.offices_of(person.member_id, now)
        query = select(Swap).where(Swap.organisation_id.in_(offices), Swap.state.in_(LIVE))
        return list(self._unit.session.scalars(query.order_by(Swap.id.desc()))) if offices else []

    def to_record(self, person: Person, now: datetime) -> list[Swap]:
        """The swaps to which a person may still object, in the consortia that they lead; the oldest first."""
        led = [each.id for each in chairing.led(self._unit, person, now)]
        query = select(Swap).where(Swap.consortium_id.in_(led), Swap.state == SwapState.TAKEN.value)
        return list(self._unit.session.scalars(query.order_by(Swap.id))) if led else []

    def history(self, term_ids: Sequence[int]) -> list[Swap]:
        """Every swap that these turns were part of and that came to something, the oldest first."""
        query = select(Swap).where(
            Swap.state == SwapState.DONE.value,
            Swap.term_id.in_(term_ids) | Swap.peer_term_id.in_(term_ids),
        )
        return list(self._unit.session.scalars(query.order_by(Swap.id)))

    def _busy(self, consortium_id: int) -> set[int]:
        """Turns that are given or wanted in a swap under way: what is only asked for is still free."""
        query = select(Swap.term_id, Swap.peer_term_id).where(
            Swap.consortium_id == consortium_id, Swap.state.in_(LIVE)
        )
        return {each for row in self._unit.session.execute(query) for each in row if each is not None}

    def side(self, organisation_id: int, term: Term) -> Side:
        """An organisation with a turn that it gives."""
        name = self._unit.organisations.get(organisation_id).name
        return Side(organisation_id, name, term.id, term.starts_on, term.ends_on)

    def asks(self, swap: Swap) -> list[SwapAsk]:
        """Who was asked, in their order."""
        query = select(SwapAsk).where(SwapAsk.swap_id == swap.id).order_by(SwapAsk.id)
        return list(self._unit.session.scalars(query))

    def ask_of(self, swap: Swap, organisation_id: int) -> SwapAsk | None:
        """How one organisation was asked; None: it was not."""
        query = select(SwapAsk).where(SwapAsk.swap_id == swap.id, SwapAsk.organisation_id == organisation_id)
        return self._unit.session.scalar(query)


def latest(first: date) -> datetime:
    """Until when a turn that begins on a day can be swapped: when the office closes on the day before."""
    return closing(first - DAY)

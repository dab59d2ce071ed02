"""The way of a swap: asking, taking, objecting, withdrawing, and what time and the rota beneath make of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from models.consortium import Consortium
from models.moment import local
from models.swap import (
    LIVE,
    SUBJECT,
    TAKEN_MARK,
    Event,
    NobodyToSwap,
    NotForOffice,
    Side,
    Swap,
    SwapAsk,
    SwapGone,
    SwapMoved,
    SwapOver,
    SwapState,
    SwapUnder,
    SwapUnknown,
    TurnTooNear,
    rules,
)
from models.swaps import latest
from models.term import Term
from models.turns import DAY, seated
from models.workday import YearMissing, closing

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit


class Swapping:
    """Swaps of all consortia, as they move."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- asking and taking -----------------------------------------------------------------------

    def ask(self, term: Term, peers: Sequence[Side], *, to_all: bool, by: Person, now: datetime) -> Swap:
        """Asks these organisations whether one of them would swap.

        Raises:
            NotForOffice: the person holds no post in the organisation whose turn it is.
            TurnTooNear: it begins too soon.
            SwapUnder: somebody is being asked already.
            NobodyToSwap: none of them can.
        """
        unit = self._unit
        consortium = unit.consortia.lock(term.consortium_id)
        self._require_office(term.organisation_id, by, now)
        possible = {each.term_id: each for each in self._unit.swaps.partners(term, now)}
        peers = [possible[each.term_id] for each in peers if each.term_id in possible]
        if latest(term.starts_on) <= now:
            raise TurnTooNear()
        under = self._under(term.id)
        if under is not None:
            raise SwapUnder(number=under.id)
        if not peers:
            raise NobodyToSwap()
        limits = [min(latest(term.starts_on), latest(each.first)) for each in peers]
        settle_by = min(closing(local(now).date() + timedelta(days=rules().answer_days)), max(limits))
        swap = Swap.ask(
            consortium_id=consortium.id,
            term_id=term.id,
            organisation_id=term.organisation_id,
            to_all=to_all,
            by=by.member_id,
            settle_by=settle_by,
            now=now,
        )
        unit.session.add(swap)
        unit.session.flush()
        unit.session.add_all(SwapAsk.send(swap.id, each.organisation_id, each.term_id) for each in peers)
        unit.session.flush()
        unit.agendas.plan(SUBJECT, swap.id, settle_by)
        self._tell(swap, Event.ASKED)
        return swap

    def take(self, swap: Swap, organisation_id: int, *, by: Person, now: datetime) -> None:
        """An organisation that was asked says yes: it gets the turn, unless the lead organisation objects.

        Where the lead organisation is one of the two, nobody is left to object, and it holds at once.

        Raises:
            NotForOffice: the person holds no post in that organisation.
            SwapUnknown: the organisation was not asked.
            SwapGone: another one was faster.
            SwapOver: it is over.
        """
        unit = self._unit
        consortium = self._hold(swap)
        self._require_office(organisation_id, by, now)
        ask = self._unit.swaps.ask_of(swap, organisation_id)
        if ask is None:
            raise SwapUnknown(number=swap.id)
        if swap.state == SwapState.TAKEN.value and swap.peer_id is not None:
            raise SwapGone(number=swap.id, organisation=unit.organisations.get(swap.peer_id).name)
        if not swap.live or swap.settle_by <= now:
            raise _over(swap)
        term, other = unit.consortia.term(swap.term_id), unit.consortia.term(ask.term_id)
        if (
            term is None
            or other is None
            or ask.term_id not in {each.id for each in self._unit.swaps.partner_terms(term, now)}
        ):
            raise SwapOver(number=swap.id, state=SwapState.VOID.label)
        leads = consortium.lead_id in (swap.organisation_id, organisation_id)
        settle_by = (
            now if leads else min(self._objection(now), latest(term.starts_on), latest(other.starts_on))
        )
        swap.take(organisation_id, other.id, by=by.member_id, settle_by=settle_by, now=now)
        unit.agendas.mark(SUBJECT, swap.id, TAKEN_MARK)
        unit.agendas.move(SUBJECT, swap.id, settle_by, now)
        if leads:
            self._do(swap, by, now)
        else:
            self._tell(swap, Event.TAKEN)

    def decline(self, swap: Swap, organisation_id: int, *, by: Person, now: datetime) -> None:
        """An organisation that was asked would rather not. When nobody is left to say yes, it is over.

        Raises:
            NotForOffice: the person holds no post in that organisation.
            SwapUnknown: the organisation was not asked.
        """
        self._hold(swap)
        self._require_office(organisation_id, by, now)
        ask = self._unit.swaps.ask_of(swap, organisation_id)
        if ask is None:
            raise SwapUnknown(number=swap.id)
        ask.decline(by.member_id, now)
        self._unit.session.flush()
        if swap.state == SwapState.OPEN.value and all(
            each.declined_at for each in self._unit.swaps.asks(swap)
        ):
            self._settle(swap, SwapState.EXPIRED, Event.EXPIRED, None, "", now)

    # ---- the lead organisation, and second thoughts ------------------------------------------------

    def approve(self, swap: Swap, *, by: Person, now: datetime) -> None:
        """The lead organisation agrees before its time to object is over.

        Raises:
            NotLead: the person holds no post there.
            SwapOver: there is nothing to agree to.
        """
        self._require_objecting(swap, by, now)
        self._do(swap, by, now)

    def refuse(self, swap: Swap, reason: str, *, by: Person, now: datetime) -> None:
        """The lead organisation objects: everything stays as it was.

        Raises:
            NotLead: the person holds no post there.
            SwapOver: it is too late, or nobody has taken it.
        """
        self._require_objecting(swap, by, now)
        self._settle(swap, SwapState.REFUSED, Event.REFUSED, by, reason, now)

    def withdraw(self, swap: Swap, *, by: Person, now: datetime) -> None:
        """Who asked thinks better of it, as long as it does not hold yet.

        Raises:
            NotForOffice: somebody else asked.
            SwapOver: it is settled.
        """
        self._hold(swap)
        self._require_office(swap.organisation_id, by, now)
        if not swap.live:
            raise _over(swap)
        self._settle(swap, SwapState.WITHDRAWN, Event.WITHDRAWN, by, "", now)

    # ---- time, and the rota beneath ----------------------------------------------------------------

    def time_out(self, swap: Swap, now: datetime) -> None:
        """Its time is over: what was taken holds, what nobody took stays as it was. The past is not swapped."""
        if not swap.live or swap.settle_by > now:
            return
        if swap.state == SwapState.TAKEN.value and self._sound(swap, local(now).date()):
            self._do(swap, None, now)
        else:
            self._settle(swap, SwapState.EXPIRED, Event.EXPIRED, None, "", now)

    def remind(self, swap: Swap, now: datetime) -> None:
        """Those who were asked and have not answered hear of it once more, unless they have only just been asked."""
        if swap.state == SwapState.OPEN.value and now - swap.asked_at > DAY:
            self._tell(swap, Event.REMINDED)

    def follow(self, consortium_id: int, now: datetime) -> None:
        """The rota changed: swaps under way go along with their turns, and end where there is nothing to exchange."""
        query = (
            select(Swap).where(Swap.consortium_id == consortium_id, Swap.state.in_(LIVE)).order_by(Swap.id)
        )
        for swap in self._unit.session.scalars(query).all():
            if not self._sound(swap, local(now).date()):
                self._settle(swap, SwapState.VOID, Event.VOID, None, "", now)
                continue
            limit = self._latest(swap)
            if limit < swap.settle_by:
                swap.hasten(limit)
                self._unit.agendas.move(SUBJECT, swap.id, limit, now)

    def _sound(self, swap: Swap, today: date) -> bool:
        """Whether both turns are still theirs and to come, and both are members for both."""
        term = self._unit.consortia.term(swap.term_id)
        if term is None or term.organisation_id != swap.organisation_id or term.starts_on <= today:
            return False
        stays = self._unit.consortia.stays(swap.consortium_id)
        asks = [
            each
            for each in self._unit.swaps.asks(swap)
            if each.organisation_id == swap.peer_id or (swap.peer_id is None and each.declined_at is None)
        ]
        for ask in asks:
            other = self._unit.consortia.term(ask.term_id)
            if (
                other is not None
                and other.organisation_id == ask.organisation_id
                and other.starts_on > today
                and all(
                    seated(organisation_id, each.starts_on, each.ends_on, stays)
                    for organisation_id in (ask.organisation_id, swap.organisation_id)
                    for each in (term, other)
                )
            ):
                return True
        return False

    # ---- inside ------------------------------------------------------------------------------------

    def _do(self, swap: Swap, by: Person | None, now: datetime) -> None:
        unit = self._unit
        term, other = unit.consortia.term(swap.term_id), unit.consortia.term(swap.peer_term_id or 0)
        if term is None or other is None or swap.peer_id is None:
            raise SwapOver(number=swap.id, state=SwapState.VOID.label)
        news = self._news(swap, Event.DONE)
        swap.settle(SwapState.DONE, by=by.member_id if by is not None else None, reason="", now=now)
        unit.agendas.stop(SUBJECT, swap.id, now)
        unit.session.flush()
        unit.rotas.lay(
            {term: swap.peer_id, other: swap.organisation_id},
            swap_id=swap.id,
            cause="swap",
            reason="",
            by=by,
            now=now,
        )
        unit.tell(news)

    def _settle(
        self, swap: Swap, state: SwapState, event: Event, by: Person | None, reason: str, now: datetime
    ) -> None:
        news = self._news(swap, event, reason)
        swap.settle(state, by=by.member_id if by is not None else None, reason=reason, now=now)
        self._unit.agendas.stop(SUBJECT, swap.id, now)
        self._unit.session.flush()
        self._unit.tell(news)

    def _tell(self, swap: Swap, event: Event) -> None:
        self._unit.tell(self._news(swap, event))

    def _news(self, swap: Swap, event: Event, reason: str = "") -> SwapMoved:
        unit = self._unit
        agenda = unit.agendas.of(SUBJECT, swap.id)
        consortium = unit.session.get_one(Consortium, swap.consortium_id)
        peer = None
        sides = []
        for ask in self._unit.swaps.asks(swap):
            side = self._offered(ask.organisation_id, ask.term_id)
            if ask.organisation_id == swap.peer_id:
                peer = side
            elif ask.declined_at is None:
                sides.append(side)
        return SwapMoved(
            event=event,
            swap=swap.id,
            edition=agenda.edition if agenda is not None else 0,
            consortium=consortium.name,
            lead_id=consortium.lead_id,
            mine=self._offered(swap.organisation_id, swap.term_id),
            peer=peer,
            asked=tuple(sides),
            settle_by=swap.settle_by,
            reason=reason,
            was_taken=swap.taken_at is not None,
        )

    def _offered(self, organisation_id: int, term_id: int) -> Side:
        term = self._unit.consortia.term(term_id)
        if term is not None:
            return self._unit.swaps.side(organisation_id, term)
        name = self._unit.organisations.get(organisation_id).name
        return Side(organisation_id, name, term_id, date.min, date.min)

    def _under(self, term_id: int) -> Swap | None:
        query = select(Swap).where(
            Swap.state.in_(LIVE), (Swap.term_id == term_id) | (Swap.peer_term_id == term_id)
        )
        return self._unit.session.scalars(query.limit(1)).first()

    def _hold(self, swap: Swap) -> Consortium:
        """Nobody else changes the swap, or the rota beneath, until the transaction is over; gives its consortium."""
        consortium = self._unit.consortia.lock(swap.consortium_id)
        self._unit.session.refresh(swap)
        return consortium

    def _require_office(self, organisation_id: int, by: Person, now: datetime) -> None:
        if organisation_id not in self._unit.organisations.offices_of(by.member_id, now):
            raise NotForOffice()

    def _require_objecting(self, swap: Swap, by: Person, now: datetime) -> None:
        self._unit.rotas.require_lead(self._hold(swap), by, now)
        if swap.state != SwapState.TAKEN.value:
            raise _over(swap)

    def _objection(self, now: datetime) -> datetime:
        """Until when the lead organisation may object: working days, or where nobody knows them, more days than that."""
        try:
            return self._unit.workdays.due(now, rules().object_workdays)
        except YearMissing:
            return closing(local(now).date() + timedelta(days=rules().object_days))

    def _latest(self, swap: Swap) -> datetime:
        """The last moment at which it could still take effect."""
        mine = self._unit.consortia.term(swap.term_id)
        others = [
            self._unit.consortia.term(ask.term_id)
            for ask in self._unit.swaps.asks(swap)
            if swap.peer_id is None or ask.organisation_id == swap.peer_id
        ]
        limits = [latest(other.starts_on) for other in others if other is not None]
        return min(latest(mine.starts_on), max(limits)) if mine is not None and limits else swap.settle_by


def _over(swap: Swap) -> SwapOver:
    return SwapOver(number=swap.id, state=SwapState(swap.state).label)

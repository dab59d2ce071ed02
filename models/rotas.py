"""All rotas: setting one up, previewing what it would change, publishing it, and keeping it filled a year ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Select, delete, or_, select

from models import chairing
from models.consortium import Consortium, standing
from models.drafting import AHEAD, Drafting, aways_on, ground
from models.moment import local
from models.rewriting import IMPORTED, PUBLISHED, Rewriting
from models.rota import (
    NoConsortium,
    NotLead,
    NotSeated,
    NotSkipped,
    Proposal,
    Rota,
    RotaChanged,
    RotaPlace,
    RotaSkip,
    Row,
    Settings,
    TermOverride,
    TurnOver,
)
from models.term import Term
from models.turns import (
    DAY,
    Away,
    Place,
    Span,
    Strategy,
    add_months,
    draw,
    seated,
)

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

AT_ONCE: Final = 20
"""Rotas that one transaction fills."""


class Rotas:
    """The rotas of all consortia."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rewriting = Rewriting(unit)

    # ---- looking ---------------------------------------------------------------------------------

    def of(self, consortium_id: int) -> Rota | None:
        """The rota of a consortium; None: nobody set one up, its turns come from tables."""
        return self._unit.session.scalar(select(Rota).where(Rota.consortium_id == consortium_id))

    def skips(self, consortium_id: int) -> list[RotaSkip]:
        """Who is or was skipped, in the order in which that was noted."""
        query = select(RotaSkip).where(RotaSkip.consortium_id == consortium_id).order_by(RotaSkip.id)
        return list(self._unit.session.scalars(query))

    def away(self, consortium_id: int, day: date) -> list[RotaSkip]:
        """Whose reason to be skipped is not over, and who is still owed a turn."""
        return [
            each
            for each in self.skips(consortium_id)
            if each.until is None
            or each.until >= day
            or (each.missed_on is not None and (each.paid_on is None or each.paid_on > day))
        ]

    def led_by(self, person: Person, now: datetime) -> Consortium:
        """The consortium whose rota a person sets up: one that they lead, see ``chairing.led``.

        Raises:
            NotLead: there is none.
        """
        led = chairing.led(self._unit, person, now)
        if not led:
            if person.consortium_id is None:
                raise NoConsortium()
            own = self._unit.session.get_one(Consortium, person.consortium_id)
            raise NotLead(lead=self._unit.organisations.get(own.lead_id).name)
        return next((each for each in led if each.id == person.consortium_id), led[0])

    def require_lead(self, consortium: Consortium, person: Person, now: datetime) -> None:
        """Refuses whoever does not lead the consortium."""
        if not chairing.leads(self._unit, consortium, person, now):
            raise NotLead(lead=self._unit.organisations.get(consortium.lead_id).name)

    def settings(self, consortium_id: int, now: datetime) -> Settings:
        """How the chair goes round today. Where nobody set that up, what the turns on file suggest.

        Members who joined since stand at the end of the order.
        """
        today = local(now).date()
        rota = self.of(consortium_id)
        members = [
            each.organisation_id
            for each in self._unit.consortia.seated(consortium_id, today)
            if each.part.chairs
        ]
        if rota is None:
            terms = self._unit.consortia.terms_of(consortium_id)
            order = list(dict.fromkeys(term.named_id for term in terms))
            places = tuple(
                Place(each)
                for each in dict.fromkeys([*(each for each in order if each in members), *members])
            )
            return Settings(Strategy.MANUAL, Span.MONTH, self._first_free(terms, today), places)
        known = self._places(rota)
        have = {place.organisation_id for place in known}
        return Settings(
            Strategy(rota.strategy),
            Span(rota.span),
            rota.first_on,
            (*known, *(Place(each) for each in members if each not in have)),
        )

    def places_of(self, consortium_id: int) -> tuple[Place, ...]:
        """The order on file; empty where nobody set a rota up."""
        rota = self.of(consortium_id)
        return () if rota is None else self._places(rota)

    def _places(self, rota: Rota) -> tuple[Place, ...]:
        query = select(RotaPlace).where(RotaPlace.rota_id == rota.id).order_by(RotaPlace.position)
        return tuple(Place(each.organisation_id, each.weight) for each in self._unit.session.scalars(query))

    def start_of(self, consortium_id: int, now: datetime) -> date:
        """From which day a rota that is set up now would count: when whoever is in the chair leaves it."""
        return self._first_free(self._unit.consortia.terms_of(consortium_id), local(now).date())

    @staticmethod
    def _first_free(terms: Sequence[Term], today: date) -> date:
        for term in terms:
            if term.starts_on <= today <= term.ends_on:
                return term.ends_on + DAY
        return add_months(today.replace(day=1), 1)

    # ---- preview and publish ---------------------------------------------------------------------

    def propose(self, consortium_id: int, settings: Settings, now: datetime) -> Proposal:
        """What these settings would make of the rota. Turns that are over or under way stay as they are.

        Raises:
            NobodyToChair: nobody may chair the first of the turns.
        """
        rota, skips = self.of(consortium_id), self.skips(consortium_id)
        return Drafting(self._unit).propose(consortium_id, rota, skips, settings, now)

    def publish(self, proposal: Proposal, *, by: Person | None, now: datetime) -> None:
        """Puts a proposal in force and tells those whose turns change by it.

        Raises:
            NotLead: the person holds no post in the lead organisation. (None: an operator.)
            RotaChanged: the rota, a skip, a swap or a membership is no longer as it was when the proposal was drawn.
        """
        unit = self._unit
        consortium = unit.consortia.lock(proposal.consortium_id)
        if by is not None:
            self.require_lead(consortium, by, now)
        again = self.propose(consortium.id, proposal.settings, now)
        if again.fingerprint != proposal.fingerprint:
            raise RotaChanged()
        member_id = by.member_id if by is not None else None
        self._keep(proposal, member_id, now)
        self._rewriting.write(
            consortium.id, proposal.rows, proposal.dropped, cause=PUBLISHED, by=member_id, now=now
        )
        self._rewriting.tell(now)

    def _keep(self, proposal: Proposal, by: int | None, now: datetime) -> None:
        session, settings = self._unit.session, proposal.settings
        rota = self.of(proposal.consortium_id)
        if rota is None:
            rota = Rota.begin(proposal.consortium_id)
            session.add(rota)
        rota.set_up(settings.strategy, settings.span, settings.first_on, by, now)
        rota.fill(proposal.rows[-1].ends_on if proposal.rows else None)
        session.flush()
        session.execute(delete(RotaPlace).where(RotaPlace.rota_id == rota.id))
        session.add_all(RotaPlace.put(rota.id, at, place) for at, place in enumerate(settings.places))
        self._settle(proposal.consortium_id, proposal.aways, by, now)

    def _settle(self, consortium_id: int, aways: Sequence[Away], by: int | None, now: datetime) -> None:
        """Keeps the debts as the drawing left them; skips that are new come behind those on file."""
        known = self.skips(consortium_id)
        for skip, away in zip(known, aways, strict=False):
            skip.settle(away)
        for away in aways[len(known) :]:
            self._unit.session.add(RotaSkip.note(consortium_id, away, by, now))
        self._unit.session.flush()

    # ---- skipping --------------------------------------------------------------------------------

    def skipping(
        self, consortium_id: int, organisation_id: int, reason: str, until: date | None, now: datetime
    ) -> Settings:
        """The settings with one organisation skipped from today on; without ``until`` its next turn alone.

        Raises:
            NotSeated: it is no member.
        """
        today = local(now).date()
        stays = self._unit.consortia.stays(consortium_id)
        if not seated(organisation_id, today, today, stays):
            raise NotSeated(organisation=self._unit.organisations.get(organisation_id).name)
        if until is None:
            own = (
                term.ends_on
                for term in self._unit.consortia.terms_of(consortium_id)
                if term.named_id == organisation_id and term.starts_on > today
            )
            until = next(own, None)
        skip = Away(organisation_id, reason, today + DAY, until)
        return msgspec.structs.replace(self.settings(consortium_id, now), skips=(skip,))

    def returning(self, consortium_id: int, organisation_id: int, now: datetime) -> Settings:
        """The settings with one organisation no longer skipped.

        Raises:
            NotSkipped: it is not.
        """
        today = local(now).date()
        if not any(
            each.organisation_id == organisation_id and (each.until is None or each.until >= today)
            for each in self.skips(consortium_id)
        ):
            raise NotSkipped(organisation=self._unit.organisations.get(organisation_id).name)
        return msgspec.structs.replace(self.settings(consortium_id, now), back=(organisation_id,))

    # ---- filling ---------------------------------------------------------------------------------

    def extending_due(self, now: datetime) -> bool:
        """Whether a rota is not filled a year ahead; only looks."""
        return self._unit.session.scalar(self._unfilled(now).limit(1)) is not None

    @staticmethod
    def _unfilled(now: datetime) -> Select[int]:
        wanted = add_months(local(now).date(), AHEAD)
        return (
            select(Rota.consortium_id)
            .join(Consortium, Consortium.id == Rota.consortium_id)
            .where(
                standing(local(now).date()),
                Rota.strategy != Strategy.MANUAL.value,
                or_(Rota.filled_until.is_(None), Rota.filled_until < wanted),
            )
            .order_by(Rota.id)
        )

    def extend(self, now: datetime) -> int:
        """Fills rotas a year ahead; gives how many turns that made. Nobody is told: their time comes."""
        made = 0
        for consortium_id in self._unit.session.scalars(self._unfilled(now).limit(AT_ONCE)).all():
            made += self._extend(consortium_id, now)
        return made

    def planning_due(self, now: datetime) -> bool:
        """Whether a turn to come has no agenda; only looks."""
        return bool(self._rewriting.unplanned(now, 1))

    def plan(self, now: datetime) -> int:
        """Gives turns to come that have none their agendas; gives how many."""
        return self._rewriting.plan_missing(now)

    def _extend(self, consortium_id: int, now: datetime) -> int:
        unit, today = self._unit, local(now).date()
        unit.consortia.lock(consortium_id)
        rota = self.of(consortium_id)
        if rota is None:
            return 0
        unit.session.refresh(rota)
        terms = unit.consortia.terms_of(consortium_id)
        until = add_months(today, AHEAD)
        start = max(terms[-1].ends_on + DAY if terms else rota.first_on, rota.first_on, today)
        settings = self.settings(consortium_id, now)
        aways = aways_on(self.skips(consortium_id), settings, start, today)
        drawn = draw(ground(settings, unit.consortia.stays(consortium_id), aways, terms), start, until)
        first = max((term.sequence for term in terms), default=0) + 1
        rows = [
            Row(0, first + at, turn.organisation_id, turn.starts_on, turn.ends_on, turn.origin)
            for at, turn in enumerate(drawn.turns)
        ]
        if rows:
            self._settle(consortium_id, drawn.aways, None, now)
            self._rewriting.write(consortium_id, rows, (), cause="extend", by=None, now=now)
        if drawn.stuck_on is not None:
            rota.fill(
                until
            )  # nobody may chair from then on: tried again tomorrow, and others are not kept waiting
        else:
            rota.fill(rows[-1].ends_on if rows else terms[-1].ends_on if terms else None)
        unit.session.flush()
        return len(rows)

    # ---- what a table says, and what the lead organisation puts over it ----------------------------

    def take_over(self, consortium_id: int, rows: Sequence[Row], now: datetime) -> None:
        """Turns of one consortium from a table: new ones, and what it says differently of those on file."""
        self._unit.consortia.lock(consortium_id)
        self._rewriting.write(consortium_id, rows, (), cause=IMPORTED, by=None, now=now)
        rota = self.of(consortium_id)
        if rota is not None:
            rota.fill(self._unit.consortia.terms_of(consortium_id)[-1].ends_on)

    def override(
        self, term: Term, organisation_id: int, reason: str, *, by: Person | None, now: datetime
    ) -> None:
        """Another organisation chairs one turn; the rota beneath stays what it was.

        Raises:
            NotLead: the person holds no post in the lead organisation.
            TurnOver: the turn has begun.
            NotSeated: the other organisation is no member for the whole turn.
        """
        unit = self._unit
        consortium = unit.consortia.lock(term.consortium_id)
        if by is not None:
            self.require_lead(consortium, by, now)
        if term.starts_on <= local(now).date():
            raise TurnOver()
        if not seated(organisation_id, term.starts_on, term.ends_on, unit.consortia.stays(consortium.id)):
            raise NotSeated(organisation=unit.organisations.get(organisation_id).name)
        self.lay({term: organisation_id}, swap_id=None, cause="override", reason=reason, by=by, now=now)
        self._rewriting.tell(now)

    def lay(
        self,
        holders: dict[Term, int],
        *,
        swap_id: int | None,
        cause: str,
        reason: str,
        by: Person | None,
        now: datetime,
    ) -> None:
        """Puts other organisations over turns; what lay over them before is gone. For verbs that checked all else."""
        member_id = by.member_id if by is not None else None
        ended = self._rewriting.overlays(holders)
        for overlay in ended:
            overlay.end(now)
        self._unit.session.flush()
        # What was swapped on is torn with what it was swapped from: else somebody would chair twice, somebody never.
        torn_with = {overlay.bundle for overlay in ended if overlay.bundle}
        bundle = swap_id or max(torn_with, default=0)
        for overlay in self._rewriting.bundled(torn_with):
            overlay.join(bundle)
        for term, organisation_id in holders.items():
            if organisation_id != term.named_id:
                self._unit.session.add(
                    TermOverride.lay(
                        term.id,
                        organisation_id,
                        swap_id=swap_id,
                        bundle=bundle,
                        reason=reason,
                        by=member_id,
                        now=now,
                    )
                )
        self._rewriting.overlay(holders, cause=cause, by=member_id, now=now)

    # ---- telling ---------------------------------------------------------------------------------

    def telling_due(self) -> bool:
        """Whether somebody is still to hear of a change; only looks."""
        return self._rewriting.telling_due()

    def tell(self, now: datetime) -> int:
        """Tells what changed to those who have to hear of it; gives how many changes that were."""
        return self._rewriting.tell(now)

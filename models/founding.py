"""建体: founding consortia, where they stand, who joins and leaves as what, and dissolving them. History is kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from models import forms, revision
from models.base import DomainError
from models.belt import BeltConsortium
from models.consortium import Consortium, standing
from models.moment import midnight
from models.post import JointPost
from models.seat import Seat

if TYPE_CHECKING:
    from models.store import Unit


class SeatHeld(DomainError):
    """The organisation belongs to the consortium for some of that time already."""


class SeatMissing(DomainError):
    """The organisation does not belong to the consortium on that day."""


class SeatBackwards(DomainError):
    """Nobody leaves before they join."""


class LeadStays(DomainError):
    """The lead organisation cannot leave, or only look on: another one takes the lead first."""


class ConsortiumGone(DomainError):
    """The consortium was dissolved."""


class ConsortiumHasParts(DomainError):
    """Other consortia still stand under it."""


class Founding:
    """The verbs around consortia and their seats. Every process hears of a change at once (revision ``roll``)."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- consortia -------------------------------------------------------------------------------

    def found(
        self,
        *,
        code: str,
        name: str,
        kind: str,
        modes: tuple[str, ...],
        lead_id: int,
        on: date,
        under: Consortium | None = None,
    ) -> Consortium:
        """A new consortium; its lead organisation has the first seat.

        Raises:
            KindUnknown, ModeUnknown: the data does not name it.
            NestingWrong, NestingTooDeep, ConsortiumGone: it may not stand there.
        """
        consortium = self._unit.consortia.add(
            Consortium.found(
                code=code,
                name=name,
                kind=kind,
                modes="、".join(modes),
                lead_id=lead_id,
                parent_id=None,
                founded_on=on,
            )
        )
        if under is not None:
            self.place(consortium, under, on)
        self.join(consortium, lead_id, since=on, role=forms.LEAD)
        return consortium

    def place(self, consortium: Consortium, under: Consortium | None, on: date) -> None:
        """Puts a consortium under another one, with all that stands under it; None: under nobody.

        Raises:
            NestingRing, NestingWrong, NestingTooDeep: see ``forms.check_nesting``.
            ConsortiumGone: one of the two was dissolved.
        """
        self._require(consortium, on)
        if under is not None:
            self._require(under, on)
            rows = self._unit.session.execute(
                select(Consortium.code, Consortium.kind, Consortium.id, Consortium.parent_id).where(
                    standing(on)
                )
            ).all()
            codes = {row.id: row.code for row in rows}
            above = {row.code: codes[row.parent_id] for row in rows if row.parent_id in codes}
            above[consortium.code] = under.code
            forms.check_nesting(consortium.code, {row.code: row.kind for row in rows}, above)
        consortium.stand_under(under)
        self._changed()

    def dissolve(self, consortium: Consortium, on: date) -> None:
        """The consortium is no more from that day on: seats, posts and its place in belts end with it.

        What it left open is its lead organisation's to bring to an end; its turns stay on file and count no more, and its
        activities come back no more.

        Raises:
            ConsortiumGone: it was dissolved before.
            ConsortiumHasParts: others stand under it.
        """
        self._require(consortium, on)
        session = self._unit.session
        parts = [each.name for each in self._unit.consortia.parts(consortium.id, on)]
        if parts:
            raise ConsortiumHasParts(consortium=consortium.name, parts="、".join(parts[:3]))
        consortium.dissolve(on)
        for stay in (Seat, BeltConsortium):
            session.execute(
                delete(stay).where(stay.consortium_id == consortium.id, stay.since >= on),
                execution_options={"synchronize_session": "fetch"},
            )
            session.execute(
                update(stay)
                .where(stay.consortium_id == consortium.id, or_(stay.until.is_(None), stay.until > on))
                .values(until=on),
                execution_options={"synchronize_session": "fetch"},
            )
        at = midnight(on)
        for post in session.scalars(select(JointPost).where(JointPost.consortium_id == consortium.id)):
            if post.ends_at is None or post.ends_at > at:
                post.leave(at)
        self._unit.recurring.look_again(consortium.id)
        self._changed()

    # ---- seats -----------------------------------------------------------------------------------

    def join(
        self,
        consortium: Consortium,
        organisation_id: int,
        *,
        since: date,
        role: str = forms.MEMBER,
        until: date | None = None,
    ) -> Seat:
        """An organisation belongs to a consortium from a day on, and not from ``until`` on.

        Raises:
            RoleUnknown: the data does not name the role.
            SeatHeld: it belongs to it for some of that time already.
            SeatBackwards: ``until`` is no later than ``since``.
            ConsortiumGone: the consortium is no more by then.
        """
        self._unit.consortia.lock(consortium.id)
        self._require(consortium, since)
        if until is not None and until <= since:
            raise SeatBackwards()
        seats = self.seats_of(consortium, organisation_id)
        for seat in seats:
            if (until is None or seat.since < until) and (seat.until is None or since < seat.until):
                raise SeatHeld(consortium=consortium.name, organisation=self._name(organisation_id))
        seat = Seat.take(
            consortium_id=consortium.id, organisation_id=organisation_id, since=since, until=until, role=role
        )
        self._unit.consortia.seat(seat)
        self._changed()
        return seat

    def leave(self, consortium: Consortium, organisation_id: int, on: date) -> None:
        """An organisation belongs to a consortium no more from that day on; one that was to join later never does.

        Raises:
            LeadStays: it leads.
            SeatMissing: it does not belong to it on that day or later.
        """
        self._unit.consortia.lock(consortium.id)
        if organisation_id == consortium.lead_id:
            raise LeadStays(consortium=consortium.name)
        seats = [
            seat
            for seat in self.seats_of(consortium, organisation_id)
            if seat.until is None or seat.until > on
        ]
        if not seats:
            raise SeatMissing(consortium=consortium.name, organisation=self._name(organisation_id))
        for seat in seats:
            self._unit.consortia.vacate(seat, on)
        self._changed()

    def serve_as(self, consortium: Consortium, organisation_id: int, role: str, on: date) -> Seat:
        """From that day on an organisation is something else in the consortium; what it was stays on file.

        Raises:
            RoleUnknown, SeatMissing: see ``join`` and ``leave``.
            LeadStays: it leads, or is to lead, which is ``hand_lead``.
        """
        self._unit.consortia.lock(consortium.id)
        if role == forms.LEAD or organisation_id == consortium.lead_id:
            raise LeadStays(consortium=consortium.name)
        return self._change(consortium, organisation_id, role, on)

    def hand_lead(self, consortium: Consortium, organisation_id: int, on: date) -> None:
        """Another organisation of the consortium leads it from today on; the former one stays as a member.

        ``on`` is today: who leads is asked without a day. Raises ConsortiumGone, SeatMissing.
        """
        self._unit.consortia.lock(consortium.id)
        self._require(consortium, on)
        if organisation_id == consortium.lead_id:
            return
        self._change(consortium, organisation_id, forms.LEAD, on)
        if self._seat_on(consortium, consortium.lead_id, on) is not None:
            self._change(consortium, consortium.lead_id, forms.MEMBER, on)
        consortium.be_led_by(organisation_id)
        self._changed()

    def seats_of(self, consortium: Consortium, organisation_id: int) -> list[Seat]:
        """Every seat that an organisation ever had in a consortium, the first one first."""
        query = select(Seat).where(
            Seat.consortium_id == consortium.id, Seat.organisation_id == organisation_id
        )
        return list(self._unit.session.scalars(query.order_by(Seat.since)))

    def _change(self, consortium: Consortium, organisation_id: int, role: str, on: date) -> Seat:
        seat = self._seat_on(consortium, organisation_id, on)
        if seat is None:
            raise SeatMissing(consortium=consortium.name, organisation=self._name(organisation_id))
        if seat.role != role:
            seat = self.recast(seat, role, on)
            self._changed()
        return seat

    def recast(self, seat: Seat, role: str, on: date) -> Seat:
        """The seat that holds from that day on in another role; the one so far ends, unless it began that very day.

        For whoever has looked at the rules and tells the processes by themself.
        """
        if seat.since >= on:
            seat.serve_as(role)
            return seat
        until = seat.until
        self._unit.consortia.vacate(seat, on)
        seat = Seat.take(
            consortium_id=seat.consortium_id,
            organisation_id=seat.organisation_id,
            since=on,
            until=until,
            role=role,
        )
        self._unit.consortia.seat(seat)
        return seat

    def _seat_on(self, consortium: Consortium, organisation_id: int, on: date) -> Seat | None:
        seats = self.seats_of(consortium, organisation_id)
        return next((seat for seat in seats if seat.held_on(on)), None)

    def _require(self, consortium: Consortium, on: date) -> None:
        if not consortium.stands_on(on):
            raise ConsortiumGone(consortium=consortium.name)

    def _name(self, organisation_id: int) -> str:
        return self._unit.organisations.get(organisation_id).name

    def _changed(self) -> None:
        self._unit.session.flush()
        self._unit.revisions.bump(revision.ROLL)

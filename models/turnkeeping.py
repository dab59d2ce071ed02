"""What is told of turns, handovers and swaps when time brings them nearer: the keepers of these three ladders."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from models.agenda import Reminded
from models.consortium import Consortium
from models.handover import Checklist
from models.moment import local

if TYPE_CHECKING:
    from models.store import Unit


class TermReminded(Reminded, frozen=True, kw_only=True):
    """A turn comes, or has begun."""

    consortium: str
    organisation_id: int
    first: date
    last: date
    outgoing_id: int | None
    lead_id: int
    above_id: int | None
    next_id: int | None
    next_first: date | None
    next_last: date | None


class HandoverReminded(Reminded, frozen=True, kw_only=True):
    """A turn has begun, and what was left has to be handed over."""

    consortium: str
    outgoing_id: int
    incoming_id: int
    lead_id: int
    checklist: Checklist
    missing: tuple[int, ...]
    """The organisations that have not confirmed."""


class TermKeeper:
    """Knows turns."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """Who comes, who goes, who leads, and who is the one after."""
        term = unit.consortia.term(base.about.subject_id)
        if term is None or not unit.consortia.counts(term):
            unit.agendas.stop(base.about.subject, base.about.subject_id, now)
            return None
        consortium = unit.session.get_one(Consortium, term.consortium_id)
        before = unit.handovers.before(term)
        after = next(
            (
                each
                for each, _ in unit.consortia.turns_after(consortium.id, term.starts_on, 1)
                if each.organisation_id != term.organisation_id
            ),
            None,
        )
        if set(base.to) == {"outgoing"} and before is None:
            return None
        if set(base.to) == {"next"} and after is None:
            return None
        above = unit.standings.above(consortium.lead_id)
        return TermReminded(
            **_facts(base),
            consortium=consortium.name,
            organisation_id=term.organisation_id,
            first=term.starts_on,
            last=term.ends_on,
            outgoing_id=before.organisation_id if before is not None else None,
            lead_id=consortium.lead_id,
            above_id=above[0] if above else None,
            next_id=after.organisation_id if after is not None else None,
            next_first=after.starts_on if after is not None else None,
            next_last=after.ends_on if after is not None else None,
        )


class HandoverKeeper:
    """Knows handovers."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """What there is to hand over, and who has not said that it was."""
        term = unit.consortia.term(base.about.subject_id)
        known = term is not None and unit.consortia.counts(term)
        handover = unit.handovers.open(term, now) if term is not None and known else None
        if term is None or handover is None:
            unit.agendas.stop(base.about.subject, base.about.subject_id, now)
            return None
        consortium = unit.consortia.get(term.consortium_id)
        if not consortium.stands_on(local(now).date()):
            unit.agendas.stop(base.about.subject, base.about.subject_id, now)
            return None
        return HandoverReminded(
            **_facts(base),
            consortium=consortium.name,
            outgoing_id=handover.outgoing_id,
            incoming_id=handover.incoming_id,
            lead_id=consortium.lead_id,
            checklist=unit.handovers.checklist(consortium.id),
            missing=handover.missing,
        )


class SwapKeeper:
    """Knows swaps: they tell themselves what happens, and at the end of their time are settled."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """Asks again those who have not answered, or lets time settle it."""
        swap = unit.swaps.number(base.about.subject_id)
        if base.about.rung == "settle":
            unit.swapping.time_out(swap, now)
        else:
            unit.swapping.remind(swap, now)
        return None


def _facts(base: Reminded) -> dict[str, Any]:
    return {field: getattr(base, field) for field in base.__struct_fields__}

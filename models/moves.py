"""One step in a case's life, taken properly: allowed, written into the timeline, and told to whom it concerns."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from models.base import DomainError, Happening
from models.case import Case
from models.life import CaseState, Step
from models.timeline import Timeline

if TYPE_CHECKING:
    from models.standing import Standing
    from models.store import Unit

LONGEST_NOTE: Final = 300
"""Characters of a reason or report that the timeline keeps; the whole message stays with what was received."""


class ReasonMissing(DomainError):
    """A step that others must be able to understand later needs a reason."""


class CaseMoved(Happening, frozen=True, kw_only=True):
    """A case took a step."""

    step: str
    number: int
    kind: str
    text: str
    """Its first words."""
    state: str
    urgent: bool = False
    face: str
    note: str
    by: str
    """The actor's name; empty: the clock."""
    by_organisation_id: int | None
    reporter_id: int
    organisation_id: int
    """The reporter's branch."""
    chair_id: int | None
    lead_id: int | None
    handlers: tuple[int, ...] = ()
    """Organisations that have it in hand now."""
    former: tuple[int, ...] = ()
    """Organisations that had it until now."""
    asked: tuple[int, ...] = ()
    """Organisations that are asked to take it on."""
    until: date | None = None
    """The day that was promised or asked for."""
    times: int = 0
    """Which occasion of its sort this is, where the same may happen again."""


class Moves:
    """Takes steps."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def make(
        self,
        case: Case,
        step: Step,
        standing: Standing,
        now: datetime,
        *,
        note: str = "",
        event: str = "",
        public: bool = True,
        needs_reason: bool = False,
    ) -> int | None:
        """Takes a step: asks whether this person may, whether the state allows it, and writes it down.

        Gives the organisation for which it was taken; None: the person's own affair.

        Raises:
            NotYours, NoRight, OwnWork: this person may not.
            NotNow: the state does not allow it.
            ReasonMissing: it needs a reason and has none.
        """
        organisation_id = standing.allow(step, case)
        case.may(step)
        if needs_reason and not note.strip():
            raise ReasonMissing(number=case.number)
        self.make_for(case, step, standing, now, organisation_id, note=note, event=event, public=public)
        return organisation_id

    def make_for(
        self,
        case: Case,
        step: Step,
        standing: Standing,
        now: datetime,
        organisation_id: int | None,
        *,
        note: str = "",
        event: str = "",
        public: bool = True,
    ) -> None:
        """Takes a step whose right was asked for already: one that follows from another step.

        Raises:
            NotNow: the state does not allow it.
        """
        before = case.state
        case.go(step, now)
        self.note(
            case,
            event or step.value,
            standing,
            now,
            note=note,
            organisation_id=organisation_id,
            public=public,
            state=case.state if case.state != before else "",
        )

    def note(
        self,
        case: Case,
        event: str,
        standing: Standing,
        now: datetime,
        *,
        note: str = "",
        organisation_id: int | None = None,
        public: bool = True,
        state: str = "",
    ) -> None:
        """Writes an entry into the timeline."""
        Timeline(self._unit).add(
            case.number,
            event,
            actor_id=standing.member_id,
            at=now,
            note=note[:LONGEST_NOTE],
            public=public,
            state=state,
            organisation_id=organisation_id,
        )

    def tell(
        self,
        case: Case,
        step: str,
        standing: Standing,
        now: datetime,
        *,
        organisation_id: int | None = None,
        note: str = "",
        handlers: tuple[int, ...] | None = None,
        former: tuple[int, ...] = (),
        asked: tuple[int, ...] = (),
        until: date | None = None,
        times: int = 0,
    ) -> None:
        """Lets whom it concerns know."""
        duty = self._unit.standings.duty(case, now)
        if handlers is None:
            handlers = tuple(claim.organisation_id for claim in self._unit.claims.live(case.number))
        self._unit.tell(
            CaseMoved(
                step=step,
                number=case.number,
                kind=case.kind,
                text=case.short,
                state=CaseState(case.state).value,
                urgent=case.urgent,
                face=case.face,
                note=note[:LONGEST_NOTE],
                by=standing.name,
                by_organisation_id=organisation_id,
                reporter_id=case.reporter_id,
                organisation_id=case.organisation_id,
                chair_id=duty.chair_id,
                lead_id=duty.lead_id,
                handlers=handlers,
                former=former,
                asked=asked,
                until=until,
                times=times,
            )
        )

"""改排: putting another rota on file, with all that hangs on its turns: agendas, what lies over them, who must hear."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from models.agenda import Agenda
from models.consortium import Consortium
from models.moment import local, midnight
from models.revision import ROLL
from models.rota import Change, Kind, Row, Slot, TermChange, TermOverride, TurnChange, TurnsChanged
from models.term import Term
from models.turns import Stay, seated

if TYPE_CHECKING:
    from models.store import Unit

SUBJECTS: Final = ("term", "handover")
"""What is told of a turn: that it comes, and that it is handed over."""
AT_ONCE: Final = 200
"""Changes that one transaction tells."""
NEAR: Final = timedelta(days=30)
"""From this long before a turn on, somebody has to say that they know of it; earlier it would soon be forgotten."""
PUBLISHED: Final = "publish"
IMPORTED: Final = "import"
SWAPPED: Final = "swap"
"""Both sides agreed to it and are told that it holds."""
ALOUD: Final = (PUBLISHED, "override")
"""What the lead organisation decides is told to everybody whose turns change by it."""


def slot(term: Term) -> Slot:
    """Who chairs it, all told."""
    return Slot(term.organisation_id, term.starts_on, term.ends_on)


def holder(row: Row, term: Term | None, stands: Collection[int]) -> Slot:
    """Who will chair a turn: whoever lies over it (in ``stands``: turns whose overlay holds), else whom the rota names."""
    stays = term is not None and term.id in stands and term.named_id == row.organisation_id
    organisation_id = term.organisation_id if term is not None and stays else row.organisation_id
    return Slot(organisation_id, row.starts_on, row.ends_on)


class Rewriting:
    """Writes rotas."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- what lies over the rota -----------------------------------------------------------------

    def overlays(self, terms: Iterable[Term]) -> list[TermOverride]:
        """What lies over these turns today."""
        ids = [term.id for term in terms if term.base_id is not None]
        if not ids:
            return []
        query = select(TermOverride).where(TermOverride.term_id.in_(ids), TermOverride.ended_at.is_(None))
        return list(self._unit.session.scalars(query.order_by(TermOverride.id)))

    def standing(
        self, rows: Mapping[int, Row], terms: Mapping[int, Term], stays: tuple[Stay, ...]
    ) -> frozenset[int]:
        """The turns (ids) whose overlay still holds under new rows: it follows its turn to other days, not to another
        organisation; whoever chairs instead has to be a member then; and a swap holds on both sides or not at all (with all swaps upon it)."""
        overlays = self.overlays(terms.values())
        torn = set()
        for overlay in overlays:
            row = rows.get(overlay.term_id)
            if (
                row is None
                or row.organisation_id != terms[overlay.term_id].named_id
                or not seated(overlay.organisation_id, row.starts_on, row.ends_on, stays)
            ):
                torn.add(overlay.term_id)
                if overlay.bundle:
                    torn |= {each.term_id for each in overlays if each.bundle == overlay.bundle}
        return frozenset(overlay.term_id for overlay in overlays) - torn

    def differences(
        self,
        rows: Sequence[Row],
        dropped: Sequence[int],
        terms: Mapping[int, Term],
        stays: tuple[Stay, ...],
    ) -> tuple[list[Change], frozenset[int]]:
        """What becomes different when these turns come in place of ``terms``, the turns on file that they or
        ``dropped`` name; and the turns whose overlay still holds then."""
        stands = self.standing({row.term_id: row for row in rows if row.term_id}, terms, stays)
        changes = []
        for row in rows:
            term = terms.get(row.term_id)
            was, will = slot(term) if term is not None else None, holder(row, term, stands)
            if was != will:
                changes.append(Change(row.term_id, was, will))
        return [*changes, *(Change(each, slot(terms[each]), None) for each in dropped)], stands

    def bundled(self, bundles: Collection[int]) -> list[TermOverride]:
        """What still lies over turns and belongs to these bundles."""
        query = select(TermOverride).where(
            TermOverride.bundle.in_(bundles), TermOverride.bundle != 0, TermOverride.ended_at.is_(None)
        )
        return list(self._unit.session.scalars(query)) if bundles else []

    def overlay(self, holders: Mapping[Term, int], *, cause: str, by: int | None, now: datetime) -> None:
        """Other organisations chair these turns."""
        told = self._told(holders)
        changes = []
        for term, organisation_id in holders.items():
            was = slot(term)
            term.overlay(organisation_id)
            changes.append(Change(term.id, was, slot(term)))
        self._unit.session.flush()
        for consortium_id in {term.consortium_id for term in holders}:
            self._note(consortium_id, changes, told, {}, cause=cause, by=by, now=now)
            self._unit.swapping.follow(consortium_id, now)
        self._unit.revisions.bump(ROLL)

    def lift(self, term: Term, now: datetime) -> None:
        """Nothing lies over a turn any more."""
        for overlay in self.overlays([term]):
            overlay.end(now)
        term.overlay(None)

    # ---- writing ---------------------------------------------------------------------------------

    def write(
        self,
        consortium_id: int,
        rows: Sequence[Row],
        dropped: Sequence[int],
        *,
        cause: str,
        by: int | None,
        now: datetime,
    ) -> None:
        """Puts these turns on file in place of those that they change.

        Turns that are neither in ``rows`` nor ``dropped`` stay.
        """
        unit = self._unit
        terms = {term.id: term for term in unit.consortia.terms_of(consortium_id)}
        concerned = {each: terms[each] for each in (*(row.term_id for row in rows if row.term_id), *dropped)}
        changes, stands = self.differences(rows, dropped, concerned, unit.consortia.stays(consortium_id))
        for term in concerned.values():
            if term.base_id is not None and term.id not in stands:
                self.lift(term, now)
        told = self._told([terms[each.term_id] for each in changes if each.was is not None])
        new = self._put(consortium_id, rows, terms, dropped)
        if cause != IMPORTED:
            self._plan(new, now)  # thousands of turns from a table are left to the clock, a few at a time
        new_ids = {day: each for each, day in new.items()}
        self._note(consortium_id, changes, told, new_ids, cause=cause, by=by, now=now)
        if any(each.was is not None for each in changes):
            unit.swapping.follow(consortium_id, now)
        if cause != IMPORTED:  # an import says so itself, once for a whole table
            unit.revisions.bump(ROLL)

    def _put(
        self,
        consortium_id: int,
        rows: Sequence[Row],
        terms: Mapping[int, Term],
        dropped: Sequence[int],
    ) -> dict[int, date]:
        """Writes the turns; gives the new ones with their first days."""
        session = self._unit.session
        moved = [row for row in rows if row.term_id and self._differs(row, terms[row.term_id])]
        for each in dropped:
            session.delete(terms[each])
        for row in moved:
            terms[row.term_id].park()
        session.flush()
        for row in moved:
            terms[row.term_id].renew(
                sequence=row.sequence,
                organisation_id=row.organisation_id,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                origin=row.origin,
            )
        session.flush()
        new = [
            Term.plan(
                consortium_id=consortium_id,
                sequence=row.sequence,
                organisation_id=row.organisation_id,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                origin=row.origin,
            )
            for row in rows
            if not row.term_id
        ]
        for term in new:
            self._unit.consortia.schedule(term)
        session.flush()
        return {term.id: term.starts_on for term in new}

    @staticmethod
    def _differs(row: Row, term: Term) -> bool:
        return (row.sequence, row.organisation_id, row.starts_on, row.ends_on, row.origin.value) != (
            term.sequence,
            term.named_id,
            term.starts_on,
            term.ends_on,
            term.origin,
        )

    def _plan(self, starts: Mapping[int, date], now: datetime) -> None:
        """Agendas for new turns that are still to come."""
        today = local(now).date()
        anchors = {each: midnight(day) for each, day in starts.items() if day > today}
        for subject in SUBJECTS:
            self._unit.agendas.plan_all(subject, anchors)

    def unplanned(self, now: datetime, limit: int = AT_ONCE) -> dict[int, date]:
        """Turns to come that have no agenda (with their first days): a table brought them."""
        planned = select(Agenda.id).where(Agenda.subject == SUBJECTS[0], Agenda.subject_id == Term.id)
        query = (
            select(Term.id, Term.starts_on)
            .where(Term.starts_on > local(now).date(), ~planned.exists())
            .order_by(Term.id)
            .limit(limit)
        )
        return {row.id: row.starts_on for row in self._unit.session.execute(query)}

    def plan_missing(self, now: datetime) -> int:
        """Gives such turns their agendas; gives how many."""
        starts = self.unplanned(now)
        self._plan(starts, now)
        return len(starts)

    # ---- what changed for whom -------------------------------------------------------------------

    def _note(
        self,
        consortium_id: int,
        changes: Sequence[Change],
        told: Collection[int],
        new_ids: Mapping[date, int],
        *,
        cause: str,
        by: int | None,
        now: datetime,
    ) -> None:
        """Keeps what changed and whether it is to be told, and moves the agendas along. ``new_ids``: of the new turns,
        by their first days.

        Publishing tells everybody whose turns change. Any other change is told only to those who had been told what it
        makes untrue; whoever gets a turn by it hears of that in its own time.
        """
        for change in changes:
            if change.was is not None:
                self._follow(change.term_id, change.was, change.will, now)
                self._note_one(consortium_id, change, change.term_id in told, cause, by, now)
            elif change.will is not None and cause == PUBLISHED:
                new = Change(new_ids[change.will.starts_on], None, change.will)
                self._note_one(consortium_id, new, False, cause, by, now)
        self._unit.session.flush()

    def _note_one(
        self,
        consortium_id: int,
        change: Change,
        told: bool,
        cause: str,
        by: int | None,
        now: datetime,
    ) -> None:
        was, will = change.was, change.will
        last = max(each.ends_on for each in (was, will) if each is not None)
        for organisation_id, kind in change.seen():
            if cause in ALOUD:
                # Whoever is told by the ladder at once needs no second letter.
                tells = kind is not Kind.GIVEN or not self._is_due(change.term_id, now)
            else:
                tells = told and kind is not Kind.GIVEN
            self._unit.session.add(
                TermChange(
                    consortium_id=consortium_id,
                    term_id=change.term_id,
                    organisation_id=organisation_id,
                    kind=kind.value,
                    was_first=was.starts_on if was is not None else None,
                    was_last=was.ends_on if was is not None else None,
                    first=will.starts_on if will is not None else None,
                    last=will.ends_on if will is not None else None,
                    cause=cause,
                    tells=tells and cause != SWAPPED and last >= local(now).date(),
                    told_at=None,
                    changed_at=now,
                    changed_by=by,
                )
            )

    def _follow(self, term_id: int, was: Slot, will: Slot | None, now: datetime) -> None:
        """The agendas of a turn follow it."""
        agendas = self._unit.agendas
        for subject in SUBJECTS:
            if will is None or will.starts_on <= local(now).date():
                agendas.stop(subject, term_id, now)
            else:
                anew = will.organisation_id != was.organisation_id
                agendas.move(subject, term_id, midnight(will.starts_on), now, anew=anew)

    def _is_due(self, term_id: int, now: datetime) -> bool:
        """Whether the next look of the clock tells a turn."""
        agenda = self._unit.agendas.of("term", term_id)
        return (
            agenda is not None
            and agenda.stopped_at is None
            and agenda.next_at is not None
            and agenda.next_at <= now
        )

    def _told(self, terms: Collection[Term]) -> set[int]:
        """The turns (ids) of which whoever chairs them had been told: by the ladder, or by an earlier change."""
        session, ids = self._unit.session, [term.id for term in terms]
        by_ladder = select(Agenda.subject_id).where(
            Agenda.subject == "term", Agenda.subject_id.in_(ids), Agenda.told_at.is_not(None)
        )
        by_change = select(TermChange.term_id, TermChange.organisation_id, TermChange.kind).where(
            TermChange.term_id.in_(ids), TermChange.told_at.is_not(None)
        )
        last = {(row[0], row[1]): row[2] for row in session.execute(by_change.order_by(TermChange.id))}
        off = Kind.OFF.value
        told = {term.id for term in terms if last.get((term.id, term.organisation_id), off) != off}
        return told.union(session.scalars(by_ladder))

    # ---- telling ---------------------------------------------------------------------------------

    def telling_due(self) -> bool:
        """Whether somebody is still to hear of a change; only looks."""
        query = select(TermChange.id).where(TermChange.tells.is_(True), TermChange.told_at.is_(None)).limit(1)
        return self._unit.session.scalar(query) is not None

    def tell(self, now: datetime) -> int:
        """Tells every organisation once what of its turns changed at one time; gives how many changes that were."""
        query = (
            select(TermChange)
            .where(TermChange.tells.is_(True), TermChange.told_at.is_(None))
            .order_by(TermChange.changed_at, TermChange.organisation_id, TermChange.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        found = list(self._unit.session.scalars(query))
        for _, group in groupby(
            found, key=lambda each: (each.changed_at, each.organisation_id, each.consortium_id)
        ):
            self._tell(list(group), now)
        self._unit.session.flush()
        return len(found)

    def _tell(self, changes: list[TermChange], now: datetime) -> None:
        first = changes[0]
        for each in changes:
            each.tell(now)
        consortium = self._unit.session.get_one(Consortium, first.consortium_id)
        agenda = self._unit.agendas.of("term", first.term_id)
        single = len(changes) == 1 and first.kind != Kind.OFF.value and agenda is not None
        self._unit.tell(
            TurnsChanged(
                key=f"rota:{first.id}:changed",
                consortium=consortium.name,
                organisation_id=first.organisation_id,
                changes=tuple(
                    TurnChange(
                        each.term_id, Kind(each.kind), each.was_first, each.was_last, each.first, each.last
                    )
                    for each in sorted(changes, key=lambda each: each.first or each.was_first or date.max)
                ),
                edition=agenda.edition if single and agenda is not None else 0,
                asks=single and first.first is not None and first.first - local(now).date() <= NEAR,
            )
        )

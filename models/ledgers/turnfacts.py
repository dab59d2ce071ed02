"""What was noted of turns besides their days: who was told and when, who said that they know, what was handed over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, func, select

from models.agenda import Agenda
from models.handover import Handover
from models.ledgers.words import remark
from models.organisation import Organisation
from models.outbox import OutboxRow, State
from models.rota import TermOverride
from models.term import Term

if TYPE_CHECKING:
    from models.store import Unit

_REACHED: Final = (State.SENT.value, State.DELIVERED.value)


class TurnFacts(msgspec.Struct):
    """What is known of one turn up to a moment."""

    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    handover: str = ""
    swapped: str = ""


def facts_of(unit: Unit, organisations: dict[int, int], end: datetime) -> dict[int, TurnFacts]:
    """The facts of turns (ids, each with who chairs it) as they stood before a moment."""
    found = {term_id: TurnFacts() for term_id in organisations}
    _told(unit, organisations, end, found)
    _acknowledged(unit, organisations.keys(), end, found)
    _handed_over(unit, organisations.keys(), end, found)
    _swapped(unit, organisations, end, found)
    return found


def _told(unit: Unit, organisations: dict[int, int], end: datetime, found: dict[int, TurnFacts]) -> None:
    """When the first notice reached somebody of the organisation that chairs it."""
    query = (
        select(OutboxRow.subject_id, OutboxRow.office_id, func.min(OutboxRow.settled_at))
        .where(
            OutboxRow.subject == "term",
            OutboxRow.subject_id.in_(organisations),
            OutboxRow.state.in_(_REACHED),
            OutboxRow.settled_at < end,
        )
        .group_by(OutboxRow.subject_id, OutboxRow.office_id)
    )
    for term_id, office_id, at in unit.connection.execute(query):
        if term_id is not None and organisations[term_id] == office_id:
            found[term_id].told_at = at


def _acknowledged(unit: Unit, terms: Collection[int], end: datetime, found: dict[int, TurnFacts]) -> None:
    query = select(Agenda.subject_id, Agenda.acknowledged_at).where(
        Agenda.subject == "term", Agenda.subject_id.in_(terms), Agenda.acknowledged_at < end
    )
    for term_id, at in unit.connection.execute(query):
        found[term_id].acknowledged_at = at


def _handed_over(unit: Unit, terms: Collection[int], end: datetime, found: dict[int, TurnFacts]) -> None:
    columns = Handover.__table__.c
    query = select(
        columns.term_id,
        columns.opened_at,
        columns.cases,
        columns.projects,
        columns.books,
        columns.outgoing_at,
        columns.incoming_at,
    ).where(columns.term_id.in_(terms))
    for row in unit.connection.execute(query):
        if row.opened_at >= end:
            continue
        confirmed = sum(at is not None and at < end for at in (row.outgoing_at, row.incoming_at))
        found[row.term_id].handover = remark(
            f"handover_{confirmed}", cases=row.cases, projects=row.projects, books=row.books
        )


def _swapped(unit: Unit, organisations: dict[int, int], end: datetime, found: dict[int, TurnFacts]) -> None:
    """Whose turn the rota had made it, and why it is another's."""
    query = (
        select(TermOverride.term_id, TermOverride.swap_id, TermOverride.reason, Organisation.name)
        .join(Term, Term.id == TermOverride.term_id)
        .join(Organisation, Organisation.id == Term.base_id)
        .where(
            and_(TermOverride.term_id.in_(organisations), TermOverride.ended_at.is_(None)),
            TermOverride.made_at < end,
        )
    )
    for row in unit.connection.execute(query):
        key = "stood_in" if row.swap_id is None else "swapped"
        found[row.term_id].swapped = remark(key, organisation=row.name, number=row.swap_id, reason=row.reason)

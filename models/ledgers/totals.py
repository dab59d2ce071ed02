"""总览的总量: how many there are of everything on a day, and how many came within the period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, func, or_, select

from models.activity import Activity
from models.asof import Period, Scope
from models.belt import Belt, BeltConsortium, Designation, Subject, lasting
from models.book import Book
from models.case import Case
from models.claim import Claim, ClaimState
from models.consortium import Consortium, standing
from models.forms import DEMONSTRATION
from models.history import GONE, History
from models.ledgers.activities import concerning
from models.member import Member
from models.organisation import Organisation
from models.seat import Seat, seated
from models.supply import Side, Supply
from models.volunteering import ServiceRecord, ServiceState, Source

if TYPE_CHECKING:
    from models.ledgers.asking import Ask

_OF_KIND = {"need": "needs", "problem": "problems", "project": "projects"}


class Total(msgspec.Struct):
    """One count."""

    value: int = 0
    added: int | None = 0
    """Of these, those that came within the period; None: nobody wrote down when they came."""


class CaseTotals:
    """Cases by kind, and those that are solved."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self.of = {key: Total() for key in ("solved", *_OF_KIND.values())}

    def count(self, case: History) -> None:
        """One more case."""
        if case.state in GONE:
            return
        begin = self._period.begin
        self._count(_OF_KIND[case.case.kind], case.case.submitted_at >= begin)
        solved_at = case.solved_at
        if solved_at is not None and case.case.kind != "project":
            self._count("solved", solved_at >= begin)

    def _count(self, key: str, added: bool) -> None:
        total = self.of[key]
        total.value += 1
        total.added = (total.added or 0) + added


def _belts(scope: Scope, day: date) -> Any:
    """The belts of a day that have a consortium of the report in them."""
    within = (
        select(BeltConsortium.belt_id)
        .join(Consortium, Consortium.id == BeltConsortium.consortium_id)
        .where(lasting(BeltConsortium, day), standing(day), *scope.united())
    )
    return select(Belt.founded_on.label("came")).where(
        Belt.founded_on <= day,
        standing(day, Belt),
        Belt.id.in_(within),
    )


def _demonstrations(scope: Scope, day: date) -> Any:
    """What bears the title 示范点 on a day: consortia and organisations of the report, and belts with one of its own."""
    bearers = {
        Subject.CONSORTIUM: select(Consortium.id).where(*scope.united()),
        Subject.ORGANISATION: select(Organisation.id).where(*scope.organisations(day)),
        Subject.BELT: select(BeltConsortium.belt_id)
        .join(Consortium, Consortium.id == BeltConsortium.consortium_id)
        .where(lasting(BeltConsortium, day), *scope.united()),
    }
    borne = [
        and_(Designation.subject == subject.value, Designation.subject_id.in_(ids))
        for subject, ids in bearers.items()
    ]
    return select(Designation.since.label("came")).where(
        Designation.kind == DEMONSTRATION, lasting(Designation, day), or_(*borne)
    )


def totals(ask: Ask) -> Iterator[tuple[str, Total]]:
    """Every count by its key."""
    day, begin, end = ask.period.until, ask.period.begin, ask.period.end
    since = ask.period.since or begin.date()
    connection, scope = ask.unit.connection, ask.scope

    def total(query: Any, added: Any) -> Total:
        """``query``: the rows that count; ``added``: which of them came within the period."""
        which = query.subquery()
        row = connection.execute(
            select(func.count(), func.count().filter(added(which.c))).select_from(which)
        ).one()
        return Total(row[0], row[1])

    united = (
        select(Consortium.id, func.coalesce(Consortium.founded_on, func.min(Seat.since)).label("came"))
        .join(Seat, Seat.consortium_id == Consortium.id)
        .where(
            Consortium.id.in_(select(Seat.consortium_id).where(seated(day))),
            standing(day),
            *scope.united(),
        )
        .group_by(Consortium.id, Consortium.founded_on)
    )
    yield "consortia", total(united, lambda columns: columns.came >= since)
    yield "belts", total(_belts(scope, day), lambda columns: columns.came >= since)
    yield "demonstrations", total(_demonstrations(scope, day), lambda columns: columns.came >= since)
    where = scope.organisations(day)
    open_then = or_(Organisation.closed_on.is_(None), Organisation.closed_on > day)
    founded = select(Organisation.created_at.label("came")).where(
        Organisation.created_at < end, open_then, *where
    )
    yield "organisations", total(founded, lambda columns: columns.came >= begin)
    enrolled = select(Member.joined_at.label("came")).where(
        Member.joined_at < end, or_(Member.left_at.is_(None), Member.left_at >= end)
    )
    if where:
        enrolled = enrolled.where(Member.organisation_id.in_(select(Organisation.id).where(*where)))
    yield "members", total(enrolled, lambda columns: columns.came >= begin)
    # A new version of a list is no new list: as ``Books.count_signed`` counts.
    signed = (
        select(func.min(Book.signed_at).label("came"))
        .where(Book.signed_at < end, Book.consortium_id.in_(select(Consortium.id).where(*scope.united())))
        .group_by(Book.consortium_id, Book.kind, Book.period)
    )
    yield "books", total(signed, lambda columns: columns.came >= begin)
    claimed = (
        select(Claim.effective_at.label("came"))
        .join(Case, Case.number == Claim.case_number)
        .where(
            Claim.effective_at < end,
            Claim.state.not_in((ClaimState.APPLIED.value, ClaimState.REFUSED.value)),
            *scope.cases(),
        )
    )
    yield "claims", total(claimed, lambda columns: columns.came >= begin)
    yield from ask.sums.totals.of.items()
    offered = select(Supply.id).where(
        Supply.side == Side.SUPPLY.value,
        Supply.state == "on_offer",
        or_(Supply.valid_until.is_(None), Supply.valid_until >= day),
    )
    if where:
        offered = offered.where(Supply.organisation_id.in_(select(Organisation.id).where(*where)))
    count = connection.scalar(select(func.count()).select_from(offered.subquery()))
    yield "supplies", Total(count or 0, None)
    held = select(Activity.held_at.label("came")).where(Activity.held_at < end, *concerning(ask))
    yield "activities", total(held, lambda columns: columns.came >= begin)
    served = select(ServiceRecord.done_on.label("came")).where(
        ServiceRecord.done_on <= day,
        ServiceRecord.created_at < end,
        or_(ServiceRecord.withdrawn_at.is_(None), ServiceRecord.withdrawn_at >= end),
        or_(
            ServiceRecord.source == Source.SYSTEM.value,
            and_(ServiceRecord.state == ServiceState.VERIFIED.value, ServiceRecord.judged_at < end),
        ),
    )
    if where:
        served = served.where(ServiceRecord.organisation_id.in_(select(Organisation.id).where(*where)))
    yield "service", total(served, lambda columns: columns.came >= since)

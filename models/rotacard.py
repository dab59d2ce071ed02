"""排班体检: how sound the rota of a consortium is for the twelve months to come, with everything that is not."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select

from models.agenda import Agenda
from models.drafting import AHEAD
from models.identity import Identity
from models.moment import local
from models.post import HELD, Post, acting
from models.swap import rules
from models.term import Term
from models.turns import DAY, add_months, seated

if TYPE_CHECKING:
    from models.store import Unit

FULL_MARKS: Final = 100
ACKNOWLEDGED_BY: Final = timedelta(days=7)
"""So long before it begins, somebody should have said that they know."""
EVEN: Final = 2
"""So many turns more than the least is still even."""


class Fault(enum.StrEnum):
    """What can be wrong with a rota."""

    GAP = "gap"
    INELIGIBLE = "ineligible"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"
    UNACKNOWLEDGED = "unacknowledged"
    SHORT = "short"
    UNEVEN = "uneven"
    CALENDAR = "calendar"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    fault: Fault
    organisation: str = ""
    first: date | None = None
    last: date | None = None
    count: int = 1
    """Missing months, turns too many, or a year: whatever the fault counts."""
    reason: str = ""


class Card(msgspec.Struct, frozen=True):
    """What came of the check."""

    score: int
    findings: tuple[Finding, ...]
    """The gravest kind first."""
    covered_until: date | None
    """Up to which day every day has a chair, from today on."""


def check(unit: Unit, consortium_id: int, now: datetime) -> Card:
    """The card of one consortium."""
    today = local(now).date()
    end = add_months(today, AHEAD)
    terms = [
        term
        for term in unit.consortia.terms_of(consortium_id)
        if term.ends_on >= today and term.starts_on <= end
    ]
    names = unit.organisations.names_of({term.organisation_id for term in terms})
    covered = _covered(terms, today)
    findings = [
        *_gaps(terms, today),
        *_unfit(unit, consortium_id, terms, names, now),
        *_unacknowledged(unit, terms, names, now),
        *_short(terms, today, end),
        *_uneven(unit, consortium_id, terms, names),
        *_unknown_years(unit, terms),
    ]
    order = list(Fault)
    findings.sort(key=lambda each: (order.index(each.fault), each.first or date.max))
    return Card(_score(findings), tuple(findings), covered)


def _score(findings: Sequence[Finding]) -> int:
    """Full marks less what each kind of fault costs (models/data/rota.toml)."""
    times = Counter[Fault]()
    for each in findings:
        times[each.fault] += each.count if each.fault in (Fault.SHORT, Fault.UNEVEN) else 1
    score = FULL_MARKS
    for fault, count in times.items():
        price = rules().score[fault.value]
        score -= min(price["most"], price["each"] * count)
    return max(0, score)


def _covered(terms: Sequence[Term], today: date) -> date | None:
    covered = None
    for term in terms:
        if term.starts_on > (covered + DAY if covered is not None else today):
            break
        covered = term.ends_on
    return covered


def _gaps(terms: Sequence[Term], today: date) -> list[Finding]:
    found, free = [], today
    for term in terms:
        if term.starts_on > free:
            found.append(Finding(Fault.GAP, first=free, last=term.starts_on - DAY))
        free = term.ends_on + DAY
    return found


def _short(terms: Sequence[Term], today: date, end: date) -> list[Finding]:
    last = terms[-1].ends_on if terms else today - DAY
    if last >= end:
        return []
    months = (end.year - last.year) * 12 + end.month - last.month
    return [Finding(Fault.SHORT, first=last + DAY, count=max(1, months))]


def _unfit(
    unit: Unit, consortium_id: int, terms: Sequence[Term], names: dict[int, str], now: datetime
) -> list[Finding]:
    """Turns of organisations that are no members then, are skipped then, or that nobody can reach."""
    today = local(now).date()
    stays = unit.consortia.stays(consortium_id)
    skips = unit.rotas.skips(consortium_id)
    reached = _reachable(unit, {term.organisation_id for term in terms}, now)
    found = []
    unreached = set()
    for term in terms:
        of, first, last = term.organisation_id, term.starts_on, term.ends_on
        if not seated(of, max(first, today), last, stays):
            found.append(Finding(Fault.INELIGIBLE, names[of], first, last))
        elif of not in reached and of not in unreached:
            unreached.add(of)
            found.append(Finding(Fault.UNREACHABLE, names[of], first, last))
        found += [
            Finding(Fault.SKIPPED, names[of], first, last, reason=skip.reason)
            for skip in skips
            if skip.organisation_id == of and first > today and skip.away.covers(first, last)
        ]
    return found


def _reachable(unit: Unit, organisations: set[int], now: datetime) -> set[int]:
    """Organisations where somebody holds a post who is bound and has not left the account."""
    query = (
        select(Post.organisation_id)
        .join(Identity, Identity.member_id == Post.member_id)
        .where(
            Post.organisation_id.in_(organisations),
            acting(Post.kind, "organisation"),
            HELD,
            Identity.subscribed.is_(True),
        )
        .distinct()
    )
    return set(unit.session.scalars(query, {"now": now}))


def _unacknowledged(unit: Unit, terms: Sequence[Term], names: dict[int, str], now: datetime) -> list[Finding]:
    today = local(now).date()
    near = {term.id: term for term in terms if today < term.starts_on <= today + ACKNOWLEDGED_BY}
    query = select(Agenda.subject_id).where(
        Agenda.subject == "term",
        Agenda.subject_id.in_(near),
        Agenda.asked_at.is_not(None),
        Agenda.acknowledged_at.is_(None),
    )
    return [
        Finding(Fault.UNACKNOWLEDGED, names[near[each].organisation_id], near[each].starts_on)
        for each in unit.session.scalars(query)
    ]


def _uneven(unit: Unit, consortium_id: int, terms: Sequence[Term], names: dict[int, str]) -> list[Finding]:
    """Whether one chairs much more often than another, by the places that the rota gives them."""
    weights = {place.organisation_id: place.weight for place in unit.rotas.places_of(consortium_id)}
    if len(weights) < 2:
        return []
    counts = Counter(term.organisation_id for term in terms)
    most = max(weights, key=lambda each: counts[each] / weights[each])
    least = min(weights, key=lambda each: counts[each] / weights[each])
    over = counts[most] // weights[most] - counts[least] // weights[least]
    if over <= EVEN:
        return []
    return [Finding(Fault.UNEVEN, names.get(most, ""), count=over - EVEN)]


def _unknown_years(unit: Unit, terms: Sequence[Term]) -> list[Finding]:
    query = select(Agenda.waits_for).where(
        Agenda.subject == "term",
        Agenda.subject_id.in_([term.id for term in terms]),
        Agenda.stopped_at.is_(None),
        Agenda.waits_for.is_not(None),
    )
    years = {year for year in unit.session.scalars(query) if year is not None}
    return [Finding(Fault.CALENDAR, count=year) for year in sorted(years)[:1]]

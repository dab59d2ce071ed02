"""问题清单台账、需求清单: every problem or need that was raised in a period, as it stood at its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from models.asof import day_of
from models.history import History, histories
from models.ledgers.asking import Ask
from models.ledgers.words import called, remark
from models.life import LEVELS, CaseState, CloseKind
from models.moment import local

_TOLD = frozenset(("contact", "progress", "pause", "resume", "extend_ask", "resolve", "milestone", "promise"))
"""Events whose words say how far the work is."""
_BECAUSE = frozenset(("decline", "transfer", "withdraw", "write_off"))
"""Steps for which a reader wants the reason."""


class ProblemRow(msgspec.Struct, frozen=True):
    """One problem."""

    number: int
    source: str
    raised_at: datetime
    organisation: str
    category: str
    text: str
    lead: str
    others: str
    person: str
    measures: str
    due_on: date | None
    progress: str
    done_at: datetime | None
    rating: str
    archived_at: datetime | None
    close_kind: str
    remarks: str


class NeedRow(msgspec.Struct, frozen=True):
    """One need."""

    number: int
    organisation: str
    person: str
    by: str
    raised_at: datetime
    category: str
    place: str
    text: str
    joined: int
    state: str
    claimants: str
    done_at: datetime | None
    rating: str


def problems(ask: Ask) -> Iterator[ProblemRow]:
    """1 问题清单台账."""
    for case in _raised(ask, "problem"):
        about = case.case
        lead = case.lead
        archived = case.last("archived") if case.state == "archived" else None
        yield ProblemRow(
            number=about.number,
            source=called("source", about.source),
            raised_at=about.submitted_at,
            organisation=ask.places[about.organisation_id].name,
            category=about.category,
            text=ask.veil.matter(about.text, about.visibility, about.name_sealed),
            lead=ask.places[lead.organisation_id].name if lead else "",
            others="、".join(ask.places[hold.organisation_id].name for hold in case.beside),
            person=ask.veil.name(lead.name_sealed) if lead else "",
            measures=_told(ask, case, lead.plan) if lead else "",
            due_on=due_on(case),
            progress=_progress(ask, case),
            done_at=case.done_at,
            rating=rating(case),
            archived_at=archived,
            close_kind=CloseKind(about.close_kind or CloseKind.NORMAL).label if archived else "",
            remarks=_remarks(ask, case),
        )


def needs(ask: Ask) -> Iterator[NeedRow]:
    """2 需求清单."""
    for case in _raised(ask, "need"):
        about = case.case
        reporter = ask.veil.name(about.name_sealed)
        yield NeedRow(
            number=about.number,
            organisation=ask.places[about.organisation_id].name,
            person=ask.veil.behalf(about.behalf_sealed) if about.behalf_sealed else reporter,
            by=reporter if about.behalf_sealed else "",
            raised_at=about.submitted_at,
            category=about.category,
            place=_told(ask, case, about.place),
            text=ask.veil.matter(about.text, about.visibility, about.name_sealed),
            joined=about.joined,
            state=stands(case),
            claimants=claimants(ask, case),
            done_at=case.done_at,
            rating=rating(case),
        )


def _raised(ask: Ask, kind: str) -> Iterator[History]:
    begin = ask.period.begin
    for case in histories(ask.unit, ask.period, ask.scope, (kind,)):
        if case.case.submitted_at >= begin:
            yield case


def _told(ask: Ask, case: History, words: str) -> str:
    """Words about a case that may give away what its text would."""
    return ask.veil.matter(words, case.case.visibility, case.case.name_sealed) if words else ""


def claimants(ask: Ask, case: History) -> str:
    """Whoever has the case in hand or has solved it, the lead first."""
    lead = case.lead
    holds = [*([lead] if lead else []), *case.beside]
    return "、".join(dict.fromkeys(ask.places[hold.organisation_id].name for hold in holds))


def due_on(case: History) -> date | None:
    """By when it is to be done: as extended, as promised, or as its clock has it."""
    if case.lead is None:
        return None
    clock = case.clocks[-1] if case.clocks else None
    if any(grant.at >= case.end for grant in case.extensions if grant.claim_id == case.lead.id):
        return extended_to(case)  # what was promised before was written over since
    return case.lead.promised_on or day_of(clock.due_at if clock else None)


def extended_to(case: History) -> date | None:
    """The day of the last extension that whoever has it in hand had been granted."""
    lead = case.lead
    days = [
        each.until for each in case.extensions if lead and each.claim_id == lead.id and each.at < case.end
    ]
    return days[-1] if days else None


def stands(case: History) -> str:
    """The word for where a case stood."""
    return CaseState(case.state).label(case.case.kind)


def rating(case: History) -> str:
    """The reporter's last word, 未评价 where it was closed without one."""
    word = case.rating
    if word is not None:
        return LEVELS[word.level or 0]
    return remark("unrated") if case.solved else ""


def _progress(ask: Ask, case: History) -> str:
    state = stands(case)
    last = next((step for step in reversed(case.steps) if step.event in _TOLD and step.note), None)
    if last is None:
        return state
    day = local(last.at)
    when = remark("month_day", month=day.month, day=day.day)
    return f"{state}；{when}{_told(ask, case, last.note)}"


def _remarks(ask: Ask, case: History) -> str:
    found = []
    if case.state == "merged" and case.case.merged_into:
        found.append(remark("merged", number=case.case.merged_into))
    if case.left_by in _BECAUSE:
        note = next((step.note for step in reversed(case.steps) if step.event == case.left_by), "")
        if note and case.left_by == "write_off":  # its words begin with how it left the list
            found.append(_told(ask, case, note))
        elif note:
            found.append(remark("because", state=stands(case), note=_told(ask, case, note)))
    if case.reworks:
        found.append(remark("reworks", count=case.reworks))
    if (day := extended_to(case)) is not None:
        found.append(remark("postponed", day=day.isoformat()))
    return "；".join(found)

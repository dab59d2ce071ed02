"""项目清单（认领台账）: projects, what they solve, and how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import msgspec
from sqlalchemy import func, select

from models.asof import day_of
from models.book import Book, BookItem
from models.case import Case
from models.history import Alongside, histories, stream
from models.ledgers.asking import Ask
from models.ledgers.matters import claimants, rating, stands
from models.ledgers.words import remark
from models.project import Milestone, ProjectItem


class ProjectRow(msgspec.Struct, frozen=True):
    """One project."""

    number: int
    title: str
    founded_at: datetime
    items: str
    claimants: str
    plan: str
    signed_on: date | None
    milestones: str
    progress: float | None
    """The weight of the milestones that are done, between 0 and 1; None where there are none."""
    state: str
    accepted_on: date | None
    rating: str


def projects(ask: Ask) -> Iterator[ProjectRow]:
    """4 项目清单（认领台账）."""
    begin, end = ask.period.begin, ask.period.end
    ours = (Case.kind == "project", Case.submitted_at < end, *ask.scope.cases())
    items = Alongside(
        stream(
            ask.unit,
            select(ProjectItem.project_number, ProjectItem.case_number)
            .join(Case, Case.number == ProjectItem.project_number)
            .where(ProjectItem.at < end, *ours)
            .order_by(ProjectItem.project_number, ProjectItem.case_number),
        )
    )
    milestones = Alongside(
        stream(
            ask.unit,
            select(Milestone.project_number, Milestone.title, Milestone.weight, Milestone.done_at)
            .join(Case, Case.number == Milestone.project_number)
            .where(*ours)
            .order_by(Milestone.project_number, Milestone.position),
        )
    )
    signed = Alongside(
        stream(
            ask.unit,
            select(BookItem.case_number, func.min(Book.signed_at))
            .join(Book, Book.id == BookItem.book_id)
            .join(Case, Case.number == BookItem.case_number)
            .where(Book.signed_at < end, *ours)
            .group_by(BookItem.case_number)
            .order_by(BookItem.case_number),
        )
    )
    for case in histories(ask.unit, ask.period, ask.scope, ("project",)):
        about, lead = case.case, case.lead
        solves, steps, books = (each.of(about.number) for each in (items, milestones, signed))
        if about.submitted_at < begin:
            continue
        done = [bool(done_at and done_at < end) for *_, done_at in steps]
        whole = sum(weight for _, _, weight, _ in steps)
        titles = [
            remark("milestone_done", title=title) if is_done else title
            for (_, title, _, _), is_done in zip(steps, done, strict=True)
        ]
        yield ProjectRow(
            number=about.number,
            title=ask.veil.matter(about.text, about.visibility, about.name_sealed),
            founded_at=about.submitted_at,
            items="、".join(str(number) for _, number in solves),
            claimants=claimants(ask, case),
            plan=ask.veil.matter(lead.plan, about.visibility, about.name_sealed) if lead else "",
            signed_on=day_of(books[0][1]) if books else None,
            milestones=remark("milestones", done=sum(done), whole=len(done), titles="、".join(titles))
            if steps
            else "",
            progress=sum(step[2] for step, is_done in zip(steps, done, strict=True) if is_done) / whole
            if whole
            else None,
            state=stands(case),
            accepted_on=day_of(case.solved_at),
            rating=rating(case),
        )

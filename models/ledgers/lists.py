"""资源清单、签订清单台账: what organisations offer, and what they have signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from models.asof import Period, day_of
from models.book import Book, BookItem, BookParty
from models.consortium import Consortium
from models.evaluation import Evaluation, EvaluationKind
from models.history import SOLVED, Alongside, stream
from models.ledgers.asking import Ask
from models.ledgers.words import called, remark, share
from models.life import SATISFIED, Step
from models.organisation import Organisation
from models.seat import Seat
from models.supply import Side, Supply, SupplyUse
from models.timeline import TimelineEntry


class SupplyRow(msgspec.Struct, frozen=True):
    """One entry of the list."""

    code: str
    unit: str
    title: str
    category: str
    quantity: str
    used: int
    area: str
    valid_until: date | None
    contact: str
    uses: int
    liked: str
    state: str


class BookRow(msgspec.Struct, frozen=True):
    """One signed list."""

    code: str
    consortium: str
    kind: str
    title: str
    parties: str
    signed_on: date | None
    valid_until: date | None
    items: int
    kept: str
    review_on: date | None
    state: str
    content: str


def supplies(ask: Ask) -> Iterator[SupplyRow]:
    """3 资源清单. Which entries stand on it, and their capacity, is as it is now: no list of every day is kept."""
    end, period = ask.period.end, ask.period
    newest = (
        select(
            Evaluation.case_number,
            Evaluation.level,
            func.row_number()
            .over(partition_by=Evaluation.case_number, order_by=(Evaluation.at.desc(), Evaluation.id.desc()))
            .label("place"),
        )
        .where(
            Evaluation.at < end, Evaluation.kind != EvaluationKind.VISIT.value, Evaluation.level.is_not(None)
        )
        .subquery()
    )
    lasting = or_(SupplyUse.ended_at.is_(None), SupplyUse.ended_at >= end)
    uses = (
        select(
            SupplyUse.supply_id,
            func.count().label("uses"),
            func.count(newest.c.level).label("rated"),
            func.sum(case((newest.c.level >= SATISFIED, 1), else_=0)).label("liked"),
        )
        .outerjoin(newest, and_(newest.c.case_number == SupplyUse.case_number, newest.c.place == 1))
        .where(SupplyUse.at < end, lasting)
        .group_by(SupplyUse.supply_id)
        .subquery()
    )
    query = (
        select(Supply, uses.c.uses, uses.c.rated, uses.c.liked)
        .outerjoin(uses, uses.c.supply_id == Supply.id)
        .where(Supply.side == Side.SUPPLY.value, Supply.state != "draft", *_offered_in(ask))
        .order_by(Supply.id)
    )
    columns = [
        Supply.code, Supply.unit_name, Supply.title, Supply.category, Supply.quantity, Supply.capacity,
        Supply.area, Supply.valid_until, Supply.contact_sealed, Supply.state,
    ]  # fmt: skip
    for row in stream(ask.unit, query.with_only_columns(*columns, uses.c.uses, uses.c.rated, uses.c.liked)):
        used = row.uses or 0
        yield SupplyRow(
            code=row.code,
            unit=row.unit_name,
            title=ask.veil.text(row.title),
            category=row.category,
            quantity=row.quantity or ("" if row.capacity is None else str(row.capacity)),
            used=used,
            area=row.area or remark("citywide"),
            valid_until=row.valid_until,
            contact=ask.veil.name(row.contact_sealed, "supply.contact"),
            uses=used,
            liked=share(row.liked or 0, row.rated or 0),
            state=called("supply", _supply_state(row.state, row.valid_until, row.capacity, used, period)),
        )


def _offered_in(ask: Ask) -> list[ColumnElement[bool]]:
    where = ask.scope.organisations(ask.period.until)
    return [Supply.organisation_id.in_(select(Organisation.id).where(*where))] if where else []


def _supply_state(
    state: str, valid_until: date | None, capacity: int | None, used: int, period: Period
) -> str:
    if state != "on_offer":
        return state
    if valid_until is not None and valid_until < period.until:
        return "expired"
    return "full" if capacity is not None and used >= capacity else state


def books(ask: Ask) -> Iterator[BookRow]:
    """5 签订清单台账: every list that was signed in the period."""
    period = ask.period
    ours = (
        Book.signed_at >= period.begin,
        Book.signed_at < period.end,
        Book.consortium_id.in_(select(Consortium.id).where(*ask.scope.united())),
    )
    seat = (
        select(func.min(Seat.id))
        .where(Seat.consortium_id == Book.consortium_id, Seat.organisation_id == BookParty.organisation_id)
        .scalar_subquery()
    )
    parties = Alongside(
        stream(
            ask.unit,
            select(BookParty.book_id, Organisation.name)
            .join(Book, Book.id == BookParty.book_id)
            .join(Consortium, Consortium.id == Book.consortium_id)
            .join(Organisation, Organisation.id == BookParty.organisation_id)
            .where(*ours)
            .order_by(
                BookParty.book_id,
                (
                    Consortium.lead_id == Organisation.id
                ).desc(),  # 牵头单位 signs first, the others as they joined
                seat,
                Organisation.id,
            ),
        )
    )
    state = (
        select(case((TimelineEntry.event == Step.WRITE_OFF.value, ""), else_=TimelineEntry.state))
        .where(
            TimelineEntry.case_number == BookItem.case_number,
            TimelineEntry.at < period.end,
            TimelineEntry.state != "",
        )
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    items = (
        select(
            BookItem.book_id,
            func.count().label("items"),
            func.count(BookItem.case_number).label("cases"),
            func.sum(case((state.in_(sorted(SOLVED)), 1), else_=0)).label("kept"),
        )
        .join(Book, Book.id == BookItem.book_id)
        .where(*ours)
        .group_by(BookItem.book_id)
        .order_by(BookItem.book_id)
    )
    counted = Alongside(stream(ask.unit, items))
    query = (
        select(
            Book.id,
            Consortium.code,
            Consortium.name,
            Book.kind,
            Book.period,
            Book.version,
            Book.title,
            Book.state,
            Book.signed_at,
            Book.ended_at,
            Book.valid_until,
            Book.review_on,
            Book.content_hash,
        )
        .join(Consortium, Consortium.id == Book.consortium_id)
        .where(*ours)
        .order_by(Book.id)
    )
    for row in stream(ask.unit, query):
        signers = [name for _, name in parties.of(row.id)]
        [(_, lines, cases, kept)] = counted.of(row.id) or [(row.id, 0, 0, 0)]
        yield BookRow(
            code=f"{row.code}-{row.period}-{called('book_code', row.kind)}{row.version}",
            consortium=row.name,
            kind=called("book_kind", row.kind),
            title=row.title,
            parties="、".join(signers),
            signed_on=day_of(row.signed_at),
            valid_until=row.valid_until,
            items=lines,
            kept=share(kept or 0, cases),
            review_on=row.review_on,
            state=called("book", _book_state(row.state, row.ended_at, row.valid_until, period)),
            content=row.content_hash[:16],
        )


def _book_state(state: str, ended_at: datetime | None, valid_until: date | None, period: Period) -> str:
    if state in ("dissolved", "replaced") and ended_at is not None and ended_at < period.end:
        return state
    return "expired" if valid_until is not None and valid_until < period.until else "signed"

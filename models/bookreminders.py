"""Reminders about lists: who has not signed yet, whose review comes near, and what will soon be over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, select

from models.book import Book, BookParty, BookReminded, BookState, Occasion
from models.moment import local

if TYPE_CHECKING:
    from models.store import Unit

UNSIGNED_AFTER: Final = (3, 7)
"""Days since the list was sent after which a party that has said nothing is reminded."""
BEFORE: Final = (30, 7)
"""Days before the review and before the end on which all parties are (civic practice for agreements: −30, −7)."""
NOT_BEFORE: Final = time(9)
"""Nobody is reminded of a paper in the night: the day's reminders are told from nine o'clock on."""
_DONE: Final = "book_reminders"
"""The revision that keeps the day up to which reminders were told."""


def remind(unit: Unit, now: datetime) -> int:
    """Tells what reminders today brings, unless that was done today; gives how many were told.

    Days that were missed are made up for: of several rungs that were reached meanwhile only the last is told. Two
    processes at once may both tell; the key of each reminder makes its letters be owed once.
    """
    today = local(now).date()
    if local(now).time() < NOT_BEFORE or unit.revisions.all().get(_DONE, 0) >= today.toordinal():
        return 0
    before = date.fromordinal(unit.revisions.all().get(_DONE, 0) or today.toordinal() - max(BEFORE) - 1)
    told = 0
    for reminder in (*_unsigned(unit, before, today), *_coming(unit, before, today)):
        unit.tell(reminder)
        told += 1
    unit.revisions.note(_DONE, today.toordinal())
    return told


def _unsigned(unit: Unit, before: date, today: date) -> Iterator[BookReminded]:
    query = (
        select(Book, BookParty.organisation_id)
        .join(BookParty, and_(BookParty.book_id == Book.id, BookParty.confirmed_at.is_(None)))
        .where(
            Book.state == BookState.CONFIRMING.value,
            BookParty.refused_at.is_(None),  # it has answered; the next word is the chair's
        )
        .order_by(Book.id, BookParty.organisation_id)
    )
    waiting: dict[int, tuple[Book, list[int]]] = {}
    for book, organisation_id in unit.session.execute(query):
        waiting.setdefault(book.id, (book, []))[1].append(organisation_id)
    for book, parties in waiting.values():
        if book.sent_at is None:
            continue
        sent_on = local(book.sent_at).date()
        passed = (today - sent_on).days
        rungs = [rung for rung in UNSIGNED_AFTER if (before - sent_on).days < rung <= passed]
        if rungs:
            yield _reminder(book, Occasion.UNSIGNED, rungs[-1], passed, tuple(parties))


def _coming(unit: Unit, before: date, today: date) -> Iterator[BookReminded]:
    query = (
        select(Book).where(Book.state == BookState.SIGNED.value, Book.valid_until >= today).order_by(Book.id)
    )
    for book in unit.session.scalars(query):
        if book.signed_at is None:
            continue
        signed_on = local(book.signed_at).date()
        for occasion, day in ((Occasion.REVIEW, book.review_on), (Occasion.EXPIRY, book.valid_until)):
            if day is None or day < today:
                continue
            left = (day - today).days
            # Whoever signs sees the dates; a day that had passed by then is not news.
            since = max(before, signed_on)
            rungs = [rung for rung in BEFORE if left <= rung < (day - since).days]
            if rungs:
                yield _reminder(book, occasion, rungs[-1], left, _all(unit, book))


def _all(unit: Unit, book: Book) -> tuple[int, ...]:
    query = (
        select(BookParty.organisation_id)
        .where(BookParty.book_id == book.id)
        .order_by(BookParty.organisation_id)
    )
    return tuple(unit.session.scalars(query))


def _reminder(
    book: Book, occasion: Occasion, rung: int, days: int, organisation_ids: tuple[int, ...]
) -> BookReminded:
    return BookReminded(
        book=book.id,
        title=book.title,
        occasion=occasion,
        rung=rung,
        days=days,
        organisation_ids=organisation_ids,
    )

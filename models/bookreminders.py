"""Reminders about lists: who has not signed yet, whose review comes near, and what will soon be over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, or_, select

from models.book import Book, BookParty, BookReminded, BookState, Occasion
from models.moment import local

if TYPE_CHECKING:
    from models.store import Unit

UNSIGNED_AFTER: Final = (3, 7)
"""Days since the list was sent after which a party that has said nothing is reminded."""
BEFORE: Final = (30, 7)
"""Days before the review and before the end on which all parties are (civic practice for agreements: −30, −7)."""
NOT_BEFORE_H: Final = 9
"""Nobody is reminded of a paper in the night: the day's reminders are told from nine o'clock on."""
AT_ONCE: Final = 50
"""Lists looked through in one transaction, so that members' messages need not wait for all of a city's."""

# The revisions that remember where it stands, as days and ids.
_DONE: Final = "book_reminders"
_ON: Final = "book_reminders_on"
_PAST: Final = "book_reminders_past"


def due(unit: Unit, now: datetime) -> bool:
    """Whether today's reminders were not all told yet, and it is late enough in the day to tell them."""
    today = local(now).date().toordinal()
    return local(now).hour >= NOT_BEFORE_H and unit.revisions.all().get(_DONE, 0) < today


def remind(unit: Unit, now: datetime) -> int:
    """Tells a part of what reminders today brings; gives how many lists it looked through, 0 when all are done.

    Days that were missed are made up for, and of several rungs that were reached meanwhile only the last is told.
    Two processes at once may both tell; the key of each reminder makes its letters be owed once.
    """
    if not due(unit, now):
        return 0
    today = local(now).date()
    stood = unit.revisions.all()
    # On the first day of all there is no day before: what was reached in the last weeks is told.
    before = date.fromordinal(stood.get(_DONE) or today.toordinal() - max(BEFORE) - 1)
    past = stood.get(_PAST, 0) if stood.get(_ON) == today.toordinal() else 0
    books = _portion(unit, past, today)
    parties = _parties(unit, books)
    for book in books:
        for reminder in _reminders(book, parties.get(book.id, ()), before, today):
            unit.tell(reminder)
    if len(books) < AT_ONCE:
        unit.revisions.note(_DONE, today.toordinal())
    else:
        unit.revisions.note(_ON, today.toordinal())
        unit.revisions.note(_PAST, books[-1].id)
    return len(books)


def _portion(unit: Unit, past: int, today: date) -> list[Book]:
    query = (
        select(Book)
        .where(
            Book.id > past,
            or_(
                Book.state == BookState.CONFIRMING.value,
                and_(Book.state == BookState.SIGNED.value, Book.valid_until >= today),
            ),
        )
        .order_by(Book.id)
        .limit(AT_ONCE)
    )
    return list(unit.session.scalars(query))


def _parties(unit: Unit, books: Sequence[Book]) -> dict[int, list[BookParty]]:
    query = (
        select(BookParty)
        .where(BookParty.book_id.in_([book.id for book in books]))
        .order_by(BookParty.book_id, BookParty.organisation_id)
    )
    found: dict[int, list[BookParty]] = {}
    for party in unit.session.scalars(query):
        found.setdefault(party.book_id, []).append(party)
    return found


def _reminders(book: Book, parties: Sequence[BookParty], before: date, today: date) -> Iterator[BookReminded]:
    """What is told today of one list; what was reached up to the day ``before`` was told already."""
    if book.sent_at is not None and book.signed_at is None:
        on = local(book.sent_at).date()
        rungs = [rung for rung in UNSIGNED_AFTER if (before - on).days < rung <= (today - on).days]
        # Who refused has answered; the next word is the chair's.
        silent = [party for party in parties if party.confirmed_at is None and party.refused_at is None]
        if rungs and silent:
            yield _reminder(book, Occasion.UNSIGNED, rungs[-1], on, silent)
    elif book.signed_at is not None:
        # Whoever signs sees the dates: a rung that was past by then is not news.
        since = max(before, local(book.signed_at).date())
        for occasion, day in ((Occasion.REVIEW, book.review_on), (Occasion.EXPIRY, book.valid_until)):
            if day is None or day < today:
                continue
            rungs = [rung for rung in BEFORE if (day - today).days <= rung < (day - since).days]
            if rungs:
                yield _reminder(book, occasion, rungs[-1], day, parties)


def _reminder(
    book: Book, occasion: Occasion, rung: int, on: date, parties: Sequence[BookParty]
) -> BookReminded:
    return BookReminded(
        book=book.id,
        title=book.title,
        occasion=occasion,
        rung=rung,
        on=on,
        organisation_ids=tuple(party.organisation_id for party in parties),
    )

"""The lists of each quarter: drawn up by whoever has the chair, sent to all, and signed by every secretary."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from bot.sim.years.walk import Story, Walk
from models.book import BookKind, NothingToList
from models.moment import SHANGHAI, local
from models.period import Period

_TURN: Final = (
    (BookKind.SUPPLIES,),
    (BookKind.PROJECTS,),
    (BookKind.PROBLEMS, BookKind.PROJECTS),
    (BookKind.PROJECTS,),
)
"""Which lists are due in each quarter. Where the first has nothing to say, that of supplies stands in for it."""
_EVENING: Final = 18
"""Hour from which nobody signs any more that day."""
_REFUSED: Final = 2
"""The quarter, counted from the first, whose first list one party does not sign at first."""


def quarters(start: date, end: date) -> list[Period]:
    """The quarters that begin or are under way between two days."""
    found = []
    year, quarter = start.year, (start.month - 1) // 3 + 1
    while date(year, quarter * 3 - 2, 1) <= end:
        found.append(Period.quarter(year, quarter))
        year, quarter = (year, quarter + 1) if quarter < 4 else (year + 1, 1)
    return found


def begin(walk: Walk, start: date, end: date) -> None:
    """The lists of each quarter."""
    for place, period in enumerate(quarters(start, end)):
        day = max(period.first.replace(day=9), start)
        for kind in _due(period):
            refused = place == _REFUSED and kind is _due(period)[0]
            story = _signed(walk, kind, period, refused=refused)
            walk.begin(story, datetime.combine(day, time(8, 35), SHANGHAI))


def _signed(walk: Walk, kind: BookKind, period: Period, *, refused: bool) -> Story:
    chance = walk.chance(f"{period.code}:{kind.value}")
    yield walk.office(0, chance)
    if local(walk.now).date() > period.last:
        return
    number = _send(walk, kind, period)
    if number is None and kind is _due(period)[0]:
        number = _send(walk, BookKind.SUPPLIES, period)
    if number is None:
        return
    if refused:
        yield walk.office(2, chance)
        book = walk.unit.books.to_change(number, seen_by=walk.crew.chair(walk.now), now=walk.now)
        party = walk.unit.books.stands(book)[-1].organisation_id
        walk.unit.books.refuse(
            book, party, by=walk.crew.signer(party, walk.now), reason=walk.words.book_refused, now=walk.now
        )
        yield walk.office(2, chance)
        number = _send(walk, BookKind(book.kind), period) or number
    book = walk.unit.books.number(number, seen_by=walk.crew.chair(walk.now), now=walk.now)
    parties = [stand.organisation_id for stand in walk.unit.books.stands(book)]
    chance.shuffle(parties)
    for party in parties:
        after = walk.soon(chance, 5, 90)
        evening = local(after).hour >= _EVENING
        yield walk.office(1, chance) if evening or chance.random() < 0.3 else after
        signer = walk.crew.signer(party, walk.now)
        book = walk.unit.books.to_change(number, seen_by=signer, now=walk.now)
        walk.unit.books.confirm(book, party, by=signer, now=walk.now)


def _due(period: Period) -> tuple[BookKind, ...]:
    return _TURN[(period.first.month - 1) // 3]


def _send(walk: Walk, kind: BookKind, period: Period) -> int | None:
    """Draws a list up and asks everybody to sign; gives its number, None where there is nothing to list."""
    books, chair = walk.unit.books, walk.crew.chair(walk.now)
    try:
        book = books.draw_up(walk.crew.consortium, kind, period, by=chair, now=walk.now)
    except NothingToList:
        return None
    books.send(book, by=chair, now=walk.now)
    return book.id

"""All lists that organisations sign: drawing up, sending, signing, ending, and who may do which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, func, select

from models import booklines, bookreminders, bookrights
from models.book import (
    Book,
    BookDissolved,
    BookItem,
    BookKind,
    BookParty,
    BookRefused,
    BookSent,
    BookSigned,
    BookState,
    BookUnknown,
    NothingToList,
    NotParty,
    PeriodOver,
    SignedAlready,
    reason_given,
)
from models.bookseal import fingerprint, signed_content
from models.consortium import Consortium
from models.moment import local
from models.organisation import Organisation
from models.performance import Performance, performances
from models.period import Period, PeriodUnclear, end_of

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

FARTHEST: Final = timedelta(days=400)
"""How far ahead a period may begin: next year's list, but not a slip of the finger."""


class Stand(msgspec.Struct, frozen=True):
    """One party, and what it said."""

    organisation_id: int
    organisation: str
    signed: bool
    refused: bool
    reason: str


class Books:
    """All lists."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def number(self, number: int, *, seen_by: Person, now: datetime) -> Book:
        """The list of that number, if the person may see it. Else BookUnknown.

        Members of the parties and of the consortium see it; a draft is for those who may send it.
        """
        found = self._unit.session.get(Book, number) if 0 < number < 2**31 else None
        if found is None or not bookrights.sees(self._unit, found, self._parties(found), seen_by, now):
            raise BookUnknown(number=number)
        return found

    def to_change(self, number: int, *, seen_by: Person, now: datetime) -> Book:
        """The same, held until the transaction is over, so that two who sign at once come one after the other."""
        self.number(number, seen_by=seen_by, now=now)
        return self._unit.session.get_one(Book, number, with_for_update=True, populate_existing=True)

    def items(self, book: Book) -> list[BookItem]:
        """Every line in its order."""
        query = select(BookItem).where(BookItem.book_id == book.id).order_by(BookItem.position)
        return list(self._unit.session.scalars(query))

    def page(self, book: Book, *, offset: int, limit: int) -> tuple[list[BookItem], int]:
        """Some lines, and how many there are in all."""
        query = select(BookItem).where(BookItem.book_id == book.id).order_by(BookItem.position)
        total = self._unit.session.scalar(select(func.count()).where(BookItem.book_id == book.id)) or 0
        return list(self._unit.session.scalars(query.offset(offset).limit(limit))), total

    def stands(self, book: Book) -> list[Stand]:
        """Every party and what it said, in the order in which organisations came on file."""
        query = (
            select(BookParty, Organisation.name)
            .join(Organisation, Organisation.id == BookParty.organisation_id)
            .where(BookParty.book_id == book.id)
            .order_by(BookParty.organisation_id)
        )
        return [
            Stand(
                organisation_id=party.organisation_id,
                organisation=name,
                signed=party.confirmed_at is not None,
                refused=party.refused_at is not None,
                reason=party.reason,
            )
            for party, name in self._unit.session.execute(query)
        ]

    def to_sign(self, person: Person, now: datetime, limit: int = 4) -> list[Book]:
        """The lists that wait for this person's signature, the one sent first at the head."""
        offices = self._unit.organisations.offices_of(person.member_id, now)
        mine = [office for office in offices if bookrights.signs_for(self._unit, office, person, now)]
        if not mine:
            return []
        query = (
            select(Book)
            .join(BookParty, BookParty.book_id == Book.id)
            .where(
                Book.state == BookState.CONFIRMING.value,
                BookParty.organisation_id.in_(mine),
                BookParty.confirmed_at.is_(None),
            )
            .distinct()
            .order_by(Book.sent_at, Book.id)
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def newest(self, consortium_id: int, limit: int = 4) -> list[Book]:
        """The newest lists of a consortium that were sent, for whoever looks round."""
        query = (
            select(Book)
            .where(Book.consortium_id == consortium_id, Book.sent_at.is_not(None))
            .order_by(Book.id.desc())
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    # ---- drawing up ------------------------------------------------------------------------------

    def desks(self, person: Person, now: datetime) -> list[Consortium]:
        """The consortia whose lists a person may draw up at a moment."""
        return bookrights.desks(self._unit, person, now)

    def draw_up(
        self,
        consortium: Consortium,
        kind: BookKind,
        period: Period,
        *,
        by: Person,
        now: datetime,
        valid_until: date | None = None,
        review_on: date | None = None,
    ) -> Book:
        """Collects what stands on the list today. A draft of the same period is made anew; else it is a new version.

        The parties are all organisations that sit in the consortium today, those without a line of their own too:
        the list is what the consortium promises as a whole, and whoever has claimed nothing yet can still claim.
        Without ``valid_until`` and ``review_on`` they follow from the period (models/data/books.toml).
        """
        day = local(now).date()
        bookrights.require_drawing(self._unit, consortium, by, now)
        if period.last < day:
            raise PeriodOver(period=period.label)
        if period.first > day + FARTHEST:
            raise PeriodUnclear(words=period.label)
        parties = self._unit.consortia.parties(consortium, day)
        entries = booklines.collect(self._unit, kind, consortium_id=consortium.id, parties=parties, day=day)
        label = booklines.label_of(kind)
        if not entries:
            raise NothingToList(consortium=consortium.name, label=label)
        valid_until = valid_until or period.last
        review_on = review_on or booklines.review_day(period, valid_until)
        newest = self._unit.session.scalar(
            select(Book)
            .where(Book.consortium_id == consortium.id, Book.kind == kind.value, Book.period == period.code)
            .order_by(Book.version.desc())
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if newest is not None and newest.state == BookState.DRAFT.value:
            book = newest
            book.redraw(by=by, now=now, valid_until=valid_until, review_on=review_on)
            self._unit.session.execute(delete(BookItem).where(BookItem.book_id == book.id))
            self._unit.session.execute(delete(BookParty).where(BookParty.book_id == book.id))
        else:
            book = Book.draw_up(
                consortium=consortium,
                kind=kind,
                period=period,
                version=newest.version + 1 if newest is not None else 1,
                label=label,
                by=by,
                now=now,
                valid_until=valid_until,
                review_on=review_on,
            )
            self._unit.session.add(book)
        self._unit.session.flush()
        self._unit.session.add_all(
            BookItem.write(
                book_id=book.id,
                position=position,
                case_number=entry.case_number,
                supply_code=entry.supply_code,
                line=entry.line,
            )
            for position, entry in enumerate(entries, 1)
        )
        self._unit.session.add_all(
            BookParty.ask(book_id=book.id, organisation_id=organisation_id) for organisation_id in parties
        )
        self._unit.session.flush()
        return book

    def waiting(self, book: Book) -> int:
        """How many cases did not come onto the list only because nobody accepted them yet."""
        return booklines.waiting(self._unit, BookKind(book.kind), book.consortium_id)

    def send(self, book: Book, *, by: Person, now: datetime) -> None:
        """Asks the parties to sign. What still waits for signatures under an older version needs them no more."""
        bookrights.require_drawing(self._unit, self._consortium(book), by, now)
        book.send(now)
        older = self._older(book, BookState.CONFIRMING)
        for each in older:
            each.replace(now)
        items = self._unit.session.scalar(select(func.count()).where(BookItem.book_id == book.id)) or 0
        self._unit.tell(
            BookSent(
                book=book.id,
                title=book.title,
                items=items,
                organisation_ids=self._asked(book),
                replaced=tuple(each.id for each in older),
            )
        )

    def may_dissolve(self, book: Book, *, by: Person, reason: str, now: datetime) -> None:
        """Refuses whoever may not end the list, a list that is past it, and a missing reason."""
        bookrights.require_drawing(self._unit, self._consortium(book), by, now)
        book.check("dissolve")
        reason_given(reason)

    def dissolve(self, book: Book, *, by: Person, reason: str, now: datetime) -> None:
        """Ends a list before its time; the parties that were asked to sign hear why."""
        bookrights.require_drawing(self._unit, self._consortium(book), by, now)
        book.dissolve(reason, now)
        if book.sent_at is not None:
            self._unit.tell(
                BookDissolved(
                    book=book.id,
                    title=book.title,
                    reason=book.end_reason,
                    organisation_ids=self._asked(book),
                )
            )

    # ---- signing ---------------------------------------------------------------------------------

    def signing_for(self, book: Book, person: Person, now: datetime) -> list[int]:
        """The parties for which this person may sign and that have not signed.

        Refuses whoever has none: NotParty, NotSigner (their secretary signs) or SignedAlready; and BookNotNow.
        """
        own = self._unit.organisations.offices_of(person.member_id, now) | {person.organisation_id}
        mine = [party for party in self._parties(book) if party.organisation_id in own]
        if not mine:
            raise NotParty(number=book.id)
        allowed = [
            party for party in mine if bookrights.signs_for(self._unit, party.organisation_id, person, now)
        ]
        if not allowed:
            bookrights.require_signing(self._unit, book, mine[0].organisation_id, person, now)
        unsigned = [party.organisation_id for party in allowed if party.confirmed_at is None]
        if not unsigned:
            raise SignedAlready(number=book.id)
        book.check("confirm")
        return unsigned

    def confirm(self, book: Book, organisation_id: int, *, by: Person, now: datetime) -> bool:
        """One party signs; True when it was the last, and the list is signed.

        ``book`` comes from ``to_change``: of two last signers the second sees the first one's signature.
        """
        book.check("confirm")
        party = self._party(book, organisation_id, by, now)
        party.confirm(by=by, now=now)
        parties = self._parties(book)
        if any(each.confirmed_at is None for each in parties):
            return False
        book.sign(self._fingerprint(book), now)
        for each in self._older(book, BookState.SIGNED):
            each.replace(now)
        self._unit.tell(
            BookSigned(
                book=book.id,
                title=book.title,
                parties=len(parties),
                valid_until=book.valid_until,
                drawn_by=book.drawn_by,
                organisation_ids=self._asked(book),
            )
        )
        return True

    def refuse(self, book: Book, organisation_id: int, *, by: Person, reason: str, now: datetime) -> None:
        """One party does not sign. It may still; or whoever drew the list up draws up a better one."""
        book.check("refuse")
        party = self._party(book, organisation_id, by, now)
        party.refuse(by=by, reason=reason, now=now)
        chair = self._unit.consortia.chair(book.consortium_id, local(now).date())
        self._unit.tell(
            BookRefused(
                book=book.id,
                title=book.title,
                organisation_id=organisation_id,
                organisation=self._unit.organisations.get(organisation_id).name,
                reason=party.reason,
                drawn_by=book.drawn_by,
                chair_id=chair[1].id if chair else None,
            )
        )

    def verify(self, book: Book) -> bool:
        """Whether what is on file is what was signed; False for what nobody signed."""
        return book.content_hash != "" and self._fingerprint(book) == book.content_hash

    # ---- figures ---------------------------------------------------------------------------------

    def count_signed(self, as_of: date, consortium_id: int | None = None) -> int:
        """签订清单: how many lists had been signed by the end of that day, of one consortium or of all.

        A list is one kind of one consortium for one period: its versions count once, at the first that was signed.
        One that was ended or replaced later was signed nonetheless; one that waits for a single signature is not.
        """
        lists = select(Book.consortium_id, Book.kind, Book.period).where(Book.signed_at < end_of(as_of))
        if consortium_id is not None:
            lists = lists.where(Book.consortium_id == consortium_id)
        return self._unit.session.scalar(select(func.count()).select_from(lists.distinct().subquery())) or 0

    def performances(self, books: Sequence[Book], as_of: date) -> dict[int, Performance]:
        """履约率 of each of these lists as it was at the end of that day; Performance says what it is."""
        return performances(self._unit, books, as_of, end_of(as_of))

    def reminders_due(self, now: datetime) -> bool:
        """Whether ``remind`` has something to do."""
        return bookreminders.due(self._unit, now)

    def remind(self, now: datetime) -> int:
        """Tells a part of today's reminders, once for the whole database; 0 when there is nothing more to do."""
        return bookreminders.remind(self._unit, now)

    # ---- looking up ------------------------------------------------------------------------------

    def _party(self, book: Book, organisation_id: int, by: Person, now: datetime) -> BookParty:
        party = self._unit.session.get(BookParty, (book.id, organisation_id))
        if party is None:
            raise NotParty(number=book.id)
        bookrights.require_signing(self._unit, book, organisation_id, by, now)
        return party

    def _consortium(self, book: Book) -> Consortium:
        return self._unit.session.get_one(Consortium, book.consortium_id)

    def _parties(self, book: Book) -> list[BookParty]:
        query = select(BookParty).where(BookParty.book_id == book.id).order_by(BookParty.organisation_id)
        # What another process signed since this transaction began is to be seen.
        return list(self._unit.session.scalars(query.execution_options(populate_existing=True)))

    def _asked(self, book: Book) -> tuple[int, ...]:
        return tuple(party.organisation_id for party in self._parties(book))

    def _older(self, book: Book, state: BookState) -> list[Book]:
        query = (
            select(Book)
            .where(
                Book.consortium_id == book.consortium_id,
                Book.kind == book.kind,
                Book.period == book.period,
                Book.version < book.version,
                Book.state == state.value,
            )
            .order_by(Book.version.desc())
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return list(self._unit.session.scalars(query))

    def _fingerprint(self, book: Book) -> str:
        query = (
            select(BookParty, Organisation.code)
            .join(Organisation, Organisation.id == BookParty.organisation_id)
            .where(BookParty.book_id == book.id)
            .execution_options(populate_existing=True)
        )
        parties = [(party, code) for party, code in self._unit.session.execute(query)]
        consortium = self._consortium(book).code
        return fingerprint(signed_content(book, consortium, self.items(book), parties))

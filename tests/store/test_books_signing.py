"""Signatures: two at the same moment, and a fingerprint that changes with anything and with nothing else."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.book import (
    Book,
    BookItem,
    BookKind,
    BookNotNow,
    BookParty,
    BookSigned,
    BookState,
    Line,
    SignedAlready,
)
from models.bookseal import fingerprint, signed_content
from models.store import Store
from tests.store.shelf import claim_case, draw, file_case, held, offer, send, set_up, sign, signed

START = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
WORDS = st.text('路灯坏了、“”\\{}" \n土豆abc1', max_size=12)
LINES = st.builds(
    Line,
    kind=st.sampled_from(["need", "problem", "project", "supply", "demand"]),
    text=WORDS,
    category=WORDS,
    place=WORDS,
    unit=WORDS,
    claimant=WORDS,
    promised=st.one_of(st.just(""), DAYS.map(date.isoformat)),
)
MOMENTS = st.datetimes(datetime(2026, 5, 1), datetime(2026, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
Whole = tuple[Book, list[BookItem], list[tuple[BookParty, str]]]


@st.composite
def wholes(pick: Callable[..., object]) -> Whole:
    """A signed list with its lines and parties."""
    book = Book(
        kind=pick(st.sampled_from([kind.value for kind in BookKind])),
        period="2026-05",
        version=pick(st.integers(1, 3)),
        title=pick(WORDS),
        state=BookState.SIGNED.value,
        valid_until=pick(DAYS),
        review_on=pick(DAYS),
    )
    lines: list[Line] = pick(st.lists(LINES, min_size=1, max_size=5))  # type: ignore[assignment]
    items = [
        BookItem.write(book_id=1, position=place, case_number=place, supply_code="", line=line)
        for place, line in enumerate(lines, 1)
    ]
    signed_at: list[datetime] = pick(st.lists(MOMENTS, min_size=1, max_size=4))  # type: ignore[assignment]
    parties = []
    for place, moment in enumerate(signed_at, 1):
        party = BookParty.ask(book_id=1, organisation_id=place)
        party.member_id, party.confirmed_at = place, moment
        parties.append((party, f"O{place}"))
    return book, items, parties


def seal(whole: Whole) -> str:
    book, items, parties = whole
    return fingerprint(signed_content(book, "C1", items, parties))


def again(whole: Whole) -> Whole:
    """The same, not one object of it shared."""
    book, items, parties = whole
    return (
        Book(**{key: value for key, value in vars(book).items() if not key.startswith("_")}),
        [
            BookItem(**{key: copy.deepcopy(value) for key, value in vars(item).items() if key[0] != "_"})
            for item in items
        ],
        [
            (BookParty(**{key: value for key, value in vars(party).items() if key[0] != "_"}), code)
            for party, code in parties
        ],
    )


@given(wholes(), st.randoms())
def test_the_same_content_has_the_same_fingerprint_in_whatever_order_it_is_read(
    whole: Whole, chance: object
) -> None:
    book, items, parties = again(whole)
    chance.shuffle(items)  # type: ignore[attr-defined]
    chance.shuffle(parties)  # type: ignore[attr-defined]
    for item in items:
        item.content = dict(reversed(item.content.items()))
    assert seal((book, items, parties)) == seal(whole)


@given(wholes(), st.data())
def test_any_change_changes_the_fingerprint(whole: Whole, data: st.DataObject) -> None:
    book, items, parties = other = again(whole)
    item = data.draw(st.sampled_from(items))
    party, code = data.draw(st.sampled_from(parties))
    place = parties.index((party, code))
    match data.draw(st.integers(0, 13)):
        case 0:
            key = data.draw(st.sampled_from(sorted(item.content)))
            item.content = {**item.content, key: item.content[key] + "改"}
        case 1:
            item.case_number += 100  # type: ignore[operator]
        case 2:
            item.supply_code = "S1"
        case 3:
            items.remove(item)
        case 4:
            items.append(
                BookItem.write(
                    book_id=1,
                    position=99,
                    case_number=None,
                    supply_code="S9",
                    line=Line(kind="supply", text=""),
                )
            )
        case 5:
            item.position += 50
        case 6:
            party.member_id += 100  # type: ignore[operator]
        case 7:
            party.confirmed_at += timedelta(microseconds=1)  # type: ignore[operator]
        case 8:
            party.confirmed_at = None
        case 9:
            parties.remove((party, code))
        case 10:
            parties[place] = (party, code + "x")
        case 11:
            book.title += "改"
        case 12:
            book.version += 1
        case 13:
            book.valid_until = None
    assert seal(other) != seal(whole)


@given(wholes())
def test_two_lines_that_change_places_change_the_fingerprint(whole: Whole) -> None:
    book, items, parties = again(whole)
    items[0].position, items[-1].position = items[-1].position, items[0].position
    assert (seal((book, items, parties)) == seal(whole)) == (len(items) == 1)


@pytest.mark.postgres
def test_the_same_list_has_the_same_fingerprint_on_both_databases(
    sqlite_store: Store, postgresql_store: Store
) -> None:
    found = []
    for store in (sqlite_store, postgresql_store):
        shelf = set_up(store, START)
        number = file_case(store, shelf.zhang, START, kind="need", text="土豆“卖”不动\\n")
        claim_case(store, number, shelf.wang, START, promised_on=date(2026, 5, 20))
        offer(store, shelf.west, START)
        book = signed(store, shelf, START + timedelta(microseconds=123_456), kind=BookKind.SUPPLIES)
        with store.reading() as unit:
            found.append(unit.session.get_one(Book, book).content_hash)
    assert found[0] == found[1]
    assert len(found[0]) == 64


def at_once(*works: Callable[[], object]) -> list[object]:
    """Does all of it at the same moment; what each gave or raised."""
    gate, results = threading.Barrier(len(works)), [object()] * len(works)

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = works[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_two_last_signers_at_once_exactly_one_completes_the_list(store: Store) -> None:
    shelf = set_up(store, START)
    file_case(store, shelf.zhang, START)
    for day in range(5):
        now = START + timedelta(days=day)
        number = draw(store, shelf, now)
        send(store, shelf, number, now)
        told: list[object] = []

        def last(office: int, by: object, number: int = number, now: datetime = now) -> bool:
            with store.unit() as unit:
                book = held(unit, number, by, now)  # type: ignore[arg-type]
                complete = unit.books.confirm(book, office, by=by, now=now)  # type: ignore[arg-type]
                told.extend(each for each in unit.happenings if isinstance(each, BookSigned))  # noqa: B023
                return complete

        done = at_once(
            *(lambda office=office, by=by: last(office, by) for office, by in shelf.signers.items())  # type: ignore[misc]
        )
        assert sorted(done) == [False, False, True], done  # type: ignore[type-var]
        assert len(told) == 1
        with store.reading() as unit:
            book = unit.session.get_one(Book, number)
            assert (book.state, unit.books.verify(book)) == ("signed", True)


def test_one_organisation_signs_once_however_many_of_it_sign_at_once(store: Store) -> None:
    shelf = set_up(store, START)
    file_case(store, shelf.zhang, START)
    number = draw(store, shelf, START)
    send(store, shelf, number, START)
    done = at_once(*(lambda: sign(store, number, shelf.west, shelf.wang, START) for _ in range(4)))
    assert [type(each) for each in done if each is not False] == [SignedAlready] * 3


def test_a_list_is_not_signed_and_ended_at_once(store: Store) -> None:
    shelf = set_up(store, START)
    file_case(store, shelf.zhang, START)
    for day in range(4):
        now = START + timedelta(days=day)
        number = draw(store, shelf, now)
        send(store, shelf, number, now)
        sign(store, number, shelf.town, shelf.zhao, now)
        sign(store, number, shelf.east, shelf.li, now)

        def end(number: int = number, now: datetime = now) -> None:
            with store.unit() as unit:
                unit.books.dissolve(
                    held(unit, number, shelf.zhao, now), by=shelf.zhao, reason="数不对", now=now
                )

        done = at_once(lambda: sign(store, number, shelf.west, shelf.wang, now), end)  # noqa: B023
        with store.reading() as unit:
            book = unit.session.get_one(Book, number)
            assert book.state == "dissolved"
            if isinstance(done[0], BookNotNow):
                assert (book.signed_at, book.content_hash) == (None, "")
            else:
                assert done == [True, None]
                assert unit.books.verify(book)

"""Lists: which verbs a state allows, who signs, that nothing changes after, and how many were signed by a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import update

from models.book import (
    TRANSITIONS,
    Book,
    BookDissolved,
    BookKind,
    BookNotNow,
    BookReasonMissing,
    BookRefused,
    BookSent,
    BookSigned,
    BookState,
    NotDrawing,
    NotParty,
    NotSigner,
    SignedAlready,
)
from models.organisation import Organisation
from models.period import Period
from models.store import Store, Unit
from tests.store.shelf import (
    Shelf,
    draw,
    file_case,
    held,
    in_state,
    offer,
    set_up,
    sign,
    signed,
)

VERBS = ("redraw", "send", "confirm", "refuse", "sign", "replace", "dissolve")


@pytest.fixture
def shelf(store: Store, now: datetime) -> Shelf:
    """The consortium on the database of the test."""
    return set_up(store, now)


def do(unit: Unit, shelf: Shelf, book: Book, verb: str, now: datetime) -> None:
    """One verb, by somebody with a right to it."""
    day = date(2026, 5, 31)
    match verb:
        case "redraw":
            book.redraw(by=shelf.zhao, now=now, valid_until=day, review_on=day)
        case "send":
            unit.books.send(book, by=shelf.zhao, now=now)
        case "confirm":
            unit.books.confirm(book, shelf.west, by=shelf.wang, now=now)
        case "refuse":
            unit.books.refuse(book, shelf.west, by=shelf.wang, reason="数不对", now=now)
        case "sign":
            book.sign("0" * 64, now)
        case "replace":
            book.replace(now)
        case "dissolve":
            unit.books.dissolve(book, by=shelf.zhao, reason="数不对", now=now)


def everything(store: Store, number: int) -> list[object]:
    """All that is on file of a list."""
    with store.reading() as unit:
        book = unit.session.get_one(Book, number)
        facts = {name: value for name, value in vars(book).items() if not name.startswith("_")}
        return [facts, unit.books.stands(book), [item.content for item in unit.books.items(book)]]


@pytest.mark.parametrize(("state", "verb"), list(product(BookState, VERBS)))
def test_every_verb_is_allowed_or_refused_by_name(
    state: BookState, verb: str, sqlite_store: Store, now: datetime
) -> None:
    store, later = sqlite_store, now + timedelta(hours=1)
    shelf = set_up(store, now)
    number = in_state(store, shelf, state, now)
    before = everything(store, number)
    assert before[0]["state"] == state.value  # type: ignore[index]
    to = TRANSITIONS.get((state, verb))
    if to is None:
        with pytest.raises(BookNotNow) as refused, store.unit() as unit:
            do(unit, shelf, held(unit, number, shelf.zhao, later), verb, later)
        assert refused.value.facts == {"number": number, "state": state.label}
        assert everything(store, number) == before
    else:
        with store.unit() as unit:
            do(unit, shelf, held(unit, number, shelf.zhao, later), verb, later)
        assert everything(store, number)[0]["state"] == to.value  # type: ignore[index]


def test_the_table_of_moves_names_no_other_verb() -> None:
    assert {verb for _, verb in TRANSITIONS} == set(VERBS)
    assert all(state.label for state in BookState)


# ---- signing -----------------------------------------------------------------------------------------


def test_a_secretary_signs_and_where_there_is_none_whoever_holds_a_post(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    number = in_state(store, shelf, BookState.CONFIRMING, now)
    with store.unit() as unit:
        book = held(unit, number, shelf.gao, now)
        with pytest.raises(NotSigner) as refused:
            unit.books.signing_for(book, shelf.gao, now)
        assert refused.value.facts == {"number": number, "who": "书记王海"}
        with pytest.raises(NotSigner):
            unit.books.confirm(book, shelf.west, by=shelf.gao, now=now)
        with pytest.raises(NotParty):
            unit.books.confirm(book, shelf.east, by=shelf.wang, now=now)
        with pytest.raises(NotParty):
            unit.books.signing_for(book, shelf.bao, now)
        for refusing in (
            lambda: unit.books.signing_for(book, shelf.zhang, now),
            lambda: unit.books.confirm(book, shelf.east, by=shelf.zhang, now=now),
        ):
            with pytest.raises(NotSigner) as refused:
                refusing()
            assert refused.value.facts["who"] == "联络员李春梅"
        assert unit.books.signing_for(book, shelf.li, now) == [shelf.east]
        assert [each.id for each in unit.books.to_sign(shelf.li, now)] == [number]
        assert unit.books.to_sign(shelf.gao, now) == []
        unit.books.confirm(book, shelf.east, by=shelf.li, now=now)
        assert unit.books.to_sign(shelf.li, now) == []
        with pytest.raises(SignedAlready):
            unit.books.signing_for(book, shelf.li, now)
        with pytest.raises(SignedAlready):
            unit.books.confirm(book, shelf.east, by=shelf.li, now=now)
        with pytest.raises(SignedAlready):
            unit.books.refuse(book, shelf.east, by=shelf.li, reason="想想还是不签", now=now)


def test_it_is_signed_when_the_last_party_signed_and_everybody_is_told(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    file_case(store, shelf.zhang, now)
    number = draw(store, shelf, now)
    with store.unit() as unit:
        unit.books.send(held(unit, number, shelf.li, now), by=shelf.li, now=now)
        [sent] = unit.happenings
        assert isinstance(sent, BookSent)
        assert (sent.items, sent.organisation_ids, sent.replaced) == (
            1,
            (shelf.town, shelf.east, shelf.west),
            (),
        )
    with store.unit() as unit:
        book = held(unit, number, shelf.wang, now)
        unit.books.refuse(book, shelf.west, by=shelf.wang, reason=" 灯\n太多 ", now=now)
        [refused] = unit.happenings
        assert isinstance(refused, BookRefused)
        assert (refused.reason, refused.chair_id, refused.drawn_by) == (
            "灯 太多",
            shelf.east,
            shelf.zhao.member_id,
        )
        assert not unit.books.verify(book)
    with store.unit() as unit, pytest.raises(BookReasonMissing):
        unit.books.refuse(held(unit, number, shelf.wang, now), shelf.west, by=shelf.wang, reason=" ", now=now)
    assert not sign(store, number, shelf.town, shelf.zhao, now)
    assert not sign(store, number, shelf.east, shelf.li, now)
    with store.unit() as unit:
        book = held(unit, number, shelf.wang, now)
        assert unit.books.confirm(book, shelf.west, by=shelf.wang, now=now)
        [done] = unit.happenings
        assert isinstance(done, BookSigned)
        assert (book.state, book.signed_at, len(book.content_hash)) == ("signed", now, 64)
    with store.reading() as unit:
        book = unit.session.get_one(Book, number)
        assert unit.books.verify(book)
        assert book.in_force(date(2026, 5, 31))
        assert not book.in_force(date(2026, 6, 1))
        assert not any(each.refused or each.reason for each in unit.books.stands(book))


@pytest.mark.parametrize(
    "tampering",
    [
        'UPDATE book_items SET content = \'{"kind": "problem", "text": "x"}\'',
        "UPDATE book_items SET position = 7",
        "DELETE FROM book_items",
        "UPDATE book_parties SET member_id = 1 WHERE member_id <> 1",
        "DELETE FROM book_parties WHERE member_id = 1",
        "UPDATE books SET valid_until = '2027-05-31'",
        "UPDATE books SET title = 'x'",
        "UPDATE books SET version = 2",
    ],
)
def test_whatever_is_changed_behind_its_back_shows(
    tampering: str, store: Store, shelf: Shelf, now: datetime
) -> None:
    file_case(store, shelf.zhang, now)
    number = signed(store, shelf, now)
    with store.unit() as unit:
        unit.session.execute(update(Organisation).values(name="改过名"))
    with store.reading() as unit:
        assert unit.books.verify(unit.session.get_one(Book, number)), "a name may be corrected"
    with store.engine.begin() as connection:
        connection.exec_driver_sql(tampering)
    with store.reading() as unit:
        assert not unit.books.verify(unit.session.get_one(Book, number))


def test_a_newer_version_takes_the_place_of_the_older_when_it_is_signed(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    file_case(store, shelf.zhang, now)
    first = signed(store, shelf, now)
    second = draw(store, shelf, now)
    assert second != first
    with store.unit() as unit:
        book = held(unit, second, shelf.zhao, now)
        assert (book.version, book.title) == (2, "官地联合党委2026年5月问题清单（第2版）")
        unit.books.send(book, by=shelf.zhao, now=now)
        assert [each.replaced for each in unit.happenings if isinstance(each, BookSent)] == [()]
        assert unit.session.get_one(Book, first).state == "signed"
    third = draw(store, shelf, now)
    with store.unit() as unit:
        unit.books.send(held(unit, third, shelf.zhao, now), by=shelf.zhao, now=now)
        assert [each.replaced for each in unit.happenings if isinstance(each, BookSent)] == [(second,)]
    for organisation_id, by in shelf.signers.items():
        sign(store, third, organisation_id, by, now)
    with store.reading() as unit:
        states = [unit.session.get_one(Book, number).state for number in (first, second, third)]
        assert states == ["replaced", "replaced", "signed"]
        assert unit.books.verify(unit.session.get_one(Book, first)), "what was signed stays as it was signed"


def test_a_list_is_ended_with_a_reason_and_those_who_know_of_it_hear(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    number = in_state(store, shelf, BookState.DRAFT, now)
    with store.unit() as unit:
        book = held(unit, number, shelf.zhao, now)
        for reason in ("", "  "):
            with pytest.raises(BookReasonMissing):
                unit.books.dissolve(book, by=shelf.zhao, reason=reason, now=now)
        with pytest.raises(NotDrawing):
            unit.books.may_dissolve(book, by=shelf.wang, reason="不想签", now=now)
        unit.books.dissolve(book, by=shelf.zhao, reason="拟重了", now=now)
        assert unit.happenings == [], "nobody was asked yet"
    second = in_state(store, shelf, BookState.CONFIRMING, now)
    assert second != number
    with store.unit() as unit:
        unit.books.dissolve(held(unit, second, shelf.li, now), by=shelf.li, reason="长" * 400, now=now)
        [ended] = unit.happenings
        assert isinstance(ended, BookDissolved)
        assert (len(ended.reason), len(ended.organisation_ids)) == (300, 3)


# ---- figures -------------------------------------------------------------------------------------------


def test_signed_lists_are_counted_as_of_a_day(store: Store, shelf: Shelf, now: datetime) -> None:
    file_case(store, shelf.zhang, now)
    offer(store, shelf.west, now)
    late = datetime.fromisoformat("2026-05-20T23:55:00+08:00")
    signed(store, shelf, now)
    second = signed(store, shelf, now + timedelta(days=1))  # a second version of the same list
    signed(store, shelf, late, kind=BookKind.SUPPLIES)  # the last signature at 23:58
    draw(store, shelf, now, period=Period.of("2026-Q2"))
    with store.unit() as unit:
        unit.books.dissolve(
            held(unit, second, shelf.zhao, late), by=shelf.zhao, reason="换了", now=late + timedelta(days=5)
        )
    with store.reading() as unit:
        counted = {day: unit.books.count_signed(date(2026, 5, day)) for day in (10, 11, 12, 19, 20, 31)}
        assert counted == {10: 0, 11: 1, 12: 1, 19: 1, 20: 2, 31: 2}
        assert unit.books.count_signed(date(2026, 5, 31), shelf.consortium) == 2
        assert unit.books.count_signed(date(2026, 5, 31), shelf.consortium + 1) == 0
        newest = unit.books.newest(shelf.consortium)
        assert [book.id for book in newest] == sorted((book.id for book in newest), reverse=True)

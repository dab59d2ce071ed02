"""Reminders about lists, and how much of what was promised was done."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert

from models.book import Book, BookKind, BookReminded
from models.bookreminders import AT_ONCE
from models.moment import SHANGHAI
from models.performance import Performance
from models.period import Period
from models.store import Store
from models.supply import SupplyUse
from tests.store.shelf import (
    Shelf,
    claim_case,
    draw,
    file_case,
    held,
    move_case,
    offer,
    send,
    set_up,
    sign,
    signed,
)


@pytest.fixture
def shelf(store: Store, now: datetime) -> Shelf:
    """The consortium on the database of the test, with a case."""
    shelf = set_up(store, now)
    file_case(store, shelf.zhang, now)
    return shelf


def told(store: Store, at: datetime) -> list[tuple[str, tuple[int, ...]]]:
    """What reminders a moment brings: all parts of them."""
    found: list[tuple[str, tuple[int, ...]]] = []
    while True:
        with store.unit() as unit:
            if not unit.books.reminders_due(at):
                assert unit.books.remind(at) == 0
                return found
            unit.books.remind(at)
            found += [
                (each.key, each.organisation_ids)
                for each in unit.happenings
                if isinstance(each, BookReminded)
            ]


def day(month: int, number: int, hour: int = 10) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=SHANGHAI)


def test_who_has_not_signed_is_reminded_after_three_and_seven_days(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    number = draw(store, shelf, now, period=Period.of("2026"))
    assert told(store, day(5, 11)) == []
    send(store, shelf, number, now)  # on 11 May
    sign(store, number, shelf.east, shelf.li, now)
    with store.unit() as unit:
        unit.books.refuse(
            held(unit, number, shelf.wang, now), shelf.west, by=shelf.wang, reason="多", now=now
        )
    days = {each: told(store, day(5, each)) for each in range(12, 25)}
    assert {each: found for each, found in days.items() if found} == {
        14: [(f"book:{number}:unsigned:3", (shelf.town,))],
        18: [(f"book:{number}:unsigned:7", (shelf.town,))],
    }


def test_nobody_is_reminded_in_the_night_or_twice_a_day(store: Store, shelf: Shelf, now: datetime) -> None:
    number = draw(store, shelf, now)
    send(store, shelf, number, now)
    assert told(store, day(5, 14, 0)) == told(store, day(5, 14, 8)) == []
    assert len(told(store, day(5, 14, 9))) == 1
    assert told(store, day(5, 14, 9)) == told(store, day(5, 14, 23)) == []


def test_days_that_were_missed_are_made_up_for_by_the_last_of_them(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    number = draw(store, shelf, now, period=Period.of("2026"))
    send(store, shelf, number, now)
    assert told(store, day(5, 13)) == []
    everybody = (shelf.town, shelf.east, shelf.west)
    assert told(store, day(5, 30)) == [(f"book:{number}:unsigned:7", everybody)]
    assert told(store, day(5, 31)) == []


def test_review_and_end_are_remembered_thirty_and_seven_days_before(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    # Signed on 11 May, to be reviewed on 31 May, over on 30 June.
    number = signed(store, shelf, now, period=Period.of("2026-Q2"))
    assert told(store, day(5, 11)) == []
    moments = [day(5, each) for each in range(12, 32)] + [day(6, each) for each in range(1, 31)]
    days = {moment.strftime("%m-%d"): told(store, moment) for moment in moments}
    everybody = (shelf.town, shelf.east, shelf.west)
    assert {each: found for each, found in days.items() if found} == {
        "05-24": [(f"book:{number}:review:7", everybody)],
        "05-31": [(f"book:{number}:expiry:30", everybody)],
        "06-23": [(f"book:{number}:expiry:7", everybody)],
    }


def test_a_list_that_was_ended_is_not_remembered(store: Store, shelf: Shelf, now: datetime) -> None:
    number = signed(store, shelf, now)
    with store.unit() as unit:
        unit.books.dissolve(held(unit, number, shelf.zhao, now), by=shelf.zhao, reason="错了", now=now)
    assert [told(store, day(5, each)) for each in range(12, 32)] == [[]] * 20


def test_a_whole_city_is_looked_through_in_parts(store: Store, shelf: Shelf, now: datetime) -> None:
    number = draw(store, shelf, now)
    send(store, shelf, number, now)
    with store.unit() as unit:
        book = unit.session.get_one(Book, number)
        row = {column.name: getattr(book, column.name) for column in Book.__table__.c if column.name != "id"}
        rows = [{**row, "version": version} for version in range(2, 2 * AT_ONCE + 3)]
        unit.session.execute(insert(Book), rows)
    with store.unit() as unit:
        assert unit.books.remind(day(5, 14)) == AT_ONCE
        assert len(unit.happenings) == 1, "the others have no parties"
        assert unit.books.reminders_due(day(5, 14))
        assert unit.books.remind(day(5, 14)) == AT_ONCE
        assert unit.books.remind(day(5, 14)) == 2
        assert unit.books.remind(day(5, 14)) == 0
        assert not unit.books.reminders_due(day(5, 14))


# ---- 履约率 --------------------------------------------------------------------------------------------


def figures(store: Store, number: int, as_of: date) -> Performance:
    with store.reading() as unit:
        book = unit.session.get_one(Book, number)
        return unit.books.performances([book], as_of)[number]


def test_the_rate_is_of_what_is_due(store: Store, now: datetime) -> None:
    shelf = set_up(store, now)
    names = ("promised", "late", "merged", "master", "study", "withdrawn", "untouched")
    cases = {name: file_case(store, shelf.zhang, now, text=name) for name in names}
    claim_case(store, cases["promised"], shelf.wang, now, promised_on=date(2026, 5, 15))
    claim_case(store, cases["late"], shelf.wang, now, promised_on=date(2026, 5, 15))
    number = signed(store, shelf, now)
    assert figures(store, number, date(2026, 5, 11)) == Performance(items=7)
    assert figures(store, number, date(2026, 5, 11)).rate is None
    move_case(store, cases["promised"], "closed", day(5, 15, 23))
    move_case(store, cases["late"], "closed", day(5, 16))
    move_case(store, cases["merged"], "merged", day(5, 12), merged_into=cases["master"])
    move_case(store, cases["master"], "archived", day(5, 20), close_kind="normal")
    move_case(store, cases["study"], "archived", day(5, 20), close_kind="study")
    move_case(store, cases["withdrawn"], "withdrawn", day(5, 20))
    assert figures(store, number, date(2026, 5, 14)) == Performance(items=7)
    at_first = figures(store, number, date(2026, 5, 15))
    assert (at_first, at_first.rate) == (Performance(items=7, due=2, fulfilled=1), 0.5)
    assert figures(store, number, date(2026, 5, 30)) == Performance(
        items=7, due=2, fulfilled=2, early=2, left_out=1
    )
    at_last = figures(store, number, date(2026, 5, 31))
    assert at_last == Performance(items=7, due=6, fulfilled=4, left_out=1)
    assert at_last.rate == pytest.approx(2 / 3)
    move_case(store, cases["late"], "rework", day(6, 2))
    assert figures(store, number, date(2026, 6, 1)) == at_last, (
        "what was true on a day stays true of that day"
    )
    assert figures(store, number, date(2026, 6, 2)).fulfilled == 3


def test_an_entry_keeps_its_promise_by_serving(store: Store, now: datetime) -> None:
    shelf = set_up(store, now)
    case = file_case(store, shelf.zhang, now)
    supplies = {
        code: offer(store, shelf.west, now, code=code) for code in ("used", "before", "nothing", "idle")
    }
    number = signed(store, shelf, now, kind=BookKind.SUPPLIES)
    with store.unit() as unit:
        for code, at, ended_at in [
            ("used", now + timedelta(days=1), None),
            ("before", now - timedelta(days=1), None),
            ("nothing", now + timedelta(days=1), now + timedelta(days=2)),
        ]:
            unit.session.add(SupplyUse(supply_id=supplies[code], case_number=case, at=at, ended_at=ended_at))
    assert figures(store, number, date(2026, 5, 30)) == Performance(items=4, early=1)
    assert figures(store, number, date(2026, 5, 12)).early == 2, "that it came to nothing was not known yet"
    last = figures(store, number, date(2026, 5, 31))
    assert (last.due, last.fulfilled, last.rate) == (4, 1, 0.25)
    assert last + last == Performance(items=8, due=8, fulfilled=2)

"""Drawing lists up: what stands on them, who are the parties, who may draw them up, and who sees them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import update

from models.book import Book, BookKind, BookUnknown, NotDrawing, NothingToList, PeriodOver
from models.case import Case
from models.organisation import Organisation
from models.period import Period, PeriodUnclear
from models.seat import Seat
from models.store import Store
from models.supply import Side
from tests.store.shelf import Shelf, claim_case, draw, file_case, offer, send, set_up


@pytest.fixture
def shelf(store: Store, now: datetime) -> Shelf:
    """The consortium on the database of the test."""
    return set_up(store, now)


def lines(store: Store, number: int) -> list[str]:
    with store.reading() as unit:
        return [item.line.text for item in unit.books.items(unit.session.get_one(Book, number))]


def test_a_list_holds_what_can_still_be_promised(store: Store, shelf: Shelf, now: datetime) -> None:
    for state in ("accepted", "open", "claimed", "in_progress", "rework"):
        file_case(store, shelf.zhang, now, state=state, text=f"问题 {state}")
    for state in ("draft", "submitted", "resolved", "closed", "archived", "declined", "merged", "withdrawn"):
        file_case(store, shelf.zhang, now, state=state, text=f"问题 {state}")
    file_case(store, shelf.zhang, now, text="只给办理人看", private=True)
    file_case(store, shelf.zhang, now, kind="need", text="土豆卖不动")
    file_case(store, shelf.zhang, now, kind="project", text="修路灯")
    file_case(store, shelf.bao, now, text="别的融合体的")
    offer(store, shelf.west, now, code="S1", detail="")
    offer(store, shelf.west, now, code="S2", detail="", title="要一台犁", side=Side.DEMAND)
    offer(store, shelf.west, now, code="S3", detail="", title="过期的", valid_until=date(2026, 5, 10))
    offer(store, None, now, code="S4", detail="", title="不在册的单位")
    assert lines(store, draw(store, shelf, now)) == [
        f"问题 {state}" for state in ("accepted", "open", "claimed", "in_progress", "rework")
    ]
    assert lines(store, draw(store, shelf, now, kind=BookKind.SUPPLIES)) == [
        "土豆卖不动",
        "兽医下乡",
        "要一台犁",
    ]
    assert lines(store, draw(store, shelf, now, kind=BookKind.PROJECTS)) == ["修路灯"]
    with store.reading() as unit:
        assert unit.books.waiting(unit.session.get_one(Book, 1)) == 1


def test_a_line_is_frozen_and_tells_nothing_of_persons(store: Store, shelf: Shelf, now: datetime) -> None:
    number = file_case(
        store,
        shelf.zhang,
        now,
        text="我是张建国，电话１３８ 0000-1111，身份证150425198001011234，路灯坏了3000天",
    )
    claim_case(store, number, shelf.wang, now, promised_on=date(2026, 5, 20))
    offer(store, shelf.west, now)
    problems, supplies = draw(store, shelf, now), draw(store, shelf, now, kind=BookKind.SUPPLIES)
    with store.unit() as unit:
        unit.session.execute(update(Case).values(text="改过了", state="closed"))
        unit.session.execute(update(Organisation).values(name="改过名"))
    with store.reading() as unit:
        [item] = unit.books.items(unit.session.get_one(Book, problems))
        assert item.case_number == number
        assert item.content == {
            "kind": "problem",
            "text": "我是张某，电话…，身份证…，路灯坏了3000天",
            "category": "基础设施",
            "place": "东沟村",
            "unit": "东沟村党支部",
            "claimant": "西沟村党支部",
            "promised": "2026-05-20",
        }
        [entry] = unit.books.items(unit.session.get_one(Book, supplies))
        assert (entry.supply_code, entry.line.text) == ("S1", "兽医下乡：牛羊看病，找宝某 …")


def test_an_empty_list_and_a_period_that_is_over_are_refused(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    with pytest.raises(NothingToList):
        draw(store, shelf, now)
    file_case(store, shelf.zhang, now)
    with pytest.raises(PeriodOver):
        draw(store, shelf, now, period=Period.of("2026-04"))
    with pytest.raises(PeriodUnclear):
        draw(store, shelf, now, period=Period.of("2062"))
    number = draw(store, shelf, now, period=Period.of("2026-Q2"))
    with store.reading() as unit:
        book = unit.session.get_one(Book, number)
        assert (book.title, book.version) == ("官地联合党委2026年第二季度问题清单", 1)
        assert (book.valid_until, book.review_on) == (date(2026, 6, 30), date(2026, 5, 31))


def test_the_parties_are_the_members_of_the_day(store: Store, shelf: Shelf, now: datetime) -> None:
    file_case(store, shelf.zhang, now)
    with store.unit() as unit:
        seat = next(seat for seat in unit.consortia.seats() if seat.organisation_id == shelf.west)
        unit.consortia.vacate(seat, date(2026, 5, 20))
    first = draw(store, shelf, now)
    with store.reading() as unit:
        book = unit.session.get_one(Book, first)
        assert [each.organisation for each in unit.books.stands(book)] == [
            "官地镇党委",
            "东沟村党支部",
            "西沟村党支部",
        ]
    with store.unit() as unit:
        unit.consortia.seat(
            Seat.take(consortium_id=shelf.consortium, organisation_id=shelf.west, since=date(2026, 6, 1))
        )
    again = draw(store, shelf, now + timedelta(days=10))
    assert again == first
    with store.reading() as unit:
        stands = unit.books.stands(unit.session.get_one(Book, again))
        assert [each.organisation_id for each in stands] == [shelf.town, shelf.east]


# ---- rights --------------------------------------------------------------------------------------------


def test_the_chair_of_today_and_the_lead_draw_up(store: Store, shelf: Shelf, now: datetime) -> None:
    file_case(store, shelf.zhang, now)
    june = datetime.fromisoformat("2026-06-01T00:00:00+08:00")
    may = june - timedelta(microseconds=1)
    allowed = {}
    people = {"zhao": shelf.zhao, "li": shelf.li, "wang": shelf.wang, "zhang": shelf.zhang, "bao": shelf.bao}
    for moment, (name, person) in product((may, june), people.items()):
        try:
            with store.unit() as unit:
                unit.books.draw_up(
                    shelf.in_consortium(unit),
                    BookKind.PROBLEMS,
                    Period.of("2026"),
                    by=person,
                    now=moment,
                )
        except NotDrawing:
            continue
        allowed.setdefault(moment, set()).add(name)
    assert allowed == {may: {"zhao", "li"}, june: {"zhao", "wang"}}


def test_a_draft_is_seen_by_its_drawers_and_a_sent_list_by_the_consortium(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    file_case(store, shelf.zhang, now)
    number = draw(store, shelf, now)

    def seeing() -> set[str]:
        seen = set()
        with store.reading() as unit:
            for name in ("zhao", "li", "wang", "zhang", "bao"):
                try:
                    unit.books.number(number, seen_by=getattr(shelf, name), now=now)
                except BookUnknown:
                    continue
                seen.add(name)
        return seen

    assert seeing() == {"zhao", "li"}
    send(store, shelf, number, now)
    assert seeing() == {"zhao", "li", "wang", "zhang"}
    with store.reading() as unit:
        for nowhere in (0, -1, 999, 2**31, 2**70):
            with pytest.raises(BookUnknown):
                unit.books.number(nowhere, seen_by=shelf.zhao, now=now)

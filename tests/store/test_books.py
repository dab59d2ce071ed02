"""Lists: which verbs a state allows, what stands on them, who draws them up and signs, and that nothing changes after."""

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
    BookUnknown,
    NotDrawing,
    NothingToList,
    NotParty,
    NotSigner,
    PeriodOver,
    SignedAlready,
)
from models.case import Case
from models.consortium import Seat
from models.organisation import Organisation
from models.period import Period, PeriodUnclear
from models.store import Store, Unit
from models.supply import Side
from tests.store.shelf import (
    Shelf,
    claim_case,
    draw,
    file_case,
    held,
    offer,
    send,
    set_up,
    sign,
    signed,
)

VERBS = ("redraw", "send", "confirm", "refuse", "sign", "replace", "dissolve")


@pytest.fixture
def shelf(store: Store, now: datetime) -> Shelf:
    """The consortium on the database of the test."""
    return set_up(store, now)


def in_state(store: Store, shelf: Shelf, state: BookState, now: datetime) -> int:
    """A list that came into that state on the way that people go."""
    file_case(store, shelf.zhang, now)
    number = draw(store, shelf, now)
    if state is BookState.DRAFT:
        return number
    send(store, shelf, number, now)
    match state:
        case BookState.SIGNED:
            for organisation_id, by in shelf.signers.items():
                sign(store, number, organisation_id, by, now)
        case BookState.DISSOLVED:
            with store.unit() as unit:
                unit.books.dissolve(
                    held(unit, number, shelf.zhao, now), by=shelf.zhao, reason="数错了", now=now
                )
        case BookState.REPLACED:
            send(store, shelf, draw(store, shelf, now), now)
    return number


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


# ---- what stands on a list ---------------------------------------------------------------------------


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
                    unit.books.number(number, seen_by=getattr(shelf, name), day=now.date())
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
                unit.books.number(nowhere, seen_by=shelf.zhao, day=now.date())


def test_a_secretary_signs_and_where_there_is_none_whoever_holds_a_post(
    store: Store, shelf: Shelf, now: datetime
) -> None:
    number = in_state(store, shelf, BookState.CONFIRMING, now)
    with store.unit() as unit:
        book = held(unit, number, shelf.gao, now)
        with pytest.raises(NotSigner) as refused:
            unit.books.signing_for(book, shelf.gao)
        assert refused.value.facts == {"number": number, "who": "书记王海"}
        with pytest.raises(NotSigner):
            unit.books.confirm(book, shelf.west, by=shelf.gao, now=now)
        with pytest.raises(NotParty):
            unit.books.confirm(book, shelf.east, by=shelf.wang, now=now)
        with pytest.raises(NotParty):
            unit.books.signing_for(book, shelf.bao)
        for refusing in (
            lambda: unit.books.signing_for(book, shelf.zhang),
            lambda: unit.books.confirm(book, shelf.east, by=shelf.zhang, now=now),
        ):
            with pytest.raises(NotSigner) as refused:
                refusing()
            assert refused.value.facts["who"] == "联络员李春梅"
        assert unit.books.signing_for(book, shelf.li) == [shelf.east]
        assert [each.id for each in unit.books.to_sign(shelf.li)] == [number]
        assert unit.books.to_sign(shelf.gao) == []
        unit.books.confirm(book, shelf.east, by=shelf.li, now=now)
        assert unit.books.to_sign(shelf.li) == []
        with pytest.raises(SignedAlready):
            unit.books.signing_for(book, shelf.li)
        with pytest.raises(SignedAlready):
            unit.books.confirm(book, shelf.east, by=shelf.li, now=now)
        with pytest.raises(SignedAlready):
            unit.books.refuse(book, shelf.east, by=shelf.li, reason="想想还是不签", now=now)


# ---- signing -------------------------------------------------------------------------------------------


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

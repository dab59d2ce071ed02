"""Belts and titles: what is open to a belt is seen along it, and the overview counts them as of any day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from models.asof import Period, Scope
from models.belt import Belt, BeltGone, DesignatedAlready, DesignationOver, InBelt, NotInBelt, Subject
from models.consortium import Consortium
from models.forms import DEMONSTRATION, DesignationUnknown
from models.ledgers import LEDGERS, Ask
from models.offering import Circle, NoBelt
from models.person import Person
from models.store import Store, Unit
from models.supply import Supply
from tests.store.town import Town, build

MAY, TODAY, JUNE = date(2026, 5, 1), date(2026, 5, 11), date(2026, 6, 1)
DAY = timedelta(days=1)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on the database of the test."""
    return build(store, now)


@pytest.fixture
def far(store: Store, town: Town) -> Consortium:
    """A consortium of the branch far away."""
    with store.unit() as unit:
        return unit.founding.found(
            code="F", name="远处联盟", kind="联盟", modes=(), lead_id=town.organisations["far"], on=MAY
        )


def whole(unit: Unit, town: Town) -> Consortium:
    """The town's consortium."""
    return unit.consortia.get(town.consortium)


def belt_of(unit: Unit, *consortia: Consortium, code: str = "D1", since: date = MAY) -> Belt:
    """A belt with these consortia in it."""
    belt = unit.belts.found(code=code, name=f"{code}发展带", on=since)
    for consortium in consortia:
        unit.belts.join(belt, consortium, since)
    return belt


def test_a_consortium_joins_a_belt_and_leaves_it(store: Store, town: Town, far: Consortium) -> None:
    with store.unit() as unit:
        near, belts = whole(unit, town), unit.belts
        belt = belt_of(unit, near, far)
        with pytest.raises(InBelt):
            belts.join(belt, near, JUNE)
        belts.leave(belt, near, TODAY)
        with pytest.raises(NotInBelt):
            belts.leave(belt, near, TODAY)
        belts.join(belt, near, JUNE)
        belts.leave(belt, near, JUNE)  # before it began: it never was
        belts.join(belt, near, TODAY)
        assert belts.by_code("D1") is belt
    with store.reading() as unit:
        belt, belts = belt_of_code(unit), unit.belts
        assert [each.code for each in belts.consortia(belt, MAY)] == ["R", "F"]
        assert [each.code for each in belts.consortia(belt, MAY - DAY)] == []
        assert belts.neighbours(TODAY) == {
            each: {town.consortium, far.id} for each in (town.consortium, far.id)
        }
        assert [each.name for each in belts.of_consortium(far.id, TODAY)] == ["D1发展带"]
        assert unit.revisions.of("roll") > 0
    with store.unit() as unit:
        belt = belt_of_code(unit)
        belt.rename("长河发展带")
        unit.belts.dissolve(belt, JUNE)
        with pytest.raises(BeltGone):
            unit.belts.dissolve(belt, JUNE)
        with pytest.raises(BeltGone):
            unit.belts.join(belt, far, JUNE)
        assert unit.belts.neighbours(JUNE) == {}
        assert unit.belts.of_consortium(far.id, JUNE) == []
        assert unit.belts.of_consortium(far.id, JUNE - DAY) == [belt]


def belt_of_code(unit: Unit) -> Belt:
    """The belt of these tests."""
    belt = unit.belts.by_code("D1")
    assert belt is not None
    return belt


# ---- the list ------------------------------------------------------------------------------------


@pytest.fixture
def offer(store: Store, town: Town, now: datetime) -> str:
    """What the market offers, for its own consortium so far."""
    by = town["market"]
    with store.unit() as unit:
        unit.supplies.propose(
            Supply.propose(
                code="W1", title="冷链车", detail="每周三趟冷链车", category="产销对接",
                organisation_id=by.organisation_id, unit_name=by.organisation, area="林西县", quantity="",
                capacity=None, valid_until=None, circle=Circle.CONSORTIUM, by=by, contact=by.name,
                reviewed=True, vault=unit.vault, now=now,
            ),
            by=by,
            terms="",
        )  # fmt: skip
    return "W1"


@pytest.fixture
def sees(store: Store, town: Town, far: Consortium) -> Callable[[str, date], bool]:
    """Whether somebody is shown the offer on a day; the list and the matcher's index say the same."""

    def sees(part: str, day: date = TODAY) -> bool:
        with store.reading() as unit:
            card = unit.card(town[part].organisation_id, datetime.fromisoformat(f"{day}T12:00+08:00"))
            viewer = Person(
                member_id=town[part].member_id, name="", organisation_id=card.organisation_id, organisation="",
                region="", consortium_id=card.consortium_id, consortium="", chair_id=None, chair="",
            )  # fmt: skip
            store.directory.forget_list()
            found, total = unit.supplies.page(viewer=viewer, day=day, offset=0, limit=9)
            assert total == len(found)
            offers = unit.supplies.on_offer(day)
            told = any(not each.circles or viewer.circles & set(each.circles) for each in offers)
        assert told == bool(found)
        return told

    return sees


def test_what_is_open_to_the_belt_is_seen_along_it(
    store: Store, town: Town, far: Consortium, offer: str, sees: Callable[..., bool], now: datetime
) -> None:
    with store.unit() as unit, pytest.raises(NoBelt):
        unit.supplies.open_to(offer, Circle.BELT, by=town["market"], now=now)
    with store.unit() as unit:
        belt_of(unit, whole(unit, town), far)
    assert (sees("neighbour"), sees("stranger")) == (True, False)
    with store.unit() as unit:
        unit.supplies.open_to(offer, Circle.BELT, by=town["market"], now=now)
    assert (sees("neighbour"), sees("stranger"), sees("above")) == (True, True, False)
    assert not sees("stranger", MAY - DAY), "it was in no belt then"
    with store.unit() as unit:
        unit.belts.leave(belt_of_code(unit), far, TODAY)
    assert (sees("neighbour"), sees("stranger")) == (True, False)
    with store.unit() as unit:
        unit.belts.join(belt_of_code(unit), far, TODAY)
        unit.belts.dissolve(belt_of_code(unit), JUNE)
    assert sees("stranger")
    assert (sees("neighbour", JUNE), sees("stranger", JUNE)) == (True, False)


# ---- titles and figures --------------------------------------------------------------------------


def test_a_title_is_given_once_and_taken_back(store: Store, town: Town) -> None:
    with store.unit() as unit:
        belts, subject = unit.belts, (Subject.CONSORTIUM, town.consortium)
        given = belts.designate(
            *subject, DEMONSTRATION, since=MAY, batch="第二批", document="赤组发〔2026〕3号"
        )
        with pytest.raises(DesignatedAlready):
            belts.designate(*subject, DEMONSTRATION, since=JUNE)
        with pytest.raises(DesignationUnknown):
            belts.designate(*subject, "best", since=JUNE)
        given.take_back(TODAY)
        with pytest.raises(DesignationOver):
            given.take_back(TODAY)
        belts.designate(*subject, DEMONSTRATION, since=JUNE)
        assert [each.label for each in belts.titles(*subject, MAY)] == ["示范点"]
        assert belts.titles(*subject, TODAY) == belts.titles(*subject, MAY - DAY) == []
        assert [each.since for each in belts.titles(*subject, JUNE)] == [JUNE]


def test_the_overview_counts_them_as_of_any_day(store: Store, town: Town, far: Consortium) -> None:
    with store.unit() as unit:
        near = whole(unit, town)
        belt = belt_of(unit, near, far)
        belt_of(unit, code="D2", since=TODAY)  # nobody is in it
        belt_of(unit, far, code="D3", since=JUNE)
        give = unit.belts.designate
        give(Subject.CONSORTIUM, near.id, DEMONSTRATION, since=MAY).take_back(JUNE)
        give(Subject.ORGANISATION, town.organisations["village"], DEMONSTRATION, since=TODAY)
        give(Subject.ORGANISATION, town.organisations["far"], DEMONSTRATION, since=TODAY)
        give(Subject.BELT, belt.id, DEMONSTRATION, since=JUNE)
        unit.founding.dissolve(far, date(2026, 7, 1))

    def counted(day: date, since: date | None = None, code: str = "") -> list[tuple[int, int | None]]:
        with store.reading() as unit:
            scope = Scope.of_consortium(unit, code) if code else None
            rows = {row.label: row for row in LEDGERS["overview"](Ask(unit, Period(day, since), scope))}
        labels = ("融合体", "发展带", "示范点")
        return [(rows[label].value, rows[label].added) for label in labels]

    assert counted(MAY - DAY) == [(1, None), (0, None), (0, None)]
    assert counted(MAY, MAY) == [(2, 1), (1, 1), (1, 1)]
    assert counted(TODAY, TODAY) == [(2, 0), (1, 0), (3, 2)]
    assert counted(JUNE, MAY) == [(2, 1), (2, 2), (3, 3)]
    assert counted(date(2026, 7, 1)) == [(1, None), (1, None), (3, None)]
    assert counted(TODAY, code="R") == [(1, None), (1, None), (2, None)]
    assert counted(JUNE, code="F") == [(1, None), (2, None), (2, None)]

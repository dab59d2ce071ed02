"""Taking part, on both databases: places and the waiting line, leave, codes and the roll."""

from __future__ import annotations

import threading
from datetime import datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.activity import ActivityBegun, ActivityNotCalled, ActivityUnknown
from models.attending import (
    AlreadyOnLeave,
    AlreadySigned,
    CodeNotNow,
    Part,
    PlaceFound,
    WrongCode,
)
from models.store import CONFLICTS, Store
from tests.store.programme import PLAN, at, call, sign_up
from tests.store.town import Town, build

AFTER = at("05-20 11:30")
MEMBERS = ("reporter", "neighbour", "branch", "chair", "next_chair", "market", "lead")


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def states(store: Store, number: int) -> dict[int, str]:
    with store.reading() as unit:
        return {each.member_id: each.state for each in unit.attending.of(number)}


def test_the_last_place_and_the_waiting_line(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now, capacity=1)
    with store.unit() as unit:
        first = unit.attending.sign_up(number, by=town["reporter"], now=now)
        assert (first.state, first.waiting) == (Part.SIGNED, 0)
    for place, who in enumerate(("neighbour", "market"), 1):
        with store.unit() as unit:
            answered = unit.attending.sign_up(number, by=town[who], now=now)
            assert (answered.state, answered.waiting) == (Part.WAITING, place)
    for who in ("reporter", "neighbour"):
        with store.unit() as unit, pytest.raises(AlreadySigned):
            unit.attending.sign_up(number, by=town[who], now=now)
    with store.unit() as unit:
        unit.attending.take_leave(number, "家里来人", by=town["reporter"], now=now)
        [found] = unit.happenings
        assert isinstance(found, PlaceFound)
        assert found.member_id == town["neighbour"].member_id
    with store.unit() as unit, pytest.raises(AlreadyOnLeave):
        unit.attending.take_leave(number, "", by=town["reporter"], now=now)
    with store.unit() as unit:
        again = unit.attending.sign_up(number, by=town["reporter"], now=now)
        assert (again.state, again.waiting) == (Part.WAITING, 2), "at the end of the line"
    with store.unit() as unit:
        unit.attending.take_leave(number, "", by=town["market"], now=now)
        assert unit.happenings == [], "who only waited leaves no place"


def test_whom_it_is_not_for_takes_no_place(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    own = call(store, town["branch"], now, branch=True, starts_at=at("05-21 14:00"))
    for activity, who in ((number, "stranger"), (own, "market")):
        with store.unit() as unit, pytest.raises(ActivityUnknown):
            unit.attending.sign_up(activity, by=town[who], now=now)
    opened = call(store, town["chair"], now, format="open", starts_at=at("05-22 14:00"))
    sign_up(store, opened, now, town["stranger"])
    with store.unit() as unit, pytest.raises(ActivityBegun):
        unit.attending.sign_up(number, by=town["reporter"], now=PLAN.starts_at)
    with store.unit() as unit, pytest.raises(ActivityBegun):
        unit.attending.take_leave(number, "", by=town["reporter"], now=PLAN.starts_at)


def test_what_is_only_planned_takes_nobody(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.recurring.settle(
            unit.activities.host_for(town["chair"], now.date(), now),
            kind="theme_day",
            format_key="interactive",
            place="村部",
            rule="FREQ=MONTHLY;BYMONTHDAY=5",
            begins=time(9, 0),
            minutes=120,
            roll="next_workday",
            by=town["chair"],
            now=now,
        )
    with store.unit() as unit, pytest.raises(ActivityNotCalled):
        unit.attending.sign_up(1, by=town["reporter"], now=now)


def test_the_roll_and_how_it_is_put_right(store: Store, town: Town, now: datetime) -> None:
    number, by = call(store, town["chair"], now), town["chair"]
    sign_up(store, number, now, town["reporter"], town["neighbour"], town["branch"])
    with store.unit() as unit:
        unit.attending.take_leave(number, "", by=town["branch"], now=now)
    with store.reading() as unit:
        assert [each.name for each in unit.attending.roll(number)] == ["张福来", "王秀英"]
        assert {each.present for each in unit.attending.roll(number)} == {None}
        assert unit.attending.named(number, "孙长河", by=by, now=now) == town["market"].member_id
        assert unit.attending.named(number, "白音", by=by, now=now) is None, "it is not for them"
    ids = {who: town[who].member_id for who in MEMBERS}
    with store.unit() as unit:
        called = unit.attending.call_roll(number, {ids["reporter"], ids["market"]}, by=by, now=AFTER)
        assert (called.came, called.absent, called.leave) == (2, 1, 1)
    with store.unit() as unit:
        again = unit.attending.call_roll(
            number, {ids["neighbour"], ids["reporter"], ids["branch"]}, by=by, now=AFTER
        )
        assert (again.came, again.absent, again.leave) == (3, 0, 0), "who was on leave may come after all"
        assert unit.activities.look(number, by, now).held_at == AFTER


def test_a_code_is_voluntary_and_holds_around_the_activity(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now, kind="volunteer")
    sign_up(store, number, now, town["reporter"])
    with store.reading() as unit:
        code = unit.attending.code(number)
        assert len(code) == 4
        assert code != unit.attending.code(number + 1)
        assert code == unit.attending.code(number), "it stays while people read it aloud"
    for moment in (at("05-20 07:59"), at("05-20 14:00")):
        with store.unit() as unit, pytest.raises(CodeNotNow):
            unit.attending.sign_in(number, code, by=town["reporter"], now=moment)
    with store.unit() as unit, pytest.raises(WrongCode):
        unit.attending.sign_in(number, "0000", by=town["reporter"], now=PLAN.starts_at)
    for who in ("reporter", "market", "market"):
        with store.unit() as unit:
            unit.attending.sign_in(number, code, by=town[who], now=PLAN.starts_at)
    with store.reading() as unit:
        assert [(each.name, each.present) for each in unit.attending.roll(number)] == [
            ("张福来", True),
            ("孙长河", True),
        ]


def test_of_many_who_want_the_last_places_at_once_nobody_has_one_too_many(
    store: Store, town: Town, now: datetime
) -> None:
    numbers = [
        call(store, town["chair"], now, capacity=2, starts_at=PLAN.starts_at + timedelta(days=place))
        for place in range(8)
    ]
    start = threading.Barrier(len(MEMBERS))
    failures: list[BaseException] = []

    def run(who: str) -> None:
        try:
            for number in numbers:
                start.wait(60)
                for _ in range(30):
                    try:
                        sign_up(store, number, now, town[who])
                    except CONFLICTS:
                        continue
                    break
                else:
                    raise AssertionError("not answered")
        except BaseException as error:
            failures.append(error)
            start.abort()

    threads = [threading.Thread(target=run, args=(who,)) for who in MEMBERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for number in numbers:
        found = list(states(store, number).values())
        assert (found.count("signed"), found.count("waiting")) == (2, 5), number
        with store.reading() as unit:
            turns = [each.turn for each in unit.attending.of(number)]
        assert turns == list(range(1, 8)), "the line has an order"


STEPS = st.lists(st.tuples(st.sampled_from(MEMBERS), st.booleans()), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, capacity=st.integers(1, 3))
def test_whatever_people_answer_places_are_kept_and_the_line_is_fair(
    sqlite_store: Store, steps: list[tuple[str, bool]], capacity: int
) -> None:
    """Nobody waits while there is a place, none is given twice, and whoever waited longest is next."""
    now = at("05-11 09:00")
    with sqlite_store.reading() as unit:
        empty = unit.counts()["organisations"] == 0
    if empty:
        _TOWNS.clear()
        _TOWNS.append(build(sqlite_store, now))
    town = _TOWNS[0]
    minute = _minutes(sqlite_store)
    number = call(
        sqlite_store,
        town["chair"],
        now,
        capacity=capacity,
        starts_at=PLAN.starts_at + timedelta(minutes=minute),
    )
    line: list[int] = []  # who has a place or waits for one, in order
    for who, comes in steps:
        member = town[who].member_id
        with sqlite_store.unit() as unit:
            if comes and member not in line:
                unit.attending.sign_up(number, by=town[who], now=now)
                line.append(member)
            elif not comes and (member in line):
                unit.attending.take_leave(number, "", by=town[who], now=now)
                line.remove(member)
    found = states(sqlite_store, number)
    assert {member for member, state in found.items() if state == "signed"} == set(line[:capacity])
    assert {member for member, state in found.items() if state == "waiting"} == set(line[capacity:])


_TOWNS: list[Town] = []


def _minutes(store: Store) -> int:
    """How many activities there are: each example calls its own, at another minute."""
    with store.reading() as unit:
        return len(unit.activities.coming(_TOWNS[0]["chair"], at("05-11 09:00"), 10_000))

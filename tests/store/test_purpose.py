"""Whether a letter is still wanted when it could leave: clocks that stopped, cases that went on, posts that were left."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from models.agenda import About
from models.clock import Clock, ClockKind
from models.organisation import Post
from models.outbox import Priority
from models.store import Store, Unit
from tests.store.conftest import Village, matter
from tests.store.owing import on_wechat, owe, states, take, texts


def test_a_letter_about_a_stopped_clock_or_a_withdrawn_case_is_dropped(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.li.member_id)
    with store.unit() as unit:
        numbers = []
        for text in ("五百斤土豆", "三百斤萝卜"):
            case = matter(village.zhang, now, text)
            unit.session.add(case)
            unit.session.flush()
            numbers.append(case.number)
        clocks = [Clock.begin(number, ClockKind.ACCEPT, started_at=now, due_at=now) for number in numbers]
        unit.session.add_all(clocks)
        unit.session.flush()
        clocks[0].stop(now)
        for number, clock in zip(numbers, clocks, strict=True):
            for subject, subject_id in (("clock", clock.id), ("case", number)):
                owe(
                    unit,
                    f"{subject}:{number}",
                    now,
                    member_id=village.li.member_id,
                    office_id=village.east,
                    about=About(subject, subject_id),
                    priority=Priority.ANSWER,
                )
        unit.connection.exec_driver_sql(f"UPDATE cases SET state = 'withdrawn' WHERE number = {numbers[1]}")
    assert texts(take(store, now)) == sorted([f"信 case:{numbers[0]}", f"信 clock:{numbers[1]}"])
    found = states(store)
    assert found[f"clock:{numbers[0]}"] == ("dropped", "催办的事已经办了")
    assert found[f"case:{numbers[1]}"] == ("dropped", "这件事已经撤回")


@pytest.mark.parametrize(
    ("rung", "state", "sent"),
    [
        ("resolve", "resolved", True),
        ("resolve", "closed", False),
        ("resolve", "rework", False),
        ("claim", "in_progress", True),
        ("claim", "resolved", False),
        ("claim", "open", False),
        ("accept", "open", True),
        ("accept", "claimed", False),
        ("dispatch", "accepted", True),
        ("dispatch", "in_progress", False),
        ("", "closed", True),
    ],
)
def test_what_a_case_has_left_behind_is_not_told(
    store: Store, village: Village, now: datetime, rung: str, state: str, sent: bool
) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        case = matter(village.zhang, now, "五百斤土豆")
        unit.session.add(case)
        unit.session.flush()
        number = case.number
        owe(unit, "a", now, member_id=village.zhang.member_id, about=About("case", number, rung=rung))
        unit.connection.exec_driver_sql(f"UPDATE cases SET state = '{state}' WHERE number = {number}")
    assert texts(take(store, now)) == (["信 a"] if sent else [])


def test_whoever_left_the_post_is_not_told_in_it(store: Store, village: Village, now: datetime) -> None:
    on_wechat(store, now, village.li.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.li.member_id, office_id=village.east)
        owe(unit, "b", now, member_id=village.li.member_id, office_id=village.west)
    assert texts(take(store, now)) == ["信 a"]
    assert states(store)["b"] == ("dropped", "收信人已经不在这个职务上")
    with store.unit() as unit:
        owe(unit, "c", now, member_id=village.li.member_id, office_id=village.east)
        for post in unit.session.query(Post).all():
            post.leave(date(2026, 5, 12))
    assert texts(take(store, now)) == ["信 c"]
    with store.unit() as unit:
        owe(unit, "d", now, member_id=village.li.member_id, office_id=village.east)
    assert take(store, now + timedelta(days=1)) == []


def test_a_post_that_ended_this_noon_is_left_this_noon(store: Store, village: Village, now: datetime) -> None:
    on_wechat(store, now, village.li.member_id)
    noon = now + timedelta(hours=3)
    with store.unit() as unit:
        for post in unit.session.query(Post).all():
            post.leave(noon)
        owe(unit, "a", now, member_id=village.li.member_id, office_id=village.east)
    assert texts(take(store, noon - timedelta(seconds=1))) == ["信 a"]
    with store.unit() as unit:
        owe(unit, "b", now, member_id=village.li.member_id, office_id=village.east)
    assert take(store, noon) == []
    assert states(store)["b"] == ("dropped", "收信人已经不在这个职务上")


def test_whoever_missed_several_notices_of_one_matter_hears_the_last(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.li.member_id)
    li, east = village.li.member_id, village.east
    with store.unit() as unit:
        unit.agendas.plan("term", 7, now + timedelta(days=30))
        clock = Clock.begin(matter_on_file(unit, village, now), ClockKind.ACCEPT, started_at=now, due_at=now)
        unit.session.add(clock)
        unit.session.flush()
        for key, about in (
            ("topics", About("term", 7, 1, "topics")),
            ("leaving", About("term", 7, 1, "leaving")),
            ("week", About("term", 7, 1, "week")),
            ("urged", About("clock", clock.id)),
            ("supervised", About("clock", clock.id)),
        ):
            owe(unit, key, now, member_id=li, office_id=east, about=about)
        owe(unit, "himself", now, member_id=li, about=About("clock", clock.id), priority=Priority.URGENT)
    told = texts(take(store, now))
    assert sorted("\n".join(told).split("\n")) == ["信 himself", "信 leaving", "信 supervised", "信 week"]
    assert states(store)["topics"] == states(store)["urged"] == ("dropped", "后面又说过了")


def matter_on_file(unit: Unit, village: Village, now: datetime) -> int:
    """A case's number."""
    case = matter(village.zhang, now, "五百斤土豆")
    unit.session.add(case)
    unit.session.flush()
    return case.number

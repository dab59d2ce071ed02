"""Clocks on both databases: started, stopped, moved, paused; deadlines that wait for the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

from models.claim import Claim
from models.clock import Clock, ClockKind
from models.clocks import CalendarEnds
from models.moment import SHANGHAI, local
from models.pace import Pace
from models.store import Store, Unit
from models.workday import Entry
from tests.store.conftest import Village, matter

ACCEPT, RESOLVE, PROGRESS = ClockKind.ACCEPT, ClockKind.RESOLVE, ClockKind.PROGRESS
NOTICE_2027 = [Entry(date(2027, 1, 1), worked=False, name="元旦")]


def at(month: int, day: int, time: str = "09:00", year: int = 2026) -> datetime:
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{time}").replace(tzinfo=SHANGHAI)


@pytest.fixture
def number(store: Store, village: Village, now: datetime) -> int:
    """A submitted case without any clock."""
    with store.unit() as unit:
        number: int = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
        return number


@contextmanager
def newest(store: Store, number: int, kind: ClockKind) -> Iterator[tuple[Unit, Clock]]:
    """The newest clock of a kind."""
    with store.unit() as unit:
        yield unit, [clock for clock in unit.clocks.of(number) if clock.kind == kind.value][-1]


def due(store: Store, number: int, kind: ClockKind) -> datetime | None:
    with newest(store, number, kind) as (_, clock):
        return None if clock.due_at is None else local(clock.due_at)


def test_a_clock_runs_by_its_class_and_remembers_whether_it_was_late(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, ACCEPT, at(4, 30), pace=Pace.GENERAL)
        unit.clocks.start(number, RESOLVE, at(4, 30), pace=Pace.GENERAL)
    assert due(store, number, ACCEPT) == at(5, 6, "17:30")
    assert due(store, number, RESOLVE) == at(5, 7)
    with store.unit() as unit:
        unit.clocks.stop(number, ACCEPT, at(5, 6, "17:30"))
        unit.clocks.stop(number, RESOLVE, at(5, 7, "09:01"))
        unit.clocks.stop(number, ClockKind.CONTACT, at(5, 7))  # none runs: nothing to do
    with store.reading() as unit:
        assert [(clock.kind, clock.late) for clock in unit.clocks.of(number)] == [
            ("accept", False),
            ("resolve", True),
        ]


def test_a_promise_goes_before_what_is_usual(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, RESOLVE, at(5, 11), pace=Pace.PROJECT, due_on=date(2027, 3, 1))
        assert unit.clocks.start(number, ClockKind.CONTACT, at(5, 11), pace=Pace.PROJECT) is None
    assert due(store, number, RESOLVE) == at(3, 1, "17:30", 2027)  # a day needs no calendar


def test_of_each_kind_one_runs(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, RESOLVE, at(5, 11), pace=Pace.GENERAL)
        unit.clocks.start(number, RESOLVE, at(5, 12), pace=Pace.GENERAL)
        assert [clock.stopped_at is None for clock in unit.clocks.of(number)] == [False, True]
        unit.clocks.start(number, PROGRESS, at(5, 12), pace=Pace.GENERAL)
        unit.clocks.stop_all(number, at(5, 13))
        assert all(clock.stopped_at for clock in unit.clocks.of(number))


def test_an_extension_begins_a_clock_with_the_same_start(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, RESOLVE, at(5, 11), pace=Pace.GENERAL)
        unit.clocks.pause(number, at(5, 12))
        unit.clocks.resume(number, at(5, 13))
        unit.clocks.move(number, RESOLVE, date(2026, 6, 1), at(5, 15))
        assert unit.clocks.move(number, ACCEPT, date(2026, 6, 1), at(5, 15)) is None
    with newest(store, number, RESOLVE) as (unit, clock):
        assert clock.started_at == at(5, 11)
        assert clock.due_at == at(6, 1, "17:30")
        assert clock.paused_s == 86_400
        assert [each.late for each in unit.clocks.of(number)] == [False, False]


def test_what_stands_still_is_moved_by_hours_or_by_working_days(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, ACCEPT, at(4, 29), pace=Pace.GENERAL)
        unit.clocks.start(number, RESOLVE, at(4, 29), pace=Pace.GENERAL)
        unit.clocks.pause(number, at(4, 30))
        unit.clocks.pause(number, at(5, 2))  # it stands still already
        assert not any(clock.over(at(6, 1)) for clock in unit.clocks.of(number))
        unit.clocks.resume(number, at(5, 7))
        unit.clocks.resume(number, at(5, 9))  # it runs already
    assert due(store, number, ACCEPT) == at(5, 7, "17:30")  # 劳动节 counts for nothing: the 6th and 7th
    assert due(store, number, RESOLVE) == at(5, 13)  # seven days to the hour
    with newest(store, number, ACCEPT) as (_, clock):
        assert clock.paused_s == 7 * 86_400


def test_a_clock_that_is_stopped_while_it_stands_still_is_not_late(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, RESOLVE, at(5, 11), pace=Pace.GENERAL)
        unit.clocks.pause(number, at(5, 12))
        unit.clocks.stop(number, RESOLVE, at(7, 1))
        assert not unit.clocks.of(number)[0].late


def test_news_begin_the_silence_anew(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.heard(number, at(5, 11))
        assert unit.clocks.of(number) == []  # nobody counts the silence before a claim
        unit.clocks.start(number, PROGRESS, at(5, 11), pace=Pace.GENERAL)
        unit.clocks.heard(number, at(5, 14))
    assert due(store, number, PROGRESS) == at(5, 21)
    with store.unit() as unit:
        unit.clocks.pause(number, at(5, 15))
        unit.clocks.heard(number, at(5, 16))
    with newest(store, number, PROGRESS) as (_, clock):
        assert clock.paused_at == at(5, 15)


def test_submitted_cases_get_their_clock_from_the_day_they_were_submitted(
    store: Store, village: Village, number: int, now: datetime
) -> None:
    with store.unit() as unit:
        urgent = matter(village.wang, now, "水管爆了")
        urgent.urgent = True
        unit.cases.file(urgent, by=village.wang)
        draft = matter(village.zhang, now, "还没说完")
        draft.state = "draft"
        unit.cases.file(draft, by=village.zhang)
    later = now + timedelta(minutes=20)
    with store.unit() as unit:
        assert unit.clocks.missing() == [number, urgent.number]
        assert unit.clocks.begin_missing(later, limit=1) == 1
        assert unit.clocks.begin_missing(later) == 1
        assert unit.clocks.begin_missing(later) == 0
    assert due(store, number, ACCEPT) == at(5, 12, "17:30")
    assert due(store, urgent.number, ACCEPT) == at(5, 11, "11:00")


def test_the_pace_follows_urgency_kind_and_category(store: Store, village: Village, now: datetime) -> None:
    found = []
    with store.unit() as unit:
        for change in (
            {},
            {"category": "项目资金"},
            {"category": "没有这一类"},
            {"kind": "project"},
            {"urgent": True, "kind": "project"},
        ):
            case = matter(village.zhang, now, f"{change}")
            for name, value in change.items():
                setattr(case, name, value)
            found.append(unit.clocks.pace_of(unit.cases.file(case, by=village.zhang).number))
    assert found == [Pace.GENERAL, Pace.PROJECT, Pace.GENERAL, Pace.PROJECT, Pace.URGENT]


def test_where_the_calendar_ends_nothing_is_guessed_and_somebody_is_told_once(
    store: Store, village: Village, number: int
) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, ACCEPT, at(12, 31), pace=Pace.GENERAL)
        unit.clocks.start(number, RESOLVE, at(12, 28), pace=Pace.COMPLEX)
        assert [each.year for each in unit.happenings if isinstance(each, CalendarEnds)] == [2027]
    assert due(store, number, ACCEPT) is None
    with store.unit() as unit:
        unit.clocks.pause(number, at(12, 31))
        unit.clocks.resume(number, at(1, 2, year=2027))
        assert unit.happenings == []
        assert unit.clocks.waiting()  # the shipped calendar was not looked at yet
        assert unit.clocks.recompute(at(1, 2, year=2027)) == 0
        assert not unit.clocks.waiting()
        assert not unit.clocks.of(number)[0].over(at(6, 1, year=2027))
    with store.unit() as unit:
        unit.workdays.replace(NOTICE_2027, at(1, 20, year=2027))
        assert not unit.clocks.waiting()
    # It should have been accepted long ago, and nobody could know: there is time until the next working day ends.
    assert due(store, number, ACCEPT) == at(1, 21, "17:30", 2027)


def test_a_deadline_that_waited_is_reckoned_from_its_start(store: Store, number: int) -> None:
    with store.unit() as unit:
        unit.clocks.start(number, RESOLVE, at(12, 25), pace=Pace.COMPLEX)
        unit.workdays.replace(NOTICE_2027, at(12, 26))
    assert due(store, number, RESOLVE) == at(1, 18, "17:30", 2027)


def test_a_promise_moved_beyond_the_calendar_waits_for_it_too(
    store: Store, village: Village, number: int
) -> None:
    with store.unit() as unit:
        unit.session.add(
            Claim(
                case_number=number,
                organisation_id=village.west,
                member_id=village.wang.member_id,
                lead=True,
                state="active",
                plan="",
                promised_on=date(2026, 12, 31),
                applied_at=at(12, 1),
                effective_at=at(12, 1),
                ended_at=None,
                end_reason="",
            )
        )
        unit.clocks.start(number, RESOLVE, at(12, 1), pace=Pace.GENERAL, due_on=date(2026, 12, 31))
        unit.clocks.pause(number, at(12, 7))
        unit.clocks.resume(number, at(12, 9))
    assert due(store, number, RESOLVE) is None
    with store.unit() as unit:
        unit.workdays.replace(NOTICE_2027, at(12, 10))
    assert due(store, number, RESOLVE) == at(1, 5, "17:30", 2027)

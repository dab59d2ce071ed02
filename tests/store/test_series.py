"""Activities that come back by a rule: put on file once, rolled to working days, never guessed, never overwritten."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models.activity import SUBJECT, Activity, Plan
from models.activitykeeper import ActivityReminded
from models.clocks import CalendarEnds
from models.moment import local
from models.series import ActivitySeries, Roll, horizon
from models.store import Store, Unit
from models.workday import Calendar, Entry, shipped
from tests.store.programme import at, climb
from tests.store.town import Town, build

LAST_DAY = "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"
CALENDAR = Calendar({entry.day: entry.worked for entry in shipped()})


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def found_series(
    store: Store, town: Town, now: datetime, rule: str = "FREQ=MONTHLY;BYMONTHDAY=5", **changed: object
) -> int:
    """The chair settles a rule; gives the series' id."""
    with store.unit() as unit:
        return settle(unit, town, now, rule, **changed).id


def settle(unit: Unit, town: Town, now: datetime, rule: str, **changed: object) -> ActivitySeries:
    facts: dict[str, object] = {
        "kind": "theme_day",
        "format_key": "interactive",
        "place": "村部",
        "begins": time(9, 0),
        "minutes": 120,
        "roll": "next_workday",
    }
    host = unit.activities.host_for(town["lead"], local(now).date(), now)
    return unit.recurring.settle(host, rule=rule, by=town["lead"], now=now, **(facts | changed))  # type: ignore[arg-type]


def days(store: Store) -> list[date]:
    """The days that are on file and not off."""
    with store.reading() as unit:
        query = select(Activity).where(Activity.state != "cancelled").order_by(Activity.starts_at)
        return [each.day for each in unit.session.scalars(query)]


def test_the_coming_months_are_put_on_file_and_rolled(store: Store, town: Town, now: datetime) -> None:
    found_series(store, town, now)
    # The 5th of July is a Sunday.
    assert days(store) == [date(2026, 6, 5), date(2026, 7, 6), date(2026, 8, 5)]
    with store.unit() as unit:
        assert not unit.recurring.due(now)
        assert unit.recurring.put_on_file(now) == 0, "idempotent"
    later = at("07-01 00:05")
    with store.unit() as unit:
        assert unit.recurring.due(later)
        assert unit.recurring.put_on_file(later) == 1
    assert days(store)[3:] == [date(2026, 9, 7), date(2026, 10, 8)], "past the National Day's week"
    with store.reading() as unit:
        assert unit.agendas.of(SUBJECT, 5) is not None


@pytest.mark.parametrize(
    ("roll", "july"),
    [("next_workday", 6), ("prev_workday", 3), ("none", 5), ("skip", None)],
)
def test_what_becomes_of_a_day_off(
    store: Store, town: Town, now: datetime, roll: Roll, july: int | None
) -> None:
    found_series(store, town, now, roll=roll)
    assert [day.day for day in days(store) if day.month == 7] == ([] if july is None else [july])


def test_the_last_day_of_each_month(store: Store, town: Town, now: datetime) -> None:
    found_series(store, town, now, LAST_DAY, roll="none")
    assert days(store) == [date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)]


def test_a_year_without_a_calendar_waits_and_is_told(store: Store, town: Town) -> None:
    november = at("11-10 09:00")
    series_id = found_series(store, town, november, roll="next_workday")
    assert days(store) == [date(2026, 12, 7)], "nothing is put on a guessed working day"
    with store.unit() as unit:
        series = unit.session.get(ActivitySeries, series_id)
        assert series is not None
        assert series.waits_for == 2027
        assert not unit.recurring.due(november), "it waits for the calendar, not for time"
    with store.unit() as unit:
        unit.workdays.replace([Entry(date(2027, 1, 1), worked=False, name="元旦")], november)
    with store.unit() as unit:
        assert unit.recurring.due(november)
        unit.recurring.put_on_file(november)
        assert not unit.recurring.due(november)
    assert days(store) == [date(2026, 12, 7), date(2027, 1, 5), date(2027, 2, 5)]


def test_the_missing_year_is_told_as_elsewhere(store: Store, town: Town) -> None:
    with store.unit() as unit:
        settle(unit, town, at("11-10 09:00"), "FREQ=MONTHLY;BYMONTHDAY=5")
        assert [each.year for each in unit.happenings if isinstance(each, CalendarEnds)] == [2027]


def test_a_changed_rule_leaves_alone_what_somebody_has_touched(
    store: Store, town: Town, now: datetime
) -> None:
    found_series(store, town, now)
    with store.unit() as unit:
        unit.activities.move(1, at("06-09 15:00"), None, "", by=town["lead"], now=now)
        unit.activities.cancel(2, "七月农忙", by=town["lead"], now=now)
    with store.unit() as unit:
        settle(unit, town, now, "FREQ=MONTHLY;BYMONTHDAY=20", begins=time(14, 0))
    # 20 May is ahead; June's was moved by hand and stays, and the rule has its own day besides.
    assert days(store) == [
        date(2026, 5, 20), date(2026, 6, 9), date(2026, 6, 22), date(2026, 7, 20), date(2026, 8, 20),
    ]  # fmt: skip
    with store.reading() as unit:
        assert len(unit.session.scalars(select(ActivitySeries)).all()) == 1, "one series of a kind"
        moved = unit.session.get(Activity, 1)
        dropped = unit.session.get(Activity, 3)
        assert moved is not None
        assert dropped is not None
        assert (moved.starts_at, moved.by_hand) == (at("06-09 15:00"), True)
        assert (dropped.state, dropped.by_hand) == ("cancelled", False)
    with store.unit() as unit:
        settle(unit, town, now, "FREQ=MONTHLY;BYMONTHDAY=5")
    assert days(store) == [date(2026, 6, 9), date(2026, 8, 5)], (
        "July's was called off by somebody: it stays off"
    )
    with store.reading() as unit:
        again = unit.session.get(Activity, 3)
        agenda = unit.agendas.of(SUBJECT, 3)
        assert again is not None
        assert agenda is not None
        assert (again.state, again.starts_at) == ("planned", at("08-05 09:00"))
        assert agenda.stopped_at is None


def test_another_hour_moves_what_nobody_has_touched(store: Store, town: Town, now: datetime) -> None:
    found_series(store, town, now)
    found_series(store, town, now, begins=time(14, 30), place="文化站")
    with store.reading() as unit:
        first = unit.session.get(Activity, 1)
        agenda = unit.agendas.of(SUBJECT, 1)
        assert first is not None
        assert agenda is not None
        assert (first.starts_at, first.place) == (at("06-05 14:30"), "文化站")
        assert agenda.anchor == first.starts_at


def test_an_ended_series_puts_nothing_more_on_file(store: Store, town: Town, now: datetime) -> None:
    series_id = found_series(store, town, now)
    with store.unit() as unit:
        series = unit.session.get(ActivitySeries, series_id)
        assert series is not None
        assert unit.recurring.end(series, now) == 3
    assert days(store) == []
    with store.unit() as unit:
        assert not unit.recurring.due(at("09-01 09:00"))
        assert unit.recurring.of(unit.activities.host_for(town["lead"], date(2026, 5, 11), now)) == []


def test_the_chair_of_the_day_is_asked_for_the_topic(store: Store, town: Town, now: datetime) -> None:
    found_series(store, town, now)
    assert climb(store, at("05-28 10:00")) == []
    [asked] = climb(store, at("05-29 09:00"))
    assert isinstance(asked, ActivityReminded)
    assert (asked.about.rung, asked.about.asks, asked.to) == ("topic", True, ("chair",))
    assert asked.host_id == town.organisations["power"], "who has the chair in June"
    assert climb(store, at("06-03 09:00")) == [], "without a topic nobody is invited"


def test_a_topic_that_comes_late_still_invites(store: Store, town: Town, now: datetime) -> None:
    found_series(store, town, now)
    climb(store, at("06-03 09:00"))
    late = at("06-04 08:00")
    with store.unit() as unit:
        planned = unit.activities.look(1, town["next_chair"], late)
        host = unit.activities.host_for(town["next_chair"], planned.day, late)
        plan = Plan(
            kind=planned.kind,
            format=planned.format,
            topic="用电安全",
            place=planned.place,
            starts_at=planned.starts_at,
            ends_at=planned.ends_at,
        )
        called = unit.activities.call(host, plan, by=town["next_chair"], now=late)
        assert called.number == 1, "the planned one of that day is meant"
    told = climb(store, late)
    assert [each.about.rung for each in told if isinstance(each, ActivityReminded)] == ["members"]


@given(
    rule=st.sampled_from(
        ["FREQ=MONTHLY;BYMONTHDAY=5", LAST_DAY, "FREQ=WEEKLY;BYDAY=FR", "FREQ=MONTHLY;BYDAY=+1FR"]
    ),
    start=st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    roll=st.sampled_from(["none", "next_workday", "prev_workday", "skip"]),
)
def test_rolled_days_are_worked_and_near(rule: str, start: date, roll: Roll) -> None:
    series = ActivitySeries(rule=rule, starts_on=start, roll=roll)
    last = start + timedelta(days=180)
    found = series.days(start, last)
    assert found == sorted(set(found))
    if "BYMONTHDAY" in rule:
        months = {(day.year, day.month) for day in found}
        assert len(months) == len(found), "one day a month"
    for day in found:
        rolled = series.rolled(day, CALENDAR)
        if rolled is None:
            assert roll == "skip"
            assert not CALENDAR.worked(day)
        elif roll == "none":
            assert rolled == day
        else:
            assert CALENDAR.worked(rolled)
            assert abs((rolled - day).days) <= 9


@pytest.mark.parametrize(
    ("today", "last"),
    [("2026-05-11", "2026-08-31"), ("2026-11-30", "2027-02-28"), ("2027-11-01", "2028-02-29")],
)
def test_how_far_ahead_occurrences_are_on_file(today: str, last: str) -> None:
    assert horizon(date.fromisoformat(today)) == date.fromisoformat(last)


def test_a_rule_that_is_none_is_refused(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit, pytest.raises(ValueError, match="每月"):
        settle(unit, town, now, "每月5号")
    with store.unit() as unit, pytest.raises(ValueError, match="sometimes"):
        settle(unit, town, now, "FREQ=MONTHLY;BYMONTHDAY=5", roll="sometimes")

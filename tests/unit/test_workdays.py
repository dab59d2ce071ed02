"""Counting working days: the notices of 2025 and 2026, day by day, and what must hold for any calendar."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.moment import SHANGHAI
from models.workday import Calendar, Entry, YearMissing, shipped

CALENDAR = Calendar({entry.day: entry.worked for entry in shipped()})
DAYS = st.dates(date(2025, 3, 1), date(2026, 10, 31))
COUNTS = st.integers(0, 30)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 5, 11), True),  # an ordinary Monday
        (date(2026, 5, 16), False),  # an ordinary Saturday
        (date(2026, 2, 14), True),  # worked for 春节
        (date(2026, 2, 17), False),
        (date(2026, 2, 28), True),
        (date(2026, 5, 9), True),  # worked for 劳动节
        (date(2026, 9, 20), True),  # a Sunday, worked for 国庆
        (date(2026, 9, 25), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
        (date(2025, 1, 26), True),
        (date(2025, 10, 8), False),
    ],
)
def test_the_notices_decide_and_else_the_weekday(day: date, worked: bool) -> None:
    assert CALENDAR.worked(day) is worked


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (date(2026, 5, 11), 0, date(2026, 5, 11)),
        (date(2026, 5, 11), 1, date(2026, 5, 12)),
        (date(2026, 5, 15), 1, date(2026, 5, 18)),  # over a weekend
        (date(2026, 5, 8), 1, date(2026, 5, 9)),  # a Saturday that is worked
        (date(2026, 4, 30), 1, date(2026, 5, 6)),  # over 劳动节
        (date(2026, 2, 13), 2, date(2026, 2, 24)),  # 14 February is worked, then nine days off
        (date(2026, 2, 17), 1, date(2026, 2, 24)),  # from within a holiday
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # the make-up Saturday counts
        (date(2026, 9, 18), 1, date(2026, 9, 20)),
        (date(2026, 1, 30), 15, date(2026, 2, 27)),  # a month's end and 春节
        (date(2025, 12, 31), 1, date(2026, 1, 4)),  # a year's end: 元旦 off, then a Sunday worked
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
    ],
)
def test_working_days_are_counted_over_holidays_months_and_years(day: date, count: int, found: date) -> None:
    assert CALENDAR.after(day, count) == found


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 5, 11), date(2026, 5, 11), date(2026, 5, 11)),  # worked: it stays
        (date(2026, 5, 9), date(2026, 5, 9), date(2026, 5, 9)),  # a Saturday that is worked
        (date(2026, 5, 16), date(2026, 5, 15), date(2026, 5, 18)),
        (date(2026, 5, 2), date(2026, 4, 30), date(2026, 5, 6)),  # 劳动节
        (date(2026, 2, 17), date(2026, 2, 14), date(2026, 2, 24)),  # from within 春节
    ],
)
def test_a_day_off_is_rolled_to_the_working_day_beside_it(day: date, before: date, after: date) -> None:
    assert [CALENDAR.rolled(day, to) for to in ("before", "after", "")] == [before, after, day]


def test_they_are_counted_backwards_too() -> None:
    assert CALENDAR.before(date(2026, 10, 8), 1) == date(2026, 9, 30)
    assert CALENDAR.before(date(2026, 10, 12), 3) == date(2026, 10, 8)
    assert CALENDAR.before(date(2026, 1, 4), 1) == date(2025, 12, 31)


def test_a_deadline_is_the_end_of_the_office_day() -> None:
    afternoon = datetime(2026, 5, 8, 15, 0, tzinfo=SHANGHAI)
    assert CALENDAR.due(afternoon, 1) == datetime(2026, 5, 9, 17, 30, tzinfo=SHANGHAI)


def test_the_day_is_the_one_in_chifeng_not_in_greenwich() -> None:
    monday_morning_here = datetime(2026, 5, 10, 23, 30, tzinfo=UTC)
    assert CALENDAR.due(monday_morning_here, 1) == datetime(2026, 5, 12, 17, 30, tzinfo=SHANGHAI)


def test_a_year_that_is_not_on_file_is_never_guessed() -> None:
    with pytest.raises(YearMissing) as missing:
        CALENDAR.worked(date(2027, 3, 1))
    assert missing.value.year == 2027
    with pytest.raises(YearMissing, match="2027"):
        CALENDAR.after(date(2026, 12, 31), 1)
    with pytest.raises(YearMissing, match="2024"):
        CALENDAR.before(date(2025, 1, 2), 1)
    assert CALENDAR.after(date(2026, 12, 30), 1) == date(2026, 12, 31)


def test_it_says_how_far_it_reaches() -> None:
    assert CALENDAR.years() == [2025, 2026]
    assert CALENDAR.until(date(2025, 6, 1)) == date(2026, 12, 31)
    assert CALENDAR.until(date(2027, 1, 1)) is None


def test_a_gap_between_years_ends_what_is_known() -> None:
    gap = Calendar({date(2026, 10, 1): False, date(2028, 10, 1): False})
    assert gap.until(date(2026, 1, 1)) == date(2026, 12, 31)


def test_the_last_week_of_december_is_for_the_next_notice() -> None:
    assert Entry(date(2026, 12, 31), worked=False, name="元旦").year == 2027
    assert Entry(date(2026, 12, 24), worked=False, name="").year == 2026
    alone = Calendar({date(2026, 12, 31): False})
    assert not alone.covers(2026)


def test_nobody_counts_by_a_negative_number() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.after(date(2026, 5, 11), -1)


def test_each_holiday_has_as_many_days_as_its_notice_says() -> None:
    off = Counter((entry.year, entry.name) for entry in shipped() if not entry.worked)
    assert off == {
        (2025, "元旦"): 1,
        (2025, "春节"): 8,
        (2025, "清明节"): 3,
        (2025, "劳动节"): 5,
        (2025, "端午节"): 3,
        (2025, "国庆节、中秋节"): 8,
        (2026, "元旦"): 3,
        (2026, "春节"): 9,
        (2026, "清明节"): 3,
        (2026, "劳动节"): 5,
        (2026, "端午节"): 3,
        (2026, "中秋节"): 3,
        (2026, "国庆节"): 7,
    }
    assert all(entry.day.weekday() >= 5 for entry in shipped() if entry.worked)


@given(DAYS, COUNTS)
def test_back_from_where_one_went_is_where_one_was(day: date, count: int) -> None:
    if CALENDAR.worked(day):
        assert CALENDAR.before(CALENDAR.after(day, count), count) == day
        assert CALENDAR.after(CALENDAR.before(day, count), count) == day


@given(DAYS, st.integers(1, 30))
def test_where_one_comes_is_worked_and_just_so_many_days_away(day: date, count: int) -> None:
    found = CALENDAR.after(day, count)
    assert CALENDAR.worked(found)
    assert CALENDAR.between(day, found) == count
    assert CALENDAR.between(found, day) == 0


@given(DAYS, st.integers(0, 15), st.integers(0, 15))
def test_two_ways_after_each_other_are_one(day: date, one: int, other: int) -> None:
    assert CALENDAR.after(CALENDAR.after(day, one), other) == CALENDAR.after(day, one + other)


@given(DAYS, DAYS, COUNTS)
def test_later_stays_later(day: date, other: date, count: int) -> None:
    if day <= other:
        assert CALENDAR.after(day, count) <= CALENDAR.after(other, count)


@given(DAYS)
def test_a_longer_week_never_passes_unworked(day: date) -> None:
    """春节 2026 is the longest stretch: nine days."""
    assert any(CALENDAR.worked(day + timedelta(days=step)) for step in range(10))

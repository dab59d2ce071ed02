"""The urging ladder: its data, the moment of each rung, and the look-up that must agree with it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clock import ClockKind, Level
from models.ladder import Ladder, Role, Rung, ladder_of, ladders
from models.moment import SHANGHAI
from models.pace import Pace, Span, spans
from models.workday import Calendar, YearMissing, closing, shipped

CALENDAR = Calendar({entry.day: entry.worked for entry in shipped()})
OFFICE = ladder_of(ClockKind.RESOLVE, urgent=False)
MOMENTS = st.datetimes(
    datetime(2026, 1, 10),  # noqa: DTZ001 - the zone is given below
    datetime(2026, 11, 30),  # noqa: DTZ001
    timezones=st.just(SHANGHAI),
)
RUNGS = [rung for ladder in ladders() for rung in ladder.rung]


def at(month: int, day: int, time: str = "08:30", year: int = 2026) -> datetime:
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{time}").replace(tzinfo=SHANGHAI)


def test_every_clock_has_a_ladder_and_every_case_is_accepted_some_day() -> None:
    assert all(ladder_of(kind, urgent) for kind in ClockKind for urgent in (True, False))
    assert set(spans()) == set(ClockKind)
    assert set(spans()[ClockKind.ACCEPT]) == set(Pace)


def test_the_rungs_of_a_ladder_rise() -> None:
    for ladder in ladders():
        moments = [rung.moment(closing(date(2026, 6, 10)), CALENDAR) for rung in ladder.rung]
        assert moments == sorted(moments), ladder


def test_a_louder_rung_leaves_nobody_out_who_heard_the_one_before() -> None:
    """Rungs that were passed are told as the highest of them: nobody may miss it for that."""
    for ladder in ladders():
        for lower, higher in zip(ladder.rung, ladder.rung[1:], strict=False):
            assert set(lower.to) <= set(higher.to)


def test_unclaimed_matters_go_from_the_chair_over_the_lead_to_the_level_above() -> None:
    ladder = ladder_of(ClockKind.CLAIM, urgent=False)
    assert ladder is not None
    assert [rung.to[-1] for rung in ladder.rung] == [Role.CHAIR, Role.LEAD, Role.ABOVE]


def test_the_moments_of_the_office_ladder_over_national_day() -> None:
    assert OFFICE is not None
    assert [(rung.level, rung.moment(closing(date(2026, 9, 30)), CALENDAR)) for rung in OFFICE.rung] == [
        (Level.REMIND, at(9, 24)),  # 25 to 27 September is 中秋
        (Level.REMIND, at(9, 29)),
        (Level.REMIND, at(9, 30)),
        (Level.URGE, at(10, 8)),
        (Level.SUPERVISE, at(10, 13)),  # 10 October is worked
        (Level.ESCALATE, at(10, 20)),
    ]


def test_hours_run_through_the_night() -> None:
    ladder = ladder_of(ClockKind.ACCEPT, urgent=True)
    assert ladder is not None
    assert [rung.moment(at(5, 9, "23:00"), CALENDAR) for rung in ladder.rung] == [
        at(5, 9, "23:00"),
        at(5, 10, "01:00"),
        at(5, 10, "23:00"),
    ]


def test_the_ladder_stops_where_the_calendar_ends() -> None:
    assert OFFICE is not None
    due = closing(date(2026, 12, 30))
    assert OFFICE.top(due, at(12, 31), CALENDAR) == 4  # +1 working day is the last that is known
    assert OFFICE.top(due, at(3, 1, year=2027), CALENDAR) == 4


@given(st.sampled_from(RUNGS), MOMENTS, st.integers(-30 * 24 * 60, 30 * 24 * 60))
def test_the_look_up_finds_just_the_clocks_that_reached_a_rung(
    rung: Rung, now: datetime, minutes: int
) -> None:
    due_at = now + timedelta(minutes=minutes)
    try:
        reached = rung.moment(due_at, CALENDAR) <= now
    except YearMissing:
        return
    assert (due_at < rung.latest_due(now, CALENDAR)) is reached


@given(st.sampled_from(RUNGS), st.dates(date(2026, 12, 1), date(2026, 12, 31)), st.integers(0, 40))
def test_the_look_up_agrees_at_the_end_of_the_calendar_too(rung: Rung, today: date, days: int) -> None:
    now = closing(today)
    due_at = closing(today - timedelta(days=days))
    try:
        reached = rung.moment(due_at, CALENDAR) <= now
    except YearMissing:
        reached = False
    assert (due_at < rung.latest_due(now, CALENDAR)) is reached


def test_in_a_year_that_is_not_on_file_nobody_is_urged_by_a_guess() -> None:
    rung = Rung(level=Level.URGE, to=(Role.HOLDER,), workdays=1)
    with pytest.raises(YearMissing, match="2027"):
        rung.latest_due(at(1, 5, year=2027), CALENDAR)


@pytest.mark.parametrize("offsets", [{}, {"days": 1, "hours": 1}])
def test_a_rung_has_one_offset(offsets: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError, match="one offset"):
        msgspec.convert({"level": "urge", "to": ["holder"], **offsets}, Rung)


def test_data_with_an_unknown_word_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"clocks": ["accept"], "rung": [], "loud": True}, Ladder)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"weeks": 1}, Span)


def test_spans_end_when_they_should() -> None:
    friday = at(4, 30, "15:00")
    accept, resolve = spans()[ClockKind.ACCEPT], spans()[ClockKind.RESOLVE]
    assert accept[Pace.URGENT].after(friday, CALENDAR) == at(4, 30, "17:00")
    assert accept[Pace.GENERAL].after(friday, CALENDAR) == at(5, 6, "17:30")
    assert resolve[Pace.GENERAL].after(friday, CALENDAR) == at(5, 7, "15:00")
    assert resolve[Pace.COMPLEX].after(friday, CALENDAR) == at(5, 25, "17:30")
    assert Pace.PROJECT not in resolve

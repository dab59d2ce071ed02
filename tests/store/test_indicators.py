"""Indicators: every numerator and denominator as it was counted by hand, on days around the end of a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.asof import Period, Scope
from models.history import Run
from models.indicators import NOTHING, Indicator, decided, definitions, indicators
from models.moment import local
from models.store import Store
from tests.store.casebook import at, write_down
from tests.store.conftest import Village

YEARS = (datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 - hypothesis wants bounds without a zone
MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def sides(found: list[Indicator]) -> dict[str, tuple[int | None, int, str]]:
    return {each.key: (each.numerator, each.denominator, each.text) for each in found}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(
            Period(MAY),
            {
                "accepted_in_time": (1, 1, "100.0%"),
                "contacted_in_time": (1, 1, "100.0%"),
                "done_in_time": (2, 3, "66.7%"),
                "solved": (1, 1, "100.0%"),
                "rated": (1, 1, "100.0%"),
                "satisfied": (1, 1, "100.0%"),
                "reworked": (0, 3, "0.0%"),
                "returned": (0, 4, "0.0%"),
                "claimed": (4, 4, "100.0%"),
                "claim_days": (None, 4, "1.5"),
                "adopted": (0, 0, NOTHING),
                "matched": (1, 3, "33.3%"),
                "held_monthly": (0, 1, "0.0%"),
            },
            id="until the end of May",
        ),
        pytest.param(
            Period(JUNE),
            {
                "accepted_in_time": (1, 1, "100.0%"),
                "contacted_in_time": (1, 2, "50.0%"),
                "done_in_time": (2, 3, "66.7%"),
                "solved": (1, 2, "50.0%"),
                "rated": (2, 3, "66.7%"),
                "satisfied": (1, 2, "50.0%"),
                "reworked": (1, 3, "33.3%"),
                "returned": (1, 5, "20.0%"),
                "claimed": (5, 5, "100.0%"),
                "claim_days": (None, 5, "1.0"),
                "adopted": (1, 1, "100.0%"),
                "matched": (2, 4, "50.0%"),
                "held_monthly": (0, 2, "0.0%"),
            },
            id="until the end of June",
        ),
        pytest.param(
            Period(JUNE, date(2026, 6, 1)),
            {
                "accepted_in_time": (0, 0, NOTHING),
                "contacted_in_time": (0, 1, "0.0%"),
                "done_in_time": (0, 0, NOTHING),
                "solved": (0, 1, "0.0%"),
                "rated": (1, 2, "50.0%"),
                "satisfied": (0, 1, "0.0%"),
                "reworked": (0, 0, NOTHING),
                "returned": (1, 1, "100.0%"),
                "claimed": (1, 1, "100.0%"),
                "claim_days": (None, 1, "1.0"),
                "adopted": (1, 1, "100.0%"),
                "matched": (1, 1, "100.0%"),
                "held_monthly": (0, 1, "0.0%"),
            },
            id="June alone",
        ),
    ],
)
def test_every_figure_is_what_was_counted_by_hand(
    store: Store, village: Village, period: Period, expected: dict[str, tuple[int | None, int, str]]
) -> None:
    write_down(store, village)
    with store.reading() as unit:
        assert sides(indicators(unit, period)) == expected


def test_nothing_is_shown_as_nothing_and_never_as_all_or_none(store: Store, village: Village) -> None:
    with store.reading() as unit:
        found = indicators(unit, Period(date(2026, 5, 30)))  # no turn's month is over
    assert [each.text for each in found] == [NOTHING] * len(definitions())
    assert [each.denominator for each in found] == [0] * len(definitions())


def test_a_part_of_the_city_has_its_own_figures(store: Store, village: Village) -> None:
    write_down(store, village)
    with store.reading() as unit:
        scope = Scope.of_consortium(unit, "C1")
        assert scope is not None
        assert sides(indicators(unit, Period(JUNE), scope))["returned"][:2] == (0, 4)
        assert sides(indicators(unit, Period(JUNE), Scope.of_area("林西")))["returned"][:2] == (1, 5)
        assert sides(indicators(unit, Period(JUNE), Scope.of_area("敖汉旗")))["returned"][:2] == (0, 0)
        assert Scope.of_consortium(unit, "C9") is None


def test_every_definition_says_what_is_counted() -> None:
    assert list(definitions())[:3] == ["accepted_in_time", "contacted_in_time", "done_in_time"]
    for each in definitions().values():
        assert each.kind in ("rate", "median")
        assert each.definition.endswith("。")


@given(st.datetimes(*YEARS, timezones=st.just(UTC)), st.dates(date(2021, 1, 1), date(2029, 1, 1)))
def test_a_moment_belongs_to_the_day_that_it_has_in_chifeng(moment: datetime, day: date) -> None:
    period = Period(day, day)
    assert (period.begin <= moment < period.end) == (local(moment).date() == day)
    assert period.end - period.begin == timedelta(days=1)


@given(st.integers(0, 40), st.none() | st.integers(0, 40), st.none() | st.integers(0, 40), st.integers(0, 40))
def test_a_promise_counts_once_whenever_it_is_looked_at(
    due: int, stopped: int | None, paused: int | None, day: int
) -> None:
    """A figure of a day that is over never changes: what is decided stays decided, in the same way."""
    start = at("05-01 00:00")
    moment = [start + timedelta(days=each) for each in range(90)]
    late = stopped is not None and stopped > due
    clock = Run(
        "resolve",
        start,
        moment[due],
        moment[paused] if paused is not None and stopped is None else None,
        moment[stopped] if stopped is not None else None,
        late,
    )
    kept, known = decided(clock, moment[day])
    later = decided(clock, moment[day + 1])
    if known is not None:
        assert known < moment[day]
        assert later == (kept, known)

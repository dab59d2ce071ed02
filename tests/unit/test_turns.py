"""The drawing of turns: no gap, nobody who may not, debts paid, and the same ground always gives the same turns."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.turns import (
    DAY,
    Away,
    Drawn,
    Ground,
    Origin,
    Place,
    Span,
    Stay,
    Strategy,
    Turn,
    add_months,
    draw,
    eligible,
    periods,
)

JANUARY = date(2026, 1, 1)
FAR = date(2027, 12, 1)


def ground(
    *,
    strategy: Strategy = Strategy.FIXED,
    span: Span = Span.MONTH,
    members: int = 4,
    aways: tuple[Away, ...] = (),
    behind: tuple[Turn, ...] = (),
    weights: dict[int, int] | None = None,
) -> Ground:
    return Ground(
        strategy=strategy,
        span=span,
        first_on=JANUARY,
        places=tuple(Place(each, (weights or {}).get(each, 1)) for each in range(1, members + 1)),
        stays=tuple(Stay(each, date(2020, 1, 1), None) for each in range(1, members + 1)),
        aways=aways,
        behind=behind,
    )


def order(drawn: Drawn) -> str:
    return "".join(str(turn.organisation_id) for turn in drawn.turns)


def test_a_fixed_order_goes_round_and_on_from_whoever_was_last() -> None:
    assert order(draw(ground(), JANUARY, date(2026, 9, 1))) == "123412341"
    last = Turn(2, date(2025, 12, 1), date(2025, 12, 31), Origin.IMPORT)
    assert order(draw(ground(behind=(last,)), JANUARY, date(2026, 6, 1))) == "341234"


def test_the_balanced_way_takes_the_longest_out_of_the_chair_and_twice_as_often_who_weighs_twice() -> None:
    behind = tuple(
        Turn(each, date(2025, month, 1), add_months(date(2025, month, 1), 1) - DAY, Origin.IMPORT)
        for month, each in ((9, 3), (10, 1), (11, 4), (12, 2))
    )
    assert (
        order(draw(ground(strategy=Strategy.BALANCED, behind=behind), JANUARY, date(2026, 8, 1)))
        == "31423142"
    )
    drawn = order(draw(ground(strategy=Strategy.BALANCED, weights={1: 2}), JANUARY, date(2030, 12, 1)))
    assert drawn.count("1") > 1.3 * drawn.count("2")
    assert "11" not in drawn


def test_who_is_skipped_comes_right_after_the_reason_ends() -> None:
    skip = Away(3, "换届", date(2026, 3, 1), date(2026, 5, 20))
    drawn = draw(ground(aways=(skip,)), JANUARY, date(2026, 10, 1))
    # March was 3's, and it is away until May: June, whoever's turn that was, and then the order goes on.
    assert order(drawn) == "1241234123"
    assert (drawn.aways[0].missed_on, drawn.aways[0].paid_on) == (date(2026, 3, 1), date(2026, 6, 1))
    assert drawn.turns[5].origin is Origin.ORDER  # it would have been 3's turn anyway
    late = draw(
        ground(aways=(msgspec.structs.replace(skip, until=date(2026, 6, 20)),)), JANUARY, date(2026, 10, 1)
    )
    assert order(late) == "1241243123"
    assert late.turns[6].origin is Origin.DEBT


def test_a_reason_of_which_nobody_knows_the_end_leaves_a_debt_that_waits() -> None:
    drawn = draw(ground(aways=(Away(2, "没有书记", JANUARY, None),)), JANUARY, date(2026, 6, 1))
    assert order(drawn) == "134134"
    assert drawn.aways[0].owed


def test_where_nobody_may_chair_the_drawing_stops_and_says_where() -> None:
    leaving = msgspec.structs.replace(ground(members=1), stays=(Stay(1, date(2020, 1, 1), date(2026, 3, 1)),))
    drawn = draw(leaving, JANUARY, FAR)
    assert (order(drawn), drawn.stuck_on) == ("11", date(2026, 3, 1))


def test_nothing_is_drawn_by_hand() -> None:
    assert draw(ground(strategy=Strategy.MANUAL), JANUARY, FAR) == Drawn((), ())


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (date(2026, 4, 1), (date(2026, 4, 1), date(2026, 6, 30))),
        (date(2026, 4, 20), (date(2026, 4, 20), date(2026, 6, 30))),
        # Five weeks are too few for a turn of their own.
        (date(2026, 5, 25), (date(2026, 5, 25), date(2026, 9, 30))),
    ],
)
def test_what_is_left_of_a_period_is_a_turn_or_goes_to_the_next(
    start: date, first: tuple[date, date]
) -> None:
    assert next(periods(Span.QUARTER, JANUARY, start, FAR)) == first


def test_the_last_day_of_a_month_stays_the_last() -> None:
    found = list(periods(Span.MONTH, date(2026, 1, 31), date(2026, 1, 31), date(2026, 5, 1)))
    assert [first for first, _ in found] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]
    assert add_months(date(2024, 2, 29), -12) == date(2023, 2, 28)


DAYS = st.dates(date(2025, 6, 1), date(2027, 6, 1))
AWAYS = st.lists(
    st.builds(
        lambda of, since, length: Away(
            of, "换届", since, None if length is None else since + timedelta(days=length)
        ),
        st.integers(1, 6),
        DAYS,
        st.none() | st.integers(0, 400),
    ),
    max_size=4,
).map(tuple)
STAYS = st.lists(
    st.builds(
        lambda of, since, length: Stay(of, since, None if length is None else since + timedelta(days=length)),
        st.integers(1, 6),
        DAYS,
        st.none() | st.integers(1, 700),
    ),
    max_size=5,
).map(lambda some: (Stay(1, date(2020, 1, 1), None), Stay(2, date(2020, 1, 1), None), *some))
GROUNDS = st.builds(
    lambda strategy, span, first_on, weights, stays, aways: Ground(
        strategy,
        span,
        first_on,
        tuple(Place(at, weight) for at, weight in enumerate(weights, 1)),
        stays,
        aways,
        (),
    ),
    st.sampled_from([Strategy.FIXED, Strategy.BALANCED]),
    st.sampled_from(Span),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.lists(st.integers(1, 3), min_size=6, max_size=6),
    STAYS,
    AWAYS,
)


@given(GROUNDS, DAYS)
def test_turns_follow_one_another_without_a_gap_and_everybody_in_them_may_chair(
    given: Ground, start: date
) -> None:
    drawn = draw(given, start, add_months(start, 24))
    assert drawn == draw(given, start, add_months(start, 24))
    expected = start
    for turn in drawn.turns:
        assert turn.starts_on == expected
        assert turn.ends_on >= turn.starts_on
        assert eligible(turn.organisation_id, turn.starts_on, turn.ends_on, given)
        expected = turn.ends_on + DAY
    if drawn.stuck_on is None:
        assert expected > add_months(start, 24)
    else:
        assert drawn.stuck_on == expected


@given(GROUNDS, DAYS)
def test_whoever_misses_a_turn_gets_it_as_soon_as_it_can(given: Ground, start: date) -> None:
    drawn = draw(given, start, add_months(start, 24))
    for away in drawn.aways:
        if away.missed_on is None:
            continue
        later = [
            turn
            for turn in drawn.turns
            if turn.starts_on > away.missed_on
            and eligible(away.organisation_id, turn.starts_on, turn.ends_on, given)
        ]
        # Others may be owed one too, and nobody chairs twice running: but never more than so many turns pass.
        waiting = 2 * sum(1 for each in drawn.aways if each.missed_on is not None)
        if len(later) > waiting:
            assert away.paid_on is not None
            assert away.paid_on <= later[waiting].starts_on
        if away.paid_on is not None:
            assert any(
                (turn.organisation_id, turn.starts_on) == (away.organisation_id, away.paid_on)
                for turn in drawn.turns
            )


@given(GROUNDS, DAYS, st.integers(1, 12))
def test_drawn_at_once_or_a_turn_at_a_time_it_is_the_same(given: Ground, start: date, cut: int) -> None:
    whole = draw(given, start, add_months(start, 24))
    known = whole.turns[:cut]
    if not known or len(known) < cut:
        return
    day = known[-1].ends_on + DAY
    on = msgspec.structs.replace(given, behind=known, aways=tuple(each.as_of(day) for each in whole.aways))
    rest = draw(on, day, add_months(start, 24))
    assert (known + rest.turns, rest.aways) == (whole.turns, whole.aways)


@given(GROUNDS, DAYS)
def test_nobody_chairs_twice_running_while_there_is_somebody_else_in_balance(
    given: Ground, start: date
) -> None:
    if given.strategy is not Strategy.BALANCED:
        return
    drawn = draw(given, start, add_months(start, 24))
    for one, other in zip(drawn.turns, drawn.turns[1:], strict=False):
        others = [
            place
            for place in given.places
            if place.organisation_id != one.organisation_id
            and eligible(place.organisation_id, other.starts_on, other.ends_on, given)
        ]
        assert one.organisation_id != other.organisation_id or not others

"""Time that a demonstration moves, and names that logs do not tell."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot.kit.clock import MovableClock, real_clock
from bot.log import set_up, shade
from models.moment import SHANGHAI, from_epoch, local


def test_the_real_clock_is_aware() -> None:
    assert real_clock().utcoffset() == timedelta()


def test_a_movable_clock_begins_where_it_is_told_and_runs_on() -> None:
    start = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
    clock = MovableClock(start)
    first, second = clock(), clock()
    assert start <= first <= second < start + timedelta(minutes=10)


def test_without_a_start_it_shows_now() -> None:
    assert real_clock() <= MovableClock()() + timedelta(microseconds=1)


def test_it_moves_ahead_and_never_back() -> None:
    clock = MovableClock(datetime(2026, 5, 11, tzinfo=UTC))
    before = clock()
    clock.move(timedelta(days=3))
    clock.move(timedelta())
    assert timedelta(days=3) <= clock() - before < timedelta(days=3, minutes=10)
    with pytest.raises(ValueError, match="back"):
        clock.move(timedelta(seconds=-1))


def test_moments_are_kept_in_utc_and_read_in_shanghai() -> None:
    moment = from_epoch(1_767_196_800)
    assert moment == datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert local(moment).isoformat() == "2026-01-01T00:00:00+08:00"


def test_a_shade_is_short_stable_and_tells_nothing() -> None:
    openid = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
    assert shade(openid) == shade(openid)
    assert len(shade(openid)) == 10
    assert not any(openid[i : i + 5] in shade(openid) for i in range(len(openid) - 4))
    assert len({shade(f"o{number}") for number in range(2000)}) == 2000


def test_a_logger_outlives_the_standard_error_that_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service manager, or a test, may put another stream in its place and close the first."""
    before = structlog.get_config()
    first, second = io.StringIO(), io.StringIO()
    try:
        monkeypatch.setattr("sys.stderr", first)
        set_up("INFO", "json")
        log = structlog.get_logger()
        log.info("one")
        monkeypatch.setattr("sys.stderr", second)
        first.close()
        log.info("two")
    finally:
        structlog.configure(**before)
    assert '"event": "two"' in second.getvalue()

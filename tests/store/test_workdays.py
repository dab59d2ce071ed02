"""The calendar on file: shipped years, imports, and that every unit sees the newest."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from models import schema
from models.revision import CALENDAR
from models.store import Store
from models.vault import Vault
from models.workday import Entry, YearMissing

NOTICE_2027 = [
    Entry(date(2026, 12, 31), worked=False, name="元旦"),
    Entry(date(2027, 1, 1), worked=False, name="元旦"),
    Entry(date(2027, 1, 3), worked=True, name="元旦"),
    Entry(date(2027, 10, 1), worked=False, name="国庆节"),
]
"""Invented: the real one is not out."""


def test_the_shipped_years_are_on_file_once(store: Store) -> None:
    with store.unit() as unit:
        assert unit.workdays.years() == [2025, 2026]
        before = unit.revisions.all()[CALENDAR]
        unit.workdays.ensure()
        assert unit.revisions.all()[CALENDAR] == before
        assert {row.source for row in unit.workdays.entries()} == {"shipped"}


def test_an_import_is_seen_at_once_and_by_all(store: Store, now: datetime) -> None:
    other = Store(store.engine.url.render_as_string(hide_password=False), store.vault)  # another process
    with other.reading() as unit, pytest.raises(YearMissing, match="2027"):
        unit.workdays.worked(date(2027, 1, 3))
    with store.unit() as unit:
        unit.workdays.replace(NOTICE_2027, now)
        assert unit.workdays.worked(date(2027, 1, 3))
    for one in (store, other):
        with one.reading() as unit:
            assert unit.workdays.worked(date(2027, 1, 3))
            assert unit.workdays.after(date(2026, 12, 30), 1) == date(2027, 1, 3)
            assert unit.workdays.until(date(2026, 11, 1)) == date(2027, 12, 31)
    other.close()


def test_an_import_replaces_its_own_years_and_no_others(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.workdays.replace(NOTICE_2027, now)
        assert not unit.workdays.worked(date(2026, 10, 1))  # the day at the end of December replaced nothing
        unit.workdays.replace([Entry(date(2027, 1, 1), worked=False, name="元旦")], now)
        assert unit.workdays.worked(date(2026, 12, 31))
        assert not unit.workdays.worked(date(2027, 1, 3))
        assert unit.workdays.years() == [2025, 2026, 2027]


def test_what_was_imported_outlives_an_upgrade(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.workdays.replace([Entry(date(2026, 7, 6), worked=False, name="那达慕")], now)
    schema.upgrade(store)
    with store.reading() as unit:
        assert [row.name for row in unit.workdays.entries() if row.day.year == 2026] == ["那达慕"]


def test_an_import_that_is_undone_leaves_nothing_behind(store: Store, now: datetime) -> None:
    def fail() -> None:
        with store.unit() as unit:
            unit.workdays.replace(NOTICE_2027, now)
            assert unit.workdays.covers(2027)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with store.unit() as unit:
        assert not unit.workdays.covers(2027)
        unit.workdays.replace([Entry(date(2027, 5, 1), worked=False, name="劳动节")], now)
    with store.reading() as unit:
        assert unit.workdays.covers(2027)
        assert not unit.workdays.worked(date(2027, 1, 3))


def test_a_day_named_twice_is_refused(store: Store, now: datetime) -> None:
    with store.unit() as unit, pytest.raises(ValueError, match="twice"):
        unit.workdays.replace([NOTICE_2027[0], NOTICE_2027[0]], now)


def test_a_database_without_any_year_says_so(tmp_path: Path, vault: Vault, now: datetime) -> None:
    store = Store(f"sqlite:///{tmp_path / 'bare.db'}", vault)
    schema.upgrade(store)
    with store.unit() as unit:
        for row in unit.workdays.entries():
            unit.session.delete(row)
        unit.revisions.bump(CALENDAR)
    with store.reading() as unit:
        assert unit.workdays.years() == []
        with pytest.raises(YearMissing, match="2026"):
            unit.workdays.due(now, 1)
    store.close()

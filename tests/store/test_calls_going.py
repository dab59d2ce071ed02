"""The call list when people come to WeChat and leave it, and when two look after it."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from models.call import Call
from models.calls import overdue
from models.letter import Outcome, Verdict
from models.member import Member
from models.outbox import OutboxRow, Priority
from models.seat import Seat
from models.store import Store

from .phoning import DAY, Owe, join, keep, leave, listed, on_wechat, owing, states
from .town import Town, build


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """Whoever holds a post is on WeChat, the others are not."""
    return on_wechat(store, now)


@pytest.fixture
def owe(store: Store, town: Town) -> Owe:
    """Owes somebody a letter."""
    return owing(store, town)


def test_what_waited_for_somebody_who_leaves_is_phoned_for_and_news_is_dropped(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("chair", "news", now - DAY, Priority.NEWS)
    owe("chair", "duty", now)
    with store.unit() as unit:
        unit.outbox.post(key="late", kind="late_reply", text="晚了", fields={}, now=now, openid="o-chair")
        for letter in unit.outbox.lease(now, 9):
            unit.outbox.settle(letter.id, Outcome(verdict=Verdict.WAIT), now)
        leave(unit, "chair", now)
    assert states(store) == {"duty": "call", "news": "dropped", "late": "dropped"}
    keep(store, now)
    assert [each.texts for each in listed(store, town, "lead", now)] == [("信 duty",)]


def test_what_is_due_after_somebody_left_goes_the_same_way(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        leave(unit, "chair", now)
        unit.outbox.post(key="late", kind="late_reply", text="晚了", fields={}, now=now, openid="o-chair")
    owe("chair", "duty", now)
    owe("chair", "news", now, Priority.NEWS)
    assert states(store) == {"duty": "call", "news": "dropped", "late": "dropped"}


def test_somebody_with_another_wechat_is_told_there(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("chair", "duty", now)
    with store.unit() as unit:
        unit.inbox.greet("o-second", wrote=True, gesture=False, now=now)
        unit.identities.of("o-second").bind(town["chair"].member_id, now)
        leave(unit, "chair", now)
    with store.unit() as unit:
        assert [letter.openid for letter in unit.outbox.lease(now, 9)] == ["o-second"]


def test_whoever_binds_is_told_at_once_and_leaves_the_list(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("reporter", "one", now)
    keep(store, now)
    with store.unit() as unit:
        join(unit, town, "reporter", now)
        assert unit.letters_posted
    with store.unit() as unit:
        [letter] = unit.outbox.lease(now, 9)
        assert (letter.openid, letter.text) == ("o-reporter", "信 one")
        unit.outbox.settle(letter.id, Outcome(verdict=Verdict.ACCEPTED, channel="custom"), now)
    assert listed(store, town, "branch", now) == []


def test_whoever_left_the_roster_is_not_phoned(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    with store.unit() as unit:
        unit.session.get_one(Member, town["reporter"].member_id).left_at = now
    owe("reporter", "one", now)
    assert keep(store, now + DAY) == []
    assert listed(store, town, "branch", now + DAY) == []


def test_a_branch_without_a_consortium_asks_those_above(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        seat = next(
            each for each in unit.consortia.seats() if each.organisation_id == town.organisations["village"]
        )
        unit.consortia.vacate(seat, date(2026, 2, 1))
        unit.directory.forget()
        leave(unit, "branch", now)
    assert isinstance(seat, Seat)
    owe("reporter", "one", now)
    keep(store, now)
    assert [each.name for each in listed(store, town, "lead", now)] == ["张福来"]


@pytest.mark.postgres
def test_two_processes_list_somebody_once(postgresql_store: Store, now: datetime) -> None:
    town = build(postgresql_store, now)
    with postgresql_store.unit() as unit:
        join(unit, town, "branch", now)
        unit.outbox.post(
            key="one", kind="case_urge", text="信", fields={}, now=now, member_id=town["reporter"].member_id
        )
    with postgresql_store.unit() as unit:
        unit.outbox.lease(now, 9)
    with postgresql_store.unit() as one:
        assert one.calling.keep(now) == 1
        one.session.commit()
        with postgresql_store.unit() as other:
            assert other.calling.keep(now) == 0
    with postgresql_store.reading() as unit:
        assert len(unit.session.scalars(select(Call)).all()) == 1


@pytest.mark.parametrize("table", ["outbox"])
def test_the_list_is_found_by_its_index(sqlite_store: Store, now: datetime, table: str) -> None:
    """However many letters there are: only those that may be phoned for are looked at."""
    build(sqlite_store, now)
    with sqlite_store.reading() as unit:
        statement = select(OutboxRow.member_id).where(*overdue(now))
        compiled = statement.compile(sqlite_store.engine, compile_kwargs={"literal_binds": True})
        plan = unit.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").fetchall()
    assert any("ix_outbox_call" in str(row) for row in plan), plan

"""The call list: whom WeChat does not reach is phoned, and leaves the list when they heard."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from models.call import Call, CallsWaiting, CallUnknown, End
from models.calls import overdue
from models.letter import Outcome, Verdict
from models.member import Member, PhoneTaken, PhoneUnusable
from models.outbox import OutboxRow, Priority, State
from models.seat import Seat
from models.store import Store

from .callbook import DAY, Owe, join, keep, leave, listed, owe, states, the_call, town
from .town import Town, build

__all__ = ["owe", "town"]


def test_whoever_is_not_on_wechat_is_on_their_branchs_list(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("reporter", "one", now)
    assert keep(store, now) == []  # the morning is over for today: 09:00
    assert [
        (each.name, each.number, each.phone, each.texts) for each in listed(store, town, "branch", now)
    ] == [("张福来", 1, "13800000000", ("信 one",))]
    for part in ("chair", "lead", "above", "reporter", "stranger"):
        assert listed(store, town, part, now) == []


def test_the_desk_is_told_once_a_working_morning(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "one", now)
    owe("neighbour", "two", now)
    owe("neighbour", "three", now)
    assert keep(store, now) == []
    assert keep(store, now + DAY - timedelta(minutes=31)) == []  # 08:29
    [morning] = keep(store, now + DAY - timedelta(minutes=30))
    assert isinstance(morning, CallsWaiting)
    assert morning.caller_id == town["branch"].member_id
    assert (morning.desk_id, morning.count) == (town.organisations["village"], 2)
    assert morning.ends_at == now + 2 * DAY - timedelta(minutes=30)
    assert keep(store, now + DAY) == []
    assert len(keep(store, now + 2 * DAY)) == 1
    friday = now + 4 * DAY
    assert len(keep(store, friday)) == 1
    assert keep(store, friday + DAY) == keep(store, friday + 2 * DAY) == []
    assert len(keep(store, friday + 3 * DAY)) == 1


def test_nobody_is_told_on_a_day_that_may_be_off(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    with store.unit() as unit:
        unit.session.execute(text("DELETE FROM workdays"))
        unit.revisions.bump("calendar")
    owe("reporter", "one", now)
    assert keep(store, now + DAY) == []
    assert len(listed(store, town, "branch", now + DAY)) == 1


def test_a_letter_that_cannot_be_pushed_waits_a_day_for_the_person(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("chair", "one", now)
    later = now + timedelta(hours=23, minutes=59)
    keep(store, later)
    assert listed(store, town, "lead", later) == []
    keep(store, now + DAY)
    assert [each.name for each in listed(store, town, "lead", now + DAY)] == ["沈洁"]
    owe("chair", "two", now + DAY)  # told with it, though it has not waited for a day
    assert listed(store, town, "lead", now + DAY)[0].texts == ("信 one", "信 two")


def test_what_they_hear_in_wechat_leaves_the_list(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("chair", "one", now)
    keep(store, now + DAY)
    assert len(listed(store, town, "lead", now + DAY)) == 1
    with store.unit() as unit:
        assert unit.outbox.say_waiting("o-chair", now + DAY).texts == ["信 one"]
    assert listed(store, town, "lead", now + DAY) == []
    with store.reading() as unit:
        call = unit.session.scalars(select(Call)).one()
        assert (call.outcome, call.closed_by) == (End.HEARD, None)
    assert keep(store, now + 2 * DAY) == []


def test_news_is_not_worth_a_call(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "news", now, Priority.NEWS)
    owe("chair", "invite", now, Priority.INVITE)
    assert keep(store, now + 2 * DAY) == []
    assert states(store) == {"news": "dropped", "invite": "waiting"}


def test_what_is_not_worth_telling_any_more_is_not_phoned_for(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    letter = owe("reporter", "one", now)
    keep(store, now)
    with store.unit() as unit:
        unit.session.get_one(OutboxRow, letter).not_after = now + timedelta(hours=3)
    assert len(listed(store, town, "branch", now + timedelta(hours=2))) == 1
    assert keep(store, now + DAY) == []
    assert listed(store, town, "branch", now + DAY) == []


# ---- phoning -------------------------------------------------------------------------------------


def test_reached(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "one", now)
    keep(store, now)
    listed(store, town, "branch", now)
    owe("reporter", "two", now)  # nobody was shown it
    with store.unit() as unit:
        unit.calls.reached(the_call(unit, town, "branch", now), town["branch"], now)
    assert states(store) == {"one": "called", "two": "call"}
    with store.reading() as unit:
        row = unit.session.scalars(select(OutboxRow).where(OutboxRow.state == State.CALLED)).one()
        assert (row.channel, row.settled_at) == ("call", now)
        call = unit.session.scalars(select(Call)).one()
        assert (call.outcome, call.closed_by, call.closed_at) == (End.REACHED, town["branch"].member_id, now)
        with pytest.raises(CallUnknown):
            call.close(End.REACHED, now)
    keep(store, now)
    [again] = listed(store, town, "branch", now)
    assert again.texts == ("信 two",)


def test_in_vain_stays(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "one", now)
    owe("neighbour", "two", now)
    keep(store, now)
    assert [each.number for each in listed(store, town, "branch", now)] == [1, 2]
    with store.unit() as unit:
        unit.calls.in_vain(unit.calls.listed(town["branch"], now)[0], now)
    assert [(each.number, each.tries) for each in listed(store, town, "branch", now)] == [(1, 1), (2, 0)]
    assert states(store) == {"one": "call", "two": "call"}


def test_gone(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "one", now)
    keep(store, now)
    listed(store, town, "branch", now)
    with store.unit() as unit:
        unit.calls.gone(the_call(unit, town, "branch", now), town["branch"], now)
    assert states(store) == {"one": "dropped"}
    assert listed(store, town, "branch", now) == []


def test_numbers_begin_anew_once_the_list_was_worked_off(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("reporter", "one", now)
    keep(store, now)
    owe("neighbour", "two", now)
    keep(store, now)
    assert [each.number for each in listed(store, town, "branch", now)] == [1, 2]
    with store.unit() as unit:
        unit.calls.reached(unit.calls.listed(town["branch"], now)[0], town["branch"], now)
    owe("reporter", "three", now)
    keep(store, now)
    assert sorted(each.number for each in listed(store, town, "branch", now)) == [2, 3]
    with store.unit() as unit:
        for call in unit.calls.listed(town["branch"], now):
            unit.calls.reached(call, town["branch"], now)
    owe("reporter", "four", now)
    keep(store, now)
    assert [each.number for each in listed(store, town, "branch", now)] == [1]


def test_a_new_number(store: Store, town: Town, now: datetime) -> None:
    member_id = town["reporter"].member_id
    with store.unit() as unit:
        unit.members.renew_phone(member_id, "139 1111 2222")
        unit.members.renew_phone(member_id, "13911112222")
        assert unit.members.phone_of(member_id) == "13911112222"
        found = unit.members.with_phone("13911112222")
        assert found is not None
        assert found.id == member_id
        assert unit.members.with_phone("13800000000") is None
    with store.unit() as unit, pytest.raises(PhoneTaken):
        unit.members.renew_phone(member_id, "13800000001")
    with store.unit() as unit, pytest.raises(PhoneUnusable):
        unit.members.renew_phone(member_id, "12345")


# ---- who comes and goes --------------------------------------------------------------------------


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

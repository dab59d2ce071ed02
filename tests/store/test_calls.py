"""The call list: whom WeChat does not reach is phoned by those near them, and leaves the list when they heard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from models.admission import bind
from models.call import Call, CallNow, CallsWaiting, CallUnknown, End
from models.calls import Listed, overdue
from models.letter import Outcome, Verdict
from models.member import Member, PhoneTaken, PhoneUnusable
from models.organisation import Post, PostKind
from models.outbox import OutboxRow, Priority, State
from models.seat import Seat
from models.store import Store, Unit

from .town import Town, build

DAY = timedelta(days=1)
Owe = Callable[..., int]


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town; whoever holds a post is on WeChat, the others are not."""
    town = build(store, now)
    with store.unit() as unit:
        for part in ("branch", "chair", "next_chair", "market", "lead", "above"):
            join(unit, town, part, now)
    return town


def join(unit: Unit, town: Town, part: str, now: datetime) -> None:
    """Somebody comes to WeChat."""
    openid = f"o-{part}"
    unit.inbox.greet(openid, wrote=True, gesture=False, now=now)
    member = unit.session.get_one(Member, town[part].member_id)
    bind(unit, unit.identities.of(openid), member, now)


def leave(unit: Unit, part: str, now: datetime) -> None:
    """Somebody unfollows."""
    unit.calls.lost(f"o-{part}", now)
    unit.identities.of(f"o-{part}").leave()


@pytest.fixture
def owe(store: Store, town: Town) -> Owe:
    """Owes somebody a letter and lets the post try once; on WeChat, no channel is open. Gives the letter's id."""

    def owe(part: str, key: str, now: datetime, priority: Priority = Priority.DUTY, **more: object) -> int:
        with store.unit() as unit:
            unit.outbox.post(
                key=key, kind="case_urge", text=f"信 {key}", fields={}, now=now, priority=priority,
                member_id=town[part].member_id, **more,  # type: ignore[arg-type]
            )  # fmt: skip
        with store.unit() as unit:
            for letter in unit.outbox.lease(now, 50):
                unit.outbox.settle(
                    letter.id, Outcome(verdict=Verdict.WAIT, reason="48 小时内没有说过话"), now
                )
        with store.reading() as unit:
            return unit.session.scalars(select(OutboxRow.id).where(OutboxRow.dedup_key == key)).one()

    return owe


def keep(store: Store, now: datetime) -> list[object]:
    """Does what is due on the list; gives what was told."""
    told: list[object] = []
    while True:
        with store.reading() as unit:
            if not unit.calling.due(now):
                return told
        with store.unit() as unit:
            assert unit.calling.keep(now)
            told += unit.happenings


def listed(store: Store, town: Town, part: str, now: datetime) -> list[Listed]:
    """The list as somebody reads it."""
    with store.unit() as unit:
        return [unit.calls.look(call, now) for call in unit.calls.listed(town[part], now)]


def states(store: Store) -> dict[str, str]:
    """Every letter's state by its key."""
    with store.reading() as unit:
        return {row[0]: row[1] for row in unit.session.execute(select(OutboxRow.dedup_key, OutboxRow.state))}


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


# ---- who phones ----------------------------------------------------------------------------------


def test_the_officers_own_letters_go_to_whoever_leads(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        leave(unit, "branch", now)
    owe("branch", "one", now, office_id=town.organisations["village"])
    keep(store, now)
    assert [(each.name, each.organisation) for each in listed(store, town, "lead", now)] == [
        ("李春梅", "朝阳沟村党支部")
    ]
    assert listed(store, town, "branch", now) == []


def test_a_colleague_in_the_same_desk_is_nearer(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    with store.unit() as unit:
        post(unit, town, "reporter", "village", PostKind.SECRETARY)
        leave(unit, "branch", now)
        join(unit, town, "reporter", now)
    owe("branch", "one", now, office_id=town.organisations["village"])
    [morning] = keep(store, now + DAY)
    assert isinstance(morning, CallsWaiting)
    assert morning.caller_id == town["reporter"].member_id
    assert [each.name for each in listed(store, town, "reporter", now + DAY)] == ["李春梅"]


def post(unit: Unit, town: Town, part: str, code: str, kind: PostKind) -> None:
    """Gives somebody a post."""
    unit.organisations.appoint(
        Post.appoint(
            member_id=town[part].member_id,
            organisation_id=town.organisations[code],
            kind=kind,
            since=date(2026, 1, 1),
        )
    )
    unit.directory.forget()


def test_where_nobody_of_the_branch_is_on_wechat_it_goes_up(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        leave(unit, "branch", now)
    owe("reporter", "one", now)
    [morning] = keep(store, now + DAY)
    assert isinstance(morning, CallsWaiting)
    assert (morning.caller_id, morning.desk_id) == (town["lead"].member_id, town.organisations["town"])
    with store.unit() as unit:
        leave(unit, "lead", now)
    [morning] = keep(store, now + 2 * DAY)
    assert isinstance(morning, CallsWaiting)
    assert (morning.caller_id, morning.desk_id) == (town["above"].member_id, town.organisations["county"])
    assert [each.name for each in listed(store, town, "above", now + 2 * DAY)] == ["张福来"]
    assert listed(store, town, "lead", now + 2 * DAY) == []


def test_an_office_is_called_by_its_own_organisation(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    """赵建军 holds a post of the tax office too, and is told there: the tax office's liaison is nearer than the town's."""
    with store.unit() as unit:
        post(unit, town, "lead", "tax", PostKind.SECRETARY)
        leave(unit, "lead", now)
    owe("lead", "one", now, office_id=town.organisations["tax"])
    keep(store, now)
    assert [(each.name, each.organisation) for each in listed(store, town, "chair", now)] == [
        ("赵建军", "税务局党支部")
    ]


def test_with_nobody_anywhere_the_list_waits(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("stranger", "one", now)
    assert keep(store, now + DAY) == []
    with store.reading() as unit:
        assert unit.session.scalars(select(Call.desk_id)).one() == town.organisations["far"]


# ---- what is urgent ------------------------------------------------------------------------------


def test_what_is_urgent_does_not_wait_for_the_morning(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    night = now + timedelta(hours=14)
    first = owe("reporter", "fire", night, Priority.URGENT)
    [at_once] = keep(store, night)
    assert at_once == CallNow(
        caller_ids=(town["branch"].member_id,),
        desk_id=town.organisations["village"],
        letter_id=first,
        member_id=town["reporter"].member_id,
        name="张福来",
        organisation="朝阳沟村党支部",
        text="信 fire",
    )
    assert keep(store, night) == []
    owe("chair", "flood", night, Priority.URGENT)  # on WeChat, but out of reach
    [other] = keep(store, night)
    assert isinstance(other, CallNow)
    assert other.caller_ids == (town["lead"].member_id,)
    owe("reporter", "again", night, Priority.URGENT)
    [again] = keep(store, night)
    assert isinstance(again, CallNow)
    assert again.text == "信 again"


# ---- phoning -------------------------------------------------------------------------------------


def the_call(unit: Unit, town: Town, part: str, now: datetime) -> Call:
    """The only call of somebody's list."""
    [call] = unit.calls.listed(town[part], now)
    return call


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


def test_in_vain_stays_and_comes_last(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("reporter", "one", now)
    owe("neighbour", "two", now)
    keep(store, now)
    assert [each.number for each in listed(store, town, "branch", now)] == [1, 2]
    with store.unit() as unit:
        unit.calls.in_vain(unit.calls.listed(town["branch"], now)[0], now)
    assert [(each.number, each.tries) for each in listed(store, town, "branch", now)] == [(2, 0), (1, 1)]
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

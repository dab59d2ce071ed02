"""The call list: whom WeChat does not reach is phoned by those near them, and leaves the list when they heard."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from models.call import Call, CallNow, CallsWaiting, CallUnknown, End
from models.member import PhoneTaken, PhoneUnusable
from models.organisation import Post, PostKind
from models.outbox import OutboxRow, Priority, State
from models.store import Store, Unit

from .phoning import DAY, Owe, join, keep, leave, listed, on_wechat, owing, states
from .town import Town


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """Whoever holds a post is on WeChat, the others are not."""
    return on_wechat(store, now)


@pytest.fixture
def owe(store: Store, town: Town) -> Owe:
    """Owes somebody a letter."""
    return owing(store, town)


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

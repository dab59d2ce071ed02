"""Activities on both databases: who may call, move, cancel and record them, and what is told to whom and how often."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from models.activity import (
    SUBJECT,
    ActivityAhead,
    ActivityBegun,
    ActivityCalledAlready,
    ActivityCancelledAlready,
    ActivityHeld,
    ActivityInPast,
    ActivityMoved,
    ActivityNotYours,
    ActivityOff,
    ActivityUnknown,
)
from models.activitykeeper import ActivityReminded
from models.audience import AUDIENCES
from models.base import DomainError, Happening
from models.life import CaseState
from models.member import Member
from models.store import Store
from tests.store.programme import PLAN, at, call, climb, sign_up
from tests.store.town import Town, bring_to, build, report

MAY_12 = at("05-12 10:00")


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def reminded(told: list[Happening]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.about.rung, each.to) for each in told if isinstance(each, ActivityReminded)]


@pytest.mark.parametrize(
    ("who", "day", "whose"),
    [
        ("chair", date(2026, 5, 20), "consortium"),
        ("chair", date(2026, 6, 20), "tax"),  # not in the chair any more: their own branch's
        ("next_chair", date(2026, 6, 20), "consortium"),
        ("next_chair", date(2026, 5, 20), "power"),
        ("lead", date(2026, 5, 20), "consortium"),
        ("lead", date(2026, 7, 20), "consortium"),  # a gap in the rota
        ("branch", date(2026, 5, 20), "village"),
        ("stranger", date(2026, 5, 20), "far"),
    ],
)
def test_whose_an_activity_is_follows_from_posts_and_the_term_of_its_day(
    store: Store, town: Town, now: datetime, who: str, day: date, whose: str
) -> None:
    with store.reading() as unit:
        host = unit.activities.host_for(town[who], day, now)
        own = unit.activities.host_for(town[who], day, now, branch=True)
    if whose == "consortium":
        assert (host.consortium_id, host.organisation_id) == (town.consortium, None)
    else:
        assert host.organisation_id == town.organisations[whose]
    assert own.organisation_id == town[who].organisation_id


def test_whoever_holds_no_post_calls_nothing(store: Store, town: Town, now: datetime) -> None:
    with store.reading() as unit, pytest.raises(ActivityNotYours):
        unit.activities.host_for(town["reporter"], date(2026, 5, 20), now)


def test_an_activity_is_seen_by_those_whom_it_is_for(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    own = call(store, town["branch"], now, branch=True, starts_at=at("05-21 14:00"))
    opened = call(store, town["chair"], now, format="open", starts_at=at("05-22 14:00"))
    with store.reading() as unit:
        look = unit.activities.look
        for who in ("reporter", "market", "chair", "lead"):
            assert look(number, town[who], now).number == number
        assert look(own, town["reporter"], now).number == own
        assert look(opened, town["stranger"], now).number == opened
        for seen, who in ((number, "stranger"), (own, "market"), (own, "chair"), (99, "chair")):
            with pytest.raises(ActivityUnknown):
                look(seen, town[who], now)
        coming = unit.activities.coming
        assert [each.number for each in coming(town["reporter"], now, 9)] == [number, own, opened]
        assert [each.number for each in coming(town["market"], now, 9)] == [number, opened]
        assert coming(town["stranger"], now, 9) == []


@pytest.mark.parametrize("who", ["reporter", "branch", "next_chair", "market"])
def test_only_whoever_runs_it_may_change_it(store: Store, town: Town, now: datetime, who: str) -> None:
    number = call(store, town["chair"], now)
    with store.unit() as unit:
        for verb in (
            lambda: unit.activities.move(number, at("05-21 09:00"), None, "", by=town[who], now=now),
            lambda: unit.activities.cancel(number, "下雨", by=town[who], now=now),
            lambda: unit.activities.record(number, "清完了", by=town[who], now=at("05-21 09:00")),
            lambda: unit.activities.follow(number, "好了", by=town[who], now=at("05-21 09:00")),
            lambda: unit.activities.add_photo(number, "m", "", by=town[who], now=at("05-21 09:00")),
            lambda: unit.attending.call_roll(number, (), by=town[who], now=at("05-21 09:00")),
        ):
            with pytest.raises(ActivityNotYours):
                verb()


def test_the_same_time_is_called_once_and_never_in_the_past(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    with pytest.raises(ActivityCalledAlready) as refused:
        call(store, town["lead"], now, topic="另一个")
    assert refused.value.facts["number"] == number
    with pytest.raises(ActivityInPast):
        call(store, town["chair"], now, starts_at=now)
    with store.unit() as unit, pytest.raises(ActivityInPast):
        unit.activities.move(number, now, None, "", by=town["chair"], now=now)


def test_each_step_has_its_time(store: Store, town: Town, now: datetime) -> None:
    number, after = call(store, town["chair"], now), at("05-20 12:00")
    by = town["chair"]

    def refused(error: type[DomainError], moment: datetime) -> None:
        with store.unit() as unit, pytest.raises(error):
            unit.activities.record(number, "清完了", by=by, now=moment)

    refused(ActivityAhead, now)
    with store.unit() as unit, pytest.raises(ActivityBegun):
        unit.activities.move(number, at("05-22 09:00"), None, "", by=by, now=after)
    with store.unit() as unit:
        unit.activities.record(number, "清了两公里", by=by, now=after)
    with store.unit() as unit:
        activity = unit.activities.record(number, "下季度再清", by=by, now=after + timedelta(hours=1))
        assert activity.minutes == "清了两公里；下季度再清"
        assert (activity.recorded_at, activity.held_at) == (after, after)
    with store.unit() as unit, pytest.raises(ActivityHeld):
        unit.activities.move(number, at("05-22 09:00"), None, "", by=by, now=after)
    with store.unit() as unit, pytest.raises(ActivityHeld):
        unit.activities.cancel(number, "晚了", by=by, now=after)


def test_what_is_off_stays_off(store: Store, town: Town, now: datetime) -> None:
    number, by = call(store, town["chair"], now), town["chair"]
    with store.unit() as unit:
        unit.activities.cancel(number, "下大雨", by=by, now=now)
    with store.unit() as unit:
        for verb in (
            lambda: unit.activities.cancel(number, "又下", by=by, now=now),
            lambda: unit.activities.move(number, at("05-22 09:00"), None, "", by=by, now=now),
            lambda: unit.activities.record(number, "开完了", by=by, now=at("05-21 09:00")),
            lambda: unit.attending.call_roll(number, (), by=by, now=at("05-21 09:00")),
            lambda: unit.attending.sign_up(number, by=town["reporter"], now=now),
        ):
            with pytest.raises(ActivityCancelledAlready):
                verb()
    assert climb(store, at("06-30 09:00")) == []


# ---- who is told ---------------------------------------------------------------------------------


def test_the_ladder_of_a_called_activity(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    sign_up(store, number, now, town["reporter"])
    assert climb(store, at("05-13 10:00")) == [], "its topic is settled: the chair is not asked"
    [invited] = climb(store, at("05-17 09:00"))
    assert isinstance(invited, ActivityReminded)
    assert (invited.about.rung, invited.about.asks, invited.about.not_after) == (
        "members",
        True,
        PLAN.starts_at,
    )
    with store.reading() as unit:
        members = unit.session.scalars(
            select(Member.id).where(AUDIENCES["invited"](number, PLAN.starts_at.date()))
        )
        assert set(members) == {
            town[who].member_id for who in ("neighbour", "branch", "chair", "next_chair", "market", "lead")
        }, "everybody whom it is for, but not whoever has answered"
    assert climb(store, at("05-18 09:00")) == [], "once"
    sign_up(store, number, at("05-18 10:00"), town["neighbour"])
    [eve] = climb(store, at("05-19 18:00"))
    assert isinstance(eve, ActivityReminded)
    assert (eve.about.rung, eve.about.asks) == ("eve", False)
    assert set(eve.members) == {town["reporter"].member_id, town["neighbour"].member_id}
    assert reminded(climb(store, at("05-21 09:00"))) == [("minutes", ("chair",))]
    # The 23rd is a Saturday, the 27th a Wednesday.
    assert reminded(climb(store, at("05-24 09:00"))) == []
    assert reminded(climb(store, at("05-25 09:00"))) == [("minutes_again", ("officers",))]
    assert reminded(climb(store, at("05-27 09:00"))) == [("minutes_lead", ("lead",))]
    assert climb(store, at("06-30 09:00")) == []


def test_whoever_recorded_it_is_not_asked_again(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    climb(store, at("05-19 18:00"))
    with store.unit() as unit:
        unit.activities.record(number, "清完了", by=town["lead"], now=at("05-20 12:00"))
    assert climb(store, at("06-30 09:00")) == []


def test_what_is_called_late_is_told_at_once_and_once(store: Store, town: Town) -> None:
    late = at("05-18 15:00")
    call(store, town["chair"], late)
    [invited] = climb(store, late)
    assert reminded([invited]) == [("members", ("members",))]
    assert climb(store, late + timedelta(hours=2)) == []


def test_nobody_is_invited_to_what_has_begun(store: Store, town: Town) -> None:
    call(store, town["chair"], at("05-20 08:00"))
    assert reminded(climb(store, at("05-20 10:00"))) == []


def test_a_move_is_told_once_to_those_who_knew(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    sign_up(store, number, now, town["reporter"])
    with store.unit() as unit:
        unit.activities.move(number, at("05-21 09:00"), None, "敬老院", by=town["lead"], now=MAY_12)
        [early] = [each for each in unit.happenings if isinstance(each, ActivityMoved)]
    assert (early.signed, early.others) == ((town["reporter"].member_id,), ())
    assert (early.before, early.starts_at, early.place) == (PLAN.starts_at, at("05-21 09:00"), "敬老院")
    assert early.host_id == town.organisations["tax"]
    [invited] = climb(store, at("05-18 09:00"))
    assert isinstance(invited, ActivityReminded)
    with store.unit() as unit:
        for part in ("neighbour", "market"):
            member_id = town[part].member_id
            unit.outbox.post(
                key=f"activity:m{member_id}", kind="activity_members", text="请您参加", fields={},
                now=at("05-18 09:00"), member_id=member_id, about=invited.about,
            )  # fmt: skip
    with store.unit() as unit:
        unit.attending.take_leave(number, "", by=town["market"], now=at("05-18 10:00"))
    with store.unit() as unit:
        moved = unit.activities.move(
            number, at("05-22 14:00"), at("05-22 15:00"), "", by=town["chair"], now=at("05-18 11:00")
        )
        [told] = [each for each in unit.happenings if isinstance(each, ActivityMoved)]
        assert (moved.place, moved.ends_at) == ("敬老院", at("05-22 15:00"))
        agenda = unit.agendas.of(SUBJECT, number)
        assert agenda is not None
        assert told.edition == agenda.edition == 3
    assert told.signed == (town["reporter"].member_id,)
    assert town["market"].member_id not in told.others, "who is on leave is left alone"
    assert told.others == (town["neighbour"].member_id,), "nobody hears of a move who never heard of it"
    assert reminded(climb(store, at("05-19 09:00"))) == [], "members are invited once"
    assert reminded(climb(store, at("05-21 18:00"))) == [("eve", ("signed",))]


def test_to_call_it_anew_at_another_place_is_a_move(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    sign_up(store, number, now, town["reporter"])
    editions: list[int] = []
    for plan, told in (
        (msgspec.structs.replace(PLAN, topic="清两条河道"), 0),
        (msgspec.structs.replace(PLAN, place="敬老院"), 1),
        (msgspec.structs.replace(PLAN, place="村部"), 1),
        (msgspec.structs.replace(PLAN, place="敬老院", starts_at=at("05-20 08:00")), 1),
    ):
        with store.unit() as unit:
            host = unit.activities.host_for(town["chair"], date(2026, 5, 20), now)
            unit.activities.call(host, plan, by=town["chair"], now=MAY_12, number=number)
            moves = [each for each in unit.happenings if isinstance(each, ActivityMoved)]
            assert len(moves) == told
            editions += [each.edition for each in moves]
    assert editions == [2, 3, 4], "each one is a letter of its own"
    later = msgspec.structs.replace(PLAN, starts_at=at("05-22 09:00"))
    with store.unit() as unit, pytest.raises(ActivityBegun):
        unit.activities.call(host, later, by=town["chair"], now=at("05-20 09:00"), number=number)


def test_a_move_that_comes_near_still_invites(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now, starts_at=at("05-29 09:00"))
    with store.unit() as unit:
        unit.activities.move(number, at("05-13 15:00"), None, "", by=town["chair"], now=MAY_12)
    assert reminded(climb(store, MAY_12)) == [("members", ("members",))]


def test_whoever_knew_of_it_hears_that_it_is_off(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    sign_up(store, number, now, town["reporter"])
    with store.unit() as unit:
        unit.activities.cancel(number, "下大雨", by=town["lead"], now=MAY_12)
        [off] = [each for each in unit.happenings if isinstance(each, ActivityOff)]
    assert (off.members, off.reason) == ((town["reporter"].member_id,), "下大雨")
    second = call(store, town["chair"], now, starts_at=at("05-19 09:00"))
    climb(store, at("05-16 09:00"))
    with store.unit() as unit:
        unit.activities.cancel(second, "没人来", by=town["chair"], now=at("05-20 09:00"))
        assert unit.happenings == [], "it is over: nobody waits for it"


def test_topics_are_what_members_wait_for_most(store: Store, town: Town, now: datetime) -> None:
    numbers = [report(store, town, now + timedelta(minutes=place)) for place in range(5)]
    private = report(store, town, now + timedelta(minutes=9), private=True)
    bring_to(store, town, numbers[0], CaseState.CLAIMED, now)
    with store.unit() as unit:
        case = unit.casework.find(numbers[3])
        unit.cases.join(case, by=town["neighbour"], now=now)
    with store.reading() as unit:
        host = unit.activities.host_for(town["chair"], date(2026, 5, 20), now)
        topics = unit.activities.topics(host, 3)
        own = unit.activities.host_for(town["market"], date(2026, 5, 20), now)
        assert unit.activities.topics(own, 3) == []
    assert [(each.number, each.joined) for each in topics] == [
        (numbers[3], 1),
        (numbers[1], 0),
        (numbers[2], 0),
    ]
    assert private not in [each.number for each in topics]

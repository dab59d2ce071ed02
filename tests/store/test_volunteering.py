"""Volunteer service on both databases: hours by the roll, late entries, and who verifies them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest

from models.activitywords import beneficiaries, beneficiary_in, formats, kind_in, kinds
from models.store import Store
from models.volunteering import (
    OwnService,
    ServiceAhead,
    ServiceJudged,
    ServiceJudgedAlready,
    ServiceLogged,
    ServiceState,
    ServiceTooLong,
    ServiceTooOld,
    ServiceTwice,
    ServiceUnknown,
    Source,
    Sum,
    Told,
)
from tests.store.programme import at, call, sign_up
from tests.store.town import Town, build

AFTER = at("05-20 12:30")
SWEPT = Told(what="在敬老院打扫", place="敬老院", done_on=date(2026, 5, 10), minutes=180)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def log(store: Store, town: Town, now: datetime, who: str = "reporter", told: Told = SWEPT) -> int:
    with store.unit() as unit:
        return unit.volunteering.log(told, by=town[who], now=now).id


def sums(store: Store, town: Town, who: str) -> Sum:
    with store.reading() as unit:
        return unit.volunteering.sum_of(town[who].member_id)


def test_whoever_came_to_a_day_of_service_is_credited_and_nobody_else(
    store: Store, town: Town, now: datetime
) -> None:
    number = call(store, town["chair"], now, kind="volunteer", topic="给老人理发")
    sign_up(store, number, now, town["reporter"], town["neighbour"])
    came = {town["reporter"].member_id, town["market"].member_id}
    for _ in range(2):  # a roll that is called twice credits once
        with store.unit() as unit:
            unit.attending.call_roll(number, came, by=town["chair"], now=AFTER)
    assert sums(store, town, "reporter") == Sum(system=120, late=0, asked=0)
    assert sums(store, town, "market").system == 120
    assert sums(store, town, "neighbour").system == 0
    with store.reading() as unit:
        [record] = unit.volunteering.of(town["market"].member_id, 9)
        assert (record.source, record.state, record.beneficiary) == ("system", "verified", "elderly")
        assert record.organisation_id == town["market"].organisation_id
    with store.unit() as unit:
        unit.attending.call_roll(number, {town["neighbour"].member_id}, by=town["chair"], now=AFTER)
    assert sums(store, town, "reporter").system == 0, "the roll was put right"
    assert sums(store, town, "neighbour").system == 120
    again = Told("理发", "镇文化站", date(2026, 5, 20), 120, activity_number=number)
    with store.unit() as unit, pytest.raises(ServiceTwice):
        unit.volunteering.log(again, by=town["neighbour"], now=AFTER)


def test_a_theme_day_gives_no_hours(store: Store, town: Town, now: datetime) -> None:
    number = call(store, town["chair"], now)
    sign_up(store, number, now, town["reporter"])
    with store.unit() as unit:
        unit.attending.call_roll(number, {town["reporter"].member_id}, by=town["chair"], now=AFTER)
    assert sums(store, town, "reporter").system == 0


def test_a_late_entry_counts_once_somebody_else_has_verified_it(
    store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        record = unit.volunteering.log(SWEPT, by=town["reporter"], now=now)
        [asked] = unit.happenings
        number = record.id
    assert isinstance(asked, ServiceLogged)
    assert [officer.member_id for officer in asked.officers] == [town["branch"].member_id]
    assert sums(store, town, "reporter") == Sum(system=0, late=0, asked=180)
    for who in ("reporter", "next_chair", "stranger", "market"):
        with store.unit() as unit, pytest.raises(ServiceUnknown):
            unit.volunteering.judge(number, verified=True, by=town[who], now=now)
    with store.unit() as unit:
        unit.volunteering.judge(number, verified=True, by=town["branch"], now=now)
        [judged] = unit.happenings
    assert isinstance(judged, ServiceJudged)
    assert (judged.member_id, judged.verified) == (town["reporter"].member_id, True)
    assert sums(store, town, "reporter") == Sum(system=0, late=180, asked=0)
    with store.unit() as unit, pytest.raises(ServiceJudgedAlready):
        unit.volunteering.judge(number, verified=False, by=town["chair"], now=now)


def test_what_was_refused_does_not_count_and_may_be_told_anew(
    store: Store, town: Town, now: datetime
) -> None:
    number = log(store, town, now)
    with store.unit() as unit:
        unit.volunteering.judge(number, verified=False, by=town["lead"], now=now, reason="那天没开门")
    assert sums(store, town, "reporter") == Sum(system=0, late=0, asked=0)
    assert log(store, town, now) != number


def test_nobody_verifies_their_own_hours(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        record = unit.volunteering.log(SWEPT, by=town["branch"], now=now)
        [asked] = unit.happenings
        number = record.id
    assert isinstance(asked, ServiceLogged)
    # The branch has no other officer: whoever has the chair is asked.
    assert [officer.member_id for officer in asked.officers] == [town["chair"].member_id]
    with store.unit() as unit, pytest.raises(OwnService):
        unit.volunteering.judge(number, verified=True, by=town["branch"], now=now)
    with store.unit() as unit:
        unit.volunteering.judge(number, verified=True, by=town["chair"], now=now)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"done_on": date(2026, 5, 12)}, ServiceAhead),
        ({"done_on": date(2026, 5, 11) - timedelta(days=91)}, ServiceTooOld),
        ({"minutes": 12 * 60 + 1}, ServiceTooLong),
        ({}, ServiceTwice),
    ],
)
def test_what_cannot_be_is_not_recorded(
    store: Store, town: Town, now: datetime, changed: dict[str, object], refusal: type[Exception]
) -> None:
    log(store, town, now)
    with store.unit() as unit, pytest.raises(refusal):
        unit.volunteering.log(msgspec.structs.replace(SWEPT, **changed), by=town["reporter"], now=now)
    assert log(store, town, now, who="neighbour") > 1, "somebody else may have done the same"


def test_what_can_just_be_is(store: Store, town: Town, now: datetime) -> None:
    for changed in (
        {"done_on": date(2026, 5, 11)},
        {"done_on": date(2026, 5, 11) - timedelta(days=90)},
        {"minutes": 12 * 60, "what": "抗旱"},
    ):
        log(store, town, now, told=msgspec.structs.replace(SWEPT, **changed))
    with store.reading() as unit:
        records = unit.volunteering.of(town["reporter"].member_id, 9)
    assert len(records) == 3
    assert {(each.source, each.state) for each in records} == {(Source.LATE, ServiceState.ASKED)}


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("在敬老院打扫", "elderly"),
        ("帮残疾老人搬家", "disabled"),
        ("给留守儿童辅导功课", "children"),
        ("到低保户家收玉米", "needy"),
        ("清理河道垃圾", "environment"),
        ("抗旱浇地", "disaster"),
        ("下乡义诊", "patients"),
        ("修桥", "public"),
    ],
)
def test_whom_service_is_for_follows_from_its_words(words: str, key: str) -> None:
    assert beneficiary_in(words).key == key


def test_the_data_hold_together() -> None:
    assert {each.format for each in kinds().values()} <= formats().keys()
    assert any(each.hours for each in kinds().values())
    assert [each.key for each in formats().values() if each.guests] == ["open"]
    assert kind_in("主题党日学习全会精神") == kinds()["theme_day"], "the first that is named"
    assert list(beneficiaries())[-1] == "public"
    keys = (*kinds(), *formats(), *beneficiaries())
    assert all(len(key) <= 20 for key in keys), "as the columns are"

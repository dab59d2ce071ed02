"""Who may chair, and from which second on: roles in a consortium, other roles half-way, consortia that are no more."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import msgspec
import pytest
from sqlalchemy import select

from models import activitywords
from models.activity import Activity, ActivityNotYours, ActivityState
from models.activityrights import Host
from models.campaigns import schedule
from models.chairing import NotChairing
from models.consortium import Consortium
from models.moment import SHANGHAI, local
from models.post import PostKind
from models.rota import NobodyToChair, NotLead, Rota, Settings
from models.store import Store, Unit
from models.turnkeeping import TermReminded
from models.turns import Span, Stay, Strategy
from tests.store.town import Town, build


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The tax office in May, the power company in June."""
    return build(store, now)


# ---- roles ---------------------------------------------------------------------------------------


def role(store: Store, town: Town, code: str, role: str, on: date) -> None:
    """An organisation is something else in the consortium from a day on."""
    with store.unit() as unit:
        unit.founding.serve_as(whole(unit, town), town.organisations[code], role, on)


def whole(unit: Unit, town: Town) -> Consortium:
    return unit.consortia.get(town.consortium)


def stays(unit: Unit, town: Town, code: str) -> list[tuple[date, date | None]]:
    """When an organisation may chair."""
    found: list[Stay] = [
        each
        for each in unit.consortia.stays(town.consortium)
        if each.organisation_id == town.organisations[code]
    ]
    return [(each.since, each.until) for each in found]


def fixed(unit: Unit, town: Town, now: datetime) -> Settings:
    settings = unit.rotas.settings(town.consortium, now)
    first_on = unit.rotas.start_of(town.consortium, now)
    return msgspec.structs.replace(settings, strategy=Strategy.FIXED, span=Span.MONTH, first_on=first_on)


def publish(store: Store, town: Town, now: datetime) -> list[str]:
    """The lead organisation has the chair go round; gives who does, in order."""
    with store.unit() as unit:
        unit.rotas.publish(
            unit.rotas.propose(town.consortium, fixed(unit, town, now), now), by=town["lead"], now=now
        )
        return order(unit, town)


def order(unit: Unit, town: Town) -> list[str]:
    known = {value: code for code, value in town.organisations.items()}
    return [known[term.organisation_id] for term in unit.consortia.terms_of(town.consortium)]


@pytest.mark.parametrize("looks_on", ["observer", "partner"])
def test_who_takes_no_chair_gets_no_turns(store: Store, town: Town, now: datetime, looks_on: str) -> None:
    role(store, town, "market", looks_on, now.date())
    turns = publish(store, town, now)
    assert "market" not in turns
    assert {"town", "village", "tax", "power"} <= set(turns[2:])
    with store.reading() as unit:
        assert stays(unit, town, "market") == [(date(2026, 1, 1), now.date())], "until then it might have"
        assert town.organisations["market"] not in {
            place.organisation_id for place in unit.rotas.settings(town.consortium, now).places[:4]
        }


def test_who_is_called_otherwise_and_may_chair_all_along_has_one_stay(
    store: Store, town: Town, now: datetime
) -> None:
    """The lead is handed on in the middle of a month: both go on as members, and nobody's turn falls between two seats."""
    with store.unit() as unit:
        unit.founding.hand_lead(whole(unit, town), town.organisations["power"], date(2026, 6, 10))
    with store.reading() as unit:
        assert stays(unit, town, "power") == [(date(2026, 1, 1), None)]
        assert stays(unit, town, "town") == [(date(2026, 1, 1), None)]
    role(store, town, "village", "observer", date(2026, 7, 1))
    role(store, town, "village", "member", date(2026, 8, 1))
    with store.reading() as unit:
        assert stays(unit, town, "village") == [
            (date(2026, 1, 1), date(2026, 7, 1)),
            (date(2026, 8, 1), None),
        ]


def climb(store: Store, now: datetime) -> list[object]:
    with store.unit() as unit:
        unit.rotas.plan(now)
        while unit.reminding.climb(now):
            pass
        return [each for each in unit.happenings if isinstance(each, TermReminded)]


def test_a_turn_of_who_only_looks_on_by_then_is_none(store: Store, town: Town, now: datetime) -> None:
    """The power company's June turn is on file, and it only looks on from the 20th of May on."""
    with store.unit() as unit:
        assert unit.rotas.plan(now) == 1
    role(store, town, "power", "observer", date(2026, 5, 20))
    assert climb(store, at("2026-05-27T10:00")) == [], "nobody is asked to chair who does not"
    with store.reading() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        assert not unit.consortia.counts(june)
        assert unit.consortia.chair(town.consortium, date(2026, 6, 1)) is None, (
            "a gap, which falls to the lead"
        )
        shown = unit.calendars.entries(town.organisations["power"])
        assert [entry for entry in shown if entry.subject == "term"] == []


# ---- consortia that are no more --------------------------------------------------------------------


def dissolve(store: Store, town: Town, on: date) -> None:
    with store.unit() as unit:
        unit.founding.dissolve(whole(unit, town), on)


def test_nobody_chairs_or_sets_up_what_is_no_more(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    gone = date(2026, 7, 15)
    dissolve(store, town, gone)
    after = at("2026-07-15T09:00")
    with store.reading() as unit:
        before = len(unit.consortia.terms_of(town.consortium))
        assert stays(unit, town, "tax") == [(date(2026, 1, 1), gone)]
        assert unit.rotas.led_by(town["lead"], after - timedelta(days=1)).id == town.consortium
        with pytest.raises(NotLead):
            unit.rotas.led_by(town["lead"], after)
        assert unit.activities.host_for(town["lead"], gone - timedelta(days=1), now).consortium_id
        own = unit.activities.host_for(town["lead"], gone, now)
        assert (own.consortium_id, own.organisation_id) == (None, town.organisations["town"])
        with pytest.raises(NobodyToChair):
            unit.rotas.propose(town.consortium, fixed(unit, town, after), after)
    later = at("2026-09-01T09:00")
    with store.unit() as unit:
        assert not unit.rotas.extending_due(later)
        assert unit.rotas.extend(later) == 0
        assert len(unit.consortia.terms_of(town.consortium)) == before
    assert climb(store, at("2026-07-28T09:00")) == [], "nobody hears of August"
    with store.unit() as unit, pytest.raises(NotChairing):
        unit.meetings.call(
            town.consortium, starts_at=at("2026-07-20T09:00"), place="镇政府", by=town["lead"], now=after
        )
    with store.unit() as unit, pytest.raises(NotChairing):
        unit.campaigns.open(town.consortium, by=town["lead"], now=after)


def test_no_campaign_opens_by_the_rule_where_nobody_is_left(store: Store, town: Town) -> None:
    first = at("2026-06-01T09:00")
    assert schedule().opens.workday == 1
    with store.reading() as unit:
        assert unit.campaigns.due(first)
    dissolve(store, town, date(2026, 6, 1))
    with store.reading() as unit:
        assert not unit.campaigns.due(first)


def test_rotas_that_nobody_may_fill_keep_no_other_waiting(store: Store, town: Town, now: datetime) -> None:
    """The consortium ends in autumn; its rota goes as far as it can, and is looked at again once a day."""
    publish(store, town, now)
    dissolve(store, town, date(2027, 9, 1))
    later = at("2026-10-05T09:00")
    with store.unit() as unit:
        assert unit.rotas.extending_due(later)
        assert unit.rotas.extend(later) == 3
        assert unit.consortia.terms_of(town.consortium)[-1].ends_on == date(2027, 8, 31)
        assert not unit.rotas.extending_due(later), "else it would be tried with every tick"
        assert unit.rotas.extending_due(later + timedelta(days=1))
        assert unit.rotas.extend(later + timedelta(days=1)) == 0
        assert unit.session.scalars(select(Rota.filled_until)).one() == date(2027, 10, 6)


def series(unit: Unit, town: Town, host: Host, now: datetime) -> int:
    return unit.recurring.settle(
        host,
        kind="theme_day",
        format_key=next(iter(activitywords.formats())),
        place="村部",
        rule="FREQ=MONTHLY;BYMONTHDAY=5",
        begins=time(9, 0),
        minutes=120,
        roll="none",
        by=town["lead"],
        now=now,
    ).id


def open_days(store: Store, series_id: int) -> list[date]:
    query = select(Activity).where(
        Activity.series_id == series_id, Activity.state != ActivityState.CANCELLED.value
    )
    with store.reading() as unit:
        return sorted(each.day for each in unit.session.scalars(query))


def put_on_file(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        while unit.recurring.due(now):
            unit.recurring.put_on_file(now)


def test_what_comes_back_ends_with_its_consortium_and_a_branchs_own_goes_on(
    store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        ours = series(unit, town, unit.activities.host_for(town["lead"], now.date(), now), now)
        own = series(unit, town, unit.activities.host_for(town["lead"], now.date(), now, branch=True), now)
    june, july, august = date(2026, 6, 5), date(2026, 7, 5), date(2026, 8, 5)
    assert open_days(store, ours) == open_days(store, own)
    dissolve(store, town, date(2026, 7, 5))
    put_on_file(store, now)
    assert open_days(store, ours) == [june]
    assert {june, july} <= set(open_days(store, own))
    put_on_file(store, at("2026-07-20T09:00"))
    assert open_days(store, ours) == [june]
    assert {june, july, august} <= set(open_days(store, own))
    with store.reading() as unit:
        assert not unit.recurring.due(at("2026-07-20T09:00"))


# ---- posts in a consortium -------------------------------------------------------------------------


def test_who_acts_in_a_consortium_may_what_its_lead_may_from_that_minute_on(
    store: Store, town: Town, now: datetime
) -> None:
    ten, noon = at("2026-05-12T10:00"), at("2026-05-12T12:00")
    kind = next(each for each in PostKind.all() if each.of == "consortium" and each.label == "管理员")
    outsider = town["stranger"]
    with store.unit() as unit:
        post = unit.posts.appoint_jointly(
            member_id=outsider.member_id,
            organisation_id=outsider.organisation_id,
            consortium_id=town.consortium,
            kind=kind,
            since=ten,
        )
        unit.posts.dismiss(post, noon)
    for moment, may in (
        (ten - timedelta(seconds=1), False),
        (ten, True),
        (noon - timedelta(seconds=1), True),
        (noon, False),
    ):
        with store.reading() as unit:
            assert [each.id for each in unit.meetings.desks(outsider, moment)] == [town.consortium] * may
            assert [each.id for each in unit.campaigns.desks(outsider, moment)] == [town.consortium] * may
            host = unit.activities.host_for(outsider, local(moment).date(), moment)
            assert (host.consortium_id == town.consortium) is may
            assert host.acting_id == (town.organisations["town"] if may else outsider.organisation_id)
            if may:
                assert unit.rotas.led_by(outsider, moment).id == town.consortium
    with store.unit() as unit:
        proposal = unit.rotas.propose(town.consortium, fixed(unit, town, ten), ten)
        with pytest.raises(NotLead):
            unit.rotas.publish(proposal, by=outsider, now=noon)
        unit.rotas.publish(proposal, by=outsider, now=ten)


def test_a_right_that_hangs_on_a_post_ends_with_its_minute(store: Store, town: Town, now: datetime) -> None:
    noon = at("2026-05-11T12:00")
    with store.unit() as unit:
        [post] = unit.posts.of_member(town["chair"].member_id)
        unit.posts.dismiss(post, noon)
        secret = unit.calendar_links.give(town.organisations["tax"], by=town["chair"], now=now)
    before = noon - timedelta(seconds=1)
    with store.reading() as unit:
        assert unit.calendar_links.organisation_of(secret, before) == town.organisations["tax"]
        assert unit.calendar_links.organisation_of(secret, noon) is None
        assert unit.meetings.desks(town["chair"], before)
        assert unit.meetings.desks(town["chair"], noon) == []
        assert unit.activities.host_for(town["chair"], noon.date(), before).consortium_id == town.consortium
        with pytest.raises(ActivityNotYours):
            unit.activities.host_for(town["chair"], noon.date(), noon)

"""Collections of needs: when they open, who is asked, what counts as an answer, and what is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models.agenda import About
from models.audience import AUDIENCES
from models.campaign import (
    Campaign,
    CampaignClosed,
    CampaignOpen,
    CampaignReminded,
    NoCampaign,
    Opens,
    QuestionTooLong,
    Response,
    clean_question,
    schedule,
)
from models.campaigns import answered
from models.chairing import NotChairing
from models.identity import Identity
from models.life import CaseKind
from models.member import Member
from models.moment import SHANGHAI
from models.policy import Policy
from models.purpose import Purpose, lost
from models.store import Store, Unit
from models.turns import Origin
from models.workday import Calendar, YearMissing, shipped
from tests.store.town import Town, build, report

CALENDAR = Calendar({entry.day: entry.worked for entry in shipped()})
MAY_BEGINS = datetime(2026, 5, 6, 9, 0, tzinfo=SHANGHAI)
"""The first working day of May 2026: the 1st to the 5th are the holiday."""


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store) -> Town:
    """Everybody, bound to WeChat but for the market's liaison officer."""
    town = build(store, at(1, 2))
    with store.unit() as unit:
        unit.workdays.ensure()
        for part, person in town.people.items():
            if part == "market":
                continue
            unit.inbox.greet(f"o{part}", wrote=True, gesture=False, now=at(1, 2))
            unit.identities.of(f"o{part}").bind(person.member_id, at(1, 2))
    return town


def open_by_rule(store: Store, now: datetime) -> int:
    """Does what the clock does; gives how many were opened."""
    with store.unit() as unit:
        return unit.campaigns.open_due(now) if unit.campaigns.due(now) else 0


def climb(store: Store, now: datetime) -> list[CampaignReminded]:
    """Lets agendas climb; gives what is told of campaigns."""
    with store.unit() as unit:
        while unit.reminding.reached(now) and unit.reminding.climb(now):
            pass
        return [each for each in unit.happenings if isinstance(each, CampaignReminded)]


def current(unit: Unit, town: Town, now: datetime) -> Campaign:
    found = unit.campaigns.current(town.consortium, now)
    assert found is not None
    return found


def nothing(store: Store, town: Town, part: str, now: datetime, **how: Any) -> None:
    with store.unit() as unit:
        unit.campaigns.nothing(current(unit, town, now), by=town[part], now=now, **how)


# ---- the rule ------------------------------------------------------------------------------------


def test_it_opens_on_the_first_working_day_of_a_turn_once(store: Store, town: Town) -> None:
    assert open_by_rule(store, at(5, 5, 23)) == 0
    assert open_by_rule(store, MAY_BEGINS - timedelta(seconds=1)) == 0
    assert open_by_rule(store, MAY_BEGINS) == 1
    assert open_by_rule(store, MAY_BEGINS) == 0
    assert open_by_rule(store, at(5, 8)) == 0
    with store.reading() as unit:
        campaign = current(unit, town, MAY_BEGINS)
        assert (campaign.sequence, campaign.opened_by, campaign.question) == (1, None, schedule().question)
        assert campaign.closes_at == at(5, 16, 17, 30)
    assert open_by_rule(store, at(6, 1)) == 1


def test_an_opening_that_was_missed_for_days_is_left_out(store: Store, town: Town) -> None:
    assert open_by_rule(store, at(5, 9, 9)) == 0
    assert open_by_rule(store, at(5, 9, 8, 59)) == 1


def test_what_the_desk_opened_itself_stands_for_that_of_the_rule(store: Store, town: Town) -> None:
    with store.unit() as unit:
        unit.campaigns.open(town.consortium, by=town["chair"], now=at(5, 4))
    assert open_by_rule(store, MAY_BEGINS) == 0


def test_nothing_opens_by_itself_where_the_office_does_not_want_it(store: Store, town: Town) -> None:
    store.policy = Policy(campaigns_by_rule=False)
    assert open_by_rule(store, MAY_BEGINS) == 0


def test_nothing_opens_on_a_guessed_working_day(store: Store, town: Town) -> None:
    with store.unit() as unit:
        for term in unit.consortia.terms():
            term.renew(
                sequence=term.sequence,
                organisation_id=term.organisation_id,
                starts_on=term.starts_on.replace(year=2027),
                ends_on=term.ends_on.replace(year=2027),
                origin=Origin.IMPORT,
            )
    assert open_by_rule(store, datetime(2027, 5, 6, 9, tzinfo=SHANGHAI)) == 0


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (Opens(workday=1), [date(2026, 5, 6)]),
        (Opens(workday=3), [date(2026, 5, 8)]),
        (Opens(days=0), [date(2026, 5, 1)]),
        (Opens(days=1, roll="after"), [date(2026, 5, 6)]),
        (Opens(days=4, roll="before"), []),  # back into April, which is another's turn
        (Opens(rrule="FREQ=MONTHLY;BYMONTHDAY=15"), [date(2026, 5, 15)]),
        (Opens(rrule="FREQ=WEEKLY;BYDAY=MO;INTERVAL=2"), [date(2026, 5, 11), date(2026, 5, 25)]),
        (Opens(rrule="FREQ=DAILY;COUNT=3", roll="after"), [date(2026, 5, 6)]),
    ],
)
def test_a_rule_gives_days_within_a_turn(rule: Opens, days: list[date]) -> None:
    found = rule.openings(date(2026, 5, 1), date(2026, 5, 31), CALENDAR)
    assert [moment.date() for moment in found] == days
    assert all(moment.hour == 9 for moment in found)


def test_a_rule_in_working_days_wants_the_calendar() -> None:
    with pytest.raises(YearMissing):
        Opens(workday=1).openings(date(2027, 1, 1), date(2027, 1, 31), CALENDAR)
    assert Opens(days=2).openings(date(2027, 1, 1), date(2027, 1, 31), CALENDAR)


@pytest.mark.parametrize(
    "rule",
    [{}, {"workday": 1, "days": 1}, {"workday": 0}, {"days": 1, "lasts": 0}, {"days": 1, "rrule": "X"}],
)
def test_a_campaign_opens_by_exactly_one_rule(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"campaign|counted"):
        Opens(**rule)


@given(st.integers(1, 28), st.integers(0, 40))
def test_no_opening_lies_outside_its_turn(workday: int, length: int) -> None:
    first = date(2026, 3, 2)
    last = first + timedelta(days=length)
    for moment in Opens(workday=workday).openings(first, last, CALENDAR):
        assert first <= moment.date() <= last
        assert CALENDAR.worked(moment.date())


# ---- by hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["chair", "lead"])
def test_the_desk_opens_and_closes_one(store: Store, town: Town, part: str) -> None:
    with store.unit() as unit:
        campaign = unit.campaigns.open(town.consortium, by=town[part], now=at(5, 11), question=" 缺什么？ ")
        assert campaign.question == "缺什么？"
        with pytest.raises(CampaignOpen):
            unit.campaigns.open(town.consortium, by=town["lead"], now=at(5, 11, 10))
        unit.campaigns.close(campaign, by=town["lead"], now=at(5, 12))
        [closed] = [each for each in unit.happenings if isinstance(each, CampaignClosed)]
        assert closed.organisation_ids == (town.organisations["tax"],)
        with pytest.raises(NoCampaign):
            unit.campaigns.close(campaign, by=town["lead"], now=at(5, 12, 10))
        assert unit.campaigns.open(town.consortium, by=town[part], now=at(5, 13)).sequence == 2
    told = climb(store, at(5, 13, 10))
    assert {each.about.subject_id for each in told} == {campaign.id + 1}, (
        "nobody is asked for one that is over"
    )


@pytest.mark.parametrize("part", ["reporter", "branch", "next_chair", "above", "stranger"])
def test_nobody_else_does(store: Store, town: Town, part: str) -> None:
    with store.unit() as unit:
        with pytest.raises(NotChairing):
            unit.campaigns.open(town.consortium, by=town[part], now=at(5, 11))
        campaign = unit.campaigns.open(town.consortium, by=town["chair"], now=at(5, 11))
        with pytest.raises(NotChairing):
            unit.campaigns.close(campaign, by=town[part], now=at(5, 12))


def test_a_question_is_short() -> None:
    assert clean_question("  缺水吗？ 缺电吗？\n缺人吗？ ") == "缺水吗？ 缺电吗？ 缺人吗？"
    for question in ("缺" * 61, "水？电？路？人？"):
        with pytest.raises(QuestionTooLong):
            clean_question(question)


# ---- answering -----------------------------------------------------------------------------------


def test_whatever_a_member_says_or_reports_meanwhile_is_their_answer(store: Store, town: Town) -> None:
    open_by_rule(store, MAY_BEGINS)
    number = report(store, town, at(5, 7))
    with store.unit() as unit:
        unit.cases.join(unit.casework.find(number), by=town["neighbour"], now=at(5, 8))
    nothing(store, town, "branch", at(5, 8))
    nothing(store, town, "lead", at(5, 8), declined=True)
    with store.reading() as unit:
        campaign = current(unit, town, at(5, 9))
        response = unit.campaigns.response(campaign, at(5, 9))
        # Of seven in the consortium's organisations one has no WeChat.
        assert response.reached == len(unit.campaigns.audience(campaign, at(5, 9))) == 6
        assert (response.needs, response.no_need, response.declined, response.cases) == (2, 1, 1, 1)
        assert (response.answered, response.percent) == (4, 66)
        ids = [person.member_id for person in town.people.values()]
        assert answered(unit, campaign.id, ids, at(5, 9)) == {
            town[part].member_id for part in ("reporter", "neighbour", "branch", "lead")
        }
        assert answered(unit, campaign.id + 99, ids, at(5, 9)) == set(ids), "what is gone wants no letter"


def test_what_was_reported_before_or_after_or_as_a_draft_is_none(store: Store, town: Town) -> None:
    report(store, town, MAY_BEGINS - timedelta(minutes=1))
    open_by_rule(store, MAY_BEGINS)
    with store.unit() as unit:
        campaign = current(unit, town, at(5, 7))
        assert unit.campaigns.response(campaign, at(5, 7)).answered == 0
        closes_at = campaign.closes_at
    report(store, town, closes_at, kind=CaseKind.PROBLEM)
    with store.unit() as unit:
        assert unit.campaigns.settle(campaign, closes_at + timedelta(hours=1)).answered == 0


def test_a_need_outweighs_that_there_was_nothing(store: Store, town: Town) -> None:
    open_by_rule(store, MAY_BEGINS)
    nothing(store, town, "reporter", at(5, 7))
    number = report(store, town, at(5, 8))
    with store.unit() as unit:
        answer = unit.campaigns.answers(current(unit, town, at(5, 9)), at(5, 9))[town["reporter"].member_id]
        assert (answer.kind, answer.case_number) == ("need", number)


def test_the_figures_of_a_campaign_that_is_over_stay_as_they_were(store: Store, town: Town) -> None:
    open_by_rule(store, MAY_BEGINS)
    report(store, town, at(5, 7))
    nothing(store, town, "branch", at(5, 8))
    with store.reading() as unit:
        campaign_id = current(unit, town, at(5, 9)).id
    [closed] = [each for each in climb(store, at(5, 16, 17, 30)) if each.about.rung == "closed"]
    assert closed.told.response.answered == 2
    nobody_left = closed.told.response
    with store.unit() as unit:
        for part in ("reporter", "branch"):
            unit.identities.of(f"o{part}").leave()
        campaign = unit.campaigns.get(campaign_id)
        assert campaign is not None
        assert unit.campaigns.response(campaign, at(7, 1)) == nobody_left
        assert unit.campaigns.settle(campaign, at(7, 1)) == nobody_left


@given(st.lists(st.tuples(st.sampled_from(["nothing", "declined", "need"]), st.integers(0, 3)), max_size=12))
def test_shares_never_exceed_the_whole(said: list[tuple[str, int]]) -> None:
    kinds = {who: what for what, who in said}
    counts = [list(kinds.values()).count(kind) for kind in ("need", "nothing", "declined")]
    response = Response(
        reached=max(4, sum(counts)), needs=counts[0], no_need=counts[1], declined=counts[2], cases=0
    )
    assert 0 <= response.percent <= 100
    assert response.answered == len(kinds)


def asked(store: Store, audience: str, audience_id: int) -> set[int]:
    """The members on WeChat to whom a letter to such an audience is written out."""
    with store.reading() as unit:
        belongs = AUDIENCES[audience](audience_id, at(5, 11).date())
        bound = select(Identity.member_id).where(Identity.member_id.is_not(None))
        return set(unit.session.scalars(select(Member.id).where(belongs, Member.id.in_(bound))))


def pointless(store: Store, about: About, members: Iterable[int], now: datetime) -> set[int]:
    """To whom of these members a letter would not be sent any more."""
    letters = [
        Purpose(
            id=each,
            member_id=each,
            office_id=None,
            subject=about.subject,
            subject_id=about.subject_id,
            edition=about.edition,
            rung=about.rung,
            not_after=about.not_after,
        )
        for each in members
    ]
    with store.reading() as unit:
        return set(lost(unit, letters, now))


# ---- being told ----------------------------------------------------------------------------------


def test_everybody_is_asked_once_the_silent_once_more_and_the_desk_hears_how_many(
    store: Store, town: Town
) -> None:
    open_by_rule(store, MAY_BEGINS)
    [opened] = climb(store, MAY_BEGINS)
    everybody = {
        town[part].member_id for part in ("reporter", "neighbour", "branch", "chair", "next_chair", "lead")
    }
    assert (opened.about.rung, opened.asks_members, opened.about.asks) == ("open", True, True)
    assert asked(store, "consortium", opened.consortium_id) == everybody
    assert opened.about.not_after == at(5, 11)  # from then on the reminder says it
    assert climb(store, at(5, 10)) == []
    nothing(store, town, "branch", at(5, 10))
    report(store, town, at(5, 10))
    [half] = climb(store, at(5, 11))
    assert (half.about.rung, half.asks_members) == ("half", True)
    assert asked(store, "silent", half.told.campaign) == everybody - {town["branch"].member_id}
    assert pointless(store, half.about, everybody, at(5, 11)) == {
        town["branch"].member_id,
        town["reporter"].member_id,
    }
    assert half.about.not_after == at(5, 16, 17, 30)
    assert climb(store, at(5, 14)) == []
    [eve] = climb(store, at(5, 15))
    assert (eve.about.rung, eve.organisation_ids) == ("eve", (town.organisations["tax"],))
    assert (eve.told.response.answered, eve.told.response.reached) == (2, 6)
    [closed] = climb(store, at(5, 16, 17, 30))
    assert (closed.about.rung, closed.asks_members) == ("closed", False)
    assert climb(store, at(5, 30)) == []


def test_one_who_answers_leaves_the_others_asked(store: Store, town: Town) -> None:
    """The agenda's own acknowledgement is for turns, which one person's word settles."""
    open_by_rule(store, MAY_BEGINS)
    climb(store, MAY_BEGINS)
    with store.unit() as unit:
        campaign = current(unit, town, at(5, 7))
        unit.agendas.acknowledge("campaign", campaign.id, town["branch"].member_id, at(5, 7))
    [half] = climb(store, at(5, 11))
    assert half.about.asks
    assert len(asked(store, "silent", half.told.campaign)) == 6

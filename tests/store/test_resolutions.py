"""What meetings decide: it becomes somebody's work, with the day that was decided."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from models.claiming import PartOfProject
from models.life import CaseKind, CaseState
from models.meeting import DueTooEarly, HeldByAnother, MeetingDecided
from models.moves import CaseMoved
from models.store import Store
from tests.store.meeting import JUNE_20, MEETS, NEW, at, call, decide, held, put, settle
from tests.store.town import Town, bring_to, report


@pytest.fixture
def town(store: Store) -> Town:
    """Everybody, with the calendar on file."""
    return settle(store)


@pytest.mark.parametrize("state", [CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.OPEN])
def test_what_waits_is_dispatched_and_has_its_day_when_it_is_taken_on(
    store: Store, town: Town, state: CaseState
) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 12))
    if state is not CaseState.SUBMITTED:
        bring_to(store, town, number, state, at(5, 13))
    resolution, told = decide(
        store, town, meeting_id, number=number, item=put(store, town, meeting_id, number)
    )
    assert (resolution.position, resolution.case_number) == (1, number)
    assert [each.asked for each in told if isinstance(each, CaseMoved) and each.step == "dispatch"] == [
        (town.organisations["power"],)
    ]
    [decided] = [each for each in told if isinstance(each, MeetingDecided)]
    assert (decided.organisation_id, decided.due_on) == (town.organisations["power"], JUNE_20)
    with store.unit() as unit:
        claim = unit.claiming.claim(unit.casework.find(number), by=town["next_chair"], now=at(5, 29))
        assert claim.promised_on == JUNE_20
        [carried] = unit.resolving.carried(held(unit, meeting_id))
        assert (carried.about, carried.done) == ("村口路灯坏了，俩都不亮", False)


def test_another_day_that_the_claimant_names_counts(store: Store, town: Town) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 12))
    decide(store, town, meeting_id, number=number)
    with store.unit() as unit:
        claim = unit.claiming.claim(
            unit.casework.find(number), by=town["next_chair"], now=at(5, 29), promised_on=date(2026, 6, 5)
        )
        assert claim.promised_on == date(2026, 6, 5)


def test_a_day_that_is_over_binds_nobody(store: Store, town: Town) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 12))
    decide(store, town, meeting_id, number=number)
    with store.unit() as unit:
        claim = unit.claiming.claim(unit.casework.find(number), by=town["next_chair"], now=at(6, 21))
        assert claim.promised_on is None


def test_what_that_organisation_has_in_hand_stays_there(store: Store, town: Town) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 12))
    bring_to(store, town, number, CaseState.IN_PROGRESS, at(5, 13))
    resolution, told = decide(store, town, meeting_id, number=number)
    assert resolution.case_number == number
    assert not [each for each in told if isinstance(each, CaseMoved)]
    with pytest.raises(HeldByAnother):
        decide(store, town, meeting_id, number=number, whose="market")


def test_what_is_new_is_filed_with_the_meeting_as_its_source(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    resolution, _ = decide(store, town, meeting_id)
    with store.reading() as unit:
        case = unit.casework.find(resolution.case_number)
        assert (case.source, case.kind, case.text) == ("meeting", "problem", NEW.text)
        assert (case.state, case.consortium_id) == ("open", town.consortium)
        assert unit.claims.invited(case.number) == {town.organisations["power"]}


def test_a_refused_decision_leaves_nothing_behind(store: Store, town: Town) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 12))
    with pytest.raises(DueTooEarly):
        decide(store, town, meeting_id, due_on=date(2026, 5, 27))
    project = report(store, town, at(5, 13), kind=CaseKind.PROJECT)
    with store.unit() as unit:
        unit.projects.put_in(
            unit.casework.find(project), [unit.casework.find(number)], by=town["chair"], now=at(5, 14)
        )
    with pytest.raises(PartOfProject):
        decide(store, town, meeting_id, number=number)
    with store.reading() as unit:
        assert unit.resolving.carried(held(unit, meeting_id)) == []
        assert unit.counts()["cases"] == 2


def test_a_meeting_is_written_down_on_its_day_and_for_two_months(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    with store.reading() as unit:
        hand = unit.meetings.at_hand
        assert hand(town.consortium, at(5, 27, 23, 59)) is None
        for now in (at(5, 28, 0, 1), MEETS, MEETS + timedelta(days=59)):
            found = hand(town.consortium, now)
            assert found is not None
            assert found.id == meeting_id
        assert hand(town.consortium, MEETS + timedelta(days=60)) is None

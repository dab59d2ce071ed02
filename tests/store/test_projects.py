"""Projects: what they solve goes their way, and comes back when they end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.case import Case, NotNow
from models.claiming import PartOfProject
from models.life import WAITING, CaseKind, CaseState, CloseKind
from models.projects import NoMilestone, NoProject, NotForProjects
from models.standing import NoRight
from models.store import Store
from tests.store.town import Town, bring_to, build, report


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def project_of(store: Store, town: Town, now: datetime, *items: int) -> int:
    """A published project of the chair that is to solve these cases."""
    number = report(store, town, now, kind=CaseKind.PROJECT)
    bring_to(store, town, number, CaseState.OPEN, now)
    with store.unit() as unit:
        parts = [unit.casework.find(item) for item in items]
        unit.projects.put_in(unit.casework.find(number), parts, by=town["chair"], now=now)
    return number


def states(store: Store, *numbers: int) -> list[str]:
    with store.reading() as unit:
        return [unit.casework.find(number).state for number in numbers]


def test_parts_go_the_projects_way_and_each_reporter_has_the_last_word(
    store: Store, town: Town, now: datetime
) -> None:
    one, other = report(store, town, now), report(store, town, now)
    number = project_of(store, town, now, one, other)
    with store.reading() as unit:
        waiting = unit.cases.open_in(town.consortium, None, states=WAITING, alone=True)
        assert [brief.number for brief in waiting[0]] == [number]
    with pytest.raises(PartOfProject), store.unit() as unit:
        unit.claiming.claim(unit.casework.find(one), by=town["market"], now=now)
    with store.unit() as unit:
        unit.claiming.claim(unit.casework.find(number), by=town["market"], now=now)
        assert [hold.case_number for hold in unit.claims.live(one)] == [number]
    assert states(store, number, one, other) == ["claimed"] * 3
    with store.unit() as unit:
        unit.solving.progress(unit.casework.find(number), by=town["market"], note="开工", now=now)
    assert states(store, number, one, other) == ["in_progress"] * 3
    with store.unit() as unit:
        unit.solving.resolve(unit.casework.find(number), by=town["market"], note="通水了", now=now)
    assert states(store, number, one, other) == ["resolved"] * 3
    with store.unit() as unit:
        unit.closing.evaluate(unit.casework.find(one), 5, by=town["reporter"], text="", now=now)
        unit.closing.evaluate(unit.casework.find(other), 1, by=town["reporter"], text="没水", now=now)
    assert states(store, number, one, other) == ["resolved", "closed", "rework"]
    # Whoever carried the project out does the part anew, and only the part.
    with store.unit() as unit:
        unit.solving.resolve(unit.casework.find(other), by=town["market"], note="又修了", now=now)
    assert states(store, number, one, other) == ["resolved", "closed", "resolved"]


def test_what_a_project_does_not_finish_comes_back(store: Store, town: Town, now: datetime) -> None:
    one = report(store, town, now)
    number = project_of(store, town, now, one)
    with store.unit() as unit:
        unit.claiming.claim(unit.casework.find(number), by=town["market"], now=now)
    with store.unit() as unit:
        project = unit.casework.find(number)
        unit.closing.write_off(project, CloseKind.POSTPONED, by=town["lead"], reason="等明年", now=now)
    assert states(store, number, one) == ["archived", "open"]
    with store.unit() as unit:
        assert unit.projects.of(one) == []
        unit.claiming.claim(unit.casework.find(one), by=town["market"], now=now)


def test_who_has_something_in_hand_keeps_it(store: Store, town: Town, now: datetime) -> None:
    one = report(store, town, now)
    number = project_of(store, town, now)
    bring_to(store, town, one, CaseState.CLAIMED, now)
    with pytest.raises(NotForProjects), store.unit() as unit:
        unit.projects.put_in(unit.casework.find(number), [unit.casework.find(one)], by=town["chair"], now=now)


def test_what_is_refused(store: Store, town: Town, now: datetime) -> None:
    one, another = report(store, town, now), report(store, town, now)
    number = project_of(store, town, now, one)

    def put(into: int, item: int, part: str) -> None:
        with store.unit() as unit:
            unit.projects.put_in(unit.casework.find(into), [unit.casework.find(item)], by=town[part], now=now)

    with pytest.raises(NoProject):
        put(one, another, "chair")
    with pytest.raises(NotForProjects):
        put(number, number, "chair")
    with pytest.raises(NoRight):
        put(number, another, "stranger")
    put(number, one, "chair")  # once more changes nothing
    with store.unit() as unit:
        unit.casework.withdraw(unit.casework.find(number), by=town["reporter"], now=now)
    with pytest.raises(NotNow):
        put(number, another, "chair")


def test_progress_is_the_weight_of_what_was_reached(store: Store, town: Town, now: datetime) -> None:
    number = project_of(store, town, now)
    steps = [("备料", 20), ("开挖", 50), ("验收", 30)]
    with store.unit() as unit:
        unit.claiming.claim(unit.casework.find(number), by=town["market"], now=now)
        project: Case = unit.casework.find(number)
        unit.projects.set_milestones(project, steps, by=town["market"], now=now)
        assert unit.projects.percent(number) == 0
        assert unit.projects.reach(project, 1, by=town["market"], now=now) == 20
        assert unit.projects.reach(project, 3, by=town["market"], now=now) == 50
        # Reached is reached: saying it again is no progress.
        entries = len(unit.timeline.of(number, 100))
        assert unit.projects.reach(project, 3, by=town["market"], now=now + timedelta(days=1)) == 50
        assert len(unit.timeline.of(number, 100)) == entries
        with pytest.raises(NoMilestone):
            unit.projects.reach(project, 4, by=town["market"], now=now)

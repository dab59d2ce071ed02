"""What ledgers read is what the verbs of a case have written: its state, who had it in hand, what counts as solved."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from models.asof import Period, Scope
from models.case import Behalf, Case
from models.history import courses, histories
from models.indicators import indicators
from models.ledgers import LEDGERS, Ask
from models.life import CaseKind, CaseState, CloseKind
from models.store import Store
from tests.store.town import Town, bring_to, build, report

LATER = Period(date(2026, 12, 31))


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


def rows(store: Store, key: str, period: Period = LATER, *, masked: bool = True) -> list[Any]:
    with store.reading() as unit:
        return list(LEDGERS[key](Ask(unit, period, masked=masked)))


def figures(store: Store, period: Period = LATER) -> dict[str, tuple[int | None, int]]:
    with store.reading() as unit:
        return {each.key: (each.numerator, each.denominator) for each in indicators(unit, period)}


@pytest.mark.parametrize("state", [each for each in CaseState if each is not CaseState.DRAFT])
def test_the_state_that_is_read_is_the_state_that_the_verbs_led_to(
    store: Store, town: Town, now: datetime, state: CaseState
) -> None:
    number = report(store, town, now)
    bring_to(store, town, number, state, now + timedelta(hours=1))
    with store.reading() as unit:
        found = {case.case.number: case for case in histories(unit, LATER, Scope())}
        counted = {case.case.number: case for case in courses(unit, LATER, Scope())}
    assert found[number].state == counted[number].state == state.value
    has_it = ("claimed", "in_progress", "rework", "resolved", "closed", "archived")
    lead = found[number].lead
    assert (lead is not None) == (state.value in has_it)
    assert lead is None or lead.organisation_id == town.organisations["power"]
    assert found[number].solved == (state.value in ("closed", "archived"))


def test_what_is_written_off_is_archived_and_not_solved(store: Store, town: Town, now: datetime) -> None:
    number = report(store, town, now, kind=CaseKind.PROBLEM)
    bring_to(store, town, number, CaseState.CLAIMED, now)
    with store.unit() as unit:
        case = unit.casework.find(number)
        unit.closing.write_off(case, CloseKind.SHELVED, by=town["lead"], reason="等批地", now=now)
    [row] = rows(store, "problems")
    assert (row.progress, row.close_kind, row.done_at, row.rating) == ("已销号", "挂账", None, "")
    assert row.remarks == "挂账：等批地"
    assert row.lead == "供电公司党支部", "whoever had it then"
    totals = {each.label: each.value for each in rows(store, "overview")}
    assert totals["解决问题（含需求）"] == 0
    assert figures(store)["rated"] == (0, 0)


def test_the_parts_of_a_project_are_in_the_hands_of_whoever_claims_it(
    store: Store, town: Town, now: datetime
) -> None:
    part = report(store, town, now)
    whole = report(store, town, now + timedelta(minutes=1), kind=CaseKind.PROJECT)
    with store.unit() as unit:
        project = unit.casework.find(whole)
        unit.projects.put_in(project, [unit.casework.find(part)], by=town["chair"], now=now)
        unit.projects.set_milestones(project, [("勘察", 1), ("施工", 3)], by=town["chair"], now=now)
        unit.claiming.claim(project, by=town["market"], plan="分两期", now=now + timedelta(hours=1))
        unit.claiming.help(project, by=town["next_chair"], now=now + timedelta(hours=2))
        unit.projects.reach(project, 1, by=town["market"], now=now + timedelta(hours=2))
        percent = unit.projects.percent(whole)
    [need] = rows(store, "needs")
    [row] = rows(store, "projects")
    assert (need.state, need.claimants) == ("办理中", "批发市场党支部、供电公司党支部")
    assert (row.items, row.claimants, row.plan) == (str(part), need.claimants, "分两期")
    assert row.progress == percent / 100
    assert figures(store)["claimed"] == (2, 2), "the part went with its project"


def test_what_the_chair_undoes_at_once_is_no_return(store: Store, town: Town, now: datetime) -> None:
    for hours, expected in ((23, (0, 0)), (25, (1, 1))):
        number = report(store, town, now + timedelta(minutes=hours))
        bring_to(store, town, number, CaseState.CLAIMED, now + timedelta(hours=1))
        with store.unit() as unit:
            case = unit.casework.find(number)
            unit.claiming.revoke(
                case, by=town["chair"], reason="换一家", now=now + timedelta(hours=1 + hours)
            )
        assert figures(store)["returned"] == expected


def test_an_extension_counts_from_the_day_on_which_it_was_granted(
    store: Store, town: Town, now: datetime
) -> None:
    number = report(store, town, now, kind=CaseKind.PROBLEM)
    with store.unit() as unit:
        case = unit.casework.find(number)
        unit.claiming.claim(case, by=town["next_chair"], plan="换灯", promised_on=date(2026, 5, 20), now=now)
        unit.solving.ask_extension(
            case, by=town["next_chair"], until=date(2026, 5, 30), reason="等配件", now=now
        )
    [before] = rows(store, "problems", Period(now.date()))
    assert (before.due_on, before.remarks) == (date(2026, 5, 20), "")
    with store.unit() as unit:
        unit.solving.decide_extension(
            unit.casework.find(number), by=town["chair"], granted=True, now=now + timedelta(days=2)
        )
    [after] = rows(store, "problems")
    assert (after.due_on, after.remarks) == (date(2026, 5, 30), "延期到2026-05-30")
    [then] = rows(store, "problems", Period(now.date()))
    assert (then.due_on, then.remarks) == (None, ""), "what was promised then was written over"


def test_whoever_a_matter_is_reported_for_is_named_and_masked(
    store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        case = Case.report(
            by=town["branch"], text="腿脚不便，想理发", kind=CaseKind.NEED, category="养老助残", place="",
            quantity="", deadline="", received_key="k", now=now,
            behalf=unit.cases.seal_behalf(Behalf(name="刘老汉", phone="13900001111")),
        )  # fmt: skip
        case.submit(now)
        unit.cases.file(case, by=town["branch"])
    [masked], [clear] = rows(store, "needs"), rows(store, "needs", masked=False)
    assert (masked.person, masked.by) == ("刘**", "李**")
    assert (clear.person, clear.by) == ("刘老汉 13900001111", "李春梅")

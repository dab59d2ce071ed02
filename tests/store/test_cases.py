"""Cases: which moves a state allows, who sees what, and that numbers are never given twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import delete, select

from models.case import (
    AlreadyJoined,
    Case,
    CaseFiled,
    CaseJoined,
    CaseUnknown,
    NotNow,
    NotYours,
    OwnCase,
)
from models.fit import Fit
from models.life import CaseKind, CaseState
from models.moves import CaseMoved
from models.organisation import Post
from models.person import Person
from models.seat import Seat
from models.store import Store
from models.suggestion import NothingSuggested, SupplyChosen
from models.supply import Side, Supply
from tests.store.conftest import Village, matter

SOMEBODY = Person(
    member_id=1,
    name="张建国",
    organisation_id=1,
    organisation="东沟村党支部",
    region="林西县",
    consortium_id=1,
    consortium="",
    chair_id=None,
    chair="",
)


def in_state(state: CaseState, now: datetime) -> Case:
    case = Case.report(
        by=SOMEBODY,
        text="路灯坏了",
        kind=CaseKind.PROBLEM,
        category="基础设施",
        place="",
        quantity="",
        deadline="",
        received_key="k",
        now=now,
    )
    case.number = 12
    case.state = state.value
    return case


def test_only_a_draft_is_supplemented(now: datetime) -> None:
    draft = in_state(CaseState.DRAFT, now)
    draft.supplement(now=now, text="在村口", place="东沟村", category="环境整治", kind=CaseKind.NEED)
    assert (draft.text, draft.place, draft.category, draft.kind) == (
        "路灯坏了；在村口",
        "东沟村",
        "环境整治",
        "need",
    )
    with pytest.raises(NotNow):
        in_state(CaseState.SUBMITTED, now).supplement(now=now, place="西沟村")


def test_a_filed_case_has_a_number_a_timeline_and_is_known(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        first = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        second = unit.cases.file(matter(village.wang, now, "井没水了"), by=village.wang)
        assert second.number == first.number + 1
        assert [type(each) for each in unit.happenings] == [CaseFiled, CaseFiled]
    with store.reading() as unit:
        kept = unit.cases.number(first.number, seen_by=village.zhang, now=now)
        assert (kept.text, kept.state, kept.version) == ("五百斤土豆卖不出去", "submitted", 1)
        assert kept.created_at == now
        assert [(each.event, each.actor_id) for each in unit.timeline.of(first.number)] == [
            ("report", village.zhang.member_id)
        ]


def test_a_number_is_never_given_twice(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        last = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM timeline")
        connection.execute(delete(Case.__table__))  # type: ignore[arg-type]
    with store.unit() as unit:
        assert unit.cases.file(matter(village.zhang, now), by=village.zhang).number > last


def test_who_sees_a_case(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        open_one = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
        private = unit.cases.file(
            matter(village.zhang, now, "家里有难处", private=True), by=village.zhang
        ).number
        outside = unit.cases.file(matter(village.bao, now, "羊羔拉稀"), by=village.bao).number
    people = {"zhang": village.zhang, "li": village.li, "wang": village.wang, "bao": village.bao}
    seen: dict[int, set[str]] = {open_one: set(), private: set(), outside: set()}
    with store.reading() as unit:
        for number, (name, person) in product(seen, people.items()):
            try:
                unit.cases.number(number, seen_by=person, now=now)
            except CaseUnknown:
                continue
            seen[number].add(name)
        for nowhere in (0, -1, 999, 2**31, 2**70):
            with pytest.raises(CaseUnknown):
                unit.cases.number(nowhere, seen_by=village.zhang, now=now)
    assert seen == {open_one: {"zhang", "li", "wang"}, private: {"zhang", "li"}, outside: {"bao"}}


def test_one_joins_once_and_never_ones_own(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        number = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
    with store.unit() as unit:
        case = unit.cases.number(number, seen_by=village.wang, now=now)
        unit.cases.join(case, by=village.wang, now=now)
        assert [each.count for each in unit.happenings if isinstance(each, CaseJoined)] == [2]
    with store.unit() as unit:
        case = unit.cases.number(number, seen_by=village.wang, now=now)
        assert (case.joined, case.version) == (1, 2)
        with pytest.raises(AlreadyJoined):
            unit.cases.join(case, by=village.wang, now=now)
        with pytest.raises(OwnCase):
            unit.cases.join(case, by=village.zhang, now=now)
        assert [brief.number for brief in unit.cases.of_person(village.wang)[0]] == [number]


def test_only_the_reporter_withdraws_and_nobody_joins_after(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        number = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
    with store.unit() as unit:
        case = unit.cases.number(number, seen_by=village.zhang, now=now)
        with pytest.raises(NotYours):
            unit.casework.withdraw(case, by=village.wang, now=now)
        unit.casework.withdraw(case, by=village.zhang, now=now)
        assert [type(each) for each in unit.happenings] == [CaseMoved]
    with store.unit() as unit:
        case = unit.cases.number(number, seen_by=village.zhang, now=now)
        with pytest.raises(NotNow):
            unit.cases.join(case, by=village.wang, now=now)
        assert unit.cases.open_in(village.consortium, None) == ([], 0)


def test_alike_are_open_recent_cases_of_one_branch_and_category(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        old = unit.cases.file(matter(village.zhang, now - timedelta(days=70)), by=village.zhang)
        same = unit.cases.file(matter(village.zhang, now, "土豆没人收"), by=village.zhang)
        unit.cases.file(matter(village.zhang, now, "家里的事", private=True), by=village.zhang)
        unit.cases.file(matter(village.wang, now, "土豆压价"), by=village.wang)
    with store.reading() as unit:
        found = unit.cases.alike(
            organisation_id=village.east, category="产销对接", since=now - timedelta(days=60)
        )
        assert [number for number, _ in found] == [same.number]
        assert old.number not in [number for number, _ in found]
        assert unit.cases.alike(organisation_id=village.east, category="其他", since=now) == []


def test_choosing_the_same_suggestion_again_changes_nothing(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        unit.supplies.add(
            Supply.offer(
                code="S001",
                side=Side.SUPPLY,
                title="农畜产品直采",
                detail="",
                category="产销对接",
                organisation_id=village.west,
                unit_name="西沟村党支部",
                area="林西县",
                quantity="",
                valid_from=None,
                valid_until=None,
                contact="赵立新",
                vault=unit.vault,
                now=now,
            )
        )
        case = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        unit.suggestions.show(
            case, [Fit("S001", "农畜产品直采", "西沟村党支部", 0.8, "同县")], version="t", now=now
        )
    told = []
    for minutes in (1, 2):
        with store.unit() as unit:
            chosen = unit.suggestions.choose(case, 1, by=village.zhang, now=now + timedelta(minutes=minutes))
            assert chosen.code == "S001"
            told += unit.happenings
    assert [type(each) for each in told] == [SupplyChosen]
    with store.reading() as unit:
        [suggestion] = unit.suggestions.of(case.number)
        assert suggestion.chosen_at == now + timedelta(minutes=1)
        assert [each.event for each in unit.timeline.of(case.number)] == ["report", "choose"]
        with pytest.raises(NothingSuggested):
            unit.suggestions.choose(case, 2, by=village.zhang, now=now)


def test_the_chair_changes_at_midnight_in_chifeng(store: Store, village: Village) -> None:
    last = datetime.fromisoformat("2026-05-31T23:59:59+08:00")
    first = datetime.fromisoformat("2026-06-01T00:00:00+08:00")  # in UTC it is still the 31st of May
    gap = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
    with store.reading() as unit:
        assert unit.card(village.east, last).chair == "东沟村党支部"
        assert unit.card(village.east, first).chair == "西沟村党支部"
        assert unit.card(village.east, gap).chair_id is None
        assert unit.card(village.far, gap).consortium_id is None
        assert [officer.title for officer in unit.card(village.east, gap).desk] == [
            "东沟村党支部联络员李春梅"
        ]


def test_the_directory_keeps_until_it_is_told_to_forget(
    store: Store, village: Village, now: datetime
) -> None:
    with store.reading() as unit:
        assert len(unit.card(village.east, now).officers) == 1
    with store.unit() as unit:
        (post,) = unit.organisations.held_by(village.li.member_id, village.east)
        post.leave(now.date())
    with store.reading() as unit:
        assert len(unit.card(village.east, now).officers) == 1
        store.directory.forget()
        assert unit.card(village.east, now).officers == ()
        assert unit.session.scalar(select(Post.until)) == now.date()


def test_a_seat_ends_and_one_of_the_same_day_never_was(store: Store, village: Village, now: datetime) -> None:
    today = now.date()
    with store.unit() as unit:
        taken = Seat.take(consortium_id=village.consortium, organisation_id=village.far, since=today)
        unit.consortia.seat(taken)
        unit.consortia.vacate(taken, today)
        west = next(seat for seat in unit.consortia.seats() if seat.organisation_id == village.west)
        unit.consortia.vacate(west, today)
    with store.reading() as unit:
        assert {(seat.organisation_id, seat.until) for seat in unit.consortia.seats()} == {
            (village.east, None),
            (village.west, today),
        }
        assert unit.consortia.of_organisation(village.west, today) == []
        assert len(unit.consortia.of_organisation(village.west, today - timedelta(days=1))) == 1

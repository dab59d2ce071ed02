"""The other way round: who waits for what is new, and who is asked; never twice, never too many."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.finding import ASKED_A_PLACE, MOST_ASKED, NEWS, SupplyFound, Waiting, occasion
from models.fit import Fit
from models.member import Member
from models.outbox import OutboxRow
from models.person import Person
from models.store import Store, Unit
from models.suggestion import FOUND
from tests.store.conftest import Village, matter, settle
from tests.store.test_supplies import person, proposed

FIT = Fit("W1", "免费教嫁接", "某支部", 0.8, "本县可用")


def ask(unit: Unit, number: int, now: datetime, fit: Fit = FIT) -> bool:
    """Asks, and posts the letter that the notice posts."""
    told = len(unit.happenings)
    asked = unit.findings.ask(number, fit, version="t", now=now)
    for each in unit.happenings[told:]:
        assert isinstance(each, SupplyFound)
        unit.outbox.post(
            key=f"{each.key}:m{each.reporter_id}", kind="supply_found", text="", fields={}, now=now,
            member_id=each.reporter_id,
        )  # fmt: skip
    return asked


def waiting(unit: Unit, now: datetime) -> list[int]:
    """The numbers of those that wait."""
    return [need.number for need in unit.findings.waiting({"产销对接"}, now)]


def test_who_waits(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        plain = unit.cases.file(matter(village.zhang, now), by=village.zhang).number
        unit.cases.file(matter(village.zhang, now, "家里有难处", private=True), by=village.zhang)
        urgent = matter(village.zhang, now, "着火了")
        urgent.urgent = True
        unit.cases.file(urgent, by=village.zhang)
        unit.cases.file(matter(village.zhang, now - timedelta(days=200), "老早的事"), by=village.zhang)
        gone = unit.cases.file(matter(village.zhang, now, "撤回的"), by=village.zhang).number
        unit.casework.withdraw(
            unit.cases.number(gone, seen_by=village.zhang, now=now), by=village.zhang, now=now
        )
        elsewhere = matter(village.bao, now, "别的类")
        elsewhere.category = "医疗健康"
        unit.cases.file(elsewhere, by=village.bao)
        vague = matter(village.bao, now, "说不清是哪类")
        vague.category = "其他"
        other = unit.cases.file(vague, by=village.bao).number
        chosen = unit.cases.file(matter(village.zhang, now, "选过的"), by=village.zhang)
        proposed(unit, village.li, now)
        unit.suggestions.show(chosen, [FIT], version="t", now=now)
        unit.suggestions.choose(chosen, 1, by=village.zhang, now=now)
    with store.reading() as unit:
        assert waiting(unit, now) == [plain, other]
        first = unit.findings.waiting({"产销对接"}, now)[0]
        assert first == Waiting(
            number=plain, text="五百斤土豆卖不出去", category="产销对接", place="东沟村", home="林西县",
            circles=frozenset(
                {f"organisation:{village.east}", f"consortium:{village.consortium}", "county:林西县"}
            ),
        )  # fmt: skip


def test_what_is_new_can_be_chosen_and_is_new_for_three_days(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now)
        proposed(unit, village.li, now, capacity=0)
        proposed(unit, village.zhang, now)
        proposed(unit, village.li, now - NEWS - timedelta(minutes=1))
    with store.reading() as unit:
        assert set(unit.findings.fresh(now)) == {"W1"}
        assert unit.findings.fresh(now + NEWS + timedelta(minutes=1)) == {}


def test_one_is_asked_once_and_may_choose(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        case = unit.cases.file(matter(village.zhang, now - timedelta(days=9)), by=village.zhang)
        unit.suggestions.show(case, [Fit("S9", "别的", "", 0.5, "")], version="t", now=now)
        proposed(unit, village.li, now)
    with store.unit() as unit:
        assert ask(unit, case.number, now)
    for when in (now, now + timedelta(days=1)):
        with store.unit() as unit:
            assert not ask(unit, case.number, when)
    with store.unit() as unit:
        [shown] = unit.suggestions.open_of(case.number, now.date())
        assert (shown.rank, shown.code, shown.found) == (2, "W1", True)
        assert unit.suggestions.choose(case, 2, by=village.zhang, now=now).code == "W1"
        assert unit.session.scalars(select(OutboxRow.dedup_key)).all() == [
            f"{occasion(now.date())}:m{village.zhang.member_id}"
        ]


def test_one_is_asked_about_one_thing_a_day(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        numbers = [
            unit.cases.file(matter(village.zhang, now, f"第{place}件"), by=village.zhang).number
            for place in range(2)
        ]
        proposed(unit, village.li, now)
        proposed(unit, village.li, now)
    second = Fit("W2", "另一样", "某支部", 0.7, "")
    with store.unit() as unit:
        assert unit.findings.ask(numbers[0], FIT, version="t", now=now)
        assert not unit.findings.ask(numbers[1], FIT, version="t", now=now), (
            "nor in one and the same piece of work"
        )
        unit.session.rollback()
    with store.unit() as unit:
        assert ask(unit, numbers[0], now)
        assert not ask(unit, numbers[0], now, second)
        assert not ask(unit, numbers[1], now)
    with store.unit() as unit:
        tomorrow = now + timedelta(days=1)
        assert ask(unit, numbers[1], tomorrow)
        assert not ask(unit, numbers[0], tomorrow, second)


@pytest.mark.parametrize("gone", ["withdrawn", "chosen", "claimed", "paused", "full", "no such entry"])
def test_nobody_is_asked_about_what_is_no_more(
    gone: str, store: Store, village: Village, now: datetime
) -> None:
    fit = FIT
    with store.unit() as unit:
        case = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        proposed(unit, village.li, now, capacity=1)
        proposed(unit, village.li, now)
    with store.unit() as unit:
        kept = unit.cases.number(case.number, seen_by=village.zhang, now=now)
        match gone:
            case "withdrawn":
                unit.casework.withdraw(kept, by=village.zhang, now=now)
            case "chosen":
                unit.suggestions.show(case, [Fit("W2", "", "", 0.5, "")], version="t", now=now)
                unit.suggestions.choose(case, 1, by=village.zhang, now=now)
            case "claimed":
                kept.state = "claimed"
            case "paused":
                unit.supplies.change(
                    "W1", lambda supply, agent: supply.pause(by=agent, now=now), by=village.li, now=now
                )
            case "full":
                unit.uses.take("W1", case.number, now)
            case _:
                fit = Fit("W99", "", "", 0.9, "")
    with store.unit() as unit:
        assert not ask(unit, case.number, now, fit)
        assert [each for each in unit.happenings if isinstance(each, SupplyFound)] == []


def many(unit: Unit, village: Village, now: datetime, count: int) -> list[int]:
    """Needs of as many people."""
    numbers = []
    for place in range(count):
        member = unit.members.add(
            Member.enrol(
                name="某某",
                phone=f"139000{place:05}",
                organisation_id=village.east,
                vault=unit.vault,
                now=now,
            )
        )
        by: Person = person(member.id, village.east, consortium_id=village.consortium)
        numbers.append(unit.cases.file(matter(by, now, f"第{place}家"), by=by).number)
    return numbers


@pytest.mark.parametrize(("capacity", "most"), [(None, MOST_ASKED), (2, 2 * ASKED_A_PLACE), (50, MOST_ASKED)])
def test_not_more_are_asked_than_it_can_well_serve(
    capacity: int | None, most: int, sqlite_store: Store, now: datetime
) -> None:
    village = settle(sqlite_store, now)
    with sqlite_store.unit() as unit:
        proposed(unit, village.li, now, capacity=capacity)
        numbers = many(unit, village, now, MOST_ASKED + 3)
    with sqlite_store.unit() as unit:
        assert [ask(unit, number, now) for number in numbers].count(True) == most


def test_who_came_too_late_is_asked_when_a_place_is_free_again(
    store: Store, village: Village, now: datetime
) -> None:
    later, latest = now + timedelta(hours=1), now + timedelta(hours=2)
    with store.unit() as unit:
        proposed(unit, village.li, now, capacity=1)
        mine = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        theirs = unit.cases.file(matter(village.wang, now), by=village.wang)
        for case in (mine, theirs):
            unit.suggestions.show(case, [FIT], version="t", now=now)
        unit.suggestions.choose(mine, 1, by=village.zhang, now=now)
    with store.unit() as unit:
        assert not ask(unit, theirs.number, later)
        unit.uses.release(mine.number, later)
    with store.unit() as unit:
        assert set(unit.findings.fresh(latest)) == {"W1"}
        assert ask(unit, theirs.number, latest)
        [again] = unit.suggestions.of(theirs.number)
        assert (again.rank, again.shown_at, again.version) == (1, latest, f"t{FOUND}")


def test_what_one_said_does_not_suit_is_known(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        case = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        unit.suggestions.show(case, [FIT], version="t", now=now)
        assert not unit.findings.refused_all(case.number)
        unit.suggestions.refuse(case, by=village.zhang, now=now)
        assert unit.findings.refused_all(case.number)
        assert unit.findings.known_to(case.number) == {"W1": now}

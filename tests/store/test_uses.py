"""Places counted by use: the last one goes to one, and what came to nothing is given back."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import revision
from models.case import NotNow
from models.fit import Fit
from models.offering import SupplyFilled, SupplyGone, SupplyReleased
from models.store import Store, Unit
from models.suggestion import SupplyChosen
from models.supply import SupplyUse
from tests.store.conftest import Village, matter, settle
from tests.store.test_supplies import proposed

FIT = Fit("W1", "免费教嫁接", "某支部", 0.8, "本县可用")


def needs(
    unit: Unit, village: Village, now: datetime, count: int = 1, fits: list[Fit] | None = None
) -> list[int]:
    """Cases of Zhang's that were shown the entry."""
    numbers = []
    for place in range(count):
        case = unit.cases.file(matter(village.zhang, now, f"第{place}棵树要嫁接"), by=village.zhang)
        unit.suggestions.show(case, fits or [FIT], version="t", now=now)
        numbers.append(case.number)
    return numbers


def choose(unit: Unit, village: Village, number: int, now: datetime, rank: int = 1) -> None:
    """Zhang chooses for one of the cases."""
    unit.suggestions.choose(
        unit.cases.look(number, seen_by=village.zhang, now=now), rank, by=village.zhang, now=now
    )


def used(store: Store) -> tuple[int, int]:
    """The counter of what is counted, and the uses that last."""
    with store.reading() as unit:
        alive = unit.session.scalars(select(SupplyUse).where(SupplyUse.ended_at.is_(None))).all()
        return unit.supplies.by_code("W1").used, len(alive)


def test_a_choice_takes_a_place_once(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now, capacity=3)
        [number] = needs(unit, village, now)
    for _ in range(2):
        with store.unit() as unit:
            choose(unit, village, number, now)
    assert used(store) == (1, 1)


def test_the_last_place_is_told_to_its_owner_and_to_every_process(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now, capacity=1)
        first, second = needs(unit, village, now, 2)
        before = unit.revisions.all()[revision.SUPPLIES]
    with store.unit() as unit:
        choose(unit, village, first, now)
        assert [type(each) for each in unit.happenings] == [SupplyFilled, SupplyChosen]
        assert unit.revisions.all()[revision.SUPPLIES] == before + 1
    with store.unit() as unit:
        with pytest.raises(SupplyGone) as gone:
            choose(unit, village, second, now)
        assert gone.value.facts["face"] == "额满"
        assert unit.happenings == []
        assert unit.suggestions.open_of(second, now.date()) == []
    assert used(store) == (1, 1)


@pytest.mark.parametrize(
    ("verb", "face"), [("pause", "暂停"), ("withdraw", "下架"), ("fill", "额满"), ("later", "到期")]
)
def test_what_is_offered_no_longer_is_not_chosen(
    verb: str, face: str, store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now, valid_until=now.date())
        [number] = needs(unit, village, now)
        if verb != "later":
            unit.supplies.change(
                "W1", lambda supply, agent: getattr(supply, verb)(by=agent, now=now), by=village.li, now=now
            )
    when = now + timedelta(days=1) if verb == "later" else now
    with store.unit() as unit, pytest.raises(SupplyGone) as gone:
        choose(unit, village, number, when)
    assert gone.value.facts["face"] == face
    assert used(store) == (0, 0)


def test_two_who_choose_the_last_place_at_once_get_it_once(
    store: Store, village: Village, now: datetime
) -> None:
    """Eight threads, two places: two get one, six are told, whatever the database does about it."""
    with store.unit() as unit:
        proposed(unit, village.li, now, capacity=2)
        numbers = needs(unit, village, now, 8)
    gate = threading.Barrier(len(numbers))
    outcomes: list[str] = []

    def try_it(number: int) -> None:
        gate.wait()
        try:
            with store.unit() as unit:
                choose(unit, village, number, now)
        except SupplyGone:
            outcomes.append("gone")
        else:
            outcomes.append("taken")

    threads = [threading.Thread(target=try_it, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["gone"] * 6 + ["taken"] * 2
    assert used(store) == (2, 2)
    with store.reading() as unit:
        chosen = [each for number in numbers for each in unit.suggestions.of(number) if each.chosen_at]
        assert len(chosen) == 2


def test_what_is_withdrawn_gives_its_place_back_and_whoever_served_it_is_told(
    store: Store, village: Village, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    with store.unit() as unit:
        proposed(unit, village.li, now, capacity=1)
        first, second = needs(unit, village, now, 2)
        choose(unit, village, first, now)
    with store.unit() as unit:
        before = unit.revisions.all()[revision.SUPPLIES]
        case = unit.cases.number(first, seen_by=village.zhang, now=now)
        unit.casework.withdraw(case, by=village.zhang, now=later)
        told = [each for each in unit.happenings if isinstance(each, SupplyReleased)]
        assert [(each.code, each.number) for each in told] == [("W1", first)]
        assert unit.revisions.all()[revision.SUPPLIES] == before + 1
        unit.uses.release(first, later)  # once is enough
    assert used(store) == (0, 0)
    with store.reading() as unit:
        assert unit.supplies.by_code("W1").updated_at == later  # news to those who wait
        with pytest.raises(NotNow):
            choose(unit, village, first, later)
    with store.unit() as unit:
        choose(unit, village, second, later)
    assert used(store) == (1, 1)


def test_who_gave_it_back_has_no_right_to_the_phone_until_chosen_again(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now)
        [number] = needs(unit, village, now)
        choose(unit, village, number, now)
        assert unit.suggestions.chosen_suppliers(number) == {village.east}
    with store.unit() as unit:
        unit.uses.release(number, now)
        assert unit.suggestions.chosen_suppliers(number) == set()
        assert unit.uses.came_to_nothing("W1", number)
    with store.unit() as unit:
        choose(unit, village, number, now + timedelta(hours=1))
        [told] = [each for each in unit.happenings if isinstance(each, SupplyChosen)]
        assert told.again
        assert unit.suggestions.chosen_suppliers(number) == {village.east}
    assert used(store) == (0, 1)


def test_who_chose_is_told_the_contact_where_the_entry_says_so(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now).contact_rule = "show"
        proposed(unit, village.li, now)
        case = unit.cases.file(matter(village.zhang, now), by=village.zhang)
        unit.suggestions.show(case, [FIT, Fit("W2", "", "", 0.5, "")], version="t", now=now)
        unit.session.flush()
        contacts = [unit.suggestions.choose(case, rank, by=village.zhang, now=now).contact for rank in (1, 2)]
    assert contacts == ["某人", ""]


def test_further_entries_stand_behind_those_that_were_shown(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        for _ in range(3):
            proposed(unit, village.li, now)
        [number] = needs(unit, village, now)
        case = unit.cases.look(number, seen_by=village.zhang, now=now)
        more = unit.suggestions.more(
            case, [FIT, Fit("W3", "另一家", "某支部", 0.4, "全市")], version="t", now=now
        )
        assert [(each.rank, each.code) for each in more] == [(2, "W3")]
        assert [(each.rank, each.code) for each in unit.suggestions.open_of(number, now.date())] == [
            (1, "W1"),
            (2, "W3"),
        ]


@pytest.fixture
def settled(sqlite_store: Store, now: datetime) -> Village:
    """The village where the kind of database does not matter."""
    return settle(sqlite_store, now)


def test_who_begins_to_count_counts_those_who_were_served_before(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.li, now)
        first, second, third = needs(unit, village, now, 3)
        choose(unit, village, first, now)
        choose(unit, village, second, now)
        assert unit.uses.lasting(unit.supplies.by_code("W1").id) == 2
    with store.unit() as unit:
        supply = unit.supplies.change(
            "W1", lambda supply, agent: supply.limit(1, by=agent, now=now), by=village.li, now=now
        )
        assert (supply.used, supply.capacity) == (2, 3)
    with store.unit() as unit:
        choose(unit, village, third, now)
        unit.uses.release(first, now)
    assert used(store) == (2, 2)


class Ledger:
    """What should be counted, told in the plainest way."""

    def __init__(self, capacity: int | None) -> None:
        self.capacity = capacity
        self.lasting: set[int] = set()
        self.over: set[int] = set()

    def full(self) -> bool:
        return self.capacity is not None and len(self.lasting) >= self.capacity


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    capacity=st.none() | st.integers(0, 3),
    deeds=st.lists(st.tuples(st.sampled_from(["choose", "release"]), st.integers(0, 4)), max_size=14),
)
def test_whatever_is_chosen_and_given_back_the_counter_is_the_number_of_uses_that_last(
    sqlite_store: Store, settled: Village, now: datetime, capacity: int | None, deeds: list[tuple[str, int]]
) -> None:
    village, ledger = settled, Ledger(capacity)
    with sqlite_store.unit() as unit:
        supply = proposed(unit, village.li, now, capacity=capacity)
        code = supply.code
        numbers = needs(unit, village, now, 5, [Fit(code, "", "", 0.9, "")])
    for deed, place in deeds:
        number = numbers[place]
        with sqlite_store.unit() as unit:
            if deed == "release":
                unit.uses.release(number, now)
                ledger.lasting.discard(number)
                continue
            refused = number not in ledger.lasting and ledger.full()
            try:
                choose(unit, village, number, now)
            except SupplyGone:
                assert refused
            else:
                assert not refused
                ledger.lasting.add(number)
    with sqlite_store.reading() as unit:
        found = unit.supplies.by_code(code)
        alive = unit.session.scalars(
            select(SupplyUse.case_number).where(SupplyUse.supply_id == found.id, SupplyUse.ended_at.is_(None))
        ).all()
        assert set(alive) == ledger.lasting
        assert unit.uses.lasting(found.id) == len(ledger.lasting)
        assert found.used == (0 if capacity is None else len(ledger.lasting))
        assert found.left == (None if capacity is None else capacity - len(ledger.lasting))

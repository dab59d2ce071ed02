"""Swaps on both databases: who can, who is first, who may object, what time settles, and what follows a turn that moves."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import msgspec
import pytest

from models.moment import SHANGHAI, local
from models.person import Person
from models.rota import NotLead, Row, TurnsChanged
from models.store import Store, Unit
from models.swap import (
    Event,
    NobodyToSwap,
    NotForOffice,
    NoTurnToSwap,
    Swap,
    SwapGone,
    SwapMoved,
    SwapOver,
    SwapState,
    SwapUnder,
    SwapUnknown,
    TurnTooNear,
)
from models.term import Term
from models.turns import Origin, Strategy
from tests.store.town import Town, build


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """A town with a rota of a year: tax, power, town, village, market, and round again."""
    town = build(store, now)
    with store.unit() as unit:
        settings = msgspec.structs.replace(
            unit.rotas.settings(town.consortium, now),
            strategy=Strategy.FIXED,
            first_on=unit.rotas.start_of(town.consortium, now),
        )
        unit.rotas.publish(unit.rotas.propose(town.consortium, settings, now), by=town["lead"], now=now)
    return town


def turn(unit: Unit, town: Town, of: str) -> Term:
    """The next turn of an organisation after May."""
    return next(
        term
        for term in unit.consortia.terms_of(town.consortium)
        if term.organisation_id == town.organisations[of] and term.starts_on >= date(2026, 6, 1)
    )


def ask(store: Store, town: Town, now: datetime, *peers: str, by: str = "next_chair") -> int:
    """The power company wants to swap with these, or with all."""
    with store.unit() as unit:
        term = unit.swaps.turns_of(town[by], now)[0]
        partners = unit.swaps.partners(term, now)
        wanted = {town.organisations[each] for each in peers}
        chosen = [each for each in partners if not wanted or each.organisation_id in wanted]
        swap = unit.swapping.ask(term, chosen, to_all=not peers, by=town[by], now=now)
        number: int = swap.id
        return number


def take(store: Store, number: int, organisation_id: int, by: Person, now: datetime) -> str:
    with store.unit() as unit:
        swap = unit.swaps.number(number)
        unit.swapping.take(swap, organisation_id, by=by, now=now)
        return swap.state


def climb(store: Store, now: datetime) -> list[SwapMoved]:
    with store.unit() as unit:
        unit.reminding.climb(now)
        return news(unit)


def news(unit: Unit) -> list[SwapMoved]:
    return [each for each in unit.happenings if isinstance(each, SwapMoved)]


def state(store: Store, number: int) -> str:
    with store.reading() as unit:
        return unit.session.get_one(Swap, number).state


def months(store: Store, town: Town) -> dict[str, int]:
    """In which month of this year after May each organisation has its next turn."""
    with store.reading() as unit:
        return {
            code: turn(unit, town, code).starts_on.month for code in ("power", "town", "village", "market")
        }


def test_a_swap_is_asked_taken_recorded_and_holds_after_two_working_days(
    store: Store, town: Town, now: datetime
) -> None:
    before = months(store, town)
    assert before == {"power": 6, "town": 7, "village": 8, "market": 9}
    number = ask(store, town, now, "village", "market")
    assert take(store, number, town.organisations["market"], town["market"], now) == "taken"
    with store.reading() as unit:
        assert unit.session.get_one(Swap, number).settle_by == at("2026-05-13T17:30")
        assert [each.id for each in unit.swaps.to_record(town["lead"], now)] == [number]
    assert climb(store, at("2026-05-13T17:29")) == []
    assert months(store, town) == before
    [done] = climb(store, at("2026-05-13T17:31"))
    assert (done.event, done.mine.first, done.was_taken) == (Event.DONE, date(2026, 6, 1), True)
    assert months(store, town) == before | {"power": 9, "market": 6}
    assert state(store, number) == "done"
    # The rota beneath goes on as if nothing had been.
    with store.reading() as unit:
        settings = unit.rotas.settings(town.consortium, now)
        assert unit.rotas.propose(town.consortium, settings, now).changes == ()
        assert [each.id for each in unit.swaps.history([turn(unit, town, "market").id])] == [number]


def test_of_eight_who_say_yes_at_once_one_wins(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now)
    people = [("market", town["market"]), ("village", town["branch"])] * 4
    together, outcome = threading.Barrier(len(people)), []

    def say_yes(organisation: str, by: Person) -> None:
        together.wait()
        try:
            outcome.append(take(store, number, town.organisations[organisation], by, now))
        except SwapGone as gone:
            outcome.append(gone.code)

    threads = [threading.Thread(target=say_yes, args=each) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["SwapGone"] * 7 + ["taken"]


def test_where_the_lead_is_one_of_the_two_it_holds_at_once(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "town")
    assert take(store, number, town.organisations["town"], town["lead"], now) == "done"
    assert months(store, town)["town"] == 6


def test_the_lead_may_agree_early_or_object(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "market")
    with store.unit() as unit, pytest.raises(SwapOver):
        unit.swapping.refuse(unit.swaps.number(number), "", by=town["lead"], now=now)
    take(store, number, town.organisations["market"], town["market"], now)
    with store.unit() as unit:
        with pytest.raises(NotLead):
            unit.swapping.refuse(unit.swaps.number(number), "", by=town["chair"], now=now)
        unit.swapping.refuse(unit.swaps.number(number), "要迎检", by=town["lead"], now=now)
        assert [(each.event, each.reason) for each in news(unit)] == [(Event.REFUSED, "要迎检")]
    assert months(store, town)["power"] == 6
    again = ask(store, town, now, "market")
    take(store, again, town.organisations["market"], town["market"], now)
    with store.unit() as unit:
        unit.swapping.approve(unit.swaps.number(again), by=town["lead"], now=now)
    assert months(store, town)["power"] == 9


def test_nobody_takes_it_and_the_original_stays(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now)
    assert [each.event for each in climb(store, at("2026-05-15T18:00"))] == [Event.REMINDED]
    [expired] = climb(store, at("2026-05-16T17:31"))
    assert (expired.event, len(expired.asked)) == (Event.EXPIRED, 4)
    assert months(store, town)["power"] == 6
    with store.unit() as unit, pytest.raises(SwapOver):
        unit.swapping.take(
            unit.swaps.number(number), town.organisations["market"], by=town["market"], now=now
        )
    assert ask(store, town, at("2026-05-18T09:00")) != number


def test_when_everybody_declines_it_is_over(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "village", "market")
    with store.unit() as unit:
        unit.swapping.decline(
            unit.swaps.number(number), town.organisations["village"], by=town["branch"], now=now
        )
        assert news(unit) == []
    with store.unit() as unit:
        unit.swapping.decline(
            unit.swaps.number(number), town.organisations["market"], by=town["market"], now=now
        )
        assert [each.event for each in news(unit)] == [Event.EXPIRED]
    assert state(store, number) == "expired"


def test_it_can_be_withdrawn_until_it_holds(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "market")
    take(store, number, town.organisations["market"], town["market"], now)
    with store.unit() as unit:
        with pytest.raises(NotForOffice):
            unit.swapping.withdraw(unit.swaps.number(number), by=town["market"], now=now)
        unit.swapping.withdraw(unit.swaps.number(number), by=town["next_chair"], now=now)
        with pytest.raises(SwapOver):
            unit.swapping.withdraw(unit.swaps.number(number), by=town["next_chair"], now=now)
    assert climb(store, at("2026-05-14T18:00")) == []
    assert months(store, town)["power"] == 6


def test_one_swap_of_a_turn_at_a_time_whichever_side(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "market")
    with pytest.raises(SwapUnder):
        ask(store, town, now)
    take(store, number, town.organisations["market"], town["market"], now)
    with pytest.raises(SwapUnder):
        ask(store, town, now, by="market")
    with store.reading() as unit:
        # Neither turn is offered to others meanwhile; their next ones are.
        partners = {
            each.organisation_id: each.first for each in unit.swaps.partners(turn(unit, town, "village"), now)
        }
        assert partners[town.organisations["power"]] > date(2026, 6, 1)
        assert partners[town.organisations["market"]] > date(2026, 9, 1)


def test_who_cannot(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        with pytest.raises(NotForOffice):
            unit.swaps.turns_of(town["reporter"], now)
        with pytest.raises(NoTurnToSwap):
            unit.swaps.turns_of(town["stranger"], now)
        june = turn(unit, town, "power")
        peers = unit.swaps.partners(june, now)
        with pytest.raises(NotForOffice):
            unit.swapping.ask(june, peers, to_all=True, by=town["market"], now=now)
        with pytest.raises(NobodyToSwap):
            unit.swapping.ask(june, [], to_all=True, by=town["next_chair"], now=now)
        with pytest.raises(TurnTooNear):
            unit.swapping.ask(june, peers, to_all=True, by=town["next_chair"], now=at("2026-05-31T17:31"))
        with pytest.raises(SwapUnknown):
            unit.swaps.number(99)
    number = ask(store, town, now, "market")
    with pytest.raises(SwapUnknown):
        take(store, number, town.organisations["village"], town["branch"], now)
    with pytest.raises(NotForOffice):
        take(store, number, town.organisations["market"], town["branch"], now)


def test_both_must_be_members_for_both_whole_turns(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        seat = next(
            each for each in unit.consortia.seats() if each.organisation_id == town.organisations["market"]
        )
        assert town.organisations["market"] in partners_of(unit, town, "power", now)
        # It leaves in the middle of September: it could have June, but has no whole turn to give.
        unit.consortia.vacate(seat, date(2026, 9, 15))
        assert town.organisations["market"] not in partners_of(unit, town, "power", now)


def partners_of(unit: Unit, town: Town, code: str, now: datetime) -> set[int]:
    return {each.organisation_id for each in unit.swaps.partners(turn(unit, town, code), now)}


def test_the_past_is_not_swapped_even_when_the_clock_comes_late(
    store: Store, town: Town, now: datetime
) -> None:
    near = at("2026-05-29T16:00")  # a Friday: two working days would end in June
    number = ask(store, town, near, "market")
    take(store, number, town.organisations["market"], town["market"], near)
    with store.reading() as unit:
        assert unit.session.get_one(Swap, number).settle_by == at("2026-05-31T17:30")
    assert [each.event for each in climb(store, at("2026-06-01T00:00"))] == [Event.EXPIRED]
    assert months(store, town)["power"] == 6


def test_a_swap_goes_along_with_its_turns(store: Store, town: Town, now: datetime) -> None:
    number = ask(store, town, now, "market")
    take(store, number, town.organisations["market"], town["market"], now)
    climb(store, at("2026-05-13T18:00"))
    with store.unit() as unit:
        term = turn(unit, town, "market")
        unit.rotas.take_over(
            town.consortium,
            [Row(term.id, term.sequence, term.named_id, date(2026, 6, 3), term.ends_on, Origin.IMPORT)],
            now,
        )
        assert (term.organisation_id, term.named_id) == (
            town.organisations["market"],
            town.organisations["power"],
        )
        # When the turn beneath becomes somebody else's, the other side falls back too.
        other = turn(unit, town, "power")
        unit.rotas.take_over(
            town.consortium,
            [
                Row(
                    term.id,
                    term.sequence,
                    town.organisations["tax"],
                    date(2026, 6, 3),
                    term.ends_on,
                    Origin.IMPORT,
                ),
                Row(other.id, other.sequence, other.named_id, other.starts_on, other.ends_on, Origin.IMPORT),
            ],
            now,
        )
        assert (term.organisation_id, term.base_id) == (town.organisations["tax"], None)
        assert (other.organisation_id, other.base_id) == (town.organisations["market"], None)


def test_an_open_swap_ends_when_there_is_nothing_left_to_exchange(
    store: Store, town: Town, now: datetime
) -> None:
    number = ask(store, town, now, "market")
    with store.unit() as unit:
        june = turn(unit, town, "power")
        unit.rotas.override(june, town.organisations["tax"], "", by=town["lead"], now=now)
        assert [each.event for each in news(unit)] == [Event.VOID]
        assert any(isinstance(each, TurnsChanged) for each in unit.happenings)
    assert state(store, number) == SwapState.VOID.value


def test_without_the_calendar_the_lead_gets_days_instead_of_a_guess(
    store: Store, town: Town, now: datetime
) -> None:
    new_year = at("2026-12-31T10:00")
    with store.unit() as unit:
        unit.rotas.extend(new_year)
        coming = [
            term
            for term in unit.consortia.terms_of(town.consortium)
            if term.organisation_id == town.organisations["power"] and term.starts_on > date(2027, 1, 15)
        ]
        swap = unit.swapping.ask(
            coming[0],
            [
                each
                for each in unit.swaps.partners(coming[0], new_year)
                if each.organisation_id == town.organisations["market"]
            ],
            to_all=False,
            by=town["next_chair"],
            now=new_year,
        )
        unit.swapping.take(swap, town.organisations["market"], by=town["market"], now=new_year)
        assert swap.settle_by == at("2027-01-07T17:30")
        assert local(swap.settle_by) - local(new_year) > timedelta(days=6)


def test_two_swaps_upon_each_other_stand_and_fall_together(store: Store, town: Town, now: datetime) -> None:
    first = ask(store, town, now, "market")
    take(store, first, town.organisations["market"], town["market"], now)
    climb(store, at("2026-05-13T18:00"))
    # The market has June now, and gives it on to the village for August.
    later = at("2026-05-14T09:00")
    second = ask(store, town, later, "village", by="market")
    take(store, second, town.organisations["village"], town["branch"], later)
    climb(store, at("2026-05-18T18:00"))
    assert months(store, town) == {"power": 9, "town": 7, "village": 6, "market": 8}
    with store.unit() as unit:
        june = turn(unit, town, "village")
        unit.rotas.take_over(
            town.consortium,
            [
                Row(
                    june.id,
                    june.sequence,
                    town.organisations["tax"],
                    june.starts_on,
                    june.ends_on,
                    Origin.IMPORT,
                ),
                *(
                    Row(each.id, each.sequence, each.named_id, each.starts_on, each.ends_on, Origin.IMPORT)
                    for each in (turn(unit, town, "market"), turn(unit, town, "power"))
                ),
            ],
            later,
        )
    assert months(store, town)["village"] == 8
    assert months(store, town)["market"] == 9

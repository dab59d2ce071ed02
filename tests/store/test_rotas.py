"""Rotas on both databases: proposing, publishing, filling, skipping, putting somebody else over a turn, and who is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise

import msgspec
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from models.agenda import Agenda
from models.moment import SHANGHAI, local
from models.rota import (
    Kind,
    NobodyToChair,
    NotLead,
    NotSeated,
    NotSkipped,
    Proposal,
    RotaChanged,
    Settings,
    TurnOver,
    TurnsChanged,
)
from models.store import Store, Unit
from models.term import Term
from models.turns import DAY, Origin, Place, Span, Strategy
from tests.store.town import Town, build


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The tax office in May, the power company in June, and agendas for what is to come."""
    town = build(store, now)
    with store.unit() as unit:
        assert unit.rotas.plan(now) == 1
        assert not unit.rotas.planning_due(now)
    return town


def codes(town: Town, ids: tuple[int, ...] | list[int]) -> list[str]:
    known = {value: code for code, value in town.organisations.items()}
    return [known[each] for each in ids]


def chairs(unit: Unit, town: Town) -> list[str]:
    """Whose turn it is, in order."""
    return codes(town, [term.organisation_id for term in unit.consortia.terms_of(town.consortium)])


def fixed(unit: Unit, town: Town, now: datetime, span: Span = Span.MONTH) -> Settings:
    settings = unit.rotas.settings(town.consortium, now)
    first_on = unit.rotas.start_of(town.consortium, now)
    return msgspec.structs.replace(settings, strategy=Strategy.FIXED, span=span, first_on=first_on)


def publish(
    store: Store, town: Town, now: datetime, change: Callable[[Unit], Settings] | None = None
) -> Proposal:
    with store.unit() as unit:
        settings = change(unit) if change is not None else fixed(unit, town, now)
        proposal = unit.rotas.propose(town.consortium, settings, now)
        unit.rotas.publish(proposal, by=town["lead"], now=now)
        return proposal


def told(unit: Unit) -> dict[int, list[Kind]]:
    return {
        each.organisation_id: [change.kind for change in each.changes]
        for each in unit.happenings
        if isinstance(each, TurnsChanged)
    }


def test_a_first_rota_goes_on_from_the_turns_on_file_and_changes_none_of_them(
    store: Store, town: Town, now: datetime
) -> None:
    proposal = publish(store, town, now)
    assert [change.was for change in proposal.changes] == [None] * len(proposal.changes)
    with store.reading() as unit:
        terms = unit.consortia.terms_of(town.consortium)
        assert chairs(unit, town)[:6] == ["tax", "power", "town", "village", "market", "tax"]
        assert [term.sequence for term in terms] == list(range(1, 14))
        assert terms[-1].ends_on == date(2027, 5, 31)
        assert {Origin(term.origin) for term in terms[1:]} == {Origin.ORDER}
        assert unit.rotas.propose(town.consortium, fixed(unit, town, now), now).changes == ()
        # Each turn to come climbs its ladders.
        assert unit.agendas.of("term", terms[5].id) is not None
        assert unit.agendas.of("handover", terms[5].id) is not None


def test_only_those_whose_turns_change_are_told_and_once(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    with store.unit() as unit:
        settings = unit.rotas.skipping(town.consortium, town.organisations["power"], "换届", None, now)
        proposal = unit.rotas.propose(town.consortium, settings, now)
        assert codes(town, proposal.affected) == ["town", "power"]
        unit.rotas.publish(proposal, by=town["lead"], now=now)
        heard = told(unit)
        assert heard == {
            town.organisations["town"]: [Kind.MOVED],
            town.organisations["power"]: [Kind.MOVED],
        }
        unit.happenings.clear()
        assert not unit.rotas.telling_due()
        assert unit.rotas.tell(now) == 0
        assert chairs(unit, town)[:4] == ["tax", "town", "power", "village"]
        [skip] = unit.rotas.away(town.consortium, local(now).date())
        assert (skip.missed_on, skip.paid_on) == (date(2026, 6, 1), date(2026, 7, 1))


def test_what_is_over_or_under_way_never_changes(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    with store.unit() as unit:
        before = [
            (term.id, term.organisation_id, term.starts_on, term.ends_on)
            for term in unit.consortia.terms_of(town.consortium)[:2]
        ]
    june = at("2026-06-10T09:00")
    publish(store, town, june, lambda unit: fixed(unit, town, june, Span.QUARTER))
    with store.reading() as unit:
        terms = unit.consortia.terms_of(town.consortium)
        assert [(each.id, each.organisation_id, each.starts_on, each.ends_on) for each in terms[:2]] == before
        assert (terms[2].starts_on, terms[2].ends_on) == (date(2026, 7, 1), date(2026, 9, 30))
        assert len(terms) == 6
        stopped = select(Agenda.subject_id).where(Agenda.subject == "term", Agenda.stopped_at.is_not(None))
        gone = set(unit.session.scalars(stopped))
        assert len(gone) == 13 - 6
        assert not gone & {term.id for term in terms}


def test_a_proposal_is_refused_when_the_rota_changed_meanwhile(
    store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        stale = unit.rotas.propose(town.consortium, fixed(unit, town, now), now)
    publish(store, town, now)
    with store.unit() as unit, pytest.raises(RotaChanged):
        unit.rotas.publish(stale, by=town["lead"], now=now)


def test_a_member_that_left_meanwhile_makes_a_proposal_stale(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        stale = unit.rotas.propose(town.consortium, fixed(unit, town, now), now)
        leaving = next(
            seat for seat in unit.consortia.seats() if seat.organisation_id == town.organisations["market"]
        )
        unit.consortia.vacate(leaving, local(now).date())
    with store.unit() as unit, pytest.raises(RotaChanged):
        unit.rotas.publish(stale, by=town["lead"], now=now)


@pytest.mark.parametrize("part", ["chair", "branch", "above", "stranger", "reporter"])
def test_only_the_lead_organisation_sets_it_up(store: Store, town: Town, now: datetime, part: str) -> None:
    with store.unit() as unit:
        proposal = unit.rotas.propose(town.consortium, fixed(unit, town, now), now)
        with pytest.raises(NotLead):
            unit.rotas.publish(proposal, by=town[part], now=now)
    with store.reading() as unit:
        assert unit.rotas.led_by(town["lead"], now).id == town.consortium
        assert unit.rotas.of(town.consortium) is None


def test_a_rota_without_anybody_who_may_chair_is_refused(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        settings = msgspec.structs.replace(fixed(unit, town, now), places=(Place(town.organisations["far"]),))
        with pytest.raises(NobodyToChair):
            unit.rotas.propose(town.consortium, settings, now)


# ---- filling -----------------------------------------------------------------------------------------


def test_the_rota_is_filled_as_time_passes_and_nobody_is_told(
    store: Store, town: Town, now: datetime
) -> None:
    publish(store, town, now)
    later = at("2026-08-03T09:00")
    with store.unit() as unit:
        assert not unit.rotas.extending_due(now)
        assert unit.rotas.extending_due(later)
        assert unit.rotas.extend(later) == 3
        assert not unit.rotas.extending_due(later)
        assert unit.rotas.extend(later) == 0
        assert told(unit) == {}
        terms = unit.consortia.terms_of(town.consortium)
        assert terms[-1].ends_on == date(2027, 8, 31)
        assert all(one.ends_on + DAY == two.starts_on for one, two in pairwise(terms))
        # What was drawn a month at a time is what would be drawn at once.
        settings = unit.rotas.settings(town.consortium, later)
        assert unit.rotas.propose(town.consortium, settings, later).changes == ()


def test_two_processes_fill_a_rota_once(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    later, together = at("2026-09-01T09:00"), threading.Barrier(2)
    outcome: list[object] = []

    def fill() -> None:
        together.wait()
        try:
            with store.unit() as unit:
                outcome.append(unit.rotas.extend(later))
        except DatabaseError as error:
            outcome.append(type(error))

    threads = [threading.Thread(target=fill) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 4 in outcome
    with store.reading() as unit:
        starts = [term.starts_on for term in unit.consortia.terms_of(town.consortium)]
        assert len(set(starts)) == len(starts) == 17


def test_turns_of_one_consortium_cannot_overlap_whoever_writes_them(
    store: Store, town: Town, now: datetime
) -> None:
    june = {
        "consortium_id": town.consortium,
        "sequence": 9,
        "organisation_id": town.organisations["market"],
        "starts_on": date(2026, 6, 30),
        "ends_on": date(2026, 7, 31),
        "origin": "import",
    }
    with pytest.raises(IntegrityError), store.unit() as unit:
        unit.connection.execute(insert(Term.__table__), june)  # type: ignore[arg-type]
    earlier = update(Term).where(Term.sequence == 2).values(starts_on=date(2026, 5, 31))
    with pytest.raises(IntegrityError), store.unit() as unit:
        unit.session.execute(earlier)


# ---- somebody else over a turn -----------------------------------------------------------------------


def test_somebody_else_chairs_and_the_rota_beneath_stays(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    with store.unit() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        unit.rotas.override(june, town.organisations["market"], "检修", by=town["lead"], now=now)
        # The ladder has begun: it tells the market at its next look.
        assert told(unit) == {town.organisations["power"]: [Kind.OFF]}
        assert chairs(unit, town)[:3] == ["tax", "market", "town"]
        assert (june.named_id, june.base_id) == (town.organisations["power"],) * 2
        settings = unit.rotas.settings(town.consortium, now)
        assert unit.rotas.propose(town.consortium, settings, now).changes == ()
    # Moved to other days it is still theirs; when the turn becomes another organisation's, it is not.
    publish(store, town, now, lambda unit: fixed(unit, town, now, Span.QUARTER))
    with store.unit() as unit:
        assert chairs(unit, town)[:2] == ["tax", "market"]
        settings = unit.rotas.settings(town.consortium, now)
        others = tuple(
            place for place in settings.places if place.organisation_id != town.organisations["power"]
        )
        proposal = unit.rotas.propose(town.consortium, msgspec.structs.replace(settings, places=others), now)
        unit.rotas.publish(proposal, by=town["lead"], now=now)
        terms = unit.consortia.terms_of(town.consortium)
        assert all(term.base_id is None for term in terms)
        assert town.organisations["power"] not in {term.organisation_id for term in terms[1:]}


def test_what_has_begun_and_who_is_no_member_are_refused(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        may, june = unit.consortia.terms_of(town.consortium)
        with pytest.raises(TurnOver):
            unit.rotas.override(may, town.organisations["market"], "", by=town["lead"], now=now)
        with pytest.raises(NotSeated):
            unit.rotas.override(june, town.organisations["far"], "", by=town["lead"], now=now)
        with pytest.raises(NotSeated):
            unit.rotas.skipping(town.consortium, town.organisations["far"], "换届", None, now)
        with pytest.raises(NotSkipped):
            unit.rotas.returning(town.consortium, town.organisations["power"], now)


def test_who_comes_back_early_gets_its_turn_back(store: Store, town: Town, now: datetime) -> None:
    publish(store, town, now)
    until = date(2026, 12, 31)
    power = town.organisations["power"]
    publish(store, town, now, lambda unit: unit.rotas.skipping(town.consortium, power, "换届", until, now))
    with store.reading() as unit:
        first = next(
            term for term in unit.consortia.terms_of(town.consortium)[1:] if term.organisation_id == power
        )
        assert first.starts_on == date(2027, 1, 1)
    july = at("2026-07-10T09:00")
    publish(store, town, july, lambda unit: unit.rotas.returning(town.consortium, power, july))
    with store.reading() as unit:
        first = next(
            term for term in unit.consortia.terms_of(town.consortium)[1:] if term.organisation_id == power
        )
        assert (first.starts_on, first.origin) == (date(2026, 8, 1), "debt")

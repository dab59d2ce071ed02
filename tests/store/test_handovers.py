"""Handing the chair over, the check of a rota, and what the ledger of turns keeps of both, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import delete

from models.agenda import About
from models.asof import Period
from models.handover import NoHandover, Role
from models.ledgers import LEDGERS, Ask
from models.letter import Outcome, Verdict
from models.life import CaseKind
from models.moment import SHANGHAI
from models.rota import RotaSkip, Row, TurnOver
from models.rotacard import Card, Fault, check
from models.store import Store, Unit
from models.term import Term
from models.turnkeeping import HandoverReminded
from models.turns import Origin, Span, Strategy
from tests.store.town import Town, build, report


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town with a rota of a year and a case that waits."""
    town = build(store, now)
    report(store, town, now)
    with store.unit() as unit:
        publish(unit, town, now)
        unit.rotas.plan(now)
    return town


def publish(unit: Unit, town: Town, now: datetime, span: Span = Span.MONTH) -> None:
    settings = msgspec.structs.replace(
        unit.rotas.settings(town.consortium, now),
        strategy=Strategy.FIXED,
        span=span,
        first_on=unit.rotas.start_of(town.consortium, now),
    )
    unit.rotas.publish(unit.rotas.propose(town.consortium, settings, now), by=town["lead"], now=now)


def climb(store: Store, now: datetime) -> list[HandoverReminded]:
    with store.unit() as unit:
        unit.reminding.climb(now)
        return [each for each in unit.happenings if isinstance(each, HandoverReminded)]


def test_both_sides_say_that_it_is_handed_over(store: Store, town: Town, now: datetime) -> None:
    assert climb(store, at("2026-06-01T08:29")) == []
    [begun] = climb(store, at("2026-06-01T08:30"))
    tax, power = town.organisations["tax"], town.organisations["power"]
    assert (begun.outgoing_id, begun.incoming_id, begun.missing) == (tax, power, (tax, power))
    assert (begun.checklist.cases, begun.checklist.unaccepted, begun.about.asks) == (1, 1, True)
    noon = at("2026-06-01T12:00")
    with store.unit() as unit:
        handover, roles = unit.handovers.of_person(town["next_chair"], noon)
        assert roles == [Role.INCOMING]
        with pytest.raises(NoHandover):
            unit.handovers.confirm(handover, Role.INCOMING, by=town["chair"], now=noon)
        unit.handovers.confirm(handover, Role.INCOMING, by=town["next_chair"], now=noon)
        assert handover.done_at is None
    # Only the side that is silent is asked again, and it can still answer with a 1.
    [again] = climb(store, at("2026-06-04T09:01"))
    assert (again.about.rung, again.missing, again.about.asks) == ("remind", (tax,), True)
    [late] = climb(store, at("2026-06-08T09:01"))  # the sixth is a Saturday
    assert (late.about.rung, late.lead_id) == ("late", town.organisations["town"])
    with store.unit() as unit:
        handover, roles = unit.handovers.of_person(town["chair"], at("2026-06-08T10:00"))
        assert roles == [Role.OUTGOING]
        unit.handovers.confirm(handover, Role.OUTGOING, by=town["chair"], now=at("2026-06-08T10:00"))
        unit.handovers.confirm(handover, Role.OUTGOING, by=town["chair"], now=at("2026-06-09T10:00"))
        assert handover.done_at == at("2026-06-08T10:00")
        assert handover.checklist.cases == 1


def test_nobody_is_reminded_once_it_is_done(store: Store, town: Town, now: datetime) -> None:
    climb(store, at("2026-06-01T08:30"))
    with store.unit() as unit:
        term = unit.consortia.terms_of(town.consortium)[1]
        handover = unit.handovers.open(term, now)
        assert handover is not None
        for role, part in ((Role.OUTGOING, "chair"), (Role.INCOMING, "next_chair")):
            unit.handovers.confirm(handover, role, by=town[part], now=at("2026-06-01T09:00"))
        with pytest.raises(TurnOver):
            unit.handovers.confirm(handover, Role.OUTGOING, by=town["chair"], now=at("2026-09-01T09:00"))
    assert climb(store, at("2026-06-09T09:00")) == []


def test_who_goes_on_or_comes_after_a_gap_takes_nothing_over(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        may, june, july = unit.consortia.terms_of(town.consortium)[:3]
        same = Row(june.id, 2, may.organisation_id, june.starts_on, june.ends_on, Origin.IMPORT)
        unit.rotas.take_over(town.consortium, [same], now)
        assert unit.handovers.before(june) is None
        assert unit.handovers.before(july) == june
        assert unit.handovers.before(may) is None
    assert climb(store, at("2026-06-01T08:30")) == []
    with store.reading() as unit, pytest.raises(NoHandover):
        unit.handovers.of_person(town["reporter"], at("2026-06-02T12:00"))


def test_the_checklist_counts_what_is_open(store: Store, town: Town, now: datetime) -> None:
    project = report(store, town, now + timedelta(minutes=1), kind=CaseKind.PROJECT)
    with store.unit() as unit:
        case = unit.casework.find(project - 1)
        unit.casework.accept(case, by=town["chair"], now=now)
        unit.casework.publish(case, by=town["chair"], now=now)
    with store.reading() as unit:
        found = unit.handovers.checklist(town.consortium)
        assert (found.cases, found.unaccepted, found.unclaimed, found.projects, found.books) == (
            1,
            0,
            1,
            1,
            0,
        )


# ---- the check ---------------------------------------------------------------------------------------


def card(store: Store, town: Town, now: datetime) -> Card:
    with store.reading() as unit:
        return check(unit, town.consortium, now)


def faults(found: Card) -> list[Fault]:
    return list(dict.fromkeys(each.fault for each in found.findings))


def bind_all(store: Store, town: Town, now: datetime, *but: str) -> None:
    with store.unit() as unit:
        for part, person in town.people.items():
            if part not in but:
                unit.inbox.greet(f"o{part}", wrote=True, gesture=False, now=now)
                unit.identities.of(f"o{part}").bind(person.member_id, now)


def test_a_sound_rota_has_nearly_full_marks(store: Store, town: Town, now: datetime) -> None:
    bind_all(store, town, now)
    found = card(store, town, now)
    # The arrangement of 2027 is not published in May 2026.
    assert (found.score, faults(found)) == (95, [Fault.CALENDAR])
    assert found.covered_until == date(2027, 5, 31)


def test_what_nobody_can_be_reached_for_is_found(store: Store, town: Town, now: datetime) -> None:
    bind_all(store, town, now, "market")
    found = card(store, town, now)
    assert [each.organisation for each in found.findings if each.fault is Fault.UNREACHABLE] == [
        "批发市场党支部"
    ]
    assert found.score == 85


def test_who_left_who_is_skipped_and_what_is_empty_is_found(store: Store, town: Town, now: datetime) -> None:
    bind_all(store, town, now)
    with store.unit() as unit:
        for seat in unit.consortia.seats():
            if seat.organisation_id == town.organisations["village"]:
                unit.consortia.vacate(seat, date(2026, 7, 1))
        settings = unit.rotas.skipping(
            town.consortium, town.organisations["power"], "换届", date(2026, 8, 31), now
        )
        unit.session.add_all([RotaSkip.note(town.consortium, away, None, now) for away in settings.skips])
        unit.session.execute(delete(Term).where(Term.sequence == 4))
    found = card(store, town, now)
    assert faults(found)[:3] == [Fault.GAP, Fault.INELIGIBLE, Fault.SKIPPED]
    assert found.findings[0].first == date(2026, 8, 1)
    assert found.score < 50
    assert found.covered_until == date(2026, 7, 31)


def test_a_rota_from_a_table_that_ends_soon_is_short(store: Store, now: datetime) -> None:
    town = build(store, now)
    bind_all(store, town, now)
    found = card(store, town, now)
    assert [(each.fault, each.first, each.count) for each in found.findings] == [
        (Fault.SHORT, date(2026, 7, 1), 11)
    ]
    assert found.score == 70


def test_who_has_not_said_that_they_know_is_found_in_the_last_week(
    store: Store, town: Town, now: datetime
) -> None:
    bind_all(store, town, now)
    climb(store, at("2026-05-25T10:00"))
    found = card(store, town, at("2026-05-26T10:00"))
    assert Fault.UNACKNOWLEDGED in faults(found)
    with store.unit() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        unit.agendas.acknowledge("term", june.id, town["next_chair"].member_id, now)
    assert Fault.UNACKNOWLEDGED not in faults(card(store, town, at("2026-05-26T10:00")))


def test_one_that_chairs_far_more_often_is_found(store: Store, town: Town, now: datetime) -> None:
    bind_all(store, town, now)
    with store.unit() as unit:
        for term in unit.consortia.terms_of(town.consortium)[3:6]:
            unit.rotas.override(term, town.organisations["tax"], "", by=town["lead"], now=now)
    assert Fault.UNEVEN in faults(card(store, town, now))


# ---- the ledger --------------------------------------------------------------------------------------


def test_the_ledger_of_turns_knows_when_it_was_told_known_handed_over_and_swapped(
    store: Store, town: Town, now: datetime
) -> None:
    told, known, opened = at("2026-05-25T09:00"), at("2026-05-25T10:00"), at("2026-06-01T08:30")
    bind_all(store, town, now)
    with store.unit() as unit:
        june, july = unit.consortia.terms_of(town.consortium)[1:3]
        unit.rotas.override(july, town.organisations["market"], "检修", by=town["lead"], now=now)
        unit.outbox.post(
            key="t", kind="term_week", text="", fields={}, now=told,
            member_id=town["next_chair"].member_id, office_id=june.organisation_id,
            about=About("term", june.id, edition=1, rung="week"),
        )  # fmt: skip
        [letter] = unit.outbox.lease(told, 1)
        unit.outbox.settle(letter.id, Outcome(verdict=Verdict.ACCEPTED, channel="custom"), told)
        unit.agendas.acknowledge("term", june.id, town["next_chair"].member_id, known)
        handover = unit.handovers.open(june, opened)
        assert handover is not None
        unit.handovers.confirm(handover, Role.INCOMING, by=town["next_chair"], now=opened)
    with store.reading() as unit:
        rows = list(LEDGERS["rotation"](Ask(unit, Period(date(2026, 7, 1)))))
        _, second, third = rows
        assert (second.told_at, second.acknowledged_at) == (told, known)
        assert second.handover == "没办完 1 件，项目 0 个，待签清单 0 份；一边确认了"
        assert (second.swapped, third.swapped) == ("", "原是官地镇党委，代轮值：检修")
        # As it stood before anybody knew of it.
        [first] = LEDGERS["rotation"](Ask(unit, Period(date(2026, 5, 24))))
        assert (first.told_at, first.handover) == (None, "")

"""Whatever happens to a rota, skips, swaps, members who leave and join: once published, it is sound."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.base import DomainError
from models.moment import local
from models.organisation import Organisation
from models.rota import TermOverride
from models.seat import Seat
from models.store import Store, Unit
from models.term import Term
from models.turns import DAY, Ground, Span, Strategy, eligible, seated
from models.vault import Vault
from tests.conftest import KEY
from tests.store.town import Town, build

MEMBERS = ("town", "village", "tax", "power", "market")
SPEAKERS = {"town": "lead", "village": "branch", "tax": "chair", "power": "next_chair", "market": "market"}
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["skip", "skip", "back", "swap", "swap", "override", "leave", "join", "close", "span", "pass"]
        ),
        st.integers(0, 4),
        st.integers(0, 4),
        st.integers(1, 120),
    ),
    min_size=1,
    max_size=9,
)
GROUND = Ground(Strategy.FIXED, Span.MONTH, date(2026, 6, 1), (), (), (), ())


class Year:
    """A consortium as things happen to it."""

    def __init__(self, store: Store, now: datetime, strategy: Strategy) -> None:
        self.store, self.now = store, now
        self.town: Town = build(store, now)
        with store.unit() as unit:
            wanted = msgspec.structs.replace(
                unit.rotas.settings(self.town.consortium, now),
                strategy=strategy,
                first_on=unit.rotas.start_of(self.town.consortium, now),
            )
            self.publish(unit, wanted)

    @property
    def today(self) -> date:
        return local(self.now).date()

    def publish(self, unit: Unit, wanted: object = None) -> None:
        rotas = unit.rotas
        proposal = rotas.propose(
            self.town.consortium, wanted or rotas.settings(self.town.consortium, self.now), self.now
        )
        assert proposal == rotas.propose(self.town.consortium, proposal.settings, self.now)
        rotas.publish(proposal, by=self.town["lead"], now=self.now)
        unit.happenings.clear()

    def do(self, what: str, one: int, other: int, days: int) -> None:
        """One thing happens; what a rule refuses does not."""
        try:
            with self.store.unit() as unit:
                getattr(self, what)(unit, MEMBERS[one], MEMBERS[other], days)
        except DomainError:
            pass
        with self.store.unit() as unit:
            self.publish(unit)

    def skip(self, unit: Unit, one: str, other: str, days: int) -> None:
        until = self.today + timedelta(days=days) if days % 3 else None
        self.publish(
            unit,
            unit.rotas.skipping(self.town.consortium, self.town.organisations[one], "换届", until, self.now),
        )

    def back(self, unit: Unit, one: str, other: str, days: int) -> None:
        self.publish(unit, unit.rotas.returning(self.town.consortium, self.town.organisations[one], self.now))

    def swap(self, unit: Unit, one: str, other: str, days: int) -> None:
        by = self.town[SPEAKERS[one]]
        term = unit.swaps.turns_of(by, self.now)[0]
        peer = self.town.organisations[other]
        sides = [each for each in unit.swaps.partners(term, self.now) if each.organisation_id == peer]
        swap = unit.swapping.ask(term, sides, to_all=False, by=by, now=self.now)
        unit.swapping.take(swap, peer, by=self.town[SPEAKERS[other]], now=self.now)
        if swap.state == "taken":
            unit.swapping.approve(swap, by=self.town["lead"], now=self.now)

    def override(self, unit: Unit, one: str, other: str, days: int) -> None:
        terms = [
            each for each in unit.consortia.terms_of(self.town.consortium) if each.starts_on > self.today
        ]
        term = terms[days % len(terms)]
        unit.rotas.override(term, self.town.organisations[one], "", by=self.town["lead"], now=self.now)

    def leave(self, unit: Unit, one: str, other: str, days: int) -> None:
        seats = self._seats(unit)
        if len(seats) > 2 and one != "town":
            for seat in seats:
                if seat.organisation_id == self.town.organisations[one]:
                    unit.consortia.vacate(seat, self.today + timedelta(days=days))

    def join(self, unit: Unit, one: str, other: str, days: int) -> None:
        of = self.town.organisations[one]
        if of not in {seat.organisation_id for seat in self._seats(unit)}:
            unit.consortia.seat(
                Seat.take(consortium_id=self.town.consortium, organisation_id=of, since=self.today)
            )

    def close(self, unit: Unit, one: str, other: str, days: int) -> None:
        if one == "market":
            unit.session.get_one(Organisation, self.town.organisations[one]).closed_on = self.today

    def span(self, unit: Unit, one: str, other: str, days: int) -> None:
        wanted = unit.rotas.settings(self.town.consortium, self.now)
        self.publish(unit, msgspec.structs.replace(wanted, span=list(Span)[days % 5]))

    def _seats(self, unit: Unit) -> list[Seat]:
        return [seat for seat in unit.consortia.seats() if seat.until is None]

    def check(self, before: list[tuple[int, int, date, date]]) -> None:
        """What has to be so after everything."""
        with self.store.reading() as unit:
            consortium = self.town.consortium
            terms = unit.consortia.terms_of(consortium)
            for one, two in pairwise(terms):
                assert one.ends_on + DAY == two.starts_on
                assert one.sequence < two.sequence
            assert terms[-1].ends_on >= self.today + timedelta(days=365)
            known = {each.id: each for each in terms}
            for term_id, organisation_id, first, last in before:
                at = known[term_id]
                assert (at.organisation_id, at.starts_on, at.ends_on) == (organisation_id, first, last)
            self._everybody_may(unit, terms)
            self._overlays_fit(unit, known)
            self._debts_are_paid(unit, terms)

    def _everybody_may(self, unit: Unit, terms: list[Term]) -> None:
        stays = unit.consortia.stays(self.town.consortium)
        for term in terms:
            if term.starts_on > self.today:
                assert seated(term.organisation_id, term.starts_on, term.ends_on, stays)
                assert seated(term.named_id, term.starts_on, term.ends_on, stays)

    def _overlays_fit(self, unit: Unit, known: dict[int, Term]) -> None:
        live = {
            each.term_id: each.organisation_id
            for each in unit.session.scalars(select(TermOverride).where(TermOverride.ended_at.is_(None)))
            if each.term_id in known
        }
        assert live == {each.id: each.organisation_id for each in known.values() if each.base_id is not None}

    def _debts_are_paid(self, unit: Unit, terms: list[Term]) -> None:
        aways = tuple(each.away for each in unit.rotas.skips(self.town.consortium))
        stays = unit.consortia.stays(self.town.consortium)
        ground = msgspec.structs.replace(GROUND, stays=stays, aways=aways)
        for away in aways:
            if away.missed_on is None:
                continue
            paid = [
                term
                for term in terms
                if term.starts_on == away.paid_on and term.named_id == away.organisation_id
            ]
            later = [
                term
                for term in terms
                if term.starts_on > max(away.missed_on, self.today)
                and eligible(away.organisation_id, term.starts_on, term.ends_on, ground)
            ]
            assert paid or len(later) <= 2 * len(aways)

    def begun(self) -> list[tuple[int, int, date, date]]:
        """The turns that are over or under way."""
        with self.store.reading() as unit:
            return [
                (each.id, each.organisation_id, each.starts_on, each.ends_on)
                for each in unit.consortia.terms_of(self.town.consortium)
                if each.starts_on <= self.today
            ]


@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking a whole year takes too long
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(OPERATIONS, st.sampled_from([Strategy.FIXED, Strategy.BALANCED]))
def test_a_rota_stays_sound_whatever_happens(
    sqlite_template: Path, now: datetime, operations: list[tuple[str, int, int, int]], strategy: Strategy
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{shutil.copy(sqlite_template, Path(folder) / 'year.db')}", Vault(KEY))
        try:
            year = Year(store, now, strategy)
            for what, one, other, days in operations:
                before = year.begun()
                if what == "pass":
                    year.now += timedelta(days=days)
                    with store.unit() as unit:
                        unit.rotas.extend(year.now)
                        year.publish(unit)
                else:
                    year.do(what, one, other, days)
                year.check(before)
        finally:
            store.close()

"""Whatever people do, in whatever order: no case is lost, no lead doubled, no phone shown to who has no right to it."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from models import schema
from models.base import DomainError
from models.case import Case
from models.claim import Claim
from models.clock import Clock
from models.evaluation import Evaluation
from models.life import ENDED, IN_HAND, CaseKind, CaseState, CloseKind, Role
from models.store import Store
from models.timeline import TimelineEntry
from models.vault import Vault, new_key
from tests.store.test_life import VERBS
from tests.store.town import PEOPLE, Town, build, report

START = datetime.fromisoformat("2026-05-11T09:00:00+08:00")
PARTS = st.sampled_from(sorted(PEOPLE))
STEPS = st.sampled_from(sorted(VERBS))


def _empty_town(folder: Path, key: str) -> tuple[Store, Town]:
    store = Store(f"sqlite:///{folder / 'town.db'}", Vault(key))
    schema.upgrade(store)
    return store, build(store, START)


class Town365(RuleBasedStateMachine):
    """Some cases, everybody, and time that passes."""

    @initialize(kinds=st.lists(st.sampled_from(CaseKind), min_size=2, max_size=3))
    def begin(self, kinds: list[CaseKind]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store, self.town = _empty_town(Path(self.folder.name), new_key())
        self.now = START
        self.numbers = [report(self.store, self.town, self.now, kind=kind) for kind in kinds]
        report(self.store, self.town, self.now)  # one to merge into
        self.filed = len(self.numbers) + 1

    @rule(place=st.integers(0, 2), step=STEPS, part=PARTS)
    def somebody_tries(self, place: int, step: str, part: str) -> None:
        number = self.numbers[place % len(self.numbers)]
        try:
            with self.store.unit() as unit:
                VERBS[step][1](unit, unit.casework.find(number), self.town[part], self.now)  # type: ignore[index]
        except DomainError:
            pass

    @rule(place=st.integers(0, 2), step=STEPS)
    def the_right_one_tries(self, place: int, step: str) -> None:
        self.somebody_tries(place, step, VERBS[step][0])  # type: ignore[index]

    @rule(place=st.integers(0, 2), part=PARTS, level=st.integers(1, 5))
    def somebody_rates(self, place: int, part: str, level: int) -> None:
        number = self.numbers[place % len(self.numbers)]
        try:
            with self.store.unit() as unit:
                case = unit.casework.find(number)
                unit.closing.evaluate(case, level, by=self.town[part], text="", now=self.now)
        except DomainError:
            pass

    @rule(
        place=st.integers(0, 2),
        by=PARTS,
        asked=st.lists(st.sampled_from(["power", "market", "village"]), min_size=1, max_size=3),
    )
    def somebody_invites(self, place: int, by: str, asked: list[str]) -> None:
        number = self.numbers[place % len(self.numbers)]
        try:
            with self.store.unit() as unit:
                organisations = [self.town.organisations[each] for each in asked]
                unit.claiming.invite(
                    unit.casework.find(number), organisations, by=self.town[by], now=self.now
                )
        except DomainError:
            pass

    @rule(item=st.integers(0, 2), project=st.integers(0, 2), by=PARTS)
    def somebody_puts_into_a_project(self, item: int, project: int, by: str) -> None:
        numbers = self.numbers
        try:
            with self.store.unit() as unit:
                found = unit.casework.find(numbers[project % len(numbers)])
                part = unit.casework.find(numbers[item % len(numbers)])
                unit.projects.put_in(found, [part], by=self.town[by], now=self.now)
        except DomainError:
            pass

    @rule(place=st.integers(0, 2), by=PARTS, granted=st.booleans())
    def somebody_decides(self, place: int, by: str, granted: bool) -> None:
        number = self.numbers[place % len(self.numbers)]
        try:
            with self.store.unit() as unit:
                unit.solving.decide_extension(
                    unit.casework.find(number), by=self.town[by], granted=granted, now=self.now
                )
        except DomainError:
            pass

    @rule(hours=st.sampled_from([1, 30, 24 * 4, 24 * 16, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with self.store.unit() as unit:
            unit.claiming.lapse_silent(self.now)
            unit.closing.expire_unrated(self.now)
            unit.closing.archive_old(self.now)

    # ---- what always holds -----------------------------------------------------------------------

    @invariant()
    def no_case_is_lost(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as unit:
            assert unit.session.scalar(select(func.count()).select_from(Case)) == self.filed
            for case in unit.session.scalars(select(Case)):
                moves = list(
                    unit.session.scalars(
                        select(TimelineEntry.state)
                        .where(TimelineEntry.case_number == case.number, TimelineEntry.state != "")
                        .order_by(TimelineEntry.id)
                    )
                )
                assert (moves[-1] if moves else "submitted") == case.state
                assert (case.closed_at is not None) == (
                    case.state in ENDED and case.state not in ("declined", "merged")
                )

    @invariant()
    def at_most_one_leads_and_only_what_is_in_hand_is_held(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as unit:
            for case in unit.session.scalars(select(Case)):
                leads = [
                    claim
                    for claim in unit.session.scalars(select(Claim).where(Claim.case_number == case.number))
                    if claim.lead and claim.state in ("active", "fulfilled")
                ]
                assert len(leads) <= 1
                holds = unit.claims.live(case.number)
                if case.state in IN_HAND:
                    assert holds, f"{case.state}, and nobody has it"
                if case.state in (
                    "submitted",
                    "accepted",
                    "open",
                    "withdrawn",
                    "declined",
                    "transferred",
                    "merged",
                ):
                    assert not leads, case.state

    @invariant()
    def phones_are_for_whoever_has_it_in_hand(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as unit:
            for number in self.numbers:
                case = unit.casework.find(number)
                holders = {hold.organisation_id for hold in unit.claims.live(number)}
                for part, person in self.town.people.items():
                    right = part in ("reporter", "branch") or (
                        case.state in IN_HAND
                        and person.organisation_id in holders
                        and PEOPLE[part][2] is not None
                    )
                    assert unit.cases.may_call(case, person, self.now) == right, (part, case.state)

    @invariant()
    def nothing_is_closed_by_whoever_did_it_and_unrated_is_not_satisfied(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as unit:
            for case in unit.session.scalars(select(Case).where(Case.state.in_(["closed", "archived"]))):
                if case.close_kind not in ("", CloseKind.NORMAL.value):
                    continue
                words = unit.session.scalars(
                    select(Evaluation).where(
                        Evaluation.case_number == case.number, Evaluation.round == case.reworks
                    )
                ).all()
                ended = [
                    entry.event for entry in unit.timeline.of(case.number, 300) if entry.state == "closed"
                ]
                if not words:
                    assert ended[-1] == "expire"
                elif not any(word.kind == "visit" for word in words):
                    assert all(word.member_id == case.reporter_id for word in words)
                for word in words:
                    if word.kind == "visit":
                        roles = unit.standings.of(
                            case,
                            next(
                                each for each in self.town.people.values() if each.member_id == word.member_id
                            ),
                            word.at,
                        ).roles
                        assert not roles & {Role.HANDLER, Role.HELPER}

    @invariant()
    def clocks_run_only_while_something_is_due(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.reading() as unit:
            for case in unit.session.scalars(select(Case)):
                running = unit.session.scalars(
                    select(Clock.kind).where(Clock.case_number == case.number, Clock.stopped_at.is_(None))
                ).all()
                assert len(set(running)) == len(running)
                if case.state in ENDED:
                    assert not running, (case.state, running)
                if case.state == CaseState.RESOLVED:
                    assert running == ["rate"]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


TestTown = Town365.TestCase
TestTown.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)

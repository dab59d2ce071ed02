"""Whatever people do, in whatever order: no case is lost, no lead doubled, no phone shown to who has no right to it."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from models import schema
from models.base import DomainError
from models.case import Case
from models.claim import Claim
from models.clock import Clock
from models.evaluation import Evaluation
from models.life import ENDED, IN_HAND, RIGHTS, CaseKind, CaseState, CloseKind, Role, Step
from models.store import Store
from models.timeline import TimelineEntry
from models.vault import Vault, new_key
from tests.store.test_life import ALLOWED, VERBS
from tests.store.town import PEOPLE, Town, build, report

RARE = frozenset({Step.WITHDRAW, Step.TRANSFER, Step.MERGE, Step.DECLINE, Step.WRITE_OFF})
"""Steps that end a case before anything came of it: left to chance, so that most cases go on."""
START = datetime.fromisoformat("2026-05-11T09:00:00+08:00")
PARTS = sorted(PEOPLE)
STEPS = sorted(VERBS)


def _empty_town(folder: Path, key: str) -> tuple[Store, Town]:
    store = Store(f"sqlite:///{folder / 'town.db'}", Vault(key))
    schema.upgrade(store)
    return store, build(store, START)


class Walk:
    """Some cases, everybody, and time that passes; one seed makes one walk."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = Random(seed)
        self.store, self.town = _empty_town(folder, new_key())
        self.now = START
        self.numbers = [
            report(self.store, self.town, self.now, kind=kind)
            for kind in (CaseKind.NEED, CaseKind.PROBLEM, CaseKind.PROJECT)
        ]
        report(self.store, self.town, self.now)  # one to merge into
        self.seen: set[str] = set()

    def go(self, steps: int) -> None:
        """So many things happen; after each of them everything must still be true."""
        moves = (
            [self.it_goes_on] * 10
            + [self.somebody_tries] * 4
            + [self.the_reporter_rates] * 2
            + [self.somebody_invites, self.somebody_puts_into_a_project, self.somebody_decides]
            + [self.time_passes]
        )
        for _ in range(steps):
            with contextlib.suppress(DomainError):
                self.dice.choice(moves)()
            for check in (
                self.no_case_is_lost,
                self.at_most_one_leads_and_only_what_is_in_hand_is_held,
                self.phones_are_for_whoever_has_it_in_hand,
                self.nothing_is_closed_by_whoever_did_it_and_unrated_is_not_satisfied,
                self.clocks_run_only_while_something_is_due,
            ):
                check()

    def it_goes_on(self) -> None:
        """A step that the state allows, by whom it belongs to: so that cases come far."""
        number = self.dice.choice(self.numbers)
        with self.store.reading() as unit:
            state = CaseState(unit.casework.find(number).state)
            holds = unit.claims.live(number)
        possible = [step for step in STEPS if state in ALLOWED[step] and step not in RARE]
        step = self.dice.choice(possible or STEPS)
        part = VERBS[step][0]
        if holds and RIGHTS[step] & {Role.HANDLER}:
            part = next(
                each
                for each, (_, code, post) in PEOPLE.items()
                if post and self.town.organisations[code] == holds[0].organisation_id
            )
        self.take(number, step, part)

    def somebody_tries(self) -> None:
        """Anybody, anything."""
        self.take(self.dice.choice(self.numbers), self.dice.choice(STEPS), self.dice.choice(PARTS))

    def take(self, number: int, step: Step, part: str) -> None:
        """One step by one person."""
        with self.store.unit() as unit:
            VERBS[step][1](unit, unit.casework.find(number), self.town[part], self.now)

    def the_reporter_rates(self) -> None:
        """Well or badly."""
        with self.store.unit() as unit:
            case = unit.casework.find(self.dice.choice(self.numbers))
            level = self.dice.randint(1, 5)
            unit.closing.evaluate(case, level, by=self.town["reporter"], text="", now=self.now)

    def somebody_invites(self) -> None:
        """One organisation, or several."""
        asked = self.dice.sample(["power", "market", "village"], self.dice.randint(1, 3))
        by = self.town[self.dice.choice(["chair", "lead", "next_chair", "market"])]
        with self.store.unit() as unit:
            case = unit.casework.find(self.dice.choice(self.numbers))
            unit.claiming.invite(case, [self.town.organisations[each] for each in asked], by=by, now=self.now)

    def somebody_puts_into_a_project(self) -> None:
        """A need or a problem into the project."""
        with self.store.unit() as unit:
            project = unit.casework.find(self.numbers[2])
            item = unit.casework.find(self.dice.choice(self.numbers))
            unit.projects.put_in(project, [item], by=self.town[self.dice.choice(PARTS)], now=self.now)

    def somebody_decides(self) -> None:
        """On a request for more time."""
        with self.store.unit() as unit:
            case = unit.casework.find(self.dice.choice(self.numbers))
            by = self.town[self.dice.choice(["chair", "lead", "above", "next_chair"])]
            unit.solving.decide_extension(case, by=by, granted=self.dice.random() < 0.5, now=self.now)

    def time_passes(self) -> None:
        """An hour, a day, or so long that things lapse."""
        self.now += timedelta(hours=self.dice.choice([1, 30, 24 * 4, 24 * 16, 24 * 31]))
        with self.store.unit() as unit:
            unit.claiming.lapse_silent(self.now)
            unit.closing.expire_unrated(self.now)
            unit.closing.archive_old(self.now)

    # ---- what always holds -----------------------------------------------------------------------

    def no_case_is_lost(self) -> None:
        with self.store.reading() as unit:
            assert unit.session.scalar(select(func.count()).select_from(Case)) == len(self.numbers) + 1
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

    def at_most_one_leads_and_only_what_is_in_hand_is_held(self) -> None:
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

    def phones_are_for_whoever_has_it_in_hand(self) -> None:
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

    def nothing_is_closed_by_whoever_did_it_and_unrated_is_not_satisfied(self) -> None:
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

    def clocks_run_only_while_something_is_due(self) -> None:
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


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens(tmp_path: Path, seed: int) -> None:
    walk = Walk(tmp_path, seed)
    try:
        walk.go(60)
    finally:
        walk.store.close()


def test_the_walks_come_everywhere(tmp_path: Path) -> None:
    """A walk that never left the beginning would prove nothing."""
    seen: set[str] = set()
    for seed in range(12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        walk = Walk(folder, seed)
        for _ in range(60):
            with contextlib.suppress(DomainError):
                walk.it_goes_on()
            with walk.store.reading() as unit:
                seen |= {unit.casework.find(number).state for number in walk.numbers}
        walk.store.close()
    assert seen >= {state.value for state in CaseState} - {
        "draft",
        "transferred",
        "merged",
        "withdrawn",
        "declined",
    }

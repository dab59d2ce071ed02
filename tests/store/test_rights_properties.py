"""Whoever is appointed, joins, leaves or leads, and at whatever minute it is asked: who may act for whom is what the
tables say when they are read with plain loops. Nothing else is kept anywhere."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.base import DomainError
from models.consortium import Consortium
from models.member import Member
from models.moment import SHANGHAI, local
from models.post import JointPost, Post, PostKind
from models.seat import Seat
from models.store import Store, Unit
from models.term import Term
from models.vault import Vault
from tests.conftest import KEY
from tests.store.plainly import Plain, rows
from tests.store.town import Town, build, report

FIRST = date(2026, 5, 27)
DAYS = st.integers(0, 8).map(lambda days: FIRST + timedelta(days=days))
"""Around the end of a month, which is when turns, seats and posts change; few, so that they meet."""
CLOCKS = st.sampled_from([time(0, 0), time(10, 0), time(17, 30), time(23, 59, 59)])
MOMENTS = st.builds(lambda day, clock: datetime.combine(day, clock, SHANGHAI), DAYS, CLOCKS)
PARTS = st.sampled_from(["reporter", "neighbour", "branch", "chair", "next_chair", "lead", "stranger"])
CODES = st.sampled_from(["town", "village", "tax", "power", "far"])
KINDS = {
    of: st.sampled_from([kind for kind in PostKind.all() if kind.of == of])
    for of in ("organisation", "consortium")
}
UNITS = st.sampled_from([0, 0, 1, 2])
"""Which of the three consortia: mostly the one that the need belongs to."""
ROLES = st.sampled_from(["member", "partner", "observer", "observer"])
MOST_PROBES = 8
MOVES = st.one_of(
    st.tuples(
        st.just("appoint"), PARTS, CODES, KINDS["organisation"], MOMENTS | DAYS, st.none() | MOMENTS | DAYS
    ),
    st.tuples(st.just("dismiss"), PARTS, st.integers(0, 3), MOMENTS | DAYS),
    st.tuples(st.just("send"), PARTS, UNITS, KINDS["consortium"], MOMENTS, st.none() | MOMENTS),
    st.tuples(st.just("recall"), PARTS, st.integers(0, 3), MOMENTS),
    st.tuples(st.just("strike"), PARTS, MOMENTS),
    st.tuples(st.just("join"), UNITS, CODES, DAYS, st.none() | DAYS, ROLES),
    st.tuples(st.just("leave"), UNITS, CODES, DAYS),
    st.tuples(st.just("serve"), UNITS, CODES, ROLES, DAYS),
    st.tuples(st.just("hand"), UNITS, CODES, DAYS),
    st.tuples(st.just("place"), UNITS, st.none() | UNITS, DAYS),
    st.tuples(st.just("dissolve"), UNITS, DAYS),
    st.tuples(st.just("turn"), UNITS, CODES, DAYS, st.integers(0, 40)),
)


class World:
    """The town, with a part under its consortium and a league beside it, and a need that somebody was asked about."""

    def __init__(self, store: Store) -> None:
        self.store = store
        now = datetime.combine(FIRST, time(9), SHANGHAI)
        self.town: Town = build(store, now)
        self.number = report(store, self.town, now)
        ids = self.town.organisations
        with store.unit() as unit:
            whole = unit.consortia.get(self.town.consortium)
            part = unit.founding.found(
                code="P",
                name="下设总支",
                kind="联合党总支",
                modes=(),
                lead_id=ids["village"],
                on=FIRST,
                under=whole,
            )
            league = unit.founding.found(
                code="L", name="邻近联盟", kind="联盟", modes=(), lead_id=ids["far"], on=FIRST
            )
            self.consortia = [whole.id, part.id, league.id]
            case = unit.casework.find(self.number)
            unit.claiming.invite(case, [ids["far"]], by=self.town["lead"], now=now)
        self._turns = 10

    def make(self, move: tuple[Any, ...]) -> None:
        """One change, or its refusal."""
        verb, *facts = move
        with contextlib.suppress(DomainError), self.store.unit() as unit:
            getattr(self, verb)(unit, *facts)

    def _of(self, unit: Unit, which: int) -> Consortium:
        return unit.consortia.get(self.consortia[which])

    def appoint(self, unit: Unit, part: str, code: str, kind: PostKind, since: Any, until: Any) -> None:
        unit.posts.appoint(
            member_id=self.town[part].member_id,
            organisation_id=self.town.organisations[code],
            kind=kind,
            since=since,
            until=until,
        )

    def dismiss(self, unit: Unit, part: str, which: int, at: Any) -> None:
        for post in unit.posts.of_member(self.town[part].member_id)[which : which + 1]:
            unit.posts.dismiss(post, at)

    def send(self, unit: Unit, part: str, which: int, kind: PostKind, since: Any, until: Any) -> None:
        unit.posts.appoint_jointly(
            member_id=self.town[part].member_id,
            organisation_id=self.town[part].organisation_id,
            consortium_id=self.consortia[which],
            kind=kind,
            since=since,
            until=until,
        )

    def recall(self, unit: Unit, part: str, which: int, at: datetime) -> None:
        for post in unit.posts.joint_of_member(self.town[part].member_id)[which : which + 1]:
            unit.posts.dismiss(post, at)

    def strike(self, unit: Unit, part: str, at: datetime) -> None:
        unit.session.get_one(Member, self.town[part].member_id).left_at = at

    def join(self, unit: Unit, which: int, code: str, since: date, until: date | None, role: str) -> None:
        organisation_id = self.town.organisations[code]
        unit.founding.join(self._of(unit, which), organisation_id, since=since, until=until, role=role)

    def leave(self, unit: Unit, which: int, code: str, on: date) -> None:
        unit.founding.leave(self._of(unit, which), self.town.organisations[code], on)

    def serve(self, unit: Unit, which: int, code: str, role: str, on: date) -> None:
        unit.founding.serve_as(self._of(unit, which), self.town.organisations[code], role, on)

    def hand(self, unit: Unit, which: int, code: str, on: date) -> None:
        unit.founding.hand_lead(self._of(unit, which), self.town.organisations[code], on)

    def place(self, unit: Unit, which: int, under: int | None, on: date) -> None:
        unit.founding.place(self._of(unit, which), None if under is None else self._of(unit, under), on)

    def dissolve(self, unit: Unit, which: int, on: date) -> None:
        unit.founding.dissolve(self._of(unit, which), on)

    def turn(self, unit: Unit, which: int, code: str, starts_on: date, days: int) -> None:
        ends_on = starts_on + timedelta(days=days)
        for term in unit.consortia.terms():
            same = term.consortium_id == self.consortia[which]
            if same and term.starts_on <= ends_on and starts_on <= term.ends_on:
                return  # the rota has no two at a time
        self._turns += 1
        unit.consortia.schedule(
            Term.plan(
                consortium_id=self.consortia[which],
                sequence=self._turns,
                organisation_id=self.town.organisations[code],
                starts_on=starts_on,
                ends_on=ends_on,
            )
        )


def agree(world: World, now: datetime) -> None:
    """What the product says at that moment is what the tables say."""
    town = world.town
    with world.store.reading() as unit:
        plain = Plain.read(unit, now)
        for organisation_id in town.organisations.values():
            card = unit.card(organisation_id, now)
            assert [officer.member_id for officer in card.desk] == plain.desk(organisation_id)
            home = plain.home(organisation_id)
            assert card.consortium_id == home
            assert card.chair_id == (None if home is None else plain.chair(home))
            joined = unit.consortia.of_organisation(organisation_id, plain.day)
            assert {each.id for each in joined} == {
                each for each in world.consortia if organisation_id in plain.seated(each)
            }
        for consortium_id in world.consortia:
            consortium = unit.consortia.get(consortium_id)
            seated = unit.consortia.seated(consortium_id, plain.day)
            assert {each.organisation_id for each in seated} == plain.seated(consortium_id)
            chair = unit.consortia.chair(consortium_id, plain.day)
            assert (None if chair is None else chair[1].id) == plain.chair(consortium_id)
            signing = plain.seated(consortium_id, "signs") | {consortium.lead_id}
            assert set(unit.consortia.parties(consortium, plain.day)) == (
                signing if plain.there(consortium_id) else set()
            )
        case = unit.casework.find(world.number)
        invited = unit.claims.invited(world.number)
        for person in town.people.values():
            assert unit.organisations.offices_of(person.member_id, now) == plain.offices(person.member_id)
            assert unit.posts.acts_in(person.member_id, now) == plain.acts_in(person.member_id)
            standing = unit.standings.of(case, person, now)
            expected = plain.roles(person, case, invited)
            assert standing.roles == expected.keys()
            assert all(whose in expected[role] for role, whose in standing.organisations.items())


def turning_points(store: Store) -> list[datetime]:
    """Every moment around the month's end at which the tables say that something begins or ends."""
    with store.reading() as unit:
        posts = [*rows(unit, Post), *rows(unit, JointPost)]
        found = {at for post in posts for at in (post.begins_at, post.ends_at) if at is not None}
        days = {day for seat in rows(unit, Seat) for day in (seat.since, seat.until) if day is not None}
        days |= {term.starts_on for term in rows(unit, Term)}
        days |= {row.dissolved_on for row in rows(unit, Consortium) if row.dissolved_on is not None}
    found |= {datetime.combine(day, time(), SHANGHAI) for day in days}
    return sorted(at for at in found if local(at).date() >= FIRST)


def play(store: Store, moves: list[tuple[Any, ...]], dice: Random) -> None:
    """The moves, then the questions: at the very moment at which things begin and end, just before, and just after."""
    world = World(store)
    for move in moves:
        world.make(move)
    store.directory.forget()
    points = turning_points(store)
    for point in sorted(dice.sample(points, min(MOST_PROBES, len(points)))):
        for seconds in (0, -1, 1):  # clocks go back, too
            agree(world, point + timedelta(seconds=seconds))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the databases of one run lie."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(
    moves=st.lists(MOVES, min_size=15, max_size=30),
    dice=st.randoms(use_true_random=False),
    name=st.uuids(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_who_may_act_for_whom_is_what_the_tables_say(
    sqlite_template: Path, folder: Path, moves: list[tuple[Any, ...]], dice: Random, name: object
) -> None:
    path = folder / f"{name}.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}", Vault(KEY))
    try:
        play(store, moves, dice)
    finally:
        store.close()
        for rest in folder.glob(f"{path.name}*"):
            rest.unlink()


def test_the_same_on_both_databases(store: Store) -> None:
    """One long story with a move of every kind."""
    midnight = datetime(2026, 6, 1, tzinfo=SHANGHAI)
    noon = datetime(2026, 5, 29, 12, 0, tzinfo=SHANGHAI)
    of = PostKind.of_code
    moves: list[tuple[Any, ...]] = [
        ("appoint", "neighbour", "village", of("secretary"), noon, midnight),
        ("appoint", "reporter", "tax", of("committee"), date(2026, 5, 31), None),
        ("appoint", "stranger", "power", of("deputy"), midnight, None),
        ("dismiss", "chair", 0, date(2026, 5, 31)),
        ("send", "stranger", 0, of("joint_secretary"), noon, None),
        ("send", "neighbour", 1, of("joint_administrator"), noon, midnight),
        ("recall", "stranger", 0, midnight),
        ("join", 1, "tax", date(2026, 5, 1), date(2026, 6, 1), "partner"),
        ("join", 0, "far", date(2026, 5, 31), None, "member"),
        ("serve", 0, "tax", "observer", date(2026, 5, 30)),
        ("leave", 0, "power", date(2026, 6, 1)),
        ("hand", 0, "village", date(2026, 5, 28)),
        ("turn", 1, "village", date(2026, 5, 1), 30),
        ("turn", 2, "far", date(2026, 5, 31), 0),
        ("place", 1, None, date(2026, 5, 30)),
        ("dissolve", 2, date(2026, 6, 1)),
        ("strike", "lead", noon),
    ]
    play(store, moves, Random(1))

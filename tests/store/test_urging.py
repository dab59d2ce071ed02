"""The urging ladder on both databases: each rung once, whoever climbs; who is told; what stands still is not urged."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import msgspec
import pytest

from models.base import Happening
from models.case import Case
from models.claim import Claim
from models.clock import ClockKind, Level
from models.clocks import CalendarEnds
from models.member import Member
from models.moment import SHANGHAI
from models.organisation import Organisation, Post, PostKind
from models.pace import Pace
from models.revision import CALENDAR
from models.store import Store, Unit
from models.urging import RatingInvited, Stuck, Urged
from tests.store.conftest import Village, matter


def at(month: int, day: int, time: str = "09:00", year: int = 2026) -> datetime:
    return datetime.fromisoformat(f"{year}-{month:02}-{day:02}T{time}").replace(tzinfo=SHANGHAI)


class Place(msgspec.Struct, frozen=True):
    """Who stands around the case."""

    number: int
    town: int
    """The level above the lead organisation."""
    village: Village
    """Its consortium is led by the east; in May the east chairs, in June the west."""


@pytest.fixture
def place(store: Store, village: Village, now: datetime) -> Place:
    """A submitted case of the west, reported on a Monday morning, and a town above everybody."""
    with store.unit() as unit:
        town = unit.organisations.add(
            Organisation.found(code="T", name="官地镇党委", kind="党委", region="", parent_id=None, now=now)
        )
        officer = unit.members.add(
            Member.enrol(
                name="赵建军", phone="13800009999", organisation_id=town.id, vault=unit.vault, now=now
            )
        )
        unit.organisations.appoint(
            Post.appoint(
                member_id=officer.id,
                organisation_id=town.id,
                kind=PostKind.SECRETARY,
                since=date(2026, 1, 1),
            )
        )
        for organisation_id in (village.east, village.west):
            branch = unit.organisations.get(organisation_id)
            branch.rename(name=branch.name, kind="党支部", region="", parent_id=town.id)
        number = unit.cases.file(matter(village.wang, now), by=village.wang).number
        return Place(number, town.id, village)


def move_to(unit: Unit, number: int, state: str, **facts: object) -> None:
    """Puts the case where the verbs of its life would have brought it."""
    case = unit.session.get(Case, number)
    assert case is not None
    for name, value in {"state": state, **facts}.items():
        setattr(case, name, value)
    unit.session.flush()


def climb(store: Store, now: datetime) -> list[Happening]:
    """What is told when the clock looks at this moment."""
    with store.unit() as unit:
        unit.clocks.begin_missing(now)
        assert unit.urgings.reached(now) or unit.urgings.climb(now) == 0
        unit.urgings.climb(now)
        return list(unit.happenings)


def levels(happenings: list[Happening]) -> list[Level]:
    return [each.level for each in happenings if isinstance(each, Urged)]


def claim(unit: Unit, place: Place, organisation_id: int, state: str = "active") -> None:
    unit.session.add(
        Claim(
            case_number=place.number,
            organisation_id=organisation_id,
            member_id=place.village.bao.member_id,
            lead=True,
            state=state,
            plan="",
            promised_on=None,
            applied_at=at(5, 11),
            effective_at=at(5, 11),
            ended_at=None,
            end_reason="",
        )
    )
    unit.session.flush()


def test_each_rung_is_climbed_once_and_at_its_time(store: Store, place: Place) -> None:
    """Reported on Monday, to be accepted on Tuesday until 17:30."""
    told = {}
    moment = at(5, 11, "09:05")
    while moment < at(5, 28):
        for level in levels(climb(store, moment)):
            told[moment] = level
        moment += timedelta(hours=1, minutes=30)
    assert told == {
        at(5, 12, "09:05"): Level.REMIND,
        at(5, 13, "09:05"): Level.URGE,
        at(5, 19, "09:05"): Level.SUPERVISE,
        at(5, 26, "09:05"): Level.ESCALATE,
    }


def test_who_is_told_before_a_claim(store: Store, place: Place) -> None:
    village = place.village
    with store.unit() as unit:
        unit.clocks.begin_missing(at(5, 11))
    [remind] = climb(store, at(5, 12))
    [urge] = climb(store, at(5, 13))
    [supervise] = climb(store, at(5, 19))
    [escalate] = climb(store, at(5, 26))
    for each in (remind, urge, supervise, escalate):
        assert isinstance(each, Urged)
        assert each.number == place.number
        assert each.kind is ClockKind.ACCEPT
        assert each.holder_id == village.east
        assert not each.claimed
    assert isinstance(urge, Urged)
    assert isinstance(supervise, Urged)
    assert isinstance(escalate, Urged)
    assert urge.organisation_ids == (village.east,)  # the chair
    assert urge.days_over == 1
    assert supervise.organisation_ids == (village.east,)  # chair and lead at once
    assert escalate.organisation_ids == (village.east, place.town)
    assert escalate.days_over == 10
    with store.reading() as unit:
        case = unit.session.get(Case, place.number)
        assert case is not None
        assert case.raised_at == at(5, 26)
        entries = [
            (entry.event, entry.note, entry.actor_id, entry.public)
            for entry in unit.timeline.of(place.number)
        ]
        assert entries[1:] == [
            ("urge", "东沟村党支部", None, False),
            ("supervise", "东沟村党支部", None, False),
            ("raise", "东沟村党支部、官地镇党委", None, False),
        ]
        assert [(row.level, row.organisation_id) for row in unit.urgings.of(place.number)] == [
            ("remind", village.east),
            ("urge", village.east),
            ("supervise", village.east),
            ("escalate", village.east),
            ("escalate", place.town),
        ]


def test_after_a_claim_the_claimant_is_told_first(store: Store, place: Place) -> None:
    village = place.village
    with store.unit() as unit:
        move_to(unit, place.number, "in_progress")
        claim(unit, place, village.far, "revoked")
        claim(unit, place, village.west)
        unit.clocks.start(place.number, ClockKind.RESOLVE, at(5, 25), pace=Pace.GENERAL)
    found = climb(store, at(6, 8))
    [supervise] = [each for each in found if isinstance(each, Urged)]
    assert supervise.level is Level.SUPERVISE
    assert supervise.claimed
    assert supervise.holder_id == village.west
    assert supervise.organisation_ids == (
        village.west,
        village.east,
    )  # in June the west chairs; the east leads


def test_without_a_consortium_the_branch_and_what_is_above_it(
    store: Store, place: Place, now: datetime
) -> None:
    with store.unit() as unit:
        far = unit.organisations.get(place.village.far)
        empty = unit.organisations.add(
            Organisation.found(
                code="Q", name="没有人的总支", kind="党总支", region="", parent_id=place.town, now=now
            )
        )
        far.rename(name=far.name, kind="党支部", region="", parent_id=empty.id)
        move_to(unit, place.number, "withdrawn")
        unit.cases.file(matter(place.village.bao, now), by=place.village.bao)
    [escalate] = climb(store, at(5, 29))
    assert isinstance(escalate, Urged)
    # The nearest level above at which somebody can be told.
    assert escalate.organisation_ids == (place.village.far, place.town)


def test_what_comes_late_is_told_once_as_the_highest(store: Store, place: Place) -> None:
    """The process stood still for a fortnight: nobody gets four letters at once."""
    assert levels(climb(store, at(5, 20))) == [Level.SUPERVISE]
    assert levels(climb(store, at(5, 20, "09:30"))) == []
    assert levels(climb(store, at(5, 26))) == [Level.ESCALATE]


def test_a_short_clock_is_not_reminded_of_before_it_began(store: Store, place: Place) -> None:
    with store.unit() as unit:
        unit.clocks.begin_missing(at(5, 11))
        assert unit.urgings.climb(at(5, 11)) == 1  # three and one working days before were before the report
        assert unit.happenings == []
        assert unit.urgings.climb(at(5, 11)) == 0


def test_two_at_once_tell_once(store: Store, place: Place, now: datetime) -> None:
    with store.unit() as unit:
        for number in range(20):
            unit.cases.file(matter(place.village.wang, now, f"第{number}件"), by=place.village.wang)
        unit.clocks.begin_missing(now)
    other = Store(store.engine.url.render_as_string(hide_password=False), store.vault)
    told: list[int] = []
    barrier = threading.Barrier(2)

    def work(own: Store) -> None:
        barrier.wait()
        for _ in range(8):
            with own.unit() as unit:
                unit.urgings.climb(at(5, 13), limit=3)
                told.extend(each.number for each in unit.happenings if isinstance(each, Urged))

    threads = [threading.Thread(target=work, args=(each,)) for each in (store, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(told) == 21
    assert len(set(told)) == 21


def test_what_stands_still_is_not_urged(store: Store, place: Place) -> None:
    with store.unit() as unit:
        unit.clocks.begin_missing(at(5, 11))
        unit.clocks.pause(place.number, at(5, 11, "10:00"))
    assert climb(store, at(5, 25)) == []
    with store.unit() as unit:
        unit.clocks.resume(place.number, at(5, 25))
    assert climb(store, at(5, 26)) != []  # due today, ten working days later
    assert levels(climb(store, at(5, 27))) == [Level.URGE]


def test_a_case_that_went_on_is_not_urged_though_its_clock_was_forgotten(store: Store, place: Place) -> None:
    with store.unit() as unit:
        unit.clocks.begin_missing(at(5, 11))
        move_to(unit, place.number, "withdrawn")
    assert climb(store, at(5, 20)) == []
    with store.reading() as unit:
        assert [clock.stopped_at for clock in unit.clocks.of(place.number)] == [at(5, 20)]


def test_an_extension_lets_the_ladder_begin_anew(store: Store, place: Place) -> None:
    with store.unit() as unit:
        move_to(unit, place.number, "in_progress")
        claim(unit, place, place.village.west)
        unit.clocks.start(
            place.number, ClockKind.RESOLVE, at(5, 11), pace=Pace.GENERAL, due_on=date(2026, 5, 15)
        )
    assert levels(climb(store, at(5, 18))) == [Level.URGE]
    with store.unit() as unit:
        unit.clocks.move(place.number, ClockKind.RESOLVE, date(2026, 5, 29), at(5, 18))
    assert levels(climb(store, at(5, 19))) == []
    assert levels(climb(store, at(5, 26))) == [Level.REMIND]
    assert levels(climb(store, at(6, 1))) == [Level.URGE]


def test_what_is_heard_answers_what_was_urged(store: Store, place: Place) -> None:
    with store.unit() as unit:
        move_to(unit, place.number, "in_progress")
        claim(unit, place, place.village.west)
        unit.clocks.start(place.number, ClockKind.RESOLVE, at(5, 11), pace=Pace.GENERAL)
        unit.clocks.start(place.number, ClockKind.PROGRESS, at(5, 11), pace=Pace.GENERAL)
    assert Level.URGE in levels(climb(store, at(5, 19)))
    with store.unit() as unit:
        unit.clocks.heard(place.number, at(5, 19, "10:00"))
        answers = {row.answered_at for row in unit.urgings.of(place.number)}
        assert answers == {at(5, 19, "10:00")}


def test_urgent_matters_climb_by_hours(store: Store, place: Place) -> None:
    with store.unit() as unit:
        move_to(unit, place.number, "submitted", urgent=True)
    assert levels(climb(store, at(5, 11, "10:59"))) == []
    assert levels(climb(store, at(5, 11, "11:00"))) == [Level.URGE]
    [supervise] = climb(store, at(5, 11, "13:10"))
    assert isinstance(supervise, Urged)
    assert supervise.hours_over == 2
    assert supervise.days_over == 0
    assert levels(climb(store, at(5, 12, "11:00"))) == [Level.ESCALATE]


def test_who_has_not_rated_is_asked_once_more(store: Store, place: Place) -> None:
    with store.unit() as unit:
        move_to(unit, place.number, "resolved")
        unit.clocks.start(place.number, ClockKind.RATE, at(5, 11), pace=Pace.GENERAL)
    assert climb(store, at(5, 13)) == []
    [invited] = climb(store, at(5, 14))
    assert isinstance(invited, RatingInvited)
    assert invited.reporter_id == place.village.wang.member_id
    assert climb(store, at(6, 30)) == []


@pytest.mark.parametrize("often", [{"reworks": 3}, {"transfers": 3}])
def test_what_is_stuck_goes_up_at_once(store: Store, place: Place, often: dict[str, int]) -> None:
    with store.unit() as unit:
        move_to(unit, place.number, "rework", **dict.fromkeys(often, 2))
        assert not unit.urgings.raise_if_stuck(place.number, at(5, 20))
        move_to(unit, place.number, "rework", **often)
        claim(unit, place, place.village.west)
        unit.clocks.start(place.number, ClockKind.RESOLVE, at(5, 20), pace=Pace.GENERAL)
        assert unit.urgings.raise_if_stuck(place.number, at(5, 20))
        assert not unit.urgings.raise_if_stuck(place.number, at(5, 21))
        [stuck] = unit.happenings
        assert isinstance(stuck, Stuck)
        assert stuck.organisation_ids == (place.village.west, place.village.east, place.town)
        assert [row.level for row in unit.urgings.of(place.number)] == ["escalate"] * 3
        case = unit.session.get(Case, place.number)
        assert case is not None
        assert case.raised_at == at(5, 20)
        assert not unit.urgings.raise_if_stuck(999, at(5, 21))


def test_a_year_that_is_missing_is_told_and_urges_nobody(store: Store, place: Place) -> None:
    with store.unit() as unit:
        unit.clocks.start(place.number, ClockKind.ACCEPT, at(12, 30), pace=Pace.GENERAL)
    assert levels(climb(store, at(12, 31))) == [Level.REMIND]
    found = climb(store, at(1, 20, year=2027))
    assert [type(each) for each in found] == [CalendarEnds]
    with store.reading() as unit:
        assert not unit.urgings.reached(at(1, 21, year=2027))


def test_without_any_calendar_hours_still_count(store: Store, place: Place) -> None:
    with store.unit() as unit:
        for row in unit.workdays.entries():
            unit.session.delete(row)
        unit.revisions.bump(CALENDAR)
        move_to(unit, place.number, "submitted", urgent=True)
    found = climb(store, at(5, 11, "12:00"))
    assert levels(found) == [Level.URGE]
    assert [each.year for each in found if isinstance(each, CalendarEnds)] == [2026]

"""The wall clock is set, or the machine slept: it is noticed, nothing is told twice, nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
import structlog

import handlers
import models.agenda
import models.reminding
from bot.kit.clock import MovableClock
from bot.kit.context import Aloud
from bot.kit.router import Router
from bot.work import rounds as rounds_module
from bot.work.timekeeper import Timekeeper
from models.agenda import Ladder, Reminded, Rung
from models.store import Store, Unit

from .scene import START, Scene, at_work, rows, settle

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
OFFICER = 2
"""The member whom the matter's letters go to."""


class SetClock(MovableClock):
    """A clock that can be set back too, as the machine's own can."""

    def set(self, by: timedelta) -> None:
        """Sets it forward or back."""
        self._ahead += by


class Said(Reminded, frozen=True, kw_only=True):
    """A rung of the matter below."""


class Keeper:
    """Knows the matter."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded:
        """There is always something to tell."""
        return Said(about=base.about, to=base.to, late=base.late, priority=base.priority)


@pytest.fixture
def matter(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """People, and one matter ten days ahead whose ladder has a rung on each of the last five days."""
    ladder = Ladder(
        subject="jump",
        rung=tuple(Rung(name=f"d{days}", to=("all",), days=-days) for days in (5, 4, 3, 2, 1, 0)),
    )
    monkeypatch.setattr(models.agenda, "notice_ladders", lambda: {"jump": ladder})
    monkeypatch.setattr(models.reminding, "_keepers", lambda: {"jump": Keeper()})
    on, all_routers = Router(), handlers.router

    @on.happened(Said)
    def said(aloud: Aloud, happening: Said) -> None:
        about = happening.about
        key = f"{about.subject}:{about.subject_id}:{about.edition}:{about.rung}"
        aloud.post([OFFICER], "jump", key=key, text=about.rung, about=about)

    monkeypatch.setattr(handlers, "router", lambda: Router.merge([all_routers(), on]))
    settle(store)
    with store.unit() as unit:
        unit.agendas.plan("jump", 1, START + 10 * DAY)
    return store


def told(scene: Scene) -> list[str]:
    """What was told, in its order."""
    return [letter.text for letter in scene.pushed if letter.kind == "jump"]


def test_a_week_forward_tells_the_last_of_what_was_passed_and_the_rest_at_its_time(matter: Store) -> None:
    async def go() -> list[list[str]]:
        clock = SetClock(START)
        async with at_work(matter, clock=clock) as scene:
            seen = []
            for jump in (timedelta(), WEEK, timedelta(), DAY, DAY, DAY, WEEK):
                clock.set(jump)
                await scene.rounds.all_now()
                seen.append(told(scene))
                scene.pushed.clear()
            return seen

    assert asyncio.run(go()) == [[], ["d3"], [], ["d2"], ["d1"], ["d0"], []]


def test_an_hour_back_tells_nothing_again_and_nothing_is_lost(matter: Store) -> None:
    async def go() -> list[list[str]]:
        clock = SetClock(START)
        async with at_work(matter, clock=clock) as scene:
            seen = []
            # Back across nine o'clock, when the first rung is due, and forward across it again.
            for jump in (5 * DAY, -HOUR, HOUR, -HOUR, DAY + HOUR, -HOUR, timedelta(), DAY + HOUR):
                clock.set(jump)
                await scene.rounds.all_now()
                seen.append(told(scene))
                scene.pushed.clear()
            return seen

    assert asyncio.run(go()) == [["d5"], [], [], [], ["d4"], [], [], ["d3"]]


def test_a_letter_that_is_owed_when_the_clock_goes_back_comes_late_and_once(store: Store) -> None:
    settle(store)

    async def go() -> list[int]:
        clock = SetClock(START)
        async with at_work(store, clock=clock) as scene:
            with store.unit() as unit:
                unit.outbox.post(key="k", kind="jump", text="t", fields={}, now=clock(), member_id=OFFICER)
            counts = []
            for jump in (-HOUR, HOUR, -HOUR, WEEK):
                clock.set(jump)
                await scene.rounds.all_now()
                counts.append(len(told(scene)))
            return counts

    assert asyncio.run(go())[1:] == [1, 1, 1]


def test_a_process_that_slept_or_was_down_for_a_week_catches_up_once(matter: Store) -> None:
    """What was seen last is in the database alone: a new process goes on where the old one stopped."""

    async def live(clock: SetClock) -> list[str]:
        async with at_work(matter, clock=clock) as scene:
            await scene.rounds.all_now()
            return told(scene)

    clock = SetClock(START)
    heard = []
    for pause in (timedelta(), 5 * DAY, timedelta(), WEEK, timedelta()):
        clock.set(pause)
        heard.append(asyncio.run(live(clock)))
    assert heard == [[], ["d5"], [], ["d0"], []]
    assert len(rows(matter, "SELECT id FROM outbox WHERE kind = 'jump'")) == 2


@pytest.mark.parametrize("jump", [WEEK, timedelta(minutes=10)])
def test_the_rounds_notice_by_themselves_and_look_at_everything_at_once(
    matter: Store, jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their next round would be an hour away."""
    monkeypatch.setattr(rounds_module, "LOOK_S", 0.02)

    async def go() -> list[str]:
        clock = SetClock(START + 5 * DAY - timedelta(minutes=5))
        async with at_work(matter, clock=clock) as scene:
            scene.rounds.start()
            await asyncio.sleep(0.3)
            assert told(scene) == []
            clock.set(jump)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if told(scene):
                    break
            clock.set(-HOUR)
            await asyncio.sleep(0.2)
            await scene.rounds.stop()
            return told(scene)

    with structlog.testing.capture_logs() as entries:
        assert len(asyncio.run(go())) == 1
    jumps = [entry["seconds"] for entry in entries if entry["event"] == "clock_jumped"]
    assert jumps == [jump.total_seconds(), -3600]


@pytest.mark.parametrize(
    ("wall", "steady", "jumped"),
    [
        (30, 30, 0),
        (90, 30.5, 0),
        (95, 30, 65),
        (-3600, 1, -3601),
        (604_800, 1, 604_799),  # the machine slept: its steady clock stood still
        (300, 300, 0),  # the process was held up: both went on
    ],
)
def test_the_timekeeper_compares_two_clocks(wall: float, steady: float, jumped: float) -> None:
    now, seconds = [START], [100.0]
    keeper = Timekeeper(lambda: now[0], lambda: seconds[0])
    assert keeper.jumped() == 0
    now[0] += timedelta(seconds=wall)
    seconds[0] += steady
    assert keeper.jumped() == jumped
    assert keeper.jumped() == 0, "each jump is told once"

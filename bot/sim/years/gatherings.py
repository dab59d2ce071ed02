"""What people meet for: needs that are collected each month, and a joint meeting each quarter."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time, timedelta
from importlib import resources
from random import Random
from typing import Final

import msgspec

from bot.sim.years.script import day_of
from bot.sim.years.walk import Story, Walk
from models.case import Case
from models.life import WORKED_ON, CaseKind, CaseState
from models.meeting import Meeting
from models.moment import SHANGHAI, local
from models.resolving import Matter

_CALLED_AHEAD: Final = 16
"""Days between the call and the meeting: items are asked for a fortnight before."""
_MOST_IN_HAND: Final = 2
"""Matters under way that a meeting gives a day."""
_LONGEST: Final = timedelta(days=30)
"""By when what is under way is to be done."""
_LOOKED_THROUGH: Final = 40
"""Open matters among which those are found."""


class Gathering(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One meeting; ``gatherings.toml`` says what each field means."""

    turn: int
    on: str
    place: str
    topic: str
    by: str
    decision: str
    lead: str
    days: int
    evidence: str
    level: int


class Gatherings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    minutes: str
    in_hand: str
    meeting: tuple[Gathering, ...]


def load() -> Gatherings:
    """Reads the data file."""
    text = resources.files("bot.sim.years").joinpath("gatherings.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Gatherings)


def begin(walk: Walk, start: date) -> None:
    """The meetings of the years, and those who answer that they need nothing."""
    told = load()
    for gathering in told.meeting:
        day = day_of(gathering.turn, gathering.on, start)
        called = max(day - timedelta(days=_CALLED_AHEAD), start)
        story = _meeting(walk, told, gathering, day)
        walk.begin(story, datetime.combine(called, time(8, 45), SHANGHAI))
    walk.begin(_nothing(walk), datetime.combine(start, time(12, 10), SHANGHAI))


def _nothing(walk: Walk) -> Story:
    """While needs are collected, some of every branch say each day that they need nothing."""
    while True:
        campaign = walk.unit.campaigns.current(walk.crew.consortium.id, walk.now)
        if campaign is not None:
            chance = walk.chance(f"nothing:{local(walk.now).date()}")
            for seat in walk.unit.consortia.seated(walk.crew.consortium.id, local(walk.now).date()):
                if chance.random() < 0.3:
                    by = walk.crew.member_of(seat.organisation_id, walk.now, chance)
                    walk.unit.campaigns.nothing(campaign, by=by, now=walk.now)
        yield walk.now + timedelta(days=1)


def _meeting(walk: Walk, told: Gatherings, gathering: Gathering, day: date) -> Story:
    """Called, its items gathered, held, its decisions written down; then what was decided anew is done."""
    meetings = walk.unit.meetings
    chance = walk.chance(f"meeting:{gathering.turn}:{gathering.on}")
    yield walk.office(0, chance)
    starts_at = datetime.combine(day, time(9, 0), SHANGHAI)
    meeting = meetings.call(
        walk.crew.consortium.id,
        starts_at=starts_at,
        place=gathering.place,
        by=walk.crew.chair(walk.now),
        now=walk.now,
    )
    yield walk.office(2, chance)
    meetings.put_item(
        meeting,
        text=gathering.topic,
        case=None,
        by=walk.crew.liaison(gathering.by, walk.now),
        now=walk.now,
    )
    yield walk.office(1, chance)
    for party in meetings.parties(meeting, local(walk.now).date()):
        by = walk.crew.liaison(party, walk.now)
        meetings.answer(meeting, party, coming=chance.random() < 0.9, by=by, now=walk.now)
    yield starts_at - timedelta(minutes=15)  # what is under way that morning is talked of too
    for case in _under_way(walk, meeting):
        meetings.put_item(meeting, text="", case=case, by=walk.crew.chair(walk.now), now=walk.now)
    yield starts_at + timedelta(hours=2)
    number = _decide(walk, told, gathering, meeting)
    yield from _carried_out(walk, gathering, number, chance)


def _under_way(walk: Walk, meeting: Meeting) -> list[Case]:
    suggested = walk.unit.meetings.suggest(meeting, walk.now, limit=_LOOKED_THROUGH)
    found = [each.case for each in suggested if CaseState(each.case.state) in WORKED_ON]
    return found[:_MOST_IN_HAND]


def _decide(walk: Walk, told: Gatherings, gathering: Gathering, meeting: Meeting) -> int:
    """Writes the decisions and the minutes down; gives the number of what was decided anew."""
    chair, number = walk.crew.chair(walk.now), 0
    for item in walk.unit.meetings.items(meeting):
        case = walk.case(item.case_number) if item.case_number is not None else None
        text, organisation_id = gathering.decision, walk.crew.id_of(gathering.lead)
        due_on = walk.workday(gathering.days + 3)
        if case is not None:
            holds = [each for each in walk.unit.claims.live(case.number) if each.lead]
            if not holds or CaseState(case.state) not in WORKED_ON:
                continue  # it was done, or let go of, before they met
            organisation_id, due_on = holds[0].organisation_id, local(walk.now + _LONGEST).date()
            name = walk.unit.card(organisation_id, walk.now).name
            text = told.in_hand.format(organisation=name, day=f"{due_on.month}月{due_on.day}日")
        resolution = walk.unit.resolving.decide(
            meeting,
            item=item,
            case=case,
            text=text,
            organisation_id=organisation_id,
            due_on=due_on,
            matter=Matter(
                text=f"{item.text}：{text}",
                kind=CaseKind.PROBLEM,
                category="其他",
                received_key=f"sample:{walk.seed}:meeting:{meeting.id}",
            ),
            by=chair,
            now=walk.now,
        )
        number = number or (resolution.case_number if case is None else 0)
    count = len(walk.unit.resolving.carried(meeting))
    walk.unit.meetings.write_minutes(meeting, told.minutes.format(count=count), by=chair, now=walk.now)
    return number


def _carried_out(walk: Walk, gathering: Gathering, number: int, chance: Random) -> Story:
    """The organisation that was named takes it on, does it and says so; whoever wrote it down rates it."""
    by = walk.crew.liaison(gathering.lead, walk.now)
    yield walk.office(1, chance)
    walk.unit.claiming.claim(walk.case(number), by=by, now=walk.now)
    yield walk.soon(chance)
    walk.unit.solving.contact(walk.case(number), by=by, now=walk.now)
    left = gathering.days
    while left > 4:
        left -= 4
        yield walk.office(4, chance)
        walk.unit.solving.progress(
            walk.case(number), by=by, note=chance.choice(walk.words.step), now=walk.now
        )
    yield walk.office(max(left, 1), chance)
    walk.unit.solving.resolve(walk.case(number), by=by, note=gathering.evidence, now=walk.now)
    yield walk.office(1, chance)
    case = walk.case(number)
    walk.unit.closing.evaluate(
        case, gathering.level, by=walk.crew.reporter(case, walk.now), text="", now=walk.now
    )

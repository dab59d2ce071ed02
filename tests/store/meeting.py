"""Meetings for tests: calling one, putting items on its agenda, deciding, and letting time pass."""

from __future__ import annotations

from datetime import date, datetime

from models.base import Happening
from models.life import CaseKind
from models.meeting import Meeting, MeetingItem, MeetingReminded, Resolution
from models.moment import SHANGHAI
from models.resolving import Matter
from models.store import Store, Unit
from tests.store.town import Town, build

NEW = Matter(text="修村西头那条路", kind=CaseKind.PROBLEM, category="基础设施", received_key="test:new")


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of 2026 in Chifeng."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


MEETS = at(5, 28)
CALLED = at(5, 11)
AFTERWARDS = at(5, 28, 11)
JUNE_20 = date(2026, 6, 20)


def settle(store: Store) -> Town:
    """Everybody, with the calendar on file."""
    town = build(store, at(1, 2))
    with store.unit() as unit:
        unit.workdays.ensure()
    return town


def call(store: Store, town: Town, now: datetime = CALLED, starts_at: datetime = MEETS) -> int:
    """A meeting is called; gives its id."""
    with store.unit() as unit:
        meeting = unit.meetings.call(
            town.consortium, starts_at=starts_at, place="镇政府", by=town["chair"], now=now
        )
        return meeting.id


def held(unit: Unit, meeting_id: int) -> Meeting:
    """The meeting of that id."""
    found = unit.meetings.get(meeting_id)
    assert found is not None
    return found


def put(
    store: Store, town: Town, meeting_id: int, number: int | None = None, text: str = "修路"
) -> MeetingItem:
    """An item on its agenda."""
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        case = unit.casework.find(number) if number else None
        position = unit.meetings.put_item(meeting, text=text, case=case, by=town["branch"], now=at(5, 12))
        return unit.meetings.item(meeting, position)


def decide(
    store: Store,
    town: Town,
    meeting_id: int,
    *,
    number: int | None = None,
    whose: str = "power",
    due_on: date = JUNE_20,
    by: str = "chair",
    now: datetime = AFTERWARDS,
    item: MeetingItem | None = None,
) -> tuple[Resolution, list[Happening]]:
    """A decision, and what happened by it."""
    with store.unit() as unit:
        resolution = unit.resolving.decide(
            held(unit, meeting_id),
            item=item,
            case=unit.casework.find(number) if number else None,
            text="6月20日前换灯",
            organisation_id=town.organisations[whose],
            due_on=due_on,
            matter=NEW,
            by=town[by],
            now=now,
        )
        return resolution, list(unit.happenings)


def climb(store: Store, now: datetime) -> list[MeetingReminded]:
    """Lets agendas climb; gives what is told of meetings."""
    with store.unit() as unit:
        while unit.reminding.reached(now) and unit.reminding.climb(now):
            pass
        return [each for each in unit.happenings if isinstance(each, MeetingReminded)]


def names(town: Town, reminded: MeetingReminded) -> set[str]:
    """The codes of those who are told."""
    codes = {organisation_id: code for code, organisation_id in town.organisations.items()}
    return {codes[each] for each in reminded.organisation_ids}

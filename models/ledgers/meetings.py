"""联席会议: what meetings talked about, what they decided, and how far that had come by a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import case, func, or_, select

from models.asof import day_of
from models.case import Case
from models.consortium import Consortium
from models.ledgers.asking import Ask
from models.ledgers.words import remark
from models.life import CaseState
from models.meeting import Meeting, MeetingItem, Resolution
from models.member import Member
from models.timeline import TimelineEntry

_DONE = frozenset((CaseState.RESOLVED.value, CaseState.CLOSED.value, CaseState.ARCHIVED.value))
"""States in which nobody is late any more."""


class MeetingRow(msgspec.Struct, frozen=True):
    """One resolution; or an item that none was passed on; or a meeting with neither."""

    consortium: str
    session: str
    held_at: datetime
    place: str
    item: str
    source: str
    decision: str
    organisation: str
    due_on: date | None
    number: int | None
    progress: str


class _Stand(msgspec.Struct, frozen=True):
    """Where the matter of a resolution stood."""

    kind: str
    state: str
    resolved_at: datetime | None
    """When it was last said to be done."""


def meetings(ask: Ask) -> Iterator[MeetingRow]:
    """9 联席会议. Meetings that were held within the period; what was called off, and what is still to come, is none."""
    begin, end = ask.period.begin, ask.period.end
    query = (
        select(Meeting.id, Consortium.name, Meeting.starts_at, Meeting.place, Meeting.sequence)
        .join(Consortium, Consortium.id == Meeting.consortium_id)
        .where(
            Meeting.starts_at >= begin,
            Meeting.starts_at < end,
            or_(Meeting.cancelled_at.is_(None), Meeting.cancelled_at >= end),
            *ask.scope.united(),
        )
        .order_by(Meeting.consortium_id, Meeting.starts_at, Meeting.id)
    )
    held = ask.unit.connection.execute(query).all()
    items, resolutions = _items(ask), _resolutions(ask)
    stands = _stands(ask)
    for meeting_id, consortium, starts_at, place, sequence in held:
        decided = resolutions.get(meeting_id, [])
        talked_of = items.get(meeting_id, [])
        pairs: list[tuple[Any, Any]] = []
        for item in talked_of:
            own = [each for each in decided if each.item_id == item.id]
            pairs += [(item, each) for each in own] or [(item, None)]
        pairs += [(None, each) for each in decided if each.item_id is None]
        for item, resolution in pairs or [(None, None)]:
            yield MeetingRow(
                consortium=consortium,
                session=remark("session", number=sequence),
                held_at=starts_at,
                place=place,
                item=_talked_of(ask, item),
                source=_source(ask, item, resolution),
                decision="" if resolution is None else ask.veil.text(resolution.text),
                organisation="" if resolution is None else ask.places[resolution.organisation_id].name,
                due_on=None if resolution is None else resolution.due_on,
                number=None if resolution is None else resolution.case_number,
                progress="" if resolution is None else _progress(ask, resolution, stands),
            )


def _items(ask: Ask) -> dict[int, list[Any]]:
    """The items by meeting, with what must be known of their cases so that nothing private is told."""
    query = (
        select(
            MeetingItem.id,
            MeetingItem.meeting_id,
            MeetingItem.text,
            MeetingItem.case_number,
            MeetingItem.organisation_id,
            Case.visibility,
            Case.organisation_id.label("branch_id"),
            Member.name_sealed,
        )
        .outerjoin(Case, Case.number == MeetingItem.case_number)
        .outerjoin(Member, Member.id == Case.reporter_id)
        .where(MeetingItem.at < ask.period.end)
        .order_by(MeetingItem.meeting_id, MeetingItem.position)
    )
    return _by_meeting(ask.unit.connection.execute(query).all())


def _resolutions(ask: Ask) -> dict[int, list[Any]]:
    query = (
        select(
            Resolution.meeting_id,
            Resolution.item_id,
            Resolution.text,
            Resolution.case_number,
            Resolution.organisation_id,
            Resolution.due_on,
        )
        .where(Resolution.at < ask.period.end)
        .order_by(Resolution.meeting_id, Resolution.position)
    )
    return _by_meeting(ask.unit.connection.execute(query).all())


def _by_meeting(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.meeting_id, []).append(row)
    return found


def _stands(ask: Ask) -> dict[int, _Stand]:
    """The last state that each matter of a resolution had come to by the end of the period."""
    resolved = case((TimelineEntry.state == CaseState.RESOLVED.value, TimelineEntry.at))
    newest = (
        select(
            TimelineEntry.case_number,
            TimelineEntry.state,
            func.max(resolved).over(partition_by=TimelineEntry.case_number).label("resolved_at"),
            func.row_number()
            .over(
                partition_by=TimelineEntry.case_number,
                order_by=(TimelineEntry.at.desc(), TimelineEntry.id.desc()),
            )
            .label("place"),
        )
        .where(
            TimelineEntry.case_number.in_(select(Resolution.case_number)),
            TimelineEntry.at < ask.period.end,
            TimelineEntry.state != "",
        )
        .subquery()
    )
    query = select(newest.c.case_number, Case.kind, newest.c.state, newest.c.resolved_at).join(
        Case, Case.number == newest.c.case_number
    )
    rows = ask.unit.connection.execute(query.where(newest.c.place == 1))
    return {number: _Stand(*stand) for number, *stand in rows}


def _talked_of(ask: Ask, item: Any) -> str:
    if item is None:
        return ""
    if item.case_number is None:
        return ask.veil.text(item.text)
    return ask.veil.matter(item.text, item.visibility, item.name_sealed)


def _source(ask: Ask, item: Any, resolution: Any) -> str:
    """议题来源: the matter that was on file, or whoever wanted it talked about."""
    if item is None:
        return "" if resolution is None else remark("item_there")
    if item.case_number is not None:
        return remark("item_case", number=item.case_number, organisation=ask.places[item.branch_id].name)
    return remark("item_by", organisation=ask.places[item.organisation_id].name)


def _progress(ask: Ask, resolution: Any, stands: dict[int, _Stand]) -> str:
    stand = stands.get(resolution.case_number)
    if stand is None:
        return ""
    state = CaseState(stand.state).label(stand.kind)
    if stand.state in _DONE and (day := day_of(stand.resolved_at)) is not None:
        return remark("carried_out", state=state, month=day.month, day=day.day)
    late = stand.state not in _DONE and resolution.due_on < ask.period.until
    return remark("past_due", state=state) if late else state

"""联席会议该告诉谁：召集、催报、上级报备、头一天、纪要、一个月两个月的办理情况；改了、不开了，告诉过谁就告诉谁。"""

from __future__ import annotations

from collections.abc import Iterable

from bot.kit.context import Aloud
from bot.kit.days import day_of, say_moment
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.meeting import MeetingChanged, MeetingDecided, MeetingReminded, MeetingTold, MinutesWritten
from models.moment import local
from models.organisation import Officer, PostKind
from models.outbox import ABOUT_NOTHING, Priority

on = Router()

SHOWN = 3
"""Items that a letter names."""


def _participants(aloud: Aloud, organisation_ids: Iterable[int]) -> list[Officer]:
    """The secretaries and liaison officers of each; where there is neither, whoever else holds a post."""
    found: list[Officer] = []
    for each in organisation_ids:
        officers = aloud.card(each).officers
        told = [officer for officer in officers if officer.post is not PostKind.DEPUTY] or list(officers)
        found += told
    return found


def _desks(aloud: Aloud, organisation_ids: Iterable[int]) -> list[Officer]:
    return [officer for each in organisation_ids for officer in aloud.card(each).desk]


@on.happened(MeetingReminded)
def reminded(aloud: Aloud, meeting: MeetingReminded) -> None:
    """到了哪一步，就说哪一步的话。"""
    told, rung = meeting.told, meeting.about.rung
    post = _participants if "participants" in meeting.to else _desks
    all_done = meeting.done == meeting.resolved
    aloud.post(
        post(aloud, meeting.organisation_ids),
        f"meeting_{rung}",
        key=f"meeting:{told.meeting}:{meeting.about.edition}:{rung}",
        text=aloud.say(
            f"notices_meeting.{rung}",
            consortium=told.consortium,
            sequence=told.sequence,
            moment=_moment(aloud, told),
            place=told.place,
            items=_items(aloud, told),
            coming=meeting.coming,
            absent=meeting.absent,
            silent=meeting.open_answers,
            lead=meeting.lead,
            done=meeting.done,
            total=meeting.resolved,
            rest=aloud.say("notices_meeting.all_done" if all_done else "notices_meeting.not_done"),
        ),
        fields=_fields(told),
        priority=Priority(meeting.priority),
        about=meeting.about,
    )


@on.happened(MeetingChanged)
def changed(aloud: Aloud, meeting: MeetingChanged) -> None:
    """改了日子、不开了：告诉过的各家，报备过的上一级，各一次。"""
    told = meeting.told
    off = meeting.cancelled
    key = f"meeting:{told.meeting}:{meeting.about.edition}:{'off' if off else 'moved'}"
    what = aloud.say(
        "notices_meeting.off" if off else "notices_meeting.moved",
        consortium=told.consortium,
        sequence=told.sequence,
        moment=_moment(aloud, told),
        place=told.place,
        reason=aloud.say("notices_meeting.because", reason=meeting.reason) if meeting.reason else "",
    )
    aloud.post(
        _participants(aloud, meeting.organisation_ids),
        "meeting_off" if off else "meeting_moved",
        key=key,
        text=what if off else what + aloud.say("notices_meeting.again"),
        fields=_fields(told),
        priority=Priority.ANSWER,
        about=ABOUT_NOTHING if off else meeting.about,
    )
    aloud.post(
        _desks(aloud, meeting.above_ids),
        "meeting_off" if off else "meeting_moved",
        key=key,
        text=what,
        fields=_fields(told),
    )


@on.happened(MeetingDecided)
def decided(aloud: Aloud, resolution: MeetingDecided) -> None:
    """定了归哪家办：那一家的联络员。"""
    told = resolution.told
    aloud.post(
        _desks(aloud, [resolution.organisation_id]),
        "meeting_decided",
        key=f"meeting:{told.meeting}:decided:{resolution.position}",
        text=aloud.say(
            "notices_meeting.decided",
            consortium=told.consortium,
            sequence=told.sequence,
            text=shorten(resolution.text, 60),
            day=day_of(resolution.due_on),
            number=resolution.case_number,
        ),
        fields=_fields(told),
        priority=Priority.ANSWER,
    )


@on.happened(MinutesWritten)
def minuted(aloud: Aloud, meeting: MinutesWritten) -> None:
    """纪要写好了：各家的书记、联络员。"""
    told = meeting.told
    aloud.post(
        _participants(aloud, meeting.organisation_ids),
        "meeting_written",
        key=f"meeting:{told.meeting}:written:{aloud.now.isoformat()}",
        text=aloud.say(
            "notices_meeting.written",
            consortium=told.consortium,
            sequence=told.sequence,
            text=meeting.minutes,
        ),
        fields=_fields(told),
        priority=Priority.NEWS,
    )


def _moment(aloud: Aloud, told: MeetingTold) -> str:
    return say_moment(told.starts_at, local(aloud.now).date())


def _items(aloud: Aloud, told: MeetingTold) -> str:
    if not told.items:
        return ""
    names = "；".join(shorten(each, 16) for each in told.items[:SHOWN])
    return aloud.say("notices_meeting.items", count=len(told.items), names=names)


def _fields(told: MeetingTold) -> dict[str, str]:
    return {"title": told.consortium, "number": str(told.sequence), "who": told.place}

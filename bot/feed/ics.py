"""A calendar as phones read it: iCalendar (RFC 5545) with what RFC 7986 adds for subscriptions.

It says the same bytes as long as it says the same: no moment of writing stands in it, so that whoever asks again can be
told that nothing changed. Without a METHOD the DTSTAMP of an event is the moment of its last change (3.8.7.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from models.calendars import Days, Entry, Shown
from models.moment import local

if TYPE_CHECKING:
    from icalendar import Calendar

PRODUCT: Final = "-//shouqianshou//calendar feed//ZH"
REFRESH: Final = timedelta(hours=1)
"""How often a phone is asked to look again."""
ZONE: Final = "Asia/Shanghai"
_OFFSET: Final = timedelta(hours=8)
_LINE_END: Final = re.compile(r"\r\n?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SINCE: Final = datetime(1992, 1, 1)  # noqa: DTZ001 - onsets are written in local time
"""China has kept no summer time since the autumn of 1991."""


def render(name: str, events: Iterable[Shown], title: Callable[[Entry], str]) -> bytes:
    """The whole calendar. ``name``: what the phone calls it; ``title``: what an event is called."""
    from icalendar import Calendar, vDuration  # only who asks for a calendar needs the library

    events = list(events)
    calendar: Any = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", _clean(name))
    calendar.add("x-wr-calname", _clean(name))
    calendar.add("x-wr-timezone", ZONE)
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    if events:
        calendar.add("last-modified", _moment(max(event.changed_at for event in events)))
    if any(not isinstance(event.entry.when, Days) for event in events):
        _add_zone(calendar)
    for event in events:
        calendar.add_component(_event(event, title(event.entry)))
    written: bytes = calendar.to_ical()
    return written


def _event(shown: Shown, title: str) -> Any:
    from icalendar import Event

    entry = shown.entry
    event: Any = Event()
    event.add("uid", shown.uid)
    event.add("sequence", shown.sequence)
    event.add("dtstamp", _moment(shown.changed_at))
    event.add("last-modified", _moment(shown.changed_at))
    event.add("summary", _clean(title))
    if isinstance(entry.when, Days):
        event.add("dtstart", entry.when.first)
        event.add("dtend", entry.when.last + timedelta(days=1))  # DTEND is the day after
        event.add("transp", "TRANSPARENT")  # nobody is busy for a whole month
    else:
        event.add("dtstart", _moment(local(entry.when.starts_at)))
        if _moment(entry.when.ends_at) > _moment(entry.when.starts_at):
            event.add("dtend", _moment(local(entry.when.ends_at)))  # an end that is no later is refused
    if entry.place:
        event.add("location", _clean(entry.place))
    event.add("status", "CANCELLED" if shown.cancelled else "CONFIRMED")
    return event


def _clean(text: str) -> str:
    """Without control characters, which no line may hold; a line's end is ``\\n`` alone."""
    return _CONTROL.sub("", _LINE_END.sub("\n", text))


def _moment(moment: datetime) -> datetime:
    """iCalendar knows whole seconds only."""
    return moment.replace(microsecond=0)


def _add_zone(calendar: Calendar) -> None:
    from icalendar import Timezone, TimezoneStandard

    zone: Any = Timezone()
    zone.add("tzid", ZONE)
    standard: Any = TimezoneStandard()
    standard.add("dtstart", _SINCE)
    standard.add("tzoffsetfrom", _OFFSET)
    standard.add("tzoffsetto", _OFFSET)
    standard.add("tzname", "CST")
    zone.add_component(standard)
    calendar.add_component(zone)

"""The calendar as a strict reader and an independent library read it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from bot.feed.ics import render
from models.calendars import TERM, Days, Entry, Hours, Shown

THEN = datetime(2026, 5, 11, 1, 0, 3, 123456, tzinfo=UTC)
NAME = re.compile(rb"[A-Z0-9-]+")
NEWLINE = re.compile(r"\r\n?|\n")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def turn(**other: Any) -> Shown:
    """A turn in May."""
    entry = Entry(
        subject=TERM,
        subject_id=1,
        title="官地联合党委",
        number=3,
        when=Days(date(2026, 5, 1), date(2026, 5, 31)),
    )
    known: dict[str, Any] = {
        "uid": "a@x",
        "sequence": 0,
        "changed_at": THEN,
        "cancelled": False,
        "entry": entry,
    }
    return Shown(**(known | other))


def meeting(title: str = "主题党日", place: str = "东沟村", *, hours: float = 2.0) -> Shown:
    """Two hours in the morning."""
    when = Hours(THEN, THEN + timedelta(hours=hours))
    entry = Entry(subject="activity", subject_id=1, title=title, place=place, when=when)
    return turn(uid="b@x", entry=entry)


def written(*events: Shown, name: str = "税务局党支部 轮值和活动") -> bytes:
    """The calendar with these events."""
    return render(name, events, lambda entry: entry.title)


def parts(body: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Name, parameters and value of each line, read as strictly as RFC 5545 is written (3.1)."""
    assert body.endswith(b"\r\n")
    lines = body[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), "a line has at most 75 octets"
    for line in lines:
        line.decode()  # no character is cut in two
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
    read = []
    for line in body[:-2].replace(b"\r\n ", b"").split(b"\r\n"):
        head, colon, value = line.partition(b":")
        name, _, parameters = head.partition(b";")
        assert colon
        assert NAME.fullmatch(name), line
        read.append((name, parameters, value))
    return read


def values(body: bytes, name: bytes) -> list[bytes]:
    """Every value of a property."""
    return [value for each, _, value in parts(body) if each == name]


def unescaped(value: bytes) -> str:
    """TEXT as 3.3.11 reads it; what stands bare though it has to be escaped is refused."""
    text = value.decode()
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", text), text
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def test_a_turn_is_whole_days_and_ends_on_the_day_after_its_last() -> None:
    body = written(turn())
    assert {(name, parameters, value) for name, parameters, value in parts(body)} >= {
        (b"DTSTART", b"VALUE=DATE", b"20260501"),
        (b"DTEND", b"VALUE=DATE", b"20260601"),
        (b"UID", b"", b"a@x"),
        (b"SEQUENCE", b"", b"0"),
        (b"DTSTAMP", b"", b"20260511T010003Z"),
        (b"LAST-MODIFIED", b"", b"20260511T010003Z"),
        (b"STATUS", b"", b"CONFIRMED"),
        (b"TRANSP", b"", b"TRANSPARENT"),
        (b"REFRESH-INTERVAL", b"VALUE=DURATION", b"PT1H"),
        (b"X-PUBLISHED-TTL", b"", b"PT1H"),
        (b"VERSION", b"", b"2.0"),
    }
    assert b"VTIMEZONE" not in body
    assert b"METHOD" not in body


def test_hours_stand_in_the_zone_that_they_are_meant_in() -> None:
    body = written(turn(), meeting())
    assert (b"DTSTART", b"TZID=Asia/Shanghai", b"20260511T090003") in parts(body)
    assert (b"DTEND", b"TZID=Asia/Shanghai", b"20260511T110003") in parts(body)
    zone = body[body.index(b"BEGIN:VTIMEZONE") : body.index(b"END:VTIMEZONE")]
    assert b"TZID:Asia/Shanghai\r\n" in zone
    assert b"TZOFFSETTO:+0800" in zone
    assert body.index(b"VTIMEZONE") < body.index(b"BEGIN:VEVENT")


def test_what_has_no_length_has_no_end() -> None:
    assert values(written(meeting(hours=0)), b"DTEND") == []


def test_what_was_called_off_says_so() -> None:
    body = written(turn(cancelled=True, sequence=2))
    assert values(body, b"STATUS") == [b"CANCELLED"]
    assert values(body, b"SEQUENCE") == [b"2"]


def test_it_says_the_same_bytes_as_long_as_it_says_the_same() -> None:
    assert written(turn(), meeting()) == written(turn(), meeting())


def test_an_empty_calendar_is_one() -> None:
    assert vobject.readOne(written().decode()).contents["name"][0].value == "税务局党支部 轮值和活动"


@pytest.mark.parametrize("title", ["一，二；三", "a,b;c\\d", "两行\n字", '：号 "引"', "😀" * 40, "长" * 200])
def test_an_independent_library_reads_what_was_meant(title: str) -> None:
    calendar = vobject.readOne(written(turn(), meeting(title, place="东沟村,活动室")).decode())
    one, other = calendar.vevent_list
    assert (one.dtstart.value, one.dtend.value) == (date(2026, 5, 1), date(2026, 6, 1))
    assert other.summary.value == title
    assert other.location.value == "东沟村,活动室"
    assert other.dtstart.value == THEN.replace(microsecond=0)
    assert other.dtstart.value.utcoffset() == timedelta(hours=8)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_any_title_arrives_without_what_no_line_may_hold(title: str) -> None:
    (summary,) = values(written(meeting(title)), b"SUMMARY")
    assert unescaped(summary) == CONTROL.sub("", NEWLINE.sub("\n", title))

"""When: spoken times found in a text and resolved against a day.

Atoms of spoken time (a day, a weekday, a festival, an hour …) that touch are one expression; two expressions joined
by 到 or 至 are a span. The patterns are in ``timewords``, their meaning in ``timespans``.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec

from bot.language import timewords
from bot.language.calendar import Span, month_span
from bot.language.clocks import clock_of
from bot.language.numerals import whole
from bot.language.timeguards import starts_well
from bot.language.timespans import Frame, days_of, next_festival, weekday_after, year_of

_LIMIT = 24
"""Expressions read of one text: nobody names more times, and a text made of nothing else stays cheap."""
_AFTER_YEAR = frozenset(["md", "hol", "yend", "half", "quarter", "chu", "vague"])
"""What a year may stand before."""
_MOONS = frozenset(["正月", "冬月", "腊月"])
_MOVED_TO = frozenset(["改到", "推到", "挪到", "延到", "拖到", "改成", "改在", "提到", "迟到"])
"""In front of the time that now holds."""

Clock = tuple[int, int]


class Time(msgspec.Struct, frozen=True):
    """One expression: where it stands, and which days it means (None where it names none)."""

    start: int
    end: int
    days: Span | None = None
    clock: Clock | None = None
    """Hour and minute at which it begins."""
    until: Clock | None = None
    """Hour and minute at which it ends, on the same day."""
    by: bool = False
    """Said as a limit: 前, 之前, 底."""
    vague: bool = False
    """A word such as 今年 or 最近 that alone is no time of the matter."""
    loose: bool = False
    """周末 without 这 or 下: the next one, or any."""


class _Said:
    """An expression while it is read."""

    __slots__ = (
        "by",
        "clock",
        "days",
        "end",
        "frame",
        "kind",
        "loose",
        "part",
        "start",
        "until",
        "vague",
        "weekly",
    )

    def __init__(self, kind: str, start: int, end: int, frame: Frame) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.frame = frame
        self.days: Span | None = None
        self.clock: Clock | None = None
        self.until: Clock | None = None
        self.part = ""
        self.by = self.vague = self.loose = self.weekly = False


def find(folded: str, today: date, *, backward: bool = False) -> list[Time]:
    """The times named in a folded text, in order. ``backward``: the talk is of the past (service done)."""
    found: list[Time] = []
    position = floor = 0
    frame = Frame(today, backward)
    search, starts, seconds = timewords.ANCHOR.search, timewords.STARTS, timewords.SECONDS
    while (anchor := search(folded, position)) is not None and len(found) < _LIMIT:
        at = anchor.start()
        first = folded[at]
        allowed = seconds.get(first)
        match = None
        if allowed is None or folded[at + 1 : at + 2] in allowed:
            match = starts[first].match(folded, at)
        if match is None:
            time = _event(folded, at, floor) if first == "前" else None
        else:
            time = _expression(folded, match, frame, floor)
        if time is None:
            # digits that are no time are stepped over as a whole
            run = timewords.DIGIT_RUN.match(folded, at)
            position = run.end() if run is not None else at + 1
            continue
        position = floor = max(time.end, at + 1)
        if found and found[-1].end == time.start and found[-1].days == time.days is not None:
            # 5月17日助残日: the same day twice
            continue
        found.append(time)
    return found


def _event(folded: str, at: int, floor: int) -> Time | None:
    """天黑前, 收瓜前: a limit that no calendar knows."""
    before = timewords.EVENT_BEFORE.search(folded[max(floor, at - 6) : at])
    if before is None or folded[at + 1 : at + 2] in ("面", "院", "头", "台", "任", "途", "景", "者", "后"):
        return None
    return Time(at - (len(before.group())), at + 1, by=True)


def _expression(folded: str, match: re.Match[str], frame: Frame, floor: int) -> Time | None:
    """The atom, those that touch it, its tail, and a second end after 到."""
    kind = match.lastgroup or ""
    if not starts_well(folded, match):
        return None
    said = _Said(kind, match.start(), match.end(), frame)
    if kind == "hour":
        if not _bare_hour(folded, match, said, floor):
            return None
    elif kind == "year":
        follow = _atom(folded, said.end)
        if follow is not None and follow.lastgroup in (
            "md",
            "hol",
            "yend",
            "half",
            "quarter",
            "chu",
            "vague",
        ):
            said.frame = frame._replace(year=year_of(match, frame))
            match, kind = follow, follow.lastgroup or ""
            said.kind, said.end = kind, follow.end()
            said.days = days_of(follow, said.frame)
        else:
            said.days, said.vague = days_of(match, frame), True
    else:
        said.days = days_of(match, frame)
        said.vague = kind == "vague" and match.group()[0] in "最近" and match.group() != "近日"
    said.weekly = kind == "every"
    said.loose = kind == "wk" and match["ww"] is None and (match["wd"] or "") == "末"
    if kind == "rel" and match["ru"] == "年" and match["rs"] not in ("之内", "以内", "内"):
        return None
    _follow(folded, said)
    if kind == "every" and match.group() in ("每天", "每日", "每年", "每个年") and said.end == match.end():
        # how often, not when
        return None
    _joint(folded, said)
    _tail(folded, said, match)
    if (
        kind == "hour"
        and not said.by
        and said.until is None
        and said.days is None
        and said.end == match.end()
    ):
        return None
    if folded[said.start - 2 : said.start] in _MOVED_TO:
        said.by = True
    if said.by and said.days is None and kind == "hour":
        said.days = (frame.today, frame.today)
    return Time(
        said.start,
        said.end,
        said.days,
        said.clock,
        said.until,
        said.by,
        said.vague,
        said.loose,
    )


def _atom(folded: str, at: int) -> re.Match[str] | None:
    pattern = timewords.STARTS.get(folded[at : at + 1])
    return pattern.match(folded, at) if pattern is not None else None


def _bare_hour(folded: str, match: re.Match[str], said: _Said, floor: int) -> bool:
    """An hour without a day counts when a part of the day stands before it, and is then one of today's or of any."""
    before = timewords.PART_BEFORE.search(folded[max(floor, match.start() - 4) : match.start()])
    if before is None:
        said.clock = clock_of(match, "")
        return folded.startswith(("前", "之前", "以前"), match.end()) and said.clock is not None
    said.start -= len(before.group())
    said.part = before.group()
    said.clock = clock_of(match, said.part)
    return said.clock is not None


def _follow(folded: str, said: _Said) -> None:
    """What touches the first atom and belongs to it: a part of the day and an hour, a day within a month."""
    for _ in range(4):
        at = said.end
        if folded[at : at + 1] in ("的", " ") and timewords.STARTS.get(folded[at + 1 : at + 2]) is not None:
            at += 1
        clock = timewords.CLOCK.match(folded, at)
        if clock is not None and clock.end() > at and said.kind != "hour":
            event = timewords.EVENT.match(folded, at)
            if event is not None:
                said.end, said.by = event.end(), True
                return
            part = clock["part"] or ""
            if clock["hn"] and part in ("早", "晚") and clock.group().endswith("一点"):
                # 早一点, 晚一点: a little earlier, a little later
                return
            if clock["hn"] is None and at > said.end and folded[said.end] == " ":
                return
            said.part = part or said.part
            if clock["hn"] is not None:
                said.clock = clock_of(clock, said.part) or said.clock
            said.end = clock.end()
            continue
        if said.kind == "day" and folded.startswith("起", at) and (counted := _atom(folded, at + 1)):
            if counted.lastgroup == "rel":
                said.end, said.days = counted.end(), days_of(counted, said.frame)
                said.by = counted["rs"] in ("之内", "以内", "内")
            return
        event = timewords.EVENT.match(folded, at) if said.kind in ("day", "wk", "dd", "md", "mo") else None
        if event is not None:
            said.end, said.by = event.end(), True
            return
        follow = _atom(folded, at)
        if follow is None:
            return
        kind = follow.lastgroup
        if kind == "dd" and said.kind in ("mo", "md", "hol") and said.days and said.days[0] != said.days[1]:
            said.days = _within_month(said.days[0], follow["ddn"])
        elif kind == "wk" and said.kind == "wk" and follow["ww"] is None and at == said.end and said.days:
            other = days_of(follow, said.frame)
            # 周六周日 is one weekend, 礼拜二礼拜五 any week's
            said.days = (
                (said.days[0], other[1]) if other and other[0] - said.days[1] == timedelta(days=1) else None
            )
        elif kind in ("md", "mo") and said.kind in ("md", "me", "mo") and at == said.end and said.days:
            other = days_of(follow, said.frame)
            # 5月底6月初
            if other is None or other[1] < said.days[1]:
                return
            said.days = (said.days[0], other[1])
        elif kind == "dd" and said.kind in ("dd", "md") and at == said.end and said.days:
            within = _within_month(said.days[0], follow["ddn"])
            if within is None or within[0] - said.days[1] != timedelta(days=1):
                return
            said.days = (said.days[0], within[1])
        else:
            return
        said.end = follow.end()


def _within_month(first: date, number: str) -> Span | None:
    day = whole(number)
    last = month_span(first.year, first.month)[1].day
    return (first.replace(day=day),) * 2 if day and day <= last else None


def _joint(folded: str, said: _Said) -> None:
    """A second end: 到五点, 至12日, -18号, 到周五."""
    joint = timewords.JOINT.match(folded, said.end)
    if joint is None or said.kind in ("every", "market", "vague"):
        return
    at = joint.end()
    clock = timewords.CLOCK.match(folded, at)
    if said.clock is not None and clock is not None and clock.end() > at:
        part = clock["part"] or ""
        if clock["hn"] is not None:
            early = said.part if said.clock < (6, 0) else ""
            said.until = clock_of(clock, part or early, None if part or early else said.clock)
        said.end = clock.end()
        return
    follow = _atom(folded, at)
    if follow is not None and follow.lastgroup not in ("hour", "every", "market", "vague", None):
        last = _second_end(follow, said)
        if last is not None:
            said.days = (said.days[0], last) if said.days else None
            said.end = follow.end()
            said.clock = None
        return
    if said.days is None or said.clock is not None:
        return
    bare = timewords.BARE_END.match(folded, at)
    if bare is not None and said.kind in ("md", "dd", "mo", "dot") and (number := whole(bare["n"])):
        last_day = month_span(said.days[0].year, said.days[0].month)[1].day
        if said.days[0].day < number <= last_day:
            said.days = (said.days[0], said.days[0].replace(day=number))
            said.end = bare.end()
    elif said.kind == "wk" and (weekday := timewords.BARE_WEEKDAY.match(folded, at)):
        said.days = (said.days[0], weekday_after(said.days[0], weekday.group()))
        said.end = weekday.end()


def _second_end(follow: re.Match[str], said: _Said) -> date | None:
    """The last day of a span whose second end is ``follow``; None when that is no later day."""
    if said.days is None:
        return None
    first = said.days[0]
    if follow.lastgroup == "dd":
        within = _within_month(first, follow["ddn"])
        if within is None or within[0] < first:
            after = month_span(first.year, first.month + 1)[0]
            within = _within_month(after, follow["ddn"])
        return within[1] if within else None
    if follow.lastgroup == "wk" and follow["ww"] is None and follow["wd"]:
        return weekday_after(first, follow["wd"])
    last = days_of(follow, said.frame._replace(backward=False))
    if last is not None and last[1] < first and follow.lastgroup in ("md", "dot", "hol"):
        last = days_of(follow, Frame(first))
    return last[1] if last is not None and last[1] >= first else None


def _tail(folded: str, said: _Said, match: re.Match[str]) -> None:
    """那天, 前, 之内, 左右 and the like behind an expression."""
    tail = timewords.TAIL.match(folded, said.end)
    if tail is None or said.kind == "rel":
        said.by = said.by or (said.kind == "rel" and match["rs"] in ("之内", "以内", "内", "里头"))
        return
    on, to, end = tail["on"] or "", tail["to"] or "", tail.end()
    if tail["at"] and not on:
        # a part of the day was read before; here it only follows 那天
        to, end = "", said.end
    if said.kind == "dd" and on.startswith("那"):
        # 15号那天 is spoken of as 15号
        return
    if to == "起" and folded[said.end - 1] not in "日号":
        to, end = "", said.end + len(on)
    if folded[end : end + 1] == "里" and end == said.end:
        # 暑假里, 正月里
        end += (said.kind == "vague" and folded[said.start] in "暑寒") or folded[end - 2 : end] in _MOONS
    said.end = end
    if said.days is None:
        said.by = to in ("前", "之前", "以前")
        said.vague = said.vague and not said.by
        return
    first, last = said.days
    if to == "前一天":
        said.days = (first - timedelta(days=1),) * 2
    elif to in ("前", "之前", "以前", "前夕"):
        said.by, said.vague = True, False
        said.days = (first, first)
        if (
            said.kind == "hol"
            and said.frame.year is None
            and not said.frame.backward
            and last < said.frame.today
        ):
            # "before the festival" is never said of one that is over
            ahead = next_festival(match["name"], said.frame.today)
            said.days = (ahead[0], ahead[0]) if ahead else None
    elif to in ("内", "之内", "以内"):
        said.by, said.days, said.vague = True, (last, last), False
    elif said.kind == "yend" or (said.kind in ("md", "mo", "me") and folded[said.end - 1] in "底末尾"):
        said.by = True

"""The hour of a spoken time: 下午三点半 is 15:30, and so is a bare 三点半 in a village's day."""

from __future__ import annotations

import re

from bot.language.numerals import whole


def clock_of(m: re.Match[str], part: str, after: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """Hour and minute of an hour that was said with a part of the day, or without one.

    ``after``: the hour with which its span begins.
    """
    hour = whole(m["hn"])
    if hour is None or hour > 24:
        return None
    said = m["hm"] or ""
    minute = int(m["hm2"]) if m["hm2"] else {"半": 30, "一刻": 15, "三刻": 45}.get(said)
    if minute is None:
        minute = whole(said.rstrip("分整多").lstrip("零") or "0") or 0
    if minute > 59:
        return None
    early = part.startswith(
        ("凌", "早", "上", "清", "大清", "一早", "一大早", "大早", "头", "前晌", "前半晌", "z")
    )
    early = early and part not in ("zhongwu",)
    noon = part in ("中午", "晌午", "晌午头", "zhongwu")
    late = bool(part) and not early and not noon
    # a bare 三点 in a village's day is the afternoon's
    if hour < 12 and (
        (late and not (hour < 6 and "夜" in part))
        or (noon and hour < 5)
        or (not part and after is None and 1 <= hour <= 6)
        or (not part and after is not None and (hour, minute) <= after)
    ):
        hour += 12
    return hour % 24, minute

"""Activities as somebody reads them, and which one somebody speaks of."""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.lists import shorten
from bot.kit.moments import read, say_when
from bot.kit.words import leading_number, number
from models.activity import Activity, ActivityUnknown

_NAMED = re.compile(
    r"(?:第|编号)?\s*(\d{1,6}|[一二三四五六七八九十百]{1,4})\s*号?(?:的|这个|那个)?\s*(?:活动|党日|主题党日|志愿)"
    r"|(?:活动|党日)\s*(?:第|编号)?\s*(\d{1,6})"
)
_DAY_OF_MONTH = 31
MOST_ASKED = 4
"""Activities among which somebody is asked to choose."""


def activity_line(ctx: Context, activity: Activity) -> str:
    """One line of a list."""
    return ctx.texts.say(
        "activity.line",
        number=activity.number,
        when=say_when(activity.starts_at, ctx.today),
        label=shorten(activity.label, 24),
    )


def spoken_of(ctx: Context) -> tuple[list[Activity], bool]:
    """Which activities a member may mean, and whether one was named: by its number, by its day; else all to come.

    Raises ActivityUnknown where a number was named behind a command and there is none for this person.
    """
    if ctx.number is not None:
        return [ctx.unit.activities.look(ctx.number, ctx.member, ctx.now)], True
    coming = ctx.unit.activities.coming(ctx.member, ctx.now, 12)
    found = _NAMED.search(ctx.text)
    if found is not None and (named := number(found[1] or found[2])) is not None:
        try:
            return [ctx.unit.activities.look(named, ctx.member, ctx.now)], True
        except ActivityUnknown:
            if named > _DAY_OF_MONTH:
                raise
    said = read(ctx.mind.named(ctx.text, ctx.now).when)
    if said is not None:
        return [each for each in coming if each.day == said.day][:MOST_ASKED], True
    return coming[:MOST_ASKED], False


def number_at_the_head(text: str) -> tuple[int | None, str]:
    """``3 学习全会精神`` → 3 and the rest; ``12月5日上午9点`` names no activity."""
    if re.match(
        r"^\s*(?:\d{1,4}|[一二三四五六七八九十]{1,3})\s*(?:[月日点时:：.年]|号\s*(?:上|下|早|晚|中)|个?(?:小时|钟头))",
        text,
    ):
        return None, text
    found = leading_number(text)
    return found if found is not None else (None, text)

"""日历：把单位的轮值和活动订到手机日历里去；网址漏了就换一个。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import plain

on = Router()

RENEW = frozenset({"换", "换一个", "更换", "重发"})
STOP = frozenset({"停", "停了", "停用", "不要了"})


@on.command("日历", "订日历", "日历网址", takes="words")
def calendar(ctx: Context) -> Reply | Pass:
    """日历：给网址；“日历 换”作废旧的给新的，“日历 停”只作废。"""
    asked = plain(ctx.rest)
    if asked and asked not in RENEW | STOP:
        return PASS
    links, office = ctx.unit.calendar_links, _office(ctx)
    if asked in STOP:
        return ctx.say(
            "calendar.stopped" if links.revoke(office, by=ctx.member, now=ctx.now) else "calendar.none"
        )
    links.allow(office, ctx.member, ctx.now)
    site = ctx.unit.policy.public_url
    if not site:
        return ctx.say("calendar.no_site")
    if asked:
        secret = links.renew(office, by=ctx.member, now=ctx.now)
        return ctx.say("calendar.renewed", link=address(site, secret))
    secret = links.give(office, by=ctx.member, now=ctx.now)
    return ctx.say("calendar.link", organisation=ctx.card(office).name, link=address(site, secret))


def address(site: str, secret: str) -> str:
    """Where the feed of a secret is."""
    return f"{site}/calendar/{secret}.ics"


def _office(ctx: Context) -> int:
    """Whose calendar is meant: the own organisation's, unless the post is in another one."""
    member = ctx.member
    offices = ctx.unit.organisations.offices_of(member.member_id, ctx.now)
    return (
        member.organisation_id
        if member.organisation_id in offices
        else min(offices, default=member.organisation_id)
    )

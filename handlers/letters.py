"""通知：等着说的接着说；没有等着的，看最近告诉过什么。"""

from __future__ import annotations

from datetime import timedelta

from bot.kit.context import Context
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.router import Router, Who
from models.moment import local

on = Router()

LATELY = timedelta(days=30)
SHOWN = 4


@on.command("通知", "消息", "看通知", "我的通知", who=Who.ANYONE)
def notices(ctx: Context) -> Reply:
    """通知：没说的三条三条地说，说完了看最近的。"""
    member_id = ctx.person.member_id if ctx.person is not None else None
    said = ctx.unit.outbox.say_owed(ctx.openid, member_id, ctx.now)
    if said.texts:
        texts = "\n——\n".join(said.texts)
        if said.rest:
            return ctx.say("letters.said_more", texts=texts, count=said.rest)
        return ctx.say("letters.said", texts=texts)
    earlier = ctx.unit.outbox.lately(ctx.openid, member_id, ctx.now - LATELY, SHOWN)
    if not earlier:
        return ctx.say("letters.none")
    lines = [
        ctx.texts.say(
            "letters.line",
            month=local(each.at).month,
            day=local(each.at).day,
            text=shorten(each.text.partition("\n")[0], 40),
        )
        for each in earlier
    ]
    return ctx.say("letters.lately", lines="\n".join(lines))

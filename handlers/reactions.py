"""收到、1、好的、去不了：只回一个字，回的是最近问他的那件事。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.router import PASS, Pass, Reacted, Router
from bot.kit.words import reacts

on = Router()


@on.reaction
def reacted(ctx: Context) -> Reacted | Pass:
    """问过他、他还没回的，最近那一件；等他评价的事来得更晚，就不是回这个。"""
    yes = reacts(ctx.text)
    member = ctx.member
    questions = ctx.unit.asking.open_to(member.member_id, ctx.now)
    if yes is None or not questions:
        return PASS
    latest = questions[0]
    awaiting = ctx.unit.cases.awaiting_rating(member)
    if awaiting and (ctx.case(awaiting[0].number).resolved_at or ctx.now) > latest.sent_at:
        return PASS
    return Reacted(latest, yes)

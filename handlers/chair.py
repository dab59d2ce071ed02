"""轮值：这个月谁主持，接下来是谁，什么时候轮到自己单位。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.message import Reply
from bot.kit.router import Router

on = Router()


@on.command("轮值", "轮到谁", "谁主持")
@on.intent("duty_query")
def rota(ctx: Context) -> Reply:
    """轮值。"""
    member = ctx.member
    if member.consortium_id is None:
        return ctx.say("chair.none")
    now = ctx.unit.consortia.chair(member.consortium_id, ctx.today)
    if now is None:
        text = ctx.texts.say("chair.gap", consortium=member.consortium)
    else:
        term, organisation = now
        text = ctx.texts.say(
            "chair.now",
            consortium=member.consortium,
            organisation=organisation.name,
            first=day_of(term.starts_on),
            last=day_of(term.ends_on),
        )
    turns = ctx.unit.consortia.turns_after(member.consortium_id, ctx.today, 2)
    if turns:
        shown = "，".join(
            ctx.texts.say("chair.turn", first=day_of(term.starts_on), organisation=organisation.name)
            for term, organisation in turns
        )
        text += ctx.texts.say("chair.next", turns=shown)
    own = ctx.unit.consortia.next_turn_of(member.organisation_id, ctx.today)
    if own is not None and (now is None or own[0].id != now[0].id):
        text += ctx.texts.say(
            "chair.own",
            organisation=member.organisation,
            first=day_of(own[0].starts_on),
            last=day_of(own[0].ends_on),
        )
    return Reply(text)

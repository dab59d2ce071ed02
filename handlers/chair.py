"""轮值：这个月谁主持，接下来是谁，什么时候轮到自己单位。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.days import day_of, say_day
from bot.kit.message import Reply
from bot.kit.router import Router
from models.asking import Asked

on = Router()


@on.command("轮值", "轮到谁", "谁主持")
@on.intent("duty_query")
def rota(ctx: Context) -> Reply:
    """轮值：今天谁主持，接下来是谁，自己单位往后的三期，欠着哪家一期。"""
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
            ctx.texts.say(
                "chair.turn", first=say_day(term.starts_on, ctx.today), organisation=organisation.name
            )
            for term, organisation in turns
        )
        text += ctx.texts.say("chair.next", turns=shown)
    return Reply(text + _own(ctx, now[0].id if now is not None else 0) + _debts(ctx, member.consortium_id))


@on.answer("term")
def acknowledged(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """知道轮到自己单位了：记下回执；去不了的，请他换班。"""
    term = ctx.unit.consortia.term(asked.subject_id)
    if term is None or (asked.office_id is not None and term.organisation_id != asked.office_id):
        ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
        return ctx.say("chair.not_yours")
    if not yes:
        return ctx.say("chair.cannot", first=day_of(term.starts_on), last=day_of(term.ends_on))
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    return ctx.say(
        "chair.acknowledged",
        organisation=ctx.card(term.organisation_id).name,
        first=day_of(term.starts_on),
        last=day_of(term.ends_on),
    )


def _own(ctx: Context, term_in_office: int) -> str:
    """The organisation's own turns to come."""
    own = [
        term
        for term, _ in ctx.unit.consortia.turns_of(ctx.member.organisation_id, ctx.today, 4)
        if term.id != term_in_office
    ][:3]
    if not own:
        return ""
    spans = "，".join(
        ctx.texts.say("chair.span", first=say_day(term.starts_on, ctx.today), last=day_of(term.ends_on))
        for term in own
    )
    return ctx.texts.say("chair.own", organisation=ctx.member.organisation, turns=spans)


def _debts(ctx: Context, consortium_id: int) -> str:
    """Who was skipped and is still to get the turn that it missed."""
    debts = [
        ctx.texts.say("chair.debt_paid", organisation=name, first=say_day(each.paid_on, ctx.today))
        if each.paid_on is not None
        else ctx.texts.say("chair.debt", organisation=name)
        for each in ctx.unit.rotas.away(consortium_id, ctx.today)
        if each.missed_on is not None and (name := ctx.card(each.organisation_id).name)
    ]
    return ctx.texts.say("chair.debts", debts="，".join(debts)) if debts else ""

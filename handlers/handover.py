"""交接：上一任留下哪些事，两边都说交接好了才算完。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Step
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, plain
from models.asking import Asked
from models.handover import Handover, NoHandover, Role

on = Router()

DONE = frozenset({"交接好了", "交接完了", "交接清楚了", "交好了", "接好了", "交接过了", "都交接了"})


class HandedOver(Step, frozen=True):
    """看着交接清单：等他说交接好了。"""

    answers = DONE


@on.command("交接", "交接清单")
def show(ctx: Context) -> Reply:
    """交接：没办完的、项目、待签的清单各多少，怎么看；谁确认了。"""
    try:
        handover, roles = ctx.unit.handovers.of_person(ctx.member, ctx.now)
    except NoHandover:
        return _ahead(ctx)
    return _show(ctx, handover, roles)


def _show(ctx: Context, handover: Handover, roles: list[Role]) -> Reply:
    left = ctx.unit.handovers.checklist(handover.consortium_id)
    waiting = [role for role in roles if not handover.confirmed(role)]
    if waiting:
        ctx.next_step = HandedOver()
    missing = handover.missing
    if not missing:
        state = ctx.texts.say("handover.state_done", day=day_of(handover.done_at or ctx.now))
    elif waiting:
        state = ctx.texts.say("handover.state_yours")
    else:
        state = ctx.texts.say("handover.state_other", organisation=ctx.card(missing[0]).name)
    return ctx.say(
        "handover.show",
        outgoing=ctx.card(handover.outgoing_id).name,
        incoming=ctx.card(handover.incoming_id).name,
        day=day_of(handover.starts_on),
        cases=left.cases,
        unaccepted=left.unaccepted,
        unclaimed=left.unclaimed,
        projects=left.projects,
        books=left.books,
        state=state,
    )


def _ahead(ctx: Context) -> Reply:
    """Nothing is handed over today: what there would be, for whoever comes next or is in the chair."""
    consortium_id = ctx.member.consortium_id
    if consortium_id is None:
        raise NoHandover()
    left = ctx.unit.handovers.checklist(consortium_id)
    return ctx.say(
        "handover.ahead",
        consortium=ctx.member.consortium,
        cases=left.cases,
        unaccepted=left.unaccepted,
        unclaimed=left.unclaimed,
        projects=left.projects,
        books=left.books,
    )


@on.step(HandedOver)
def confirmed(ctx: Context, step: HandedOver) -> Reply | Pass:
    """说了交接好了，或者回 1。"""
    if choice(ctx.text) == 1 or plain(ctx.text) in DONE:
        return _confirm(ctx)
    return PASS


@on.command(*sorted(DONE))
def confirm(ctx: Context) -> Reply:
    """交接好了：替自己单位这一边确认。"""
    return _confirm(ctx)


@on.answer("handover")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """问交接好了没有：回 1 才算交接好了；只说收到的，给他看清单。"""
    if not yes:
        return ctx.say("handover.not_yet")
    handover = ctx.unit.handovers.of(asked.subject_id)
    if handover is None:
        ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
        return _ahead(ctx)
    roles = [role for role in Role if handover.side(role) == asked.office_id]
    if choice(ctx.text) != 1:
        return _show(ctx, handover, roles)
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    return _confirm_as(ctx, handover, roles)


def _confirm(ctx: Context) -> Reply:
    handover, roles = ctx.unit.handovers.of_person(ctx.member, ctx.now)
    return _confirm_as(ctx, handover, roles)


def _confirm_as(ctx: Context, handover: Handover, roles: list[Role]) -> Reply:
    for role in roles:
        ctx.unit.handovers.confirm(handover, role, by=ctx.member, now=ctx.now)
    missing = handover.missing
    if missing:
        return ctx.say("handover.half", organisation=ctx.card(missing[0]).name)
    return ctx.say(
        "handover.done",
        outgoing=ctx.card(handover.outgoing_id).name,
        incoming=ctx.card(handover.incoming_id).name,
    )

"""我的数据、注销：记了什么，随时能看，随时能断开。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import is_no, is_yes, plain
from models.moment import local
from models.vault import mask_phone

on = Router()


class ConfirmLeave(Step, frozen=True):
    """等他说是不是真要注销。"""

    answers = frozenset({"注销"})


@on.command("我的数据")
def mine(ctx: Context) -> Reply:
    """我的数据。"""
    member = ctx.unit.members.get(ctx.member.member_id)
    identity = ctx.unit.identities.of(ctx.openid)
    _, total = ctx.unit.cases.of_person(ctx.member)
    agreed = local(identity.consent_at) if identity.consent_at else None
    return ctx.say(
        "privacy.mine",
        name=ctx.member.name,
        phone=mask_phone(member.phone(ctx.unit.vault)) if member else "",
        organisation=ctx.member.organisation,
        day=f"{agreed.year}年{agreed.month}月{agreed.day}日" if agreed else "",
        total=total,
    )


@on.command("注销")
def leave(ctx: Context) -> Reply:
    """注销：问一句。"""
    return ctx.ask("privacy.ask", then=ConfirmLeave())


@on.step(ConfirmLeave)
def confirmed(ctx: Context, step: ConfirmLeave) -> Reply | Pass:
    """真要注销吗。"""
    if is_yes(ctx.text) or plain(ctx.text) in step.answers:
        ctx.unit.cases.submit_draft_of(ctx.member, ctx.now)
        ctx.unit.calls.lost(ctx.openid, ctx.now)
        identity = ctx.unit.identities.of(ctx.openid)
        identity.leave()
        identity.follow()
        return ctx.say("privacy.done")
    return ctx.say("privacy.kept") if is_no(ctx.text) else PASS

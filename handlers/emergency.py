"""急事：谁说都先给电话，不走选项；登记过的人，马上告诉联络员和轮值单位，这件事不上清单。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.message import Reply
from bot.kit.router import Router
from bot.kit.who import who_hears
from models.case import NewCase
from models.life import CaseKind

on = Router()


@on.emergency
def help_now(ctx: Context) -> Reply:
    """先给电话，再记事。"""
    kind = ctx.understanding.emergency or "any"
    key = f"emergency.{kind}"
    first = ctx.texts.say(key if key in ctx.texts.sentences else "emergency.any")
    if ctx.person is None:
        return Reply(first)
    case = NewCase.report(
        by=ctx.member,
        text=ctx.text,
        kind=CaseKind.PROBLEM,
        category=ctx.understanding.category or "其他",
        place="".join(ctx.understanding.slots.place[:1]) or ctx.member.region,
        quantity="",
        deadline="",
        received_key=ctx.message.key,
        now=ctx.now,
        urgent=True,
        private=True,
    )
    case.submit(ctx.now)
    ctx.unit.cases.file(case, by=ctx.member)
    who = who_hears(ctx)
    told = ctx.texts.say("emergency.told" if who else "emergency.told_nobody", who=who, number=case.number)
    return Reply(f"{first}\n{told}")

"""关键词规则：单位自己写的答复。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router

on = Router()


@on.rule
def answer(ctx: Context) -> Reply | Pass:
    """对上了哪条就答哪条。"""
    found = ctx.mind.rule(ctx.text, ctx.now)
    return Reply(found) if found is not None else PASS

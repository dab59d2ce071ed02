"""我的、查、我也是、撤回：看自己报过的事，跟上别人的，收回不要的。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Looking, Step
from bot.kit.lists import shorten
from bot.kit.message import Image, Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import show_case
from bot.kit.words import is_no, is_yes, leading_number, plain
from models.life import CaseState
from models.life import Step as Move

on = Router()


class ConfirmWithdraw(Step, frozen=True):
    """等他说是不是真要撤回。"""

    answers = frozenset({"撤回", "不要了"})

    case: int


@on.command("我的", "我报的")
@on.intent("query_mine")
def mine(ctx: Context) -> Reply:
    """我的：报过的事，一行一件。"""
    if (number := _slot_number(ctx)) is not None:
        return show_case(ctx, number)
    cases, total = ctx.unit.cases.of_person(ctx.member)
    if not cases:
        return ctx.say("mine.empty")
    lines = "\n".join(
        ctx.texts.say("mine.line", number=case.number, face=case.face, text=shorten(case.text, 14))
        for case in cases
    )
    return ctx.say("mine.list", total=total, lines=lines)


_HOW_IS_IT = re.compile(
    r"^(?:那|我|俺|我家|俺家)?(?:报)?(?:的)?(?:那个|这个|那件|这件)?(?:事儿?|情况)?(?:到底|现在|如今)?"
    r"(?:咋样|怎么样|咋地|办得(?:咋样|怎么样)|办到哪(?:儿|一步)?|啥情况|什么情况|有信儿?|有(?:啥|什么)信儿?|有进展"
    r"|(?:啥时候|什么时候|多咱|多会儿|哪天)(?:才|能|给|来)*(?:修|办|弄|治|解决|整|装|换|来人|有信儿?)?(?:好|完|利索)?)[了啦没吗呢啊么有]*$"
)


@on.pattern(_HOW_IS_IT.pattern)
def how_is_it(ctx: Context) -> Reply | Pass:
    """咋样了：刚看过的那件；没看过，就是自己最近报的那件。"""
    if ctx.shown is not None:
        return show_case(ctx, ctx.shown)
    cases, total = ctx.unit.cases.of_person(ctx.member)
    if not total:
        return PASS
    return show_case(ctx, cases[0].number) if total == 1 else mine(ctx)


@on.command("查", "查询", "看", "编号", takes="number?")
def look(ctx: Context) -> Reply:
    """查 12：这件事现在怎么样。"""
    return show_case(ctx, ctx.number) if ctx.number is not None else mine(ctx)


@on.step(Looking)
def looking(ctx: Context, step: Looking) -> Reply | Pass:
    """刚看过一件事：不打断别的话，只是“这个”有了着落；承办单位发来的照片就归到它。"""
    message = ctx.message
    if not isinstance(message, Image):
        return PASS
    case = ctx.case(step.case)
    if case.reporter_id == ctx.member.member_id or not ctx.unit.cases.handled_by(case, ctx.member, ctx.now):
        return PASS
    count = ctx.unit.attachments.add(
        case, kind="photo", media_id=message.media_id, url=message.url, by=ctx.member, now=ctx.now
    )
    ctx.next_step = step
    return ctx.say("report.photo_added", number=case.number, count=count)


@on.command("我也是", "我家也是", "同求", takes="number?")
def me_too(ctx: Context) -> Reply:
    """我也是 12：跟着一起等信儿；没说编号，就是刚看过的那件。"""
    number = ctx.number if ctx.number is not None else ctx.shown
    if number is None:
        return ctx.say("mine.which_to_join")
    case = ctx.case(number)
    ctx.unit.cases.join(case, by=ctx.member, now=ctx.now)
    return ctx.say("report.joined", number=case.number, count=case.joined + 1)


@on.pattern(
    r"^(?:这个?|那个?)?(?:事儿?)?(?:我|俺)(?:们|家|们家)?也(?:想要?|要|有|一样|这样|缺)(?:[了啊呢的一样这]*)$"
)
def me_too_in_other_words(ctx: Context) -> Reply:
    """我也想要 / 俺家也一样。"""
    return me_too(ctx)


@on.command("撤回", "不要了", takes="number?")
@on.intent("cancel")
def withdraw(ctx: Context) -> Reply:
    """撤回 12：问一句再撤；没说编号就当是最近报的那件。"""
    number = ctx.number if ctx.number is not None else _slot_number(ctx)
    case = ctx.case(number) if number is not None else ctx.unit.cases.last_of(ctx.member)
    if case is None:
        return ctx.say("mine.nothing_to_withdraw")
    ctx.unit.casework.may(case, Move.WITHDRAW, by=ctx.member, now=ctx.now)
    return ctx.ask(
        "mine.withdraw_ask",
        then=ConfirmWithdraw(case.number),
        number=case.number,
        text=shorten(case.text, 30),
    )


@on.step(ConfirmWithdraw)
def confirmed(ctx: Context, step: ConfirmWithdraw) -> Reply | Pass:
    """真要撤回吗。"""
    if is_yes(ctx.text) or plain(ctx.text) in step.answers:
        case = ctx.case(step.case)
        draft = case.state == CaseState.DRAFT
        ctx.unit.casework.withdraw(case, by=ctx.member, now=ctx.now)
        return ctx.say("mine.draft_withdrawn" if draft else "mine.withdrawn", number=case.number)
    if is_no(ctx.text):
        return ctx.say("mine.kept", number=step.case)
    return PASS


def _slot_number(ctx: Context) -> int | None:
    for written in ctx.understanding.slots.item_no:
        found = leading_number(written)
        if found is not None:
            return found[0]
    return None

"""我的、查、我也是、撤回：看自己报过的事，跟上别人的，收回不要的。"""

from __future__ import annotations

from datetime import datetime

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import is_no, is_yes, leading_number, plain
from models.case import Case, CaseState, CaseUnknown, CaseView
from models.moment import local

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
        return show(ctx, number)
    cases, total = ctx.unit.cases.of_person(ctx.member)
    if not cases:
        return ctx.say("mine.empty")
    lines = "\n".join(
        ctx.texts.say(
            "mine.line", number=case.number, face=CaseState(case.state).face, text=shorten(case.text, 14)
        )
        for case in cases
    )
    return ctx.say("mine.list", total=total, lines=lines)


@on.command("查", "查询", "看", "编号", takes="number?")
def look(ctx: Context) -> Reply:
    """查 12：这件事现在怎么样。"""
    return show(ctx, ctx.number) if ctx.number is not None else mine(ctx)


def show(ctx: Context, number: int) -> Reply:
    """One case as its reporter reads it."""
    case = ctx.unit.cases.look(number, seen_by=ctx.member)
    entries = [entry for entry in ctx.unit.timeline.of(number) if entry.public]
    last = ""
    if len(entries) > 1:
        entry = entries[-1]
        last = ctx.texts.say(
            "mine.last",
            day=_day(entry.at),
            event=ctx.texts.say(f"events.{entry.event}"),
            note=f"：{entry.note}" if entry.note else "",
        )
    return ctx.say(
        "mine.case",
        number=case.number,
        face=CaseState(case.state).face,
        text=shorten(case.text, 60),
        day=_day(case.created_at),
        joined=ctx.texts.say("mine.joined", count=case.joined + 1) if case.joined else "",
        last=last,
        reporter=_reporter(ctx, case),
    )


def _reporter(ctx: Context, case: CaseView) -> str:
    """Who reported it and how to reach them: only for those who deal with it."""
    if case.reporter_id == ctx.member.member_id or not ctx.unit.cases.handled_by(case, ctx.member):
        return ""
    reporter = ctx.unit.members.get(case.reporter_id)
    if reporter is None:
        return ""
    return ctx.texts.say(
        "mine.reporter",
        name=reporter.name(ctx.unit.vault),
        phone=reporter.phone(ctx.unit.vault),
        organisation=ctx.card(case.organisation_id).name,
    )


def _day(moment: datetime) -> str:
    there = local(moment)
    return f"{there.month}月{there.day}日"


@on.bare_number
def number_alone(ctx: Context) -> Reply | Pass:
    """12：就是查 12；没有这件事，就问是指什么。"""
    number = ctx.number or 0
    try:
        return show(ctx, number)
    except CaseUnknown:
        return ctx.say("smalltalk.which", number=number)


@on.command("我也是", "我家也是", "同求", takes="number?")
def me_too(ctx: Context) -> Reply:
    """我也是 12：跟着一起等信儿。"""
    if ctx.number is None:
        return ctx.say("mine.which_number", word="我也是")
    case = ctx.unit.cases.number(ctx.number, seen_by=ctx.member)
    ctx.unit.cases.join(case, by=ctx.member, now=ctx.now)
    return ctx.say("report.joined", number=case.number, count=case.joined + 1)


@on.command("撤回", "不要了", takes="number?")
@on.intent("cancel")
def withdraw(ctx: Context) -> Reply:
    """撤回 12：问一句再撤；没说编号就当是最近报的那件。"""
    number = ctx.number if ctx.number is not None else _slot_number(ctx)
    case: Case | None
    if number is not None:
        case = ctx.unit.cases.number(number, seen_by=ctx.member)
    else:
        case = ctx.unit.cases.last_of(ctx.member)
    if case is None:
        return ctx.say("mine.nothing_to_withdraw")
    case.may_withdraw(ctx.member)
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
        case = ctx.unit.cases.number(step.case, seen_by=ctx.member)
        draft = case.state == CaseState.DRAFT
        ctx.unit.cases.withdraw(case, by=ctx.member, now=ctx.now)
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

"""One case as somebody reads it, and which case somebody speaks of."""

from __future__ import annotations

from datetime import date, datetime

from bot.kit.context import Context
from bot.kit.dialogue import Looking
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.words import leading_number
from models.case import CaseView
from models.life import CaseState
from models.moment import local
from models.vault import mask_name, mask_phone


def day_of(moment: datetime | date) -> str:
    """``11月25日``, as members count days."""
    there = local(moment) if isinstance(moment, datetime) else moment
    return f"{there.month}月{there.day}日"


def spoken_of(ctx: Context) -> tuple[int | None, str]:
    """Which case a message is about and what it says besides.

    The number behind a command word, else one that stands in the sentence (``12号我们支部认领了``), else the case that
    this person was last shown (``这个我们干``).
    """
    if ctx.number is not None:
        return ctx.number, ctx.rest
    for written in ctx.understanding.slots.item_no:
        found = leading_number(written)
        if found is not None:
            return found[0], ctx.text
    return ctx.shown, ctx.rest


def show_case(ctx: Context, number: int) -> Reply:
    """A case with its last news; who deals with it also reads what it is called among them, and who reported it."""
    case = ctx.unit.cases.look(number, seen_by=ctx.member, now=ctx.now)
    own = case.reporter_id == ctx.member.member_id
    staff = not own and ctx.unit.cases.handled_by(case, ctx.member, ctx.now)
    entries = [entry for entry in ctx.unit.timeline.of(number) if entry.public or staff]
    last = ""
    if len(entries) > 1:
        entry = entries[-1]
        last = ctx.texts.say(
            "mine.last",
            day=day_of(entry.at),
            event=ctx.texts.say(f"events.{entry.event}"),
            note=f"：{shorten(entry.note, 60)}" if entry.note else "",
        )
    ctx.next_step = Looking(number)
    return ctx.say(
        "mine.case",
        number=case.number,
        face=case.label if staff else case.face,
        text=shorten(case.text, 60),
        day=day_of(case.created_at),
        joined=ctx.texts.say("mine.joined", count=case.joined + 1) if case.joined else "",
        last=last,
        handlers=_handlers(ctx, case),
        reporter=reporter_line(ctx, case) if staff else "",
        rate=ctx.texts.say("mine.rate") if own and case.state == CaseState.RESOLVED else "",
    )


def _handlers(ctx: Context, case: CaseView) -> str:
    names = [
        ctx.card(hold.organisation_id).name + ("" if hold.lead else "（协办）")
        for hold in ctx.unit.claims.live(case.number)
    ]
    return ctx.texts.say("mine.handlers", names="、".join(names)) if names else ""


def reporter_line(ctx: Context, case: CaseView) -> str:
    """Who reported it and how to reach them; masked for those who have no right to call."""
    reporter = ctx.unit.members.get(case.reporter_id)
    if reporter is None:
        return ""
    name, phone = reporter.name(ctx.unit.vault), reporter.phone(ctx.unit.vault)
    organisation = ctx.card(case.organisation_id).name
    if not ctx.unit.cases.may_call(case, ctx.member, ctx.now):
        return ctx.texts.say(
            "mine.reporter_masked", name=mask_name(name), phone=mask_phone(phone), organisation=organisation
        )
    behalf = ctx.unit.cases.behalf_of(case.number)
    if behalf is not None:
        return ctx.texts.say(
            "mine.reporter_for",
            name=name,
            phone=phone,
            organisation=organisation,
            other=behalf.name,
            other_phone=behalf.phone,
        )
    return ctx.texts.say("mine.reporter", name=name, phone=phone, organisation=organisation)

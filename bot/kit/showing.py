"""One case as somebody reads it, and which case somebody speaks of."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Looking
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.words import leading_number
from models.case import CaseView
from models.life import WORKED_ON, CaseKind, CaseState
from models.vault import mask_name, mask_phone, mask_text


def spoken_of(ctx: Context) -> tuple[int | None, str]:
    """Which case a message is about and what it says besides.

    The number behind a command word, else one that stands in the sentence (``12号我们支部认领了``), else the case that
    this person was last shown (``这个我们干``).
    """
    if ctx.number is not None:
        return ctx.number, ctx.rest
    named = number_in(ctx)
    return (ctx.shown, ctx.rest) if named is None else (named, ctx.text)


def number_in(ctx: Context) -> int | None:
    """The number of a case that stands in the sentence. 认领一件 names none."""
    for written in ctx.understanding.slots.item_no:
        found = leading_number(written)
        if found is not None and f"{written}件" not in ctx.text:
            return found[0]
    return None


def offices_of(ctx: Context) -> frozenset[int]:
    """The organisations for which this person may act."""
    return ctx.unit.organisations.offices_of(ctx.member.member_id, ctx.now)


def joint_of(ctx: Context) -> frozenset[int]:
    """The consortia in which this person may do what the lead organisation may."""
    return ctx.unit.posts.acts_in(ctx.member.member_id, ctx.now)


def in_hand(ctx: Context, offices: frozenset[int]) -> int | None:
    """Which case in hand somebody speaks of without a command: the one named, just shown, or the only one."""
    number = number_in(ctx)
    for each in (number,) if number is not None else (ctx.shown,):
        if each is not None and any(hold.organisation_id in offices for hold in ctx.unit.claims.live(each)):
            return each
    if number is not None or not offices:
        return None
    tasks, _ = ctx.unit.claims.in_hand(offices, 2, states=WORKED_ON)
    return tasks[0].number if len(tasks) == 1 else None


def show_case(ctx: Context, number: int) -> Reply:
    """A case with its last news; who deals with it also reads what it is called among them, and who reported it."""
    case = ctx.look(number)
    own = case.reporter_id == ctx.member.member_id
    staff = not own and ctx.unit.cases.handled_by(case, ctx.member, ctx.now)
    text = case.text
    if not own and not ctx.unit.cases.may_call(case, ctx.member, ctx.now):
        text = mask_text(text)
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
        # 请您评 is said to the one who is to rate.
        face=case.label if staff or (case.state == CaseState.RESOLVED and not own) else case.face,
        text=shorten(text, 60),
        day=day_of(case.created_at),
        joined=ctx.texts.say("mine.joined", count=case.joined + 1) if case.joined else "",
        last=last,
        handlers=_handlers(ctx, case),
        project=_project(ctx, case),
        reporter=reporter_line(ctx, case) if staff else "",
        rate=ctx.texts.say("mine.rate") if own and case.state == CaseState.RESOLVED else "",
    )


def _handlers(ctx: Context, case: CaseView) -> str:
    holds = {hold.organisation_id: hold.lead for hold in reversed(ctx.unit.claims.live(case.number))}
    names = [ctx.card(each).name + ("" if lead else "（协办）") for each, lead in reversed(holds.items())]
    return ctx.texts.say("mine.handlers", names="、".join(names)) if names else ""


def _project(ctx: Context, case: CaseView) -> str:
    """How far a project is and what it solves; the project that a need or problem waits for."""
    projects = ctx.unit.projects
    if case.kind != CaseKind.PROJECT.value:
        within = projects.of(case.number)
        return ctx.texts.say("mine.part", project=within[-1]) if within else ""
    steps = projects.milestones(case.number)
    percent = ctx.texts.say("mine.percent", percent=projects.percent(case.number)) if steps else ""
    solves = "、".join(str(item.number) for item in projects.items(case.number))
    return percent + (ctx.texts.say("mine.solves", numbers=solves) if solves else "")


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
            "mine.reporter_for" if behalf.phone else "mine.reporter_for_unreachable",
            name=name,
            phone=phone,
            organisation=organisation,
            other=behalf.name,
            other_phone=behalf.phone,
        )
    return ctx.texts.say("mine.reporter", name=name, phone=phone, organisation=organisation)

"""供需清单、待认领、问题清单、项目清单：一页四条，回数字看详细。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.kit.context import Context
from bot.kit.days import day_of, say_day
from bot.kit.dialogue import Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Meant, Pass, Router
from bot.kit.words import choice, plain
from models.cases import CaseBrief
from models.life import OPEN, WAITING, CaseKind, CaseState
from models.supplies import SupplyBrief
from models.vault import mask_text

on = Router()

PAGE = 4
FORWARDED = 20
"""Lines of the list that is forwarded to a group chat: more are not read there, and a reply holds 2,048 bytes."""


class Page(Step, frozen=True):
    """看着清单的这一页：能选序号，能翻页。"""

    codes: tuple[str, ...]
    next_offset: int
    """-1：后面没有了。"""
    category: str = ""


@on.command("供需清单", "清单", "资源清单", takes="words")
def supply_list(ctx: Context) -> Reply | Meant:
    """供需清单：后面可以带类别或想找的东西。“清单 5”是各家签的第 5 号清单。"""
    if choice(ctx.rest) is not None and plain(ctx.text).startswith("清单"):
        return Meant(ctx.text, "book")
    if not ctx.rest:
        return page(ctx, 0, "")
    labels = [category.label for category in ctx.unit.categories.all()]
    category = next((label for label in labels if label == ctx.rest), "")
    return page(ctx, 0, category) if category else _search(ctx, ctx.rest)


def page(ctx: Context, offset: int, category: str) -> Reply:
    """One page of the list."""
    supplies, total = ctx.unit.supplies.page(
        viewer=ctx.member, day=ctx.today, offset=offset, limit=PAGE, category=category or None
    )
    label = f"（{category}）" if category else ""
    if not supplies:
        return ctx.say("lists.end") if offset else ctx.say("lists.empty", category=label)
    more = offset + PAGE < total
    return ctx.ask(
        "lists.page",
        then=Page(tuple(supply.code for supply in supplies), offset + PAGE if more else -1, category),
        category=label,
        total=total,
        first=offset + 1,
        last=offset + len(supplies),
        lines=numbered(_line(ctx, supply.title, supply.unit_name) for supply in supplies),
        more=ctx.texts.say("lists.more") if more else "",
    )


def _line(ctx: Context, title: str, unit: str) -> str:
    return ctx.texts.say("lists.line", title=shorten(title, 16), unit=shorten(unit, 18))


@on.step(Page)
def turn(ctx: Context, step: Page) -> Reply | Pass:
    """选了一条，或者往下翻。"""
    text = plain(ctx.text)
    if text in ("更多", "下一页", "下页", "往下", "继续"):
        if step.next_offset < 0:
            return ctx.ask("lists.end", then=step)
        return page(ctx, step.next_offset, step.category)
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.codes):
        return PASS
    supply = ctx.unit.supplies.look(step.codes[number - 1])
    return ctx.ask(
        "lists.entry",
        then=step,
        code=supply.code,
        title=supply.title,
        unit=supply.unit_name,
        area=supply.area or "不限",
        terms=_terms(ctx, supply),
        detail=shorten(supply.detail, 80),
    )


def _terms(ctx: Context, supply: SupplyBrief) -> str:
    """For whom, how many more, until when: only what limits somebody."""
    until = supply.valid_until
    return "".join(
        (
            ctx.texts.say("lists.audience", audience=supply.audience) if supply.audience else "",
            "" if supply.left is None else ctx.texts.say("lists.left", left=supply.left),
            "" if until is None else ctx.texts.say("lists.until", day=say_day(until, ctx.today)),
        )
    )


_OPEN_LIST = re.compile(r"项目|问题清单|待办")


@on.intent("query_list")
def asked(ctx: Context) -> Reply | Pass:
    """有没有能做义诊的单位：在清单里找。"""
    if re.search(r"认领|没人认|没人管|没人接", ctx.text):
        return _open(ctx, None, WAITING)
    if _OPEN_LIST.search(ctx.text):
        return _open(ctx, None)
    if ctx.understanding.slots.item_no:
        return PASS
    return _search(ctx, ctx.text)


def _search(ctx: Context, text: str) -> Reply:
    reading = ctx.reading if text == ctx.text else ctx.mind.read(text, ctx.now)
    found = ctx.mind.search(
        reading, home=ctx.member.region, day=ctx.today, top=PAGE, circles=ctx.member.circles
    )
    if not found:
        words = re.sub(r"看看|供需|清单|资源|有什么|有哪些|查|的|里", "", text)
        return page(ctx, 0, "") if len(words) < 2 else ctx.say("lists.nothing_found")
    return ctx.ask(
        "lists.found",
        then=Page(tuple(fit.code for fit in found), -1),
        count=len(found),
        lines=numbered(_line(ctx, fit.title, fit.unit) for fit in found),
    )


@on.command("待认领", "有什么活")
def unclaimed(ctx: Context) -> Reply:
    """待认领：融合体里还没人接的。"""
    return _open(ctx, None, WAITING)


@on.command("问题清单")
def problems(ctx: Context) -> Reply:
    """问题清单。"""
    return _open(ctx, CaseKind.PROBLEM)


@on.command("项目清单")
def projects(ctx: Context) -> Reply:
    """项目清单。"""
    return _open(ctx, CaseKind.PROJECT)


@on.command("需求清单")
def needs(ctx: Context) -> Reply:
    """需求清单。"""
    return _open(ctx, CaseKind.NEED)


def _line_of(ctx: Context, case: CaseBrief) -> str:
    text = shorten(mask_text(case.text), 18)
    if case.kind == CaseKind.PROJECT.value and ctx.unit.projects.milestones(case.number):
        percent = ctx.unit.projects.percent(case.number)
        return ctx.texts.say("lists.project_line", number=case.number, text=text, percent=percent)
    return ctx.texts.say("lists.open_line", number=case.number, text=text)


def _open(ctx: Context, kind: CaseKind | None, states: Sequence[CaseState] = OPEN) -> Reply:
    member = ctx.member
    if member.consortium_id is None:
        return ctx.say("lists.no_consortium")
    cases, total = ctx.unit.cases.open_in(member.consortium_id, kind, states=states, alone=states is WAITING)
    label = kind.label if kind else "事"
    lines = "\n".join(_line_of(ctx, case) for case in cases)
    if states is WAITING:
        key = "lists.unclaimed" if cases else "lists.unclaimed_empty"
        return ctx.say(key, consortium=member.consortium, total=total, lines=lines)
    if not cases:
        return ctx.say("lists.open_empty", consortium=member.consortium, kind=label)
    if kind is CaseKind.PROJECT:
        return ctx.say("lists.projects", consortium=member.consortium, total=total, lines=lines)
    return ctx.say("lists.open", consortium=member.consortium, kind=label, total=total, lines=lines)


@on.command("复制待认领清单", "一键复制", "复制清单", "转发清单")
def forward(ctx: Context) -> Reply:
    """复制待认领清单：一段能直接转到工作群里的话，不带人名和电话。"""
    member = ctx.member
    if member.consortium_id is None:
        return ctx.say("lists.no_consortium")
    cases, total = ctx.unit.cases.open_in(member.consortium_id, None, FORWARDED, states=WAITING, alone=True)
    if not cases:
        return ctx.say("lists.unclaimed_empty", consortium=member.consortium)
    lines = [
        ctx.texts.say(
            "lists.forward_line",
            number=case.number,
            kind=CaseKind(case.kind).label,
            text=shorten(mask_text(case.text), 40),
        )
        for case in cases
    ]
    return ctx.say(
        "lists.forward",
        consortium=member.consortium,
        day=day_of(ctx.today),
        total=total,
        lines="\n".join(lines),
    )

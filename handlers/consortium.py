"""融合体：自己单位在哪个融合体里，谁牵头、谁轮值，有几家，上面下面是谁。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice
from models.belt import Subject
from models.consortium import Consortium

on = Router()

MOST_PARTS = 3
"""More names do not fit on a small phone; the rest is counted."""


class OneOfOurs(Step, frozen=True):
    """单位在几个融合体里，等他选看哪一个。"""

    consortia: tuple[int, ...]


@on.command("融合体", "我的融合体", "我们融合体", "联合体", "发展带", "示范点")
def ours(ctx: Context) -> Reply:
    """融合体：自己单位的；在几个里的，先问看哪一个。"""
    found = ctx.unit.consortia.of_organisation(ctx.member.organisation_id, ctx.today)[:MOST_CHOICES]
    if not found:
        return ctx.say("consortium.none", organisation=ctx.member.organisation)
    if len(found) == 1:
        return _show(ctx, found[0])
    return ctx.ask(
        "consortium.which",
        then=OneOfOurs(tuple(each.id for each in found)),
        organisation=ctx.member.organisation,
        choices=numbered(each.name for each in found),
    )


@on.step(OneOfOurs)
def chosen(ctx: Context, step: OneOfOurs) -> Reply | Pass:
    """选了一个。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.consortia):
        return PASS
    ctx.next_step = step
    return _show(ctx, ctx.unit.consortia.get(step.consortia[number - 1]))


def _show(ctx: Context, consortium: Consortium) -> Reply:
    texts, unit, day = ctx.texts, ctx.unit, ctx.today
    seated = unit.consortia.seated(consortium.id, day)
    outside = sum(each.external for each in seated)
    onlookers = sum(not each.part.claims for each in seated)
    lead, chair = ctx.card(consortium.lead_id).name, unit.consortia.chair(consortium.id, day)
    if chair is None:
        who = texts.say("consortium.lead", lead=lead)
    elif chair[1].id == consortium.lead_id:
        who = texts.say("consortium.both", lead=lead)
    else:
        who = texts.say("consortium.lead_and_chair", lead=lead, chair=chair[1].name)
    tree = _tree(ctx, consortium)
    return ctx.say(
        "consortium.card",
        name=consortium.name,
        kind=consortium.kind,
        modes=texts.say("consortium.modes", modes=consortium.modes) if consortium.modes else "",
        titles="".join(
            texts.say("consortium.title", title=each.label)
            for each in unit.belts.titles(Subject.CONSORTIUM, consortium.id, day)
        ),
        who=who,
        count=len(seated),
        outside=texts.say("consortium.outside", count=outside) if outside else "",
        onlookers=texts.say("consortium.onlookers", count=onlookers) if onlookers else "",
        belts="".join(
            texts.say("consortium.belt", belt=each.name)
            for each in unit.belts.of_consortium(consortium.id, day)[:2]
        ),
        tree=f"\n{tree}" if tree else "",
    )


def _tree(ctx: Context, consortium: Consortium) -> str:
    """What stands over it and what under it, in one line; empty where nothing does."""
    texts = ctx.texts
    parts = ctx.unit.consortia.parts(consortium.id, ctx.today)
    line = []
    if consortium.parent_id is not None:
        line.append(texts.say("consortium.above", name=ctx.unit.consortia.get(consortium.parent_id).name))
    if parts:
        names = "、".join(each.name for each in parts[:MOST_PARTS])
        many = texts.say("consortium.many", count=len(parts)) if len(parts) > MOST_PARTS else ""
        line.append(texts.say("consortium.below", names=names, many=many))
    return "；".join(line)

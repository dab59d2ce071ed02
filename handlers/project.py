"""立项、纳入、里程碑：把几件事归成一个项目，一起认领、一起办。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Looking
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.router import Router
from bot.kit.showing import spoken_of
from bot.kit.words import leading_number, number, plain
from models.case import NewCase
from models.life import CaseKind

on = Router()

_SOLVES = re.compile(
    r"[，,。；;\s]*(?:用来)?(?:解决|对应|包括|管)\s*(?:编号|第)?\s*((?:\d{1,9}\s*(?:号|件)?\s*(?:、|，|,|和|跟|\s)*)+)[。.]?$"
)
_NUMBERS = re.compile(r"\d{1,9}")
_WEIGHT = re.compile(r"[（(]\s*(\d{1,3})\s*%?\s*[)）]?$")


@on.command("立项", "新项目", takes="words")
def found(ctx: Context) -> Reply:
    """立项 给村里修三公里水渠 解决 12、15：轮值、牵头单位立的马上公示，别人提的等受理。"""
    said = plain(ctx.rest)
    solves = _SOLVES.search(said)
    numbers = [int(each) for each in _NUMBERS.findall(solves[1])] if solves else []
    text = said[: solves.start()].strip() if solves else said
    if len(text) < 4:
        return ctx.say("project.how")
    items = [ctx.case(each) for each in dict.fromkeys(numbers)]
    new = NewCase.report(
        by=ctx.member,
        text=text,
        kind=CaseKind.PROJECT,
        category=ctx.mind.read(text, ctx.now).understanding.category
        or (items[0].category if items else "其他"),
        place="",
        quantity="",
        deadline="",
        received_key=ctx.message.key,
        now=ctx.now,
    )
    new.submit(ctx.now)
    ctx.unit.cases.file(new, by=ctx.member)
    case = ctx.case(new.number)
    if items:
        ctx.unit.projects.put_in(case, items, by=ctx.member, now=ctx.now)
    published = ctx.unit.casework.publish_own(case, by=ctx.member, now=ctx.now)
    ctx.next_step = Looking(case.number)
    return ctx.say(
        "project.published" if published else "project.proposed",
        number=case.number,
        text=shorten(text, 20),
        items=ctx.texts.say("project.items", count=len(items)) if items else "",
    )


@on.command("纳入", takes="number?")
def put_in(ctx: Context) -> Reply:
    """纳入 12 到 20：把 12 号归到项目 20 里办。"""
    found_number = leading_number(re.sub(r"^(?:到|进|项目|、|，)+\s*", "", ctx.rest))
    if ctx.number is None or found_number is None:
        return ctx.say("project.put_in_how")
    item = ctx.case(ctx.number)
    project = ctx.case(found_number[0])
    ctx.unit.projects.put_in(project, [item], by=ctx.member, now=ctx.now)
    return ctx.say("project.put_in", number=item.number, project=project.number)


@on.command("里程碑", takes="number?")
def milestones(ctx: Context) -> Reply:
    """里程碑 20 备料（20）、开挖（50）、验收（30）：定下几步；里程碑 20 完成 2：第二步到了。"""
    project_number, rest = spoken_of(ctx)
    if project_number is None:
        return ctx.say("project.milestones_how")
    project = ctx.case(project_number)
    said = plain(rest)
    done = re.match(r"^(?:完成|到了|做完)了?\s*(?:第)?\s*(\S{1,3}?)\s*(?:步|个)?$", said)
    if done and (position := number(done[1])) is not None:
        percent = ctx.unit.projects.reach(project, position, by=ctx.member, now=ctx.now)
        return ctx.say("project.reached", number=project_number, position=position, percent=percent)
    if said:
        steps = [_step(part) for part in re.split(r"[、；;，,\n]+", said) if part.strip()]
        ctx.unit.projects.set_milestones(project, steps, by=ctx.member, now=ctx.now)
    lines = [
        ctx.texts.say(
            "project.milestone_done" if each.done_at else "project.milestone_open",
            position=each.position,
            title=shorten(each.title, 16),
        )
        for each in ctx.unit.projects.milestones(project_number)
    ]
    if not lines:
        return ctx.say("project.milestones_how")
    return ctx.say(
        "project.milestones",
        number=project_number,
        percent=ctx.unit.projects.percent(project_number),
        lines="\n".join(lines[:6]),
    )


def _step(part: str) -> tuple[str, int]:
    """A milestone and its weight: 开挖（50） weighs 50, one without a number 1."""
    weight = _WEIGHT.search(part.strip())
    title = part[: weight.start()] if weight else part
    return title.strip(), max(1, int(weight[1])) if weight else 1

"""联系、进展、承诺、延期、办结：承办单位一路怎么办的。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.dialogue import Looking, Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Image, Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import day_of, show_case, spoken_of
from bot.kit.words import choice, plain
from models.case import Case
from models.solving import EvidenceMissing

on = Router()


_BARE_DAY = 8
"""Characters: 月底前, 下周三 and 12月5日前 name a day and nothing besides."""


class WhichInHand(Step, frozen=True):
    """没说编号：等他从手里的几件挑。"""

    numbers: tuple[int, ...]
    verb: str
    rest: str = ""


class SayMore(Step, frozen=True):
    """等他把这一步说完整：做了什么、延到哪天、为什么。"""

    case: int
    verb: str


@on.command("联系", "联系了", "已联系", "联系上了", takes="number?")
def contact(ctx: Context) -> Reply:
    """联系 12：给报事人打过电话了。"""
    return _about(ctx, "contact")


@on.command("进展", takes="number?")
@on.intent("progress")
def progress(ctx: Context) -> Reply:
    """进展 12 今天拉走一半：做了什么，报事人看得见。报事人自己问进展，就给他看。"""
    return _about(ctx, "progress")


@on.command("承诺", takes="number?")
def promise(ctx: Context) -> Reply:
    """承诺 12 月底前：哪天能办好。"""
    return _about(ctx, "promise")


@on.command("延期", takes="number?")
def extend(ctx: Context) -> Reply:
    """延期 12 到月底 等配件：到期以前申请，轮值单位点头。"""
    return _about(ctx, "extend")


@on.command("办结", "办好了", "办完了", takes="number?")
def resolve(ctx: Context) -> Reply:
    """办结 12 已经换了新灯：办好了，请报的人评。"""
    return _about(ctx, "resolve")


@on.command("同意延期", takes="number?")
def grant(ctx: Context) -> Reply:
    """同意延期 12。"""
    return _decide(ctx, granted=True)


@on.command("不同意延期", takes="number?")
def refuse(ctx: Context) -> Reply:
    """不同意延期 12。"""
    return _decide(ctx, granted=False)


@on.command("暂停", takes="number?")
def pause(ctx: Context) -> Reply:
    """暂停 12 等汛期过去：轮值单位让时限停一停。"""
    return _about(ctx, "pause", mine=False)


@on.command("恢复", takes="number?")
def resume(ctx: Context) -> Reply:
    """恢复 12：时限接着走。"""
    number, _ = spoken_of(ctx)
    if number is None:
        return ctx.say("work.which_number", word="恢复")
    case = ctx.unit.cases.number(number, seen_by=ctx.member, now=ctx.now)
    ctx.unit.solving.resume(case, by=ctx.member, now=ctx.now)
    return ctx.say("work.resumed", number=number)


@on.command("待办", "我的任务", "手里的活", "我们的活")
def tasks(ctx: Context) -> Reply:
    """待办：派来没答复的、正在办的。"""
    offices = {post.organisation_id for post in ctx.unit.organisations.posts_of(ctx.member.member_id)}
    asked = ctx.unit.claims.asked_of(offices) if offices else []
    in_hand, total = ctx.unit.claims.in_hand(offices) if offices else ([], 0)
    lines = [
        ctx.texts.say("work.asked_line", number=each.number, text=shorten(each.text, 16)) for each in asked
    ]
    for each in in_hand:
        case = ctx.unit.cases.look(each.number, seen_by=ctx.member, now=ctx.now)
        lines.append(
            ctx.texts.say("work.task_line", number=each.number, label=case.label, text=shorten(each.text, 14))
        )
    if not lines:
        return ctx.say("work.no_tasks")
    return ctx.say("work.tasks", total=total + len(asked), lines="\n".join(lines[:6]))


def _about(ctx: Context, verb: str, *, mine: bool = True) -> Reply:
    number, rest = spoken_of(ctx)
    if number is None and mine:
        return _ask_which(ctx, verb, rest)
    if number is None:
        return ctx.say("work.which_number", word={"pause": "暂停"}[verb])
    case = ctx.unit.cases.number(number, seen_by=ctx.member, now=ctx.now)
    if case.reporter_id == ctx.member.member_id and verb in ("progress", "contact") and not plain(ctx.rest):
        return show_case(ctx, number)
    return _do(ctx, case, verb, rest)


def _ask_which(ctx: Context, verb: str, rest: str) -> Reply:
    offices = {post.organisation_id for post in ctx.unit.organisations.posts_of(ctx.member.member_id)}
    in_hand = ctx.unit.claims.in_hand(offices, 4)[0] if offices else []
    if len(in_hand) == 1:
        case = ctx.unit.cases.number(in_hand[0].number, seen_by=ctx.member, now=ctx.now)
        return _do(ctx, case, verb, plain(rest or ctx.text if verb == "progress" else rest))
    if not in_hand:
        return ctx.say("work.nothing_in_hand")
    lines = [f"编号 {each.number} {shorten(each.text, 16)}" for each in in_hand]
    step = WhichInHand(tuple(each.number for each in in_hand), verb, rest or ctx.text)
    return ctx.ask("work.which", then=step, choices=numbered(lines))


@on.step(WhichInHand)
def picked(ctx: Context, step: WhichInHand) -> Reply | Pass:
    """挑了一件。"""
    number = choice(ctx.text)
    if number is None:
        return PASS
    if 1 <= number <= len(step.numbers):
        number = step.numbers[number - 1]
    if number not in step.numbers:
        return PASS
    case = ctx.unit.cases.number(number, seen_by=ctx.member, now=ctx.now)
    return _do(ctx, case, step.verb, plain(step.rest) if step.verb == "progress" else "")


@on.step(SayMore)
def said(ctx: Context, step: SayMore) -> Reply | Pass:
    """说完整了；办结也可以只发照片。"""
    case = ctx.unit.cases.number(step.case, seen_by=ctx.member, now=ctx.now)
    message = ctx.message
    if isinstance(message, Image):
        if step.verb not in ("resolve", "progress"):
            return PASS
        _keep(ctx, case, message)
        return _do(ctx, case, step.verb, ctx.texts.say("work.photo") if step.verb == "progress" else "")
    return _do(ctx, case, step.verb, ctx.text.strip()) if len(plain(ctx.text)) >= 2 else PASS


def _keep(ctx: Context, case: Case, photo: Image) -> None:
    ctx.unit.attachments.add(
        case, kind="photo", media_id=photo.media_id, url=photo.url, by=ctx.member, now=ctx.now
    )


def _do(ctx: Context, case: Case, verb: str, said: str) -> Reply:
    """One step on one case; asks for what it lacks."""
    number, solving, by, now = case.number, ctx.unit.solving, ctx.member, ctx.now
    ask = SayMore(number, verb)
    text = shorten(case.text, 20)
    if verb == "contact":
        solving.contact(case, by=by, now=now)
        ctx.next_step = Looking(number)
        return ctx.say("work.contacted", number=number)
    if verb == "resolve":
        try:
            solving.resolve(case, by=by, note=said, now=now)
        except EvidenceMissing:
            return ctx.ask("work.evidence", then=ask, number=number, text=text)
        return ctx.say("work.resolved", number=number)
    if verb in ("promise", "extend"):
        day = ctx.mind.day(said, now) if said else None
        if day is None:
            return ctx.ask(f"work.{verb}_ask", then=ask, number=number, text=text)
        if verb == "promise":
            plan = said if len(said) > _BARE_DAY else ""
            solving.promise(case, by=by, now=now, plan=plan, promised_on=day)
            return ctx.say("work.promised", number=number, day=day_of(day))
        solving.ask_extension(case, by=by, until=day, reason=said, now=now)
        return ctx.say("work.extension_asked", number=number, day=day_of(day))
    if not said:
        return ctx.ask(f"work.{verb}_ask", then=ask, number=number, text=text)
    if verb == "pause":
        solving.pause(case, by=by, reason=said, now=now)
        return ctx.say("work.paused", number=number)
    solving.progress(case, by=by, note=said, now=now)
    ctx.next_step = Looking(number)
    return ctx.say("work.noted", number=number)


def _decide(ctx: Context, *, granted: bool) -> Reply:
    number, _ = spoken_of(ctx)
    if number is None:
        return ctx.say("work.which_number", word="同意延期" if granted else "不同意延期")
    case = ctx.unit.cases.number(number, seen_by=ctx.member, now=ctx.now)
    extension = ctx.unit.solving.decide_extension(case, by=ctx.member, granted=granted, now=ctx.now)
    key = "work.granted" if granted else "work.not_granted"
    return ctx.say(key, number=number, day=day_of(extension.until))

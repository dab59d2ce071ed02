"""联系、进展、承诺、延期、办结：承办单位一路怎么办的。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Looking, Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Image, Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import in_hand, offices_of, show_case, spoken_of
from bot.kit.who import name_desk
from bot.kit.words import EDGES, choice, plain
from models.case import Case
from models.life import WORKED_ON, CaseState
from models.life import Step as Move
from models.solving import EvidenceMissing

on = Router()


SHORTEST_PLAN = 2
"""Characters; less than that says nothing of what will be done."""
_DAY = re.compile(
    r"\d+|[一二三四五六七八九十两几半]|年|月|日|号|周|星期|礼拜|天|小时|上午|下午|早上|晚上|今|明|后|本|这|下|底|初|中旬|"
    r"前|之|以|内|个|工作日|能|可以|保证|一定|争取|大概|就|办好|办完|修好|修完|完成|弄好|搞好|到|在|，|,|。|\s"
)
"""What a promise of a day is made of: 月底前, 下周三办好. Whatever is left says what will be done."""


_DONE = re.compile(
    r"(?:修|治|办|装|换|弄|整|解决|整改|处理|焊|接|铺|挖|盖|送|拉|干|做|搞|补|通)(?:好|完毕?|成|妥|到位|利索)(?:[了啦]|[，,。！!]|$)"
    r"|(?:换|装|接|补|通|焊)上[了啦]|(?:完工|竣工|解决|整改)(?:完毕)?[了啦]"
)
_NOT_DONE = re.compile(
    r"一半|没|未|还|明天|后天|正在|快|差|先|准备|计划|打算|马上|吗|什么时候|啥时|大部分|部分|[%％]|能不能|才能|等|(?:好|完|成)[了啦]?[一二两三几半第]"
)
"""已经修好了 is the end of it; 修好了一半, 明天就能修好 and 还没修好 are not."""
_LATER = re.compile(r"缓[一两三几]|缓缓|宽限|延[到期后]|推迟|往后(?:推|拖|放)|晚[一两三几]天|多给[一两三几]")
_DAY_FIRST = re.compile(
    r"^(?:我们|俺们|我)?(?:争取|计划|准备|打算|大概|预计|保证|力争)?"
    r"(?:[一二两三四五六七八九十\d]+(?:天|个?星期|周|个?月)(?:内|之内|以内)|(?:这|本|下)个?(?:周|星期|礼拜|月)|月底|年底|今天|明天|后天|\d+月|\d+[号日])"
)
"""三天内派人过去: an answer to 哪天能办好, as long as nobody promised a day and nobody was there yet."""


class WhichInHand(Step, frozen=True):
    """没说编号：等他从手里的几件挑。"""

    numbers: tuple[int, ...]
    verb: str
    rest: str = ""


class SayMore(Step, frozen=True):
    """等他把这一步说完整：做了什么、延到哪天、为什么。"""

    case: int
    verb: str


@on.command("联系", "联系了", "已联系", "联系上了", "打过电话了", "电话打了", "电话打通了", takes="number?")
def contact(ctx: Context) -> Reply:
    """联系 12：给报事人打过电话了。"""
    return _about(ctx, "contact")


@on.command("进展", takes="number?words")
def progress(ctx: Context) -> Reply:
    """进展 12 今天拉走一半：做了什么，报事人看得见。报事人自己问进展，就给他看。"""
    return _about(ctx, "progress")


@on.intent("progress")
def told(ctx: Context) -> Reply | Pass:
    """今天拉走一半 / 已经修好了：没带口令的一句话，说的是点了名的、刚看过的、手里唯一的那件。"""
    offices = offices_of(ctx)
    verb = "extend" if _LATER.search(ctx.text) else "resolve" if done(ctx.text) else "progress"
    number = in_hand(ctx, offices)
    if number is None:
        number = spoken_of(ctx)[0]
    if number is not None:
        case = ctx.case(number)
        if case.reporter_id == ctx.member.member_id:
            return show_case(ctx, number)
        return _do(ctx, case, verb, ctx.text.strip())
    if offices:
        return _ask_which(ctx, verb, ctx.text.strip())
    mine = ctx.unit.cases.last_of(ctx.member)
    return show_case(ctx, mine.number) if mine is not None else PASS


def done(text: str) -> bool:
    """Whether a claimant says that it is done: 已经修好了, but not 修好了一半."""
    return bool(_DONE.search(plain(text))) and not _NOT_DONE.search(text)


@on.pattern(rf"^.{{0,10}}?(?:{_LATER.pattern})")
def more_time(ctx: Context) -> Reply | Pass:
    """能不能缓几天：手里有事的，就是申请延期。"""
    number = in_hand(ctx, offices_of(ctx))
    if number is None:
        return PASS
    case = ctx.case(number)
    return _do(ctx, case, "extend", ctx.text.strip())


@on.pattern(rf"^.{{0,10}}?(?:{_DONE.pattern})")
def finished(ctx: Context) -> Reply | Pass:
    """这回真修好了：手里有事的，就是报办结。"""
    if not done(ctx.text) or ctx.understanding.intent == "report":
        return PASS
    number = in_hand(ctx, offices_of(ctx))
    if number is None:
        return PASS
    case = ctx.case(number)
    return _do(ctx, case, "resolve", ctx.text.strip())


@on.pattern(
    r"^(?:还是|一直|也|怎么也)*(?:联系不上|打不通|电话(?:一直)?(?:打不通|没人接)|找不着人|没人接电话)"
)
def unreached(ctx: Context) -> Reply | Pass:
    """联系不上他：不算联系过，请本支部联络员帮着找人。"""
    number = in_hand(ctx, offices_of(ctx))
    if number is None:
        return PASS
    case = ctx.look(number)
    card = ctx.card(case.organisation_id)
    ctx.next_step = Looking(number)
    return ctx.say("work.unreached", number=number, who=name_desk(card, to=ctx.member) or card.name)


@on.pattern(r"^.{0,12}(?:电话|号码|联系方式)(?:是)?(?:多少|几号|是啥|在哪)")
def whose_phone(ctx: Context) -> Reply | Pass:
    """他电话多少：手里那件，报事人的电话就在里头。"""
    number = in_hand(ctx, offices_of(ctx))
    return PASS if number is None else show_case(ctx, number)


@on.pattern(_DAY_FIRST.pattern)
def by_then(ctx: Context) -> Reply | Pass:
    """三天内派人过去：刚认领、还没许日子的，就是许日子。"""
    if ctx.shown is None or "了" in ctx.text or ctx.mind.day(ctx.text, ctx.now) is None:
        return PASS
    claim = ctx.unit.claims.lead_of(ctx.shown)
    if claim is None or claim.promised_on is not None or claim.organisation_id not in offices_of(ctx):
        return PASS
    case = ctx.case(ctx.shown)
    return _do(ctx, case, "promise", ctx.text.strip()) if case.state == CaseState.CLAIMED else PASS


@on.command("承诺", takes="number?words")
def promise(ctx: Context) -> Reply:
    """承诺 12 月底前：哪天能办好。"""
    return _about(ctx, "promise")


@on.command("延期", takes="number?words")
def extend(ctx: Context) -> Reply:
    """延期 12 到月底 等配件：到期以前申请，轮值单位点头。"""
    return _about(ctx, "extend")


@on.command("办结", "办好了", "办完了", takes="number?words")
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
    case = ctx.case(number)
    ctx.unit.solving.resume(case, by=ctx.member, now=ctx.now)
    return ctx.say("work.resumed", number=number)


@on.command("待办", "我的任务", "手里的活", "我们的活")
def to_do(ctx: Context) -> Reply:
    """待办：派来没答复的、正在办的。"""
    offices = offices_of(ctx)
    asked = ctx.unit.claims.asked_of(offices) if offices else []
    tasks, total = ctx.unit.claims.in_hand(offices) if offices else ([], 0)
    lines = [
        ctx.texts.say("work.asked_line", number=each.number, text=shorten(each.text, 16)) for each in asked
    ]
    for each in tasks:
        case = ctx.look(each.number)
        lines.append(
            ctx.texts.say("work.task_line", number=each.number, label=case.label, text=shorten(each.text, 14))
        )
    if not lines:
        return ctx.say("work.no_tasks" if offices else "work.no_post")
    return ctx.say("work.tasks", total=total + len(asked), lines="\n".join(lines[:6]))


def _about(ctx: Context, verb: str, *, mine: bool = True) -> Reply:
    number, rest = spoken_of(ctx)
    if number is None and mine:
        return _ask_which(ctx, verb, rest)
    if number is None:
        return ctx.say("work.which_number", word={"pause": "暂停"}[verb])
    case = ctx.case(number)
    if case.reporter_id == ctx.member.member_id and verb in ("progress", "contact") and not plain(ctx.rest):
        return show_case(ctx, number)
    return _do(ctx, case, verb, rest)


def _ask_which(ctx: Context, verb: str, rest: str) -> Reply:
    offices = offices_of(ctx)
    tasks = ctx.unit.claims.in_hand(offices, 4, states=WORKED_ON)[0] if offices else []
    if len(tasks) == 1:
        case = ctx.case(tasks[0].number)
        return _do(ctx, case, verb, rest)
    if not tasks:
        return ctx.say("work.nothing_in_hand")
    lines = [f"编号 {each.number} {shorten(each.text, 16)}" for each in tasks]
    step = WhichInHand(tuple(each.number for each in tasks), verb, rest)
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
    case = ctx.case(number)
    return _do(ctx, case, step.verb, step.rest)


@on.step(SayMore)
def said(ctx: Context, step: SayMore) -> Reply | Pass:
    """说完整了；办结也可以只发照片。"""
    case = ctx.case(step.case)
    message = ctx.message
    if isinstance(message, Image):
        if step.verb not in ("resolve", "progress"):
            return PASS
        _keep(ctx, case, message)
        return _do(ctx, case, step.verb, ctx.texts.say("work.photo") if step.verb == "progress" else "")
    if len(plain(ctx.text)) < 2:
        return PASS
    verb = "extend" if step.verb in ("progress", "resolve") and _LATER.search(ctx.text) else step.verb
    return _do(ctx, case, verb, ctx.text.strip())


def _keep(ctx: Context, case: Case, photo: Image) -> None:
    ctx.unit.attachments.add(
        case, kind="photo", media_id=photo.media_id, url=photo.url, by=ctx.member, now=ctx.now
    )


def _do(ctx: Context, case: Case, verb: str, said: str) -> Reply:
    """One step on one case; asks for what it lacks."""
    number, solving, by, now = case.number, ctx.unit.solving, ctx.member, ctx.now
    ask = SayMore(number, verb)
    text = case.short
    if verb == "contact":
        solving.contact(case, by=by, now=now)
        ctx.next_step = Looking(number)
        return ctx.say("work.contacted", number=number)
    if verb == "resolve":
        if case.state == CaseState.RESOLVED and in_hand(ctx, offices_of(ctx)) == number:
            return ctx.say("work.resolved_already", number=number)
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
            plan = said if len(_DAY.sub("", said)) >= SHORTEST_PLAN else ""
            solving.promise(case, by=by, now=now, plan=plan, promised_on=day)
            return ctx.say("work.promised", number=number, day=day_of(day))
        solving.ask_extension(case, by=by, until=day, reason=_reason(ctx, said), now=now)
        return ctx.say("work.extension_asked", number=number, day=day_of(day))
    if not said:
        if verb == "pause":  # nobody is asked for a reason in vain
            ctx.unit.casework.may(case, Move.PAUSE, by=by, now=now)
        return ctx.ask(f"work.{verb}_ask", then=ask, number=number, text=text)
    if verb == "pause":
        solving.pause(case, by=by, reason=said, now=now)
        return ctx.say("work.paused", number=number)
    solving.progress(case, by=by, note=said, now=now)
    ctx.next_step = Looking(number)
    return ctx.say("work.noted", number=number)


def _reason(ctx: Context, said: str) -> str:
    """Why more time is needed, without the day: 到月底 等配件 → 等配件."""
    first, _, rest = re.sub(r"[\s，,。；;]+", " ", said.strip(EDGES)).partition(" ")
    return rest if rest and ctx.mind.day(first, ctx.now) is not None else said


def _decide(ctx: Context, *, granted: bool) -> Reply:
    number, _ = spoken_of(ctx)
    if number is None:
        asked = ctx.unit.claims.asking_for_time(ctx.member.consortium_id)
        if len(asked) != 1:
            return ctx.say("work.which_extension", word="同意延期" if granted else "不同意延期")
        number = asked[0]
    case = ctx.case(number)
    extension = ctx.unit.solving.decide_extension(case, by=ctx.member, granted=granted, now=ctx.now)
    key = "work.granted" if granted else "work.not_granted"
    return ctx.say(key, number=number, day=day_of(extension.until))

"""认领、协办、接单、放弃：一个单位把一件事接过来，或者放下。"""

from __future__ import annotations

import re
from datetime import date

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Looking, Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import in_hand, number_in, offices_of, reporter_line, spoken_of
from bot.kit.words import EDGES, choice, is_no, plain
from models.claim import ClaimState
from models.claiming import AlreadyClaimed
from models.life import WAITING, CaseKind
from models.life import Step as Move

on = Router()


_BY = re.compile(r"[前内底好完]|解决|到位|搞定")
"""What tells a promise from an appointment."""


class WhichToClaim(Step, frozen=True):
    """没说编号：等他从几件里挑。"""

    numbers: tuple[int, ...]
    rest: str = ""


class JoinIn(Step, frozen=True):
    """晚了一步：等他说要不要一起办。"""

    answers = frozenset({"协办"})

    case: int


class WhyNot(Step, frozen=True):
    """等他说为什么放弃、不接、撤销。"""

    case: int
    verb: str


@on.command("认领", "我认领", "我们认领", "接单", "我接", "我们接", takes="number?")
@on.intent("claim")
def claim(ctx: Context) -> Reply:
    """认领 12：接过来；没说哪件，就拿没人接的给他挑。"""
    number, rest = spoken_of(ctx)
    return _ask_which(ctx, rest) if number is None else take(ctx, number, rest)


def take(ctx: Context, number: int, said: str) -> Reply:
    """Claims one case for the speaker's organisation, with what they said as its plan and promise."""
    case = ctx.case(number)
    plan, promised_on = _plan(ctx, said)
    try:
        made = ctx.unit.claiming.claim(case, by=ctx.member, now=ctx.now, plan=plan, promised_on=promised_on)
    except AlreadyClaimed as error:
        return ctx.ask(
            "claim.late", then=JoinIn(number), number=number, organisation=error.facts["organisation"]
        )
    promised_on = made.promised_on  # a joint meeting may have set the day
    if made.state == ClaimState.APPLIED:
        return ctx.say("claim.applied", number=number)
    ctx.next_step = Looking(number)
    if case.kind == CaseKind.PROJECT.value:
        until = "" if promised_on is None else ctx.texts.say("claim.until", day=day_of(promised_on))
        return ctx.say(
            "claim.taken_project", number=number, unit=ctx.card(made.organisation_id).name, until=until
        )
    view = ctx.look(number)
    if case.urgent:
        key = "claim.taken_urgent"
    else:
        key = "claim.taken_promised" if promised_on is not None else "claim.taken"
    return ctx.say(
        key,
        number=number,
        unit=ctx.card(made.organisation_id).name,
        reporter=reporter_line(ctx, view),
        day=day_of(promised_on) if promised_on is not None else "",
    )


def _plan(ctx: Context, rest: str) -> tuple[str, date | None]:
    """What will be done, and by when, if they said so: 三天内派车去拉."""
    said = rest if plain(rest) else ctx.text
    # 明天上午去 says when somebody comes, not by when it is done.
    promised = ctx.mind.day(said, ctx.now) if _BY.search(said) else None
    if promised is not None and promised < ctx.today:
        promised = None
    # 12号我们支部认领了 says nothing of a plan; 认领 12 三天内派车去拉 does.
    return ("" if ctx.number is None else rest.strip()), promised


def _ask_which(ctx: Context, rest: str) -> Reply:
    member = ctx.member
    asked = ctx.unit.claims.asked_of({member.organisation_id})
    if len(asked) == 1:
        return take(ctx, asked[0].number, rest)
    if member.consortium_id is None:
        return ctx.say("claim.which_number")
    cases, _ = ctx.unit.cases.open_in(member.consortium_id, None, MOST_CHOICES, states=WAITING, alone=True)
    if not cases:
        return ctx.say("claim.nothing")
    lines = [f"编号 {case.number} {shorten(case.text, 16)}" for case in cases]
    return ctx.ask(
        "claim.which",
        then=WhichToClaim(tuple(case.number for case in cases), rest),
        choices=numbered(lines),
    )


@on.step(WhichToClaim)
def picked(ctx: Context, step: WhichToClaim) -> Reply | Pass:
    """挑了一件：回的可以是序号，也可以是编号。"""
    number = choice(ctx.text)
    if number is None:
        return PASS
    if number == 0:
        return ctx.say("claim.none")
    if 1 <= number <= len(step.numbers):
        return take(ctx, step.numbers[number - 1], step.rest)
    return take(ctx, number, step.rest) if number in step.numbers else PASS


@on.step(JoinIn)
def join_in(ctx: Context, step: JoinIn) -> Reply | Pass:
    """别人先接了：一起办吗。"""
    if choice(ctx.text) == 1 or plain(ctx.text) in step.answers:
        return help_out(ctx, step.case, "")
    return ctx.say("claim.none") if choice(ctx.text) == 0 or is_no(ctx.text) else PASS


@on.command("协办", "我们协办", "一起办", takes="number?")
def assist(ctx: Context) -> Reply:
    """协办 12：帮着牵头的单位一起办。"""
    number, rest = spoken_of(ctx)
    return ctx.say("claim.which_help") if number is None else help_out(ctx, number, rest)


def help_out(ctx: Context, number: int, plan: str) -> Reply:
    """Stands beside the organisation in the lead."""
    case = ctx.case(number)
    ctx.unit.claiming.help(case, by=ctx.member, now=ctx.now, plan=plan.strip())
    ctx.next_step = Looking(number)
    view = ctx.look(number)
    lead = next(hold for hold in ctx.unit.claims.live(number) if hold.lead)
    return ctx.say(
        "claim.helping",
        number=number,
        lead=ctx.card(lead.organisation_id).name,
        reporter=reporter_line(ctx, view),
    )


@on.command("放弃", "退单", "办不了", takes="number?words")
def give_up(ctx: Context) -> Reply:
    """放弃 12 理由：办不了就早放，别耽误。"""
    return _with_reason(ctx, "give_back")


_CANNOT = re.compile(
    r"^(?:这个|这事儿?|这活儿?|这件事?|编号\s*\d+|\d+\s*[号件])?\s*(?:我们|俺们|咱们?|我|俺)?(?:单位|支部)?(?:实在|真是?|还是)?"
    r"(?:办|干|修|弄|做|接|管)不了"
)
"""办不了，没有配件 / 这活我们干不了: only where they have something in hand, or were asked to."""


@on.pattern(_CANNOT.pattern)
def cannot(ctx: Context) -> Reply | Pass:
    """办不了，没有配件：手里的放下，派来的不接；手里没有，就不是说这个。"""
    offices = offices_of(ctx)
    if not offices:
        return PASS
    named = number_in(ctx) or ctx.shown
    asked = [each.number for each in ctx.unit.claims.asked_of(offices) if named in (None, each.number)]
    held = in_hand(ctx, offices)
    number = held if held is not None else asked[0] if len(asked) == 1 else None
    if number is None:
        # Whoever has nothing in hand is at least not offered more.
        return ctx.say("work.nothing_in_hand") if ctx.understanding.intent == "claim" else PASS
    verb = "give_back" if held is not None else "decline_invitation"
    return _reason_or_ask(ctx, number, verb, _CANNOT.sub("", ctx.text.strip()).strip(EDGES + "了"))


@on.command("不接", "不接单", takes="number?words")
def decline(ctx: Context) -> Reply:
    """不接 12 理由：派来的单不接。"""
    return _with_reason(ctx, "decline_invitation")


@on.command("撤销认领", "不同意认领", "否决", takes="number?")
def revoke(ctx: Context) -> Reply:
    """撤销认领 12 理由：轮值单位把认领撤了，或者不同意申请。"""
    return _with_reason(ctx, "revoke")


@on.command("同意认领", takes="number?")
def approve(ctx: Context) -> Reply:
    """同意认领 12：要轮值单位点头的地方，点这个头。"""
    number, _ = spoken_of(ctx)
    if number is None:
        return ctx.say("claim.which_number")
    case = ctx.case(number)
    made = ctx.unit.claiming.approve(case, by=ctx.member, now=ctx.now)
    return ctx.say("claim.approved", number=number, unit=ctx.card(made.organisation_id).name)


def _with_reason(ctx: Context, verb: str) -> Reply:
    number, rest = spoken_of(ctx)
    if number is None and verb == "give_back":
        number = in_hand(ctx, offices_of(ctx))
    elif number is None and verb == "decline_invitation":
        asked = ctx.unit.claims.asked_of(offices_of(ctx), 2)
        if not asked:
            return ctx.say("claim.not_asked")
        number = asked[0].number if len(asked) == 1 else None
    if number is None:
        return ctx.say("claim.which_number")
    return _reason_or_ask(ctx, number, verb, rest)


def _reason_or_ask(ctx: Context, number: int, verb: str, rest: str) -> Reply:
    case = ctx.case(number)
    if not plain(rest):
        # Nobody is asked for a reason in vain.
        if verb == "give_back" and not _helps(ctx, number):
            ctx.unit.casework.may(case, Move.GIVE_BACK, by=ctx.member, now=ctx.now)
        elif verb == "revoke" and not ctx.unit.claims.on(number, states=(ClaimState.APPLIED,)):
            ctx.unit.casework.may(case, Move.REVOKE, by=ctx.member, now=ctx.now)
        return ctx.ask("claim.why", then=WhyNot(number, verb), number=number, text=case.short)
    return _do(ctx, number, verb, rest)


@on.step(WhyNot)
def because(ctx: Context, step: WhyNot) -> Reply | Pass:
    """说了理由；改了主意就不动。"""
    if _ON_SECOND_THOUGHTS.match(plain(ctx.text)):
        return ctx.say("claim.unchanged", number=step.case)
    return _do(ctx, step.case, step.verb, ctx.text.strip()) if len(plain(ctx.text)) >= 2 else PASS


_ON_SECOND_THOUGHTS = re.compile(
    r"^(?:那|先|还是|又)*(?:不|别)(?:放弃|退|撤销?|否决|用|要|放)?(?:了|吧|啦)*$"
)


def _helps(ctx: Context, number: int) -> bool:
    """Whether this person's organisation only stands beside the one in the lead."""
    offices = offices_of(ctx)
    mine = [hold for hold in ctx.unit.claims.live(number) if hold.organisation_id in offices]
    return bool(mine) and not any(hold.lead for hold in mine)


def _do(ctx: Context, number: int, verb: str, reason: str) -> Reply:
    case = ctx.case(number)
    claiming = ctx.unit.claiming
    if verb == "give_back":
        verb = "step_aside" if _helps(ctx, number) else verb
        claiming.give_back(case, by=ctx.member, reason=reason, now=ctx.now)
    elif verb == "decline_invitation":
        claiming.decline_invitation(case, by=ctx.member, reason=reason, now=ctx.now)
    elif ctx.unit.claims.on(number, states=(ClaimState.APPLIED,)):
        claiming.refuse(case, by=ctx.member, reason=reason, now=ctx.now)
        verb = "refuse"
    else:
        claiming.revoke(case, by=ctx.member, reason=reason, now=ctx.now)
    return ctx.say(f"claim.{verb}", number=number)

"""受理、不受理、转办、转出、并单、派单：轮值和牵头单位、本支部联络员怎么把一件事送上路。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Looking, Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.naming import called
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import joint_of, number_in, offices_of, spoken_of
from bot.kit.words import choice, leading_number, plain
from models.case import Case
from models.life import CaseState, Role
from models.life import Step as Move
from models.vault import mask_text

on = Router()


class Because(Step, frozen=True):
    """等他说理由、转到哪儿。"""

    case: int
    verb: str


class ToWhom(Step, frozen=True):
    """派给谁：等他说单位，或者从几家里挑。"""

    case: int
    organisations: tuple[int, ...] = ()


@on.command("受理", "同意受理", "予以受理", takes="number?")
def accept(ctx: Context) -> Reply:
    """受理 12：收下并上清单，成员单位就能认领了。"""
    number, _ = spoken_of(ctx)
    return _waiting(ctx) if number is None else _accept(ctx, number)


@on.pattern(r"^经.{0,8}[，,\s]*(?:同意|予以|可以)?受理\D{0,4}\d")
def accept_formally(ctx: Context) -> Reply | Pass:
    """经研究，同意受理 12。"""
    found = leading_number(re.sub(r"^.*?受理\D{0,4}(?=\d)", "", plain(ctx.text)))
    return PASS if found is None else _accept(ctx, found[0])


def _accept(ctx: Context, number: int) -> Reply:
    case = ctx.case(number)
    if case.state == CaseState.SUBMITTED:
        ctx.unit.casework.accept(case, by=ctx.member, now=ctx.now)
    ctx.unit.casework.publish(case, by=ctx.member, now=ctx.now)
    ctx.next_step = Looking(number)
    # What is on no list waits for a dispatch.
    key = "duty.accepted" if case.visibility == "consortium" else "duty.accepted_private"
    return ctx.say(key, number=number, text=case.short)


def _waiting(ctx: Context) -> Reply:
    member, offices, joint = ctx.member, offices_of(ctx), joint_of(ctx)
    # Whoever holds a post only in a consortium, and not in an organisation, waits on that one.
    consortium_id = member.consortium_id if offices or not joint else min(joint)
    if consortium_id is None:
        return ctx.say("duty.which_number", word="受理")
    lead = ctx.unit.consortia.get(consortium_id).lead_id
    cases, total = ctx.unit.cases.open_in(
        consortium_id,
        None,
        6,
        states=(CaseState.SUBMITTED, CaseState.ACCEPTED),
        private=consortium_id in joint or bool(offices & {member.chair_id, lead}),
    )
    if not cases:
        return ctx.say("duty.nothing_waiting")
    lines = [
        ctx.texts.say("lists.open_line", number=case.number, text=shorten(mask_text(case.text), 18))
        for case in cases
    ]
    key = "duty.waiting" if offices or joint else "duty.waiting_look"
    return ctx.say(key, total=total, lines="\n".join(lines))


@on.command("待受理")
def waiting(ctx: Context) -> Reply:
    """待受理：报上来还没人看的。"""
    return _waiting(ctx)


@on.command("不受理", "不予受理", takes="number?")
def decline(ctx: Context) -> Reply:
    """不受理 12 理由：理由报事人看得见，他可以申诉一次。"""
    return _with_reason(ctx, "decline")


@on.command("申诉", takes="number?")
def appeal(ctx: Context) -> Reply:
    """申诉 12 理由：没受理的，请再看一次。"""
    return _with_reason(ctx, "appeal")


@on.command("转出", takes="number?")
def transfer(ctx: Context) -> Reply:
    """转出 12 归 12345 管：不归融合体办的，说清转到哪儿。"""
    return _with_reason(ctx, "transfer")


@on.command("转办", takes="number?")
def hand_on(ctx: Context) -> Reply:
    """转办 12 给哪个联合党委：换一家融合体来办。"""
    return _with_reason(ctx, "hand_on")


def _with_reason(ctx: Context, verb: str) -> Reply:
    number, rest = spoken_of(ctx)
    if number is None:
        return ctx.say("duty.which_number", word=_WORDS[verb])
    case = ctx.case(number)
    if not plain(rest):
        # Nobody is asked for a reason in vain.
        ctx.unit.casework.may(case, Move(verb), by=ctx.member, now=ctx.now)
        return ctx.ask(f"duty.{verb}_ask", then=Because(number, verb), number=number, text=case.short)
    return _do(ctx, case, verb, rest)


_WORDS = {"decline": "不受理", "appeal": "申诉", "transfer": "转出", "hand_on": "转办"}


@on.step(Because)
def because(ctx: Context, step: Because) -> Reply | Pass:
    """说了理由。"""
    if len(plain(ctx.text)) < 2:
        return PASS
    return _do(ctx, ctx.case(step.case), step.verb, ctx.text.strip())


def _do(ctx: Context, case: Case, verb: str, said: str) -> Reply:
    casework, by, now = ctx.unit.casework, ctx.member, ctx.now
    if verb == "decline":
        casework.decline(case, by=by, reason=said, now=now)
        if case.appealed:
            return ctx.say("duty.decline_again", number=case.number)
    elif verb == "appeal":
        casework.appeal(case, by=by, reason=said, now=now)
    elif verb == "transfer":
        casework.transfer(case, by=by, reason=said, now=now)
    else:
        name, _, reason = _to(said).partition(" ")
        found = ctx.unit.consortia.named_like(name, ctx.today)
        if len(found) != 1:
            ctx.next_step = Because(case.number, verb)
            names = "、".join(each.name for each in found[:MOST_CHOICES])
            return ctx.ask(
                "duty.which_consortium" if found else "duty.no_consortium",
                then=Because(case.number, verb),
                names=names,
            )
        casework.hand_on(case, found[0], by=by, reason=reason, now=now)
        return ctx.say("duty.handed_on", number=case.number, consortium=found[0].name)
    return ctx.say(f"duty.{verb}", number=case.number)


def _to(said: str) -> str:
    return re.sub(r"^(?:给|到|转给|转到|派给|请|交给)\s*", "", said)


@on.command("并单", "合并", takes="number?")
def merge(ctx: Context) -> Reply:
    """并单 12 到 8：两件说的是一件事。"""
    found = leading_number(re.sub(r"^(?:到|进|并到|和|跟|与|、|，)\s*", "", ctx.rest))
    if ctx.number is None or found is None:
        return ctx.say("duty.merge_how")
    case, into = ctx.case(ctx.number), ctx.case(found[0])
    ctx.unit.casework.merge(case, into, by=ctx.member, now=ctx.now)
    return ctx.say("duty.merged", number=case.number, other=into.number, count=into.joined + 1)


@on.command("派单", "邀请", takes="number?")
def dispatch(ctx: Context) -> Reply:
    """派单 12 给农牧局：请一家来办；写几家就是谁先接归谁。"""
    number, rest = spoken_of(ctx)
    if number is None:
        return ctx.say("duty.which_number", word="派单")
    case = ctx.case(number)
    if not plain(rest):
        if case.state != CaseState.SUBMITTED:
            ctx.unit.casework.may(case, Move.INVITE, by=ctx.member, now=ctx.now)
        return ctx.ask("duty.dispatch_ask", then=ToWhom(number), number=number, text=case.short)
    return _send(ctx, case, rest)


_GIVE_TO = re.compile(
    r"^(?:编号)?\s*(?:\d{1,9}\s*号?)?\s*(?:这个|这件|这事儿?)?\s*(?:就|请)?(?:派|交|转交)给(?!我)(?P<whom>\S.*)$",
    re.DOTALL,
)


@on.pattern(_GIVE_TO.pattern)
def give_to(ctx: Context) -> Reply | Pass:
    """1号派给供电公司：管这件事的人说的，就是派单。"""
    number = number_in(ctx)
    number = ctx.shown if number is None else number
    found = _GIVE_TO.match(plain(ctx.text))
    if number is None or found is None or not (offices_of(ctx) or joint_of(ctx)):
        return PASS
    case = ctx.case(number)
    if not ctx.unit.standings.of(case, ctx.member, ctx.now).roles & {Role.CHAIR, Role.LEAD}:
        return PASS
    return _send(ctx, case, found["whom"])


@on.step(ToWhom)
def named(ctx: Context, step: ToWhom) -> Reply | Pass:
    """说了单位，或者挑了一家。"""
    case = ctx.case(step.case)
    number = choice(ctx.text)
    if number is not None:
        if not 1 <= number <= len(step.organisations):
            return PASS
        return _invite(ctx, case, [step.organisations[number - 1]])
    return _send(ctx, case, ctx.text) if len(plain(ctx.text)) >= 2 else PASS


def _send(ctx: Context, case: Case, said: str) -> Reply:
    all_seated = ctx.unit.consortia.seated(case.consortium_id, ctx.today) if case.consortium_id else []
    seated = [each for each in all_seated if each.part.claims]
    chosen: list[int] = []
    for words in re.split(r"[、，,;；\s]+|和|跟|还有", _to(plain(said))):
        if not words:
            continue
        found = called(words, seated)
        if not found:
            return ctx.ask("duty.no_organisation", then=ToWhom(case.number), words=shorten(words, 20))
        if len(found) > 1:
            found = found[:MOST_CHOICES]
            return ctx.ask(
                "duty.which_organisation",
                then=ToWhom(case.number, tuple(each.organisation_id for each in found)),
                words=shorten(words, 20),
                choices=numbered(each.name for each in found),
            )
        chosen.append(found[0].organisation_id)
    return _invite(ctx, case, chosen)


def _invite(ctx: Context, case: Case, organisations: list[int]) -> Reply:
    fresh = ctx.unit.claiming.invite(case, organisations, by=ctx.member, now=ctx.now)
    ctx.next_step = Looking(case.number)
    if not fresh:
        return ctx.say("duty.asked_already", number=case.number)
    names = "、".join(ctx.card(each).name for each in fresh)
    key = "duty.dispatched" if len(organisations) == 1 else "duty.invited"
    return ctx.say(key, number=case.number, names=names)

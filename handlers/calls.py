"""打电话：微信上够不着的人，联络员照名单打电话告诉；打通了、没打通，回一句就记下。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, leading_number, plain
from models.call import Call
from models.calls import Listed

on = Router()

PAGE = 5
"""People on a page: each takes two lines on a small phone."""
TOLD_AT_ONCE = 3
"""Letters that are shown in full; more is not said in one call."""
_NUMBER = re.compile(r"(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)")
_WRONG = re.compile(r"空号|错号|号码?(?:不对|错)|换(?:了)?(?:个|新)?(?:号|手机|电话)|打错|不是(?:他|她|本人)")
_IN_VAIN = re.compile(
    r"(?:没|不|未)\S{0,2}(?:接|通|打通|联系上|找着|找到)|打不通|关机|停机|不在服务区|占线|忙音|无法接通|挂(?:了|断)"
)
_GONE = re.compile(r"去世|过世|人没了|不在世|人不在了|转走|转出|迁走|不是党员|不归我们")
_REACHED = re.compile(
    r"(?:电话)?(?:已经?)?(?:打|接)通了?|通了|电话打了|打过(?:电话)?了|联系上?了|(?:他|她)(?:都|已经)?知道了"
    r"|(?:已经?)?(?:跟|给|和)?(?:他|她)?(?:说|讲|告诉|通知|转告)(?:过|到|给?(?:他|她))?了"
)
_MORE = frozenset({"更多", "下一页", "下页", "往下", "继续"})


class CallList(Step, frozen=True):
    """看着电话名单：回数字看要说什么，打完了说一句。"""

    answers = frozenset({"电话打通了", "打过电话了", "电话打了", "联系上了", "联系了"})

    last: int
    """The last of the calls that were shown."""
    at: int = 0
    """The number of the one who was looked at last; 0: none."""


@on.command("打电话", "打电话名单", "电话名单", "要打的电话")
def show(ctx: Context) -> Reply | Pass:
    """打电话：微信上够不着的人，一页五位，电话在后面。"""
    calls = ctx.unit.calls.listed(ctx.member, ctx.now)
    return _page(ctx, calls) if calls else _nobody(ctx)


def _nobody(ctx: Context) -> Reply | Pass:
    """Whoever holds no post has no such list, and means something else."""
    return ctx.say("calls.none") if ctx.unit.organisations.offices_of(ctx.member.member_id, ctx.now) else PASS


def _page(ctx: Context, calls: list[Call], *, after: int = 0, asked: bool = False) -> Reply:
    """The people from one call of the list on."""
    left = [call for call in calls if call.id > after]
    shown = [ctx.unit.calls.look(each, ctx.now) for each in left[:PAGE]]
    return ctx.ask(
        "calls.which" if asked else "calls.list",
        then=CallList(left[:PAGE][-1].id),
        total=len(calls),
        lines="\n".join(_line(ctx, each) for each in shown),
        first=shown[0].number,
        more=ctx.texts.say("lists.more") if len(left) > PAGE else "",
    )


def _line(ctx: Context, one: Listed) -> str:
    return ctx.texts.say(
        "calls.line",
        number=one.number,
        name=one.name,
        phone=one.phone,
        tries=ctx.texts.say("calls.tries", tries=one.tries) if one.tries else "",
        text=shorten(one.texts[0].partition("\n")[0], 18) if one.texts else "",
        others=ctx.texts.say("calls.others", count=len(one.texts)) if len(one.texts) > 1 else "",
    )


@on.step(CallList)
def at_the_list(ctx: Context, step: CallList) -> Reply | Pass:
    """看着名单：翻页，看一位，或者直接说几号打通了。"""
    text, number = plain(ctx.text), choice(ctx.text)
    spoken = leading_number(text)
    words = text if spoken is None else spoken[1]
    if text not in _MORE and number is None and not _says(words):
        return PASS
    calls = ctx.unit.calls.listed(ctx.member, ctx.now)
    if text in _MORE:
        more = any(call.id > step.last for call in calls)
        return _page(ctx, calls, after=step.last) if more else ctx.ask("calls.end", then=step)
    if number is not None:
        found = _numbered(calls, number)
        return _card(ctx, step, found[0]) if len(found) == 1 else PASS
    # Without a number: the one who was just looked at, or the only one.
    wanted = step.at if spoken is None else spoken[0]
    found = _numbered(calls, wanted) if wanted else calls
    return _do(ctx, step, found[0], words) if len(found) == 1 else PASS


def _numbered(calls: list[Call], number: int) -> list[Call]:
    """Those of that number: several only for somebody who phones for several organisations."""
    return [call for call in calls if call.number == number]


def _says(words: str) -> bool:
    """Whether that is what somebody says who has just phoned."""
    return any(pattern.match(words) for pattern in (_REACHED, _IN_VAIN, _WRONG, _GONE))


def _card(ctx: Context, step: CallList, call: Call) -> Reply:
    """One person, and what there is to tell them."""
    one = ctx.unit.calls.look(call, ctx.now)
    return ctx.ask(
        "calls.card",
        then=CallList(step.last, at=one.number),
        number=one.number,
        name=one.name,
        organisation=one.organisation,
        phone=one.phone,
        texts="\n".join(shorten(text.replace("\n", ""), 120) for text in one.texts[:TOLD_AT_ONCE]),
    )


@on.command("打过", takes="number?words")
def phoned(ctx: Context) -> Reply | Pass:
    """打过 2：打通了，已经告诉他。没打通就在后面说：打过 2 没人接。换了号的：打过 2 换号 139…。"""
    calls = ctx.unit.calls.listed(ctx.member, ctx.now)
    if not calls:
        return _nobody(ctx)
    found = _called(ctx, calls, ctx.rest) if ctx.number is None else _numbered(calls, ctx.number)
    if len(found) > 1 and ctx.number is not None:
        found = _called(ctx, found, ctx.rest)
    return _do(ctx, CallList(0), found[0], ctx.rest) if len(found) == 1 else _page(ctx, calls, asked=True)


@on.pattern(r"^打过[\u3400-\u9fff·]{2}")
def phoned_somebody(ctx: Context) -> Reply | Pass:
    """打过张福来，没人接：说名字也行。"""
    calls = ctx.unit.calls.listed(ctx.member, ctx.now)
    words = plain(ctx.text)[2:]
    found = _called(ctx, calls, words)
    return _do(ctx, CallList(0), found[0], words) if len(found) == 1 else PASS


def _called(ctx: Context, calls: list[Call], words: str) -> list[Call]:
    """Those whose name is said."""
    return [call for call in calls if words and ctx.unit.calls.name_of(call) in words]


def _do(ctx: Context, step: CallList, call: Call, words: str) -> Reply:
    """What the call came to. Without another word: they were reached."""
    calls, by, now = ctx.unit.calls, ctx.member, ctx.now
    name = calls.name_of(call)
    step = CallList(step.last)
    phone = _NUMBER.search(words)
    if phone is not None:
        ctx.unit.members.renew_phone(call.member_id, phone[0])
        return ctx.ask("calls.renewed", then=step, number=call.number, name=name, phone=_clean(phone[0]))
    if _WRONG.search(words):
        calls.in_vain(call, now)
        return ctx.ask("calls.wrong", then=step, number=call.number, name=name)
    if _GONE.search(words):
        calls.gone(call, by, now)
        return ctx.ask("calls.gone", then=step, name=name)
    if _IN_VAIN.search(words):
        calls.in_vain(call, now)
        return ctx.ask("calls.in_vain", then=step, name=name, tries=call.tries)
    calls.reached(call, by, now)
    left = len(calls.listed(by, now))
    if left:
        return ctx.ask("calls.reached", then=step, name=name, left=left)
    ctx.end()
    return ctx.say("calls.all_done", name=name)


def _clean(phone: str) -> str:
    return re.sub(r"\D", "", phone)[-11:]

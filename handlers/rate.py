"""评价、回访、没办好、销号：办没办成，报的人说了算；他不说，别人替他问一问。"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.showing import number_in, show_case, spoken_of
from bot.kit.words import EDGES, as_written, choice, plain
from models.case import Case, CaseUnknown
from models.life import LEVELS, SATISFIED, WAITING, WORKED_ON, CaseState, CloseKind
from models.life import Step as Move
from models.standing import NoRight

on = Router()

_LEVELS = (
    (re.compile(r"没办|没解决|没修|骗人|糊弄|根本没|白搭"), 1),
    (re.compile(r"非常不满意|很不满意|太差|太慢|差劲"), 1),
    (
        re.compile(r"不满意|不行|不好|不咋|没办好|不太好|还是坏|又坏|还没|不中|不亮|没亮|没来|不管用|不顶用"),
        2,
    ),
    (re.compile(r"基本满意|还行|一般|凑合|马马虎虎|还可以|将就"), 3),
    (re.compile(r"非常满意|很满意|特别满意|太好|很好|特别好|真好|好得很|非常好"), 5),
    (
        re.compile(
            r"满意|好了|亮了|通了|能用了|来[水电]了|解决了|不错|挺好|修好|办好|可以|谢谢|感谢|好|中|行"
        ),
        4,
    ),
)
"""What people say instead of a digit; the first that fits decides, so the complaints come first."""
_MERE_LEVEL = re.compile(
    r"^(?:我|俺|一点儿?|给|打|评|就|都|很|太|挺|真|还|也|不太|非常|特别|基本|根本|[1-5一二三四五]\s*(?:分|颗?星))*"
    r"(?:不?满意|没(?:给)?办好?|没解决|没修好?|不好|不行|不咋的?|好|好了|谢谢|辛苦了?|不错|还行|一般般?|可以|凑合|中|行)?[了吧啊呢的]*$"
)
"""Words that say no more than a digit would: whoever does the work learns nothing from them."""
_BACK_AGAIN = re.compile(r"又|再次|还是老样子")
_PRAISE = re.compile(
    r"^(?:好[了啦得]|中[，,!！。]?$|行[，,!！。]|可以|满意|不错|挺好|很好|真好|太好|(?:已经|都)?(?:修|办|治|弄|解决)(?:得|好)|亮了|通了|能用了|来[水电]了|谢|多谢|感谢|辛苦)"
)
_MERE_THANKS = re.compile(r"^(?:多|太|非常)*(?:谢+|感谢|辛苦)(?:[你您们大家]|了|啦|啊)*$")
_LONGEST_PRAISE = 16
"""Characters; a longer sentence that begins so goes on to something else."""
_UNDECIDED = re.compile(r"不知道|不清楚|说不好|没看|没去看|等等|过后|回头")
_JUST_NOW = timedelta(days=1)


class HowGood(Step, frozen=True):
    """等他说办得怎么样。"""

    case: int


class WhatIsWrong(Step, frozen=True):
    """打了低分：等他说哪儿不行，不说也行。"""

    case: int


class Visited(Step, frozen=True):
    """回访：等他说解决没有、报事人怎么说。"""

    case: int


@on.command("评价", "打分", takes="words")
@on.intent("evaluate")
def evaluate(ctx: Context) -> Reply | Pass:
    """评价 12 满意：报的人说办得怎么样；1 到 5 或者一句话。"""
    number, said = _whose(ctx)
    level = _level(said)
    if number is None:
        mine = ctx.unit.cases.last_of(ctx.member)
        if mine is None or mine.state not in WORKED_ON:
            return ctx.say("rate.nothing_to_rate")
        return _too_soon(ctx, mine, level, said)
    if level is None:
        case = ctx.case(number)
        return ctx.ask("rate.how", then=HowGood(number), number=number, text=case.short)
    return _rate(ctx, number, level, said)


def _too_soon(ctx: Context, case: Case, level: int | None, said: str) -> Reply:
    """It is not reported done: what is said against the work goes to those who do it; praise has to wait."""
    complaint = level is not None and level < SATISFIED and choice(said) is None
    if not complaint or case.state not in WORKED_ON:
        return ctx.say("rate.not_yet", number=case.number)
    ctx.unit.closing.complain(case, by=ctx.member, text=ctx.text.strip(), now=ctx.now)
    return ctx.say("rate.told", number=case.number)


def _whose(ctx: Context) -> tuple[int | None, str]:
    """Which case is rated: the number that was said, else the one that waits for this person's word."""
    awaiting = ctx.unit.cases.awaiting_rating(ctx.member)
    waiting = {case.number for case in awaiting}
    found = re.match(
        r"^(?:编号|第)?\s*(\d{1,9})\s*(?:号|件)?\s*[，,：:。]?\s*(.*)$",
        plain(ctx.rest or ctx.text),
        re.DOTALL,
    )
    if ctx.rest and found:
        # 评价 5 is a word on the one case that waits, unless it is the number of one.
        only = len(awaiting) == 1 and not found[2] and int(found[1]) != awaiting[0].number
        if not only or int(found[1]) not in LEVELS:
            return int(found[1]), found[2]
        return awaiting[0].number, found[1]
    number, rest = spoken_of(ctx)
    if awaiting and (number is None or (number_in(ctx) is None and number not in waiting)):
        number = awaiting[0].number  # what was shown last is less than what waits for a word
    return number, rest or (ctx.text if not ctx.rest else ctx.rest)


def _level(said: str) -> int | None:
    digit = choice(re.sub(r"分$|星$|颗星$", "", plain(said)))
    if digit is not None:
        return digit if digit in LEVELS else None
    lead = re.match(r"^([1-5１-５])(?!\d)", plain(said))
    if lead:
        return int(lead[1])
    return next((level for pattern, level in _LEVELS if pattern.search(said)), None)


def mere_level(said: str) -> bool:
    """Whether words say no more than a digit would: 不满意, but not 还是黑的."""
    return bool(_MERE_LEVEL.match(plain(said)))


def _rate(ctx: Context, number: int, level: int, said: str) -> Reply:
    case = ctx.case(number)
    if case.reporter_id == ctx.member.member_id and case.state in (*WAITING, *WORKED_ON):
        return _too_soon(ctx, case, level, said)
    word = re.sub(
        r"^[1-5１-５一二三四五](?:\s*(?:分|颗?星)[，,。、\s]*|[，,。、\s]+|$)", "", said.strip(EDGES)
    )
    word = "" if mere_level(word) else word
    if level < SATISFIED and case.state != CaseState.RESOLVED and _BACK_AGAIN.search(word):
        return _reopen(ctx, case, word)
    if case.state == CaseState.ARCHIVED and level < SATISFIED:
        ctx.unit.casework.may(case, Move.REOPEN, by=ctx.member, now=ctx.now)
        return ctx.ask("rate.wrong_ask", then=Reopen(number), number=number, text=case.short)
    ctx.unit.closing.evaluate(case, level, by=ctx.member, text=word, now=ctx.now)
    if level >= SATISFIED:
        return ctx.say("rate.thanks", number=number, level=LEVELS[level])
    if word:
        return ctx.say("rate.again", number=number)
    return ctx.ask("rate.again_why", then=WhatIsWrong(number), number=number)


@on.step(HowGood)
def how_good(ctx: Context, step: HowGood) -> Reply | Pass:
    """说了办得怎么样。"""
    level = _level(ctx.text)
    if level is not None:
        return _rate(ctx, step.case, level, ctx.text)
    return ctx.say("rate.later", number=step.case) if _UNDECIDED.search(ctx.text) else PASS


@on.step(WhatIsWrong)
def what_is_wrong(ctx: Context, step: WhatIsWrong) -> Reply | Pass:
    """说了哪儿不行：写进进程，承办单位看得见。"""
    said = ctx.text.strip()
    if len(plain(said)) < 2 or (ctx.understanding.intent == "report" and len(said) > 40):
        return PASS
    case = ctx.case(step.case)
    if case.state not in WORKED_ON:
        return PASS  # done once more meanwhile: what is said now is about that
    ctx.unit.closing.complain(case, by=ctx.member, text=said, now=ctx.now)
    return ctx.say("rate.told", number=step.case)


@on.bare_number
def number_alone(ctx: Context) -> Reply | Pass:
    """单独一个数字：有事等他评，1 到 5 就是打分；不然就是查这个编号。"""
    number = ctx.number or 0
    awaiting = ctx.unit.cases.awaiting_rating(ctx.member)
    if awaiting and number in LEVELS:
        return _rate(ctx, awaiting[0].number, number, str(number))
    if number == 0:
        return ctx.say("smalltalk.nothing_chosen")
    try:
        return show_case(ctx, number)
    except CaseUnknown:
        return _said_late(ctx, number) or ctx.say("smalltalk.which", number=number)


def _said_late(ctx: Context, number: int) -> Reply | None:
    """A digit that is the number of no case: a rating after the case was closed unrated, or once more."""
    if number not in LEVELS:
        return None
    unrated = ctx.unit.closing.unrated(ctx.member, ctx.now)
    if unrated is not None:
        return _rate(ctx, unrated, number, str(number))
    rated = ctx.unit.closing.rated_since(ctx.member, ctx.now - _JUST_NOW)
    return None if rated is None else ctx.say("rate.rated_already", number=rated)


@on.pattern(_PRAISE.pattern)
def praise(ctx: Context) -> Reply | Pass:
    """好了，谢谢 / 修得不错：有事等他评，就是打分；只说谢谢，请他打个分。"""
    if len(plain(ctx.text)) > _LONGEST_PRAISE:
        return PASS
    awaiting = ctx.unit.cases.awaiting_rating(ctx.member)
    if not awaiting:
        return PASS
    number = awaiting[0].number
    if _MERE_THANKS.match(plain(ctx.text)):
        text = ctx.case(number).short
        return ctx.ask("rate.how", then=HowGood(number), number=number, text=text)
    level = _level(ctx.text)
    return PASS if level is None else _rate(ctx, number, level, ctx.text)


@on.pattern(r"^[1-5]\s*(?:分|星|颗星)?\s*[，,。.、!；;\s]\s*\D")
def digit_and_word(ctx: Context) -> Reply | Pass:
    """5 修得挺好：有事等他评，就是打分带一句话。"""
    awaiting = ctx.unit.cases.awaiting_rating(ctx.member)
    level = _level(ctx.text)
    return _rate(ctx, awaiting[0].number, level, ctx.text) if awaiting and level is not None else PASS


@on.command("没办好", "没解决", "又坏了", "再次反映", "重办", takes="number?")
def came_back(ctx: Context) -> Reply:
    """没办好 12 哪儿不行：办结 30 天内都能说。"""
    number, rest = spoken_of(ctx)
    if number is None:
        awaiting = ctx.unit.cases.awaiting_rating(ctx.member)
        if not awaiting:
            return ctx.say("rate.which_number", word="没办好")
        number = awaiting[0].number
    case = ctx.case(number)
    if case.state == CaseState.RESOLVED and case.reporter_id == ctx.member.member_id:
        return _rate(ctx, number, 2, rest)
    if case.state in WORKED_ON and case.reporter_id == ctx.member.member_id:
        # It is being done anew: what is said now is for those who do it.
        if plain(rest):
            ctx.unit.closing.complain(case, by=ctx.member, text=rest, now=ctx.now)
            return ctx.say("rate.told", number=number)
        return ctx.ask("rate.wrong_ask", then=WhatIsWrong(number), number=number, text=case.short)
    if not plain(rest):
        ctx.unit.casework.may(case, Move.REOPEN, by=ctx.member, now=ctx.now)
        return ctx.ask("rate.wrong_ask", then=Reopen(number), number=number, text=case.short)
    return _reopen(ctx, case, rest)


@on.pattern(r"^(?:编号)?\s*(?:\d{1,9}\s*号?)?\s*(?:咋|怎么)?又[^，,。]{1,6}了[啊呀]*$")
def came_back_in_short(ctx: Context) -> Reply | Pass:
    """又黑了 / 1 又不亮了：三十天内办完的只有一件，说的就是它。"""
    found = re.match(r"^(?:编号)?\s*(\d{1,9})", plain(ctx.text))
    lately = ctx.unit.closing.closed_lately(ctx.member, ctx.now)
    if found and int(found[1]) not in lately:
        case = ctx.case(int(found[1]))
        if case.reporter_id != ctx.member.member_id or case.state not in WORKED_ON:
            return PASS
        ctx.unit.closing.complain(case, by=ctx.member, text=ctx.text.strip(), now=ctx.now)
        return ctx.say("rate.told", number=case.number)
    number = int(found[1]) if found else lately[0] if len(lately) == 1 else None
    return PASS if number is None else _reopen(ctx, ctx.case(number), ctx.text.strip())


class Reopen(Step, frozen=True):
    """等他说哪儿不行。"""

    case: int


@on.step(Reopen)
def reopen_why(ctx: Context, step: Reopen) -> Reply | Pass:
    """说了哪儿不行。"""
    return _reopen(ctx, ctx.case(step.case), ctx.text.strip()) if len(plain(ctx.text)) >= 2 else PASS


def _reopen(ctx: Context, case: Case, reason: str) -> Reply:
    ctx.unit.closing.reopen(case, by=ctx.member, reason=reason, now=ctx.now)
    if case.state == CaseState.OPEN:
        return ctx.say("rate.relisted", number=case.number)
    return ctx.say("rate.again", number=case.number)


@on.command("回访", takes="number?")
def visit(ctx: Context) -> Reply:
    """回访 12 解决了，打过电话：没经手的人替他问一问。"""
    number, rest = spoken_of(ctx)
    if number is None:
        return ctx.say("rate.which_number", word="回访")
    if not plain(rest):
        case = ctx.case(number)
        ctx.unit.casework.may(case, Move.VISIT, by=ctx.member, now=ctx.now)
        return ctx.ask("rate.visit_ask", then=Visited(number), number=number, text=case.short)
    return _visit(ctx, number, rest)


@on.step(Visited)
def visited(ctx: Context, step: Visited) -> Reply | Pass:
    """说了回访的结果。"""
    return _visit(ctx, step.case, ctx.text.strip()) if len(plain(ctx.text)) >= 2 else PASS


def _visit(ctx: Context, number: int, said: str) -> Reply:
    level = _level(said)
    solved = level is not None and level >= SATISFIED
    ctx.unit.closing.visit(ctx.case(number), by=ctx.member, solved=solved, note=said, now=ctx.now)
    return ctx.say("rate.visited_solved" if solved else "rate.visited_unsolved", number=number)


@on.command("销号", takes="number?")
def strike(ctx: Context) -> Reply:
    """销号 12：办完的正常销号；没办成的写明 研判、延期、移交、挂账 和理由。"""
    number, rest = spoken_of(ctx)
    if number is None:
        return ctx.say("rate.which_number", word="销号")
    case = ctx.case(number)
    said = plain(rest)
    kind = next((kind for kind in CloseKind if said.startswith(kind.label)), None)
    if kind in (None, CloseKind.NORMAL):
        if case.state == CaseState.RESOLVED:
            return ctx.say("rate.strike_wait", number=number)
        if case.state != CaseState.CLOSED:
            return _how_to_write_off(ctx, case)
        ctx.unit.closing.archive(case, by=ctx.member, now=ctx.now)
        return ctx.say("rate.struck", number=number)
    reason = as_written(ctx.text, plain(said.removeprefix(kind.label)))
    ctx.unit.closing.write_off(case, kind, by=ctx.member, reason=reason, now=ctx.now)
    return ctx.say("rate.written_off", number=number, kind=kind.label)


def _how_to_write_off(ctx: Context, case: Case) -> Reply:
    """Unfinished: those who may write it off learn how, the chair who may."""
    standing = ctx.unit.standings.of(case, ctx.member, ctx.now)
    try:
        standing.allow(Move.WRITE_OFF, case)
    except NoRight:
        standing.allow(Move.ARCHIVE, case)
        return ctx.say("rate.strike_not_yet", number=case.number)
    return ctx.say("rate.strike_how", number=case.number)

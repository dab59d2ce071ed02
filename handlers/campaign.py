"""征集需求：轮值单位开、看、结束；党员有事直接说，没事说一声“无需求”，也算回了。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, plain
from models.asking import Asked
from models.campaign import Campaign, NoCampaign, Response, clean_question, schedule
from models.chairing import NotChairing

on = Router()

PAGE = 5
"""Matters shown at once."""
_STATE = re.compile(r"^(?:需求|情况|进度|怎么样|回了多少|回收率|结果)*(?:了|吗|呢)?$")
"""Words behind 征集 that ask how it goes, and are no question to the members."""
_LEAD = re.compile(r"^(?:一下|一次)?\s*(?:需求)?[:：，,\s]*")
_NOTHING = re.compile(
    r"^(?:(?:好的?|谢谢|挺好|都挺好的?|都好|一切都好|还行)[，,。\s]*)?(?:我|俺|咱)?们?(?:这|那|自个儿|自己)?"
    r"(?:家|村|组|支部|单位|这儿|这边|个人)?里?(?:现在|眼下|目前|暂时|最近|这个月|这一?期)?(?:也|都|真|倒|还)*"
    r"(?:没有?|无)(?:什么|啥|甚|任何|别的|其他|其它|大)?(?:需求|需要(?:帮忙|帮助|解决)?的?|事儿?|困难|难处|难事|要求|诉求|要帮忙的|要说的|要报的|可报的)"
    r"(?:[了啊呀呢哈吧]|[，,。!！\s]|谢谢(?:你|您)?|谢谢大家|感谢|都?挺好的?|都好|一切都好)*$"
)
"""俺家没啥事: whole texts that say no more than that there is nothing."""
_SATISFIED = re.compile(
    r"^(?:家里|我们?|俺们?|咱们?)?(?:一切|什么|啥)?都?(?:挺好|都好|好着呢|安好)(?:的|着呢)?(?:[，,。!！\s]|谢谢|呢)*$"
)
_BARE = re.compile(r"^(?:都|真|也)?(?:没有|没啥|没|无|冇)(?:[了啊呀呢]|[，,。!！\s]|谢谢)*$")
"""没有, and no more: an answer only to whoever was asked and has said nothing yet."""
_DECLINED = re.compile(r"^(?:不想说|不想填|不参加征集|别问(?:我)?了|不用问(?:我)?了?)[。了啊吧]*$")


class OpenCampaign(Step, frozen=True):
    """等他说发不发，或者改一句要问的话。"""

    consortium: int
    question: str


class WhichCampaign(Step, frozen=True):
    """他管着几个融合体，等他说是哪个。"""

    consortia: tuple[int, ...]
    verb: str
    question: str = ""


class EndCampaign(Step, frozen=True):
    """等他说真要提前结束吗。"""

    campaign: int


class CampaignPage(Step, frozen=True):
    """看着收上来的事，等他说往下看。"""

    campaign: int
    offset: int


class SayNeed(Step, frozen=True):
    """等他说是什么事。"""

    campaign: int


# ---- for the desk --------------------------------------------------------------------------------


@on.command("征集", "征集需求", "需求征集", "开始征集", takes="words")
def collect(ctx: Context) -> Reply:
    """征集：没开就开，开着就看回了多少；后面带一句话，就问那一句。"""
    said = _LEAD.sub("", ctx.rest).strip()
    return _at_desk(ctx, "collect", "" if _STATE.match(plain(said)) else said)


@on.command("结束征集", "征集结束", "停止征集")
def end(ctx: Context) -> Reply:
    """结束征集：提前结束，问一句再结束。"""
    return _at_desk(ctx, "end")


@on.command("看征集", "征集结果", "征集清单")
def results(ctx: Context) -> Reply:
    """看征集：收上来哪些事。"""
    return _at_desk(ctx, "results")


def _at_desk(ctx: Context, verb: str, question: str = "") -> Reply:
    """Does it for the one consortium whose desk this is; who has several says which."""
    consortia = ctx.unit.campaigns.desks(ctx.member, ctx.now)[:MOST_CHOICES]
    if not consortia:
        if verb == "collect" and (asking := ctx.unit.campaigns.asking(ctx.member, ctx.now)):
            return ctx.say("campaign.asking", question=asking[0].question, day=day_of(asking[0].closes_at))
        raise NotChairing()
    if len(consortia) == 1:
        return _do(ctx, consortia[0].id, verb, question)
    return ctx.ask(
        "campaign.which",
        then=WhichCampaign(tuple(each.id for each in consortia), verb, question),
        choices=numbered(each.name for each in consortia),
    )


@on.step(WhichCampaign)
def chose(ctx: Context, step: WhichCampaign) -> Reply | Pass:
    """说了是哪个融合体。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.consortia):
        return PASS
    return _do(ctx, step.consortia[number - 1], step.verb, step.question)


def _do(ctx: Context, consortium_id: int, verb: str, question: str) -> Reply:
    campaigns = ctx.unit.campaigns
    current = campaigns.current(consortium_id, ctx.now)
    if verb == "end":
        if current is None:
            raise NoCampaign()
        return ctx.ask(
            "campaign.end_ask",
            then=EndCampaign(current.id),
            rate=_rate(ctx, campaigns.response(current, ctx.now)),
        )
    if verb == "results":
        latest = current or campaigns.latest(consortium_id)
        if latest is None:
            raise NoCampaign()
        return _page(ctx, latest, 0)
    if current is not None:
        return _state(ctx, current)
    return _propose(ctx, consortium_id, question)


def _state(ctx: Context, campaign: Campaign) -> Reply:
    response = ctx.unit.campaigns.response(campaign, ctx.now)
    return ctx.say(
        "campaign.state",
        question=campaign.question,
        day=day_of(campaign.closes_at),
        rate=_rate(ctx, response),
        cases=response.cases,
    )


def _rate(ctx: Context, response: Response) -> str:
    return ctx.texts.say(
        "campaign.rate",
        reached=response.reached,
        answered=response.answered,
        percent=response.percent,
        needs=response.needs,
        nothing=response.no_need,
        declined=ctx.texts.say("campaign.rate_declined", count=response.declined)
        if response.declined
        else "",
    )


def _propose(ctx: Context, consortium_id: int, question: str) -> Reply:
    question = clean_question(question)
    return ctx.ask(
        "campaign.propose",
        then=OpenCampaign(consortium_id, question),
        question=question,
        day=day_of(schedule().opens.closes(ctx.now)),
    )


@on.step(OpenCampaign)
def decided(ctx: Context, step: OpenCampaign) -> Reply | Pass:
    """发，不发，或者换一句问的话。"""
    if is_yes(ctx.text) or plain(ctx.text) in ("发", "发吧", "开始"):
        campaign = ctx.unit.campaigns.open(
            step.consortium, by=ctx.member, now=ctx.now, question=step.question
        )
        return ctx.say(
            "campaign.opened",
            count=len(ctx.unit.campaigns.audience(campaign, ctx.now)),
            day=day_of(campaign.closes_at),
        )
    if is_no(ctx.text) or plain(ctx.text) in ("不发", "先不发"):
        return ctx.say("campaign.not_opened")
    if choice(ctx.text) is not None or len(plain(ctx.text)) < 4:
        return PASS
    return _propose(ctx, step.consortium, ctx.text)


@on.step(EndCampaign)
def ended(ctx: Context, step: EndCampaign) -> Reply | Pass:
    """真要提前结束吗。"""
    if is_no(ctx.text):
        return ctx.say("campaign.not_ended")
    if not is_yes(ctx.text) and plain(ctx.text) != "结束":
        return PASS
    campaign = ctx.unit.campaigns.get(step.campaign)
    if campaign is None:
        raise NoCampaign()
    response = ctx.unit.campaigns.close(campaign, by=ctx.member, now=ctx.now)
    return ctx.say("campaign.ended", rate=_rate(ctx, response), cases=response.cases)


def _page(ctx: Context, campaign: Campaign, offset: int) -> Reply:
    cases, total = ctx.unit.campaigns.cases(campaign, ctx.now, offset=offset, limit=PAGE)
    if not cases:
        return ctx.say("campaign.no_cases", day=day_of(campaign.opened_at))
    lines = "\n".join(
        ctx.texts.say("campaign.line", number=case.number, text=case.short, face=case.label) for case in cases
    )
    more = offset + PAGE < total
    if more:
        ctx.next_step = CampaignPage(campaign.id, offset + PAGE)
    return ctx.say(
        "campaign.cases",
        day=day_of(campaign.opened_at),
        total=total,
        lines=lines,
        more=ctx.texts.say("campaign.more") if more else "",
    )


@on.step(CampaignPage)
def turn(ctx: Context, step: CampaignPage) -> Reply | Pass:
    """往下看。"""
    if plain(ctx.text) not in ("更多", "下一页", "往下看"):
        return PASS
    campaign = ctx.unit.campaigns.get(step.campaign)
    return PASS if campaign is None else _page(ctx, campaign, step.offset)


# ---- for members ---------------------------------------------------------------------------------


@on.answer("campaign")
def answered(ctx: Context, asked: Asked, yes: bool) -> Reply:
    """回 0 或“没有”：没需求，谢谢，这一次不再问；回 1、“好的”：请直接说是什么事。"""
    ctx.unit.asking.answer(asked, ctx.member.member_id, ctx.now)
    campaign = ctx.unit.campaigns.get(asked.subject_id)
    if campaign is None or not campaign.is_open(ctx.now):
        return ctx.say("campaign.too_late")
    if ctx.unit.campaigns.answered(campaign, [ctx.member.member_id], ctx.now):
        return ctx.say("campaign.known")
    if not yes:
        return _nothing(ctx, [campaign])
    if choice(ctx.text) == 1:
        return ctx.ask("campaign.say_it", then=SayNeed(campaign.id))
    return ctx.ask("campaign.read", then=SayNeed(campaign.id))


@on.step(SayNeed)
def said(ctx: Context, step: SayNeed) -> Reply | Pass:
    """说了是什么事的，照报事办；说没有的，就是没需求。"""
    if choice(ctx.text) == 1:
        return ctx.ask("campaign.say_it", then=step)
    if not (is_no(ctx.text) or choice(ctx.text) == 0):
        return PASS
    campaign = ctx.unit.campaigns.get(step.campaign)
    return PASS if campaign is None or not campaign.is_open(ctx.now) else _nothing(ctx, [campaign])


@on.command("无需求", "没需求", "没有需求", "暂无需求")
def no_need(ctx: Context) -> Reply:
    """无需求：正在征集的，就是回了。"""
    asking = ctx.unit.campaigns.asking(ctx.member, ctx.now)
    return _nothing(ctx, asking) if asking else ctx.say("campaign.nobody_asks")


@on.pattern(_NOTHING.pattern)
def nothing(ctx: Context) -> Reply | Pass:
    """俺家没啥事：正在征集的，就是回了。"""
    asking = ctx.unit.campaigns.asking(ctx.member, ctx.now)
    return _nothing(ctx, asking) if asking else PASS


@on.pattern(_BARE.pattern)
def bare(ctx: Context) -> Reply | Pass:
    """没有：问过他、他还没回的，就是没需求。"""
    asking = [
        each
        for each in ctx.unit.campaigns.asking(ctx.member, ctx.now)
        if not ctx.unit.campaigns.answered(each, [ctx.member.member_id], ctx.now)
    ]
    return _nothing(ctx, asking) if asking else PASS


@on.pattern(_SATISFIED.pattern)
def satisfied(ctx: Context) -> Reply | Pass:
    """都好着呢：有事等他评的，说的是那件事；不然就是没需求。"""
    asking = ctx.unit.campaigns.asking(ctx.member, ctx.now)
    if not asking or ctx.unit.cases.awaiting_rating(ctx.member):
        return PASS
    return _nothing(ctx, asking)


@on.pattern(_DECLINED.pattern)
def declined(ctx: Context) -> Reply | Pass:
    """别问了：这一次不再问。"""
    asking = ctx.unit.campaigns.asking(ctx.member, ctx.now)
    return _nothing(ctx, asking, declined=True) if asking else PASS


def _nothing(ctx: Context, campaigns: list[Campaign], *, declined: bool = False) -> Reply:
    for campaign in campaigns:
        ctx.unit.campaigns.nothing(campaign, by=ctx.member, now=ctx.now, declined=declined)
    return ctx.say("campaign.declined" if declined else "campaign.thanks")

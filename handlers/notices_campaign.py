"""征集需求该告诉谁：开始了，告诉全体党员；过半了，只提醒还没回的；快完、完了，告诉轮值单位。"""

from __future__ import annotations

from collections.abc import Iterable

from bot.kit.context import Aloud
from bot.kit.days import day_of
from bot.kit.router import Router
from models.agenda import About
from models.audience import Audience
from models.campaign import CampaignClosed, CampaignReminded, CampaignTold
from models.organisation import Officer
from models.outbox import ABOUT_NOTHING, Priority

on = Router()


@on.happened(CampaignReminded)
def reminded(aloud: Aloud, campaign: CampaignReminded) -> None:
    """到了哪一步，就说哪一步的话。"""
    match campaign.about.rung:
        case "open" | "half":
            _ask_members(aloud, campaign)
        case "eve":
            text = aloud.say(
                "notices_campaign.eve", day=day_of(campaign.told.closes_at), rate=_rate(aloud, campaign.told)
            )
            _tell_desk(aloud, campaign.organisation_ids, campaign.told, text, campaign.about)
        case _:
            _tell_desk(
                aloud, campaign.organisation_ids, campaign.told, _result(aloud, campaign.told), campaign.about
            )


@on.happened(CampaignClosed)
def closed(aloud: Aloud, campaign: CampaignClosed) -> None:
    """提前结束了：轮值单位别的人也知道结果。"""
    _tell_desk(aloud, campaign.organisation_ids, campaign.told, _result(aloud, campaign.told), ABOUT_NOTHING)


def _ask_members(aloud: Aloud, campaign: CampaignReminded) -> None:
    """全体党员一份；过半了只发给还没回的。没绑定微信的由本支部当面问，不发。"""
    told, rung = campaign.told, campaign.about.rung
    aloud.broadcast(
        Audience("consortium", (campaign.consortium_id,))
        if rung == "open"
        else Audience("silent", (told.campaign,)),
        f"campaign_{rung}",
        key=f"campaign:{told.campaign}:{campaign.about.edition}:{rung}",
        text=aloud.say(
            "notices_campaign.open" if rung == "open" else "notices_campaign.half",
            consortium=told.consortium,
            question=told.question,
            day=day_of(told.closes_at),
        ),
        fields=_fields(told),
        priority=Priority.NEWS,
        about=campaign.about,
    )


def _tell_desk(
    aloud: Aloud, organisation_ids: Iterable[int], told: CampaignTold, text: str, about: About
) -> None:
    officers: list[Officer] = [officer for each in organisation_ids for officer in aloud.card(each).desk]
    rung = about.rung or "closed"
    aloud.post(
        officers,
        f"campaign_{rung}",
        key=f"campaign:{told.campaign}:{about.edition}:{rung}",
        text=text,
        fields=_fields(told),
        about=about,
    )


def _result(aloud: Aloud, told: CampaignTold) -> str:
    return aloud.say("notices_campaign.closed", cases=told.response.cases, rate=_rate(aloud, told))


def _rate(aloud: Aloud, told: CampaignTold) -> str:
    response = told.response
    return aloud.say(
        "campaign.rate",
        reached=response.reached,
        answered=response.answered,
        percent=response.percent,
        needs=response.needs,
        nothing=response.no_need,
        declined=aloud.say("campaign.rate_declined", count=response.declined) if response.declined else "",
    )


def _fields(told: CampaignTold) -> dict[str, str]:
    return {"title": told.consortium, "number": str(told.campaign)}

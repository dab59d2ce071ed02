"""资源的事该告诉谁：要审的，审好的，满了的，不用了的，和等着的人忽然有了着落。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.finding import SupplyFound
from models.offering import SupplyFilled, SupplyReleased, SupplyReviewed, SupplyWaits
from models.outbox import Priority

on = Router()


@on.happened(SupplyWaits)
def waits(aloud: Aloud, supply: SupplyWaits) -> None:
    """党员提供了资源：本支部任职的人看；没有，就请本月轮值单位看。"""
    own = aloud.card(supply.organisation_id)
    reviewers = own.desk or (aloud.card(supply.chair_id).desk if supply.chair_id is not None else ())
    aloud.post(
        reviewers,
        "supply_waits",
        key=f"supply:{supply.code}:waits",
        text=aloud.say(
            "notices_supply.waits",
            code=supply.code,
            organisation=own.name,
            name=supply.offered_by,
            detail=shorten(supply.detail, 80),
            terms=supply.terms,
        ),
        fields={"title": supply.title, "number": supply.code, "who": supply.offered_by},
    )


@on.happened(SupplyReviewed)
def reviewed(aloud: Aloud, supply: SupplyReviewed) -> None:
    """看过了：告诉提供的人。"""
    reason = aloud.say("notices_supply.reason", reason=supply.reason) if supply.reason else ""
    key = "notices_supply.approved" if supply.approved else "notices_supply.refused"
    aloud.post(
        [supply.member_id],
        "supply_reviewed",
        key=f"supply:{supply.code}:reviewed",
        text=aloud.say(key, code=supply.code, title=supply.title, reason=reason),
        fields={"title": supply.title, "number": supply.code},
        priority=Priority.ANSWER,
    )


@on.happened(SupplyFilled)
def filled(aloud: Aloud, supply: SupplyFilled) -> None:
    """名额选完了：供方的联络员。"""
    aloud.post(
        aloud.card(supply.organisation_id).desk,
        "supply_filled",
        key=f"supply:{supply.code}:filled:{supply.used}:{aloud.now:%Y%m%d}",
        text=aloud.say("notices_supply.filled", code=supply.code, title=supply.title, used=supply.used),
        fields={"title": supply.title, "number": supply.code},
        priority=Priority.NEWS,
    )


@on.happened(SupplyReleased)
def released(aloud: Aloud, supply: SupplyReleased) -> None:
    """选了又不用了：供方的联络员。"""
    aloud.post(
        aloud.card(supply.organisation_id).desk,
        "supply_released",
        key=f"case:{supply.number}:released:{supply.code}:{aloud.now:%Y%m%d}",
        text=aloud.say("notices_supply.released", number=supply.number, code=supply.code, title=supply.title),
        fields={"title": supply.title, "number": str(supply.number)},
    )


@on.happened(SupplyFound)
def found(aloud: Aloud, case: SupplyFound) -> None:
    """等着的事有了能帮的：问问报的人。一人一天最多一条。"""
    aloud.post(
        [case.reporter_id],
        "supply_found",
        key=case.key,
        text=aloud.say(
            "notices_supply.found",
            number=case.number,
            text=shorten(case.text, 24),
            title=case.title,
            unit=case.unit_name,
            reason=case.reason,
        ),
        fields={"title": shorten(case.text, 20), "number": str(case.number)},
        priority=Priority.NEWS,
    )

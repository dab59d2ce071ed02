"""How people and organisations are named to a member: short, without anybody who is the member themself."""

from __future__ import annotations

from bot.kit.context import Context
from models.directory import Card
from models.organisation import Officer


def name_desk(officers: tuple[Officer, ...], *, besides: int | None = None) -> str:
    """``朝阳沟村党支部联络员徐桂芹``; the first officer who is not ``besides`` (a member id), or empty."""
    for officer in officers:
        if officer.member_id != besides:
            return officer.title
    return ""


def who_hears(ctx: Context) -> str:
    """Who is told of this member's matters: the branch's officer and the organisation that chairs this month."""
    member = ctx.member
    own = name_desk(ctx.card(member.organisation_id).desk, besides=member.member_id)
    chair: Card | None = None
    if member.chair_id is not None and member.chair_id != member.organisation_id:
        chair = ctx.card(member.chair_id)
    return "和".join(part for part in (own, f"本月轮值的{chair.name}" if chair else "") if part)

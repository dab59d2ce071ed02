"""How people and organisations are named to a member: short, without anybody who is the member themself."""

from __future__ import annotations

from bot.kit.context import Context
from models.directory import Card
from models.person import Person


def name_desk(card: Card, *, to: Person | None = None) -> str:
    """Who answers for an organisation: ``朝阳沟村党支部联络员徐桂芹``, to its own people just ``联络员徐桂芹``.

    The first officer who is not the one spoken to; empty where there is none.
    """
    for officer in card.desk:
        if to is None or officer.member_id != to.member_id:
            own = to is not None and to.organisation_id == officer.organisation_id
            return f"{officer.post.label}{officer.name}" if own else officer.title
    return ""


def who_hears(ctx: Context) -> str:
    """Who is told of this member's matters: the branch's officer and the organisation that chairs this month."""
    member = ctx.member
    own = name_desk(ctx.card(member.organisation_id), to=member)
    chair: Card | None = None
    if member.chair_id is not None and member.chair_id != member.organisation_id:
        chair = ctx.card(member.chair_id)
    return "和".join(part for part in (own, f"本月轮值的{chair.name}" if chair else "") if part)

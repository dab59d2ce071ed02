"""征集的提醒: what is told of a campaign at each rung of its ladder, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from models import chairing
from models.agenda import About, Reminded, notice_ladders
from models.campaign import Campaign, CampaignReminded
from models.moment import local

if TYPE_CHECKING:
    from models.store import Unit

_FRESH: Final = timedelta(days=2)
"""Nobody is reminded so soon after they were asked."""


class CampaignKeeper:
    """Knows campaigns where agendas climb their ladders."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """The happening with the facts of the campaign; None: it is gone, or was opened too lately to remind of."""
        campaigns = unit.campaigns
        campaign = campaigns.get(base.about.subject_id)
        if campaign is None:
            return None
        members = base.about.rung in ("open", "half")
        if base.about.rung == "half" and now - campaign.opened_at < _FRESH:
            return None  # a short one asks once
        organisation_ids: Sequence[int] = ()
        if not members:
            organisation_ids = [chairing.chair_of(unit, campaign.consortium_id, local(now).date())]
        over = not campaign.is_open(now)
        response = campaigns.settle(campaign, now) if over else campaigns.response(campaign, now)
        return CampaignReminded(
            about=self._asking(unit, base.about, campaign) if members else base.about,
            to=base.to,
            late=base.late,
            priority=base.priority,
            told=campaigns.facts(campaign, response),
            consortium_id=campaign.consortium_id,
            asks_members=members,
            organisation_ids=tuple(organisation_ids),
        )

    def _asking(self, unit: Unit, about: About, campaign: Campaign) -> About:
        """Every member is asked for themself, whoever else has answered; and not when it is over. Who could not be
        reached until the reminder hears only that."""
        until = campaign.closes_at
        if about.rung == "open":
            half = next(rung for rung in notice_ladders()[about.subject].rung if rung.name == "half")
            reminder = half.moment(until, unit.workdays.calendar)
            if reminder - campaign.opened_at >= _FRESH:
                until = reminder
        return msgspec.structs.replace(about, asks=True, not_after=until)

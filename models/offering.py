"""What an entry of the list lives by: its states, who may do what to it, what is refused, and what others must hear.

待审 → 在供 → 暂停 or 下架. 额满 and 到期 are not kept: they follow from the numbers and the day.
"""

from __future__ import annotations

import enum
from datetime import date
from typing import Final

import msgspec

from models.base import DomainError, Happening

MOST_PLACES: Final = 100_000
"""Nobody serves more needs than that with one entry; a larger number is a slip of the finger."""


class SupplyUnknown(DomainError):
    """No entry of the list has that number, or none that this person may see."""


class SupplyNotYours(DomainError):
    """Only those who act for the organisation that offers it can do this."""


class SupplyNotNow(DomainError):
    """Where the entry stands does not allow this."""


class SupplyGone(DomainError):
    """The entry cannot be chosen any more: its last place was just taken, or it is offered no longer."""


class NoBelt(DomainError):
    """Nothing can be opened to a belt by an organisation whose consortia are in none."""


class DayPast(DomainError):
    """An offer cannot last until a day that is over."""


class SupplyWaits(Happening, frozen=True, kw_only=True):
    """A member offered something for their organisation, and somebody has to look at it."""

    code: str
    title: str
    detail: str
    terms: str
    """Until when and how often, in a few words."""
    organisation_id: int
    chair_id: int | None
    offered_by: str


class SupplyReviewed(Happening, frozen=True, kw_only=True):
    """Somebody looked at it."""

    code: str
    title: str
    approved: bool
    reason: str
    member_id: int


class SupplyFilled(Happening, frozen=True, kw_only=True):
    """Somebody chose the last place."""

    code: str
    title: str
    organisation_id: int
    used: int


class SupplyReleased(Happening, frozen=True, kw_only=True):
    """What was to be served needs it no longer; the place is free again."""

    code: str
    title: str
    organisation_id: int
    number: int


class Side(enum.StrEnum):
    """Which side of the list an entry stands on."""

    SUPPLY = "供给"
    DEMAND = "需求"


class SupplyState(enum.StrEnum):
    """Where an entry stands."""

    DRAFT = "draft"
    ON_OFFER = "on_offer"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    FULL = "full"  # never kept: on offer, and every place is taken
    EXPIRED = "expired"  # never kept: on offer, and its last day is over

    @property
    def label(self) -> str:
        """As people say it."""
        return _LABELS[self]


_LABELS: Final = {
    SupplyState.DRAFT: "待审",
    SupplyState.ON_OFFER: "在供",
    SupplyState.PAUSED: "暂停",
    SupplyState.WITHDRAWN: "下架",
    SupplyState.FULL: "额满",
    SupplyState.EXPIRED: "到期",
}


class Circle(enum.StrEnum):
    """Who is shown an entry."""

    CONSORTIUM = "consortium"
    BELT = "belt"
    COUNTY = "county"
    CITY = "city"

    @property
    def label(self) -> str:
        """As people say it."""
        return {"consortium": "本融合体", "belt": "发展带", "county": "全旗县", "city": "全市"}[self.value]


_LIVE: Final = (SupplyState.ON_OFFER, SupplyState.FULL, SupplyState.EXPIRED)
_UNENDED: Final = (SupplyState.DRAFT, SupplyState.PAUSED, *_LIVE)
ALLOWED: Final[dict[str, tuple[SupplyState, ...]]] = {
    "approve": (SupplyState.DRAFT,),
    "refuse": (SupplyState.DRAFT,),
    "pause": (SupplyState.ON_OFFER, SupplyState.FULL),
    "resume": (SupplyState.PAUSED,),
    "fill": (SupplyState.ON_OFFER,),
    "limit": _UNENDED,
    "prolong": _UNENDED,
    "open_to": _UNENDED,
    "withdraw": _UNENDED,
}
"""From where each verb may be used; anything else is refused as SupplyNotNow."""
BY_OFFERER: Final = frozenset({"pause", "resume", "fill", "limit", "prolong", "withdraw"})
"""What a member without a post may do with what they offered: they know how much of it there is, and until when. Who is
shown it is for the organisation to say, and so is what its officers did not take."""


class Agent(msgspec.Struct, frozen=True):
    """Who acts on the list, and for which organisations: those in which they hold a post today."""

    member_id: int
    offices: frozenset[int]


def stands(state: str, capacity: int | None, used: int, valid_until: date | None, day: date) -> SupplyState:
    """Where an entry with these facts stands on a day. What is over is over, whether places were left or not."""
    kept = SupplyState(state)
    if kept is not SupplyState.ON_OFFER:
        return kept
    if valid_until is not None and valid_until < day:
        return SupplyState.EXPIRED
    return SupplyState.FULL if capacity is not None and used >= capacity else kept

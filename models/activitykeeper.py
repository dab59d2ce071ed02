"""What a rung of an activity's ladder tells, and to whom: the chair, members once, those who signed up, the lead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from models.activity import INVITED, SUBJECT, Activity, ActivityState
from models.agenda import Reminded

if TYPE_CHECKING:
    from models.store import Unit


class ActivityReminded(Reminded, frozen=True, kw_only=True):
    """A rung of an activity was reached."""

    number: int
    label: str
    """Kind and topic."""
    topic: str
    place: str
    starts_at: datetime
    host_id: int
    lead_id: int
    full: bool
    """Every place is taken."""
    invites: bool = False
    """Whether everybody whom it is for is asked to come."""
    members: tuple[int, ...] = ()
    """Those who signed up, where the rung is for them."""


class ActivityKeeper:
    """Knows activities."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> ActivityReminded | None:
        """The facts of the activity; None where nobody has to hear."""
        activity = unit.session.get(Activity, base.about.subject_id)
        if activity is None or not _concerns(activity, base.to, now):
            return None
        members: tuple[int, ...] = ()
        about, invites = base.about, False
        if "members" in base.to:
            if not _to_invite(unit, activity):
                return None
            # Whoever runs it may have answered before; each member is asked for themself.
            about, invites = msgspec.structs.replace(about, asks=True, not_after=activity.starts_at), True
        elif "signed" in base.to:
            members = tuple(
                each.member_id for each in unit.attending.of(activity.number) if each.state == "signed"
            )
            if not members:
                return None
            about = msgspec.structs.replace(about, not_after=activity.starts_at)
        counts = unit.attending.counts(activity.number)
        return ActivityReminded(
            about=about,
            to=base.to,
            late=base.late,
            priority=base.priority,
            number=activity.number,
            label=activity.label,
            topic=activity.topic,
            place=activity.place,
            starts_at=activity.starts_at,
            host_id=unit.activities.host_id(activity),
            lead_id=unit.activities.lead_id(activity),
            full=activity.capacity is not None and counts.signed >= activity.capacity,
            invites=invites,
            members=members,
        )


def _concerns(activity: Activity, roles: tuple[str, ...], now: datetime) -> bool:
    if {"members", "signed"} & set(roles):
        return activity.state == ActivityState.CALLED and now < activity.starts_at
    return activity.state in (ActivityState.PLANNED, ActivityState.CALLED, ActivityState.HELD)


def _to_invite(unit: Unit, activity: Activity) -> bool:
    """Whether nobody was invited yet: that is done once."""
    agenda = unit.agendas.of(SUBJECT, activity.number)
    if agenda is None or agenda.marked(INVITED):
        return False
    unit.agendas.mark(SUBJECT, activity.number, INVITED)
    return True

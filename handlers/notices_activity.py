"""活动的通知：定主题、请大家来、明天别忘了、录纪要；改期、取消、轮到候补，都当时告诉。"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.kit.context import Aloud
from bot.kit.lists import shorten
from bot.kit.moments import say_when
from bot.kit.router import Router
from models.activity import SUBJECT, ActivityMoved, ActivityOff
from models.activitykeeper import ActivityReminded
from models.agenda import About
from models.attending import PlaceFound
from models.audience import Audience
from models.moment import local
from models.organisation import Officer
from models.outbox import ABOUT_NOTHING, Priority

on = Router()

_LABEL = 30
_UP_AND_ABOUT = timedelta(days=1, hours=10)
"""Until ten o'clock of the next day, counted from midnight."""


@on.happened(ActivityReminded)
def reminded(aloud: Aloud, activity: ActivityReminded) -> None:
    """到了日程上的一级。"""
    about = activity.about
    key = f"activity:{activity.number}:{about.edition}:{about.rung}"
    kind = f"activity_{about.rung}"
    text = _text(aloud, activity)
    fields = {"title": shorten(activity.label, 20), "number": str(activity.number)}
    priority = Priority(activity.priority)
    if activity.invites:
        aloud.broadcast(
            Audience("invited", (activity.number,)),
            kind,
            key=key,
            text=text,
            fields=fields,
            priority=priority,
            about=about,
        )
    elif activity.members:
        _to_members(aloud, activity.members, kind, key=key, text=text, fields=fields, about=about)
    else:
        aloud.post(
            _officers(aloud, activity),
            kind,
            key=key,
            text=text,
            fields=fields,
            priority=priority,
            about=about,
        )


def _officers(aloud: Aloud, activity: ActivityReminded) -> list[Officer]:
    host, lead = aloud.card(activity.host_id), aloud.card(activity.lead_id)
    found: list[Officer] = []
    for role in activity.to:
        found += {"chair": host.desk, "officers": host.officers, "lead": lead.desk}[role]
    return found


def _to_members(
    aloud: Aloud,
    members: Iterable[int],
    kind: str,
    *,
    key: str,
    text: str,
    fields: dict[str, str],
    about: About = ABOUT_NOTHING,
    priority: Priority = Priority.DUTY,
) -> None:
    """One and the same letter to some members."""
    aloud.post(members, kind, key=key, text=text, fields=fields, about=about, priority=priority)


def _text(aloud: Aloud, activity: ActivityReminded) -> str:
    number, label = activity.number, shorten(activity.label, _LABEL)
    when = say_when(activity.starts_at, local(aloud.now).date())
    match activity.about.rung:
        case "topic":
            return aloud.say("notices_activity.topic", number=number, label=label, when=when)
        case "members":
            full = aloud.say("notices_activity.full") if activity.full else ""
            return aloud.say(
                "notices_activity.members",
                number=number,
                label=label,
                when=when,
                place=activity.place,
                full=full,
            )
        case "eve":
            return aloud.say(
                "notices_activity.eve",
                number=number,
                label=label,
                when=when,
                place=activity.place,
            )
        case "minutes":
            return aloud.say("notices_activity.minutes", number=number, label=label, when=when)
        case "minutes_again":
            return aloud.say("notices_activity.minutes_again", number=number, label=label, when=when)
    return aloud.say(
        "notices_activity.minutes_lead",
        number=number,
        label=label,
        when=when,
        host=aloud.card(activity.host_id).name,
    )


def _pressing(now: datetime, *moments: datetime) -> Priority:
    """Whoever had their one push of the day would hear tomorrow morning: too late for what is on before they are up and
    about then."""
    morning = local(now).replace(hour=0, minute=0) + _UP_AND_ABOUT
    return Priority.URGENT if any(now < moment <= morning for moment in moments) else Priority.ANSWER


@on.happened(ActivityMoved)
def moved(aloud: Aloud, activity: ActivityMoved) -> None:
    """改期：报了名的、通知过的，各告诉一次；承办单位的联络员也知道。"""
    about = About(
        subject=SUBJECT,
        subject_id=activity.number,
        edition=activity.edition,
        rung="moved",
        asks=True,
        not_after=activity.starts_at,
    )
    key = f"activity:{activity.number}:{activity.edition}:moved"
    fields = {"title": shorten(activity.label, 20), "number": str(activity.number)}
    today = local(aloud.now).date()
    label, when = shorten(activity.label, _LABEL), say_when(activity.starts_at, today)
    if activity.before == activity.starts_at:
        news = aloud.say(
            "notices_activity.replaced", number=activity.number, label=label, when=when, place=activity.place
        )
    else:
        news = aloud.say(
            "notices_activity.moved",
            number=activity.number,
            label=label,
            before=say_when(activity.before, today),
            when=when,
            place=activity.place,
        )
    for members, asked in (
        (activity.signed, aloud.say("notices_activity.still_signed")),
        (activity.others, aloud.say("notices_activity.can_you")),
    ):
        _to_members(
            aloud,
            members,
            "activity_moved",
            key=key,
            text=f"{news}\n{asked}",
            fields=fields,
            about=about,
            priority=_pressing(aloud.now, activity.before, activity.starts_at),
        )
    _to_host(aloud, activity.host_id, "activity_moved", key, news)


@on.happened(ActivityOff)
def off(aloud: Aloud, activity: ActivityOff) -> None:
    """取消：报了名的、通知过的，各告诉一次。"""
    key = f"activity:{activity.number}:off"
    text = aloud.say(
        "notices_activity.off",
        number=activity.number,
        label=shorten(activity.label, _LABEL),
        when=say_when(activity.starts_at, local(aloud.now).date()),
        reason=activity.reason,
    )
    fields = {"title": shorten(activity.label, 20), "number": str(activity.number)}
    _to_members(
        aloud,
        activity.members,
        "activity_off",
        key=key,
        text=text,
        fields=fields,
        priority=_pressing(aloud.now, activity.starts_at),
    )
    _to_host(aloud, activity.host_id, "activity_off", key, text)


def _to_host(aloud: Aloud, host_id: int, kind: str, key: str, text: str) -> None:
    """Where somebody else did it, whoever has it in hand hears too; the key makes it one letter to each."""
    aloud.post(aloud.card(host_id).desk, kind, key=key, text=text)


@on.happened(PlaceFound)
def place_found(aloud: Aloud, activity: PlaceFound) -> None:
    """候补的第一位有名额了。"""
    _to_members(
        aloud,
        [activity.member_id],
        "activity_place",
        key=f"activity:{activity.number}:place:{aloud.now.isoformat()}",
        text=aloud.say(
            "notices_activity.place_found",
            number=activity.number,
            label=shorten(activity.label, _LABEL),
            when=say_when(activity.starts_at, local(aloud.now).date()),
            place=activity.place,
        ),
        fields={"title": shorten(activity.label, 20), "number": str(activity.number)},
        priority=_pressing(aloud.now, activity.starts_at),
    )

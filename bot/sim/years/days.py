"""The theme days of each month and the days of service: called, signed up for, held and recorded, or how else they ended."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from bot.sim.years.script import Entry, Service, Theme, day_of
from bot.sim.years.walk import Story, Walk
from models.activity import Activity, ActivityState, Plan
from models.activityrights import Host
from models.moment import SHANGHAI, local
from models.person import Person
from models.volunteering import Told

_PLACE: Final = "新林镇党群服务中心"
_RULE: Final = "FREQ=MONTHLY;BYMONTHDAY=5"
_CALLED: Final = 19
"""The day of each month on which the next one's theme is settled."""


def begin(
    walk: Walk,
    start: date,
    last: date,
    themes: tuple[Theme, ...],
    services: tuple[Service, ...],
    entries: tuple[Entry, ...],
) -> None:
    """Every month has its theme day, some have a day of service, and now and then somebody tells of what they did."""
    walk.begin(_founded(walk), datetime.combine(start, time(9, 10), SHANGHAI))
    months = (last.year - start.year) * 12 + last.month - start.month + 1
    for place in range(months):
        year, month = divmod(start.year * 12 + start.month - 1 + place, 12)
        at = datetime.combine(date(year, month + 1, _CALLED), time(8, 45), SHANGHAI)
        walk.begin(_theme_day(walk, themes[place % len(themes)], f"theme:{place}"), at)
    for service in services:
        day = day_of(service.turn, service.on, start)
        at = datetime.combine(day - timedelta(days=12), time(9, 0), SHANGHAI)
        walk.begin(_service_day(walk, service, day), at)
    for entry in entries:
        day = day_of(entry.turn, entry.on, start)
        at = datetime.combine(day + timedelta(days=entry.ago), time(19, 0), SHANGHAI)
        walk.begin(_told(walk, entry, day), at)


def _founded(walk: Walk) -> Story:
    """The lead organisation settles that the fifth of each month is the day."""
    lead = walk.crew.liaison(walk.crew.consortium.lead_id, walk.now)
    walk.unit.recurring.settle(
        walk.unit.activities.host_for(lead, local(walk.now).date(), walk.now),
        kind="theme_day",
        format_key="interactive",
        place=_PLACE,
        rule=_RULE,
        begins=time(9, 0),
        minutes=120,
        roll="next_workday",
        by=lead,
        now=walk.now,
    )
    yield from ()


def _theme_day(walk: Walk, theme: Theme, name: str) -> Story:
    chance = walk.chance(name)
    yield walk.office(0, chance)
    lead = walk.crew.liaison(walk.crew.consortium.lead_id, walk.now)
    planned = walk.unit.activities.to_settle(lead, walk.now, 1)
    if theme.twist == "uncalled" or not planned:
        return
    number, host = planned[0].number, _host(walk, planned[0])
    plan = Plan(
        kind="theme_day",
        format=theme.format,
        topic=theme.topic,
        place=planned[0].place,
        starts_at=planned[0].starts_at,
        ends_at=planned[0].ends_at,
    )
    own = Host(planned[0].consortium_id, None, host.organisation_id)
    walk.unit.activities.call(own, plan, by=host, now=walk.now, number=number)
    yield from _answers(walk, number, name, most=24)
    if theme.twist == "off":
        walk.unit.activities.cancel(number, "下大雪封了路", by=host, now=walk.now)
        return
    if theme.twist == "moved":
        activity = _activity(walk, number)
        walk.unit.activities.move(
            number, activity.starts_at + timedelta(days=1), None, "", by=host, now=walk.now
        )
    yield from _held(walk, number, name, theme.decided, theme.followed, late=theme.twist == "late")


def _service_day(walk: Walk, service: Service, day: date) -> Story:
    yield walk.office(0, walk.chance(service.topic))
    chair = walk.crew.chair(datetime.combine(day, time(9, 0), SHANGHAI))
    starts_at = datetime.combine(day, time(8, 30), SHANGHAI)
    plan = Plan(
        kind="volunteer",
        format="experience",
        topic=service.topic,
        place=service.place,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        capacity=service.capacity or None,
    )
    host = walk.unit.activities.host_for(chair, day, walk.now)
    number = walk.unit.activities.call(host, plan, by=chair, now=walk.now).number
    yield from _answers(walk, number, service.topic, most=16)
    yield from _held(walk, number, service.topic, service.topic, "", late=False)


def _answers(walk: Walk, number: int, name: str, *, most: int) -> Story:
    """Some say that they come and some that they cannot, on the days before."""
    chance = walk.chance(f"{name}:answers")
    asked: set[int] = set()
    for _ in range(chance.randint(most // 2, most)):
        yield walk.soon(chance, 10, 300)
        activity = _activity(walk, number)
        if activity.state != ActivityState.CALLED or activity.starts_at - walk.now < timedelta(days=2):
            return
        member = walk.crew.anyone(walk.now, chance)
        if member.member_id in asked:
            continue
        asked.add(member.member_id)
        if chance.random() < 0.12:
            walk.unit.attending.take_leave(number, "", by=member, now=walk.now)
        else:
            walk.unit.attending.sign_up(number, by=member, now=walk.now)


def _held(walk: Walk, number: int, name: str, decided: str, followed: str, *, late: bool) -> Story:
    """The roll is called when it is over; minutes are written soon, or late."""
    chance = walk.chance(f"{name}:held")
    yield _activity(walk, number).ends_at
    roll = walk.unit.attending.roll(number)
    came = {each.member_id for each in roll if chance.random() < 0.92}
    if chance.random() < 0.5:
        came.add(walk.crew.anyone(walk.now, chance).member_id)
    walk.unit.attending.call_roll(number, came, by=_host(walk, _activity(walk, number)), now=walk.now)
    yield walk.office(8 if late else 1, chance)
    host = _host(walk, _activity(walk, number))
    walk.unit.activities.record(number, decided, by=host, now=walk.now)
    for place in range(chance.randint(0, 3)):
        walk.unit.activities.add_photo(number, f"sample:{number}:{place}", "", by=host, now=walk.now)
    if followed:
        yield walk.office(15, chance)
        walk.unit.activities.follow(number, followed, by=host, now=walk.now)


def _told(walk: Walk, entry: Entry, day: date) -> Story:
    """补录: told afterwards, and verified by the branch's liaison officer, or not."""
    chance = walk.chance(entry.what)
    member = walk.crew.someone(entry.branch, walk.now, chance)
    told = Told(what=entry.what, place=entry.place, done_on=day, minutes=entry.minutes)
    record = walk.unit.volunteering.log(told, by=member, now=walk.now)
    yield walk.office(1, chance)
    if entry.twist != "asked":
        walk.unit.volunteering.judge(
            record.id,
            verified=entry.twist != "refused",
            by=walk.crew.liaison(entry.branch, walk.now),
            now=walk.now,
            reason="时间对不上" if entry.twist == "refused" else "",
        )


def _activity(walk: Walk, number: int) -> Activity:
    found = walk.unit.session.get(Activity, number)
    assert found is not None  # noqa: S101 - it was called before
    return found


def _host(walk: Walk, activity: Activity) -> Person:
    return walk.crew.liaison(walk.unit.activities.host_id(activity), walk.now)

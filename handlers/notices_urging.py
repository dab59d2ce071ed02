"""到点了没办：提醒、催办、督办、提级，还有请人评价。"""

from __future__ import annotations

from datetime import datetime

from bot.kit.context import Aloud
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.clock import Level
from models.clocks import CalendarEnds
from models.moment import local
from models.organisation import Officer
from models.outbox import Priority
from models.urging import RatingInvited, Stuck, Urged

on = Router()


@on.happened(Urged)
def urged(aloud: Aloud, case: Urged) -> None:
    """时限快到了、过了：承办单位联络员；督办起加上书记、轮值和牵头单位；提级到上一级。"""
    aloud.post(
        _recipients(aloud, case.level, case),
        f"case_{case.level.value}",
        key=f"urging:{case.clock_id}:{case.rung}",
        text=aloud.say(
            f"notices_urging.{case.level.value}",
            number=case.number,
            text=shorten(case.text, 20),
            wanted=aloud.say(f"notices_urging.wanted_{case.kind.value}"),
            due=_due(aloud, case.due_at),
            left=_left(aloud, case),
            over=_over(aloud, case),
            holder=aloud.card(case.holder_id).name,
            step=aloud.say(f"notices_urging.then_{case.kind.value}", number=case.number),
        ),
        fields={"title": shorten(case.text, 20), "number": str(case.number)},
        priority=Priority.ANSWER if case.level is Level.ESCALATE else Priority.DUTY,
        about=About("clock", case.clock_id),
    )


@on.happened(Stuck)
def stuck(aloud: Aloud, case: Stuck) -> None:
    """重办、转办三次还没办成：直接提级。"""
    aloud.post(
        _recipients(aloud, Level.ESCALATE, case),
        "case_stuck",
        key=f"case:{case.number}:stuck",
        about=About("case", case.number),
        text=aloud.say(
            "notices_urging.stuck",
            number=case.number,
            text=shorten(case.text, 20),
            times="、".join(
                [aloud.say("notices_urging.reworks", times=case.reworks)] * bool(case.reworks)
                + [aloud.say("notices_urging.transfers", times=case.transfers)] * bool(case.transfers)
            ),
            holder=aloud.card(case.holder_id).name,
        ),
        fields={"title": shorten(case.text, 20), "number": str(case.number)},
        priority=Priority.ANSWER,
    )


@on.happened(RatingInvited)
def invited(aloud: Aloud, case: RatingInvited) -> None:
    """办结三天没评价：再请反映人一次，以后不再打扰。"""
    aloud.post(
        [case.reporter_id],
        "case_invite",
        key=f"urging:{case.clock_id}:invite",
        about=About("clock", case.clock_id),
        text=aloud.say("notices_urging.invite", number=case.number, text=shorten(case.text, 20)),
        fields={"title": shorten(case.text, 20), "number": str(case.number)},
        priority=Priority.NEWS,
    )


@on.happened(CalendarEnds)
def calendar_ends(aloud: Aloud, missing: CalendarEnds) -> None:
    """工作日历没有下一年的：最上一级的联络员，请管系统的人导入。"""
    officers = [officer for each in missing.organisation_ids for officer in aloud.card(each).desk]
    aloud.post(
        officers,
        "calendar_ends",
        key=f"calendar:{missing.year}",
        text=aloud.say("notices_urging.calendar_ends", year=missing.year),
    )


def _recipients(aloud: Aloud, level: Level, case: Urged | Stuck) -> list[Officer | int]:
    """Each organisation's desk; from 督办 on the secretary of the one that has to act hears of it too, and the
    consortium's own."""
    found: list[Officer | int] = [
        officer for each in case.organisation_ids for officer in aloud.card(each).desk
    ]
    if level in (Level.SUPERVISE, Level.ESCALATE):
        found += [officer for officer in aloud.card(case.holder_id).officers if officer.post.told]
        if case.consortium_id is not None:
            found += [each.member_id for each in aloud.committee(case.consortium_id) if each.post.told]
    return found


def _due(aloud: Aloud, due_at: datetime) -> str:
    due = local(due_at)
    return aloud.say("notices_urging.due", month=due.month, day=due.day, time=f"{due:%H:%M}")


def _left(aloud: Aloud, case: Urged) -> str:
    if case.days_left:
        return aloud.say("notices_urging.left_days", days=case.days_left)
    return aloud.say("notices_urging.left_today")


def _over(aloud: Aloud, case: Urged) -> str:
    if case.days_over:
        return aloud.say("notices_urging.over_days", days=case.days_over)
    return aloud.say("notices_urging.over_hours", hours=case.hours_over) if case.hours_over else ""

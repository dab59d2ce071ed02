"""自查出了毛病：告诉管公众号的人。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.days import say_day
from bot.kit.router import Router
from models.moment import local
from models.outbox import Priority
from models.watching import Alarmed, Cause, Finding

on = Router()

MOST = 2
"""Causes in one letter: with the lines around them it has four."""


@on.happened(Alarmed)
def alarmed(aloud: Aloud, alarm: Alarmed) -> None:
    """最上一级党组织的联络员：一样毛病一天说一次，最要紧的先说。"""
    officers = [officer for each in alarm.organisation_ids for officer in aloud.card(each).desk]
    lines = [_line(aloud, finding) for finding in alarm.findings[:MOST]]
    if (more := len(alarm.findings) - MOST) > 0:
        lines[-1] += aloud.say("notices_watch.more", count=more)
    causes = "+".join(finding.cause.value for finding in alarm.findings)
    aloud.post(
        officers,
        "alarm",
        key=f"alarm:{alarm.day:%Y%m%d}:{causes}",
        text=aloud.say("notices_watch.alarm", lines="\n".join(lines)),
        fields={"title": aloud.say("notices_watch.title"), "number": str(len(alarm.findings))},
        priority=Priority.ANSWER,
    )


def _line(aloud: Aloud, finding: Finding) -> str:
    if finding.cause is Cause.CALENDAR:
        if finding.until is None:
            return aloud.say("notices_watch.calendar_over")
        until = say_day(finding.until, local(aloud.now).date())
        return aloud.say("notices_watch.calendar", until=until)
    return aloud.say(f"notices_watch.{finding.cause.value}", count=finding.count)

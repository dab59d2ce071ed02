"""补录的志愿服务：请本支部的人核实，核实的结果告诉本人。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.days import day_of
from bot.kit.lists import shorten
from bot.kit.moments import say_length
from bot.kit.router import Router
from models.agenda import About
from models.outbox import Priority
from models.volunteering import SUBJECT, ServiceJudged, ServiceLogged

on = Router()


@on.happened(ServiceLogged)
def logged(aloud: Aloud, service: ServiceLogged) -> None:
    """有人补录：请本支部的联络员核实，不是本人。"""
    aloud.post(
        service.officers,
        "service_logged",
        key=f"service:{service.record_id}",
        text=aloud.say(
            "notices_volunteer.logged",
            number=service.record_id,
            name=service.name,
            day=day_of(service.done_on),
            what=shorten(service.what, 30),
            length=say_length(service.minutes),
        ),
        fields={"title": shorten(service.what, 20), "number": str(service.record_id)},
        priority=Priority.NEWS,
        about=About(subject=SUBJECT, subject_id=service.record_id, asks=True),
    )


@on.happened(ServiceJudged)
def judged(aloud: Aloud, service: ServiceJudged) -> None:
    """核实了，或者没通过：告诉本人。"""
    what, length = shorten(service.what, 24), say_length(service.minutes)
    if service.verified:
        text = aloud.say("notices_volunteer.verified", what=what, length=length)
    else:
        reason = aloud.say("notices_volunteer.because", reason=service.reason) if service.reason else ""
        text = aloud.say("notices_volunteer.refused", what=what, length=length, reason=reason)
    aloud.post(
        [service.member_id],
        "service_judged",
        key=f"service:{service.record_id}:judged",
        text=text,
        priority=Priority.NEWS,
    )

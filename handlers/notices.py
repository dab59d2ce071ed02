"""出了什么事，该告诉谁。所有主动发出去的话都在这里定收信人。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.appeal import AppealKind, AppealMade
from models.case import CaseFiled, CaseJoined
from models.identity import BindingAsked, BindingDecided
from models.life import CaseKind
from models.organisation import Officer
from models.outbox import Priority
from models.suggestion import NoneChosen, SupplyChosen
from models.vault import mask_text

on = Router()


def _desks(aloud: Aloud, organisation_id: int, chair_id: int | None) -> list[Officer]:
    """The branch's own officers and those of this month's chair."""
    officers = list(aloud.card(organisation_id).desk)
    return officers + list(aloud.card(chair_id).desk) if chair_id else officers


@on.happened(CaseFiled)
def filed(aloud: Aloud, case: CaseFiled) -> None:
    """报了新的事：本支部和本月轮值单位的联络员；急事多告诉书记。"""
    recipients = _desks(aloud, case.organisation_id, case.chair_id)
    if case.urgent:
        recipients += aloud.card(case.organisation_id).officers
    kind = CaseKind(case.kind).label
    text = aloud.say(
        "notices.filed_urgent" if case.urgent else "notices.filed",
        kind=kind,
        number=case.number,
        # Who may call the reporter learns the number from 查; the others have no use for it.
        text=shorten(case.text if case.urgent else mask_text(case.text), 80),
        organisation=aloud.card(case.organisation_id).name,
        reporter=case.reporter,
        behalf=aloud.say("notices.behalf", name=case.behalf) if case.behalf else "",
        place=aloud.say("notices.place", place=case.place) if case.place else "",
        phone=aloud.phone_of(case.reporter_id) if case.urgent else "",
    )
    aloud.post(
        recipients,
        "case_filed",
        key=f"case:{case.number}:filed",
        text=text,
        fields={
            "title": shorten(case.text, 20),
            "number": str(case.number),
            "who": case.reporter,
            "kind": kind,
        },
        priority=Priority.URGENT if case.urgent else Priority.DUTY,
        about=About("case", case.number),
    )


@on.happened(CaseJoined)
def joined(aloud: Aloud, case: CaseJoined) -> None:
    """又多一家：本支部联络员。"""
    aloud.post(
        aloud.card(case.organisation_id).desk,
        "case_joined",
        key=f"case:{case.number}:joined:{case.count}",
        about=About("case", case.number),
        text=aloud.say("notices.joined", number=case.number, text=case.text, count=case.count),
        fields={"title": case.text, "number": str(case.number)},
        priority=Priority.NEWS,
    )


@on.happened(SupplyChosen)
def chosen(aloud: Aloud, choice: SupplyChosen) -> None:
    """选中了一家：供方的联络员；对方不在册，就请本支部联络员打电话。"""
    again = f":{aloud.now:%Y%m%d}" if choice.again else ""
    key = f"case:{choice.number}:chosen:{choice.supply}{again}"
    fields = {"title": shorten(choice.title, 20), "number": str(choice.number), "who": choice.reporter}
    supplier = aloud.card(choice.organisation_id).desk if choice.organisation_id is not None else ()
    if supplier:
        text = aloud.say(
            "notices.chosen",
            title=choice.title,
            number=choice.number,
            text=shorten(choice.text, 80),
            organisation=choice.reporter_organisation,
            reporter=choice.reporter,
            phone=aloud.phone_of(choice.reporter_id),
        )
        aloud.post(supplier, "supply_chosen", key=key, text=text, fields=fields, priority=Priority.ANSWER)
    aloud.post(
        aloud.card(choice.own_organisation_id).desk,
        "supply_chosen_desk",
        key=f"{key}:desk",
        text=aloud.say(
            "notices.chosen_desk" if supplier else "notices.chosen_call",
            number=choice.number,
            reporter=choice.reporter,
            unit=choice.unit_name,
            title=choice.title,
        ),
        fields=fields,
    )


@on.happened(NoneChosen)
def none_suits(aloud: Aloud, case: NoneChosen) -> None:
    """都不合适：联络员和轮值单位再找。"""
    aloud.post(
        _desks(aloud, case.organisation_id, case.chair_id),
        "none_suits",
        key=f"case:{case.number}:none",
        about=About("case", case.number),
        text=aloud.say("notices.none_suits", number=case.number, text=case.text),
        fields={"title": case.text, "number": str(case.number)},
    )


@on.happened(BindingAsked)
def binding_asked(aloud: Aloud, request: BindingAsked) -> None:
    """有人要登记：本支部联络员认一认。"""
    card = aloud.card(request.organisation_id)
    aloud.post(
        card.desk,
        "binding_asked",
        key=f"binding:{request.request}",
        text=aloud.say(
            "notices.binding",
            number=request.request,
            name=request.name,
            phone=request.phone,
            organisation=card.name,
        ),
        fields={"title": "登记申请", "number": str(request.request), "who": request.name},
    )


@on.happened(BindingDecided)
def binding_decided(aloud: Aloud, request: BindingDecided) -> None:
    """认好了（或没认上）：告诉本人。"""
    key = "notices.binding_yes" if request.approved else "notices.binding_no"
    aloud.post_to_openid(
        request.openid,
        "binding_decided",
        key=f"binding:{request.request}:decided",
        text=aloud.say(key, name=request.name, organisation=request.organisation),
    )


@on.happened(AppealMade)
def appeal(aloud: Aloud, made: AppealMade) -> None:
    """有话要人听：交给那个单位的联络员；投诉、建议交给上一级。"""
    urgent = made.kind in (AppealKind.HUMAN, AppealKind.COMPLAINT)
    aloud.post(
        aloud.card(made.to_organisation_id).desk,
        f"appeal_{made.kind.value}",
        key=f"appeal:{made.appeal}",
        text=aloud.say(
            f"notices.{made.kind.value}",
            number=made.appeal,
            name=made.name,
            organisation=made.organisation,
            text=shorten(made.text, 200),
            phone=aloud.phone_of(made.member_id) if made.kind in (AppealKind.HUMAN, AppealKind.VOICE) else "",
        ),
        fields={"title": shorten(made.text, 20), "number": str(made.appeal), "who": made.name},
        priority=Priority.ANSWER if urgent else Priority.DUTY,
    )

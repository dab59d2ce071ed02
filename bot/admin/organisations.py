"""党组织: the list with search, and one of them with its people, masked."""

from __future__ import annotations

from urllib.parse import urlencode

from bot.admin.change import Refused
from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.remit import Right
from models.store import Unit

on = Router()

PAGE = 50


@on.get("/admin/organisations", Right.ORGANISATIONS, Where.LISTED, rail="党组织")
def organisations(visit: Visit, unit: Unit) -> View:
    """找一个党组织。"""
    words = visit.word("q", 40)
    lines, total = unit.roll.organisations(
        visit.reach, words, visit.now, limit=PAGE, offset=visit.offset(PAGE)
    )
    return View(
        "organisations.html",
        {
            "lines": lines,
            **visit.paged(PAGE, total),
            "words": words,
            "query": urlencode({"q": words}) if words else "",
            "may_print": visit.may(Right.POSTERS),
        },
    )


@on.get("/admin/organisations/{organisation}", Right.ORGANISATIONS, Where.ORGANISATION)
def organisation(visit: Visit, unit: Unit) -> View:
    """一个党组织。"""
    number = visit.numbers["organisation"]
    found = unit.roll.organisation(number, visit.now)
    if found is None:
        raise Refused(404, "nothing")
    members, total = unit.roll.members(number, limit=PAGE, offset=visit.offset(PAGE))
    return View(
        "organisation.html",
        {
            "organisation": found,
            "consortia": [each.name for each in unit.consortia.of_organisation(number, visit.today)],
            "officers": unit.roll.officers(number, visit.now),
            "requests": unit.roll.open_requests(number),
            "members": members,
            **visit.paged(PAGE, total),
            "may_open": covers(visit, unit, Right.PEOPLE, number),
            "may_decide": covers(visit, unit, Right.BINDINGS, number),
            "may_print": covers(visit, unit, Right.POSTERS, number),
            "reason": visit.word("reason", 200),
        },
    )


def covers(visit: Visit, unit: Unit, right: Right, organisation_id: int) -> bool:
    """Whether a right holds at an organisation."""
    reach = visit.signed_in.powers.reach(right)
    return not reach.nothing and reach.covers(unit, organisation_id, visit.today)

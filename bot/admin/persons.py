"""看人、认人: names and phones on click and with a reason, and the word on those who want to be recognised."""

from __future__ import annotations

from bot.admin.organisations import organisation
from bot.admin.router import Router, Where
from bot.admin.visit import Go, View, Visit
from models.remit import Right
from models.store import Unit

on = Router()


@on.post(
    "/admin/organisations/{organisation}/members/{member}",
    Right.PEOPLE,
    Where.ORGANISATION,
    again=organisation,
)
def member(visit: Visit, unit: Unit) -> View:
    """说明理由，看一个人的姓名电话；记进审计。"""
    number = visit.numbers["organisation"]
    opened = unit.roll.see_member(
        visit.numbers["member"], number, reason=visit.word("reason", 200), by=visit.actor, now=visit.now
    )
    return View("person.html", {"opened": opened, "back": f"/admin/organisations/{number}"})


@on.post(
    "/admin/organisations/{organisation}/requests/{request}/see",
    Right.PEOPLE,
    Where.ORGANISATION,
    again=organisation,
)
def request(visit: Visit, unit: Unit) -> View:
    """看一看是谁想登记。"""
    number = visit.numbers["organisation"]
    opened = unit.roll.see_request(
        visit.numbers["request"], number, reason=visit.word("reason", 200), by=visit.actor, now=visit.now
    )
    return View("person.html", {"opened": opened, "back": f"/admin/organisations/{number}#requests"})


@on.post(
    "/admin/organisations/{organisation}/requests/{request}/yes",
    Right.BINDINGS,
    Where.ORGANISATION,
    again=organisation,
)
def approve(visit: Visit, unit: Unit) -> Go:
    """同意登记。"""
    return _decide(visit, unit, approved=True)


@on.post(
    "/admin/organisations/{organisation}/requests/{request}/no",
    Right.BINDINGS,
    Where.ORGANISATION,
    again=organisation,
)
def refuse(visit: Visit, unit: Unit) -> Go:
    """不同意登记。"""
    return _decide(visit, unit, approved=False)


def _decide(visit: Visit, unit: Unit, *, approved: bool) -> Go:
    number = visit.numbers["organisation"]
    unit.roll.decide(visit.numbers["request"], number, approved=approved, by=visit.actor, now=visit.now)
    return Go(f"/admin/organisations/{number}", done="approved" if approved else "refused")

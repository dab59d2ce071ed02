"""后台首页: the first page that somebody may see."""

from __future__ import annotations

from bot.admin.router import Router, Where
from bot.admin.visit import Go, Visit
from models.remit import Right
from models.store import Unit

on = Router()

_FIRST = (
    (Right.TODAY, "/admin/today"),
    (Right.ORGANISATIONS, "/admin/organisations"),
    (Right.AUDIT, "/admin/audit"),
)


@on.get("/admin", where=Where.OWN)
def home(visit: Visit, unit: Unit) -> Go:
    """能看什么，先看什么。"""
    return Go(next((path for right, path in _FIRST if visit.may(right)), "/admin/signins"))

"""系统: whether all is well, and what became of the letters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.remit import Reach, Right
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

DAYS = 7


async def _health(visit: Visit, site: Site, view: View) -> View:
    return view.with_facts(findings=await site.means.health(), queue=site.means.writer.waiting)


@on.get("/admin/system", Right.SYSTEM, Where.WHOLE, rail="系统", tab="运行情况", fetch=_health)
def system(visit: Visit, unit: Unit) -> View:
    """体检、消息、推送。"""
    since = visit.now - timedelta(days=DAYS)
    due, age = unit.outbox.backlog(visit.now)
    return View(
        "system.html",
        {
            "days": DAYS,
            "letters": unit.overview.letters(since),
            "failures": unit.overview.failures(since),
            "misread": unit.overview.misread(Reach(everything=True), since),
            "due": due,
            "age_minutes": round(age / 60),
        },
    )

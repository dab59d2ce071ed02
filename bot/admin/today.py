"""今日: what is overdue, who has not answered, what was not understood, what was solved."""

from __future__ import annotations

from datetime import timedelta

from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.remit import Right
from models.store import Unit

on = Router()

DAYS = 7
MOST = 15
"""Lines of each list; the number above says how many there are."""


@on.get("/admin/today", Right.TODAY, Where.LISTED, rail="今日")
def today(visit: Visit, unit: Unit) -> View:
    """一眼看清。"""
    reach, since = visit.reach, visit.now - timedelta(days=DAYS)
    overdue, overdue_count = unit.overview.overdue(reach, visit.now, MOST)
    unanswered, unanswered_count = unit.overview.unanswered(reach, visit.now, MOST)
    solved, solved_count = unit.overview.solved(reach, since, MOST)
    return View(
        "today.html",
        {
            "now": visit.now,
            "days": DAYS,
            "overdue": overdue,
            "overdue_count": overdue_count,
            "unanswered": unanswered,
            "unanswered_count": unanswered_count,
            "solved": solved,
            "solved_count": solved_count,
            "misread": unit.overview.misread(reach, since),
        },
    )

"""审计: who did or saw what."""

from __future__ import annotations

import json
from datetime import date, timedelta
from urllib.parse import urlencode

from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.audit import AuditRow, Wanted
from models.moment import midnight
from models.remit import Right
from models.store import Unit

on = Router()

PAGE = 50


@on.get("/admin/audit", Right.AUDIT, Where.WHOLE, rail="系统", tab="审计")
def audit(visit: Visit, unit: Unit) -> View:
    """按人、按事、按日子查。"""
    asked = {name: visit.word(name, 64) for name in ("actor", "action", "subject", "id", "since", "until")}
    since, until = _day(asked["since"]), _day(asked["until"])
    wanted = Wanted(
        actor=asked["actor"].casefold(),
        action=asked["action"],
        subject=asked["subject"],
        subject_id=asked["id"],
        since=None if since is None else midnight(since),
        until=None if until is None else midnight(until + timedelta(days=1)),
    )
    rows, total = unit.audit.page(wanted, limit=PAGE, offset=visit.offset(PAGE))
    return View(
        "audit.html",
        {
            "rows": [(row, _facts(row)) for row in rows],
            **visit.paged(PAGE, total),
            "asked": asked,
            "actions": unit.audit.actions(),
            "query": urlencode({name: value for name, value in asked.items() if value}),
        },
    )


def _facts(row: AuditRow) -> list[tuple[str, str, str]]:
    """What was changed: the fact, before, after."""
    before = json.loads(row.before) if row.before else {}
    after = json.loads(row.after) if row.after else {}
    return [(name, before.get(name, ""), after.get(name, "")) for name in {**before, **after}]


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None

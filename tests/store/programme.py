"""What tests of activities share: moments of 2026, a plan, and calling one on a town's database."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from models.activity import Plan
from models.base import Happening
from models.moment import SHANGHAI, local
from models.person import Person
from models.store import Store
from tests.store.town import Town


def at(when: str, year: int = 2026) -> datetime:
    """``05-20 09:00``."""
    return datetime.fromisoformat(f"{year}-{when}").replace(tzinfo=SHANGHAI)


PLAN = Plan(
    kind="theme_day",
    format="interactive",
    topic="清河道",
    place="镇文化站",
    starts_at=at("05-20 09:00"),
    ends_at=at("05-20 11:00"),
)


def call(store: Store, by: Person, now: datetime, *, branch: bool = False, **changed: object) -> int:
    """Calls an activity like ``PLAN``; gives its number. One that begins elsewhere lasts two hours too."""
    plan = msgspec.structs.replace(PLAN, **changed)
    if "starts_at" in changed and "ends_at" not in changed:
        plan = msgspec.structs.replace(plan, ends_at=plan.starts_at + timedelta(hours=2))
    with store.unit() as unit:
        host = unit.activities.host_for(by, local(plan.starts_at).date(), now, branch=branch)
        return int(unit.activities.call(host, plan, by=by, now=now).number)


def climb(store: Store, now: datetime) -> list[Happening]:
    """What the ladders of notices tell at this moment."""
    with store.unit() as unit:
        while unit.reminding.reached(now) and unit.reminding.climb(now):
            pass
        return list(unit.happenings)


def sign_up(store: Store, number: int, now: datetime, *people: Person) -> None:
    """They sign up, one after the other."""
    for person in people:
        with store.unit() as unit:
            unit.attending.sign_up(number, by=person, now=now)


__all__ = ["PLAN", "Town", "at", "call", "climb", "sign_up"]

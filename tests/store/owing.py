"""Letters for tests about the outbox: owed, taken, settled, looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.letter import TEMPLATE, Letter, Outcome, Verdict
from models.outbox import OutboxRow, Priority
from models.policy import Notices, Policy
from models.store import Store, Unit

ACCEPTED = Outcome(verdict=Verdict.ACCEPTED, channel=TEMPLATE, message_id="77")


def owe(unit: Unit, key: str, now: datetime, **more: Any) -> None:
    facts: dict[str, Any] = {"priority": Priority.NEWS, **more}
    unit.outbox.post(key=key, kind="case_filed", text=f"信 {key}", fields={"number": "12"}, now=now, **facts)


def on_wechat(store: Store, now: datetime, *people: int, wrote: bool = False) -> None:
    """Members on WeChat; out of the window unless they wrote."""
    with store.unit() as unit:
        for member_id in people:
            unit.inbox.greet(f"o{member_id}", wrote=wrote, gesture=False, now=now)
            unit.identities.of(f"o{member_id}").bind(member_id, now)


def take(store: Store, now: datetime, limit: int = 50, routes: Any = None) -> list[Letter]:
    with store.unit() as unit:
        return unit.outbox.take(now, limit, routes).letters


def texts(letters: list[Letter]) -> list[str]:
    return sorted(letter.text for letter in letters)


def states(store: Store) -> dict[str, tuple[str, str]]:
    with store.reading() as unit:
        rows = unit.session.query(OutboxRow).all()
        return {row.dedup_key: (row.state, row.reason) for row in rows}


def settle(store: Store, letters: list[Letter], outcome: Outcome, now: datetime) -> None:
    with store.unit() as unit:
        unit.outbox.settle_all([(letter, outcome) for letter in letters], now)


def tight(store: Store, quota: int) -> None:
    store.policy = Policy(notices=Notices(daily_quota=quota))

"""A town of which some are on WeChat, and letters that do not reach them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.admission import bind
from models.call import Call
from models.calls import Listed
from models.letter import Outcome, Verdict
from models.member import Member
from models.outbox import OutboxRow, Priority
from models.store import Store, Unit

from .town import Town, build

DAY = timedelta(days=1)
Owe = Callable[..., int]
"""Owes somebody (their part, a key, the moment, a priority …) a letter; gives its id."""


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town; whoever holds a post is on WeChat, the others are not."""
    town = build(store, now)
    with store.unit() as unit:
        for part in ("branch", "chair", "next_chair", "market", "lead", "above"):
            join(unit, town, part, now)
    return town


def join(unit: Unit, town: Town, part: str, now: datetime) -> None:
    """Somebody comes to WeChat."""
    openid = f"o-{part}"
    unit.inbox.greet(openid, wrote=True, gesture=False, now=now)
    member = unit.session.get_one(Member, town[part].member_id)
    bind(unit, unit.identities.of(openid), member, now)


def leave(unit: Unit, part: str, now: datetime) -> None:
    """Somebody unfollows."""
    unit.calls.lost(f"o-{part}", now)
    unit.identities.of(f"o-{part}").leave()


@pytest.fixture
def owe(store: Store, town: Town) -> Owe:
    """Owes somebody a letter and lets the post try once; on WeChat, no channel is open. Gives the letter's id."""

    def owe(part: str, key: str, now: datetime, priority: Priority = Priority.DUTY, **more: object) -> int:
        with store.unit() as unit:
            unit.outbox.post(
                key=key, kind="case_urge", text=f"信 {key}", fields={}, now=now, priority=priority,
                member_id=town[part].member_id, **more,  # type: ignore[arg-type]
            )  # fmt: skip
        with store.unit() as unit:
            for letter in unit.outbox.lease(now, 50):
                unit.outbox.settle(
                    letter.id, Outcome(verdict=Verdict.WAIT, reason="48 小时内没有说过话"), now
                )
        with store.reading() as unit:
            return unit.session.scalars(select(OutboxRow.id).where(OutboxRow.dedup_key == key)).one()

    return owe


def keep(store: Store, now: datetime) -> list[object]:
    """Does what is due on the list; gives what was told."""
    told: list[object] = []
    while True:
        with store.reading() as unit:
            if not unit.calling.due(now):
                return told
        with store.unit() as unit:
            assert unit.calling.keep(now)
            told += unit.happenings


def listed(store: Store, town: Town, part: str, now: datetime) -> list[Listed]:
    """The list as somebody reads it."""
    with store.unit() as unit:
        return [unit.calls.look(call, now) for call in unit.calls.listed(town[part], now)]


def states(store: Store) -> dict[str, str]:
    """Every letter's state by its key."""
    with store.reading() as unit:
        return {row[0]: row[1] for row in unit.session.execute(select(OutboxRow.dedup_key, OutboxRow.state))}


def the_call(unit: Unit, town: Town, part: str, now: datetime) -> Call:
    """The only call of somebody's list."""
    [call] = unit.calls.listed(town[part], now)
    return call

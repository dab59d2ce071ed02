"""What people agree to in the platform's dialogs is counted, and what they refuse is forgotten."""

from __future__ import annotations

import asyncio

from bot.kit.message import ConsentChanged, Event, NotificationDelivered
from models.store import Store
from tests.engine.scene import START, at_work


def test_agreements_and_refusals_are_kept(store: Store) -> None:
    base = {"sender": "oZhang", "account": "gh_test", "sent_at": START}
    events: list[tuple[Event, frozenset[str]]] = [
        (
            ConsentChanged(key="e:1", answers=(("A", True), ("B", True), ("C", False)), **base),
            frozenset("AB"),
        ),
        (ConsentChanged(key="e:2", answers=(("B", False),), **base), frozenset("A")),
        (
            NotificationDelivered(key="e:3", template_id="A", message_id="1", error_code=0, **base),
            frozenset("A"),
        ),
        (
            NotificationDelivered(
                key="e:4", template_id="A", message_id="2", error_code=43101, refused=("A",), **base
            ),
            frozenset(),
        ),
    ]

    async def go() -> None:
        async with at_work(store) as scene:
            for event, left in events:
                assert await scene.engine.answer(event) is None  # type: ignore[arg-type]
                with store.reading() as unit:
                    assert unit.consents.open_to(["oZhang"]).get("oZhang", frozenset()) == left

    asyncio.run(go())

"""客服消息的时机: when the platform lets an account write to somebody of its own accord."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

MESSAGE_WINDOW: Final = timedelta(hours=48)
"""How long after a person's message customer-service messages are allowed (platform rule)."""
GESTURE_WINDOW: Final = timedelta(minutes=1)
"""The same after a menu tap, a scan or a follow."""


class Reachable(Protocol):
    """Somebody on WeChat."""

    @property
    def last_message_at(self) -> datetime | None:
        """When they last wrote."""

    @property
    def last_gesture_at(self) -> datetime | None:
        """When they last tapped the menu, scanned or followed."""

    @property
    def sends_left(self) -> int:
        """How many customer-service messages are still allowed."""


class Contact(msgspec.Struct, frozen=True):
    """How somebody can be reached."""

    openid: str
    last_message_at: datetime | None
    last_gesture_at: datetime | None
    sends_left: int

    def wrote_before(self, other: Contact) -> bool:
        """Whether the other one was used later."""
        if other.last_message_at is None:
            return False
        return self.last_message_at is None or self.last_message_at < other.last_message_at


def window_open(person: Reachable, now: datetime, already: int = 0) -> bool:
    """Whether a customer-service message to this person is allowed now; ``already``: so many are on their way."""
    if person.sends_left <= already:
        return False
    wrote, gesture = person.last_message_at, person.last_gesture_at
    return (wrote is not None and now - wrote < MESSAGE_WINDOW) or (
        gesture is not None and now - gesture < GESTURE_WINDOW
    )

"""Who is speaking: what a message's path must know of its sender, loaded in one statement."""

from __future__ import annotations

import msgspec


class Person(msgspec.Struct, frozen=True):
    """A bound member who acts. Rights follow from what is true today, not from this struct."""

    member_id: int
    name: str
    organisation_id: int
    organisation: str
    region: str
    consortium_id: int | None
    """The consortium that the member's organisation belongs to today (the one joined first)."""
    consortium: str
    chair_id: int | None
    """The organisation whose turn it is to chair that consortium today."""
    chair: str

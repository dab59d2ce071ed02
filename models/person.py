"""Who is speaking: what a message's path must know of its sender, loaded in one statement."""

from __future__ import annotations

import msgspec

from models.place import county_of


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

    @property
    def circles(self) -> frozenset[str]:
        """To which circles the member belongs: an entry that is not open to the city is shown to its own circle only."""
        return circles_of(self.organisation_id, self.consortium_id, self.region)


def circles_of(organisation_id: int, consortium_id: int | None, region: str) -> frozenset[str]:
    """The circles of whoever belongs to an organisation: itself, its consortium, its county."""
    found = {f"organisation:{organisation_id}"}
    if consortium_id is not None:
        found.add(f"consortium:{consortium_id}")
    if county := county_of(region):
        found.add(f"county:{county}")
    return frozenset(found)

"""The region of the year: consortia of twelve, their officers and members, who is on WeChat and who is not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime

from models.bulk import put_on_file
from models.consortium import Consortium
from models.identity import CONSENT_VERSION, Identity
from models.member import Member
from models.organisation import Organisation, Post, PostKind
from models.seat import Seat
from models.store import Store

SEATS = 12
POSTS = (PostKind.SECRETARY, PostKind.LIAISON, PostKind.DEPUTY)
MEMBERS = 2
"""Beside the officers of each organisation."""
NOT_ON_WECHAT = 0.08


@dataclass
class Region:
    """Ids, in order."""

    county: int
    consortia: list[int]
    organisations: dict[int, list[int]]
    """Of each consortium; the first one leads it."""
    officers: dict[int, list[int]] = field(default_factory=dict)
    """Member ids by organisation: secretary, liaison officer, deputy."""
    members: dict[int, list[int]] = field(default_factory=dict)
    on_wechat: set[int] = field(default_factory=set)

    def openid(self, member_id: int) -> str:
        """A member's WeChat."""
        return f"o{member_id}"


def build(store: Store, consortia: int, now: datetime, seed: int = 7) -> Region:
    """Puts the region on file."""
    chance = random.Random(seed)
    since = date(2025, 1, 1)
    with store.unit() as unit:

        def found(codes: list[tuple[str, str, int | None]]) -> list[int]:
            return unit.organisations.add_all(
                [
                    Organisation.found(
                        code=code, name=name, kind="党支部", region="林西县", parent_id=above, now=now
                    )
                    for code, name, above in codes
                ]
            )

        [county] = found([("X", "县委组织部", None)])
        leads = found([(f"L{n}", f"第{n}镇党委", county) for n in range(1, consortia + 1)])
        others = found(
            [
                (f"M{n}-{k}", f"第{n}镇{k}村党支部", leads[n - 1])
                for n in range(1, consortia + 1)
                for k in range(2, SEATS + 1)
            ]
        )
        ids, organisations = [], {}
        for n in range(consortia):
            mine = [leads[n], *others[n * (SEATS - 1) : (n + 1) * (SEATS - 1)]]
            consortium = unit.consortia.add(
                Consortium.found(
                    code=f"R{n + 1}",
                    name=f"第{n + 1}镇联合党委",
                    kind="联合党委",
                    modes="跨领域",
                    lead_id=leads[n],
                    parent_id=None,
                )
            )
            ids.append(consortium.id)
            organisations[consortium.id] = mine
            put_on_file(
                unit,
                [Seat.take(consortium_id=consortium.id, organisation_id=each, since=since) for each in mine],
            )
        region = Region(county, ids, organisations)
        _people(unit, region, [county, *leads, *others], chance, now, since)
    return region


def _name(number: int) -> str:
    """A name for each number."""
    return f"张{chr(0x4E00 + number // 3000)}{chr(0x4E00 + number % 3000)}"


def _people(unit, region: Region, organisations: list[int], chance, now: datetime, since: date) -> None:  # type: ignore[no-untyped-def]
    wanted = [(each, place) for each in organisations for place in range(len(POSTS) + MEMBERS)]
    member_ids = unit.members.add_all(
        [
            Member.enrol(
                name=_name(number),
                phone=f"139{number:08}",
                organisation_id=each,
                vault=unit.vault,
                now=now,
            )
            for number, (each, _) in enumerate(wanted)
        ]
    )
    posts, identities = [], []
    for (each, place), member_id in zip(wanted, member_ids, strict=True):
        if place < len(POSTS):
            region.officers.setdefault(each, []).append(member_id)
            posts.append(
                Post.appoint(member_id=member_id, organisation_id=each, kind=POSTS[place], since=since)
            )
        else:
            region.members.setdefault(each, []).append(member_id)
        if chance.random() >= NOT_ON_WECHAT:
            region.on_wechat.add(member_id)
            identity = Identity.meet(region.openid(member_id), now)
            identity.consent = CONSENT_VERSION
            identity.agree(now)
            identity.bind(member_id, now)
            identities.append(identity)
    unit.organisations.appoint_all(posts)
    unit.session.add_all(identities)
    unit.session.flush()
    unit.revisions.bump("roll")

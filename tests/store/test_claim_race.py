"""Eight organisations claim the same case at the same moment: one has it, the seven others are told by whom."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date, datetime

from sqlalchemy import select

from models.claim import Claim
from models.claiming import AlreadyClaimed
from models.member import Member
from models.organisation import Organisation, Post, PostKind
from models.person import Person
from models.seat import Seat
from models.store import CONFLICTS, Store
from tests.store.town import Town, build, report

ROUNDS = 200
CLAIMANTS = 8
TRIES = 20
"""More than any round was ever seen to need; a claimant that is still not answered then is a failure."""


def claimants(store: Store, town: Town, now: datetime) -> list[Person]:
    """Eight member organisations, each with a liaison officer."""
    people = []
    with store.unit() as unit:
        for place in range(CLAIMANTS):
            name = f"第{place + 1}党支部"
            organisation = unit.organisations.add(
                Organisation.found(
                    code=f"K{place}", name=name, kind="党支部", region="林西县", parent_id=None, now=now
                )
            )
            unit.consortia.seat(
                Seat.take(
                    consortium_id=town.consortium, organisation_id=organisation.id, since=date(2026, 1, 1)
                )
            )
            member = unit.members.add(
                Member.enrol(
                    name="联络员" + "甲乙丙丁戊己庚辛"[place],
                    phone=f"139000000{place:02}",
                    organisation_id=organisation.id,
                    vault=unit.vault,
                    now=now,
                )
            )
            unit.organisations.appoint(
                Post.appoint(
                    member_id=member.id,
                    organisation_id=organisation.id,
                    kind=PostKind.LIAISON,
                    since=date(2026, 1, 1),
                )
            )
            people.append(
                Person(
                    member_id=member.id,
                    name="联络员" + "甲乙丙丁戊己庚辛"[place],
                    organisation_id=organisation.id,
                    organisation=name,
                    region="林西县",
                    consortium_id=town.consortium,
                    consortium="官地联合党委",
                    chair_id=town.organisations["tax"],
                    chair="税务局党支部",
                )
            )
    return people


def claim(store: Store, number: int, by: Person, now: datetime) -> str:
    """Claims as the engine does: what lost a race is run again. ``won``, or the name of the one who has it."""
    for _ in range(TRIES):
        try:
            with store.unit() as unit:
                unit.claiming.claim(unit.casework.find(number), by=by, now=now)
        except AlreadyClaimed as taken:
            return str(taken.facts["organisation"])
        except CONFLICTS:
            continue
        return "won"
    raise AssertionError(f"not answered after {TRIES} tries")


def test_of_eight_who_claim_at_once_one_has_it(store: Store, now: datetime) -> None:
    town = build(store, now)
    people = claimants(store, town, now)
    numbers = [report(store, town, now) for _ in range(ROUNDS)]
    start = threading.Barrier(CLAIMANTS)
    answers: list[dict[int, str]] = [{} for _ in people]
    failures: list[BaseException] = []

    def run(place: int) -> None:
        try:
            for number in numbers:
                start.wait(60)
                answers[place][number] = claim(store, number, people[place], now)
        except BaseException as error:
            failures.append(error)
            start.abort()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(CLAIMANTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    names = {person.organisation_id: person.organisation for person in people}
    with store.reading() as unit:
        holders = {
            row.case_number: names[row.organisation_id]
            for row in unit.session.scalars(select(Claim).where(Claim.lead, Claim.state == "active"))
        }
    assert len(holders) == ROUNDS
    for number in numbers:
        said = Counter(each[number] for each in answers)
        assert said == {"won": 1, holders[number]: CLAIMANTS - 1}, number
    assert len(set(holders.values())) > 1, "always the same one won: they did not race"

"""Who acts: the people of the sample's organisations, found by what they are on that day."""

from __future__ import annotations

from datetime import datetime
from random import Random

from models.base import DomainError
from models.case import Case
from models.consortium import Consortium
from models.life import Step
from models.moment import local
from models.organisation import PostKind
from models.person import Person
from models.store import Unit

CONSORTIUM = "XNRH"
"""The code of the sample's consortium."""


class Crew:
    """Everybody in the sample's consortium and above it."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        found = unit.consortia.by_code(CONSORTIUM)
        assert found is not None  # noqa: S101 - the sample's tables were loaded before
        self.consortium: Consortium = found
        self._ids = {each.code: each.id for each in unit.organisations.all()}
        self._roster: dict[int, list[int]] = {}
        for line in sorted(unit.members.roster(), key=lambda each: each.id):
            self._roster.setdefault(line.organisation_id, []).append(line.id)

    def id_of(self, code: str) -> int:
        """The id of the organisation with that 编号."""
        return self._ids[code]

    def liaison(self, organisation: str | int, now: datetime) -> Person:
        """Who does an organisation's daily work: by its 编号 or id."""
        organisation_id = self._ids[organisation] if isinstance(organisation, str) else organisation
        return self._person(self._unit.card(organisation_id, now).desk[0].member_id, organisation_id, now)

    def signer(self, organisation_id: int, now: datetime) -> Person:
        """Who signs for an organisation."""
        officers = self._unit.card(organisation_id, now).officers
        secretary = next(each for each in officers if each.post is PostKind.SECRETARY)
        return self._person(secretary.member_id, organisation_id, now)

    def someone(self, organisation: str, now: datetime, chance: Random, *, but: int = 0) -> Person:
        """A member without a post, other than the one of that id."""
        return self.member_of(self._ids[organisation], now, chance, but=but)

    def member_of(self, organisation_id: int, now: datetime, chance: Random, *, but: int = 0) -> Person:
        """The same by the organisation's id."""
        officers = {each.member_id for each in self._unit.card(organisation_id, now).officers} | {but}
        plain = [each for each in self._roster[organisation_id] if each not in officers]
        return self._person(chance.choice(plain), organisation_id, now)

    def anyone(self, now: datetime, chance: Random) -> Person:
        """A member of one of the consortium's organisations, with or without a post."""
        seats = self._unit.consortia.seated(self.consortium.id, local(now).date())
        organisation_id = chance.choice(seats).organisation_id
        return self._person(chance.choice(self._roster[organisation_id]), organisation_id, now)

    def reporter(self, case: Case, now: datetime) -> Person:
        """Who reported a case."""
        return self._person(case.reporter_id, case.organisation_id, now)

    def chair(self, now: datetime) -> Person:
        """The liaison officer of whoever has the chair on that day."""
        turn = self._unit.consortia.chair(self.consortium.id, local(now).date())
        return self.liaison(turn[1].id if turn else self.consortium.lead_id, now)

    def whoever_may(self, step: Step, case: Case, now: datetime) -> Person:
        """The first of chair, lead organisation and the level above who may take a step: nobody judges their own work."""
        lead = self.liaison(self.consortium.lead_id, now)
        above = self._unit.standings.above(self.consortium.lead_id)[0]
        refusal: DomainError | None = None
        for person in (self.chair(now), lead, self.liaison(above, now)):
            try:
                self._unit.standings.of(case, person, now).allow(step, case)
            except DomainError as refused:
                refusal = refused
            else:
                return person
        raise refusal or AssertionError(step)

    def _person(self, member_id: int, organisation_id: int, now: datetime) -> Person:
        card = self._unit.card(organisation_id, now)
        member = self._unit.members.get(member_id)
        assert member is not None  # noqa: S101 - the roster says so
        return Person(
            member_id=member_id,
            name=member.name(self._unit.vault),
            organisation_id=organisation_id,
            organisation=card.name,
            region=card.region,
            consortium_id=card.consortium_id,
            consortium=card.consortium,
            chair_id=card.chair_id,
            chair=card.chair,
        )

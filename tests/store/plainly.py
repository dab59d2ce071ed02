"""Who may act for whom, worked out from whole tables with plain loops: what the product's answers are held to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from models import forms
from models.base import Base
from models.consortium import Consortium
from models.life import Role
from models.member import Member
from models.moment import local
from models.organisation import Organisation
from models.person import Person
from models.post import JointPost, Post, PostKind
from models.seat import Seat
from models.store import Unit
from models.term import Term


def rows(unit: Unit, table: type[Base]) -> list[Any]:
    """A whole table."""
    return list(unit.session.execute(select(table.__table__).order_by(table.__table__.c.id)))


def lasts(row: Any, day: date) -> bool:
    """Whether a row with days holds on that day."""
    return row.since <= day and (row.until is None or day < row.until)


def held(row: Any, now: datetime) -> bool:
    """Whether a row with moments holds at that moment."""
    return row.begins_at <= now and (row.ends_at is None or now < row.ends_at)


@dataclass(frozen=True)
class Plain:
    """Everything, worked out from the tables with loops, for one moment."""

    now: datetime
    posts: list[Any]
    joint: list[Any]
    seats: list[Any]
    terms: list[Any]
    consortia: dict[int, Any]
    organisations: dict[int, Any]
    left: frozenset[int]
    """Members who are on no roster any more."""

    @classmethod
    def read(cls, unit: Unit, now: datetime) -> Plain:
        return cls(
            now=now,
            posts=rows(unit, Post),
            joint=rows(unit, JointPost),
            seats=rows(unit, Seat),
            terms=rows(unit, Term),
            consortia={row.id: row for row in rows(unit, Consortium)},
            organisations={row.id: row for row in rows(unit, Organisation)},
            left=frozenset(row.id for row in rows(unit, Member) if row.left_at is not None),
        )

    @property
    def day(self) -> date:
        return local(self.now).date()

    def offices(self, member_id: int) -> set[int]:
        return {
            post.organisation_id
            for post in self.posts
            if post.member_id == member_id and member_id not in self.left
            if held(post, self.now) and PostKind.of_code(post.kind).acts
        }  # fmt: skip

    def acts_in(self, member_id: int) -> set[int]:
        return {
            post.consortium_id
            for post in self.joint
            if post.member_id == member_id and member_id not in self.left
            if held(post, self.now) and PostKind.of_code(post.kind).acts
        }  # fmt: skip

    def desk(self, organisation_id: int) -> list[int]:
        found = []
        for post in self.posts:
            kind = PostKind.of_code(post.kind)
            here = post.organisation_id == organisation_id and held(post, self.now)
            if here and kind.acts and kind.desk and post.member_id not in self.left:
                found.append((kind.desk, post.member_id))
        first = min((rank for rank, _ in found), default=0)
        return [member_id for rank, member_id in found if rank == first]

    def there(self, consortium_id: int) -> bool:
        end = self.consortia[consortium_id].dissolved_on
        return end is None or self.day < end

    def seated(self, consortium_id: int, able: str = "") -> set[int]:
        return {
            seat.organisation_id
            for seat in self.seats
            if seat.consortium_id == consortium_id and lasts(seat, self.day) and self.there(consortium_id)
            if not able or getattr(forms.roles()[seat.role], able)
        }  # fmt: skip

    def chair(self, consortium_id: int) -> int | None:
        for term in self.terms:
            if term.consortium_id == consortium_id and term.starts_on <= self.day <= term.ends_on:
                looks_on = self.seated(consortium_id) - self.seated(consortium_id, "chairs")
                if self.there(consortium_id) and term.organisation_id not in looks_on:
                    return int(term.organisation_id)
        return None

    def home(self, organisation_id: int) -> int | None:
        mine = [
            (forms.roles()[seat.role].belongs, seat.since, seat.id, seat.consortium_id)
            for seat in self.seats
            if seat.organisation_id == organisation_id and lasts(seat, self.day)
            if self.there(seat.consortium_id)
        ]  # fmt: skip
        return min(mine)[-1] if mine else None

    def above(self, organisation_id: int) -> set[int]:
        found = set()
        at = self.organisations[organisation_id].parent_id
        while at is not None:
            found.add(at)
            at = self.organisations[at].parent_id
        return found

    def roles(self, person: Person, case: Any, invited: set[int]) -> dict[Role, set[int]]:
        """For which organisations somebody might act in each role on a case that nobody claimed."""
        offices, joint = self.offices(person.member_id), self.acts_in(person.member_id)
        consortium = self.consortia[case.consortium_id]
        lead = consortium.lead_id
        chair = self.chair(consortium.id) or lead
        onlookers = self.seated(consortium.id) - self.seated(consortium.id, "claims")
        found = {
            Role.CHAIR: offices & {chair},
            Role.LEAD: {lead} if lead in offices or consortium.id in joint else set(),
            Role.BRANCH: offices & {case.organisation_id},
            Role.INVITED: offices & invited - onlookers,
            Role.MEMBER: offices & self.seated(consortium.id, "claims"),
            Role.ABOVE: offices & (self.above(case.organisation_id) | self.above(lead)),
        }
        upper = consortium.parent_id
        while upper is not None and not found[Role.ABOVE]:
            if upper in joint:
                found[Role.ABOVE] = {self.consortia[upper].lead_id}
            upper = self.consortia[upper].parent_id
        if case.reporter_id == person.member_id:
            found[Role.REPORTER] = {person.organisation_id}
        return {role: whose for role, whose in found.items() if whose}

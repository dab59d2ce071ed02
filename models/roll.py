"""名册: organisations and their people as the web admin looks at them, masked; opening a person is written down."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from models.admission import decide
from models.audit import Actor
from models.base import DomainError
from models.identity import BindingRequest, Identity, RequestState
from models.member import Member
from models.moment import local
from models.organisation import Organisation
from models.post import Post, PostKind, acting, held
from models.remit import Reach
from models.vault import mask_name, mask_phone

if TYPE_CHECKING:
    from models.store import Unit


class SeeingNeedsReason(DomainError):
    """Whoever wants to see a name and a phone says what for."""


class MemberUnknown(DomainError):
    """No such person on that organisation's roster."""


SHORTEST_REASON: Final = 2
"""Characters."""


class OrganisationLine(msgspec.Struct, frozen=True):
    """An organisation as a list has it."""

    id: int
    code: str
    name: str
    kind: str
    region: str
    parent: str
    closed_on: date | None
    members: int
    officers: int


class PersonLine(msgspec.Struct, frozen=True):
    """Somebody on a roster, masked."""

    member_id: int
    name: str
    phone: str
    post: str
    """As people say it; empty in the list of all members."""
    bound: bool


class RequestLine(msgspec.Struct, frozen=True):
    """Somebody who wants to be recognised, masked."""

    number: int
    name: str
    phone: str
    asked_at: datetime


class Opened(msgspec.Struct, frozen=True):
    """A person in the clear."""

    name: str
    phone: str


_MEMBERS = (
    select(func.count())
    .select_from(Member)
    .where(Member.organisation_id == Organisation.id, Member.left_at.is_(None))
    .correlate(Organisation)
    .scalar_subquery()
)
_RANKS: Final = {kind.value: rank for rank, kind in enumerate(PostKind.all())}
_RANK = case(_RANKS, value=Post.kind, else_=len(_RANKS))
"""Posts in the order of the data, which is that of their weight."""
_BOUND = exists().where(Identity.member_id == Member.id, Identity.subscribed.is_(True))


class Roll:
    """The roster."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def organisations(
        self, reach: Reach, words: str, now: datetime, *, limit: int, offset: int
    ) -> tuple[list[OrganisationLine], int]:
        """The organisations within reach whose name contains ``words``, or whose 编号 begins so; how many there are."""
        where: list[ColumnElement[bool]] = reach.within(local(now).date())
        if words:
            where.append(
                or_(
                    Organisation.name.contains(words, autoescape=True),
                    Organisation.code.istartswith(words, autoescape=True),
                )
            )
        total = self._unit.session.scalar(select(func.count()).select_from(Organisation).where(*where)) or 0
        return [OrganisationLine(*row) for row in self._lines(where, now, limit, offset)], total

    def organisation(self, organisation_id: int, now: datetime) -> OrganisationLine | None:
        """One of them; None: there is none."""
        rows = self._lines([Organisation.id == organisation_id], now, 1, 0)
        return OrganisationLine(*rows[0]) if rows else None

    def _lines(
        self, where: list[ColumnElement[bool]], now: datetime, limit: int, offset: int
    ) -> list[tuple[Any, ...]]:
        above = aliased(Organisation)
        officers = (
            select(func.count())
            .select_from(Post)
            .join(Member, Member.id == Post.member_id)
            .where(
                Post.organisation_id == Organisation.id,
                acting(Post.kind, "organisation"),
                held(now),
                Member.left_at.is_(None),
            )
            .correlate(Organisation)
            .scalar_subquery()
        )
        query = (
            select(
                Organisation.id,
                Organisation.code,
                Organisation.name,
                Organisation.kind,
                Organisation.region,
                func.coalesce(above.name, ""),
                Organisation.closed_on,
                _MEMBERS,
                officers,
            )
            .outerjoin(above, above.id == Organisation.parent_id)
            .where(*where)
            .order_by(Organisation.closed_on.is_not(None), Organisation.id)
            .limit(limit)
            .offset(offset)
        )
        return [tuple(row) for row in self._unit.session.execute(query)]

    def officers(self, organisation_id: int, now: datetime) -> list[PersonLine]:
        """Whoever holds a post in an organisation at a moment, those who do not act for it too."""
        query = (
            select(Member.id, Member.name_sealed, Member.phone_sealed, Post.kind, _BOUND)
            .join(Post, Post.member_id == Member.id)
            .where(Post.organisation_id == organisation_id, held(now), Member.left_at.is_(None))
            .order_by(_RANK, Post.id)
        )
        return [
            self._person(member_id, name, phone, PostKind.of_code(kind).label, bound)
            for member_id, name, phone, kind, bound in self._unit.session.execute(query)
        ]

    def members(self, organisation_id: int, *, limit: int, offset: int) -> tuple[list[PersonLine], int]:
        """Whoever is on the roster of an organisation, and how many they are."""
        mine = (Member.organisation_id == organisation_id, Member.left_at.is_(None))
        total = self._unit.session.scalar(select(func.count()).select_from(Member).where(*mine)) or 0
        query = (
            select(Member.id, Member.name_sealed, Member.phone_sealed, _BOUND)
            .where(*mine)
            .order_by(Member.id)
            .limit(limit)
            .offset(offset)
        )
        rows = self._unit.session.execute(query)
        return [self._person(row[0], row[1], row[2], "", row[3]) for row in rows], total

    def _person(self, member_id: int, name: bytes, phone: bytes, post: str, bound: bool) -> PersonLine:
        vault = self._unit.vault
        return PersonLine(
            member_id=member_id,
            name=mask_name(vault.open(name, "member.name")),
            phone=mask_phone(vault.open(phone, "member.phone")),
            post=post,
            bound=bool(bound),
        )

    def open_requests(self, organisation_id: int, limit: int = 50) -> list[RequestLine]:
        """Whoever waits to be recognised by an organisation, the longest waiting first."""
        query = (
            select(BindingRequest)
            .where(
                BindingRequest.organisation_id == organisation_id,
                BindingRequest.state == RequestState.OPEN.value,
            )
            .order_by(BindingRequest.id)
            .limit(limit)
        )
        vault = self._unit.vault
        return [
            RequestLine(each.id, mask_name(each.name(vault)), mask_phone(each.phone(vault)), each.asked_at)
            for each in self._unit.session.scalars(query)
        ]

    # ---- what is written down

    def see_member(
        self, member_id: int, organisation_id: int, *, reason: str, by: Actor, now: datetime
    ) -> Opened:
        """A member of an organisation, or an officer of it, in the clear.

        Raises:
            SeeingNeedsReason: nothing was said what for.
            MemberUnknown: nobody of that roster.
        """
        _check(reason)
        member = self._unit.members.get(member_id)
        if member is None or not (
            member.organisation_id == organisation_id or self._serves(member_id, organisation_id, now)
        ):
            raise MemberUnknown()
        opened = Opened(member.name(self._unit.vault), member.phone(self._unit.vault))
        self._written("member_seen", "member", member_id, opened, reason, by, now)
        return opened

    def _serves(self, member_id: int, organisation_id: int, now: datetime) -> bool:
        """Whether somebody holds a post in an organisation at a moment, wherever their own roster is."""
        query = select(Post.id).where(
            Post.member_id == member_id, Post.organisation_id == organisation_id, held(now)
        )
        return self._unit.session.scalar(query.limit(1)) is not None

    def see_request(
        self, number: int, organisation_id: int, *, reason: str, by: Actor, now: datetime
    ) -> Opened:
        """Whoever asks to be recognised, in the clear. Raises SeeingNeedsReason, RequestUnknown."""
        _check(reason)
        asked = self._unit.identities.request(number, decided_by=frozenset((organisation_id,)))
        opened = Opened(asked.name(self._unit.vault), asked.phone(self._unit.vault))
        self._written("request_seen", "request", number, opened, reason, by, now)
        return opened

    def decide(self, number: int, organisation_id: int, *, approved: bool, by: Actor, now: datetime) -> None:
        """Recognises somebody, or not, in the place of the organisation's officers.

        Raises:
            RequestUnknown, RequestSettled: not theirs to decide, or decided already.
        """
        asked = self._unit.identities.request(number, decided_by=frozenset((organisation_id,)))
        opened = Opened(asked.name(self._unit.vault), asked.phone(self._unit.vault))
        decide(self._unit, asked, approved=approved, by=None, now=now)
        self._written(
            "request_approved" if approved else "request_refused", "request", number, opened, "", by, now
        )

    def _written(
        self, action: str, subject: str, subject_id: int, whom: Opened, reason: str, by: Actor, now: datetime
    ) -> None:
        self._unit.audit.note(
            by,
            action,
            subject=subject,
            subject_id=subject_id,
            named=mask_name(whom.name),
            reason=reason,
            now=now,
        )


def _check(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise SeeingNeedsReason()

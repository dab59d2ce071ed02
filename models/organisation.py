"""组织: Party organisations in their own tree, and who acts for them at a moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ForeignKey, Index, String, bindparam, func, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Base, DomainError, Moment
from models.bulk import put_on_file
from models.lean import Lean
from models.member import Member
from models.post import HELD, Post, PostKind, acting, desk_order

if TYPE_CHECKING:
    from models.store import Unit

__all__ = [
    "Officer", "Organisation", "OrganisationUnknown", "Organisations", "Post", "PostKind", "Staff",
]  # fmt: skip


class OrganisationUnknown(DomainError):
    """There is no organisation of that name or number."""


class Organisation(Base):
    """A Party organisation: committee, branch, bureau, company, partner in Beijing."""

    __tablename__ = "organisations"
    __table_args__ = (Index("ix_organisations_name", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    region: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime]
    closed_on: Mapped[date | None]

    @classmethod
    def found(
        cls, *, code: str, name: str, kind: str, region: str, parent_id: int | None, now: datetime
    ) -> Organisation:
        """A new organisation on file."""
        return cls(
            code=code,
            name=name,
            kind=kind,
            region=region,
            parent_id=parent_id,
            created_at=now,
            closed_on=None,
        )

    def rename(self, *, name: str, kind: str, region: str, parent_id: int | None) -> None:
        """Corrects what is on file; the code stays what it was."""
        self.name, self.kind, self.region, self.parent_id = name, kind, region, parent_id


class Officer(msgspec.Struct, frozen=True):
    """Somebody who acts for an organisation."""

    member_id: int
    name: str
    post: PostKind
    organisation_id: int
    organisation: str

    @property
    def title(self) -> str:
        """How a member is told who it is: 东沟村党支部联络员李春梅."""
        return f"{self.organisation}{self.post.label}{self.name}"


class Staff(msgspec.Struct, frozen=True):
    """Who acts for an organisation at a moment, and how long that is so."""

    officers: tuple[Officer, ...]
    until: datetime | None
    """The next moment at which a post of it begins or ends; None: none is known."""


_OFFICERS = (
    select(
        Post.member_id,
        Post.kind,
        Post.organisation_id,
        Organisation.name.label("organisation"),
        Member.name_sealed,
        Post.begins_at,
        Post.ends_at,
    )
    .join(Organisation, Organisation.id == Post.organisation_id)
    .join(Member, Member.id == Post.member_id)
    .where(Member.left_at.is_(None), acting(Post.kind, "organisation"))
    .order_by(desk_order(Post.kind), Post.id)
)
_COMING = or_(Post.until.is_(None), Post.ends_at > bindparam("now", type_=Moment()))
"""Posts that are held now or will be."""
_OF_ORGANISATION = Lean(_OFFICERS.where(Post.organisation_id == bindparam("organisation_id"), _COMING))
_OF_MEMBER = Lean(_OFFICERS.where(Post.member_id == bindparam("member_id"), HELD))
_OFFICES = Lean(
    select(Post.organisation_id)
    .join(Member, Member.id == Post.member_id)
    .where(
        Post.member_id == bindparam("member_id"),
        acting(Post.kind, "organisation"),
        HELD,
        Member.left_at.is_(None),
    )
)


_NAMES = Lean(select(Organisation.name).where(Organisation.closed_on.is_(None)).order_by(Organisation.id))


class Organisations:
    """All organisations, and who acts for them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, organisation: Organisation) -> Organisation:
        """Puts a new organisation on file and gives it its id."""
        self._unit.session.add(organisation)
        self._unit.session.flush()
        return organisation

    def add_all(self, organisations: Sequence[Organisation]) -> list[int]:
        """Puts many new organisations on file; gives their ids in the same order."""
        return put_on_file(self._unit, organisations)

    def all(self) -> list[Organisation]:
        """Every organisation, those that closed too."""
        return list(self._unit.session.scalars(select(Organisation).order_by(Organisation.id)))

    def names(self) -> list[str]:
        """The name of every organisation that is not closed."""
        return [name for (name,) in _NAMES.run(self._unit, {})]

    def names_of(self, ids: Collection[int]) -> dict[int, str]:
        """The names of these organisations, closed ones too, by their ids."""
        query = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
        return {row.id: row.name for row in self._unit.session.execute(query)}

    def heads(self) -> tuple[int, ...]:
        """The ids of those at the head of a tree: over others, and under nobody."""
        below = aliased(Organisation)
        query = (
            select(Organisation.id)
            .where(
                Organisation.parent_id.is_(None),
                Organisation.closed_on.is_(None),
                select(below.id).where(below.parent_id == Organisation.id).exists(),
            )
            .order_by(Organisation.id)
        )
        return tuple(self._unit.session.scalars(query))

    def get(self, organisation_id: int) -> Organisation:
        """The organisation of that id."""
        found = self._unit.session.get(Organisation, organisation_id)
        if found is None:
            raise OrganisationUnknown()
        return found

    def by_code(self, code: str) -> Organisation | None:
        """The organisation with that 编号, or None."""
        return self._unit.session.scalar(select(Organisation).where(Organisation.code == code))

    def named_like(self, words: str, limit: int = 4) -> list[Organisation]:
        """Organisations whose name contains ``words`` (all of it), the shortest names first."""
        query = (
            select(Organisation)
            .where(Organisation.name.contains(words, autoescape=True), Organisation.closed_on.is_(None))
            .order_by(func.length(Organisation.name), Organisation.id)
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def officers(self, organisation_id: int, now: datetime) -> list[Officer]:
        """Who acts for an organisation at a moment: liaison officers first, then secretaries, then deputies."""
        return list(self.staff(organisation_id, now).officers)

    def staff(self, organisation_id: int, now: datetime) -> Staff:
        """The same, with the next moment at which it may be otherwise."""
        rows = _OF_ORGANISATION.run(self._unit, {"organisation_id": organisation_id, "now": now})
        turns = [row[-2] if row[-2] > now else row[-1] for row in rows]
        return Staff(
            officers=tuple(self._read([row for row in rows if row[-2] <= now])),
            until=min((turn for turn in turns if turn is not None), default=None),
        )

    def posts_of(self, member_id: int, now: datetime) -> list[Officer]:
        """For whom one member acts at a moment, and as what."""
        return self._read(_OF_MEMBER.run(self._unit, {"member_id": member_id, "now": now}))

    def offices_of(self, member_id: int, now: datetime) -> frozenset[int]:
        """The organisations for which one member may act at a moment. Opens no name."""
        rows = _OFFICES.run(self._unit, {"member_id": member_id, "now": now})
        return frozenset(office for (office,) in rows)

    def held_by(self, member_id: int, organisation_id: int) -> list[Post]:
        """The posts of one member in one organisation of which no end is set, as entities that can change."""
        query = select(Post).where(
            Post.member_id == member_id, Post.organisation_id == organisation_id, Post.until.is_(None)
        )
        return list(self._unit.session.scalars(query))

    def posts(self, now: datetime) -> list[Post]:
        """Every post that is not over, as entities that can change."""
        query = select(Post).where(or_(Post.until.is_(None), Post.ends_at > now)).order_by(Post.id)
        return list(self._unit.session.scalars(query))

    def appoint(self, post: Post) -> None:
        """Puts a new post on file."""
        self._unit.session.add(post)
        self._unit.session.flush()

    def appoint_all(self, posts: Sequence[Post]) -> None:
        """Puts many new posts on file."""
        put_on_file(self._unit, posts)

    def _read(self, rows: list[tuple[Any, ...]]) -> list[Officer]:
        return [
            Officer(
                member_id=member_id,
                name=self._unit.vault.open(name_sealed, "member.name"),
                post=PostKind.of_code(kind),
                organisation_id=organisation_id,
                organisation=organisation,
            )
            for member_id, kind, organisation_id, organisation, name_sealed, *_ in rows
        ]

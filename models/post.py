"""职务: posts that people hold in organisations and in consortia, from when until when, and what each may do.

Rights follow from posts as they are at a moment; they are never copied. What a kind of post may do is data
(``models/data/posts.toml``), since places divide their work differently.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any, ClassVar, Final, Literal

import msgspec
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Moment
from models.lean import among
from models.moment import local, midnight


class PostHeld(DomainError):
    """The person holds that very post already for some of the time."""


class PostOver(DomainError):
    """The post ended before."""


class PostElsewhere(DomainError):
    """That kind of post is one of organisations, and not of consortia, or the other way round."""


class PostBackwards(DomainError):
    """A post cannot end before it begins."""


class PostKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody does for an organisation or in a consortium, and what that lets them do."""

    value: str
    """The code that is kept."""
    label: str
    """As people say it."""
    of: Literal["organisation", "consortium"]
    acts: bool = False
    """Whether they act for the organisation; in a consortium: do what its lead organisation may."""
    signs: int = 0
    """Who signs first: 1, then 2 where there is no 1; 0 never signs."""
    desk: int = 0
    """Who hears of a matter first: 1, then 2 where there is no 1; 0 never."""
    told: bool = False
    """Whether they hear of it when a matter is supervised (督办)."""
    table: bool = False
    """Whether the roster that is imported may name it."""

    SECRETARY: ClassVar[PostKind]
    LIAISON: ClassVar[PostKind]
    DEPUTY: ClassVar[PostKind]

    @classmethod
    def of_code(cls, code: str) -> PostKind:
        """The kind of that code; one that the data lost may do nothing and is called by its code."""
        return _kinds().get(code) or cls(value=code, label=code, of="organisation")

    @classmethod
    def all(cls) -> tuple[PostKind, ...]:
        """Every kind in the order of the data."""
        return tuple(_kinds().values())


@cache
def _kinds() -> dict[str, PostKind]:
    told = tomllib.loads(resources.files("models.data").joinpath("posts.toml").read_text(encoding="utf-8"))
    kinds = msgspec.convert(told["post"], list[PostKind])
    return {kind.value: kind for kind in kinds}


PostKind.SECRETARY = _kinds()["secretary"]
PostKind.LIAISON = _kinds()["liaison"]
PostKind.DEPUTY = _kinds()["deputy"]


def moment_of(at: date | datetime) -> datetime:
    """A moment as it is; of a day its first moment in Chifeng."""
    return at if isinstance(at, datetime) else midnight(at)


class _Held:
    """What posts in organisations and in consortia have in common: a person, a kind, a beginning and an end."""

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(String(20))
    begins_at: Mapped[datetime] = mapped_column(server_default=text("'2000-01-01 00:00:00'"))
    """The first moment at which it is held."""
    ends_at: Mapped[datetime | None]
    """The first moment at which it is held no more."""

    @property
    def post(self) -> PostKind:
        """Which kind it is."""
        return PostKind.of_code(self.kind)

    def holds(self, now: datetime) -> bool:
        """Whether it is held at that moment."""
        return self.begins_at <= now and (self.ends_at is None or now < self.ends_at)

    def overlaps(self, other: _Held) -> bool:
        """Whether there is a moment at which both are held."""
        ends, other_ends = self.ends_at, other.ends_at
        return (ends is None or other.begins_at < ends) and (
            other_ends is None or self.begins_at < other_ends
        )

    def _end(self, at: datetime) -> datetime:
        if self.ends_at is not None and self.ends_at <= at:
            raise PostOver(post=self.post.label)
        self.ends_at = max(at, self.begins_at)
        return self.ends_at


class Post(_Held, Base):
    """Who holds which post in an organisation; history is kept."""

    __tablename__ = "posts"
    __table_args__ = (
        Index("ix_posts_organisation_id_until", "organisation_id", "until"),
        Index("ix_posts_member_id_until", "member_id", "until"),
    )

    since: Mapped[date]
    """The day on which it begins; the moment decides."""
    until: Mapped[date | None]
    """The day on which it ends, set as soon as an end is; None: no end is set."""

    @classmethod
    def appoint(
        cls,
        *,
        member_id: int,
        organisation_id: int,
        kind: PostKind,
        since: date | datetime,
        until: date | datetime | None = None,
    ) -> Post:
        """``member_id`` holds the post from ``since`` on, and not from ``until`` on; days count from midnight.

        Raises:
            PostElsewhere: it is a post in consortia.
            PostBackwards: it would end before it begins.
        """
        _check(kind, "organisation", since, until)
        return cls(
            member_id=member_id,
            organisation_id=organisation_id,
            kind=kind.value,
            begins_at=moment_of(since),
            ends_at=None if until is None else moment_of(until),
            since=local(moment_of(since)).date(),
            until=None if until is None else local(moment_of(until)).date(),
        )

    def leave(self, at: date | datetime) -> None:
        """The post is held until ``at``, that moment (or day) not included. Refuses one that is over."""
        self.until = local(self._end(moment_of(at))).date()


class JointPost(_Held, Base):
    """兼任: a post in a consortium, held by somebody whom a member organisation sent; history is kept."""

    __tablename__ = "joint_posts"
    __table_args__ = (
        Index("ix_joint_posts_consortium_id", "consortium_id"),
        Index("ix_joint_posts_member_id", "member_id"),
    )

    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))

    @classmethod
    def appoint(
        cls,
        *,
        member_id: int,
        organisation_id: int,
        consortium_id: int,
        kind: PostKind,
        since: date | datetime,
        until: date | datetime | None = None,
    ) -> JointPost:
        """``member_id`` of ``organisation_id`` holds a post in the consortium; see ``Post.appoint``."""
        _check(kind, "consortium", since, until)
        return cls(
            member_id=member_id,
            organisation_id=organisation_id,
            consortium_id=consortium_id,
            kind=kind.value,
            begins_at=moment_of(since),
            ends_at=None if until is None else moment_of(until),
        )

    def leave(self, at: date | datetime) -> None:
        """The post is held until ``at``, that moment (or day) not included. Refuses one that is over."""
        self._end(moment_of(at))


def _check(kind: PostKind, of: str, since: date | datetime, until: date | datetime | None) -> None:
    if kind.of != of:
        raise PostElsewhere(post=kind.label)
    if until is not None and moment_of(until) < moment_of(since):
        raise PostBackwards(post=kind.label)


_LAST: Final = 99
"""The rank of those who hear of nothing."""
_NOW: Final = bindparam("now", type_=Moment())


def held(at: Any) -> ColumnElement[bool]:
    """That a post is held at a moment; ``at`` may be a column."""
    # Whoever ended it without a moment (a release before this one) ended it at once.
    return and_(Post.begins_at <= at, or_(Post.until.is_(None), Post.ends_at > at))


HELD: Final[ColumnElement[bool]] = held(_NOW)
"""That a post is held at the moment ``now``."""
HELD_JOINTLY: Final[ColumnElement[bool]] = and_(
    JointPost.begins_at <= _NOW, or_(JointPost.ends_at.is_(None), JointPost.ends_at > _NOW)
)
"""The same of posts in consortia."""


def acting(column: Any, of: str) -> ColumnElement[bool]:
    """That the kind in a column is one whose holders act; written into the statement, so that lean ones can use it."""
    return among(column, [kind.value for kind in PostKind.all() if kind.of == of and kind.acts])


def desk_order(column: Any) -> ColumnElement[int]:
    """In which order those of a column hear of a matter; as numbers of our own in the statement itself."""
    ranks = {kind.value: kind.desk or _LAST for kind in PostKind.all()}
    return case(
        *[(column == literal_column(f"'{code}'"), literal_column(str(rank))) for code, rank in ranks.items()],
        else_=literal_column(str(_LAST)),
    )

"""任职: appointing people to posts and ending them; who holds which post in a consortium at a moment.

What changes here holds at once in every process: rights are asked of the database each time, and whatever processes
keep in memory of posts is read anew when the revision of the roll changes (``bot.engine.mind``, within a second).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, select

from models import revision
from models.consortium import Consortium
from models.lean import Lean
from models.member import Member
from models.organisation import Organisation
from models.post import HELD_JOINTLY, JointPost, Post, PostHeld, PostKind, acting

if TYPE_CHECKING:
    from models.store import Unit


class Delegate(msgspec.Struct, frozen=True):
    """Somebody who holds a post in a consortium."""

    member_id: int
    name: str
    post: PostKind
    consortium_id: int
    consortium: str
    organisation_id: int
    organisation: str
    """The organisation that sent them."""

    @property
    def title(self) -> str:
        """How a member is told who it is: 官地联合党委兼任委员李春梅."""
        return f"{self.consortium}{self.post.label}{self.name}"


_ACTS_IN: Final = Lean(
    select(JointPost.consortium_id)
    .join(Member, Member.id == JointPost.member_id)
    .where(
        JointPost.member_id == bindparam("member_id"),
        acting(JointPost.kind, "consortium"),
        HELD_JOINTLY,
        Member.left_at.is_(None),
    )
)
_DELEGATES = (
    select(
        JointPost.member_id,
        Member.name_sealed,
        JointPost.kind,
        JointPost.consortium_id,
        Consortium.name,
        JointPost.organisation_id,
        Organisation.name.label("organisation"),
    )
    .join(Member, Member.id == JointPost.member_id)
    .join(Consortium, Consortium.id == JointPost.consortium_id)
    .join(Organisation, Organisation.id == JointPost.organisation_id)
    .where(HELD_JOINTLY, Member.left_at.is_(None))
    .order_by(JointPost.begins_at, JointPost.id)
)


class Posts:
    """Who is appointed to what."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def acts_in(self, member_id: int, now: datetime) -> frozenset[int]:
        """The consortia in which one member may do, at a moment, what the lead organisation may."""
        rows = _ACTS_IN.run(self._unit, {"member_id": member_id, "now": now})
        return frozenset(consortium_id for (consortium_id,) in rows)

    def committee(self, consortium_id: int, now: datetime) -> list[Delegate]:
        """Who holds a post in a consortium at a moment: its secretaries first, then in the order of the data."""
        return self._read(_DELEGATES.where(JointPost.consortium_id == consortium_id), now)

    def jointly_held_by(self, member_id: int, now: datetime) -> list[Delegate]:
        """The posts in consortia that one member holds at a moment."""
        return self._read(_DELEGATES.where(JointPost.member_id == member_id), now)

    def of_member(self, member_id: int) -> list[Post]:
        """Every post in organisations that one member ever held, as entities that can change; the first one first."""
        query = select(Post).where(Post.member_id == member_id).order_by(Post.begins_at, Post.id)
        return list(self._unit.session.scalars(query))

    def joint_of_member(self, member_id: int) -> list[JointPost]:
        """The same of posts in consortia."""
        query = select(JointPost).where(JointPost.member_id == member_id)
        return list(self._unit.session.scalars(query.order_by(JointPost.begins_at, JointPost.id)))

    # ---- changing --------------------------------------------------------------------------------

    def appoint(
        self,
        *,
        member_id: int,
        organisation_id: int,
        kind: PostKind,
        since: date | datetime,
        until: date | datetime | None = None,
    ) -> Post:
        """Gives somebody a post in an organisation, from a moment or a day on.

        Raises:
            PostHeld: they hold it for some of that time already.
            PostElsewhere, PostBackwards: see ``Post.appoint``.
        """
        post = Post.appoint(
            member_id=member_id, organisation_id=organisation_id, kind=kind, since=since, until=until
        )
        held = [each for each in self.of_member(member_id) if each.organisation_id == organisation_id]
        self._put(post, held)
        return post

    def appoint_jointly(
        self,
        *,
        member_id: int,
        organisation_id: int,
        consortium_id: int,
        kind: PostKind,
        since: date | datetime,
        until: date | datetime | None = None,
    ) -> JointPost:
        """Gives somebody whom an organisation sends a post in a consortium. Refuses as ``appoint`` does."""
        post = JointPost.appoint(
            member_id=member_id,
            organisation_id=organisation_id,
            consortium_id=consortium_id,
            kind=kind,
            since=since,
            until=until,
        )
        held = [each for each in self.joint_of_member(member_id) if each.consortium_id == consortium_id]
        self._put(post, held)
        return post

    def dismiss(self, post: Post | JointPost, at: date | datetime) -> None:
        """Ends a post at a moment, or at the beginning of a day. Raises PostOver."""
        post.leave(at)
        self._changed()

    def _put(self, post: Post | JointPost, held: list[Post] | list[JointPost]) -> None:
        if any(each.kind == post.kind and each.overlaps(post) for each in held):
            raise PostHeld(post=post.post.label)
        self._unit.session.add(post)
        self._changed()

    def _changed(self) -> None:
        self._unit.session.flush()
        self._unit.revisions.bump(revision.ROLL)

    def _read(self, query: Any, now: datetime) -> list[Delegate]:
        order = [kind.value for kind in PostKind.all()]
        found = [
            Delegate(
                member_id=row.member_id,
                name=self._unit.vault.open(row.name_sealed, "member.name"),
                post=PostKind.of_code(row.kind),
                consortium_id=row.consortium_id,
                consortium=row.name,
                organisation_id=row.organisation_id,
                organisation=row.organisation,
            )
            for row in self._unit.connection.execute(query, {"now": now})
        ]
        return sorted(
            found, key=lambda each: order.index(each.post.value) if each.post.value in order else len(order)
        )

"""成员单位: which organisation belongs to which consortium, as what, from when until when."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from models import forms
from models.base import Base
from models.place import outside


class Seat(Base):
    """成员单位: that an organisation belongs to a consortium, as what, from when until when. History is kept."""

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("consortium_id", "organisation_id", "since"),
        Index("ix_seats_organisation_id", "organisation_id"),
        # Two at once: the second is refused. Whatever else may overlap is looked at before it is written.
        Index(
            "uq_seats_open",
            "consortium_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str] = mapped_column(String(20), server_default=text("'member'"))
    """What it is there: ``lead``, ``member`` …, see ``models.forms``."""
    since: Mapped[date]
    until: Mapped[date | None]
    """The first day on which it belongs to it no more."""

    @classmethod
    def take(
        cls,
        *,
        consortium_id: int,
        organisation_id: int,
        since: date,
        until: date | None = None,
        role: str = forms.MEMBER,
    ) -> Seat:
        """The organisation belongs to it from ``since`` on, and not from ``until`` on. Raises RoleUnknown."""
        forms.role_of(role)
        return cls(
            consortium_id=consortium_id, organisation_id=organisation_id, role=role, since=since, until=until
        )

    def leave(self, on: date) -> None:
        """Membership ends; that day is not included."""
        self.until = on

    def come_forward(self, since: date) -> None:
        """One that was to begin later begins on that day."""
        self.since = since

    def serve_as(self, role: str) -> None:
        """It is something else there, as if it had always been: what it was before is kept in a seat of its own."""
        self.role = forms.role_of(role).code

    def held_on(self, day: date) -> bool:
        """Whether the organisation belongs to it on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def seated(day: Any) -> ColumnElement[bool]:
    """That a seat is held on a day; ``day`` may be a date or a parameter."""
    return and_(Seat.since <= day, or_(Seat.until.is_(None), Seat.until > day))


class Seated(msgspec.Struct, frozen=True):
    """A member organisation of a consortium."""

    organisation_id: int
    name: str
    role: str = forms.MEMBER
    region: str = ""

    @property
    def external(self) -> bool:
        """市外: whether it is a partner from outside the city."""
        return outside(self.region)

    @property
    def part(self) -> forms.Role:
        """What it takes part in: ``part.chairs``, ``part.signs``, ``part.claims``."""
        return forms.roles().get(self.role) or forms.roles()[forms.MEMBER]

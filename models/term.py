"""期次: whose turn in the chair of a consortium is from when until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    exists,
)
from sqlalchemy.orm import Mapped, mapped_column

from models import forms
from models.base import Base
from models.seat import Seat, seated
from models.turns import Origin


class Term(Base):
    """期次: one organisation's turn in the chair, first and last day included."""

    __tablename__ = "terms"
    __table_args__ = (
        UniqueConstraint("consortium_id", "sequence"),
        CheckConstraint("starts_on <= ends_on", name="order"),
        Index("ix_terms_consortium_id_starts_on", "consortium_id", "starts_on"),
        # What was told and agreed of a turn names it by its id: that of one which was dropped must never come again.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    sequence: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Who chairs, all told: what the rota said, and what was swapped or put over it since."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    """Whom the rota itself had named; None: nothing lies over it."""
    origin: Mapped[str] = mapped_column(String(20), server_default="import")
    """How the rota came to name them, as in ``models.turns.Origin``."""

    @classmethod
    def plan(
        cls,
        *,
        consortium_id: int,
        sequence: int,
        organisation_id: int,
        starts_on: date,
        ends_on: date,
        origin: Origin = Origin.IMPORT,
    ) -> Term:
        """A turn in the rota."""
        return cls(
            consortium_id=consortium_id,
            sequence=sequence,
            organisation_id=organisation_id,
            starts_on=starts_on,
            ends_on=ends_on,
            base_id=None,
            origin=origin.value,
        )

    @property
    def named_id(self) -> int:
        """Whom the rota itself named, whatever was put over it."""
        return self.organisation_id if self.base_id is None else self.base_id

    def renew(
        self, *, sequence: int, organisation_id: int, starts_on: date, ends_on: date, origin: Origin
    ) -> None:
        """The rota says something else. Whatever lay over another organisation's turn is gone."""
        if organisation_id != self.named_id:
            self.organisation_id, self.base_id = organisation_id, None
        self.sequence, self.starts_on, self.ends_on = sequence, starts_on, ends_on
        self.origin = origin.value

    def park(self) -> None:
        """Out of the way, to days that nobody uses, while its neighbours move: no two turns may ever overlap."""
        self.sequence, self.starts_on = -self.id, date(9000, 1, 1) + timedelta(days=self.id)
        self.ends_on = self.starts_on

    def overlay(self, organisation_id: int | None) -> None:
        """Another organisation chairs than the rota named; None: the one that it named after all."""
        named = self.named_id
        if organisation_id is None or organisation_id == named:
            self.organisation_id, self.base_id = named, None
        else:
            self.organisation_id, self.base_id = organisation_id, named


def presiding(day: Any) -> ColumnElement[bool]:
    """That a term is the one of a day, and its organisation is one that takes the chair (observers do not).

    An organisation whose seat was put on file later than its turn keeps the turn: lists are often made up later.
    """
    only_looks_on = (
        exists()
        .where(
            Seat.consortium_id == Term.consortium_id,
            Seat.organisation_id == Term.organisation_id,
            forms.in_roles(Seat.role, lambda role: not role.chairs),
            seated(day),
        )
        .correlate(Term)
    )
    return and_(Term.starts_on <= day, Term.ends_on >= day, ~only_looks_on)

"""清单: the books that a consortium draws up for a period and that its organisations sign."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class BookKind(enum.StrEnum):
    """Which of the three lists."""

    PROBLEMS = "problems"
    SUPPLIES = "supplies"
    PROJECTS = "projects"


class BookState(enum.StrEnum):
    """Where a list stands."""

    DRAFT = "draft"
    CONFIRMING = "confirming"  # the parties are asked to sign
    SIGNED = "signed"  # every party signed: nothing in it changes any more
    DISSOLVED = "dissolved"  # ended before its time, with a reason
    REPLACED = "replaced"  # a newer version was signed


class Book(Base):
    """One version of one list of one consortium for one period."""

    __tablename__ = "books"
    __table_args__ = (
        UniqueConstraint("consortium_id", "kind", "period", "version"),
        Index("ix_books_state_review_on", "state", "review_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    kind: Mapped[str] = mapped_column(String(20))
    period: Mapped[str] = mapped_column(String(20))
    """``2026-11``, ``2026-Q4`` or ``2026``."""
    version: Mapped[int]
    """1 for the first of its period."""
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    drawn_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    drawn_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """When the parties were asked to sign."""
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(300))
    valid_until: Mapped[date | None]
    review_on: Mapped[date | None]
    """复审日: when the parties look at it again."""
    content_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was signed; empty before."""
    revision: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict


class BookItem(Base):
    """One line of a list, with its content as it was when the list was drawn up."""

    __tablename__ = "book_items"
    __table_args__ = (UniqueConstraint("book_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    position: Mapped[int]
    case_number: Mapped[int | None] = mapped_column(ForeignKey("cases.number"), index=True)
    supply_code: Mapped[str] = mapped_column(String(64))
    """Of a line that is an entry of the supply-demand list; else empty."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class BookParty(Base):
    """An organisation that is asked to sign, and what it said."""

    __tablename__ = "book_parties"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True, index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who signed or refused for it."""
    confirmed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300))

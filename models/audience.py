"""Whom a letter to many is for, as data: a kind of audience and the ids that it is counted from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, select

from models.member import Member
from models.organisation import Organisation
from models.seat import Seat, seated

Belongs = Callable[[int, date], ColumnElement[bool]]
"""The condition on ``Member`` that makes somebody one of an audience, for its id and as of a day."""


class Audience(msgspec.Struct, frozen=True):
    """The members of one consortium, of some organisations, of whatever else is in ``AUDIENCES``."""

    kind: str
    ids: tuple[int, ...]
    """Whoever belongs to several of them is told once."""


def _of_consortium(consortium_id: int, on: date) -> ColumnElement[bool]:
    """Members of the organisations that have a seat in it that day."""
    belonging = select(Seat.organisation_id).where(Seat.consortium_id == consortium_id, seated(on))
    return Member.organisation_id.in_(belonging)


def _of_organisation(organisation_id: int, on: date) -> ColumnElement[bool]:
    """Members of an organisation and of all below it."""
    tree = select(Organisation.id).where(Organisation.id == organisation_id).cte("tree", recursive=True)
    below = select(Organisation.id).where(Organisation.parent_id == tree.c.id)
    return Member.organisation_id.in_(select(tree.union(below).c.id))


AUDIENCES: Final[Mapping[str, Belongs]] = {
    "consortium": _of_consortium,
    "organisation": _of_organisation,
}
"""Every kind of audience. A kind of matter that has people of its own (who signed up, who has not answered) adds a line:
the condition is looked at page by page while the letters are written, so that whoever answers meanwhile is left out."""

"""职责: what an account of the web admin may do, and on which part of the city; the roles themselves are data."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import aliased

from models.case import Case
from models.consortium import Consortium, standing
from models.organisation import Organisation
from models.seat import Seat, seated

if TYPE_CHECKING:
    from sqlalchemy import CTE

    from models.store import Unit


class Right(enum.StrEnum):
    """One thing that an account may be allowed to do."""

    TODAY = "today"  # 今日
    ORGANISATIONS = "organisations"  # 看党组织，党员脱敏
    PEOPLE = "people"  # 说明理由后看姓名电话
    BINDINGS = "bindings"  # 登记申请：同意、不同意
    POSTERS = "posters"  # 二维码海报
    ACCOUNTS = "accounts"  # 账号
    SYSTEM = "system"  # 系统
    RULES = "rules"  # 规则
    AUDIT = "audit"  # 审计


class Span(enum.StrEnum):
    """Of what a role is held."""

    WHOLE = "whole"  # 全市
    ORGANISATION = "organisation"  # 一个党组织和它下面的
    CONSORTIUM = "consortium"  # 一个融合体


class RoleOnFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One role as the data have it."""

    name: str
    label: str
    about: str
    scope: Span
    rights: frozenset[Right]


@cache
def account_rules() -> dict[str, Any]:
    """``models/data/accounts.toml`` as it stands."""
    source = resources.files("models.data").joinpath("accounts.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


@cache
def account_roles() -> dict[str, RoleOnFile]:
    """Every role by its name, in the order in which they are offered."""
    return {role.name: role for role in msgspec.convert(account_rules()["role"], tuple[RoleOnFile, ...])}


class Reach(msgspec.Struct, frozen=True):
    """A part of the city: everything, organisations with all below them, consortia with their members."""

    everything: bool = False
    organisations: frozenset[int] = frozenset()
    """The heads of the parts of the tree; what lies below belongs to it."""
    consortia: frozenset[int] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.everything or self.organisations or self.consortia)

    def within(self, on: date) -> list[ColumnElement[bool]]:
        """Conditions on organisations; ``on``: the day on which they must have a seat in the consortium."""
        if self.everything:
            return []
        ways: list[ColumnElement[bool]] = []
        if self.organisations:
            ways.append(Organisation.id.in_(select(self._tree().c.id)))
        if self.consortia:
            ways.append(Organisation.id.in_(self._seated(on)))
            ways.append(
                Organisation.id.in_(
                    select(Consortium.lead_id).where(Consortium.id.in_(self.consortia), standing(on))
                )
            )
        return [or_(*ways)] if ways else [_NEVER]

    def cases(self) -> list[ColumnElement[bool]]:
        """Conditions on cases: reported in one of its organisations, or lying with one of its consortia."""
        if self.everything:
            return []
        ways: list[ColumnElement[bool]] = []
        if self.organisations:
            ways.append(Case.organisation_id.in_(select(self._tree().c.id)))
        if self.consortia:
            ways.append(Case.consortium_id.in_(self.consortia))
        return [or_(*ways)] if ways else [_NEVER]

    def covers(self, unit: Unit, organisation_id: int, on: date) -> bool:
        """Whether an organisation that is on file lies in it on a day."""
        query = select(Organisation.id).where(Organisation.id == organisation_id, *self.within(on))
        return unit.session.scalar(query) is not None

    def _tree(self) -> CTE:
        above = (
            select(Organisation.id).where(Organisation.id.in_(self.organisations)).cte("tree", recursive=True)
        )
        below = aliased(Organisation)
        # UNION, not UNION ALL: it ends even where somebody put two organisations below each other.
        return above.union(select(below.id).where(below.parent_id == above.c.id))

    def _seated(self, on: date) -> Any:
        # Once a consortium is dissolved, nobody looks after its members in its name.
        return (
            select(Seat.organisation_id)
            .join(Consortium, Consortium.id == Seat.consortium_id)
            .where(Seat.consortium_id.in_(self.consortia), seated(on), standing(on))
        )


_NEVER: Final = false()
NOWHERE: Final = Reach()


def union(parts: Iterable[Reach]) -> Reach:
    """All of several parts."""
    whole = Reach()
    for part in parts:
        whole = Reach(
            everything=whole.everything or part.everything,
            organisations=whole.organisations | part.organisations,
            consortia=whole.consortia | part.consortia,
        )
    return whole

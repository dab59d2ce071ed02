"""关键词规则: what an office answers by itself when certain words come up."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, String, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit


class RuleMatch(enum.StrEnum):
    """匹配方式."""

    CONTAIN = "contain"  # 包含
    EQUAL = "equal"  # 全等
    REGEX = "regex"  # 正则


class KeywordRule(Base):
    """One rule: any of its keywords answers with its replies."""

    __tablename__ = "keyword_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    keywords: Mapped[list[str]] = mapped_column(JSON)
    match: Mapped[str] = mapped_column(String(20))
    replies: Mapped[list[str]] = mapped_column(JSON)
    pick: Mapped[str] = mapped_column(String(20))
    """``all`` replies joined, or one at ``random``."""
    priority: Mapped[int]
    """The higher one answers first."""
    enabled: Mapped[bool]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    @classmethod
    def write(
        cls,
        *,
        name: str,
        keywords: list[str],
        match: RuleMatch,
        replies: list[str],
        priority: int,
        enabled: bool,
        now: datetime,
        pick: str = "all",
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> KeywordRule:
        """A new rule."""
        rule = cls(name=name)
        rule.rewrite(
            keywords=keywords,
            match=match,
            replies=replies,
            priority=priority,
            enabled=enabled,
            now=now,
            pick=pick,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        return rule

    def rewrite(
        self,
        *,
        keywords: list[str],
        match: RuleMatch,
        replies: list[str],
        priority: int,
        enabled: bool,
        now: datetime,
        pick: str = "all",
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> None:
        """The rule as an office wants it from now on."""
        self.keywords, self.match, self.replies, self.pick = keywords, match.value, replies, pick
        self.priority, self.enabled = priority, enabled
        self.valid_from, self.valid_until, self.updated_at = valid_from, valid_until, now


class Rules:
    """All keyword rules."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def named(self, name: str) -> KeywordRule | None:
        """The rule of that name, or None."""
        return self._unit.session.scalar(select(KeywordRule).where(KeywordRule.name == name))

    def add(self, rule: KeywordRule) -> None:
        """Puts a new rule on file."""
        self._unit.session.add(rule)

    def all(self) -> list[KeywordRule]:
        """Every rule, those that are switched off too."""
        return list(self._unit.session.scalars(select(KeywordRule).order_by(KeywordRule.id)))

    def enabled(self) -> list[KeywordRule]:
        """Every rule that is switched on: first those that answer first."""
        query = (
            select(KeywordRule)
            .where(KeywordRule.enabled.is_(True))
            .order_by(KeywordRule.priority.desc(), KeywordRule.id)
        )
        return list(self._unit.session.scalars(query))

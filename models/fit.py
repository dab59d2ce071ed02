"""A fit: one entry of the supply-demand list that may serve a need, with the plain reason why."""

from __future__ import annotations

from datetime import date

import msgspec


class Offer(msgspec.Struct, frozen=True):
    """What the matcher must know of one entry of the supply-demand list."""

    code: str
    """编号, unique: ``S012``."""
    side: str
    """``供给`` (someone provides) or ``需求`` (someone asks)."""
    title: str
    detail: str
    category: str
    """The category's label."""
    unit: str
    """The organisation that stands behind the entry, by name."""
    area: str
    """Where it serves: names of regions joined by 、 (``林西县、巴林右旗``), ``全市`` or empty for anywhere."""
    quantity: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    """None: no end (长期)."""
    remaining: int | None = None
    """How often it can still be used; None: not counted. 0 never fits."""
    circles: tuple[str, ...] = ()
    """Whose members are shown it (``Person.circles`` names theirs); empty: everybody."""


class Fit(msgspec.Struct, frozen=True):
    """One suggestion, best first in a list of them."""

    code: str
    title: str
    unit: str
    score: float
    """0 to 1."""
    reason: str
    """Short, plain Chinese, without the title: ``本县可用 · 产销对接``."""

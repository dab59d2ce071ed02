"""工作日历: which days are worked, by the State Council's yearly arrangement of holidays and make-up days."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Workday(Base):
    """One day that differs from its weekday: a holiday (休) or a make-up day (班)."""

    __tablename__ = "workdays"

    day: Mapped[date] = mapped_column(primary_key=True)
    worked: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40))
    """``shipped`` or ``import``."""

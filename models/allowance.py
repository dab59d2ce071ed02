"""推送限度: so many template messages a day for the account, one push a day for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Date, ForeignKey, String, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.owed import Priority

if TYPE_CHECKING:
    from models.store import Unit

SHARES: Final[Mapping[int, float]] = {
    Priority.URGENT: 1.0,
    Priority.ANSWER: 1.0,
    Priority.DUTY: 0.8,
    Priority.NEWS: 0.6,
    Priority.INVITE: 0.6,
}
"""Up to which part of the day's quota each priority may go: news never takes what danger may need in the evening."""


class QuotaDay(Base):
    """How much of a day's quota is used; kept by all processes together."""

    __tablename__ = "quota_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    used: Mapped[int]


class Push(Base):
    """The last day on which a member was pushed something that was not urgent, as the person they are."""

    __tablename__ = "pushes"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date)
    letter_id: Mapped[int]
    """The letter (the first of its bundle) that the day was given to; tried again, it may go on that day."""


class Allowance:
    """Takes from both, and gives back."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def used(self, day: date, channel: str) -> int:
        """How many messages a day's quota was used for; from here to the end of the transaction nobody else takes any."""
        connection = self._unit.connection
        connection.execute(_OPEN_DAY[self._unit.dialect.name], {"day": day, "channel": channel, "used": 0})
        query = (
            select(QuotaDay.used).where(QuotaDay.day == day, QuotaDay.channel == channel).with_for_update()
        )
        return connection.execute(query).scalar_one()

    def use(self, day: date, channel: str, count: int) -> None:
        """So many more were used; a negative number gives back what was taken and not sent."""
        if not count:
            return
        changed = QuotaDay.used + count
        self._unit.connection.execute(
            update(QuotaDay)
            .where(QuotaDay.day == day, QuotaDay.channel == channel)
            .values(
                used=func.max(changed, 0)
                if self._unit.dialect.name == "sqlite"
                else func.greatest(changed, 0)
            )
        )

    def claim(self, day: date, letters: Mapping[int, int]) -> set[int]:
        """Gives members their one push of the day (member to letter). The members who had not had theirs."""
        if not letters:
            return set()
        rows = [
            {"member_id": member_id, "day": day, "letter_id": letter_id}
            for member_id, letter_id in sorted(letters.items())
        ]
        text = msgspec.json.encode(rows).decode()
        found = self._unit.connection.exec_driver_sql(_CLAIM[self._unit.dialect.name], (text,))
        return {row[0] for row in found}

    def give_back(self, letters: Mapping[int, int]) -> None:
        """These (member to letter) did not go out after all: their members may be pushed something else today."""
        if letters:
            self._unit.connection.execute(
                delete(Push).where(
                    Push.member_id == bindparam("whose"), Push.letter_id == bindparam("which")
                ),
                [{"whose": whose, "which": which} for whose, which in sorted(letters.items())],
            )


def _open_day(insert: Any) -> Any:
    return insert(QuotaDay).on_conflict_do_nothing(index_elements=["day", "channel"])


_OPEN_DAY: Mapping[str, Any] = {
    "postgresql": _open_day(postgresql.insert),
    "sqlite": _open_day(sqlite.insert),
}
_CLAIM: Final[Mapping[str, str]] = {
    dialect: f"""
        INSERT INTO pushes (member_id, day, letter_id) {rows}
        ON CONFLICT (member_id) DO UPDATE SET day = excluded.day, letter_id = excluded.letter_id
        WHERE pushes.day < excluded.day OR pushes.letter_id = excluded.letter_id
        RETURNING member_id
    """
    for dialect, rows in {
        "sqlite": "SELECT json_extract(value, '$.member_id'), json_extract(value, '$.day'), "
        "json_extract(value, '$.letter_id') FROM json_each(?) WHERE true",
        "postgresql": "SELECT member_id, day, letter_id FROM json_to_recordset(%s::json) "
        "AS given (member_id integer, day date, letter_id integer)",
    }.items()
}
"""Whoever had theirs on that day already is not given back; one statement, so that two processes never both give it."""

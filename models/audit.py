"""审计: who did or saw what in the web admin, in a chain in which nothing can be changed without being noticed.

Each row holds the hash of the one before it and its own (SHA-256 over all that it says), sealed with a key that is not
in the database. A head row knows how many there are. Whoever can write the database but has no key can forge nothing,
and can take nothing away but the whole end of the chain together with an older head: against that, the last hash is
noted down elsewhere now and then, and ``verify`` is asked whether it still stands in the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, ForeignKey, Index, Integer, LargeBinary, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.vault import mask_text

if TYPE_CHECKING:
    from models.store import Unit

BEGINNING: Final = bytes(32)
"""The hash before the first row."""
_AT_ONCE: Final = 1_000
_LOCK: Final = 7_310_418_820_260_611  # any number of our own; processes that write at once queue up behind it
_SEALED: Final = "audit.row"


class Actor(msgspec.Struct, frozen=True):
    """Who acts in the web admin, or at its command line."""

    account_id: int | None
    name: str
    address: str = ""


class AuditRow(Base):
    """One thing that was done or seen."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at"),
        Index("ix_audit_action", "action"),
        Index("ix_audit_actor", "actor"),
        Index("ix_audit_subject_subject_id", "subject", "subject_id"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Without a gap, from 1."""
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[str] = mapped_column(String(40))
    """The account's name at that time."""
    address: Mapped[str] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(20))
    """What kind of thing it was done to: ``account``, ``organisation``, ``member`` …"""
    subject_id: Mapped[str] = mapped_column(String(64))
    named: Mapped[str] = mapped_column(String(200))
    """What that thing is called, masked where it is a person."""
    before: Mapped[str] = mapped_column(Text)
    """JSON, masked; empty: nothing was changed."""
    after: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(300))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes] = mapped_column(LargeBinary(36))
    """The hash under the vault's key."""

    @classmethod
    def write(cls, *, number: int, previous: bytes, facts: Mapping[str, Any]) -> AuditRow:
        """The next row of the chain, not sealed yet."""
        row = cls(number=number, previous=previous, seal=b"", **facts)
        row.hash = row.digest()
        return row

    def sealed(self, seal: bytes) -> AuditRow:
        """The same, sealed."""
        self.seal = seal
        return self

    def digest(self) -> bytes:
        """The hash of all that it says, and of the row before it."""
        said = (
            self.number, self.at.astimezone(UTC).isoformat(timespec="microseconds"), self.account_id, self.actor,
            self.address, self.action, self.subject, self.subject_id, self.named, self.before, self.after,
            self.reason,
        )  # fmt: skip
        return hashlib.sha256(bytes(self.previous) + msgspec.json.encode(said)).digest()


class AuditHead(Base):
    """How long the chain is, and its last hash."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes] = mapped_column(LargeBinary(36))

    @classmethod
    def begin(cls) -> AuditHead:
        """The head of a chain without rows."""
        return cls(id=1, count=0, hash=BEGINNING, seal=b"")

    def advance(self, row: AuditRow, seal: bytes) -> None:
        """One row more."""
        self.count, self.hash, self.seal = row.number, row.hash, seal


class Broken(msgspec.Struct, frozen=True):
    """Where the chain does not hold, and how."""

    number: int
    how: str
    """``changed``, ``missing``, ``moved``, ``forged``, ``end`` (rows are missing at the end), ``noted``."""


class Verdict(msgspec.Struct, frozen=True):
    """What looking at the whole chain came to."""

    count: int
    hash: str
    """The last one, to be noted down elsewhere."""
    unknown_key: int
    """Rows sealed with a key that is no longer in the settings: only their hashes could be looked at."""
    broken: Broken | None


class Wanted(msgspec.Struct, frozen=True):
    """Which rows a reader wants."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same as conditions."""
        found: list[ColumnElement[bool]] = []
        for column, value in (
            (AuditRow.actor, self.actor),
            (AuditRow.action, self.action),
            (AuditRow.subject, self.subject),
            (AuditRow.subject_id, self.subject_id),
        ):
            if value:
                found.append(column == value)
        if self.since is not None:
            found.append(AuditRow.at >= self.since)
        if self.until is not None:
            found.append(AuditRow.at < self.until)
        return found


class Audit:
    """The chain."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def note(
        self,
        by: Actor,
        action: str,
        *,
        subject: str,
        subject_id: object,
        now: datetime,
        named: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        reason: str = "",
    ) -> None:
        """Writes down that something was done or seen. What is handed over has to be masked where it is of people."""
        unit = self._unit
        if unit.dialect.name == "postgresql":
            unit.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        head = unit.session.get(AuditHead, 1, populate_existing=True)
        if head is None:
            head = AuditHead.begin()
            unit.session.add(head)
        row = AuditRow.write(
            number=head.count + 1,
            previous=bytes(head.hash),
            facts={
                "at": now,
                "account_id": by.account_id,
                "actor": by.name[:40],
                "address": by.address[:45],
                "action": action,
                "subject": subject,
                "subject_id": str(subject_id)[:64],
                "named": mask_text(named)[:200],
                "before": _json(before),
                "after": _json(after),
                "reason": mask_text(reason.strip())[:300],
            },
        )
        unit.session.add(row.sealed(self._seal(row.hash, row.number)))
        head.advance(row, self._seal(row.hash, -row.number))
        unit.session.flush()

    def page(self, wanted: Wanted, *, limit: int, offset: int) -> tuple[list[AuditRow], int]:
        """The newest of the rows that a reader wants, and how many there are."""
        where = wanted.conditions()
        total = self._unit.session.scalar(select(func.count()).select_from(AuditRow).where(*where)) or 0
        rows = self._unit.session.scalars(
            select(AuditRow).where(*where).order_by(AuditRow.number.desc()).limit(limit).offset(offset)
        )
        return list(rows), total

    def actions(self) -> list[str]:
        """Every kind of thing that was ever done."""
        return list(self._unit.session.scalars(select(AuditRow.action).distinct().order_by(AuditRow.action)))

    def verify(self, noted: str = "") -> Verdict:
        """Looks at the whole chain, the first row first. ``noted``: a hash that has to stand in it."""
        session = self._unit.session
        number, last, unknown, seen = 0, BEGINNING, 0, not noted
        more = True
        while more:
            rows = session.scalars(
                select(AuditRow).where(AuditRow.number > number).order_by(AuditRow.number).limit(_AT_ONCE)
            ).all()
            for row in rows:
                how = self._wrong(row, number, last)
                if how:
                    return Verdict(number, last.hex(), unknown, Broken(row.number, how))
                unknown += self._proven(row.hash, row.number, row.seal) is None
                number, last = row.number, bytes(row.hash)
                seen = seen or last.hex() == noted.lower()
            session.expunge_all()
            more = len(rows) == _AT_ONCE
        broken = self._wrong_end(number, last)
        if broken is None and not seen:
            broken = Broken(number + 1, "noted")
        return Verdict(number, last.hex(), unknown, broken)

    def _wrong(self, row: AuditRow, number: int, last: bytes) -> str:
        """What is wrong with the row after ``number``; empty: nothing."""
        follows = bytes(row.previous) == last
        if row.number != number + 1:
            return "missing"
        if row.digest() != bytes(row.hash):
            return "changed" if follows else "moved"
        if not follows:
            return "moved"
        return "forged" if self._proven(row.hash, row.number, row.seal) is False else ""

    def _wrong_end(self, number: int, last: bytes) -> Broken | None:
        """What is wrong with the head after the last row."""
        head = self._unit.session.get(AuditHead, 1)
        if head is None:
            return Broken(number, "end") if number else None
        if head.count > number:
            return Broken(number + 1, "end")
        proven = self._proven(head.hash, -number, head.seal) is not False
        if head.count < number or bytes(head.hash) != last or not proven:
            return Broken(number, "forged")
        return None

    def _seal(self, value: bytes, place: int) -> bytes:
        return self._unit.vault.sign(f"{place}:{bytes(value).hex()}", _SEALED)

    def _proven(self, value: bytes, place: int, seal: bytes) -> bool | None:
        """Whether somebody with the key wrote that; None: the key is no longer known."""
        return self._unit.vault.signed(f"{place}:{bytes(value).hex()}", _SEALED, bytes(seal))


def _json(facts: Mapping[str, object] | None) -> str:
    if not facts:
        return ""
    return msgspec.json.encode({key: str(value) for key, value in facts.items()}).decode()

"""党员: people on the roster. Names and phones are sealed; they are found by keyed hashes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ForeignKey, Index, LargeBinary, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError
from models.bulk import put_on_file
from models.lean import Lean
from models.vault import Vault

if TYPE_CHECKING:
    from models.store import Unit


class PhoneUnusable(DomainError):
    """Not a mainland mobile number: 11 digits beginning with 13 to 19."""


class NameUnusable(DomainError):
    """Not a person's name."""


class PhoneTaken(DomainError):
    """Somebody else on the roster has that number."""


_PHONE = re.compile(r"^(?:\+?86)?(1[3-9]\d{9})$")
_NAME = re.compile(r"^[\u3400-\u9fff\U00020000-\U0003ffff·]{2,20}$")


def clean_phone(written: str) -> str:
    """The 11 digits of a mobile number as people write it (full width, spaces, dashes, +86).

    Raises:
        PhoneUnusable: anything else.
    """
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", written))
    found = _PHONE.match(digits)
    if not found:
        raise PhoneUnusable(phone=written[:20])
    return found[1]


def clean_name(written: str) -> str:
    """A name without spaces, its middle dot in one form (宝音·朝克图).

    Raises:
        NameUnusable: not 2 to 20 Chinese characters.
    """
    name = re.sub(r"\s", "", unicodedata.normalize("NFKC", written))
    name = re.sub(r"[·•・.‧∙]", "·", name)
    if not _NAME.match(name):
        raise NameUnusable(name=written[:20])
    return name


class Member(Base):
    """One person on an organisation's roster."""

    __tablename__ = "members"
    __table_args__ = (
        Index(
            "uq_members_phone_mark",
            "phone_mark",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_members_name_mark", "name_mark"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    name_mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    @classmethod
    def enrol(cls, *, name: str, phone: str, organisation_id: int, vault: Vault, now: datetime) -> Member:
        """A new member of an organisation. Refuses a name or phone that cannot be one."""
        name, phone = clean_name(name), clean_phone(phone)
        return cls(
            organisation_id=organisation_id,
            name_sealed=vault.seal(name, "member.name"),
            name_mark=vault.mark(name, "member.name"),
            phone_sealed=vault.seal(phone, "member.phone"),
            phone_mark=vault.mark(phone, "member.phone"),
            joined_at=now,
            left_at=None,
        )

    def correct(self, *, name: str, organisation_id: int, vault: Vault) -> None:
        """Puts the name or the organisation right, as a newer roster has it."""
        name = clean_name(name)
        if self.name(vault) != name:
            self.name_sealed = vault.seal(name, "member.name")
            self.name_mark = vault.mark(name, "member.name")
        self.organisation_id = organisation_id

    def renew_phone(self, phone: str, vault: Vault) -> None:
        """The person has another number now. Refuses one that cannot be one."""
        phone = clean_phone(phone)
        self.phone_sealed = vault.seal(phone, "member.phone")
        self.phone_mark = vault.mark(phone, "member.phone")

    def name(self, vault: Vault) -> str:
        """The name in the clear."""
        return vault.open(self.name_sealed, "member.name")

    def phone(self, vault: Vault) -> str:
        """The phone in the clear: only for those with a right to it."""
        return vault.open(self.phone_sealed, "member.phone")

    def is_called(self, name: str, vault: Vault) -> bool:
        """Whether that is this member's name."""
        return self.name_mark in vault.marks(clean_name(name), "member.name")


class RosterLine(msgspec.Struct, frozen=True):
    """As much of a member as comparing rosters needs: nothing in the clear."""

    id: int
    organisation_id: int
    name_mark: bytes
    phone_mark: bytes


_PHONE_OF = Lean(select(Member.phone_sealed).where(Member.id == bindparam("member_id")))


class Members:
    """The roster."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, member: Member) -> Member:
        """Puts a new member on the roster."""
        self._unit.session.add(member)
        self._unit.session.flush()
        return member

    def add_all(self, members: Sequence[Member]) -> list[int]:
        """Puts many new members on the roster; gives their ids in the same order."""
        return put_on_file(self._unit, members)

    def roster(self) -> list[RosterLine]:
        """Everybody on the roster."""
        query = select(Member.id, Member.organisation_id, Member.name_mark, Member.phone_mark).where(
            Member.left_at.is_(None)
        )
        return [
            RosterLine(row[0], row[1], bytes(row[2]), bytes(row[3]))
            for row in self._unit.connection.execute(query)
        ]

    def get_all(self, member_ids: Iterable[int]) -> list[Member]:
        """The members of those ids."""
        ids = list(member_ids)
        found: list[Member] = []
        for start in range(0, len(ids), 500):
            query = select(Member).where(Member.id.in_(ids[start : start + 500]))
            found.extend(self._unit.session.scalars(query))
        return found

    def get(self, member_id: int) -> Member | None:
        """The member of that id, or None."""
        return self._unit.session.get(Member, member_id)

    def phone_of(self, member_id: int) -> str:
        """The phone of that member in the clear, empty where there is no such member: only for those with a right to it."""
        rows = _PHONE_OF.run(self._unit, {"member_id": member_id})
        return self._unit.vault.open(rows[0][0], "member.phone") if rows else ""

    def with_phone(self, phone: str) -> Member | None:
        """The member on the roster with that phone, or None."""
        marks = self._unit.vault.marks(clean_phone(phone), "member.phone")
        return self._unit.session.scalar(
            select(Member).where(Member.phone_mark.in_(marks), Member.left_at.is_(None))
        )

    def renew_phone(self, member_id: int, phone: str) -> None:
        """Writes down somebody's new number. Refuses one that is somebody else's, or none (``PhoneUnusable``)."""
        other = self.with_phone(phone)
        if other is not None and other.id != member_id:
            raise PhoneTaken(phone=clean_phone(phone))
        self._unit.session.get_one(Member, member_id).renew_phone(phone, self._unit.vault)
        self._unit.session.flush()

    def named(self, name: str, organisation_id: int) -> list[Member]:
        """Members of one organisation who bear that name."""
        marks = self._unit.vault.marks(clean_name(name), "member.name")
        return list(
            self._unit.session.scalars(
                select(Member).where(
                    Member.name_mark.in_(marks),
                    Member.organisation_id == organisation_id,
                    Member.left_at.is_(None),
                )
            )
        )

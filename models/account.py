"""账号: who may sign in to the web admin, and in which capacity."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError
from models.remit import RoleOnFile, Span, account_roles


class AccountUnknown(DomainError):
    """There is no such account."""


class AccountNameUnusable(DomainError):
    """Not a name that can be typed at the sign-in."""


class AccountNameTaken(DomainError):
    """There is an account of that name already."""


class AccountRoleUnknown(DomainError):
    """There is no such role."""


class ScopeUnusable(DomainError):
    """The role is held of an organisation or a consortium, and none was named, or one that is not on file."""


class DateUnusable(DomainError):
    """Not a day, or one that is over."""


class OwnAccount(DomainError):
    """Nobody changes their own rights, or takes the account away that they work with."""


class LastAccount(DomainError):
    """Without it nobody could manage accounts any more."""


_NAME: Final = re.compile(r"^[a-z0-9\u3400-\u9fff][a-z0-9\u3400-\u9fff._·-]{1,39}$")


def clean_account_name(written: str) -> str:
    """The name as it is kept: one width, small letters.

    Raises:
        AccountNameUnusable: not 2 to 40 letters, digits, Chinese characters, or ``._-`` between them.
    """
    name = unicodedata.normalize("NFKC", written).strip().casefold()
    if not _NAME.match(name):
        raise AccountNameUnusable(name=written[:20])
    return name


class Account(Base):
    """Somebody who may sign in. Rights stand in their grants."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    """argon2id in its own notation, parameters and salt included."""
    must_change: Mapped[bool]
    """Somebody else knows the password: another one is to be chosen first of all."""
    password_at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """The member whose account it is, where that is known."""
    edition: Mapped[int]
    """Counts changes of rights and password: a session of an older edition gets a new token."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @classmethod
    def open(
        cls, *, name: str, password_hash: str, must_change: bool, member_id: int | None, now: datetime
    ) -> Account:
        """A new account without any rights yet. Refuses a name that cannot be one."""
        return cls(
            name=clean_account_name(name),
            password_hash=password_hash,
            must_change=must_change,
            password_at=now,
            member_id=member_id,
            edition=1,
            created_at=now,
            disabled_at=None,
        )

    def set_password(self, password_hash: str, *, must_change: bool, now: datetime) -> None:
        """Another password from now on. ``must_change``: somebody else chose it."""
        self.password_hash, self.must_change, self.password_at = password_hash, must_change, now
        self.edition += 1

    def rehash(self, password_hash: str) -> None:
        """The same password, hashed by newer parameters."""
        self.password_hash = password_hash

    def rights_changed(self) -> None:
        """Its rights are others now."""
        self.edition += 1

    def disable(self, now: datetime) -> None:
        """Nobody signs in with it any more; it stays on file, because the audit names it."""
        if self.disabled_at is None:
            self.disabled_at = now
        self.edition += 1

    def enable(self) -> None:
        """It may be signed in with again."""
        self.disabled_at = None
        self.edition += 1


class Grant(Base):
    """授权: that an account holds a role, of what, from when until when."""

    __tablename__ = "account_grants"
    __table_args__ = (Index("ix_account_grants_account_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    consortium_id: Mapped[int | None] = mapped_column(ForeignKey("consortia.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    """The last day; None: until it is taken back."""

    @classmethod
    def give(
        cls,
        *,
        account_id: int,
        role: str,
        organisation_id: int | None,
        consortium_id: int | None,
        since: date,
        until: date | None,
    ) -> Grant:
        """A new grant.

        Raises:
            AccountRoleUnknown: no such role.
            ScopeUnusable: the role needs another kind of scope than the one given.
        """
        on_file = role_named(role)
        given = {
            Span.WHOLE: organisation_id is None and consortium_id is None,
            Span.ORGANISATION: organisation_id is not None and consortium_id is None,
            Span.CONSORTIUM: organisation_id is None and consortium_id is not None,
        }
        if not given[on_file.scope]:
            raise ScopeUnusable(role=on_file.label)
        return cls(
            account_id=account_id,
            role=role,
            organisation_id=organisation_id,
            consortium_id=consortium_id,
            since=since,
            until=until,
        )

    def ends(self, on: date) -> None:
        """It is held until the day before ``on``; the grant stays on file."""
        self.until = date.fromordinal(on.toordinal() - 1)

    def holds(self, on: date) -> bool:
        """Whether it is held on a day."""
        return self.since <= on and (self.until is None or self.until >= on)


def role_named(name: str) -> RoleOnFile:
    """The role of that name. Raises AccountRoleUnknown."""
    found = account_roles().get(name)
    if found is None:
        raise AccountRoleUnknown(role=name[:20])
    return found

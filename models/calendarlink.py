"""日历订阅的网址: secret links under which an organisation's officers see its calendar on their phones.

A link is somebody's own and holds as long as they hold a post in the organisation: a calendar that was subscribed to
must not outlive the right to see it. What is kept is a keyed hash to find it by, and a seed from which whoever holds
the key can say the link once more; neither tells it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import ForeignKey, Index, LargeBinary, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError
from models.person import Person

if TYPE_CHECKING:
    from models.store import Unit

_PURPOSE: Final = "calendar.link"
_SEED: Final = 32  # bytes; the secret that follows from it has as many


class CalendarNotYours(DomainError):
    """Only who holds a post in an organisation has its calendar."""


class CalendarLink(Base):
    """One link: one officer's way to one organisation's calendar."""

    __tablename__ = "calendar_links"
    __table_args__ = (
        Index(
            "uq_calendar_links_one_living",
            "organisation_id",
            "member_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    mark: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """The look-up hash of the secret."""
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @classmethod
    def make(
        cls, *, organisation_id: int, member_id: int, seed: bytes, mark: bytes, now: datetime
    ) -> CalendarLink:
        """A link that holds from now on."""
        return cls(
            organisation_id=organisation_id,
            member_id=member_id,
            seed=seed,
            mark=mark,
            created_at=now,
            revoked_at=None,
        )

    def revoke(self, now: datetime) -> None:
        """It leads nowhere any more."""
        self.revoked_at = now


class CalendarLinks:
    """All links."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def give(self, organisation_id: int, *, by: Person, now: datetime) -> str:
        """The secret of the asker's link; the same as before as long as it holds.

        Raises:
            CalendarNotYours: they hold no post in the organisation.
        """
        self.allow(organisation_id, by, now)
        link = self._living(organisation_id, by.member_id)
        if link is not None:
            if (secret := self._secret(link)) is not None:
                return secret
            link.revoke(now)  # made under a key that nobody has any more
        return self._make(organisation_id, by, now)

    def renew(self, organisation_id: int, *, by: Person, now: datetime) -> str:
        """Another secret; the old one leads nowhere any more. Raises CalendarNotYours."""
        self.allow(organisation_id, by, now)
        self._revoke(organisation_id, by, now)
        return self._make(organisation_id, by, now)

    def revoke(self, organisation_id: int, *, by: Person, now: datetime) -> bool:
        """The asker's link leads nowhere any more. Whether there was one. Anybody may give up what is theirs."""
        return self._revoke(organisation_id, by, now)

    def organisation_of(self, secret: str, now: datetime) -> int | None:
        """Whose calendar a secret opens now; None: nobody's."""
        marks = self._unit.vault.marks(secret, _PURPOSE)
        query = select(CalendarLink).where(CalendarLink.mark.in_(marks), CalendarLink.revoked_at.is_(None))
        for link in self._unit.session.scalars(query):
            known = any(hmac.compare_digest(link.mark, mark) for mark in marks)
            if known and self._holds_post(link.organisation_id, link.member_id, now):
                return link.organisation_id
        return None

    def allow(self, organisation_id: int, by: Person, now: datetime) -> None:
        """Raises CalendarNotYours for whoever holds no post in the organisation."""
        if not self._holds_post(organisation_id, by.member_id, now):
            raise CalendarNotYours()

    def _holds_post(self, organisation_id: int, member_id: int, now: datetime) -> bool:
        return organisation_id in self._unit.organisations.offices_of(member_id, now)

    def _living(self, organisation_id: int, member_id: int) -> CalendarLink | None:
        query = select(CalendarLink).where(
            CalendarLink.organisation_id == organisation_id,
            CalendarLink.member_id == member_id,
            CalendarLink.revoked_at.is_(None),
        )
        return self._unit.session.scalar(query)

    def _revoke(self, organisation_id: int, by: Person, now: datetime) -> bool:
        link = self._living(organisation_id, by.member_id)
        if link is None:
            return False
        link.revoke(now)
        self._unit.session.flush()
        return True

    def _secret(self, link: CalendarLink) -> str | None:
        vault = self._unit.vault
        for secret in vault.secrets(link.seed, _PURPOSE):
            if any(hmac.compare_digest(link.mark, mark) for mark in vault.marks(secret, _PURPOSE)):
                return secret
        return None

    def _make(self, organisation_id: int, by: Person, now: datetime) -> str:
        seed = secrets.token_bytes(_SEED)
        secret = self._unit.vault.secrets(seed, _PURPOSE)[0]
        link = CalendarLink.make(
            organisation_id=organisation_id,
            member_id=by.member_id,
            seed=seed,
            mark=self._unit.vault.mark(secret, _PURPOSE),
            now=now,
        )
        self._unit.session.flush()  # the one before it has to be out of the way
        self._unit.session.add(link)
        self._unit.session.flush()
        return secret

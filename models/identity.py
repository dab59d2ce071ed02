"""微信身份: who is behind an openid, what they agreed to, and requests to be recognised."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, LargeBinary, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, DomainError, Happening
from models.member import clean_name, clean_phone
from models.vault import Vault

if TYPE_CHECKING:
    from models.store import Unit

CONSENT_VERSION = "2026-11"
"""Which wording of the notice people agree to; a new wording gets a new version."""


class AlreadyBound(DomainError):
    """This WeChat belongs to somebody already."""


class RequestSettled(DomainError):
    """Somebody decided on this request before."""


class RequestUnknown(DomainError):
    """There is no such request, or it is not for this officer to decide."""


class BindingAsked(Happening, frozen=True, kw_only=True):
    """Somebody whom the roster does not know wants to be recognised."""

    request: int
    name: str
    phone: str
    organisation_id: int


class BindingDecided(Happening, frozen=True, kw_only=True):
    """A liaison officer decided."""

    request: int
    openid: str
    name: str
    organisation: str
    approved: bool


class Identity(Base):
    """One WeChat user of the account."""

    __tablename__ = "identities"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    subscribed: Mapped[bool] = mapped_column(default=True)
    scene: Mapped[str] = mapped_column(String(64), default="")
    consent: Mapped[str] = mapped_column(String(20), default="")
    consent_at: Mapped[datetime | None]
    bound_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    last_message_at: Mapped[datetime | None]
    """When the person last wrote: opens the customer-service window for 48 hours."""
    last_gesture_at: Mapped[datetime | None]
    """When the person last tapped the menu, scanned or followed: opens it for one minute."""
    sends_left: Mapped[int] = mapped_column(default=0)
    """How many customer-service messages the window still allows."""

    @classmethod
    def meet(cls, openid: str, now: datetime) -> Identity:
        """Somebody who is seen for the first time."""
        return cls(
            openid=openid,
            member_id=None,
            subscribed=True,
            scene="",
            consent="",
            consent_at=None,
            bound_at=None,
            first_seen_at=now,
            last_message_at=None,
            last_gesture_at=None,
            sends_left=0,
        )

    def agree(self, now: datetime) -> None:
        """The person agrees to the notice in its present wording."""
        self.consent, self.consent_at = CONSENT_VERSION, now

    def bind(self, member_id: int, now: datetime) -> None:
        """This WeChat is that member's from now on. Refuses where it is somebody else's."""
        if self.member_id is not None and self.member_id != member_id:
            raise AlreadyBound()
        self.member_id, self.bound_at = member_id, now

    def unbind(self) -> None:
        """This WeChat is nobody's any more."""
        self.member_id, self.bound_at = None, None

    def come_by(self, scene: str) -> None:
        """Remembers which QR code brought the person here."""
        self.scene = scene[:64]

    def follow(self) -> None:
        """The person follows the account (again)."""
        self.subscribed = True

    def leave(self) -> None:
        """The person follows no more: the platform asks that what is known of them here be removed."""
        self.subscribed, self.scene, self.consent, self.consent_at = False, "", "", None
        self.unbind()


class RequestState(enum.StrEnum):
    """Where a request to be recognised stands."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class BindingRequest(Base):
    """待确认的绑定: somebody gives name, phone and branch; the branch's liaison officer says yes or no."""

    __tablename__ = "binding_requests"
    __table_args__ = (
        Index(
            "uq_binding_requests_open",
            "openid",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    openid: Mapped[str] = mapped_column(ForeignKey("identities.openid"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    @classmethod
    def ask(
        cls, *, openid: str, name: str, phone: str, organisation_id: int, vault: Vault, now: datetime
    ) -> BindingRequest:
        """A new request. Refuses a name or phone that cannot be one."""
        return cls(
            openid=openid,
            organisation_id=organisation_id,
            name_sealed=vault.seal(clean_name(name), "request.name"),
            phone_sealed=vault.seal(clean_phone(phone), "request.phone"),
            state=RequestState.OPEN.value,
            asked_at=now,
            decided_at=None,
            decided_by_id=None,
        )

    def decide(self, *, approved: bool, by_id: int | None, now: datetime) -> None:
        """Settles the request. Refuses to settle it twice."""
        if self.state != RequestState.OPEN.value:
            raise RequestSettled(number=self.id)
        self.state = (RequestState.APPROVED if approved else RequestState.REFUSED).value
        self.decided_by_id, self.decided_at = by_id, now

    def name(self, vault: Vault) -> str:
        """The name that was given."""
        return vault.open(self.name_sealed, "request.name")

    def phone(self, vault: Vault) -> str:
        """The phone that was given."""
        return vault.open(self.phone_sealed, "request.phone")


class Identities:
    """Everybody who ever wrote, and their requests."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of(self, openid: str) -> Identity:
        """The identity behind an openid. It exists: whoever writes is put on file before anything else."""
        found = self._unit.session.get(Identity, openid)
        if found is None:
            raise LookupError("no identity on file")
        return found

    def ask(self, request: BindingRequest) -> BindingRequest:
        """Puts a request on file; an open one of the same person is replaced."""
        earlier = self._unit.session.scalar(
            select(BindingRequest).where(
                BindingRequest.openid == request.openid, BindingRequest.state == RequestState.OPEN.value
            )
        )
        if earlier is not None:
            self._unit.session.delete(earlier)
            self._unit.session.flush()
        self._unit.session.add(request)
        self._unit.session.flush()
        self._unit.tell(
            BindingAsked(
                request=request.id,
                name=request.name(self._unit.vault),
                phone=request.phone(self._unit.vault),
                organisation_id=request.organisation_id,
            )
        )
        return request

    def request(self, number: int, *, decided_by: frozenset[int]) -> BindingRequest:
        """The request of that number, if it lies with one of these organisations. Else RequestUnknown."""
        found = self._unit.session.get(BindingRequest, number)
        if found is None or found.organisation_id not in decided_by:
            raise RequestUnknown(number=number)
        return found

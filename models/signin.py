"""登录: who tried to sign in from where, how long one has to wait after wrong passwords, and who is signed in."""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.account import Account, AccountNameUnusable, AccountUnknown, clean_account_name
from models.base import Base
from models.remit import account_rules

if TYPE_CHECKING:
    from models.store import Unit


class Try(enum.StrEnum):
    """What an attempt came to."""

    BEGUN = "begun"  # counts as a wrong password until it is known to be right
    WRONG = "wrong"
    PAUSED = "paused"  # not looked at: too many wrong ones before
    DISABLED = "disabled"  # the password was right, the account is disabled
    IN = "in"


_FAILED: Final = (Try.BEGUN.value, Try.WRONG.value)
_TOKEN: Final = 32  # bytes: 256 bits
_AT_ONCE: Final = 50
"""Old rows that one attempt takes away."""
_SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a session was last used: not every page is worth a write."""


class SignIn(Base):
    """One attempt to sign in, or to prove a password again. What was typed as a name is kept only as a hash."""

    __tablename__ = "account_signins"
    __table_args__ = (
        Index("ix_account_signins_name_mark_at", "name_mark", "at"),
        Index("ix_account_signins_address_at", "address", "at"),
        Index("ix_account_signins_account_id_at", "account_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name_mark: Mapped[bytes] = mapped_column(LargeBinary(32))
    """People type passwords into the field for the name."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20))

    @classmethod
    def attempt(
        cls,
        *,
        name_mark: bytes,
        account_id: int | None,
        address: str,
        agent: str,
        outcome: Try,
        now: datetime,
    ) -> SignIn:
        """A new attempt."""
        return cls(
            name_mark=name_mark,
            account_id=account_id,
            at=now,
            address=address[:45],
            agent=agent[:200],
            outcome=outcome.value,
        )

    def settle(self, outcome: Try) -> None:
        """What it came to."""
        self.outcome = outcome.value


class AdminSession(Base):
    """Somebody who is signed in, in one browser. The token itself is only in that browser."""

    __tablename__ = "account_sessions"
    __table_args__ = (Index("ix_account_sessions_account_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_mark: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    edition: Mapped[int]
    """The account's edition that the token was given out at."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]

    def hand_over(self, token_mark: bytes, edition: int) -> None:
        """Another token for the same session: the old one is worth nothing from now on."""
        self.token_mark, self.edition = token_mark, edition

    def see(self, now: datetime) -> None:
        """It was used."""
        self.seen_at = now

    def end(self, now: datetime) -> None:
        """Signed out."""
        if self.ended_at is None:
            self.ended_at = now

    def alive(self, now: datetime) -> bool:
        """Whether it still holds: not ended, not idle for too long, not too old."""
        idle = timedelta(minutes=account_rules()["session"]["idle_minutes"])
        return self.ended_at is None and now < self.expires_at and now - self.seen_at < idle

    def wants_seeing(self, now: datetime) -> bool:
        """Whether it is time to write down that it is in use."""
        return now - self.seen_at >= _SEEN_EVERY


class Attempt(msgspec.Struct, frozen=True):
    """An attempt that was written down and is to be decided."""

    id: int
    account_id: int | None
    kept: str | None
    """The hash to compare with; None: no such account, and nobody may notice."""
    pause: timedelta
    """How long nobody looks at a password for this name or from this address; none: it is looked at now."""


def new_token() -> str:
    """A fresh random token: 256 bits."""
    return secrets.token_urlsafe(_TOKEN)


def form_mark(token: str) -> str:
    """What every form of a session carries so that no other site can send it: follows from the token, one way only."""
    return urlsafe_b64encode(hmac.digest(token.encode(), b"form", hashlib.sha256)).decode().rstrip("=")


def pause_after(failures: int, free: int) -> timedelta:
    """How long to wait after so many wrong ones, of which ``free`` cost nothing."""
    if failures < free:
        return timedelta()
    rules = account_rules()["tries"]
    doubled = rules["first_pause_s"] * 2 ** min(failures - free, 20)
    return timedelta(seconds=min(doubled, rules["longest_pause_s"]))


class SignIns:
    """All attempts, and who is signed in."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- trying

    def begin(self, name: str, *, address: str, agent: str, now: datetime) -> Attempt:
        """Writes down an attempt before the password is looked at: of many at once, each counts for the others."""
        account = self._named(name)
        mark = self._mark(name)
        pause = self._pause(mark, address, now)
        if pause and self._noted_lately(mark, address, now):
            return Attempt(0, None, None, pause)
        attempt = SignIn.attempt(
            name_mark=mark,
            account_id=account.id if account is not None else None,
            address=address,
            agent=agent,
            outcome=Try.PAUSED if pause else Try.BEGUN,
            now=now,
        )
        self._unit.session.add(attempt)
        self._unit.session.flush()
        self._forget_old(now)
        return Attempt(
            attempt.id,
            account.id if account is not None else None,
            account.password_hash if account is not None else None,
            pause,
        )

    def settle(self, attempt: Attempt, *, fits: bool) -> Account | None:
        """Writes down what an attempt came to; the account, if one may work with it now."""
        row = self._unit.session.get(SignIn, attempt.id)
        account = None if attempt.account_id is None else self._unit.session.get(Account, attempt.account_id)
        # Should the password have been changed while it was compared, the old one is wrong by now.
        fits = fits and account is not None and account.password_hash == attempt.kept
        outcome = Try.WRONG
        if fits and account is not None:
            outcome = Try.IN if account.disabled_at is None else Try.DISABLED
        if row is not None:
            row.settle(outcome)
        return account if outcome is Try.IN else None

    def history(self, account_id: int, limit: int = 50, offset: int = 0) -> list[SignIn]:
        """The attempts with one account's name, the newest first."""
        query = (
            select(SignIn)
            .where(SignIn.account_id == account_id)
            .order_by(SignIn.at.desc(), SignIn.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return list(self._unit.session.scalars(query))

    def forgive(self, account: Account) -> None:
        """Wrong passwords so far are forgotten: whoever waits need not wait any longer."""
        self._unit.session.execute(
            update(SignIn)
            .where(
                SignIn.name_mark.in_(self._unit.vault.marks(account.name, "account.name")),
                SignIn.outcome.in_(_FAILED),
            )
            .values(outcome=Try.PAUSED.value)
        )

    def _named(self, name: str) -> Account | None:
        try:
            return self._unit.accounts.named(name)
        except (AccountNameUnusable, AccountUnknown):
            return None

    def _mark(self, name: str) -> bytes:
        try:
            name = clean_account_name(name)
        except AccountNameUnusable:
            name = name[:200]
        return self._unit.vault.mark(name, "account.name")

    def _pause(self, mark: bytes, address: str, now: datetime) -> timedelta:
        rules = account_rules()["tries"]
        since = now - timedelta(hours=rules["window_hours"])
        last_in = (
            select(func.max(SignIn.at))
            .where(SignIn.name_mark == mark, SignIn.outcome == Try.IN.value, SignIn.at > since)
            .scalar_subquery()
        )
        of_name = select(func.count(), func.max(SignIn.at)).where(
            SignIn.name_mark == mark,
            SignIn.at > since,
            SignIn.outcome.in_(_FAILED),
            SignIn.at > func.coalesce(last_in, since),
        )
        # One's own success takes nothing back here: else it would pay for the next twenty guesses.
        of_address = select(func.count(), func.max(SignIn.at)).where(
            SignIn.address == address[:45], SignIn.at > since, SignIn.outcome.in_(_FAILED)
        )
        longest = timedelta()
        for query, free in ((of_name, rules["per_name"]), (of_address, rules["per_address"])):
            count, last = self._unit.session.execute(query).one()
            if last is not None:
                longest = max(longest, last + pause_after(count, free) - now)
        return max(longest, timedelta())

    def _noted_lately(self, mark: bytes, address: str, now: datetime) -> bool:
        """Whether it is on file already that somebody goes on trying: no flood of rows."""
        query = select(SignIn.id).where(
            SignIn.name_mark == mark,
            SignIn.address == address[:45],
            SignIn.outcome == Try.PAUSED.value,
            SignIn.at > now - _SEEN_EVERY,
        )
        return self._unit.session.scalar(query.limit(1)) is not None

    def _forget_old(self, now: datetime) -> None:
        """Takes a few rows away that nobody needs to know of any more: the oldest ones have the smallest numbers."""
        kept = timedelta(days=account_rules()["tries"]["kept_days"])
        for table, moment in ((SignIn, SignIn.at), (AdminSession, AdminSession.expires_at)):
            oldest = select(table.id).order_by(table.id).limit(_AT_ONCE)
            self._unit.session.execute(
                delete(table).where(table.id.in_(oldest), moment < now - kept),
                execution_options={"synchronize_session": False},
            )

    # ---- being signed in

    def enter(self, account: Account, *, hours: int, address: str, agent: str, now: datetime) -> str:
        """Signs somebody in; gives the token for the browser. ``hours``: the longest that it may last."""
        token = new_token()
        self._unit.session.add(
            AdminSession(
                token_mark=self._token_mark(token),
                account_id=account.id,
                edition=account.edition,
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(hours=hours),
                address=address[:45],
                agent=agent[:200],
                ended_at=None,
            )
        )
        self._unit.session.flush()
        return token

    def known(self, token: str, now: datetime) -> tuple[AdminSession, Account] | None:
        """Whose token that is, if it still holds."""
        if not 20 <= len(token) <= 100:
            return None
        query = (
            select(AdminSession, Account)
            .join(Account, Account.id == AdminSession.account_id)
            .where(
                AdminSession.token_mark.in_(self._unit.vault.marks(token, "account.session")),
                Account.disabled_at.is_(None),
            )
        )
        found = self._unit.session.execute(query).first()
        return (found[0], found[1]) if found is not None and found[0].alive(now) else None

    def renew(self, session: AdminSession, account: Account) -> str:
        """Another token for a session whose account changed; gives it."""
        token = new_token()
        session.hand_over(self._token_mark(token), account.edition)
        return token

    def end(self, session_id: int, now: datetime) -> None:
        """Signs one browser out."""
        session = self._unit.session.get(AdminSession, session_id)
        if session is not None:
            session.end(now)

    def live(self, account_id: int, now: datetime) -> list[AdminSession]:
        """Where an account is signed in now, the last used first."""
        query = (
            select(AdminSession)
            .where(
                AdminSession.account_id == account_id,
                AdminSession.ended_at.is_(None),
                AdminSession.expires_at > now,
            )
            .order_by(AdminSession.seen_at.desc())
        )
        return [session for session in self._unit.session.scalars(query) if session.alive(now)]

    def end_all(self, account_id: int, now: datetime, *, but: int | None = None) -> int:
        """Signs an account out everywhere; ``but``: the session that stays. Gives how many were ended."""
        live = [session for session in self.live(account_id, now) if session.id != but]
        for session in live:
            session.end(now)
        return len(live)

    def _token_mark(self, token: str) -> bytes:
        return self._unit.vault.mark(token, "account.session")

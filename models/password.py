"""密码: how passwords are judged, kept and compared. Slow on purpose: nothing here belongs on the event loop."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from models.base import DomainError
from models.remit import account_rules

if TYPE_CHECKING:
    from argon2 import PasswordHasher


class PasswordTooShort(DomainError):
    """Fewer characters than asked for."""


class PasswordTooLong(DomainError):
    """More characters than anybody types."""


class PasswordGuessable(DomainError):
    """One of those that everybody tries first, or made of the account's own name or one character."""


class PasswordsDiffer(DomainError):
    """The two new ones differ, or the new one is the old one."""


class PasswordWrong(DomainError):
    """Not the password of today."""


class TryLater(DomainError):
    """Too many wrong ones: nobody looks at another before the pause is over."""


_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else: it is read out on the telephone."""
_ALIKE: Final = 3
"""Fewer different characters than this are no password, however long."""


def check_password(password: str, name: str) -> None:
    """Refuses a password that is too short, too long, or easily guessed for the account ``name``."""
    rules = account_rules()["password"]
    plain = _plain(password)
    if len(plain) < rules["shortest"]:
        raise PasswordTooShort(least=rules["shortest"])
    if len(plain) > rules["longest"]:
        raise PasswordTooLong(most=rules["longest"])
    folded = plain.casefold()
    named = len(name) >= 3 and len(folded.replace(name.casefold(), "")) < rules["shortest"] // 2
    if folded in rules["bad"] or len(set(folded)) < _ALIKE or named or _counts(folded):
        raise PasswordGuessable()


def _counts(text: str) -> bool:
    """Whether every character is the one after, or before, the one before it."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def hash_password(password: str) -> str:
    """What is kept of a password: argon2id with a salt of its own. Takes some hundredths of a second."""
    return _hasher().hash(_plain(password))


def password_fits(password: str, kept: str | None) -> bool:
    """Whether that is the password. With nothing kept (an unknown name) it takes as long as a wrong one."""
    from argon2.exceptions import InvalidHashError, VerificationError

    # Nobody may learn from the time that it takes whether there is such an account.
    try:
        fits = _hasher().verify(kept or _nobody(), _plain(password)[:512])
    except (VerificationError, InvalidHashError):
        return False
    return fits and kept is not None


def hashed_otherwise(kept: str) -> bool:
    """Whether a password was hashed by other parameters than today's."""
    return _hasher().check_needs_rehash(kept)


def random_password() -> str:
    """A password to be handed over once and then changed: twelve characters in three groups, 59 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


def _plain(password: str) -> str:
    return unicodedata.normalize("NFC", password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # a native library: whoever never signs in need not load it

    rules = account_rules()["hash"]
    return PasswordHasher(
        time_cost=rules["rounds"], memory_cost=rules["memory_kib"], parallelism=rules["lanes"]
    )


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher().hash(secrets.token_urlsafe())

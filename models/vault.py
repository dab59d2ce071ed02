"""The vault: personal data sealed with AES-GCM, and keyed hashes to find it by.

Three keys are derived from the one in the settings (HKDF-SHA-256): one seals, one makes the look-up hashes, one turns
seeds into secrets.
With a previous key given, what it sealed can still be opened and found, so that keys can be changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12  # bytes, the size that GCM is defined for (NIST SP 800-38D)
_KEY_ID = 4


class CannotOpen(Exception):
    """What was sealed cannot be opened: another key, or somebody changed it."""


class _Keys:
    def __init__(self, key: bytes) -> None:
        self.seal = AESGCM(_derive(key, b"seal"))
        self.hash = _derive(key, b"hash")
        self.secret = _derive(key, b"secret")
        self.id = hashlib.sha256(_derive(key, b"id")).digest()[:_KEY_ID]


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"shouqianshou " + purpose).derive(key)


def new_key() -> str:
    """A fresh random key as it is written into the settings: 32 bytes in base64."""
    return base64.b64encode(os.urandom(32)).decode()


class Vault:
    """Seals, opens, and hashes for look-up."""

    def __init__(self, key: str, previous: str = "") -> None:
        """``key``, ``previous``: 32 bytes each in base64, as in the settings."""
        self._keys = [_Keys(base64.b64decode(each)) for each in (key, previous) if each]
        self._by_id = {keys.id: keys for keys in self._keys}

    def seal(self, plain: str, purpose: str) -> bytes:
        """``plain`` so that only this vault can read it; ``purpose`` (``member.name``) must be the same at opening."""
        keys = self._keys[0]
        nonce = os.urandom(_NONCE)
        return keys.id + nonce + keys.seal.encrypt(nonce, plain.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """What ``seal`` was given. Raises CannotOpen for another key, another purpose or changed bytes."""
        keys = self._by_id.get(bytes(sealed[:_KEY_ID]))
        if keys is None:
            raise CannotOpen(purpose)
        try:
            nonce = sealed[_KEY_ID : _KEY_ID + _NONCE]
            return keys.seal.decrypt(nonce, sealed[_KEY_ID + _NONCE :], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be anything that was sealed
            raise CannotOpen(purpose) from error

    def mark(self, plain: str, purpose: str) -> bytes:
        """The look-up hash under the current key: equal for equal text, meaningless without the key."""
        return self._mark(self._keys[0], plain, purpose)

    def marks(self, plain: str, purpose: str) -> list[bytes]:
        """The look-up hashes under every known key, the current one first: what to search for."""
        return [self._mark(keys, plain, purpose) for keys in self._keys]

    def secrets(self, seed: bytes, purpose: str) -> list[str]:
        """The secrets that a random seed stands for, under every known key, the current one first: 43 letters each.

        256 bits. The seed may lie about: without the key it says nothing of them.
        """
        return [
            base64.urlsafe_b64encode(hmac.digest(keys.secret, purpose.encode() + b"\0" + seed, "sha256"))
            .decode()
            .rstrip("=")
            for keys in self._keys
        ]

    def sign(self, plain: str, purpose: str) -> bytes:
        """A proof that somebody with the current key said ``plain``; carries which key it was."""
        keys = self._keys[0]
        return keys.id + self._mark(keys, plain, purpose)

    def signed(self, plain: str, purpose: str, signature: bytes) -> bool | None:
        """Whether that is what was signed; None: with a key that is no longer known."""
        keys = self._by_id.get(bytes(signature[:_KEY_ID]))
        if keys is None:
            return None
        return hmac.compare_digest(self._mark(keys, plain, purpose), bytes(signature[_KEY_ID:]))

    @staticmethod
    def _mark(keys: _Keys, plain: str, purpose: str) -> bytes:
        return hmac.new(keys.hash, f"{purpose}\0{plain}".encode(), hashlib.sha256).digest()


def mask_name(name: str) -> str:
    """The surname and as many stars as given names: 张建国 → 张**."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_phone(phone: str) -> str:
    """The first three and last four digits: 13800001111 → 138****1111."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "*" * len(phone)


_NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{7,8}|\d{17}[\dXx])(?!\d)")


def mask_text(text: str) -> str:
    """``text`` without what looks like a telephone or identity number: a list is forwarded to people whom nobody knows."""
    return _NUMBERS.sub("（号码略）", text)

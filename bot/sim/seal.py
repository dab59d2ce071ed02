"""The platform's half of the message cipher: signatures and sealed envelopes, written from the published rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32


class SealError(Exception):
    """An envelope cannot be opened; the text says why, for the engineer who looks at the wire."""


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, as both ``signature`` and ``msg_signature`` are made."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - the platform's choice


class Seal:
    """Seals pushes for one account and opens what it answers."""

    def __init__(self, token: str, encoding_aes_key: str, app_id: str) -> None:
        """``encoding_aes_key``: the 43 characters of the platform's console."""
        self._token = token
        self._app_id = app_id
        self._key = base64.b64decode(encoding_aes_key + "=")
        if len(self._key) != 32:
            raise ValueError("the AES key must decode to 32 bytes")

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

    def sign(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The ``msg_signature`` of a sealed text."""
        return signature(self._token, timestamp, nonce, sealed)

    def close(self, plain: str) -> str:
        """The sealed text (base64) of ``plain``."""
        body = plain.encode()
        packed = os.urandom(16) + struct.pack(">I", len(body)) + body + self._app_id.encode()
        pad = _BLOCK - len(packed) % _BLOCK
        cipher = self._cipher().encryptor()
        return base64.b64encode(cipher.update(packed + bytes([pad]) * pad) + cipher.finalize()).decode()

    def open(self, sealed: str, msg_signature: str, timestamp: str, nonce: str) -> str:
        """What an envelope holds.

        Raises:
            SealError: wrong signature, not our cipher, wrong length, or another account's.
        """
        if not hmac.compare_digest(self.sign(timestamp, nonce, sealed), msg_signature):
            raise SealError("回复的 msg_signature 对不上")
        try:
            raw = base64.b64decode(sealed, validate=True)
            cipher = self._cipher().decryptor()
            packed = cipher.update(raw) + cipher.finalize()
        except ValueError as error:
            raise SealError("回复的密文解不开") from error
        pad = packed[-1] if packed else 0
        if not 1 <= pad <= _BLOCK or packed[-pad:] != bytes([pad]) * pad:
            raise SealError("回复的密文补位不对")
        packed = packed[:-pad]
        if len(packed) < 20:
            raise SealError("回复的密文太短")
        size = struct.unpack(">I", packed[16:20])[0]
        body, owner = packed[20 : 20 + size], packed[20 + size :]
        if len(body) != size:
            raise SealError("回复的密文长度不对")
        if owner != self._app_id.encode():
            raise SealError("回复里的 AppID 不是本账号")
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise SealError("回复解开后不是 UTF-8") from error

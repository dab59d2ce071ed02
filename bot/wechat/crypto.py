"""Signatures and the AES envelope of WeChat pushes.

The cipher is wechatpy's, one object per key for the life of the process. What stands around it is our own: wechatpy
compares signatures with ``!=``, takes any padding and any length field, draws the salt from ``random`` and builds
a new cipher for each message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct

from wechatpy.crypto.base import WeChatCipher

from bot.wechat.errors import NotAMessage, WrongAccount

_BLOCK = 16
_SALT = 16
_PAD_TO = 32
"""The platform pads to 32 bytes, not to AES's 16."""
_HEAD = _SALT + 4
_LENGTH = struct.Struct(">I")


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts, in hex: the platform's ``signature`` and ``msg_signature``."""
    # A query may carry lone surrogates; they must give a wrong signature, not an exception.
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass")).hexdigest()  # noqa: S324 – the platform's choice


def same(expected: str, given: str) -> bool:
    """Whether two signatures are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


class Envelope:
    """Seals and opens with one EncodingAESKey."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        """``encoding_aes_key``: the 43 characters from the console, checked by the settings."""
        self._cipher = WeChatCipher(base64.b64decode(encoding_aes_key + "="))
        self._app_id = app_id.encode()

    def open(self, sealed: str) -> bytes:
        """The message inside ``sealed`` (base64).

        Raises:
            NotAMessage: not base64, not whole blocks, wrong padding or length: damaged, or sealed with another key.
            WrongAccount: well formed, but the app id inside is not ours.
        """
        try:
            cipher_text = binascii.a2b_base64(sealed.encode("ascii"), strict_mode=True)
        except ValueError as error:  # binascii.Error and UnicodeEncodeError are both ValueErrors
            raise NotAMessage("Encrypt is not base64") from error
        if not cipher_text or len(cipher_text) % _BLOCK:
            raise NotAMessage("Encrypt is not whole blocks")
        plain: bytes = self._cipher.decrypt(cipher_text)
        pad = plain[-1]
        if not 1 <= pad <= _PAD_TO or pad > len(plain) or plain[-pad:] != bytes((pad,)) * pad:
            raise NotAMessage("wrong padding")
        end = len(plain) - pad
        if end < _HEAD:
            raise NotAMessage("the envelope is too short")
        stop = _HEAD + _LENGTH.unpack_from(plain, _SALT)[0]
        if stop > end:
            raise NotAMessage("the length field says more than there is")
        if plain[stop:end] != self._app_id:
            raise WrongAccount("the envelope names another app id")
        return plain[_HEAD:stop]

    def seal(self, message: bytes) -> str:
        """``message`` as the platform wants it: salted, with length and app id, padded, encrypted, in base64."""
        body = b"".join((os.urandom(_SALT), _LENGTH.pack(len(message)), message, self._app_id))
        pad = _PAD_TO - len(body) % _PAD_TO
        sealed: bytes = self._cipher.encrypt(body + bytes((pad,)) * pad)
        return binascii.b2a_base64(sealed, newline=False).decode("ascii")

"""脱敏: what a table may say of people. Masked unless whoever asks has said that they want it in the clear."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from models.case import Behalf
from models.ledgers.words import remark
from models.vault import CannotOpen, Vault, mask_name

_NUMBERS: Final = re.compile(
    r"(?<!\d)(?:"
    r"(?P<phone>1[3-9]\d)[- ]?\d{4}[- ]?(?P<end>\d{4})"  # a mobile number, in one piece or in three
    r"|(?P<area>0\d{2,3})[- ]?\d{7,8}"  # a landline
    r"|(?P<birth>\d{6})\d{11}[\dXx]"  # an identity card: never asked for, but people write what they write
    r")(?!\d)"
)


class Veil:
    """Masks names and numbers, or lets them through."""

    def __init__(self, vault: Vault, *, masked: bool) -> None:
        self._vault = vault
        self.masked = masked
        # The same few thousand people stand in row after row.
        self._open = lru_cache(maxsize=4096)(vault.open)

    def name(self, sealed: bytes, purpose: str = "member.name") -> str:
        """Somebody's sealed name: 张**, or in the clear."""
        name = self._open(bytes(sealed), purpose)
        return mask_name(name) if self.masked else name

    def text(self, text: str, about: bytes | None = None) -> str:
        """Free text without the numbers in it and without the name of whoever wrote it (``about``, sealed)."""
        if not self.masked:
            return text
        if about is not None:
            name = self._open(bytes(about), "member.name")
            text = text.replace(name, mask_name(name))
        return _NUMBERS.sub(_starred, text)

    def matter(self, text: str, visibility: str, about: bytes | None) -> str:
        """The words of a case; those meant only for who deals with it are not told to readers of a masked table."""
        if self.masked and visibility == "handlers":
            return remark("private")
        return self.text(text, about)

    def behalf(self, sealed: bytes) -> str:
        """Whoever a case was reported for."""
        try:
            whom = msgspec.json.decode(self._vault.open(bytes(sealed), "case.behalf"), type=Behalf)
        except CannotOpen:
            return remark("sealed")
        return mask_name(whom.name) if self.masked else f"{whom.name} {whom.phone}".strip()


def _starred(found: re.Match[str]) -> str:
    if found["phone"]:
        return f"{found['phone']}****{found['end']}"
    return f"{found['area'] or found['birth']}****"

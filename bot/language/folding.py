"""Folding: one plain shape of a text, character for character, so that offsets stay true.

Full width becomes half width, traditional characters become simplified ones, capitals become small. Every
character maps to exactly one, hence a span found in the folded text is the same span of the text as written.
The pairs of characters come from OpenCC's TSCharacters table (Apache-2.0), single characters only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

LIMIT = 600
"""Characters of a message that are read for meaning; the rest is kept by the house but not classified."""

_BLANKS = "\t\r\n\v\f\u3000\xa0\u2002\u2003\u2009\u200b\ufeff"
_WIDE = (
    *range(0xFF01, 0xFF5F),
    *range(0x2460, 0x2469),
    0x3007,
    *range(0x2F00, 0x2FD6),
    *range(0xF900, 0xFA6E),
)


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    pairs = resources.files("bot.language").joinpath("data/simplified.txt").read_text("utf-8")
    for line in pairs.splitlines():
        if line and not line.startswith("#"):
            table[ord(line[0])] = line[2]
    for code in _WIDE:
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1:
            table[code] = plain.lower()
    for code in range(ord("A"), ord("Z") + 1):
        table[code] = chr(code + 32)
    for blank in _BLANKS:
        table[ord(blank)] = " "
    return table


def fold(text: str) -> str:
    """The folded text, of the same length as ``text``."""
    return text.translate(_table())


_NOISE = re.compile(r"[\s\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+")


def squeeze(folded: str) -> str:
    """A folded text without blanks, pictures and doubled punctuation: what the classifier looks at."""
    return _NOISE.sub("", folded)

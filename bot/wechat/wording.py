"""Text as the platform takes it: without what XML cannot carry, and no longer than it allows."""

from __future__ import annotations

from bot.wechat.markup import clean

TEXT_LIMIT = 2047
"""UTF-8 bytes. The platform's limit is 2,048 for a customer-service text (45002 above it); for the passive reply
there are field reports that only 2,047 arrive, so both stay below."""

_MORE = "…"


def fit(text: str, limit: int = TEXT_LIMIT) -> str:
    """``text`` cleaned, and if it is longer than ``limit`` bytes of UTF-8, cut and ended with ``…``.

    The cut falls on a line end where one is near, never inside a character or an ``<a …>`` link.
    """
    text = clean(text).strip()
    if len(text) * 4 <= limit:
        return text
    raw = text.encode()
    if len(raw) <= limit:
        return text
    kept = raw[: limit - len(_MORE.encode())].decode("utf-8", "ignore")
    opened = kept.rfind("<a ")
    if opened > kept.rfind("</a>"):
        kept = kept[:opened]
    line_end = kept.rfind("\n")
    if line_end > len(kept) // 2:
        kept = kept[:line_end]
    return kept.rstrip() + _MORE


def cdata(text: str) -> str:
    """``text`` as a CDATA section; a ``]]>`` inside is divided over two, or it would end the section early."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"

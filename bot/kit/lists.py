"""Numbered lists as they are shown on a small phone."""

from __future__ import annotations

from collections.abc import Iterable

MOST_CHOICES = 4
"""More than four choices are too many to hold in mind."""


def numbered(lines: Iterable[str]) -> str:
    """``1 first`` and so on, a line each."""
    return "\n".join(f"{position} {line}" for position, line in enumerate(lines, 1))


def shorten(text: str, most: int) -> str:
    """``text`` in one line and at most ``most`` characters, with … where something was left out."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

"""Drawings as SVG, by hand: a few bars and a diagonal need no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_INK, _PALE, _OURS, _BASE = "#333", "#ddd", "#b5261e", "#9aa5b1"
_HITS = ("Hit@1", "Hit@3", "Hit@5")


def quality(hits: Mapping[str, Sequence[float]], calibration: Sequence[tuple[float, float, int]]) -> str:
    """Hits of every list beside its baseline, and how often an intent is right at each confidence."""
    parts = []
    for row, (name, values) in enumerate(hits.items()):
        top = 50 + row * 46
        colour = _BASE if name.endswith("BM25") else _OURS
        parts.append(_text(10, top + 16, name))
        for place, (label, value) in enumerate(zip(_HITS, values, strict=True)):
            y = top + place * 12
            parts.append(f'<rect x="250" y="{y}" width="{value * 260:.0f}" height="10" fill="{colour}"/>')
            parts.append(_text(255 + value * 260, y + 9, f"{label} {value:.2f}", size=9))
    parts.append(_text(250, 34, "Entries found first, among three, among five"))
    left, top, side = 640, 50, 260
    parts.append(_text(left, 34, "Intent: share right at each confidence"))
    parts.append(f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="{_PALE}"/>')
    parts.append(f'<line x1="{left}" y1="{top + side}" x2="{left + side}" y2="{top}" stroke="{_PALE}"/>')
    points = [(left + sure * side, top + side - right * side, count) for sure, right, count in calibration]
    path = " ".join(f"{x:.0f},{y:.0f}" for x, y, _ in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_OURS}" stroke-width="2"/>')
    for x, y, count in points:
        parts.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{2 + min(count, 200) ** 0.5 / 2:.1f}" fill="{_OURS}"/>'
        )
    height = max(340, 60 + 46 * len(hits))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="930" height="{height}" font-family="sans-serif">'
        f'<rect width="930" height="{height}" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _text(x: float, y: float, words: str, size: int = 12) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{_INK}">{escape(words)}</text>'

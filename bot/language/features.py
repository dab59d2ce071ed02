"""What the classifier sees of a text: its characters in ones, twos and threes, lexicon words, and its shape."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from bot.language.lexicon import Lexicon

_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_LONG = re.compile(r"[a-z]{12,}")
_ITEM = re.compile(r"^(?:第)?(?:0|[一二三四五六七八九十]{1,3})(?:号|个|项)")
_COPIES = ("@", "@@", "@@@", "@@@@")
"""A cue counts as several features: it says more than a pair of characters."""
LONGEST = 200
"""Characters that count for the first matter of a message; what stands behind seldom changes the intent."""


@cache
def _cues() -> tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]:
    told = tomllib.loads(resources.files("bot.language").joinpath("data/cues.toml").read_text("utf-8"))
    return tuple(
        (tuple(mark + name for mark in _COPIES), re.compile(pattern)) for name, pattern in told.items()
    )


def features(squeezed: str, lexicon: Lexicon) -> set[str]:
    """The set of features of a squeezed text (see ``folding.squeeze``)."""
    text = squeezed[:LONGEST]
    number = _DIGITS.search(text)
    plain = _DIGITS.sub("0", text)
    framed = "^" + plain + "$"
    found = {framed[i : i + 2] for i in range(len(framed) - 1)}
    found.update(framed[i : i + 3] for i in range(len(framed) - 2))
    found.update(plain)
    categories: dict[str, int] = {}
    for _, category, meanings in lexicon.find(text):
        categories[category] = categories.get(category, 0) + 1
        for meaning in meanings:
            found.add(meaning)
    for category, count in categories.items():
        found.add("#" + category)
        if count > 1:
            found.add("##" + category)
    for names, pattern in _cues():
        if pattern.search(text):
            found.update(names)
    size = len(text)
    found.add(
        "~" + ("0" if size < 5 else "1" if size < 10 else "2" if size < 20 else "3" if size < 45 else "4")
    )
    if number is not None:
        found.add("~number")
        if len(number.group()) >= 7:
            found.add("~phone")
        if _ITEM.match(plain):
            found.add("~item first")
    if "?" in text or "？" in text or text.endswith(("吗", "不", "没", "呢", "么")):
        found.add("~asks")
    if _LONG.search(text):
        found.add("~letters")
    return found

"""Organisations as people call them: 供电公司 for 林西县供电公司党支部."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.seat import Seated

_SHORTEST = 2
"""Characters: a single one names nobody."""


def called(words: str, seated: Sequence[Seated]) -> list[Seated]:
    """The member organisations that are called so: the words whole in the name, else their characters in order."""
    whole = [each for each in seated if words in each.name]
    if whole:
        exact = [each for each in whole if each.name == words]
        return exact or whole
    pattern = re.compile(".*".join(re.escape(char) for char in words))
    return [each for each in seated if pattern.search(each.name)]


def called_at_first(words: str, seated: Sequence[Seated]) -> tuple[list[Seated], str]:
    """The organisations that a text begins with, by as many of its characters as name any, and what stands behind:
    供电公司换三盏灯 → 供电公司, 换三盏灯. None where its first two characters name nobody."""
    for length in range(len(words), _SHORTEST - 1, -1):
        found = called(words[:length], seated)
        if found:
            return found, words[length:]
    return [], words

"""The office's keyword rules, compiled: contained words by one automaton, equal ones by a table, patterns by RE2."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable
from datetime import datetime

import ahocorasick
import msgspec
import re2

from models.rule import KeywordRule, RuleMatch

LONGEST_TEXT = 500
"""Characters of a message that patterns look at; RE2 is linear, but not free."""


class BadPattern(Exception):
    """A pattern that RE2 does not take; the text says why."""


def compile_pattern(pattern: str) -> re2._Regexp:
    """The pattern, compiled by RE2: linear time, no look-around, no back references.

    Raises:
        BadPattern: with RE2's own words.
    """
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern[:200], options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise BadPattern(reason.decode() if isinstance(reason, bytes) else str(reason)) from error


def fold(text: str) -> str:
    """Half width, lower case, without spaces: how keywords and messages are compared."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


class _Rule(msgspec.Struct, frozen=True):
    order: int
    replies: tuple[str, ...]
    pick: str
    valid_from: datetime | None
    valid_until: datetime | None

    def holds(self, now: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= now) and (
            self.valid_until is None or now < self.valid_until
        )


class RuleBook:
    """All rules that are switched on. Immutable: a change makes a new book."""

    def __init__(self, rules: Iterable[KeywordRule]) -> None:
        """``rules``: those that answer first come first. A pattern that does not compile is left out."""
        self._equal: dict[str, list[_Rule]] = {}
        self._patterns: list[tuple[re2._Regexp, _Rule]] = []
        contained: dict[str, list[_Rule]] = {}
        self.broken: list[str] = []
        """Names of rules that had to be left out, with the reason."""
        for order, rule in enumerate(rules):
            if not rule.replies:
                continue
            entry = _Rule(order, tuple(rule.replies), rule.pick, rule.valid_from, rule.valid_until)
            for keyword in rule.keywords:
                if rule.match == RuleMatch.REGEX:
                    try:
                        self._patterns.append((compile_pattern(keyword), entry))
                    except BadPattern as error:
                        self.broken.append(f"{rule.name}: {error}")
                elif folded := fold(keyword):
                    table = self._equal if rule.match == RuleMatch.EQUAL else contained
                    table.setdefault(folded, []).append(entry)
        self._automaton: ahocorasick.Automaton | None = None
        if contained:
            self._automaton = ahocorasick.Automaton()
            for keyword, entries in contained.items():
                self._automaton.add_word(keyword, entries)
            self._automaton.make_automaton()

    def answer(self, text: str, now: datetime) -> str | None:
        """What the first rule that holds answers, or None."""
        folded = fold(text[:LONGEST_TEXT])
        found = [rule for rule in self._equal.get(folded, ()) if rule.holds(now)]
        if self._automaton is not None:
            for _, entries in self._automaton.iter(folded):
                found += [rule for rule in entries if rule.holds(now)]
        if self._patterns:
            plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])
            found += [rule for pattern, rule in self._patterns if rule.holds(now) and pattern.search(plain)]
        if not found:
            return None
        first = min(found, key=lambda rule: rule.order)
        if first.pick == "random":
            return random.choice(first.replies)  # noqa: S311 - which of several greetings, nothing secret
        return "\n".join(first.replies)

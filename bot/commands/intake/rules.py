"""关键词规则表: what an office answers by itself when certain words come up."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec
import re2

from bot.commands.intake import cells
from bot.commands.intake.plan import Plan, Progress, Tally, once_each
from bot.commands.intake.row import Row
from models.rule import KeywordRule, RuleMatch
from models.store import Unit

HEADERS: Final = ("规则名", "关键词", "匹配方式", "回复", "优先级", "启用")
_MATCHES: Final = {"包含": RuleMatch.CONTAIN, "全等": RuleMatch.EQUAL, "正则": RuleMatch.REGEX}
_ENABLED: Final = {"是": True, "否": False, "启用": True, "停用": False, "TRUE": True, "FALSE": False}


class Entry(msgspec.Struct, frozen=True):
    """One rule as the table has it."""

    row: Row
    name: str
    keywords: list[str]
    match: RuleMatch
    replies: list[str]
    priority: int
    enabled: bool


def read(row: Row) -> Entry:
    """What a row says."""
    match = row.choice("匹配方式", _MATCHES, RuleMatch.CONTAIN)
    if match is RuleMatch.REGEX:
        keywords = _patterns(cells.written(row.raw("关键词")))
        _check(row, keywords)
    else:
        keywords = row.several("关键词")
    if not keywords:
        row.missing("关键词")
    replies = re.split(r"^\s*(?:\|\||｜｜)\s*$", row.prose("回复", 4_000), flags=re.MULTILINE)
    return Entry(
        row=row,
        name=row.word("规则名", 60),
        keywords=keywords,
        match=match,
        replies=[reply.strip() for reply in replies if reply.strip()],
        priority=row.whole("优先级", default=0, least=-1_000_000),
        enabled=row.choice("启用", _ENABLED, True),
    )


def _patterns(text: str) -> list[str]:
    """Patterns joined by 、 or line breaks; inside brackets these belong to the pattern, as commas always do."""
    found, depth, start, at = [], 0, 0, 0
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            at += 1
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "\n" or (sign == "、" and depth <= 0):
            found.append(text[start:at])
            start = at + 1
        at += 1
    found.append(text[start:])
    return list(dict.fromkeys(part.strip() for part in found if part.strip()))


def _check(row: Row, patterns: list[str]) -> None:
    options = re2.Options()
    options.log_errors = False
    for pattern in patterns:
        try:
            re2.compile(pattern, options=options)
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            row.fault(f"“关键词”的正则“{pattern[:40]}”写得不对：{reason}")


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Compares the table with the rules on file."""
    once_each((entry.row, entry.name, f"规则名“{entry.name}”") for entry in entries)
    known = {rule.name: rule for rule in unit.rules.all()}

    tally = Tally()
    new: list[Entry] = []
    changed: list[Entry] = []
    for entry in entries:
        at = known.get(entry.name)
        if at is None:
            new.append(entry)
            tally.add(entry.row, entry.name)
        elif [at.keywords, at.match, at.replies, at.priority, at.enabled] != [
            entry.keywords,
            entry.match.value,
            entry.replies,
            entry.priority,
            entry.enabled,
        ]:
            changed.append(entry)
            tally.change(entry.row, entry.name)
        else:
            tally.keep()

    def write(progress: Progress) -> None:
        for entry in changed:
            at = known[entry.name]
            at.rewrite(
                keywords=entry.keywords,
                match=entry.match,
                replies=entry.replies,
                priority=entry.priority,
                enabled=entry.enabled,
                now=now,
                # The table has no columns for these; they stay as they are.
                pick=at.pick,
                valid_from=at.valid_from,
                valid_until=at.valid_until,
            )
        for done, entry in enumerate(new, 1):
            unit.rules.add(
                KeywordRule.write(
                    name=entry.name,
                    keywords=entry.keywords,
                    match=entry.match,
                    replies=entry.replies,
                    priority=entry.priority,
                    enabled=entry.enabled,
                    now=now,
                )
            )
            progress("已写入", done)

    return Plan(tally, write)

"""Tables in Markdown, and the machine they were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from models.moment import SHANGHAI

_PACKAGES = ("aiohttp", "uvloop", "SQLAlchemy", "aiosqlite", "wechatpy", "Flask", "gunicorn", "WeRoBot")


class Table(msgspec.Struct, kw_only=True):
    """One table with what has to be said about it."""

    title: str
    head: list[str]
    rows: list[list[str]]
    remarks: list[str] = []
    figures: dict[str, Any] = {}
    """Everything that was measured, for ``--json``."""

    def __str__(self) -> str:
        lines = [f"### {self.title}", "", _line(self.head), _line(["---"] * len(self.head))]
        lines += [_line(row) for row in self.rows]
        lines += ["", *(f"- {remark}" for remark in self.remarks)] if self.remarks else []
        return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def median(figures: Sequence[float]) -> float:
    """The middle one; 0 where there is none."""
    return statistics.median(figures) if figures else 0.0


def spread(figures: Sequence[float], form: str = ",.0f") -> str:
    """The median with the least and the greatest in brackets."""
    if not figures:
        return "–"
    return f"{median(figures):{form}} ({min(figures):{form}}–{max(figures):{form}})"


def machine() -> str:
    """What the figures were measured on, in one line."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M}, {os.cpu_count()} × {model}, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{', '.join(versions)}; load average before: {load}"
    )

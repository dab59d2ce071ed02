"""What processes cost: CPU seconds and memory of a process and its children, from /proc. Linux only."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")
_RESIDENT = re.compile(r"VmRSS:\s+(\d+)")


class Usage(msgspec.Struct, frozen=True):
    """At one moment."""

    cpu_s: float
    rss_mb: float


def usage(pid: int) -> Usage:
    """Of the process and all its children; processes that ended meanwhile count nothing."""
    cpu = rss = 0.0
    for process in _tree(pid):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / _TICKS
        resident = _RESIDENT.search(status)
        rss += int(resident[1]) / 1024 if resident else 0.0
    return Usage(cpu, rss)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found

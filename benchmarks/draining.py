"""How fast due letters leave: the postman beside a sender that takes, sends and settles row by row, in the same run.

The platform is a raw stand-in of 20 ms in a process of its own (``benchmarks.drainfake``); each sender is one too.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.exporting import create_database, postgresql
from benchmarks.report import Table
from models import schema
from models.agenda import About
from models.identity import Identity
from models.member import Member
from models.moment import SHANGHAI
from models.organisation import Organisation
from models.outbox import Priority
from models.store import Store
from models.vault import Vault, new_key

LATENCY_MS = 20
COUNT, QUICK = 80_000, 20_000
BASELINE_S = 10.0
PAGE = 2_000
RATE, CPU_US, TIMES = 3_000, 200, 10
"""The goals: letters a second, microseconds of CPU for each, and how many times the row by row sender."""


class Case:
    """A database full of due letters."""

    def __init__(self, url: str, key: str, count: int) -> None:
        self.url, self.key, self.count = url, key, count

    def fill(self) -> None:
        """Members, each on WeChat and out of the window, each with a letter of their own."""
        store = Store(self.url, Vault(self.key))
        schema.upgrade(store)
        due = datetime.now(SHANGHAI) - timedelta(hours=1)
        with store.unit() as unit:
            [organisation] = unit.organisations.add_all(
                [
                    Organisation.found(
                        code="E", name="东沟村党支部", kind="党支部", region="林西县", parent_id=None, now=due
                    )
                ]
            )
        columns = [column.key for column in Member.__table__.columns if column.key != "id"]
        for first in range(1, self.count + 1, PAGE):
            numbers = range(first, min(first + PAGE, self.count + 1))
            with store.unit() as unit:
                members = [
                    Member.enrol(
                        name="张建国",
                        phone=f"1{number:010d}" if number > 3_000_000_000 else f"138{number:08d}",
                        organisation_id=organisation,
                        vault=unit.vault,
                        now=due,
                    )
                    for number in numbers
                ]
                rows = [{name: getattr(member, name) for name in columns} for member in members]
                unit.connection.execute(
                    insert(Member), [row | {"id": number} for row, number in zip(rows, numbers, strict=True)]
                )
                unit.connection.execute(
                    insert(Identity),
                    [
                        {
                            "openid": f"o{number:027d}", "member_id": number, "subscribed": True, "scene": "",
                            "consent": "2026-11", "first_seen_at": due, "sends_left": 0,
                        }
                        for number in numbers
                    ],
                )  # fmt: skip
                for number in numbers:
                    unit.outbox.post(
                        key=f"bench:{number}",
                        kind="case_filed",
                        text=f"编号 {number}“家里老人要两台轮椅，用半个月”有单位接了：林西县供电公司党支部。",
                        fields={"title": "要两台轮椅", "number": str(number), "who": "供电公司"},
                        now=due,
                        member_id=number,
                        priority=Priority.NEWS,
                        about=About("", 0),
                    )
        store.close()

    def send(self, api: str, how: str, seconds: float, processes: int = 1) -> list[dict[str, float]]:
        """Runs senders to their end, side by side."""
        jobs = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.drain_job", self.url, self.key, api, how, str(seconds)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(processes)
        ]
        found = []
        for job in jobs:
            said, _ = job.communicate()
            if job.returncode:
                raise RuntimeError(f"a sender failed with {job.returncode}")
            found.append(json.loads(said.splitlines()[-1]))
        return found


@contextlib.contextmanager
def platform(latency_ms: float = LATENCY_MS) -> Iterator[str]:
    """The stand-in's address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.drainfake", str(latency_ms)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def stats(api: str) -> dict[str, int]:
    """What the stand-in has seen."""
    with urllib.request.urlopen(f"{api}/stats", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
    return found


@contextlib.contextmanager
def databases(wanted: set[str], count: int) -> Iterator[dict[str, Case]]:
    """A filled database of each kind that is wanted and can be had."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="dr"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cases = {}
        if "SQLite" in wanted:
            cases["SQLite"] = Case(f"sqlite:///{folder}/bench.db", new_key(), count)
        if "PostgreSQL" in wanted and (server := stack.enter_context(postgresql(folder))) is not None:
            cases["PostgreSQL"] = Case(create_database(server, "draining"), new_key(), count)
        for case in cases.values():
            case.fill()
        yield cases


def measure(quick: bool, count: int | None = None, on_postgresql: bool = True) -> list[Table]:
    """The table."""
    count = count or (QUICK if quick else COUNT)
    wanted = {"SQLite", "PostgreSQL"} if on_postgresql else {"SQLite"}
    rows: list[list[str]] = []
    figures: dict[str, Any] = {}
    remarks = []
    with databases(wanted, count) as cases:
        for name, case in cases.items():
            with platform() as api:
                [slow] = case.send(api, "rows", 4.0 if quick else BASELINE_S)
            slow_rate = slow["sent"] / slow["seconds"]
            for processes in (1, 2) if name == "PostgreSQL" else (1,):
                _owe_again(case)
                with platform() as api:
                    found = case.send(api, "ours", 900.0, processes)
                    seen = stats(api)
                sent = sum(each["sent"] for each in found)
                rate = sent / max(each["seconds"] for each in found)
                cpu_us = 1e6 * sum(each["cpu_s"] for each in found) / max(sent, 1)
                figures[f"{name} {processes}"] = {"senders": found, "platform": seen, "rows": slow}
                rows.append(
                    [
                        f"{name}, {processes} process{'es' * (processes - 1)}",
                        f"{sent:,.0f}",
                        f"{rate:,.0f}/s",
                        f"{cpu_us:.0f} µs",
                        "; ".join(
                            f"{each['rss_begin_mb']:.0f} → {each['rss_end_mb']:.0f} MB" for each in found
                        ),
                        f"{slow_rate:,.0f}/s ({1e6 * slow['cpu_s'] / max(slow['sent'], 1):,.0f} µs)",
                        f"{rate / slow_rate:.0f}×",
                        f"{seen['messages'] - seen['distinct']}",
                    ]
                )
    remarks.append(
        f"Goals: ≥ {RATE:,}/s and ≤ {CPU_US} µs in one process, memory flat, ≥ {TIMES}× row by row, no repeats. "
        f"The platform's stand-in and the database share the machine's cores."
    )
    return [
        Table(
            title=f"Draining {count:,} due letters, platform latency {LATENCY_MS} ms",
            head=["database", "sent", "rate", "CPU a letter", "memory", "row by row", "ratio", "repeats"],
            rows=rows,
            remarks=remarks,
            figures=figures,
        )
    ]


def _owe_again(case: Case) -> None:
    """All letters are due once more."""
    store = Store(case.url, Vault(case.key))
    with store.unit() as unit:
        unit.connection.exec_driver_sql("DELETE FROM pushes")
        unit.connection.exec_driver_sql(
            "UPDATE outbox SET state = 'pending', attempts = 0, lease_until = NULL, message_id = '', "
            "uncertain = false"
        )
    store.close()

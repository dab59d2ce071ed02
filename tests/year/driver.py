"""The year's driver: starts and kills the product's processes, moves the clock, and plays the people."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.servers import free_port
from bot.config import WeChat
from models.store import Store
from tests.conftest import KEY
from tests.engine.pushing import Sender
from tests.year.moment import SharedClock
from tests.year.platform import Platform

ROOT = Path(__file__).parents[2]
ACCOUNT = WeChat(
    app_id="wx1234567890abcdef",
    app_secret="s" * 32,
    token="the-token",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
)
TEMPLATED = ("term", "handover", "swap", "turns", "campaign", "meeting", "calls", "call")
"""Families of letters that have a template; the others have to wait for an open window."""
LEASE = timedelta(seconds=95)


@dataclass
class Worker:
    """One process of the product."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def sender(self) -> Sender:
        """Where the platform pushes."""
        return Sender(f"http://127.0.0.1:{self.port}/wechat", ACCOUNT)


@dataclass
class Driver:
    """Everything that moves."""

    store: Store
    url: str
    folder: Path
    clock: SharedClock
    platform: Platform
    platform_port: int
    quota: int
    workers: list[Worker] = field(default_factory=list)
    kills: int = 0
    steps: int = 0
    settling_s: float = 0.0
    patience: int = 0
    kills_owed: int = 0
    """So many times a process is still to be killed in the middle of what is due."""
    seed: int = 7
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(5_000_000_001))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    # ---- processes -------------------------------------------------------------------------------

    def start(self) -> Worker:
        """One more process; it is ready when its port answers."""
        port = free_port()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")} | {
            "PYTHONPATH": str(ROOT),
            "BOT_SERVER__PORT": str(port),
            "BOT_DATABASE__URL": self.url,
            "BOT_DATABASE__POOL_SIZE": "2",
            "BOT_PRIVACY__DATA_KEY": KEY,
            "BOT_NOTICES__TICK_S": "0.3",
            "BOT_NOTICES__DAILY_QUOTA": str(self.quota),
            "BOT_WECHAT__API_BASE": f"http://127.0.0.1:{self.platform_port}",
            "BOT_WECHAT__TIMEOUT_S": "2",
            **{f"BOT_WECHAT__TEMPLATES__{name.upper()}": f"T_{name}" for name in TEMPLATED},
            **{
                f"BOT_WECHAT__{name.upper()}": getattr(ACCOUNT, name)
                for name in ("app_id", "app_secret", "token", "encoding_aes_key")
            },
        }
        with (self.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.year.worker", str(self.folder / "clock"), str(port)],
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=log,
            )
        worker = Worker(process, port)
        self.workers.append(worker)
        return worker

    def kill(self) -> None:
        """kill -9 for one of them, and a new one in its place; the other goes on meanwhile."""
        victim = self.random.choice(self.workers)
        self.workers.remove(victim)
        os.kill(victim.process.pid, signal.SIGKILL)
        victim.process.wait()
        self.kills += 1
        self.start()

    @contextmanager
    def running(self, processes: int = 2) -> Iterator[None]:
        """The processes, until the end."""
        try:
            for _ in range(processes):
                self.start()
            for worker in self.workers:
                self._await_port(worker)
            yield
        finally:
            for worker in self.workers:
                worker.process.kill()
                worker.process.wait()

    def _await_port(self, worker: Worker, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert worker.process.poll() is None, self.log()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", worker.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("a process does not answer\n" + self.log())

    def log(self) -> str:
        """The end of what the processes wrote."""
        return (self.folder / "workers.log").read_text(encoding="utf-8")[-6000:]

    # ---- time ------------------------------------------------------------------------------------

    def due(self) -> tuple[int, int]:
        """Work that is due and not begun, and letters that are on their way."""
        now = self.clock()
        with self.store.engine.connect() as connection:
            waiting, on_their_way = connection.execute(
                text(
                    "SELECT count(*) FILTER (WHERE lease_until IS NULL OR lease_until < :now),"
                    " count(*) FILTER (WHERE lease_until >= :now)"
                    " FROM outbox WHERE state = 'pending' AND (due_at <= :now OR lease_until >= :now)"
                ),
                {"now": now},
            ).one()
            rungs = connection.scalar(
                text("SELECT count(*) FROM agendas WHERE stopped_at IS NULL AND next_at <= :now"),
                {"now": now},
            )
            circulars = connection.scalar(
                text(
                    "SELECT count(*) FROM circulars WHERE done_at IS NULL AND withdrawn_at IS NULL"
                    " AND due_at <= :soon"
                ),
                {"soon": now + timedelta(hours=1)},
            )
        return waiting + rungs + circulars, on_their_way

    async def settle(self, patience_s: float = 8.0, *, thoroughly: bool = False) -> None:
        """Waits until nothing is due; what a killed process held comes back when its lease is over.

        ``thoroughly``: some ticks longer, for what only the duties of a new day know of.
        """
        began = started = time.monotonic()
        quiet, wanted = 0, 6 if thoroughly else 2
        if self.kills_owed and self.due()[0] >= 2:
            await asyncio.sleep(self.random.random() * 0.15)
            self.kills_owed -= 1
            self.kill()
        while quiet < wanted:
            waiting, on_their_way = await asyncio.to_thread(self.due)
            if not waiting and not on_their_way:
                quiet += 1
            else:
                quiet = 0
                if time.monotonic() - began > patience_s:
                    if time.monotonic() - began > 6 * patience_s:
                        raise AssertionError(f"{waiting} due, {on_their_way} leased\n{self.log()}")
                    self.clock.set(self.clock() + LEASE)
                    self.patience += 1
                    began += patience_s / 2
            await asyncio.sleep(0.02)
        self.steps += 1
        self.settling_s += time.monotonic() - started

    def next_due(self) -> datetime | None:
        """The next moment at which something is due."""
        with self.store.engine.connect() as connection:
            found: datetime | None = connection.scalar(
                text(
                    "SELECT min(at) FROM (SELECT min(next_at) AS at FROM agendas WHERE stopped_at IS NULL"
                    " UNION ALL SELECT min(due_at) FROM outbox WHERE state = 'pending') AS moments"
                )
            )
        return found

    async def go_to(self, moment: datetime, *, thoroughly: bool = False) -> None:
        """Moves the clock to a moment, stopping wherever something is due on the way."""
        while self.clock() < moment:
            coming = await asyncio.to_thread(self.next_due)
            # What is due within the same minute is dealt with together.
            stop = (
                moment if coming is None else min(moment, max(coming, self.clock() + timedelta(seconds=30)))
            )
            self.clock.set(stop)
            await self.settle(thoroughly=thoroughly and stop == moment)

    # ---- people ----------------------------------------------------------------------------------

    async def say(self, openid: str, words: str) -> str | None:
        """A follower writes; the platform tries another process where one is dead, with the same MsgId."""
        self.platform.wrote(openid)
        return await self.push(openid, {"MsgType": "text", "Content": words, "MsgId": next(self._numbers)})

    async def push(self, openid: str, content: dict[str, object]) -> str | None:
        """Any push, tried until somebody answers."""
        for attempt in range(40):
            worker = self.workers[attempt % len(self.workers)]
            try:
                return await asyncio.to_thread(worker.sender.push, openid, content)
            except OSError:
                await asyncio.sleep(0.2)
        raise AssertionError("no process answers\n" + self.log())

    async def report_receipts(self, share: float = 0.2) -> None:
        """The platform says what became of template messages: all that failed, and some that arrived."""
        receipts, self.platform.receipts[:] = list(self.platform.receipts), []
        for openid, number, reached in receipts:
            if reached and self.random.random() >= share:
                continue
            status = "success" if reached else "failed: system failed"
            await self.push(
                openid,
                {
                    "MsgType": "event",
                    "Event": "TEMPLATESENDJOBFINISH",
                    "MsgID": int(number),
                    "Status": status,
                },
            )


@asynccontextmanager
async def at_work(driver: Driver) -> AsyncIterator[Driver]:
    """The platform and the processes, while something is done."""
    async with driver.platform.open(driver.platform_port):
        with driver.running():
            yield driver

"""The platform for a year: it delivers, refuses, hangs and breaks, and remembers what reached whose phone and when."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from models.moment import local
from tests.year.moment import SharedClock

WINDOW = timedelta(hours=48)
DEDUPED = timedelta(minutes=10)
"""For so long a template message with the same client_msg_id is sent once."""
REPLIES = 5


@dataclass
class Arrived:
    """One message on one phone."""

    at: datetime
    openid: str
    channel: str
    words: str
    """The text, or a template's values."""
    client_msg_id: str
    certain: bool
    """Whether the sender was told that it arrived."""


@dataclass
class Trouble:
    """How often a call goes wrong, as a share of all calls."""

    http500: float = 0.004
    busy: float = 0.004
    reset_before: float = 0.002
    reset_after: float = 0.002
    """The message was delivered, but the answer is lost."""
    hang_after: float = 0.0005
    per_minute: float = 0.002


@dataclass
class Platform:
    """One account's platform."""

    clock: SharedClock
    seed: int = 7
    trouble: Trouble = field(default_factory=Trouble)
    quota: int = 100_000
    """Template messages a day."""
    gone: set[str] = field(default_factory=set)
    """Who has unfollowed."""
    arrived: list[Arrived] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    receipts: list[tuple[str, str, bool]] = field(default_factory=list)
    """Template messages whose fate is to be reported: openid, number, whether it arrived."""
    swallowed: list[str] = field(default_factory=list)
    """Template messages that were accepted and never arrived, as the receipts say."""
    _token: int = 1
    _used: Counter[str] = field(default_factory=Counter)
    _seen: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _wrote: dict[str, datetime] = field(default_factory=dict)
    _replies: Counter[str] = field(default_factory=Counter)
    _lost: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._number = 1_000_000

    def wrote(self, openid: str) -> None:
        """A follower wrote: their window opens."""
        self._wrote[openid], self._replies[openid] = self.clock(), 0

    def revoke(self) -> None:
        """Every token is void from now on."""
        self._token += 1

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[None]:
        """Answers on that port of this machine."""
        app = web.Application()
        app.router.add_post("/cgi-bin/stable_token", self._give_token)
        app.router.add_post("/cgi-bin/message/{kind:.*}", self._message)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=512).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _give_token(self, request: web.Request) -> web.Response:
        return web.json_response({"access_token": f"T{self._token}", "expires_in": 7200})

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = json.loads(await request.read())
        kind = request.match_info["kind"]
        fate = self._fate()
        if fate in ("http500", "busy", "per_minute", "reset_before"):
            self.outcomes[fate] += 1
            return await self._fail(request, fate)
        code = self._refusal(request, kind, body)
        if code:
            self.outcomes[str(code)] += 1
            return web.json_response({"errcode": code, "errmsg": f"no rid: 1-{code}"})
        number = self._deliver(kind, body, certain=not fate)
        if fate:
            self.outcomes[fate] += 1
            return await self._fail(request, fate)
        self.outcomes["ok"] += 1
        answer: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
        return web.json_response(answer | ({"msgid": number} if number else {}))

    def _fate(self) -> str:
        """What goes wrong with a call; empty: nothing."""
        throw = self._random.random()
        for name, share in vars(self.trouble).items():
            throw -= share
            if throw < 0:
                return name
        return ""

    async def _fail(self, request: web.Request, fate: str) -> web.Response:
        match fate:
            case "http500":
                return web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html")
            case "busy":
                return web.json_response({"errcode": -1, "errmsg": "system error"})
            case "per_minute":
                return web.json_response({"errcode": 45011, "errmsg": "api minute-quota reach limit"})
            case "hang_after":
                await asyncio.sleep(30)
        if request.transport is not None:  # else the sender gave up first
            request.transport.abort()
        return web.Response()

    def _refusal(self, request: web.Request, kind: str, body: dict[str, Any]) -> int:
        openid, now = body.get("touser", ""), self.clock()
        if request.query.get("access_token") != f"T{self._token}":
            return 40001
        if openid in self.gone:
            return 43004 if kind.startswith("template") else 45015
        if kind == "custom/send":
            if now - self._wrote.get(openid, now - 2 * WINDOW) >= WINDOW:
                return 45015
            if self._replies[openid] >= REPLIES:
                return 45047
            self._replies[openid] += 1
            return 0
        day = f"{local(now):%Y%m%d}"
        if self._used[day] >= self.quota:
            return 45009
        self._used[day] += 1
        return 0

    def _deliver(self, kind: str, body: dict[str, Any], *, certain: bool) -> int:
        openid, now = body["touser"], self.clock()
        if kind == "custom/send":
            self.arrived.append(Arrived(now, openid, "custom", body["text"]["content"], "", certain))
            return 0
        self._number += 1
        key = (openid, body.get("client_msg_id", ""))
        before = self._seen.get(key)
        if key[1] and before is not None and now - before < DEDUPED:
            self.outcomes["dropped_repeat"] += 1
            return self._number
        self._seen[key] = now
        words = " ".join(value["value"] for value in body["data"].values())
        reached = self._random.random() >= 0.001  # 系统失败: told by the receipt only
        if not reached:
            self.swallowed.append(key[1])
        else:
            self.arrived.append(Arrived(now, openid, "template", words, key[1], certain))
        self.receipts.append((openid, str(self._number), reached))
        return self._number

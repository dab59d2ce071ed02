"""A small stand-in for api.weixin.qq.com: tokens as stable_token gives them, and answers by script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from serving import served

from bot.config import WeChat
from bot.wechat.client import Client

Say = dict[str, Any] | web.Response | Callable[[web.Request], Awaitable[web.Response]]
OK = {"errcode": 0, "errmsg": "ok"}


class Call(msgspec.Struct):
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    raw: bytes
    content_type: str
    charset: str = ""

    @property
    def body(self) -> Any:
        """The JSON that was sent."""
        return json.loads(self.raw)


class FakeApi:
    """Answers OK unless ``script`` says otherwise; ``token_script`` does the same for stable_token."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.token_calls: list[Call] = []
        self.script: list[Say] = []
        self.token_script: list[Say] = []
        self.always: Say = OK
        self.token = "T1"
        self.expires_in = 7200
        self.latency_s = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        call = Call(
            request.method,
            request.path,
            dict(request.query),
            raw,
            request.content_type,
            request.charset or "",
        )
        await asyncio.sleep(self.latency_s)
        if request.path == "/cgi-bin/stable_token":
            self.token_calls.append(call)
            if call.body["force_refresh"]:
                self.token += "f"
            say: Say = {"access_token": self.token, "expires_in": self.expires_in}
            if self.token_script:
                say = self.token_script.pop(0)
        else:
            self.calls.append(call)
            say = self.script.pop(0) if self.script else self.always
        if isinstance(say, dict):
            return web.Response(text=json.dumps(say, ensure_ascii=False), content_type="application/json")
        return await say(request) if callable(say) else say

    @asynccontextmanager
    async def site(self) -> AsyncIterator[str]:
        """The address at which it answers."""
        app = web.Application(client_max_size=16 << 20)
        app.router.add_route("*", "/{path:.*}", self.handle)
        async with served(app) as port:
            yield f"http://127.0.0.1:{port}"

    @asynccontextmanager
    async def client(self, **settings: Any) -> AsyncIterator[Client]:
        """A client that takes this for the platform."""
        async with self.site() as url:
            given = {"app_id": "wx1", "app_secret": "s", "api_base": url, "timeout_s": 2.0} | settings
            async with Client(WeChat(**given)) as client:
                yield client


def run(fake: FakeApi, what: Callable[[Client], Awaitable[Any]], **settings: Any) -> Any:
    """Runs ``what`` against ``fake``."""

    async def go() -> Any:
        async with fake.client(**settings) as client:
            return await what(client)

    return asyncio.run(go())


async def hang(_: web.Request) -> web.Response:
    """No answer for long."""
    await asyncio.sleep(30)
    return web.Response()


async def reset(request: web.Request) -> web.Response:
    """The connection breaks."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def slow(seconds: float, then: dict[str, Any] = OK) -> Say:
    """The answer comes, but late."""

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(seconds)
        return web.json_response(then)

    return answer


def broken(status: int) -> Say:
    """What a gateway says when the platform behind it does not."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")

    return answer


async def page(_: web.Request) -> web.Response:
    """A page where JSON belongs, as a captive portal or a proxy gives it."""
    return web.Response(text="<html><body>系统维护中</body></html>", content_type="text/html")


def unless_token(good: str) -> Say:
    """OK for this token; any other one is refused as no longer valid."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(OK if request.query.get("access_token") == good else refused(40001))

    return answer


def refused(errcode: int, errmsg: str = "no") -> dict[str, Any]:
    """The platform's way to refuse."""
    return {"errcode": errcode, "errmsg": f"{errmsg} rid: 6789-abcd-0123"}

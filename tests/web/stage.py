"""A stage for the simulator: a tiny account behind a webhook, on a site with the simulator, in a thread of its own.

The account's half of the cipher is wechatpy's, so these tests hold the simulator's own cipher against another one.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from bot.config import WeChat
from bot.kit.clock import MovableClock
from bot.sim import desk
from bot.sim.cast import Phone
from bot.sim.parcel import read
from bot.sim.platform import Platform
from bot.sim.templates import Template

T = TypeVar("T")
Push = dict[str, Any]
Answer = Callable[[Push], Awaitable[str | None]]

SETTINGS = WeChat(
    app_id="wx1234567890abcdef",
    app_secret="s" * 32,
    token="the-token",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    original_id="gh_0123456789ab",
    templates={"turn": "TPL-TURN", "claim": "TPL-CLAIM"},
)
HERDSMAN, SECRETARY, CLERK, STRANGER = "oHerdsman", "oSecretary", "oClerk", "oStranger"
CAST = (
    Phone(
        HERDSMAN,
        "巴图",
        "13900000001",
        "牧民 · 东沟村",
        "巴",
        "#b5651d",
        says=("我家五千斤土豆想卖", "村口路灯坏了"),
    ),
    Phone(
        SECRETARY,
        "白书记",
        "13900000002",
        "村支部书记",
        "白",
        "#b3261e",
        says=("待认领", "12号我们支部认领了"),
    ),
    Phone(CLERK, "沈洁", "13900000003", "税务局联络员", "沈", "#2f6f5e", says=("轮值",)),
    Phone(STRANGER, "小高", "", "还没绑定的群众", "高", "#4a5f8c", bound=False),
)
CODES = (("org:V01", "东沟村党支部"), ("org:V02", "毛山东村党支部"))


class Account:
    """Answers pushes; what it says is up to ``answer``."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.pushes: list[Push] = []
        self.queries: list[dict[str, str]] = []
        self.raw: Callable[[str], web.Response] | None = None

    async def check(self, request: web.Request) -> web.Response:
        """The platform's question whether this address is ours."""
        return web.Response(text=request.query["echostr"])

    async def receive(self, request: web.Request) -> web.Response:
        """A push: opened, answered, sealed again."""
        query = dict(request.query)
        body = await request.text()
        sealed = query.get("encrypt_type") == "aes"
        crypto = WeChatCrypto(SETTINGS.token, SETTINGS.encoding_aes_key, SETTINGS.app_id)
        fields = read(body)
        if sealed:
            envelope = {"Encrypt": fields["Encrypt"]}
            opened = crypto.decrypt_message(
                envelope, query["msg_signature"], query["timestamp"], query["nonce"]
            )
            fields = read(opened)
        self.pushes.append(fields)
        self.queries.append(query)
        said = await self.answer(fields)
        if self.raw is not None:
            return self.raw(said or "")
        if not said:
            return web.Response(text="success")
        document = text_reply(fields, said)
        if sealed:
            document = crypto.encrypt_message(document, query["nonce"], query["timestamp"])
        return web.Response(text=document, content_type="text/xml")


def text_reply(push: Push, text: str) -> str:
    """A passive text reply to ``push``."""
    text = text.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{push['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{push['ToUserName']}]]></FromUserName><CreateTime>{int(time.time())}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    )


async def echo(push: Push) -> str | None:
    """Says what it heard; offers a link that speaks when asked for help."""
    if push["MsgType"] == "text" and push["Content"] == "帮助":
        return '可以这样说：\n<a href="weixin://bizmsgmenu?msgmenucontent=报需求&msgmenuid=101">报需求</a>\n或者看 https://example.org/a'
    if push["MsgType"] == "text":
        return f"收到：{push['Content']}"
    if push["MsgType"] == "event":
        return (
            f"事件：{push['Event']} {push.get('EventKey', '')}".strip() if push["Event"] != "VIEW" else None
        )
    return f"收到一条{push['MsgType']}"


class Stage:
    """The site on a free loopback port, its loop in a thread; use as a context manager."""

    def __init__(self, answer: Answer = echo, settings: WeChat = SETTINGS, **options: Any) -> None:
        self.account = Account(answer)
        self.clock = MovableClock()
        self.moves = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._settings = settings
        self._options = options
        self.url = ""
        self.platform: Platform
        self._runner: web.AppRunner

    def __enter__(self) -> Stage:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *exc: object) -> None:
        self.run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """Does ``work`` on the site's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One HTTP call; JSON answers as objects, others as (status, text)."""

        async def calling() -> Any:
            async with (
                aiohttp.ClientSession() as http,
                http.request(method, self.url + path, **options) as answer,
            ):
                if answer.content_type == "application/json":
                    return await answer.json()
                return answer.status, await answer.text()

        return self.run(calling())

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """A POST of JSON without escapes, as the platform wants it."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        return self.call("POST", path, data=raw, headers={"Content-Type": "application/json"})

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/wechat", self.account.check)
        app.router.add_post("/wechat", self.account.receive)
        self.platform = Platform(
            CAST, self._settings, lambda: self.url + "/wechat", self.clock, **self._options
        )
        self.platform.register_template(
            Template(
                "TPL-TURN", "轮值提醒", {"thing1": "轮值单位", "time2": "开始时间", "thing3": "要做的事"}
            )
        )
        desk.mount(app, self.platform, self.clock, on_clock_moved=self._moved, codes=CODES)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = runner_port(self._runner)
        self.url = f"http://127.0.0.1:{port}"

    async def _moved(self) -> None:
        self.moves += 1


def runner_port(runner: web.AppRunner) -> int:
    """The port that the system chose."""
    port: int = runner.addresses[0][1]
    return port

"""The platform's API as routes: what api.weixin.qq.com answers to the account, strict where it is strict."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.sim import letters, menu
from bot.sim.cast import Code
from bot.sim.platform import Fault, Platform
from bot.sim.shelf import Medium
from bot.sim.wire import Entry

Answer = dict[str, Any]

WORDS = {
    0: "ok",
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40016: "invalid button size",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
}
_ESCAPED = re.compile(rb"\\u[0-9a-fA-F]{4}")
_NEEDS = {
    "/cgi-bin/message/custom/send": ("service_verified",),
    "/cgi-bin/message/custom/typing": ("service_verified",),
    "/cgi-bin/message/template/send": ("service_verified",),
    "/cgi-bin/message/subscribe/bizsend": ("service_verified",),
    "/cgi-bin/qrcode/create": ("service_verified",),
    "/cgi-bin/user/info": ("service_verified",),
    "/cgi-bin/menu/create": ("service_verified", "service_unverified"),
}
_LABELS = {
    "/cgi-bin/token": "取令牌",
    "/cgi-bin/stable_token": "取令牌",
    "/cgi-bin/message/custom/send": "客服消息",
    "/cgi-bin/message/custom/typing": "正在输入",
    "/cgi-bin/message/template/send": "模板消息",
    "/cgi-bin/message/subscribe/bizsend": "订阅通知",
    "/cgi-bin/menu/create": "发布菜单",
    "/cgi-bin/qrcode/create": "生成二维码",
    "/cgi-bin/user/info": "查用户",
    "/cgi-bin/media/get": "下载媒体",
}
_SECRET = re.compile(r'("?(?:access_token|secret)"?\s*[=:]\s*"?)([^"&\s]{6})[^"&\s]*')


def mount(app: web.Application, platform: Platform, prefix: str = "/sim/api") -> None:
    """Puts the API under ``prefix``; the account's ``wechat.api_base`` is the site's address with it."""
    book = _Book(platform, prefix)
    app.router.add_get(prefix + "/cgi-bin/showqrcode", book.show_code)
    app.router.add_route("*", prefix + "/{path:(?:cgi-bin|wxa|sns)/.+}", book.handle)


class _Book:
    """The routes, with what the API remembers between calls."""

    def __init__(self, platform: Platform, prefix: str) -> None:
        self._platform = platform
        self._prefix = prefix
        self._tickets: dict[str, Code] = {}
        self._menu: menu.Menu | None = None
        self._routes: dict[str, Callable[[web.Request, Answer], Awaitable[Answer | web.StreamResponse]]] = {
            "/cgi-bin/menu/create": self._menu_create,
            "/cgi-bin/menu/get": self._menu_get,
            "/cgi-bin/get_current_selfmenu_info": self._menu_get,
            "/cgi-bin/menu/delete": self._menu_delete,
            "/cgi-bin/qrcode/create": self._code_create,
            "/cgi-bin/user/info": self._user_info,
            "/cgi-bin/user/get": self._user_list,
            "/cgi-bin/media/get": self._media_get,
            "/cgi-bin/media/upload": self._media_upload,
            "/cgi-bin/message/custom/typing": self._typing,
        }

    # -- one call

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any call: mishap, token, rights, then what it asks for; and a line in the drawer."""
        path = "/" + request.match_info["path"]
        started = time.perf_counter()
        upload = request.content_type.startswith("multipart/")
        raw = b"" if upload else await request.read()
        fault = self._mishap(path)
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        answer: Answer | web.StreamResponse
        if (
            fault is None
            or fault.done_first
            or not (fault.errcode or fault.status or fault.body or fault.reset)
        ):
            answer = await self._answer(path, request, raw)
        else:
            answer = _error(fault.errcode)
        if fault is not None:
            if fault.reset and request.transport is not None:
                request.transport.abort()
            if fault.status or fault.body:
                answer = web.Response(status=fault.status or 200, text=fault.body, content_type="text/html")
            elif fault.errcode:
                answer = _error(fault.errcode)
        self._write_down(path, request, raw, answer, started)
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.Response(
            body=json.dumps(answer, ensure_ascii=False).encode(),
            content_type="application/json",
            charset="utf-8",
        )

    def _mishap(self, path: str) -> Fault | None:
        for fault in self._platform.faults:
            if path.endswith(fault.path):
                fault.times -= 1
                if fault.times <= 0:
                    self._platform.faults.remove(fault)
                return fault
        return None

    async def _answer(self, path: str, request: web.Request, raw: bytes) -> Answer | web.StreamResponse:
        try:
            call = json.loads(raw) if raw else {}
        except ValueError:
            return _error(47001)
        if not isinstance(call, dict):
            return _error(47001)
        if path in ("/cgi-bin/token", "/cgi-bin/stable_token"):
            return self._token(path, request, call)
        if code := self._platform.tokens.check(request.query.get("access_token", "")):
            return _error(code)
        if self._platform.settings.account not in _NEEDS.get(path, (self._platform.settings.account,)):
            return _error(48001)
        if request.method == "POST" and _ESCAPED.search(raw):
            return _error(40033)
        if path.startswith("/cgi-bin/message/") and path.endswith("send"):
            return self._send(path, call)
        if route := self._routes.get(path):
            return await route(request, call)
        if path in ("/cgi-bin/getcallbackip", "/cgi-bin/get_api_domain_ip"):
            return {"ip_list": ["127.0.0.1"]}
        return _error(0)

    def _write_down(
        self, path: str, request: web.Request, raw: bytes, answer: Answer | web.StreamResponse, started: float
    ) -> None:
        call: Mapping[str, Any] = {}
        try:
            call = json.loads(raw) if raw else {}
        except ValueError:
            call = {}
        openid = call.get("touser", "") if isinstance(call, dict) else ""
        code = answer.get("errcode", 0) if isinstance(answer, dict) else 0
        status = answer.status if isinstance(answer, web.StreamResponse) else 200
        text = json.dumps(answer, ensure_ascii=False) if isinstance(answer, dict) else f"[{status}]"
        good = code == 0 and status == 200
        self._platform.note_call(
            Entry(
                number=self._platform.wire.next_number(),
                at=self._platform.clock(),
                kind="call",
                label=_LABELS.get(path, path),
                openid=openid if isinstance(openid, str) else "",
                url=_masked(
                    f"{request.method} {path}" + (f"?{request.query_string}" if request.query_string else "")
                ),
                plain=_masked(raw.decode("utf-8", "replace")),
                status=status,
                answer=_masked(text),
                verdict="照办"
                if good
                else f"拒绝：{code} {WORDS.get(code, '')}"
                if code
                else f"出错：{status}",
                good=good,
                ms=round((time.perf_counter() - started) * 1000),
            )
        )

    # -- tokens and messages

    def _token(self, path: str, request: web.Request, call: Answer) -> Answer:
        asked: Mapping[str, Any] = request.query if path == "/cgi-bin/token" else call
        settings, tokens = self._platform.settings, self._platform.tokens
        if asked.get("grant_type") != "client_credential":
            return _error(40002)
        if asked.get("appid") != settings.app_id:
            return _error(40013)
        if asked.get("secret") != settings.app_secret:
            return _error(40125)
        token, left = (
            tokens.plain()
            if path == "/cgi-bin/token"
            else tokens.stable(force=bool(call.get("force_refresh", False)))
        )
        return {"access_token": token, "expires_in": left}

    def _send(self, path: str, call: Answer) -> Answer:
        if code := letters.receiver_fault(self._platform, call.get("touser")):
            return _error(code)
        openid, key = str(call["touser"]), str(call.get("client_msg_id") or "")
        before = self._platform.sent_before.answer(path, openid, key) if key else None
        if before is not None:
            return before
        number = 0
        if path.endswith("/template/send"):
            code, words, number = letters.letter(self._platform, call)
        elif path.endswith("/subscribe/bizsend"):
            code, words = letters.notification(self._platform, call)
        elif path.endswith("/custom/send"):
            code, words = letters.custom(self._platform, call)
        else:
            code, words = 0, ""
        answer = _error(code, words)
        if number:
            answer["msgid"] = number
        if key and not code:
            self._platform.sent_before.keep(path, openid, key, answer)
        return answer

    async def _typing(self, request: web.Request, call: Answer) -> Answer:
        if code := letters.receiver_fault(self._platform, call.get("touser")):
            return _error(code)
        self._platform.typing(str(call["touser"]))
        return _error(0)

    # -- menu, codes, people, media

    async def _menu_create(self, request: web.Request, call: Answer) -> Answer:
        if code := menu.fault(call):
            return _error(code, WORDS.get(code, "invalid button"))
        self._menu = call
        self._platform.publish_menu(call)
        return _error(0)

    async def _menu_get(self, request: web.Request, call: Answer) -> Answer:
        return {"menu": self._menu} if self._menu else _error(46003)

    async def _menu_delete(self, request: web.Request, call: Answer) -> Answer:
        self._menu = None
        self._platform.publish_menu({"button": []})
        return _error(0)

    async def _code_create(self, request: web.Request, call: Answer) -> Answer:
        scene = call.get("action_info", {}).get("scene", {})
        text = str(scene.get("scene_str") or scene.get("scene_id") or "")
        if not 1 <= len(text) <= 64:
            return _error(40129, "invalid scene")
        code = next((each for each in self._platform.codes if each.scene == text), Code(text, text))
        ticket = "gQ" + secrets.token_hex(32)
        self._tickets[ticket] = code
        self._platform.add_code(code)
        return {
            "ticket": ticket,
            "expire_seconds": int(call.get("expire_seconds", timedelta(seconds=60).total_seconds())),
            "url": f"http://weixin.qq.com/q/{quote(text)}",
        }

    async def show_code(self, request: web.Request) -> web.Response:
        """A placard in place of a QR picture: it names what the code carries."""
        code = self._tickets.get(request.query.get("ticket", ""))
        if code is None:
            raise web.HTTPNotFound
        label = code.label.replace("&", "&amp;").replace("<", "&lt;")
        picture = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" font-size="18" text-anchor="middle">'
            '<rect width="240" height="240" fill="#fff"/><rect x="12" y="12" width="216" height="216" fill="none"'
            ' stroke="#07c160" stroke-width="6"/><text x="120" y="112">模拟二维码</text>'
            f'<text x="120" y="144">{label}</text></svg>'
        )
        return web.Response(text=picture, content_type="image/svg+xml")

    async def _user_info(self, request: web.Request, call: Answer) -> Answer:
        openid = request.query.get("openid", "")
        handset = self._platform.phones.get(openid)
        if handset is None:
            return _error(40003)
        if not handset.followed:
            return {"subscribe": 0, "openid": openid}
        first: datetime | None = handset.lines[0].at if handset.lines else None
        return {
            "subscribe": 1,
            "openid": openid,
            "language": "zh_CN",
            "subscribe_time": int((first or self._platform.clock()).timestamp()),
            "remark": "",
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": "ADD_SCENE_QR_CODE",
            "qr_scene": 0,
            "qr_scene_str": "",
        }

    async def _user_list(self, request: web.Request, call: Answer) -> Answer:
        openids = [openid for openid, handset in self._platform.phones.items() if handset.followed]
        return {"total": len(openids), "count": len(openids), "data": {"openid": openids}, "next_openid": ""}

    async def _media_get(self, request: web.Request, call: Answer) -> Answer | web.StreamResponse:
        medium = self._platform.shelf.get(request.query.get("media_id", ""))
        if medium is None:
            return _error(40007)
        return web.Response(body=medium.data, content_type=medium.content_type)

    async def _media_upload(self, request: web.Request, call: Answer) -> Answer:
        form = await request.post()
        file = form.get("media")
        if not isinstance(file, web.FileField):
            return _error(41005, "media data missing")
        media_id = self._platform.shelf.put(Medium(file.content_type, file.file.read()))
        kind = request.query.get("type", "image")
        return {"type": kind, "media_id": media_id, "created_at": int(self._platform.clock().timestamp())}


def _error(code: int, words: str = "") -> Answer:
    text = words or WORDS.get(code, "error")
    return {"errcode": code, "errmsg": text if code == 0 else f"{text} rid: {secrets.token_hex(8)}"}


def _masked(text: str) -> str:
    return _SECRET.sub(r"\1\2…", text)

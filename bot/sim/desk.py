"""The page ``/sim``: the desk with the phones, the clock above it and the drawer that shows the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import msgspec
from aiohttp import web

from bot.kit.clock import MovableClock
from bot.sim import api, shelf
from bot.sim.cast import codes_of
from bot.sim.courier import Outcome
from bot.sim.platform import Handset, NotFollowingError, Platform

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_LONGEST_MOVE = timedelta(days=366)
_DRAWER = 120

Moved = Callable[[], Awaitable[None]]
NextDue = Callable[[], Awaitable[datetime | None]]


def mount(
    app: web.Application,
    platform: Platform,
    clock: MovableClock,
    *,
    on_clock_moved: Moved | None = None,
    next_due: NextDue | None = None,
    codes: Sequence[tuple[str, str]] = (),
    title: str = "手牵手",
    api_prefix: str = "/sim/api",
) -> None:
    """Puts the page under ``/sim`` and the platform's API under ``api_prefix``; both end with ``app``.

    ``on_clock_moved``: lets the account do what fell due; ``next_due``: when that will be next (adds a button);
    ``codes``: pairs of scene and label that phones can scan.
    """
    platform.codes.extend(codes_of(codes))
    platform.on_clock_moved = on_clock_moved
    desk = _Desk(platform, clock, next_due, title)
    api.mount(app, platform, api_prefix)
    app.router.add_get("/sim", desk.page)
    app.router.add_get("/sim/", desk.page)
    app.router.add_get("/sim/static/{name:[a-z]+\\.(?:css|js|svg)}", desk.static)
    app.router.add_get("/sim/photos/{media_id}", desk.photo)
    app.router.add_get("/sim/events", desk.events)
    app.router.add_get("/sim/state", desk.state)
    app.router.add_post("/sim/say", desk.say)
    app.router.add_post("/sim/do", desk.act)
    app.router.add_post("/sim/clock", desk.move_clock)
    app.on_shutdown.append(desk.hang_up)
    app.on_cleanup.append(desk.close)


class _Desk:
    def __init__(
        self,
        platform: Platform,
        clock: MovableClock,
        next_due: NextDue | None,
        title: str,
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._next_due = next_due
        self._title = title
        self._streams: set[asyncio.Task[Any]] = set()

    # -- what it shows

    async def page(self, request: web.Request) -> web.Response:
        """The page; everything on it arrives as events."""
        return web.Response(
            body=_file("desk.html"),
            content_type="text/html",
            charset="utf-8",
            headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
        )

    async def static(self, request: web.Request) -> web.Response:
        """Its stylesheet, scripts and pictures."""
        name = request.match_info["name"]
        try:
            body = _file(name)
        except FileNotFoundError:
            raise web.HTTPNotFound from None
        kind = _TYPES[name[name.rindex(".") :]]
        answer = web.Response(
            body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"}
        )
        answer.enable_compression()
        return answer

    async def photo(self, request: web.Request) -> web.Response:
        """A photo that somebody sent: the address in a push's ``PicUrl``."""
        medium = self._platform.shelf.get(request.match_info["media_id"])
        if medium is None:
            raise web.HTTPNotFound
        # A picture may carry scripts; none of them runs here.
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return web.Response(body=medium.data, content_type=medium.content_type, headers=headers)

    async def state(self, request: web.Request) -> web.Response:
        """All that the page shows, at once."""
        return _json(self._everything())

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Everything as it is, then everything as it happens (server-sent events)."""
        stream = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await stream.prepare(request)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler always runs in a task
        self._streams.add(task)
        try:
            async with self._platform.watch() as changes:
                await stream.write(_event("hello", self._everything()))
                while True:
                    try:
                        async with asyncio.timeout(20):
                            name, facts = await changes.get()
                        await stream.write(_event(name, facts))
                    except TimeoutError:
                        await stream.write(b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            return stream
        finally:
            self._streams.discard(task)

    async def hang_up(self, app: web.Application) -> None:
        """Ends the open streams, so that the site can shut down."""
        for task in list(self._streams):
            task.cancel()

    async def close(self, app: web.Application) -> None:
        """Closes the platform with the site."""
        await self._platform.close()

    def _everything(self) -> dict[str, Any]:
        platform = self._platform
        facts = {
            "title": self._title,
            "now": self._clock(),
            "mode": platform.courier.mode,
            "due": self._next_due is not None,
            "phones": [_handset(handset) for handset in platform.phones.values()],
            "menu": platform.menu,
            "codes": platform.codes,
            "photos": shelf.PHOTOS,
            "wire": list(platform.wire.entries)[-_DRAWER:],
        }
        plain: dict[str, Any] = msgspec.to_builtins(facts)
        return plain

    # -- what people do on it

    async def say(self, request: web.Request) -> web.Response:
        """``{openid, text, menu_id?}``: the person sends words."""
        call = await self._call(request)
        text = call.get("text")
        if not isinstance(text, str) or not text.strip():
            raise _refused("没有写什么话")
        if len(text) > 2000:
            raise _refused("一条消息最多 2000 个字")
        return await self._answer(
            self._platform.say(call["openid"], text, menu_id=str(call.get("menu_id", "")))
        )

    async def act(self, request: web.Request) -> web.Response:
        """``{openid, act, …}``: the person does something else."""
        call = await self._call(request)
        platform, openid = self._platform, call["openid"]

        def word(key: str, default: str = "") -> str:
            return str(call.get(key, default))

        acts: dict[str, Callable[[], Awaitable[Outcome]]] = {
            "photo": lambda: platform.photograph(openid, word("name", shelf.PHOTOS[0].name)),
            "voice": lambda: platform.speak(openid),
            "location": lambda: platform.locate(openid),
            "link": lambda: platform.forward(openid, word("title"), word("description"), word("url")),
            "follow": lambda: platform.follow(openid, word("scene")),
            "unfollow": lambda: platform.unfollow(openid),
            "scan": lambda: platform.scan(openid, word("scene")),
            "menu": lambda: platform.tap(openid, word("kind", "click"), word("key")),
            "consent": lambda: platform.consent(openid, word("template"), bool(call.get("accept", True))),
        }
        chosen = acts.get(word("act"))
        if chosen is None:
            raise _refused("不认识这个动作")
        try:
            return await self._answer(chosen())
        except KeyError:
            raise _refused("没有这张照片") from None

    async def move_clock(self, request: web.Request) -> web.Response:
        """``{minutes}`` ahead, or ``{to: "next"}``: to the next thing that falls due."""
        call = await _read(request)
        if call.get("to") == "next" and self._next_due is not None:
            due = await self._next_due()
            if due is None:
                raise _refused("后面没有定好时间的事")
            by = max(due - self._clock(), timedelta()) + timedelta(seconds=1)
        else:
            minutes = call.get("minutes")
            if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 <= minutes < 10**7:
                raise _refused("时间只能往后拨")
            by = timedelta(minutes=minutes)
        if by > _LONGEST_MOVE:
            raise _refused("一次最多拨一年")
        await self._platform.pass_time(by)
        return _json({"now": self._clock()})

    async def _call(self, request: web.Request) -> dict[str, Any]:
        call = await _read(request)
        if call.get("openid") not in self._platform.phones:
            raise _refused("没有这部手机")
        return call

    async def _answer(self, doing: Awaitable[Outcome]) -> web.Response:
        try:
            outcome = await doing
        except NotFollowingError:
            raise _refused("先关注公众号，才能发消息") from None
        facts: dict[str, Any] = {
            "seen": outcome.seen,
            "attempts": outcome.attempts,
            "reason": outcome.reason,
            "bubble": outcome.bubble,
        }
        return _json(facts)


def _handset(handset: Handset) -> dict[str, Any]:
    phone = handset.phone
    return {
        "openid": phone.openid,
        "name": phone.name,
        "role": phone.role,
        "avatar": phone.avatar or phone.name[-1:],
        "color": phone.color,
        "says": phone.says,
        "followed": handset.followed,
        "lines": handset.lines,
    }


def _file(name: str) -> bytes:
    return (resources.files("bot.sim") / "pages" / name).read_bytes()


def _json(facts: Any) -> web.Response:
    body = json.dumps(msgspec.to_builtins(facts), ensure_ascii=False)
    return web.Response(body=body.encode(), content_type="application/json", charset="utf-8")


def _event(name: str, facts: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(facts, ensure_ascii=False)}\n\n".encode()


def _refused(why: str) -> web.HTTPBadRequest:
    body = json.dumps({"error": why}, ensure_ascii=False)
    return web.HTTPBadRequest(text=body, content_type="application/json")


async def _read(request: web.Request) -> dict[str, Any]:
    # A page of another site can't send this type without asking first, so it can't play with the phones.
    if request.content_type != "application/json":
        raise _refused("要用 JSON")
    try:
        call = await request.json()
    except ValueError:
        raise _refused("不是合法的 JSON") from None
    if not isinstance(call, dict):
        raise _refused("不是合法的 JSON")
    return call

"""A real server on loopback, and a client that says exactly the bytes it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlencode

from aiohttp import web

from bot.kit.message import Inbound, Reply, Text
from bot.wechat.codec import Codec
from bot.wechat.webhook import routes

Answerer = Callable[[Inbound], Awaitable[Reply | None]]


async def echo(message: Inbound) -> Reply | None:
    """Says back what was said; nothing to anything but text."""
    return Reply("收到：" + message.text) if isinstance(message, Text) else None


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """Serves ``app`` and gives the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def webhook(codec: Codec, answer: Answerer = echo, body_timeout_s: float = 5.0) -> AsyncIterator[int]:
    """The webhook alone, on a port of its own."""
    app = web.Application()
    app.add_routes(routes(codec, answer, body_timeout_s=body_timeout_s))
    async with served(app) as port:
        yield port


def posting(query: Mapping[str, str], body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST as bytes on the wire; ``headers`` may lie."""
    said = {"Host": "127.0.0.1", "Content-Type": "text/xml", "Content-Length": str(len(body))} | dict(
        headers or {}
    )
    lines = [f"POST /wechat?{urlencode(query, errors='replace')} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in said.items() if value]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def exchange(port: int, sent: bytes, timeout_s: float = 10.0) -> tuple[int, dict[str, str], bytes]:
    """Sends ``sent`` over a connection of its own; status (0: closed without a word), headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def push() -> None:
        with suppress(OSError):
            for start in range(0, len(sent), 65536):
                writer.write(sent[start : start + 65536])
                await writer.drain()

    pushing = asyncio.create_task(push())
    try:
        async with asyncio.timeout(timeout_s):
            head = await reader.readuntil(b"\r\n\r\n")
            first, *rest = head.decode("latin-1").strip().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            return int(first.split()[1]), headers, body
    except (asyncio.IncompleteReadError, OSError):
        return 0, {}, b""
    finally:
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

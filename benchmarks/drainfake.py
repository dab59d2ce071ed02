"""A stand-in for the platform's sending interfaces, as cheap as can be: bytes in, bytes out after a fixed time.

A process of its own: ``python -m benchmarks.drainfake LATENCY_MS``. Prints its port; ``GET /stats`` tells what came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from typing import cast

from benchmarks.loadgen import loop_factory

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_NUMBER = re.compile(rb'"client_msg_id": ?"(\w+)"')
_PERSON = re.compile(rb'"touser": ?"(\w+)"')


class Platform:
    """What came so far."""

    def __init__(self, latency_s: float) -> None:
        self.latency_s = latency_s
        self.count = 0
        self.numbers: dict[bytes, int] = {}
        self.on_the_way = 0
        self.most = 0

    def stats(self) -> bytes:
        """As JSON."""
        return json.dumps(
            {"messages": self.count, "distinct": len(self.numbers), "most_at_once": self.most}
        ).encode()


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests on it come one after the other."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Takes whole requests out of what has come."""
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < size:
                return
            body, self._buffer = self._buffer[end + 4 : size], self._buffer[size:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        platform = self._platform
        if head.startswith(b"GET /stats"):
            self._write(platform.stats())
        elif b"stable_token" in head[:200]:
            self._write(b'{"access_token":"T","expires_in":7200}')
        else:
            platform.count += 1
            number = _NUMBER.search(body) or _PERSON.search(body)
            if number:
                platform.numbers[number[1]] = platform.numbers.get(number[1], 0) + 1
            platform.on_the_way += 1
            platform.most = max(platform.most, platform.on_the_way)
            answer = b'{"errcode":0,"errmsg":"ok","msgid":%d}' % platform.count
            asyncio.get_running_loop().call_later(platform.latency_s, self._late, answer)

    def _late(self, answer: bytes) -> None:
        self._platform.on_the_way -= 1
        self._write(answer)

    def _write(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )


async def serve(latency_s: float) -> None:
    """Serves until it is stopped."""
    platform = Platform(latency_s)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(platform), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Runs it, on the faster loop where there is one."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(serve(float(sys.argv[1]) / 1000))


if __name__ == "__main__":
    main()

"""The sending side: prepared requests over keep-alive connections, as fast as answers come or at a fixed rate.

Raw sockets under asyncio, so that the client costs as little as possible beside the server it measures.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
from urllib.parse import urlsplit

import msgspec

_LENGTH = re.compile(rb"content-length: *(\d+)")
_TRIES = 3


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How the requests are sent."""

    url: str
    concurrency: int = 16
    """Connections; one request is under way on each."""
    rate: float = 0.0
    """Requests a second, whether earlier ones were answered or not; latency counts from the moment when each was
    due. 0: the next request leaves when an answer arrived."""
    timeout_s: float = 15.0
    max_seconds: float = 120.0
    """No new request after that."""


class Run:
    """One run over a list of prepared requests, and what became of each."""

    def __init__(self, load: Load, requests: list[bytes]) -> None:
        self.load, self.requests = load, requests
        count = len(requests)
        self.taken = 0
        self.done = 0
        self.status = [0] * count
        self.latency = [0.0] * count
        self.body: list[bytes] = [b""] * count
        self.errors: dict[str, int] = {}
        self.stopped = False
        self.began = 0.0
        self.finished: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.connections: set[Connection] = set()
        self.idle: list[Connection] = []
        self.due: list[int] = []

    def take(self) -> int:
        """The next request that may leave now, or -1."""
        if self.load.rate:
            return self.due.pop() if self.due else -1
        if self.stopped or self.taken >= len(self.requests):
            return -1
        self.taken += 1
        return self.taken - 1

    def complete(self, number: int, status: int, body: bytes, latency: float, error: str = "") -> None:
        """A request was answered, or will not be."""
        self.status[number], self.body[number], self.latency[number] = status, body, latency
        if error:
            self.errors[error] = self.errors.get(error, 0) + 1
        self.done += 1
        self.look()

    def look(self) -> None:
        """Whether everything that was sent is answered, and nothing more is to be sent."""
        over = self.stopped or self.taken >= len(self.requests)
        if over and self.done >= self.taken and not self.finished.done():
            self.finished.set_result(time.perf_counter())

    async def __call__(self) -> float:
        """Sends them all; the seconds it took."""
        gc.collect()
        gc.disable()
        self.began = time.perf_counter()
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._sweep())]
        if self.load.rate:
            tasks.append(loop.create_task(self._pace()))
        senders = min(self.load.concurrency, len(self.requests))
        tasks += [loop.create_task(_connect(Connection(self))) for _ in range(senders)]
        ended = await self.finished
        for task in tasks:
            task.cancel()
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()
        gc.enable()
        return ended - self.began

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            now = time.perf_counter()
            for connection in list(self.connections):
                late = connection.number >= 0 and now - connection.sent > self.load.timeout_s
                if late and connection.transport is not None:
                    connection.used = 0
                    connection.transport.abort()
            if now - self.began > self.load.max_seconds and not self.stopped:
                self.stopped = True
                self.look()

    async def _pace(self) -> None:
        count = len(self.requests)
        while self.taken < count and not self.stopped:
            until = min(count, int((time.perf_counter() - self.began) * self.load.rate) + 1)
            self.due = [*range(until - 1, self.taken - 1, -1), *self.due]
            self.taken = until
            while self.due and self.idle:
                self.idle.pop().start(self.due.pop())
            await asyncio.sleep(0.001)


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.number = -1
        self.sent = 0.0
        self.used = 0
        """Requests that were answered on it: none was lost but by a server that closed at the same moment."""
        self.transport: asyncio.Transport | None = None
        self._clear()
        run.connections.add(self)

    def _clear(self) -> None:
        self.buffer, self.head, self.need, self.status, self.closing = b"", 0, -1, 0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        if self.number >= 0:
            self.transport.write(self.run.requests[self.number])
        else:
            self.next()

    def next(self) -> None:
        """Takes the next request, or waits for one that is due."""
        number = self.run.take()
        if number >= 0:
            self.start(number)
        elif self.run.load.rate:
            self.run.idle.append(self)

    def start(self, number: int) -> None:
        """Sends one request."""
        rate = self.run.load.rate
        self.number = number
        self.sent = self.run.began + number / rate if rate else time.perf_counter()
        if self.transport is None or self.transport.is_closing():
            self._hand_over()
        else:
            self.transport.write(self.run.requests[number])

    def _hand_over(self) -> None:
        """This connection is over: a new one takes its request."""
        new = Connection(self.run)
        new.number, new.sent, self.number = self.number, self.sent, -1
        self.run.connections.discard(self)
        asyncio.get_running_loop().create_task(_connect(new))

    def data_received(self, data: bytes) -> None:
        self.buffer = buffer = self.buffer + data if self.buffer else data
        if self.need == -1:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = buffer[:end].lower()
            length = _LENGTH.search(head)
            self.head, self.status = end + 4, int(head[9:12])
            self.closing = b"connection: close" in head or head.startswith(b"http/1.0")
            # Without a length the answer ends with the connection.
            self.need = self.head + int(length[1]) if length else -2
        if 0 <= self.need <= len(buffer):
            self.finish()

    def finish(self, error: str = "") -> None:
        """The request is answered, or lost."""
        number, status, body = self.number, self.status, self.buffer[self.head :]
        closing = self.closing
        self.number = -1
        self._clear()
        self.used += 1
        self.run.complete(number, status, body, time.perf_counter() - self.sent, error)
        if closing and self.transport is not None:
            self.transport.close()
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.number < 0:
            return
        if self.need == -2:
            self.finish()
        elif self.used and not self.buffer:
            self.run.errors["sent again"] = self.run.errors.get("sent again", 0) + 1
            self._hand_over()
        else:
            self.status = 0
            self.finish("connection lost")


async def _connect(connection: Connection) -> None:
    url = urlsplit(connection.run.load.url)
    loop = asyncio.get_running_loop()
    reason = ""
    for attempt in range(_TRIES):
        try:
            await loop.create_connection(lambda: connection, url.hostname, url.port or 80)
            return
        except OSError as error:
            reason = type(error).__name__
            await asyncio.sleep(0.02 * (attempt + 1))
    if connection.number < 0:
        connection.number, connection.sent = connection.run.take(), time.perf_counter()
    if connection.number >= 0:
        loop.call_soon(connection.finish, f"no connection: {reason}")

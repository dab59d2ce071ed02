"""A load generator for a WeChat callback address: ``python -m benchmarks.loadgen --url … --plan FILE``.

All requests are signed and, in AES mode, encrypted before the clock starts; every answer is read and checked after
it stopped. The plan has one message a line, the sender's number and the text with a tab between. Prints one JSON
object; the exit code is 0 when every answer was a right one.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import random
import re
import struct
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from benchmarks.account import ACCOUNT, AES_KEY, APP_ID, TOKEN, openid
from benchmarks.client import Load, Run
from benchmarks.procs import usage

_LOCAL = ("127.0.0.1", "localhost", "::1")
_NUMBERS = re.compile(r"\d+")


class Result(msgspec.Struct, kw_only=True):
    """What a run came to."""

    sent: int
    seconds: float
    per_s: float
    """Answers a second; what was given up does not count."""
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    over_1s: int
    over_5s: int
    """The platform waits five seconds."""
    not_200: int
    errors: dict[str, int]
    right: int
    """Answers that were read, addressed to the sender and, where it was asked for, an echo."""
    empty: int
    wrong: dict[str, int]
    kinds: dict[str, int]
    """How often each first line was said, numbers and names of places left out, the most frequent first."""
    client_us: float
    """CPU of this process for each message."""
    server_us: float
    """CPU of the server for each message; 0 where no process was named."""
    rss_mb: float


class Envelope:
    """The AES envelope, written a third time so that no measured server checks itself."""

    def __init__(self) -> None:
        key = base64.b64decode(AES_KEY + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._app_id = APP_ID.encode()

    def seal(self, plain: bytes) -> str:
        """As the platform encrypts."""
        body = os.urandom(16) + struct.pack(">I", len(plain)) + plain + self._app_id
        pad = 32 - len(body) % 32
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> bytes:
        """As the platform decrypts."""
        decryptor = self._cipher.decryptor()
        body = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
        body = body[: -body[-1]]
        (length,) = struct.unpack(">I", body[16:20])
        if body[20 + length :] != self._app_id:
            raise ValueError("another app id")
        return body[20 : 20 + length]


def sign(*parts: str) -> str:
    """The platform's signature."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def request(url: str, sender: str, text: str, message_id: int, envelope: Envelope | None) -> bytes:
    """One push as the platform sends it."""
    where, now = urlsplit(url), str(int(time.time()))
    nonce = str(random.randrange(10**8, 10**9))
    body = (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{message_id}</MsgId></xml>"
    )
    query = f"signature={sign(TOKEN, now, nonce)}&timestamp={now}&nonce={nonce}&openid={sender}"
    if envelope is not None:
        sealed = envelope.seal(body.encode())
        query += f"&encrypt_type=aes&msg_signature={sign(TOKEN, now, nonce, sealed)}"
        body = f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    content = body.encode()
    head = (
        f"POST {where.path or '/'}?{query} HTTP/1.1\r\nHost: {where.netloc}\r\nUser-Agent: Mozilla/4.0\r\n"
        f"Accept: */*\r\nContent-Type: text/xml\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def read(body: bytes, sender: str, envelope: Envelope | None) -> str:
    """The text of a right answer. Raises ValueError for any other."""
    root = ElementTree.fromstring(body)
    if envelope is not None:
        sealed = root.findtext("Encrypt") or ""
        stamp, nonce = root.findtext("TimeStamp") or "", root.findtext("Nonce") or ""
        if root.findtext("MsgSignature") != sign(TOKEN, stamp, nonce, sealed):
            raise ValueError("signature")
        root = ElementTree.fromstring(envelope.open(sealed))
    if root.findtext("ToUserName") != sender or root.findtext("FromUserName") != ACCOUNT:
        raise ValueError("addressed wrongly")
    return root.findtext("Content") or ""


def check(run: Run, plan: list[tuple[str, str]], envelope: Envelope | None, echo: bool) -> Result:
    """Reads every answer."""
    right = empty = 0
    wrong: dict[str, int] = {}
    kinds: dict[str, int] = {}
    sent = [number for number in range(len(plan)) if run.latency[number] > 0]
    for number in sent:
        if run.status[number] != 200:
            continue
        sender, text = plan[number]
        body = run.body[number]
        if body in (b"", b"success"):
            empty += 1
            continue
        try:
            said = read(body, sender, envelope)
            if echo and said != text:
                raise ValueError("no echo")
        except (ValueError, ElementTree.ParseError) as error:
            wrong[str(error)] = wrong.get(str(error), 0) + 1
            continue
        right += 1
        kind = "echo" if echo else _NUMBERS.sub("N", said.partition("\n")[0])[:8]
        kinds[kind] = kinds.get(kind, 0) + 1
    times = sorted(run.latency[number] for number in sent) or [0.0]

    def share(part: float) -> float:
        return round(times[min(len(times) - 1, int(len(times) * part))] * 1e3, 2)

    return Result(
        sent=len(sent),
        seconds=0.0,
        per_s=0.0,
        p50_ms=share(0.5),
        p90_ms=share(0.9),
        p99_ms=share(0.99),
        max_ms=share(1.0),
        over_1s=sum(each > 1 for each in times),
        over_5s=sum(each > 5 for each in times),
        not_200=sum(run.status[number] != 200 for number in sent),
        errors=run.errors,
        right=right,
        empty=empty,
        wrong=wrong,
        kinds=dict(sorted(kinds.items(), key=lambda item: -item[1])[:12]),
        client_us=0.0,
        server_us=0.0,
        rss_mb=0.0,
    )


def measure(
    load: Load, plan: list[tuple[str, str]], *, aes: bool = True, echo: bool = False, pid: int = 0
) -> Result:
    """Prepares, sends, checks."""
    envelope = Envelope() if aes else None
    first = int(time.time() * 1000) << 20
    requests = [request(load.url, sender, text, first + i, envelope) for i, (sender, text) in enumerate(plan)]

    async def go() -> tuple[Run, float]:
        run = Run(load, requests)
        return run, await run()

    before, own = usage(pid) if pid else None, time.process_time()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        run, seconds = runner.run(go())
    own = time.process_time() - own
    after = usage(pid) if pid else None
    result = check(run, plan, envelope, echo)
    count = max(1, result.sent)
    answered = result.sent - result.not_200
    result.seconds, result.per_s = round(seconds, 3), round(answered / seconds, 2)
    result.client_us = round(own / count * 1e6, 1)
    if before is not None and after is not None:
        result.server_us = round((after.cpu_s - before.cpu_s) / count * 1e6, 1)
        result.rss_mb = round(after.rss_mb, 1)
    return result


def loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """The faster loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def main() -> int:
    """One run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--plan", type=Path, required=True, help="lines of: sender's number, tab, text")
    parser.add_argument("--first", type=int, default=0, help="line of the plan to begin with")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: as answers come")
    parser.add_argument("--timeout", type=float, default=15.0)
    parser.add_argument("--max-seconds", type=float, default=120.0)
    parser.add_argument("--plain", action="store_true", help="plain mode instead of AES")
    parser.add_argument("--echo", action="store_true", help="the answer has to be the text")
    parser.add_argument("--pid", type=int, default=0, help="server process, for its CPU and memory")
    args = parser.parse_args()
    if urlsplit(args.url).hostname not in _LOCAL:
        parser.error("only servers on this machine")
    lines = args.plan.read_text(encoding="utf-8").splitlines()[args.first : args.first + args.count]
    plan = [(openid(int(number)), text) for number, _, text in (line.partition("\t") for line in lines)]
    load = Load(
        url=args.url,
        concurrency=args.concurrency,
        rate=args.rate,
        timeout_s=args.timeout,
        max_seconds=args.max_seconds,
    )
    result = measure(load, plan, aes=not args.plain, echo=args.echo, pid=args.pid)
    print(msgspec.json.format(msgspec.json.encode(result)).decode())
    return 0 if result.right + result.empty == result.sent and not result.wrong else 1


if __name__ == "__main__":
    sys.exit(main())

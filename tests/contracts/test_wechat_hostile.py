"""What strangers and broken gateways may send. Never a 5xx, never the end of the process, memory within bounds."""

from __future__ import annotations

import asyncio
import base64
import gc
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from pushes import AES_MODE, APP, hand_sealed, jsn, sealed, signed, text, wrapped, xml
from serving import exchange, posting, webhook

from bot.wechat.codec import Codec

KB = 1024
HEAD = text()[:-6]
"""All that a text message needs but its end: with something hostile put in, only that can be the reason to refuse."""
LAUGHS = (
    b'<!DOCTYPE xml [<!ENTITY a "'
    + b"ha" * 50
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (b"bcdefgh"[i], b"&%c;" % b"abcdefg"[i] * 30) for i in range(7))
    + b"]>"
    + HEAD
    + b"<Title>&h;</Title></xml>"
)
QUADRATIC = (
    b'<!DOCTYPE xml [<!ENTITY a "'
    + b"a" * 60_000
    + b'">]>'
    + HEAD
    + b"<Title>"
    + b"&a;" * 300
    + b"</Title></xml>"
)
XXE = b'<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD + b"<Title>&x;</Title></xml>"
DOCTYPE = b"<!DOCTYPE xml>" + text()


def deep(levels: int) -> bytes:
    return HEAD + b"<a>" * levels + b"</a>" * levels + b"</xml>"


def padded(padding: bytes) -> str:
    """A genuine message in a genuine envelope, but for its padding."""
    # Spaces before the root element fill up what the blocks lack.
    gap = -(20 + len(text()) + len(APP) + len(padding)) % 16
    message = b" " * gap + text()
    return hand_sealed(b"r" * 16 + struct.pack(">I", len(message)) + message + APP.encode() + padding)


HOSTILE: dict[str, tuple[bytes, int]] = {
    "ok text": (posting(signed(), text()), 200),
    "bad signature": (posting({**signed(), "signature": "0" * 40}, text()), 403),
    "no query at all": (posting({}, text()), 403),
    "timestamp 2001 (replay)": (posting(signed(stamp="1000000000"), text()), 200),
    "empty body": (posting(signed(), b""), 400),
    "garbage bytes": (posting(signed(), bytes(range(256)) * 8), 400),
    "not xml": (posting(signed(), "您好".encode()), 400),
    "xml without MsgType": (posting(signed(), xml(Content="x", MsgId=1)), 400),
    "other root": (posting(signed(), b"<html><MsgType>text</MsgType></html>"), 400),
    "empty root": (posting(signed(), b"<xml/>"), 400),
    "unknown MsgType": (posting(signed(), xml(MsgType="hologram", MsgId=1)), 200),
    "text without Content": (posting(signed(), xml(MsgType="text", MsgId=1)), 200),
    "text with ]]> in Content": (posting(signed(), text("a]]]]><![CDATA[>b")), 200),
    "invalid UTF-8 in Content": (posting(signed(), text("MARK").replace(b"MARK", b"\xff\xfe\xc3")), 400),
    "nul byte in Content": (posting(signed(), text("a\0b")), 400),
    "GBK declared": (
        posting(
            signed(),
            b'<?xml version="1.0" encoding="GBK"?>'
            + xml(MsgType="text").replace(b"text", "文".encode("gbk")),
        ),
        400,
    ),
    "UTF-16": (posting(signed(), text().decode().encode("utf-16")), 400),
    "30,000 levels": (posting(signed(), deep(30_000)), 400),
    "100,000 levels": (posting(signed(), deep(100_000)), 413),
    "20,000 elements": (posting(signed(), HEAD + b"<a/>" * 20_000 + b"</xml>"), 400),
    "JSON 100,000 levels": (posting(signed(), b'{"a":' + b"[" * 100_000), 400),
    "JSON number of 200,000 digits": (posting(signed(), b'{"MsgId":' + b"9" * 200_000 + b"}"), 400),
    "JSON with half a surrogate": (
        posting(signed(), jsn(MsgType="text", MsgId=1, Content="x").replace(b'"x"', b'"\\ud83d"')),
        400,
    ),
    "JSON array": (posting(signed(), b"[1]"), 400),
    "9 levels": (posting(signed(), deep(8)), 400),
    "8 levels": (posting(signed(), deep(7)), 200),
    "a DOCTYPE that does nothing": (posting(signed(), DOCTYPE), 400),
    "XXE file entity": (posting(signed(), XXE), 400),
    "billion laughs": (posting(signed(), LAUGHS), 400),
    "quadratic blowup": (posting(signed(), QUADRATIC), 400),
    "body of 256 KiB": (posting(signed(), text("a" * (256 * KB - len(text(""))))), 200),
    "body of 256 KiB and one": (posting(signed(), text("a" * (256 * KB - len(text("")) + 1))), 413),
    "body 900 KB": (posting(signed(), text("a" * 900 * KB)), 413),
    "body 5 MB": (posting(signed(), b"a" * 5000 * KB), 413),
    "body 60 MB": (posting(signed(), b"a" * 60_000 * KB), 413),
    "body 5 MB in chunks": (
        posting(
            signed(),
            (b"8000\r\n" + b"a" * 32768 + b"\r\n") * 160,
            {"Content-Length": "", "Transfer-Encoding": "chunked"},
        ),
        413,
    ),
    "text in chunks": (
        posting(
            signed(),
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(text()), text()),
            {"Content-Length": "", "Transfer-Encoding": "chunked"},
        ),
        200,
    ),
    "chunks that are none": (
        posting(signed(), b"zz\r\nabc", {"Content-Length": "", "Transfer-Encoding": "chunked"}),
        400,
    ),
    "compressed bomb": (
        posting(signed(), zlib.compress(b"a" * 5000 * KB), {"Content-Encoding": "deflate"}),
        413,
    ),
    "compressed garbage": (posting(signed(), b"not deflate at all", {"Content-Encoding": "deflate"}), 400),
    "length said too small": (posting(signed(), text(), {"Content-Length": "20"}), 400),
    "length that is no number": (posting(signed(), text(), {"Content-Length": "many"}), 400),
    "length said twice as one": (posting(signed(), text(), {"Content-Length": "10, 20"}), 400),
    "aes ok": (posting(*sealed(text())), 200),
    "aes bad msg_signature": (
        posting({**sealed(text())[0], "msg_signature": "0" * 40}, sealed(text())[1]),
        403,
    ),
    "aes flag but plain body": (
        posting({**signed(), "encrypt_type": "aes", "msg_signature": "0" * 40}, text()),
        400,
    ),
    "aes flag, no msg_signature": (posting({**signed(), "encrypt_type": "aes"}, sealed(text())[1]), 403),
    "aes Encrypt not base64": (posting(*wrapped("!!!! 这不是 ****")), 400),
    "aes Encrypt with line breaks": (
        posting(*wrapped(hand_sealed(b"a" * 64)[:40] + "\n" + hand_sealed(b"a" * 64)[40:])),
        400,
    ),
    "aes Encrypt empty": (posting(*wrapped("")), 400),
    "aes not whole blocks": (posting(*wrapped(base64.b64encode(b"a" * 33).decode())), 400),
    "aes random blocks": (posting(*wrapped(base64.b64encode(b"a" * 64).decode())), 400),
    "aes lying length": (
        posting(*wrapped(hand_sealed(b"r" * 16 + struct.pack(">I", 2**32 - 1) + b"x" * 12 + b"\x20" * 32))),
        400,
    ),
    "aes lying length + zero padding": (
        posting(*wrapped(hand_sealed(b"r" * 16 + struct.pack(">I", 2**31) + b"\0" * 44))),
        400,
    ),
    "aes padding of 33": (posting(*wrapped(hand_sealed(b"\x21" * 64))), 400),
    "aes right padding by hand": (posting(*wrapped(padded(b"\x04" * 4))), 200),
    "aes uneven padding": (posting(*wrapped(padded(b"\x01\x02\x03\x04"))), 400),
    "aes base64 with junk inside": (
        posting(*wrapped(padded(b"\x04" * 4)[:40] + "!*" + padded(b"\x04" * 4)[40:])),
        400,
    ),
    "aes only padding": (posting(*wrapped(hand_sealed(b"\x20" * 32))), 400),
    "billion laughs inside aes": (posting(*sealed(LAUGHS)), 400),
    "garbage inside aes": (posting(*sealed(b"\xff\x00garbage")), 400),
    "aes wrong appid": (posting(*sealed(text(), app="wxffffffffffffffff")), 403),
    "raw: garbage instead of HTTP": (b"\x16\x03\x01\x02\x00\x01\x00" + b"\xff" * 200 + b"\r\n\r\n", 400),
    "query with broken escapes": (
        b"POST /wechat?signature=%ff%zz&timestamp=%ed%a0%80&nonce=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        403,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_turned_away_and_the_next_person_is_served(name: str) -> None:
    sent, wanted = HOSTILE[name]

    async def run() -> tuple[int, int]:
        async with webhook(Codec(AES_MODE)) as port:
            status, _, _ = await exchange(port, sent)
            after, _, _ = await exchange(port, posting(signed(), text()))
            return status, after

    started = time.perf_counter()
    assert asyncio.run(run()) == (wanted, 200)
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("body never arrives", 408),
        ("body arrives drop by drop", 408),
        ("headers never finish", 0),
    ],
)
def test_slow_clients_are_let_go_and_hold_up_nobody(said: str, status: int) -> None:
    whole = posting(signed(), text())
    head = whole[: whole.index(b"\r\n\r\n") + 4]

    async def dawdle(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head[:40] if said == "headers never finish" else head)

        async def drip() -> None:
            with suppress(OSError):
                for byte in text():
                    await asyncio.sleep(0.05)
                    writer.write(bytes((byte,)))

        dripping = asyncio.create_task(drip()) if said.endswith("drop") else None
        try:
            async with asyncio.timeout(1):
                return int((await reader.readline()).split()[1])
        except TimeoutError:
            return 0
        finally:
            if dripping:
                dripping.cancel()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def run() -> tuple[list[int], float]:
        async with webhook(Codec(AES_MODE), body_timeout_s=0.3) as port:
            slow = [asyncio.create_task(dawdle(port)) for _ in range(20)]
            await asyncio.sleep(0.05)
            started = time.perf_counter()
            for _ in range(20):
                assert (await exchange(port, posting(signed(), text())))[0] == 200
            return [await each for each in slow], time.perf_counter() - started

    statuses, took = asyncio.run(run())
    assert statuses == [status] * 20
    assert took < 2


def resident() -> float:
    """This process's memory in MB, as Linux counts it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / KB / KB


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="resident memory is read from Linux's /proc"
)
def test_memory_stays_within_bounds() -> None:
    """Twenty rounds of all the above that is refused leave no more than a few megabytes behind."""
    codec = Codec(AES_MODE)
    refused = [sent for sent, status in HOSTILE.values() if status != 200 and len(sent) < 1000 * KB]

    async def round_(port: int) -> None:
        for sent in refused:
            await exchange(port, sent)

    async def run() -> float:
        async with webhook(codec) as port:
            await round_(port)
            gc.collect()
            before = resident()
            for _ in range(20):
                await round_(port)
            gc.collect()
            return resident() - before

    assert asyncio.run(run()) < 24

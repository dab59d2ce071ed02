"""What strangers and broken gateways may send. Never a 5xx, never the end of the process, memory within bounds."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pushes import AES_MODE, APP, KEY, PLAIN_MODE, jsn, sealed, signed, text, wrapped, xml
from serving import exchange, posting, webhook
from wechatpy.crypto.base import WeChatCipher

from bot.wechat.codec import Codec
from bot.wechat.errors import PushError

KB = 1024
LAUGHS = (
    b'<!DOCTYPE xml [<!ENTITY a "'
    + b"ha" * 50
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (b"bcdefgh"[i], b"&%c;" % b"abcdefg"[i] * 30) for i in range(7))
    + b"]><xml><MsgType>text</MsgType><Content>&h;</Content></xml>"
)
QUADRATIC = (
    b'<!DOCTYPE xml [<!ENTITY a "'
    + b"a" * 60_000
    + b'">]><xml><Content>'
    + b"&a;" * 300
    + b"</Content></xml>"
)
XXE = b'<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Content>&x;</Content></xml>'


def hand_sealed(plain: bytes) -> str:
    """Encrypted as it stands: padding and length are the caller's."""
    return base64.b64encode(WeChatCipher(base64.b64decode(KEY + "=")).encrypt(plain)).decode()


def deep(levels: int) -> bytes:
    return b"<xml>" + b"<a>" * levels + b"</a>" * levels + b"</xml>"


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
    "20,000 elements": (posting(signed(), b"<xml>" + b"<a/>" * 20_000 + b"</xml>"), 400),
    "JSON 100,000 levels": (posting(signed(), b'{"a":' + b"[" * 100_000), 400),
    "JSON number of 200,000 digits": (posting(signed(), b'{"MsgId":' + b"9" * 200_000 + b"}"), 400),
    "JSON with half a surrogate": (
        posting(signed(), jsn(MsgType="text", MsgId=1, Content="x").replace(b'"x"', b'"\\ud83d"')),
        400,
    ),
    "JSON array": (posting(signed(), b"[1]"), 400),
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
    "aes uneven padding": (posting(*wrapped(hand_sealed(b"r" * 60 + b"\x01\x02\x03\x04"))), 400),
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


def refuses_or_reads(codec: Codec, query: dict[str, str], body: bytes) -> None:
    try:
        push = codec.read(query, body)
    except PushError:
        return
    assert 0 < len(push.message.key) <= 191
    written = codec.write(push, "好")
    assert written is not None
    # What it read it can also answer, in a form that it reads itself.
    assert written.body


CODECS = [Codec(PLAIN_MODE), Codec(AES_MODE)]
FIELD = st.sampled_from(
    [
        "MsgType",
        "Event",
        "EventKey",
        "Content",
        "MsgId",
        "CreateTime",
        "ToUserName",
        "FromUserName",
        "List",
        "Encrypt",
        "MsgID",
        "Location_X",
    ]
)
WORD = st.one_of(
    st.sampled_from(
        [
            "text",
            "event",
            "location",
            "voice",
            "subscribe",
            "CLICK",
            "subscribe_msg_sent_event",
            "TEMPLATESENDJOBFINISH",
            "1409735668",
            "0",
        ]
    ),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
)
TREE = st.recursive(
    WORD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD, inner, max_size=3), max_leaves=8
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    for codec in CODECS:
        for start in (b"", b"<xml>", b"{", b"<xml><MsgType>text</MsgType><Content>"):
            refuses_or_reads(codec, signed(), start + body)


@MANY
@given(st.dictionaries(FIELD, TREE, max_size=12))
def test_any_json(fields: dict[str, object]) -> None:
    whole = {"MsgType": "text", "CreateTime": 1, "ToUserName": "gh", "FromUserName": "o", "MsgId": 1} | fields
    for tree in (fields, whole):
        refuses_or_reads(CODECS[0], signed(), json.dumps(tree).encode())


def as_xml(tree: object, name: str) -> str:
    if isinstance(tree, dict):
        return f"<{name}>" + "".join(as_xml(v, k) for k, v in tree.items()) + f"</{name}>"
    if isinstance(tree, list):
        return "".join(as_xml(v, name) for v in tree)
    return f"<{name}><![CDATA[{tree}]]></{name}>"


@MANY
@given(st.dictionaries(FIELD, TREE, max_size=12))
def test_any_xml(fields: dict[str, object]) -> None:
    whole = {"MsgType": "event", "CreateTime": 1, "ToUserName": "gh", "FromUserName": "o"} | fields
    for tree in (fields, whole):
        refuses_or_reads(CODECS[0], signed(), as_xml(tree, "xml").encode("utf-8", "surrogatepass"))


@MANY
@given(st.binary(max_size=200), st.binary(max_size=64))
def test_any_envelope(cipher_text: bytes, inside: bytes) -> None:
    refuses_or_reads(CODECS[1], *wrapped(base64.b64encode(cipher_text).decode()))
    refuses_or_reads(
        CODECS[1], *wrapped(hand_sealed((inside + b"\x10" * 64)[: (len(inside) // 16 + 1) * 16]))
    )
    refuses_or_reads(CODECS[1], *sealed(inside, app=APP))


@MANY
@given(
    st.dictionaries(
        st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "echostr"]),
        st.text(st.characters(exclude_categories=[]), max_size=50),
    )
)
def test_any_query(query: dict[str, str]) -> None:
    ways: list[Callable[[], object]] = [
        lambda: CODECS[1].echo(query),
        lambda: CODECS[1].read(query, sealed(text())[1]),
    ]
    for way in ways:
        with pytest.raises(PushError):
            way()

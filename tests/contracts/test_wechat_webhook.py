"""The door over real HTTP: what it answers to the platform."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import pytest
import structlog
from pushes import AES_MODE, APP, KEY, SENDER, TOKEN, jsn, sealed, signed, text, xml
from serving import Answerer, echo, exchange, posting, webhook
from werobot.crypto import MessageCrypt

from bot.kit.message import Inbound, Reply
from bot.wechat.codec import Codec


def ask(sent: bytes, answer: Answerer = echo) -> tuple[int, dict[str, str], bytes]:
    async def run() -> tuple[int, dict[str, str], bytes]:
        async with webhook(Codec(AES_MODE), answer) as port:
            return await exchange(port, sent)

    return asyncio.run(run())


def test_the_url_check() -> None:
    def getting(query: dict[str, str]) -> bytes:
        return f"GET /wechat?{urlencode(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    status, headers, body = ask(getting({**signed(), "echostr": "42<script>"}))
    assert (status, body) == (200, b"42<script>")
    assert headers["content-type"].startswith("text/plain")
    assert headers["x-content-type-options"] == "nosniff"
    assert ask(getting({**signed(), "nonce": "1", "echostr": "42"}))[0] == 403
    assert ask(getting({}))[0] == 403


def test_xml_is_answered_in_xml() -> None:
    status, headers, body = ask(posting(signed(), text("报需求")))
    assert status == 200
    assert headers["content-type"] == "application/xml; charset=utf-8"
    reply = ET.fromstring(body)
    assert reply.findtext("Content") == "收到：报需求"
    assert reply.findtext("ToUserName") == SENDER


def test_json_is_answered_in_json() -> None:
    status, headers, body = ask(posting(signed(), jsn(MsgType="text", Content="报需求", MsgId=1)))
    assert status == 200
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(body)["Content"] == "收到：报需求"


@pytest.mark.parametrize("as_json", [False, True])
def test_encrypted_is_answered_encrypted(as_json: bool) -> None:
    inner = jsn(MsgType="text", Content="报需求", MsgId=1) if as_json else text("报需求")
    status, headers, body = ask(posting(*sealed(inner, as_json=as_json)))
    assert status == 200
    assert headers["content-type"].startswith("application/json" if as_json else "application/xml")
    outer = json.loads(body) if as_json else {node.tag: node.text for node in ET.fromstring(body)}
    plain = MessageCrypt(TOKEN, KEY, APP).decrypt_message(
        str(outer["TimeStamp"]), outer["Nonce"], outer["MsgSignature"], outer["Encrypt"]
    )
    assert "收到：报需求" in plain.decode()


async def silent(_: Inbound) -> Reply | None:
    return None


async def empty(_: Inbound) -> Reply | None:
    return Reply(" \n")


async def broken(_: Inbound) -> Reply | None:
    raise RuntimeError("a bug")


async def late(_: Inbound) -> Reply | None:
    raise TimeoutError


@pytest.mark.parametrize("answer", [silent, empty, broken, late])
def test_with_nothing_to_say_it_says_success(answer: Answerer) -> None:
    for sent in (posting(signed(), text()), posting(*sealed(text()))):
        status, headers, body = ask(sent, answer)
        assert (status, body) == (200, b"success")
        assert headers["content-type"] == "text/plain; charset=utf-8"


def test_a_bug_is_logged_with_the_key_but_not_with_the_openid_or_the_words() -> None:
    with structlog.testing.capture_logs() as logs:
        ask(posting(signed(), text("私密的话", 77)), broken)
        ask(posting(signed(), xml(MsgType="event", Event="CLICK", EventKey="A")), broken)
    failures = [entry for entry in logs if entry["event"] == "answer_failed"]
    assert [entry["exc_info"] for entry in failures] == [True, True]
    assert failures[0]["key"] == "m:77"
    assert failures[1]["key"].endswith(":click:A")
    assert SENDER not in repr(logs)
    assert "私密" not in repr(logs)


def test_many_pushes_over_one_connection_and_many_connections_at_once() -> None:
    async def run() -> list[bytes]:
        async with webhook(Codec(AES_MODE)) as port:
            answers = await asyncio.gather(
                *(exchange(port, posting(*sealed(text(f"{i}", i + 1)))) for i in range(50))
            )
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for sent in (posting({}, text()), posting(signed(), b"?"), posting(signed(), text())):
                # A refusal must leave the connection in step for what follows.
                writer.write(sent)
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                answers.append((int(head.split()[1]), {}, b""))
            writer.close()
            await writer.wait_closed()
        return [str(status).encode() for status, _, _ in answers]

    statuses = asyncio.run(run())
    assert statuses == [b"200"] * 50 + [b"403", b"400", b"200"]

"""Whatever the bytes, trees, envelopes and queries: the codec reads or refuses, and nothing else comes out of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pushes import AES_MODE, APP, PLAIN_MODE, hand_sealed, sealed, signed, text, wrapped

from bot.wechat.codec import Codec
from bot.wechat.errors import PushError


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

"""The codec against the platform's own samples and two other people's implementations."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from pushes import (
    ACCOUNT,
    AES_MODE,
    APP,
    KEY,
    NONCE,
    OTHER_KEY,
    PLAIN_MODE,
    SENDER,
    STAMP,
    TOKEN,
    jsn,
    sealed,
    signed,
    text,
    wrapped,
)
from wechatpy.crypto import WeChatCrypto
from werobot.crypto import MessageCrypt

from bot.config import WeChat
from bot.kit.message import Text
from bot.wechat.codec import JSON_TYPE, XML_TYPE, Codec
from bot.wechat.crypto import Envelope, sign
from bot.wechat.errors import BadSignature, NotAMessage, WrongAccount
from bot.wechat.wording import fit

TENCENT = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXp"
    "bUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlp"
    "Kn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD"
    "1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
"""The sample that Tencent ships with its WXBizMsgCrypt."""
TENCENT_SIGNATURE = "5d197aaffba7e9b25a30732f161a50dee96bd5fa"


def test_the_signature_of_the_platform_s_documentation() -> None:
    assert sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_the_url_check_gives_the_echostr_back_unchanged() -> None:
    codec = Codec(PLAIN_MODE)
    assert codec.echo({**signed(), "echostr": "<b>5837397520665436492</b>"}) == "<b>5837397520665436492</b>"
    with pytest.raises(BadSignature):
        codec.echo({**signed(), "signature": "0" * 40, "echostr": "1"})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"signature": "x"},
        {**signed(), "signature": ""},
        {**signed(), "signature": "签名"},
        {**signed(), "signature": "\udcff"},
        {**signed(), "nonce": "\udcff"},
        {**signed(), "timestamp": ""},
        {**signed(), "signature": signed()["signature"].upper()},
        {**signed(), "signature": signed()["signature"][:-1]},
    ],
)
def test_a_signature_that_does_not_hold_is_refused_and_never_crashes(query: dict[str, str]) -> None:
    for attempt in (lambda: Codec(PLAIN_MODE).read(query, text()), lambda: Codec(PLAIN_MODE).echo(query)):
        with pytest.raises(BadSignature):
            attempt()


def test_without_a_token_nothing_is_believed() -> None:
    query = {"timestamp": STAMP, "nonce": NONCE, "signature": sign(STAMP, NONCE)}
    with pytest.raises(BadSignature):
        Codec(WeChat()).read(query, text())


def test_tencent_s_own_sample_opens() -> None:
    query, body = wrapped(TENCENT)
    assert query["msg_signature"] == TENCENT_SIGNATURE
    push = Codec(AES_MODE).read(query, body)
    assert push.message == Text(
        key="m:6054768590064713728",
        sender=SENDER,
        account=ACCOUNT,
        sent_at=datetime.fromtimestamp(1409735668, UTC),
        text="abcdteT",
    )


def test_a_query_with_msg_signature_alone_is_enough_for_an_encrypted_push() -> None:
    query, body = wrapped(TENCENT)
    del query["signature"]
    assert isinstance(Codec(AES_MODE).read(query, body).message, Text)
    del query["encrypt_type"]
    assert isinstance(Codec(AES_MODE).read(query, body).message, Text)
    query["msg_signature"] = "0" * 40
    with pytest.raises(BadSignature):
        Codec(AES_MODE).read(query, body)


@pytest.mark.parametrize("size", [0, 1, 11, 12, 13, 31, 32, 33, 2048])
def test_what_we_seal_others_open_and_the_other_way_round(size: int) -> None:
    message = ("手" * size).encode()
    ours = Envelope(KEY, APP)
    werobot, wechatpy = MessageCrypt(TOKEN, KEY, APP), WeChatCrypto(TOKEN, KEY, APP)
    sealed_by_us = ours.seal(message)
    assert werobot.prp_crypto.decrypt(sealed_by_us, APP) == message
    signature = sign(TOKEN, STAMP, NONCE, sealed_by_us)
    assert wechatpy.decrypt_message({"Encrypt": sealed_by_us}, signature, STAMP, NONCE) == message.decode()
    assert ours.open(werobot.prp_crypto.encrypt(message, APP).decode()) == message
    theirs = ET.fromstring(wechatpy.encrypt_message(message.decode(), NONCE, STAMP))
    assert ours.open(theirs.findtext("Encrypt") or "") == message
    assert theirs.findtext("MsgSignature") == sign(TOKEN, STAMP, NONCE, theirs.findtext("Encrypt") or "")


def test_a_plain_push_is_answered_plainly_even_if_a_key_is_set() -> None:
    codec = Codec(AES_MODE)
    push = codec.read(signed() | {"encrypt_type": "raw", "msg_signature": ""}, text("报需求"))
    answer = codec.write(push, "好")
    assert answer is not None
    assert answer.content_type == XML_TYPE
    reply = {node.tag: node.text for node in ET.fromstring(answer.body)}
    assert reply.pop("CreateTime").isdigit()  # type: ignore[union-attr]
    assert reply == {"ToUserName": SENDER, "FromUserName": ACCOUNT, "MsgType": "text", "Content": "好"}


def test_json_is_answered_in_json() -> None:
    codec = Codec(PLAIN_MODE)
    push = codec.read(signed(), jsn(MsgType="text", Content="报需求", MsgId=7))
    answer = codec.write(push, "好]]>\x00")
    assert answer is not None
    assert answer.content_type == JSON_TYPE
    reply = json.loads(answer.body)
    assert reply["Content"] == "好]]>"
    assert isinstance(reply["CreateTime"], int)
    assert reply["ToUserName"] == SENDER


@pytest.mark.parametrize("as_json", [False, True])
def test_an_encrypted_push_is_answered_encrypted_in_its_own_format(as_json: bool) -> None:
    codec = Codec(AES_MODE)
    inner = jsn(MsgType="text", Content="报需求", MsgId=7) if as_json else text("报需求", 7)
    push = codec.read(*sealed(inner, as_json=as_json))
    assert isinstance(push.message, Text)
    assert push.message.text == "报需求"
    answer = codec.write(push, "收到")
    assert answer is not None
    if as_json:
        outer = json.loads(answer.body)
    else:
        outer = {node.tag: node.text for node in ET.fromstring(answer.body)}
    assert set(outer) == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
    opened = MessageCrypt(TOKEN, KEY, APP).decrypt_message(
        str(outer["TimeStamp"]), outer["Nonce"], outer["MsgSignature"], outer["Encrypt"]
    )
    content = json.loads(opened)["Content"] if as_json else ET.fromstring(opened).findtext("Content")
    assert content == "收到"


def test_in_compatible_mode_only_what_the_signature_covers_is_believed() -> None:
    query, body = sealed(
        text("真的", 7), beside=b"<MsgType>text</MsgType><Content>forged</Content><MsgId>8</MsgId>"
    )
    message = Codec(AES_MODE).read(query, body).message
    assert isinstance(message, Text)
    assert (message.text, message.key) == ("真的", "m:7")


def test_both_keys_open_and_the_one_that_worked_seals() -> None:
    settings = WeChat(token=TOKEN, app_id=APP, encoding_aes_key=OTHER_KEY, encoding_aes_key_previous=KEY)
    codec = Codec(settings)
    for key in (KEY, OTHER_KEY):
        answer = codec.write(codec.read(*sealed(text(), key)), "好")
        assert answer is not None
        encrypt = ET.fromstring(answer.body).findtext("Encrypt")
        assert "好".encode() in MessageCrypt(TOKEN, key, APP).prp_crypto.decrypt(encrypt, APP)


def test_another_account_s_push_is_refused() -> None:
    with pytest.raises(WrongAccount):
        Codec(AES_MODE).read(*sealed(text(), app="wxffffffffffffffff"))
    both = WeChat(token=TOKEN, app_id=APP, encoding_aes_key=KEY, encoding_aes_key_previous=OTHER_KEY)
    with pytest.raises(WrongAccount):
        Codec(both).read(*sealed(text(), app="wxffffffffffffffff"))
    ours = WeChat(token=TOKEN, app_id=APP, original_id="gh_another")
    with pytest.raises(WrongAccount):
        Codec(ours).read(signed(), text())
    assert Codec(WeChat(token=TOKEN, original_id=ACCOUNT)).read(signed(), text())


def test_an_encrypted_push_without_a_key_set_is_not_a_message() -> None:
    with pytest.raises(NotAMessage):
        Codec(PLAIN_MODE).read(*sealed(text()))


def test_the_age_is_judged_only_if_wished_and_a_repeat_is_served() -> None:
    now = datetime.fromtimestamp(int(STAMP), UTC)
    strict = WeChat(token=TOKEN, app_id=APP, timestamp_window_s=600)
    fresh = Codec(strict, lambda: now + timedelta(seconds=599))
    assert fresh.read(signed(), text()) == fresh.read(signed(), text())
    for late in (timedelta(seconds=601), timedelta(seconds=-601)):
        with pytest.raises(BadSignature):
            Codec(strict, lambda late=late: now + late).read(signed(), text())  # type: ignore[misc]
    with pytest.raises(BadSignature):
        fresh.read(signed(stamp="soon"), text())
    assert Codec(PLAIN_MODE, lambda: now + timedelta(days=9999)).read(signed(), text())


@pytest.mark.parametrize(
    "hostile", ["a]]>b", "]]>]]>", "\x00\x08\x0b\ufffe\ud800尾", "<xml>&amp;</xml>", "]]\x00>"]
)
def test_a_reply_is_well_formed_whatever_it_says(hostile: str) -> None:
    codec = Codec(PLAIN_MODE)
    answer = codec.write(codec.read(signed(), text()), "头" + hostile)
    assert answer is not None
    kept = "".join(c for c in hostile if c not in "\x00\x08\x0b\ufffe\ud800")
    assert ET.fromstring(answer.body).findtext("Content") == "头" + kept


@pytest.mark.parametrize("nothing", ["", "   \n", "\x00\x01"])
def test_a_reply_of_nothing_is_no_reply(nothing: str) -> None:
    codec = Codec(PLAIN_MODE)
    assert codec.write(codec.read(signed(), text()), nothing) is None


def test_a_long_reply_is_cut_between_lines_and_never_inside_a_character_or_a_link() -> None:
    for filler in ("需求清单\n", "长" * 9, "a", "😀"):
        cut = fit(filler * 3000)
        assert 1900 < len(cut.encode()) <= 2048
        assert cut.endswith("…")
    assert fit("需求清单\n" * 3000).endswith("需求清单…")
    link = '<a href="weixin://bizmsgmenu?msgmenucontent=认领&msgmenuid=1">认领</a>'
    cut = fit("字" * 670 + link)
    assert "<a" not in cut
    assert fit("字" * 682) == "字" * 682

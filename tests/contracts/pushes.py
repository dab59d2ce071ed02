"""Pushes as the platform sends them, made the independent way: hashes and envelopes come from WeRoBot, not from us."""

from __future__ import annotations

import base64
import json
from typing import Any

from wechatpy.crypto.base import WeChatCipher
from werobot.crypto import MessageCrypt
from werobot.utils import get_signature

from bot.config import WeChat

TOKEN = "spamtest"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
APP = "wx2c2769f8efd9abc2"
ACCOUNT = "gh_10f6c3c3ac5a"
SENDER = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
STAMP, NONCE = "1409735669", "1320562132"

PLAIN_MODE = WeChat(token=TOKEN, app_id=APP)
AES_MODE = WeChat(token=TOKEN, app_id=APP, encoding_aes_key=KEY)


def xml(**fields: Any) -> bytes:
    """A push in XML, with the head that all have."""
    head = {"ToUserName": ACCOUNT, "FromUserName": SENDER, "CreateTime": 1409735668}
    return ("<xml>" + "".join(_element(k, v) for k, v in (head | fields).items()) + "</xml>").encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, v) for v in value)
    if isinstance(value, dict):
        return f"<{name}>" + "".join(_element(k, v) for k, v in value.items()) + f"</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{value}]]></{name}>"


def jsn(**fields: Any) -> bytes:
    """The same push in JSON."""
    head = {"ToUserName": ACCOUNT, "FromUserName": SENDER, "CreateTime": 1409735668}
    return json.dumps(head | fields, ensure_ascii=False).encode()


def text(content: str = "报需求", number: int = 6054768590064713728, **fields: Any) -> bytes:
    """A text message in XML."""
    return xml(MsgType="text", Content=content, MsgId=number, **fields)


def signed(stamp: str = STAMP, nonce: str = NONCE) -> dict[str, str]:
    """The query of a plain push."""
    signature = get_signature(TOKEN, stamp, nonce)
    return {"signature": signature, "timestamp": stamp, "nonce": nonce, "openid": SENDER}


def sealed(
    message: bytes, key: str = KEY, app: str = APP, *, as_json: bool = False, beside: bytes = b""
) -> tuple[dict[str, str], bytes]:
    """Query and body of an encrypted push; ``beside``: plain elements of the compatible mode."""
    encrypt = MessageCrypt(TOKEN, key, app).prp_crypto.encrypt(message, app).decode()
    return wrapped(encrypt, as_json=as_json, beside=beside)


def wrapped(encrypt: str, *, as_json: bool = False, beside: bytes = b"") -> tuple[dict[str, str], bytes]:
    """Query and body around what stands in ``Encrypt``, rightly signed."""
    query = signed() | {"encrypt_type": "aes", "msg_signature": get_signature(TOKEN, STAMP, NONCE, encrypt)}
    if as_json:
        return query, json.dumps({"ToUserName": ACCOUNT, "Encrypt": encrypt}).encode()
    return (
        query,
        f"<xml><ToUserName>{ACCOUNT}</ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt>".encode()
        + beside
        + b"</xml>",
    )


def hand_sealed(plain: bytes) -> str:
    """Encrypted as it stands: padding and length are the caller's."""
    return base64.b64encode(WeChatCipher(base64.b64decode(KEY + "=")).encrypt(plain)).decode()

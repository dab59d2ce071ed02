"""The documents on the wire: pushes written as XML or JSON, replies read as strictly as the platform reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from xml.etree import ElementTree

from bot.sim.bubbles import Bubble
from bot.sim.seal import Seal, SealError

Fields = Mapping[str, Any]
Body = Literal["xml", "json"]

_ROOT = re.compile(r"(<\?xml[^>]*\?>\s*)?<xml[\s>/]")

TEXT_LIMIT = 2048
"""Bytes of UTF-8 that one text may have."""


class ReplyError(Exception):
    """The platform cannot use the account's answer; the text says why, for the engineer who looks at the wire."""


def _cdata(value: str) -> str:
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _node(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_node(key, inner) for key, inner in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_node(name, inner) for inner in value)
    text = _cdata(value) if isinstance(value, str) else str(value)
    return f"<{name}>{text}</{name}>"


def write(fields: Fields, body: Body) -> str:
    """A push as the console's choice of format has it."""
    if body == "json":
        return json.dumps(fields, ensure_ascii=False)
    return f"<xml>{''.join(_node(name, value) for name, value in fields.items())}</xml>"


def read(document: str) -> dict[str, Any]:
    """A reply's fields, from XML or JSON.

    Raises:
        ReplyError: neither, or not of the right shape.
    """
    text = document.strip()
    if text.startswith("{"):
        try:
            tree = json.loads(text)
        except ValueError as error:
            raise ReplyError("回复不是合法的 JSON") from error
        if not isinstance(tree, dict):
            raise ReplyError("回复的 JSON 不是一个对象")
        return tree
    if not _ROOT.match(text):
        raise ReplyError("回复的根元素不是 <xml>")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - declarations of entities don't get past _ROOT
    except ElementTree.ParseError as error:
        raise ReplyError(f"回复不是合法的 XML（{error}）") from error
    return {child.tag: _value(child) for child in root}


def _value(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text or ""
    if all(child.tag == "item" for child in element):
        return {"item": [_value(child) for child in element]}
    return {child.tag: _value(child) for child in element}


def unseal(document: str, seal: Seal) -> str | None:
    """What a sealed reply holds, or None where it is not sealed.

    Raises:
        ReplyError: sealed, but wrongly.
    """
    fields = read(document)
    if "Encrypt" not in fields:
        return None
    missing = [name for name in ("MsgSignature", "TimeStamp", "Nonce") if not fields.get(name)]
    if missing:
        raise ReplyError(f"加密的回复缺少 {'、'.join(missing)}")
    try:
        return seal.open(
            str(fields["Encrypt"]),
            str(fields["MsgSignature"]),
            str(fields["TimeStamp"]),
            str(fields["Nonce"]),
        )
    except SealError as error:
        raise ReplyError(str(error)) from error


def show(document: str, openid: str, account: str) -> Bubble | None:
    """The bubble that a reply becomes; None for one that shows nothing (handed to a human agent).

    Raises:
        ReplyError: the platform would refuse it.
    """
    fields = read(document)
    if fields.get("ToUserName") != openid:
        raise ReplyError("回复的 ToUserName 不是发信人")
    if fields.get("FromUserName") != account:
        raise ReplyError("回复的 FromUserName 不是本账号")
    if not str(fields.get("CreateTime", "")).isdigit():
        raise ReplyError("回复的 CreateTime 不是整数")
    kind = fields.get("MsgType")
    if kind == "text":
        text = fields.get("Content")
        if not isinstance(text, str) or not text:
            raise ReplyError("文本回复的 Content 是空的")
        if (size := len(text.encode())) > TEXT_LIMIT:
            raise ReplyError(f"文本回复有 {size} 字节，超过 {TEXT_LIMIT}")
        return Bubble(side="account", text=text)
    if kind == "news":
        return _article(fields)
    if kind in ("image", "voice", "video"):
        inner = fields.get(str(kind).capitalize())
        if not isinstance(inner, Mapping) or not inner.get("MediaId"):
            raise ReplyError("媒体回复缺少 MediaId")
        if kind == "voice":
            return Bubble(side="account", kind="voice", seconds=6)
        return Bubble(side="account", kind="image", picture=f"/sim/photos/{inner['MediaId']}")
    if kind == "transfer_customer_service":
        return None
    raise ReplyError(f"回复的 MsgType「{kind}」不认识")


def _article(fields: Fields) -> Bubble:
    articles = fields.get("Articles")
    items = articles.get("item") if isinstance(articles, Mapping) else articles
    first = items[0] if isinstance(items, list) and items else items
    if not isinstance(first, Mapping) or not first.get("Title"):
        raise ReplyError("图文回复缺少标题")
    return Bubble(
        side="account",
        kind="link",
        text=str(first["Title"]),
        tail=str(first.get("Description", "")),
        url=str(first.get("Url", "")),
        picture=str(first.get("PicUrl", "")),
    )

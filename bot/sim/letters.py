"""What the account sends on its own: customer-service messages, template messages, subscribe notifications.

Each function checks one call as the platform does, lets the phone show it, and gives the answer's error code.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Mapping
from typing import Any

from bot.sim.bubbles import Bubble
from bot.sim.parcel import TEXT_LIMIT
from bot.sim.platform import Platform
from bot.sim.templates import Template, keyword_type

Call = Mapping[str, Any]

_LIMITS = {
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "phrase": 5,
    "name": 10,
    "phone_number": 17,
    "const": 20,
}
_SHAPES = {
    "number": re.compile(r"^[\d.]+$"),
    "character_string": re.compile(r"^[\x21-\x7e]+$"),
    "phrase": re.compile(r"^[\u4e00-\u9fff]+$"),
    "phone_number": re.compile(r"^[\d+*-]+$"),
}
_letter_numbers = itertools.count(int(time.time()) * 1000)


def receiver_fault(platform: Platform, openid: object) -> int:
    """0 where the person can be written to at all."""
    handset = platform.phones.get(openid) if isinstance(openid, str) else None
    if handset is None:
        return 40003
    return 0 if handset.followed else 43004


def data_fault(data: object) -> tuple[int, str]:
    """0, or 47003 with the platform's words, which name the field."""
    if not isinstance(data, Mapping) or not data:
        return 47003, "argument invalid! data is empty"
    for field, cell in data.items():
        value = cell.get("value") if isinstance(cell, Mapping) else None
        kind = keyword_type(field)
        shape = _SHAPES.get(kind)
        if (
            not isinstance(value, str)
            or not value
            or "\n" in value
            or len(value) > _LIMITS.get(kind, 20)
            or (shape is not None and not shape.match(value))
        ):
            return 47003, f"argument invalid! data.{field}.value invalid"
    return 0, ""


def custom(platform: Platform, call: Call) -> tuple[int, str]:
    """A customer-service message: needs an open window; uses one allowance."""
    openid = call["touser"]
    code, words, bubble = _custom_bubble(platform, call)
    if bubble is None:
        return code, words
    if code := platform.windows.take(openid):
        return code, ""
    platform.put(openid, bubble)
    return 0, ""


def _custom_bubble(platform: Platform, call: Call) -> tuple[int, str, Bubble | None]:
    kind = call.get("msgtype")
    inner = call.get(str(kind))
    if not isinstance(inner, Mapping):
        return 40008, "", None
    if kind == "text":
        text = inner.get("content")
        if not isinstance(text, str) or not text:
            return 44004, "", None
        if len(text.encode()) > TEXT_LIMIT:
            return 45002, "", None
        return 0, "", Bubble(side="account", text=text)
    if kind == "msgmenu":
        choices = inner.get("list")
        if not isinstance(choices, list) or not all(
            isinstance(each, Mapping) and each.get("id") and each.get("content") for each in choices
        ):
            return 40008, "", None
        rows = tuple((str(each["id"]), str(each["content"])) for each in choices)
        head, tail = str(inner.get("head_content", "")), str(inner.get("tail_content", ""))
        return 0, "", Bubble(side="account", kind="choices", text=head, rows=rows, tail=tail)
    if kind in ("image", "voice"):
        media_id = str(inner.get("media_id", ""))
        if platform.shelf.get(media_id) is None:
            return 40007, "", None
        if kind == "voice":
            return 0, "", Bubble(side="account", kind="voice", seconds=6)
        return 0, "", Bubble(side="account", kind="image", picture=f"/sim/photos/{media_id}")
    if kind == "news":
        articles = inner.get("articles")
        if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], Mapping):
            return 45008, "", None
        first = articles[0]
        return (
            0,
            "",
            Bubble(
                side="account",
                kind="link",
                text=str(first.get("title", "")),
                tail=str(first.get("description", "")),
                url=str(first.get("url", "")),
                picture=str(first.get("picurl", "")),
            ),
        )
    return 40008, "", None


def letter(platform: Platform, call: Call) -> tuple[int, str, int]:
    """A template message; its fate is pushed to the account a little later. Gives code, words and msgid."""
    template = platform.templates.get(str(call.get("template_id")))
    if template is None:
        return 40037, "", 0
    code, words = data_fault(call.get("data"))
    if code:
        return code, words, 0
    openid, number = str(call["touser"]), next(_letter_numbers)
    blocked = platform.phones[openid].refuses_letters
    if not blocked:
        platform.put(openid, _card(template, call))
    status = "failed:user block" if blocked else "success"
    keys = {"MsgID": number, "Status": status}
    platform.errand(_report(platform, openid, "TEMPLATESENDJOBFINISH", keys, "模板消息送达回执"))
    return 0, "", number


def notification(platform: Platform, call: Call) -> tuple[int, str]:
    """A subscribe notification; uses one consent."""
    template_id, openid = str(call.get("template_id")), str(call["touser"])
    template = platform.templates.get(template_id)
    if template is None:
        return 40037, ""
    code, words = data_fault(call.get("data"))
    if code:
        return code, words
    if not platform.consents.take(openid, template_id):
        return 43101, ""
    platform.put(openid, _card(template, call))
    told = {
        "TemplateId": template_id,
        "MsgID": str(next(_letter_numbers)),
        "ErrorCode": 0,
        "ErrorStatus": "success",
    }
    keys = {"SubscribeMsgSentEvent": {"List": told}}
    platform.errand(_report(platform, openid, "subscribe_msg_sent_event", keys, "订阅通知送达回执"))
    return 0, ""


async def _report(platform: Platform, openid: str, event: str, keys: dict[str, Any], label: str) -> None:
    await asyncio.sleep(0.05)
    await platform.report(openid, event, keys, label)


def _card(template: Template, call: Call) -> Bubble:
    rows = tuple((template.label(field), str(cell["value"])) for field, cell in call["data"].items())
    url = str(call.get("url") or call.get("page") or "")
    return Bubble(side="account", kind="card", text=template.title, rows=rows, url=url)

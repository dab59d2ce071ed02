"""From the fields of a push to what the person meant: every kind of message and event the platform sends.

wechatpy's message classes read fields lazily, so whatever is wrong with a push comes out later as whatever exception
``int()`` or a missing key gives, and an event has no id to tell repeats by. Here a push is read once and strictly;
the contract tests hold the result against wechatpy's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypedDict

from bot.kit import message as kit
from bot.wechat.errors import NotAMessage
from bot.wechat.markup import Fields, clean

KEY_LIMIT = 191
_ID_LIMIT = 64
"""openids have 28 characters, account ids about 15."""
_LATEST = 253_402_300_799
"""The end of the year 9999: what datetime can hold."""


class _Head(TypedDict):
    key: str
    sender: str
    account: str
    sent_at: datetime


def read(fields: Fields) -> kit.Inbound:
    """The message that ``fields`` describe; kinds that the product does not use become Unknown.

    Raises:
        NotAMessage: something that every push has is missing or is not what it should be.
    """
    kind = _word(fields, "MsgType").strip().lower()
    if not kind:
        raise NotAMessage("no MsgType")
    sender, account = _identity(fields, "FromUserName"), _identity(fields, "ToUserName")
    created = _number(fields, "CreateTime")
    if not 0 < created <= _LATEST:
        raise NotAMessage("CreateTime is no moment")
    head = _Head(key="", sender=sender, account=account, sent_at=datetime.fromtimestamp(created, UTC))
    if kind == "event":
        event = _word(fields, "Event").strip().lower()
        if not event:
            raise NotAMessage("an event without a name")
        _settle_event_key(head, created, event, fields)
        return _EVENTS.get(event, _unknown_event)(head, fields)
    number = _number(fields, "MsgId", missing=0)
    if number:
        head["key"] = f"m:{number}"
    else:
        # Every message of the platform has a MsgId. This keeps apart what a gateway passes on without one; the text
        # goes in as a digest, since keys are logged.
        head["key"] = f"n:{sender}:{created}:{_digest(kind + ':' + _word(fields, 'Content'))}"
    return _MESSAGES.get(kind, _unknown_message)(head, fields)


def _settle_event_key(head: _Head, created: int, event: str, fields: Fields) -> None:
    """Events have no id of their own; the platform says: FromUserName with CreateTime.

    CreateTime counts seconds, and two taps in one second are two events: so name and key of the event join in. The
    reports on template and subscribe messages come in bursts without a key and are told apart by the message's number.
    """
    detail = _word(fields, "EventKey")
    if event in ("templatesendjobfinish", "masssendjobfinish"):
        detail = _word(fields, "MsgID") or _word(fields, "MsgId")
    elif event.startswith("subscribe_msg_"):
        detail = ",".join(f"{_word(i, 'TemplateId')}.{_word(i, 'MsgID')}" for i in _items(fields, event))
    head["key"] = _bounded(f"e:{head['sender']}:{created}:", f"{event}:{detail}")


def _bounded(start: str, tail: str) -> str:
    return start + (tail if len(start) + len(tail) <= KEY_LIMIT else "#" + _digest(tail))


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _word(fields: Fields, name: str) -> str:
    value: Any = fields.get(name)
    if type(value) is str:
        return clean(value)
    if value is None:
        return ""
    # JSON pushes carry numbers as numbers. A bool or anything nested is no field of a message.
    if type(value) is int or type(value) is float:
        return str(value)
    raise NotAMessage(f"{name} is nested")


def _identity(fields: Fields, name: str) -> str:
    value = _word(fields, name)
    if not value or len(value) > _ID_LIMIT:
        raise NotAMessage(f"no usable {name}")
    return value


def _number(fields: Fields, name: str, missing: int | None = None) -> int:
    value = _word(fields, name).strip()
    if not value and missing is not None:
        return missing
    # isdigit alone also takes other scripts' digits; 20 digits hold a 64-bit number.
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise NotAMessage(f"{name} is not a number")
    return int(value)


def _degrees(fields: Fields, name: str, bound: float) -> float:
    try:
        value = float(_word(fields, name))
    except ValueError as error:
        raise NotAMessage(f"{name} is not a number") from error
    if not -bound <= value <= bound:  # also refuses NaN
        raise NotAMessage(f"{name} is not on Earth")
    return value


# In XML the subscribe events wrap their list in an element of their own; in JSON it stands at the top.
_WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def _items(fields: Fields, event: str) -> list[Fields]:
    """The entries of a subscribe event: one or many, wrapped or not."""
    wrapper = fields.get(_WRAPPERS.get(event, ""))
    found: Any = wrapper.get("List") if isinstance(wrapper, dict) else fields.get("List")
    if found is None or found == "":
        return []
    entries = found if isinstance(found, list) else [found]
    if not all(isinstance(entry, dict) for entry in entries):
        raise NotAMessage("List is not a list of entries")
    return entries


def _text(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Text(**head, text=_word(fields, "Content").strip(), menu_id=_word(fields, "bizmsgmenuid"))


def _image(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Image(**head, media_id=_word(fields, "MediaId"), url=_word(fields, "PicUrl"))


def _voice(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Voice(
        **head,
        media_id=_word(fields, "MediaId"),
        format=_word(fields, "Format"),
        transcript=_word(fields, "Recognition").strip(),
    )


def _video(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Video(**head, media_id=_word(fields, "MediaId"))


def _location(head: _Head, fields: Fields) -> kit.Inbound:
    # The platform's X is the latitude.
    latitude, longitude = _degrees(fields, "Location_X", 90), _degrees(fields, "Location_Y", 180)
    return kit.Location(**head, latitude=latitude, longitude=longitude, label=_word(fields, "Label"))


def _link(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Link(
        **head,
        title=_word(fields, "Title"),
        description=_word(fields, "Description"),
        url=_word(fields, "Url"),
    )


def _unknown_message(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Unknown(**head, kind=_word(fields, "MsgType").strip().lower()[:64])


def _followed(head: _Head, fields: Fields) -> kit.Inbound:
    # Other keys come with other ways to follow (last_trade_no_… after a payment): they are no scene of ours.
    key = _word(fields, "EventKey")
    return kit.Followed(**head, scene=key.removeprefix("qrscene_") if key.startswith("qrscene_") else "")


def _scanned(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Scanned(**head, scene=_word(fields, "EventKey").removeprefix("qrscene_"))


def _unfollowed(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Unfollowed(**head)


def _menu(head: _Head, fields: Fields) -> kit.Inbound:
    entry = _word(fields, "EventKey")
    return kit.MenuTapped(**head, entry=entry) if entry else _unknown_event(head, fields)


def _menu_link(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.MenuLinkOpened(**head, url=_word(fields, "EventKey"))


def _letter_delivered(head: _Head, fields: Fields) -> kit.Inbound:
    number = _word(fields, "MsgID") or _word(fields, "MsgId")
    return kit.LetterDelivered(**head, message_id=number, status=_word(fields, "Status"))


def _consent(head: _Head, fields: Fields) -> kit.Inbound:
    event = _word(fields, "Event").strip().lower()
    answers = tuple(
        (_word(item, "TemplateId"), _word(item, "SubscribeStatusString") == "accept")
        for item in _items(fields, event)
    )
    return kit.ConsentChanged(**head, answers=answers)


def _notification(head: _Head, fields: Fields) -> kit.Inbound:
    items = _items(fields, "subscribe_msg_sent_event")
    if not items:
        return _unknown_event(head, fields)
    return kit.NotificationDelivered(
        **head,
        template_id=_word(items[0], "TemplateId"),
        message_id=_word(items[0], "MsgID"),
        error_code=_number(items[0], "ErrorCode", missing=0),
        status=_word(items[0], "ErrorStatus"),
        refused=tuple(
            _word(item, "TemplateId")
            for item in items
            if _number(item, "ErrorCode", missing=0) == _NO_CONSENT
        ),
    )


_NO_CONSENT = 43101


def _unknown_event(head: _Head, fields: Fields) -> kit.Inbound:
    return kit.Unknown(**head, kind="event:" + _word(fields, "Event").strip().lower()[:58])


_Reader = Callable[[_Head, Fields], kit.Inbound]

_MESSAGES: dict[str, _Reader] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}

_EVENTS: dict[str, _Reader] = {
    "subscribe": _followed,
    "scan": _scanned,
    "unsubscribe": _unfollowed,
    "click": _menu,
    "scancode_push": _menu,
    "scancode_waitmsg": _menu,
    "pic_sysphoto": _menu,
    "pic_photo_or_album": _menu,
    "pic_weixin": _menu,
    "location_select": _menu,
    "view": _menu_link,
    "view_miniprogram": _menu_link,
    "templatesendjobfinish": _letter_delivered,
    "subscribe_msg_popup_event": _consent,
    "subscribe_msg_change_event": _consent,
    "subscribe_msg_sent_event": _notification,
}
"""What is absent here, such as the LOCATION reports that would be a continuous track, becomes Unknown on purpose."""

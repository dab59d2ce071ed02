"""The custom menu: the platform's rules for one, and what a phone shows before the account has published any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Menu = dict[str, Any]

DEFAULT: Menu = {
    "button": [
        {
            "name": "找帮助",
            "sub_button": [
                {"type": "click", "name": "报需求", "key": "报需求"},
                {"type": "click", "name": "报问题", "key": "报问题"},
                {"type": "click", "name": "供需清单", "key": "供需清单"},
            ],
        },
        {
            "name": "我来办",
            "sub_button": [
                {"type": "click", "name": "待认领", "key": "待认领"},
                {"type": "click", "name": "提供资源", "key": "提供资源"},
                {"type": "click", "name": "活动", "key": "活动"},
            ],
        },
        {
            "name": "我的",
            "sub_button": [
                {"type": "click", "name": "我的事", "key": "我的"},
                {"type": "click", "name": "绑定", "key": "绑定"},
                {"type": "click", "name": "帮助", "key": "帮助"},
            ],
        },
    ]
}

TOUCHES = ("click", "scancode_push", "scancode_waitmsg")
_TYPES = {
    *TOUCHES,
    "view",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "media_id",
    "article_id",
    "article_view_limited",
    "miniprogram",
}


def fault(menu: object) -> int:
    """0 for a menu that the platform takes, else its error code."""
    buttons = menu.get("button") if isinstance(menu, Mapping) else None
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        return 40016
    for button in buttons:
        if not isinstance(button, Mapping) or not 0 < _size(button.get("name")) <= 16:
            return 40018
        if button.get("sub_button"):
            inner = button["sub_button"]
            if not isinstance(inner, list) or len(inner) > 5:
                return 40023
            for entry in inner:
                if not isinstance(entry, Mapping) or not 0 < _size(entry.get("name")) <= 60:
                    return 40025
                if code := _entry_fault(entry, 40024, 40026, 40027):
                    return code
        elif code := _entry_fault(button, 40017, 40019, 40020):
            return code
    return 0


def _size(value: object) -> int:
    return len(value.encode()) if isinstance(value, str) else 0


def _entry_fault(entry: Mapping[str, Any], kind: int, key: int, url: int) -> int:
    if entry.get("type") not in _TYPES:
        return kind
    if entry["type"] == "view" and not 0 < _size(entry.get("url")) <= 1024:
        return url
    needs_key = entry["type"] in TOUCHES or str(entry["type"]).startswith(("pic_", "location"))
    if needs_key and not 0 < _size(entry.get("key")) <= 128:
        return key
    return 0

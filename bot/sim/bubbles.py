"""What stands in a chat as the person sees it, and how a chat of them is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Side = Literal["own", "account", "note"]
Kind = Literal["text", "image", "voice", "location", "link", "card", "choices"]

FAILURE = "该公众号提供的服务出现故障，请稍后再试"
"""The grey line that the platform shows when the account does not answer or answers nonsense."""


class Bubble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing in a chat."""

    side: Side
    kind: Kind = "text"
    text: str = ""
    """The words; for a card its title."""
    rows: tuple[tuple[str, str], ...] = ()
    """A card's fields (name, value), or the choices of a message menu (id, words)."""
    tail: str = ""
    """Words under the choices."""
    url: str = ""
    """Where a tap leads."""
    picture: str = ""
    """What to show of an image."""
    seconds: int = 0
    """How long a voice message is."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A bubble with its place in the chat."""

    number: int
    at: datetime
    bubble: Bubble


def note(text: str) -> Bubble:
    """A grey line in the middle."""
    return Bubble(side="note", text=text)


def as_text(bubble: Bubble) -> str:
    """The bubble in plain words, for a terminal."""
    if bubble.kind == "card":
        return "\n".join([f"【{bubble.text}】", *(f"{name}：{value}" for name, value in bubble.rows)])
    if bubble.kind == "choices":
        return "\n".join(
            filter(None, [bubble.text, *(f"{key}　{words}" for key, words in bubble.rows), bubble.tail])
        )
    names = {"image": "[图片]", "voice": "[语音]", "location": "[位置]", "link": "[链接]"}
    return f"{names.get(bubble.kind, '')}{bubble.text}"

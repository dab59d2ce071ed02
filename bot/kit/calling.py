"""What a sentence that calls an activity says: 在村部开主题党日，学习全会精神，限30人."""

from __future__ import annotations

import re

import msgspec

from bot.kit.recurring import read_roll
from bot.kit.words import EDGES, as_written, closed, number, plain
from models import activitywords
from models.understanding import Named

_CAPACITY = re.compile(
    r"(?:限|最多|不超过|名额)\s*(?:为|是)?\s*(\d{1,4}|[一二三四五六七八九十百]{1,4})\s*(?:个)?(?:人|名|位)?(?:名额)?"
)
_NO_LIMIT = re.compile(r"不限(?:人数|名额|人)?|人数不限")
_TOPIC = re.compile(r"(?:主题|内容)\s*(?:改成|改为|定为|就定|是|为|：|:|\s)\s*[“\"]?([^”\"]{2,})$")
_PLACE = re.compile(r"(?:地点|地方|地址)\s*(?:改到|改成|改在|改为|在|是|为|：|:|\s)\s*([^，,。；;]{2,30})")
_AT = re.compile(
    r"(?:在|到|去)([^，,。；;]{2,20}?)(?=召开|举办|举行|组织|开展|集合|开|办|搞|过|做|[，,。；;]|$)"
)
_FILLING = re.compile(
    r"(?:召开|举办|举行|组织|开展|进行|定在|定个|我们|咱们|本支部|我支部|联合党委|通知大家|通知|请大家|大家"
    r"|一次|一场|一个|一下|[个次场]?(?:主题党日|党日|联建|志愿服务)(?:活动)?|(?:开放|互动|体验)式?|[搞办开过做]?活动"
    r"|休息日|节假日|放假|遇|顺延|提前|照常|不变)"
)
_OWN = re.compile(r"(?:我们?|咱们?|本|自己)(?:的)?(?:党?支部)|(?:党?支部|单位)(?:自己|内部|本身)")
_SMALL = re.compile(r"^[的在开办搞过做于到去,，。；;、\s]+|[的在开办搞过做于,，。；;、\s]+$")
SHORTEST_TOPIC = 3
"""Characters; less is a leaving of the sentence, and no topic."""


class Read(msgspec.Struct, frozen=True):
    """What was read; empty where nothing was said of it."""

    kind: str
    format: str
    place: str
    topic: str
    capacity: tuple[int | None] | None
    """``(None,)``: as many as like."""
    branch: bool
    """The branch's own is meant."""


def read_call(text: str, named: Named) -> Read:
    """Reads a sentence, with the times and places that were found in it."""
    said = plain(text)
    kind, form = activitywords.kind_in(said), activitywords.format_in(said)
    limit = _CAPACITY.search(said)
    capacity: tuple[int | None] | None = None
    if _NO_LIMIT.search(said):
        capacity = (None,)
    elif limit is not None:
        capacity = (number(limit[1]) or None,)
    rest = said
    for piece in (*named.times, limit[0] if limit else ""):
        rest = rest.replace(plain(piece), "，") if piece else rest
    rest = _NO_LIMIT.sub("，", rest)
    place, rest = _place(rest, named)
    return Read(
        kind=kind.key if kind is not None else "",
        format=form.key if form is not None else "",
        place=place,
        topic=_topic(text, rest),
        capacity=capacity,
        branch=_OWN.search(said) is not None,
    )


def _place(rest: str, named: Named) -> tuple[str, str]:
    """The place, and the sentence without it."""
    for pattern in (_PLACE, _AT):
        found = pattern.search(rest)
        if found is not None:
            return found[1].strip(EDGES), rest[: found.start()] + "，" + rest[found.end() :]
    for place in named.places:
        if place in rest:
            return place, rest.replace(place, "，", 1)
    return "", rest


def _topic(text: str, rest: str) -> str:
    found = _TOPIC.search(rest)
    if found is not None:
        return closed(as_written(text, found[1].strip(EDGES)))
    if read_roll(rest) is not None:
        rest = re.sub(
            r"(?:遇|逢)?(?:休息日?|放假|节假日?|周末)?.{0,2}(?:不顺延|顺延|提前|照常|不变|不办|不开|跳过)",
            "，",
            rest,
        )
    parts = [_SMALL.sub("", part) for part in re.split(r"[，,。；;]", _FILLING.sub("，", rest))]
    parts = [part for part in parts if len(part) >= SHORTEST_TOPIC]
    return closed("，".join(parts))

"""Whether words that look like a time are one here: what stands around them decides (初二 is a school year too)."""

from __future__ import annotations

import re

from bot.language import timewords

_NO_NUMBER_BEFORE = frozenset("0123456789一二三四五六七八九十两廿百千万几第.半")
_BEFORE_WEAK = ("到", "等", "赶", "在", "于", "离", "临近", "快", "要")
_AFTER_WEAK = re.compile(
    r"前(?![面院头])|前后|之前|以前|后(?![面院])|那|当天|期间|节气|时节|过后|长假|假期|放假|黄金周|的时候|回"
)
_SEASON_BEFORE = ("到", "等", "今", "明", "去", "入")


def starts_well(folded: str, match: re.Match[str]) -> bool:
    """Whether what stands around the atom lets it be a time at all."""
    kind, start = match.lastgroup, match.start()
    before = folded[start - 1] if start else "\n"
    first = folded[start]
    if kind == "me":
        return before not in "个俩两半每这本下上几0123456789一二三四五六七八九十"
    if first in _NO_NUMBER_BEFORE and before in _NO_NUMBER_BEFORE:
        return False
    if kind == "wk":
        return match["ww"] is not None or before not in "一两每几半个整二三四五六七八九十0123456789"
    if kind == "hol":
        name = match["name"]
        if name in timewords.STRICT and not match["off"]:
            near = name != "高考" and folded[max(0, start - 2) : start].endswith(_BEFORE_WEAK)
            return near or bool(_AFTER_WEAK.match(folded, match.end()))
        return not (name[0] in "六三" and before in _NO_NUMBER_BEFORE)
    if kind == "chu":
        if match["ca"] in ("一", "二", "三") and match["cb"] in (None, "二", "三") and match["cc"] is None:
            # 初一, 初二, 初三 are school years far more often
            return first in "大年" or folded[match.end() : match.end() + 1] in ("前", "那", "早", "晚", "上")
        return True
    if kind == "md":
        said = match["m"]
        bare = match["d"] is None and match["mi"] is None and match["mp"] is None and match["mw"] is None
        if bare and match["ml"] is None and said in ("一", "两") and "份" not in match.group():
            return False
        return not (said[0] in "两" or (bare and before in "个每"))
    if kind == "dot":
        if match["ss"] == "/" and len(match["sd"]) == 1 and folded[match.end() : match.end() + 1] == "的":
            # 3/4的人: a fraction
            return False
        return not (before.isalnum() and before.isascii()) and before not in "-.·/:价约共达"
    if kind == "day":
        return not (before in "目之以提往然今先" and first in "前后")
    if kind == "yend":
        return before not in "几半多每这那近往当历成0123456789一二三四五六七八九十"
    if kind == "vague" and first in "春夏秋冬" and match.group()[1] in "天季":
        return before in _SEASON_BEFORE or bool(_AFTER_WEAK.match(folded, match.end()))
    if kind == "vague" and first == "前" and before in "提之以目":
        return False
    if kind == "vague" and match.group() in ("秋收", "春耕", "春播", "麦收", "麦口"):
        return bool(_AFTER_WEAK.match(folded, match.end()))
    return True

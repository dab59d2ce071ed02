"""Marks that name one thing exactly: telephone numbers, and the numbers of listed items."""

from __future__ import annotations

import re

_PHONE = re.compile(
    r"(?<![0-9])(?:1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|0[0-9]{2,3}[ -]?[0-9]{7,8}|400[ -]?[0-9]{3}[ -]?[0-9]{4})(?![0-9])"
    r"|(?<=电话)[:： ]?(?P<short>[2-9][0-9]{6,7})(?![0-9])"
)
_N = r"(?:[0-9]{1,6}|[一二两三四五六七八九十百]{1,5})"
_CODE = re.compile(r"(?<![a-z0-9])([sn][0-9]{2,6})(?![0-9a-z])")
_ORDINAL = re.compile(
    rf"第 ?(?P<n>{_N}) ?(?P<u>号|个|项|条|件|桩|宗|样)?(?!季度|党|支|书|一|小|中|医|届|天|次|回|批|期|周|遍|名)"
)
_NUMBERED = re.compile(
    rf"(?P<n>{_N}) ?(?P<u>号|#|号项目|号需求)(?!楼|栋|院|线|机|棚|门|井|公寓|店|库|厂|桥|地|村|文|函|令|信|公路|那天|那日|当天|之?前|以前|前后|左右|上午|下午|晚|早|中午|一早|到|至|开始|起|开会|党课)"
)
_BEFORE = re.compile(
    r"(?:编号|项目|需求|问题|清单|认领|进展|办结|评价|撤回|放弃|延期|报名|请假|签到|查|我也是|取消|撤销|任务|序号|接)(?:第|是|：|:|了|为)? ?(?P<n>[0-9]{1,6}|[一二两三四五六七八九十百]{1,5})(?![0-9一二两三四五六七八九十百千万]| ?[年月个点日人块元岁:份斤亩吨米公户头只台次天趟盏名位类家])"
)
_SERIES = re.compile(rf"(?P<n>[0-9]{{1,6}})(?= ?[、,，和跟/] ?(?:{_N} ?[、,，和跟/] ?){{0,8}}{_N} ?号)")
_DATE_BEFORE = re.compile(r"(?:月|到|等|至|截止|这月|本月|下月|-|于|[0-9])$")
ITEM_INTENTS = frozenset(
    (
        "claim",
        "progress",
        "evaluate",
        "cancel",
        "query_mine",
        "query_list",
        "report",
        "human",
        "activity_signup",
        "activity_signin",
    )
)
Span = tuple[int, int]


def phones(folded: str) -> list[Span]:
    """Where telephone numbers stand (mobile, area code, 400), blanks and dashes inside included."""
    return [m.span("short") if m["short"] else m.span() for m in _PHONE.finditer(folded)]


def items(folded: str, taken: list[Span]) -> list[Span]:
    """Where the bare numbers of listed items stand: 27号 gives 27, 第五个 gives 五, S045 gives S045."""
    if not any(c.isdigit() or c in "第号一二三四五六七八九十" for c in folded):
        return []
    found: set[Span] = set()
    for pattern, group in ((_CODE, 1), (_ORDINAL, "n"), (_BEFORE, "n"), (_SERIES, "n")):
        for match in pattern.finditer(folded):
            if pattern is _ORDINAL and match["u"] is None and not folded[match.end() :].strip(" 。.!！"):
                continue
            found.add(match.span(group))
    for match in _NUMBERED.finditer(folded):
        if not _DATE_BEFORE.search(folded[max(0, match.start() - 2) : match.start()]):
            found.add(match.span("n"))
    return sorted(s for s in found if not any(s[0] < right and left < s[1] for left, right in taken))

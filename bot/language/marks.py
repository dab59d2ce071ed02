"""Marks that name one thing exactly: telephone numbers, and the numbers of listed items."""

from __future__ import annotations

import re

_PHONE = re.compile(
    r"(?<![0-9])(?:1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|0[0-9]{2,3}[ -]?[0-9]{7,8}|400[ -]?[0-9]{3}[ -]?[0-9]{4})(?![0-9])"
    r"|(?<=电话)[:： ]?(?P<short>[2-9][0-9]{6,7})(?![0-9])"
)
_DIGITS = re.compile("[0-9]{3}")
"""A text without three digits in a row has no telephone number that is written in digits."""
_SPOKEN = "零〇一二三四五六七八九幺两"
_SPOKEN_PHONE = re.compile(
    rf"[一幺][三四五六七八九][{_SPOKEN}][ -]?(?:[{_SPOKEN}]{{4}}[ -]?){{2}}(?![{_SPOKEN}])"
)
_CHINESE = "一二两三四五六七八九十百廿壹贰叁肆伍陆柒捌玖拾佰"
_N = rf"(?:[0-9]{{1,6}}|[{_CHINESE}]{{1,5}})"
_CODE = re.compile(r"[snd][0-9]{2,6}(?![0-9a-z])")
_ORDINAL = re.compile(
    rf"第 ?(?P<n>{_N}) ?(?P<u>号|个|项|条|件|桩|宗|样)?(?!季度|党|支|书|一|小|中|医|届|天|次|回|批|期|周|遍|名|趟|针|年|人|车|场|集|轮|步|窗|道|茬|拨|学期|季|代|胎|生产|产业)"
)
_NUMBERED = re.compile(
    rf"(?P<n>{_N}) ?(?P<u>号|hao|#)(?!楼|栋|院|线|机|棚|门|井|公寓|店|库|厂|桥(?!墩)|地|文|函|令|信|公路|那天|那日|当天|之?前|以前|前后|左右|上午|下午|晚|早|中午|一早|到|至|开始|起|开会|党课|人|坑|杆|字)"
)
_BEFORE = re.compile(
    r"(?:编号|项目|需求|问题|清单|认[领令岭]|忍领|任领|人领|进展|办结|评价|撤回|放弃|延期|报名|请假|签到|(?<!嘎)查|我也是|取消|撤销|任务|序号|接(?!二连)|我认|认的|应的)(?:第|是|：|:|了|为)? ?(?P<n>[0-9]{1,6}|[一二两三四五六七八九十百]{1,5})(?![0-9一二两三四五六七八九十百千万下哈]| ?[年月个点日人块元岁:份斤亩吨米公户头只台次天趟盏名位类家查看回])"
)
_ALONE = re.compile(
    rf"^ ?(?P<n>{_N})(?= ?[,，。 ]|那个|这个|完|办|$)"
    rf"|(?:^|[，,。 ])(?P<n2>{_N})(?=让给|给[我俺咱]|我[^们]?[干整弄包揽])"
)
_SERIES = re.compile(
    rf"(?P<n>[0-9]{{1,6}}|[{_CHINESE}]{{1,3}})(?= ?[、,，和跟/] ?(?:{_N} ?[、,，和跟/] ?){{0,8}}{_N} ?号)"
)
_DATE_BEFORE = re.compile(r"(?:月|到|等|至|截止|这月|本月|下月|-|于|定在|约在|改[到在]|[0-9])$")
_ATTENDS = re.compile(
    r"^[^，。,.]{0,6}(?:来不[成了]|去不[成了]|不[去来]|的会|那场|那趟|活动|培训|有事|请假|参加不|学习|党课|讲座)"
)
_NEVER = frozenset(["chitchat", "other", "bind", "volunteer_log"])
_DATES_FIRST = frozenset(
    ["report", "offer", "activity_query", "activity_signup", "activity_signin", "duty_query", "help", "human"]
)
"""Where a bare 十五号 is a day of the month rather than the number of an entry."""
_ENTRY_AFTER = re.compile(r"^ ?(?:的?(?:项目|需求|事项|问题|任务|清单|条目|供给)|那[个条项]|这[个条项])")
Span = tuple[int, int]


def phones(folded: str) -> list[Span]:
    """Where telephone numbers stand (mobile, area code, 400, or spoken out), blanks and dashes inside included."""
    found = []
    if _DIGITS.search(folded):
        found = [m.span("short") if m["short"] else m.span() for m in _PHONE.finditer(folded)]
    if "一" in folded or "幺" in folded:
        found += [m.span() for m in _SPOKEN_PHONE.finditer(folded)]
    return found


def items(folded: str, taken: list[Span], *, intent: str) -> list[Span]:
    """Where the bare numbers of listed items stand: 27号 gives 27, 第五个 gives 五, S045 gives S045."""
    found = {
        m.span()
        for m in _CODE.finditer(folded)
        if not (m.start() and folded[m.start() - 1].isascii() and folded[m.start() - 1].isalnum())
    }
    if intent not in _NEVER:
        days = intent in _DATES_FIRST
        if "第" in folded:
            for match in _ORDINAL.finditer(folded):
                unit = match["u"]
                if unit is None and (days or not folded[match.end() :].strip(" 。.!！")):
                    continue
                if not (days and unit in ("个", "件", "样", "条")):
                    found.add(match.span("n"))
        if "号" in folded or "#" in folded or "hao" in folded:
            found |= _numbered(folded, days=days, leaves=intent == "cancel")
        if intent not in ("report", "offer"):
            found |= {m.span("n") for m in _BEFORE.finditer(folded)}
        if not days and (alone := _ALONE.search(folded)):
            found.add(alone.span("n" if alone["n"] else "n2"))
    if not taken or not found:
        return sorted(found)
    return sorted(s for s in found if not any(s[0] < right and left < s[1] for left, right in taken))


def _numbered(folded: str, *, days: bool, leaves: bool) -> set[Span]:
    """27号, 3#, and the numbers of a series that ends with 号."""
    found: set[Span] = set()
    last = -1
    for match in _NUMBERED.finditer(folded):
        start, end = match.span()
        if _DATE_BEFORE.search(folded[max(0, start - 2) : start]):
            continue
        entry = folded[start - 1 : start] == "第" or _ENTRY_AFTER.match(folded[end : end + 4])
        if match["u"] == "号" and days and not entry:
            continue
        if leaves and not entry and _ATTENDS.match(folded[end : end + 10]):
            continue
        found.add(match.span("n"))
        last = max(last, start)
    if last > 0 and not days:
        found |= {m.span("n") for m in _SERIES.finditer(folded, 0, last + 8)}
    return found

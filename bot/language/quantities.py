"""How much and how many: number and measure word, as the exact piece of the text.

Left out on purpose: ages, unit prices and rates, scores, elapsed time, numbers of tries.
"""

from __future__ import annotations

import re

from bot.language.numerals import NUMERAL

_UNITS = [
    "公斤",
    "市斤",
    "千克",
    "毫升",
    "斤",
    "两",
    "吨",
    "kg",
    "公顷",
    "平方米",
    "平方",
    "平米",
    "平",
    "立方米",
    "立方",
    "方",
    "公里",
    "里地",
    "里路",
    "千米",
    "米",
    "亩地",
    "亩",
    "分地",
    "万元",
    "元钱",
    "元",
    "块钱",
    "块",
    "毛钱",
    "万块钱",
    "万块",
    "人次",
    "人",
    "名",
    "位",
    "户",
    "家",
    "口人",
    "口",
    "头",
    "只",
    "匹",
    "峰",
    "羽",
    "尾",
    "条",
    "棵",
    "株",
    "根",
    "盏",
    "台套",
    "台",
    "辆",
    "套",
    "件",
    "张",
    "把",
    "本",
    "册",
    "袋",
    "箱",
    "桶",
    "车皮",
    "车",
    "筐",
    "篓",
    "罐",
    "瓶",
    "盒",
    "大包",
    "小包",
    "包",
    "捆",
    "枚",
    "颗",
    "粒",
    "床",
    "双",
    "身",
    "份",
    "座",
    "眼",
    "处",
    "支",
    "艘",
    "扇",
    "面",
    "桌",
    "批",
    "样",
    "栋",
    "幢",
    "间",
    "组",
    "队",
    "场次",
    "场",
    "期",
    "节课",
    "节",
    "堂课",
    "堂",
    "课时",
    "棒",
    "垛",
    "穗",
    "盘",
    "副",
    "顶",
    "片",
    "块地",
    "村",
    "个村",
    "个人",
    "个小时",
    "个钟头",
    "个多小时",
    "个",
    "兆",
    "瓦",
    "千瓦",
    "度电",
    "趟",
    "次",
    "回",
    "遍",
    "篇",
    "幅",
    "门",
    "道",
    "圈",
    "摞",
    "沓",
    "吊",
    "车次",
    "班次",
    "顿饭",
    "顿",
    "碗",
    "盆",
    "坛",
    "锅",
    "垧",
    "顷",
    "丈",
    "尺",
    "寸",
    "层",
    "级",
    "排",
    "行",
]
_HOURS = [
    "小时",
    "钟头",
    "个小时",
    "个钟头",
    "个半小时",
    "个半钟头",
    "个多小时",
    "个多钟头",
    "天",
    "下午",
    "上午",
    "晚上",
    "整天",
    "宿",
    "分钟",
    "h",
]
_UNIT = "|".join(sorted({*_UNITS, *_HOURS}, key=len, reverse=True))
_CN = f"{NUMERAL}半几"
_NUMBER = rf"(?:[0-9]{{1,12}}(?:[.,][0-9]{{1,6}})*[十百千万亿]{{0,3}}|[{_CN}]{{1,12}}(?:点[零一二三四五六七八九]{{1,4}})?)"
_QUANTITY = re.compile(
    rf"(?<![0-9第.{NUMERAL}周期拜初月])(?P<n>{_NUMBER}(?:(?:到|至|-|~|—){_NUMBER})?[来多余把几]?[万千百]?)"
    rf"(?P<u>{_UNIT})(?P<t>(?:多|半|来)(?![{_CN}0-9久亏年次]))?"
    rf"|(?<![那这哥姐娘爷妯弟们爹公婆老第一]) ?(?P<two>[俩仨])(?P<tu>人|村|户|棚|乡镇?|孩子(?!上|没))?(?![月礼年半])"
    rf"|(?<![0-9第.{NUMERAL}])(?P<m>(?:[0-9]{{1,8}}(?:\.[0-9]{{1,4}})?[百千万亿]{{1,2}}|[一二两三四五六七八九几十百]{{1,5}}[百千万亿](?:[一二三四五六七八九]|[零一二三四五六七八九十百]{{2,6}})?)[多来]?)(?![{_CN}年月天日号点岁别分斤])"
)
_DIGIT = re.compile(rf"[0-9俩仨{NUMERAL}]")
_MONEY = ("元", "块", "块钱", "元钱", "万元", "毛钱", "万块", "万块钱")
_RATE_BEFORE = re.compile(
    r"(?:每|一天|一个?月|一斤|月薪|工资|日结|日薪|底薪|年薪|单价|均价|卖到|才卖|市价|租金|[斤亩吨个天月]才?|涨到|降到|管)$"
)
_RATE_AFTER = re.compile(r"^ ?(?:一|/|每)(?:斤|天|个|月|亩|吨|头|只|趟|件|人|公斤|小时|宿|年|户|度|顿|节|份)")
_EVERY_AFTER = re.compile(r"^ ?/|^以[上下]")
_IDIOMS = (
    "一家人",
    "一口",
    "一样",
    "一块",
    "一次",
    "一回",
    "一遍",
    "一趟",
    "一片",
    "一道",
    "一面",
    "一起",
    "一方",
    "一级",
    "一把火",
    "一排",
    "一层",
    "一位",
    "一名",
    "一处",
    "一家",
    "一条",
    "一张",
    "一件",
    "一份",
    "一双",
    "一场",
    "一批",
    "一天",
    "一门",
    "一本",
    "一个",
    "一根",
    "一只",
    "一头",
    "一户",
    "一队",
    "一组",
    "一包",
    "一间",
    "一行",
    "千米",
    "百米",
    "万里",
    "一顿",
    "半个",
    "一套",
    "一台",
    "一座",
    "一节",
    "一期",
    "一堂",
    "一课时",
    "一人",
    "一村",
    "一两",
    "半天",
    "几天",
    "一宿",
    "半宿",
    "一度电",
    "一块地",
    "一半",
)
_ONCE = frozenset(_IDIOMS)
_TRIES = frozenset(["趟", "次", "回", "遍", "顿", "顿饭", "层", "级", "排", "行", "度电", "道", "两"])
_AGE_OR_SCORE = re.compile(r"^(?:岁|周岁|来岁|多岁|分$|分(?!钟))")
Span = tuple[int, int]


def find(folded: str, *, intent: str, taken: list[Span]) -> list[Span]:
    """Where quantities stand. ``intent`` matters: hours count as service, tries and scores do not count at all."""
    if intent in ("evaluate", "chitchat", "other", "help", "human", "query_mine") or not _DIGIT.search(
        folded
    ):
        return []
    found: list[Span] = []
    for match in _QUANTITY.finditer(folded):
        start, end = match.span()
        while folded[start] == " ":
            start += 1
        if any(start < right and left < end for left, right in taken):
            continue
        if _counts(folded, match, intent):
            if (
                match["u"] in ("个", "名", "位", "家", "户", "口", "头")
                and match["t"] is None
                and folded[end : end + 1] == "人"
            ):
                end += folded[end : end + 2] != "人家"
            found.append((start, end))
    return found


def _counts(folded: str, match: re.Match[str], intent: str) -> bool:
    """Whether this number and measure word is a quantity of the matter."""
    start, end = match.span()
    before, after = folded[max(0, start - 4) : start], folded[end : end + 4]
    text = match.group().strip()
    if match["m"] is not None:
        return (
            not (text.startswith(("千万", "几", "百十")) and len(text) < 3)
            and not _RATE_BEFORE.search(before)
            and not _RATE_AFTER.match(after)
            and text not in ("万千", "百万")
            and intent in ("report", "offer", "volunteer_log", "progress", "claim")
        )
    if match["two"] is not None:
        return intent in ("report", "offer", "claim", "volunteer_log", "progress") and (
            match["tu"] is not None or not after[:1].strip() or after[:1] in "，。,.！!另？"
        )
    unit, number = match["u"], match["n"]
    if number in ("几", "半", "零", "两半"):
        return (
            number == "半"
            and unit not in ("个", "天", "两", "道", "宿", "夜", "块", "路")
            and intent == "volunteer_log"
        )
    if _AGE_OR_SCORE.match(after) or _EVERY_AFTER.match(after):
        return False
    if unit in _HOURS:
        return intent == "volunteer_log" and number != "几" and not after.startswith("前")
    if unit in _MONEY and (_RATE_BEFORE.search(before) or _RATE_AFTER.match(after)):
        return False
    if intent == "volunteer_log":
        return not text.startswith("一") or len(text) > 2 or unit in _TRIES
    if unit in _TRIES and intent != "offer":
        return False
    if (
        unit == "个"
        and after[:1] in "月星礼半小钟多"
        and after[:2] not in ("小娃", "小孩", "小组", "小区", "小学", "月子", "小伙", "小桥", "小广", "多媒")
    ):
        return False
    if text in _ONCE:
        return (intent == "offer" and unit in ("台", "辆", "套", "间", "把", "名", "位", "座", "块地")) or (
            intent == "claim" and unit == "把"
        )
    return not before.endswith(("第", "每", "十")) or intent == "offer"

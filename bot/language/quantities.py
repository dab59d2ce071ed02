"""How much and how many: number and measure word, as the exact piece of the text.

Left out on purpose: ages, unit prices and rates, scores, elapsed time, numbers of tries. A single thing (一台) counts
where it is asked for or given, not where it is only told of.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources

from bot.language.numerals import NUMERAL

_TABLES = tomllib.loads(resources.files("bot.language").joinpath("data/quantities.toml").read_text("utf-8"))


def _words(table: str) -> frozenset[str]:
    """The words of one table of ``data/quantities.toml``."""
    return frozenset(str(_TABLES[table]).split())


_UNITS = _words("units")
_HOURS = _words("hours")
_ALL = _UNITS | _HOURS
_BY_FIRST: dict[str, list[str]] = {}
for _word in sorted(_ALL, key=len, reverse=True):
    _BY_FIRST.setdefault(_word[0], []).append(_word)
_CN = f"{NUMERAL}几廿卅"
_NUMBER = rf"(?:[0-9]{{1,12}}(?:[.,][0-9]{{1,6}})*[十百千万亿]{{0,3}}|[{_CN}]{{1,12}}(?:点[零一二三四五六七八九]{{1,4}})?|[俩仨半])"
_RUN = re.compile(
    rf"(?<![0-9第.{NUMERAL}周拜初月])(?P<n>{_NUMBER}(?:(?:到|至|-|~|—){_NUMBER})?)(?P<v>[来多余把几]?[万千百]?)"
)
_ASKED = re.compile(
    r"(?:要|缺|求|借|差|给[我他她咱]?|匀[我咱]?|送|捎|出|换|捐|派|找|领|添|配|建|加|讨|请|租|买|打|盖|安|装|收|帮|有|就|还剩|架|供|名额|寻|换成|、)(?:上|个|了)?$"
)
_LISTED = re.compile(r"[\u4e00-\u9fff]{0,6}[、，。,.;； ]|[\u4e00-\u9fff]{0,6}$")
_AMOUNT = re.compile(rf"(?:[0-9.]+[百千万亿]{{1,2}}|[{_CN}]*[百千万亿][{_CN}]*)$")
_AMOUNT_AFTER = re.compile(
    r"$|[，。,.!?！？、；; ]|能|给|买|交|办|就|够|拿|那|谈|还|起|呢|吗|了|启动|押金|定[钱金]|学费|回来|一分|才|吧|都|左右|以[上内]"
)
_MONEY = frozenset(["元", "块", "块钱", "元钱", "万元", "毛钱", "万块", "万块钱"])
_RATE_BEFORE = re.compile(
    r"(?:每|一天|一个?月|一斤|月薪|工资|日结|日薪|底薪|年薪|单价|均价|卖到|才卖|市价|租金|[斤亩吨天月袋方]才?|涨到|降到|管|首重|血压|都是|量|一年)$"
)
_RATE_AFTER = re.compile(
    r" ?(?:(?:一|/|每)(?:斤|天|个|月|亩|吨|头|只|趟|件|人|公斤|小时|宿|年|户|度|顿|节|份|袋|方|车)|/|以[上下](?!的)|的个子|个子)"
)
_IN_MATTERS = frozenset(["report", "offer", "claim", "volunteer_log", "progress"])
_SILENT = frozenset(["evaluate", "chitchat", "other", "help", "human", "query_mine"])
_TRIES = frozenset(
    ["趟", "次", "回", "遍", "顿", "顿饭", "层", "度电", "道", "两", "圈", "沓", "茬", "种", "项"]
)
_HALVED = _words("halved")
_SINGULAR = _words("single")
_AFTER_COUNT = {"人": "家手员均工", "村": "民干庄里部委", "棚": "膜户", "娃": "娃", "位": "置"}
"""Short nouns that belong to 个, and what must not follow them."""
_THINGS = _words("things")
_PUNCTUATION = frozenset("，。,.!！?？、；;：: ")
_LONE = frozenset("拾佰仟百千万亿")
"""Powers that alone are no number but the beginning of a word."""
_AGE = re.compile("岁|周岁")
Span = tuple[int, int]


def find(folded: str, *, intent: str, taken: list[Span]) -> list[Span]:
    """Where quantities stand. ``intent`` matters: hours count as service, tries and scores do not count at all."""
    if intent in _SILENT:
        return []
    found: list[Span] = []
    last_unit = ""
    last = -1
    for match in _RUN.finditer(folded):
        if match.start() < last or (match["n"] in _LONE and not match["v"]):
            continue
        unit = _unit(folded, match.end())
        if unit is None and match["v"]:
            unit = _unit(folded, match.end("n"))
            at = match.end("n") if unit else match.end()
            span = _measured(folded, match, at, unit, intent)
        else:
            span = _measured(folded, match, match.end(), unit, intent)
        if span is None or any(span[0] < right and left < span[1] for left, right in taken):
            continue
        if found and found[-1][1] == span[0] and unit == last_unit:
            # 三斤五斤, 十只八只: one rough amount
            found[-1] = (found[-1][0], span[1])
        else:
            found.append(span)
        last = span[1]
        last_unit = unit or ""
    return found


def _unit(folded: str, at: int) -> str | None:
    """The longest measure word that stands here."""
    for unit in _BY_FIRST.get(folded[at : at + 1], ()):
        if folded.startswith(unit, at):
            return unit
    return None


def _measured(folded: str, match: re.Match[str], at: int, unit: str | None, intent: str) -> Span | None:
    """The whole quantity that begins with this number, or None where it is none of the matter."""
    start, number = match.start(), match["n"]
    before = folded[max(0, start - 4) : start]
    if before[-1:] in ("块", "毛") and len(number) < 3:
        # 两块五一斤: a price
        return None
    if number in "俩仨":
        return _pair(folded, start, at, unit, before, intent)
    if unit is None:
        return _bare(folded, start, match.end(), before, intent)
    end = at + len(unit)
    if unit == "亩地" and folded.startswith("皮", end):
        unit, end = "亩", end - 1
    if not _unit_fits(folded, number, unit, end):
        return _bare(folded, start, match.end(), before, intent)
    plain, end = end, _more(folded, end, unit, number)
    if end > plain and number == "一":
        number = "一半"
    after = folded[end : end + 8]
    if not _counts(number + (match["v"] if at == match.end() else ""), unit, before, after, intent):
        return None
    if (
        unit == "个"
        and (noun := folded[end : end + 1]) in _AFTER_COUNT
        and ((folded[end + 1 : end + 2] or " ") not in _AFTER_COUNT[noun])
    ) or (
        unit in ("名", "位", "家", "户", "口", "头")
        and folded.startswith("人", end)
        and not folded.startswith("人家", end)
    ):
        end += 1
    return start, end


def _unit_fits(folded: str, number: str, unit: str, end: int) -> bool:
    """Whether the character is a measure word here and not the beginning of another word."""
    after = folded[end : end + 2]
    if unit == "个":
        return after[:1] not in tuple("月星礼体别钟") and (
            after[:1] not in ("小", "多")
            or after
            in ("小娃", "小孩", "小组", "小区", "小学", "小伙", "小桥", "小广", "多媒", "小姑", "小卖")
        )
    if unit == "回":
        return after[:1] not in tuple("来家去")
    if unit == "本":
        return after[:1] not in tuple("钱地来人村")
    if unit == "眼":
        return after[:1] in tuple("井机窑泉水深")
    if unit == "人":
        return after[:1] not in tuple("转民家才均")
    if unit == "家":
        return number != "两" and after[:1] not in tuple("子里")
    if unit == "口":
        return after[:1] not in tuple("子气粮")
    if unit == "头":
        return number != "两" or after[:1] in tuple("牛猪羊驴骡种奶母")
    if unit in ("面", "方", "级", "层", "组", "队", "期", "门", "样", "节", "场", "道", "行", "排"):
        return after[:1] not in tuple("长员伍便日假地里会粉积子")
    if unit == "两":
        return False
    return not (unit in ("平", "米", "分") and after[:1] in tuple("安时常均原钟数饭"))


def _more(folded: str, end: int, unit: str, number: str) -> int:
    """What is still said behind the measure word: 半, 多, 三公里二, 五亩七分, 两小时零十分."""
    rest = folded[end : end + 6]
    if rest[:1] in ("半", "多") and rest[1:2] not in tuple("久亏年次个天斤亩"):
        return end + 1
    if unit in ("公里", "亩", "吨", "丈") and rest[:1] in tuple("一二三四五六七八九"):
        if rest[1:2] == "分" and unit == "亩":
            return end + 2
        if not rest[1:2] or not (rest[1:2] in _ALL or rest[1:2] in NUMERAL):
            return end + 1
    if unit in ("小时", "个小时", "钟头", "个钟头"):
        minutes = re.match(r"零?[0-9一二三四五六七八九十]{1,3}分钟?", rest)
        if minutes:
            return end + minutes.end()
    return end


def _pair(folded: str, start: int, at: int, unit: str | None, before: str, intent: str) -> Span | None:
    """俩 and 仨, which hold their measure word already."""
    after = folded[start + 1 : start + 3]
    if before[-1:] in tuple("那这哥姐娘爷妯弟爹公婆老第一") or after[:1] in tuple("月礼年半秋冬春夏"):
        return None
    if unit in _HOURS:
        return (start, start + 1 + len(unit)) if intent == "volunteer_log" and unit else None
    if after[:1] in ("人", "位", "户", "棚", "村"):
        return start, start + 2
    if after == "孩子":
        return (start, start + 3) if before[-1:] not in tuple("扯带养") else None
    if (
        not after
        or after[0] in "，。,.！!、 "
        or (
            (before[-1:] in tuple("加缺差要共") or (before[-1:] == "有" and after[:1] in tuple("要得能没")))
            and intent in _IN_MATTERS
        )
    ):
        return (start, start + 1) if "不了" not in before else None
    return (start, start + 1) if intent.startswith("activity") else None


def _bare(folded: str, start: int, end: int, before: str, intent: str) -> Span | None:
    """A number without a measure word: money (缺三十七万六), or people (能坐一百二)."""
    text = folded[start:end]
    if intent not in _IN_MATTERS or len(text) < 2 or not _AMOUNT.match(text.rstrip("来多余把几")):
        return None
    if (
        text.startswith(("千万", "万千", "百万", "几"))
        or _RATE_BEFORE.search(before)
        or before.endswith(("分之", "第", "尾号"))
    ):
        return None
    return (start, end) if _AMOUNT_AFTER.match(folded, end) and not _RATE_AFTER.match(folded, end) else None


def _counts(number: str, unit: str, before: str, after: str, intent: str) -> bool:
    """Whether this number and measure word is a quantity of the matter."""
    if before.endswith(("分之", "第", "三番")) or _AGE.match(after) or number in ("几", "零", "两半"):
        return False
    one = number == "一" and unit not in _MONEY
    if number == "半":
        return (
            unit in _HALVED
            and (unit not in _HOURS or intent == "volunteer_log")
            and before[-1:] not in tuple("好大老多")
        )
    if unit in _HOURS:
        return (
            intent == "volunteer_log"
            and (not one or unit in _SINGULAR)
            and not after.startswith(("前", "后"))
        )
    if _RATE_AFTER.match(after) and not one:
        return False
    if unit in _MONEY:
        if number == "一" and unit == "块":
            return False
        small = unit in ("块", "毛钱") and len(number) == 1 and after[:1] in tuple(NUMERAL)
        return not small and not _RATE_BEFORE.search(before)
    if unit in _TRIES:
        return intent in ("offer", "volunteer_log") and (not one or intent == "volunteer_log")
    if unit == "米" and one:
        return False
    if not one:
        return not before.endswith(("每", "十", "老")) or intent == "offer"
    if after[:1] in ("人", "个", "一", "火") or unit in (
        "圈",
        "队",
        "组",
        "次",
        "面" if after[:1] == "之" else "圈",
    ):
        return False
    if unit == "个" and (before.endswith("差") and after[:1] in tuple("字偏")):
        return False
    if unit == "把" and (not after or after[0] in "，。,.！!"):
        return False
    if intent == "volunteer_log":
        return unit not in ("下", "把", "道")
    if (
        unit in _THINGS
        and (not after or after[0] in _PUNCTUATION)
        and before[-1:] not in tuple("我你他她再意")
    ):
        # 冷藏车一辆！: the thing before its number, as in a list
        return intent in ("report", "offer", "claim")
    if after.startswith("、") or (not before and intent in ("report", "offer")):
        return True
    asked = _ASKED.search(before)
    return asked is not None and not (intent == "progress" and unit == "把")

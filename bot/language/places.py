"""Where: named places and positions, as the exact piece of the text.

A place is a chain of links that touch: a region or village by name (known, or recognised by its ending), a
facility (村部, 敬老院) and a position (门口, 东头). A name inside an organisation's name is not a place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources

import ahocorasick


def _words(table: str) -> list[str]:
    told = tomllib.loads(resources.files("bot.language").joinpath("data/places.toml").read_text("utf-8"))
    return str(told[table]).split()


_ENDING = (
    "苏木|嘎查|街道|社区|小区|开发区|园区|林场|牧场|营子|自治县|自治旗|自治州|[省市县区旗镇乡村屯庄寨堡沟组]"
)
_ORDER = "[0-9一二三四五六七八九十东西南北前后中上下]"
_NAMED = re.compile(
    rf"(?:(?<![0-9]){_ORDER}{{1,3}}(?:村民小组|小组|组|队|社|号楼|栋|单元|楼(?!道)|街|里弄|弄|期)(?![长员伍里会织的建委])"
    rf"|[\u4e00-\u9fff]{{1,4}}(?:{_ENDING}))"
)
_BREAK = re.compile(
    r"我们|咱们|俺们|你们|他们|它们|我|你|他|她|咱|俺|的|了|在|到|从|去|来|往|上|给|和|跟|与|向|是|有|把|让|请|对|由|为|帮|找|求|那|这|哪|各|每|全|本|该|离|住|下|及|就|也|都|还|叫|会|能|想|要|谁|个|几|多|又|再|回|进|出|好|不|没|姓|名|说|派|以|用|里|成员|扔|接|倒|堆|修|养|卖|结对|联建|其他|周边|附近|邻|隔壁|农|乡下|整|外|两|俩|小"
)
_GENERIC = frozenset(_words("generic"))
_ORGANISATION = re.compile(
    r"^[\u4e00-\u9fff]{0,6}?(?:党总支|党支部|支部|党委|党组|联合党|总支|合作社|公司|协会|委员会|两委|村委|居委|政府|供电所|卫生局|农牧局|水利局|法院|检察院|派出所|司法所|税务|工会|妇联|团委|局|联社|银行|电视台|乌兰牧骑|书记|主任|联络员)"
)
_FACILITY = _words("facilities")
_POSITION = "门口|大门口|东头|西头|南头|北头|东边|西边|南边|北边|旁边|边上|对面|后面|前面|后头|前头|东侧|西侧|南侧|北侧|里头|附近|周边|一带|路口|村口|河边|河套|桥头|院里|院内|大坑|那边|山上|地头|楼道|楼下|外头|路段|那段|那截|三岔口|广场|后山|沟里|东|西|口"
_CHAIN = re.compile(
    rf"(?:{'|'.join(sorted(_FACILITY, key=len, reverse=True))})(?:(?:{_POSITION})(?![医药施]))?"
)
_AFTER = re.compile(
    rf"(?:的|那|)(?:{'|'.join(sorted(_FACILITY, key=len, reverse=True))}|{_POSITION})(?![医药施])"
)
_HOUSE = re.compile(
    r"(?:老|小)[\u4e00-\u9fff]{1,3}?家(?:门口|门前|房后|院里|屋后|东边|西边|那块|后院|前)|[王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤]家(?:沟|沟子|营子|屯|湾|坪|坝|店|铺|寨|庄|堡|塬|坡|洼|窝铺|梁|岭)(?:村)?"
)
_NEVER = re.compile(r"我们村|咱们?村|俺们?村|本村|寨上|我们寨|咱寨|屯里人|村里(?!小广场|活动室)|家里")
_TRIGGER = re.compile(
    rf"(?:{_ENDING})|[口边头院室馆场站里上楼校园部栋坑河山沟坡塘渠桥堂店房路街]|电梯|食堂|主干道|大棚|医院|学校"
)
_FROM = re.compile(r"^ ?(?:的|人|这边|那边|来的|嘎达|那旮旯)")
Span = tuple[int, int]


@cache
def counties() -> tuple[str, ...]:
    """Full names of China's regions down to the county, and the home region's towns."""
    told = tomllib.loads(resources.files("models").joinpath("data/regions.toml").read_text("utf-8"))
    names: dict[str, None] = {}
    for province, cities in told["counties"].items():
        names[province] = None
        for city, below in cities.items():
            names[city] = None
            names.update(dict.fromkeys(below))
    for towns in told["towns"].values():
        names.update(dict.fromkeys(towns))
    names.update(dict.fromkeys(told["short"]))
    names.pop("市辖区", None)
    return tuple(name for name in names if len(name) > 1)


_CUT = re.compile(
    r"(?:蒙古族|回族|土家族|苗族|侗族|满族|藏族|彝族|壮族|瑶族|羌族|畲族|维吾尔|哈萨克|各族|布依族|傣族|白族|[\u4e00-\u9fff]{1,3}族)*自治[县旗州区]$|[省市县区旗]$|街道$|[镇乡]$|苏木$"
)


_LARGE = frozenset(
    f"{name}市"
    for name in [
        "北京",
        "天津",
        "上海",
        "重庆",
        "沈阳",
        "大连",
        "长春",
        "济南",
        "青岛",
        "南京",
        "杭州",
        "广州",
        "深圳",
        "武汉",
        "成都",
        "西安",
        "赤峰",
        "通辽",
    ]
)
"""Cities whose two-character short names are no everyday words."""


class Gazetteer:
    """Known names of places, found in a text in one pass."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._machine = ahocorasick.Automaton()
        self.add((*counties(), *names))

    def add(self, names: Iterable[str]) -> None:
        """Takes more names in, with their short forms of two characters or more where those are distinctive."""
        for name in names:
            self._names.add(name)
            short = _CUT.sub("", name)
            if len(short) > 2 or (len(short) == 2 and name in _LARGE):
                self._names.add(short)
        self._names -= _GENERIC | {
            "和平",
            "朝阳",
            "新华",
            "中山",
            "城中",
            "市中",
            "长安",
            "文化",
            "大同",
            "平安",
            "自治",
        }
        for name in self._names:
            self._machine.add_word(name, len(name))
        self._machine.make_automaton()

    def find(self, folded: str) -> list[Span]:
        """The longest known names, leftmost first, without overlaps."""
        return [(end - size + 1, end + 1) for end, size in self._machine.iter_long(folded)]


def find(folded: str, gazetteer: Gazetteer, *, intent: str, taken: list[Span]) -> list[Span]:
    """Where places stand."""
    if intent in ("chitchat", "evaluate", "help", "human", "duty_query", "other"):
        return []
    links = gazetteer.find(folded)
    if not links and not _TRIGGER.search(folded):
        return []
    links = _join(sorted(links + list(_named(folded, links))), folded)
    for match in _HOUSE.finditer(folded):
        links.append(match.span())
    for match in _CHAIN.finditer(folded):
        links.append(match.span())
    merged = [
        s for s in _join(sorted(links), folded) if not any(s[0] < r and left < s[1] for left, r in taken)
    ]
    return [s for s in merged if _stands(folded, s, intent)]


def _named(folded: str, known: list[Span]) -> list[Span]:
    """Names recognised by their ending: 东沟村, 罕山嘎查, 三组."""
    found: list[Span] = []
    for match in _NAMED.finditer(folded):
        start, end = match.span()
        for left, right in known:
            if left <= start < right:
                start = right
        text = folded[start:end]
        for stop in _BREAK.finditer(text[:-1]):
            if stop.end() < len(text):
                start = match.end() - len(text) + stop.end()
        text = folded[start:end]
        if (
            len(text) > 1
            and text not in _GENERIC
            and not (len(text) == 2 and text[0] in "全本各哪那一两乡城农山景市矿林郊超大")
        ):
            found.append((start, end))
    return found


def _join(spans: list[Span], folded: str) -> list[Span]:
    """Touching or overlapping links make one place; what follows of position words belongs to it."""
    merged: list[Span] = []
    for start, end in spans:
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
        after = _AFTER.match(folded, merged[-1][1])
        if after is not None and not folded[after.start() : after.end()].startswith(("的东", "的西")):
            merged[-1] = (merged[-1][0], after.end())
    return merged


def _stands(folded: str, span: Span, intent: str) -> bool:
    start, end = span
    text, after = folded[start:end], folded[end:]
    if _NEVER.match(folded, start) and text in ("村里", "家里", "寨上"):
        return False
    if text in _GENERIC or (
        text
        in (
            "镇上",
            "县里",
            "旗里",
            "市里",
            "沟里",
            "村小",
            "会议室",
            "苗圃",
            "营子",
            "幼儿园",
            "敬老院",
            "养老院",
            "县医院",
            "河套",
            "后山",
            "纪念馆",
            "医院",
            "学校",
            "超市",
            "物业",
            "大棚",
            "村里",
            "食堂",
            "电梯",
            "厕所",
            "公厕",
            "冷库",
            "仓库",
            "市场",
            "草场",
            "道上",
            "山上",
            "牧场",
            "大街",
            "派出所",
            "林场",
            "院里",
            "水库",
            "村部",
        )
        and intent in ("offer", "query_list", "report", "query_mine", "bind")
    ):
        before = folded[max(0, start - 1) : start]
        return (
            before in ("在", "到", "去", "来", "往")
            and intent not in ("bind", "query_list")
            and text not in _GENERIC
        )
    if intent != "volunteer_log" and _ORGANISATION.match(after) and not after.startswith(("的", "，", "。")):
        return False
    return not (intent == "offer" and text in ("村里", "镇上", "县里", "城里"))

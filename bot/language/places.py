"""Where: named places and positions, as the exact piece of the text.

A place is a chain of links that touch: a region or village by name (known, or recognised by its ending), a
facility (村部, 敬老院) and a position (门口, 东头). A name inside an organisation's name is not a place, nor is where
somebody merely comes from.
"""

from __future__ import annotations

import re

from bot.language.gazetteer import Gazetteer, Link, words

__all__ = ["Gazetteer", "find"]

_GENERIC = frozenset(words("generic"))
_ENDING = re.compile(
    r"苏木|嘎查|街道|社区|小区|开发区|园区|景区|林场|牧场|营子村?|屯子|村民小组|小组|单元|号楼|[屯庄寨堡沟湾坪坝岭塘]村"
    r"|家(?:窝铺|[湾坪坝店铺塬坡洼梁岭岘塘]|(?=大?门口|门前|房后|院里|屋后|后院|前院))"
    r"|底下|边上|门口|边边|边(?![境疆上边缘])|[这那]边|沟门|梁子|营盘|[村镇乡县旗市区屯庄寨堡沟组队社栋楼](?![长员伍里会织委级落民干])"
)
_GONE_TO = re.compile(
    r"(?:在|到|赴|往|去|从|奔|于)(?P<at>[\u4e00-\u9fff]{1,6}?(?:中心|河段|弯道|栈道|步道|基地|纪念地|[馆园湖岭滩岘坡梁桥街营塬站院]))"
    r"(?![\u4e00-\u9fff]?(?:支部|党|办|委|长|书记|公司|局|个))"
)
"""Where somebody is or goes, when its name ends like a place."""
_GOES = re.compile("[在到赴往去从奔于]")
_ORDINAL_ENDINGS = frozenset(["组", "队", "社", "单元", "号楼", "栋", "楼", "小组", "村民小组"])
_ORDINALS = frozenset("0123456789一二三四五六七八九十")
_STOPS = frozenset(
    "我们你他她它咱俺的了在到从去来往上给和跟与向是有把让请对由为帮找求那这哪各每全本该离住下及就也都还叫会能想要谁个几多"
    "又再回进出好不没姓名说派以用里扔接倒堆修养卖邻农整外两俩建盖办开买抓拿拉过被按替讲拨付至封等级任着行驻收拾共果等某业户仨原贵通请盼赴带才睡夹喊踩于"
    "，。！？、；：,.!?;: \n()（）“”\"'0123456789—-~"
)
_SIDES = frozenset(["底下", "边上", "门口", "边", "边边"])
_NO_SIDE = frozenset("一这那身旁周半两左右手里外上下前后靠跟东西南北村河江海路道桥")
_STANDS_OVER = frozenset("桥畔山子楼崖坡坎洞梁堤坝檐墙岩")
"""What a place can be underneath of; under a tree or a bed is none."""
_SIDE_STARTS = frozenset("年手眼天地脚头")
_TOWN_ENDINGS = frozenset(["镇", "乡", "村", "苏木", "嘎查", "街道", "社区"])
_NOT_IN_TOWN = frozenset("的了在有没就和给想，。、")
_LONG_ENDINGS = frozenset(["苏木", "嘎查", "街道", "社区"])
_POSITION = re.compile(
    r"(?:[里上](?=门口))?(?:大?门口|门前|大门|[东西南北](?:头|边|侧|面|门|大?街|路|巷)|往[东西南北](?![京安方昌])|[东西南北](?=，|。|,| |$|那|这|一)|旁边|边上|边边?(?!境|疆)|旁|入口|出口"
    r"|对面|后面|前面|后头|前头|背后|跟前|底下|一带|路口|村口|里头|拐弯(?:处|那儿)?|四周围?|前(?![年天后些几期往])|口(?![腔粮头味蹄]))"
)
_ORGANISATION = re.compile(
    r"[\u4e00-\u9fff]{0,9}?(?:推广站|党总支|党支部|支部|党委|党组|联合党|总支|合作社|公司|协会|委员会|两委|村委|居委|政府|供电所|[一-龥]{2}局|法院"
    r"|检察院|派出所|司法所|税务|工会|妇联|团委|农合联|联社|银行|信用社|电视台|乌兰牧骑|书记|主任|联络员|商会|大学|学院|农大|服务队"
    r"|[的]?(?:客商|老板|人说|老家))"
)
_FROM_AFTER = re.compile(
    r"人(?!民|家|手|员|工|少|多|不|都|太)|(?:那边)?(?:嫁|过来|来的|来问|来的客商|迁来|搬来)|的[，。,刚]|一家"
)
_AWAY_AFTER = re.compile(
    r"[\u4e00-\u9fff]{0,1}(?:上班|打工|当兵|念书|上学|上大|做买卖|工作|读书|干活|定居|长大|退休|干到)"
)
_BEFORE_SHORT = frozenset(
    "在到去往从发是给离自回赴送进走跑抵来上至过经者跟与及，。！？、,.!? ；;：:\n省市县区旗州"
)
_AFTER_SHORT = ("这边", "那边", "县城", "火车站", "的客车", "城里", "那里", "这里", "往", "到")
_OBJECT_BEFORE = frozenset("建修盖办开弄整设打要缺没想个座处家间买种包租做栋条管")
_AT_BEFORE = frozenset("在到去往从给上沿进至靠挨把扔倒堆")
_OWN = frozenset("，。！？、,.!? ；;：:\n们村里咱俺这那")
_SPEAKS_AFTER = re.compile(
    r"(?:的?(?:大夫|医生|老师|护士|人说|人家|领导)|说|派|愿|可以|可为|可受|可派|党|支部|能给|来的人|有没有|要求|通知|回复|给我|这边可|不给|不管|联合|组织|没这)"
)
_OBJECTS = frozenset(words("objects"))
"""Facilities that are what is needed or broken rather than where."""
_VAGUE_SPOTS = frozenset(words("vague"))
_SPOTS = frozenset(["spot", "at"])
_BARE = frozenset(words("bare"))
"""Positions that say nothing alone."""
_SILENT = frozenset(["chitchat", "evaluate", "help", "human", "duty_query", "other"])
_NEVER = frozenset(words("never"))
Span = tuple[int, int]


def find(folded: str, gazetteer: Gazetteer, *, intent: str, taken: list[Span]) -> list[Span]:
    """Where places stand."""
    if intent in _SILENT:
        return []
    known = gazetteer.find(folded)
    links = [
        link
        for link in known
        if (
            _stands_alone(folded, link, taken)
            if link[2] == "short"
            else folded[link[0] : link[1]] not in _OBJECTS
        )
    ]
    if _ENDING.search(folded):
        links += _ended(folded, known)
        links.sort()
    if _GOES.search(folded):
        for match in _GONE_TO.finditer(folded):
            if _STOPS.isdisjoint(match["at"]):
                links.append((*match.span("at"), "spot"))
        links.sort()
    if not links:
        return []
    found: list[Span] = []
    for start, end, kinds in _chains(folded, links):
        if any(start < right and left < end for left, right in taken):
            continue
        counts = _spot_counts if kinds <= _SPOTS else _name_counts
        if counts(folded, start, end, intent, kinds):
            found.append((start, end))
    return found


def _stands_alone(folded: str, link: Link, taken: list[Span]) -> bool:
    """Whether a short name of two characters stands where a place can stand, not across two words."""
    start, end, _ = link
    if start == 0 or folded[start - 1] in _BEFORE_SHORT or any(right == start for _, right in taken):
        return not folded.startswith(("石", "面", "头", "瓜", "牧", "组", "队", "律", "老板", "市场"), end)
    return folded.startswith(_AFTER_SHORT, end)


def _ended(folded: str, known: list[Link]) -> list[Link]:
    """Names recognised by their ending: 东沟村, 罕山嘎查, 三组, 7号楼."""
    found: list[Link] = []
    floor = 0
    for match in _ENDING.finditer(folded):
        end, ending = match.end(), match.group()
        start = match.start()
        if ending[0] in "这那":
            # what is spoken of as 老井那边
            end, ending = start, ""
        elif ending == "边" and folded[start - 1 : start] in _NO_SIDE:
            continue
        if ending in _ORDINAL_ENDINGS:
            while start > floor and match.start() - start < 3 and folded[start - 1] in _ORDINALS:
                start -= 1
            if start < match.start() and folded[start - 1 : start] not in ("第", "每", "共", "有"):
                if ending == "楼" and folded.startswith(("道", "房", "梯"), end):
                    continue
                found.append((start, end, "name"))
                floor = end
                continue
            if ending != "组":
                continue
            start = match.start()
        if known and any(left <= match.start() < right for left, right, kind in known if kind == "spot"):
            continue
        town = _town(folded, known, start, end, ending) if known else None
        if town is not None:
            found.append((town, end, "name"))
            floor = end
            continue
        reach = 6 if ending in _LONG_ENDINGS else 4
        while start > floor and match.start() - start < reach and folded[start - 1] not in _STOPS:
            start -= 1
        for left, right, kind in known:
            if left <= start < right and kind != "short":
                start = right
        if ending.startswith("家"):
            start = max(
                start, match.start() - (2 if folded[match.start() - 2 : match.start() - 1] == "老" else 1)
            )
        if folded[start - 1 : start] in ("我", "本", "贵", "该") and folded[start] in "镇乡县旗区村社":
            start += 1
        name = folded[start:end]
        if not ending and (len(name) < 2 or folded[end - 1] in "们咱俺你我他她部司局院校社家位"):
            continue
        if ending == "底下" and folded[match.start() - 1] not in _STANDS_OVER:
            continue
        if ending in _SIDES and (name[0] in _SIDE_STARTS or len(name) < len(ending) + 1):
            continue
        if ending in ("组", "边") and len(name) < 3:
            continue
        if start >= match.start() or name in _GENERIC or (len(ending) == 1 and name[-2:] in _GENERIC):
            continue
        if len(name) == 2 and name[0] in "山景市矿林郊超大小新老城牧片水挖清":
            continue
        found.append((start, end, "name"))
        floor = end
    return found


def _town(folded: str, known: list[Link], start: int, end: int, ending: str) -> int | None:
    """Where a town's name begins that follows a county's: whatever stands between the county and 镇."""
    if ending not in _TOWN_ENDINGS or folded[end - 2 : end] in _GENERIC:
        return None
    for _, region, kind in known:
        if kind != "spot" and 0 < start - region <= 5:
            between = folded[region:start]
            return region if all(char >= "\u4e00" and char not in _NOT_IN_TOWN for char in between) else None
    return None


def _chains(folded: str, links: list[Link]) -> list[tuple[int, int, set[str]]]:
    """Touching or overlapping links make one place; what follows of position words belongs to it."""
    chains: list[tuple[int, int, set[str]]] = []
    for start, end, kind in links:
        if chains and start <= chains[-1][1]:
            left, right, kinds = chains[-1]
            chains[-1] = (left, max(right, end), kinds | {kind, "at"})
        else:
            chains.append((start, end, {kind}))
        left, right, kinds = chains[-1]
        if kinds == {"spot"} and left and folded[left - 1] in "东西南北老旧":
            left -= 1
        if (
            len(chains) > 1
            and kinds <= _SPOTS
            and folded[left - 1 : left] == "到"
            and chains[-2][1] == left - 1
        ):
            # from one position to another is one stretch
            other = chains[-2]
            if other[2] <= _SPOTS:
                chains.pop()
                left, kinds = other[0], other[2] | {"at"}
        position = _POSITION.match(folded, right)
        if position is not None:
            right = position.end()
        chains[-1] = (left, right, kinds)
    return chains


def _name_counts(folded: str, start: int, end: int, intent: str, kinds: set[str]) -> bool:
    """Whether a named place is where the matter is, and not part of an organisation or where somebody is from."""
    if intent == "bind":
        return "spot" not in kinds and not _ORGANISATION.match(folded, end)
    if folded[end - 1] == "组" and intent.startswith("activity"):
        return False
    after = folded[end : end + 14]
    if _ORGANISATION.match(after) and not after.startswith("，"):
        return False
    if _FROM_AFTER.match(after) or _AWAY_AFTER.match(after):
        return False
    before = folded[max(0, start - 3) : start]
    if before.endswith("从") and after.startswith(("来", "回来", "过来", "嫁", "搬")):
        return False
    return not (
        before.endswith(("老家", "娘家", "原籍", "嫁到"))
        or (before.endswith("是") and after.startswith(("的", "那边", "这边")))
    )


def _spot_counts(folded: str, start: int, end: int, intent: str, kinds: set[str]) -> bool:
    """Whether a facility or position without a name is where the matter is."""
    text = folded[start:end]
    if text[:2] in _NEVER or folded.startswith("舞", end):
        return False
    before = folded[start - 1] if start else "，"
    if intent not in ("report", "volunteer_log", "progress", "claim"):
        if text not in _VAGUE_SPOTS and before in "在去" and not _AWAY_AFTER.match(folded, end):
            return intent != "query_list" and intent != "bind"
        return intent == "offer" and "at" in kinds and before not in _OBJECT_BEFORE
    if text in _BARE and before not in _AT_BEFORE:
        return False
    if text in _VAGUE_SPOTS:
        return before in "去上" and text[-1] in "里上"
    if before in _AT_BEFORE:
        return True
    if before in _OBJECT_BEFORE and folded[start - 2 : start] not in ("那个", "这个"):
        return False
    if _SPEAKS_AFTER.match(folded, end):
        return False
    if text[-1] in "头口边旁前后下" and intent != "claim":
        return True
    return (
        (before in _OWN and (before != "们" or intent != "claim"))
        or folded[start - 2 : start] in ("那个", "这个")
        or intent == "volunteer_log"
    )

"""The words of spoken time as patterns: one for every character with which an expression may begin.

A text is scanned for those characters only, and at each of them just the patterns that can begin with it are tried,
which keeps a text without times nearly free. Every pattern is bounded, hence the scan is linear.
"""

from __future__ import annotations

import re

from bot.language.calendar import NAMES

DIGITS = "一二三四五六七八九十两廿卅"
_TEN = "一二三四五六七八九十"
_NUMBER = rf"(?:[0-9]{{1,2}}|[{DIGITS}]{{1,3}})"
_WEEK = "(?:周|星期|礼拜)"
_WEEKDAY = "[一二三四五六日天末1-7]"
_MONTH_PART = (
    rf"上中旬|中上旬|中下旬|上旬|中旬|下旬|初(?![{DIGITS}])|[底末尾低]|头(?![{DIGITS}两几0-9])"
    r"|中(?![心学医专考间药途国秋小午])"
)
_COUNTED = "[个斤亩吨台名户头只车趟次回块万千百天多来几人位家元分]"
"""What shows that a number behind a month counts something."""
PART = (
    r"凌晨|大?清早|清晨|一?大早上?|一早上?|早上|早晨|早起|早|上午|头晌午?|前晌|头午|前半晌|上昼|上半[天晌]"
    r"|晌午头?|中午|午后|下午|过晌|后晌|后半晌|下晌|下昼|下半[天晌]|傍晚|傍黑|擦黑|下晚儿?|晚上|晚间|晚夕|晚"
    r"|黑里|黑夜|黑了|夜里|夜晚|夜间|半夜|后半夜|前半夜|夜|shangwu|xiawu|zhongwu|wanshang|zaoshang"
)
_MINUTE = (
    rf"(?:点钟?|时(?![候间而常节令装])) ?(?P<hm>半|[一三]刻|整|多|[0-5]?[0-9]分?(?![0-9])"
    rf"|[{DIGITS}零]{{1,3}}(?:分|(?!{_COUNTED})))?|:(?P<hm2>[0-5][0-9])(?![0-9])"
)
_HOUR = rf"(?P<hn>[0-2]?[0-9]|[{DIGITS}]{{1,2}})(?:{_MINUTE})(?![名心钱]|建议|要求|意见)"

_COUNT = rf"(?:十天半(?=个?月)|[0-9]{{1,3}}(?:[-~到至][0-9]{{1,3}})?|[{DIGITS}俩仨百]{{1,4}}来?|半|几)"
_UNITS = rf"个?(?P<rh>半)?(?:个)?(?P<ru>工作日|天|日|{_WEEK}|月|年|小时|钟头)"
_NOT_BEFORE = "(?![面院头台任期途景者些])"
"""前 in front of these is not 'before'."""
_NUMBERED = r"(?![楼院线机棚地门井店栋库厂桥文函令信单人字]|项目|需求|问题|事项|公路|坑|杆|村民|组|子|病|\.|[0-9](?![0-9]?[号日]))"

ATOMS: dict[str, tuple[str, str]] = {
    "every": (
        "每逢",
        rf"每(?:逢)?(?:个)?(?:(?:{_WEEK})(?:{_WEEKDAY})(?:[、,和到至]?{_WEEK}?{_WEEKDAY}){{0,6}}"
        rf"|月的?(?:(?:第?[一二三四]|头一|最后一?)个?{_WEEK}{_WEEKDAY}?|{_NUMBER}(?:[号日]|(?!{_COUNTED}))"
        rf"|初[{_TEN}]|[上中下]旬|[初底末])|周末|天|日|晚上?|早上?|年(?:的)?(?=[0-9{DIGITS}正腊农阴])"
        rf"|(?:农历)?[{DIGITS}]{{1,4}}(?:集日?|赶?场|[号日])|集日?|场天?)"
        rf"|逢(?:[{DIGITS}](?:、?逢?[{DIGITS}]){{0,4}}(?:散集)?|[集场])[日天]?",
    ),
    "market": ("赶双圩集", r"赶[集场圩街](?:[日天]|那天|的(?:时候|日子))|[圩集]日|双休日"),
    "iso": ("2", r"20[0-9]{2}(?P<is>[-/.年])[0-9]{1,2}[-/.月][0-9]{1,2}(?:日|号|(?![0-9]))"),
    "yend": (
        "年今明去来本",
        r"(?:年底|年末|年终|年内|年前|年关|年后|年初)(?![一二])|[今明去来]年[底末初内]|本年内",
    ),
    "year": ("今明去前来后转本2", r"20[0-9]{2}年|今年|明年|去年|前年|来年|后年|转年|本年度?"),
    "md": (
        f"0123456789{DIGITS}农阴旧老古夏阳公新国闰正冬腊",
        rf"(?P<ml>农历|阴历|旧历|老历|古历|夏历|阳历|公历|新历|国历)?(?P<leap>闰)?"
        rf"(?P<m>正|冬|腊|[0-9]{{1,2}}|[{DIGITS}]{{1,2}})月"
        rf"(?!{_NUMBER}?(?:几|多少|[0-9]{{3}}|[百千万])|[饼亮嫂子星光季租薪节])份?"
        rf"(?:的?(?P<mw>第[一二三四]|头一|最后一?)那?个?{_WEEK}(?P<mwd>{_WEEKDAY})|(?P<mp>{_MONTH_PART})"
        rf"|初(?P<mi>[{_TEN}])|的?(?P<d>{_NUMBER})(?P<du>[日号]|(?!{_NUMBER}*{_COUNTED})))?",
    ),
    "dot": (
        "0123456789",
        r"(?P<sm>1[0-2]|0?[1-9])(?P<ss>[./·])(?P<sd>[12][0-9]|3[01]|0?[1-9])[日号]?"
        r"(?![0-9/·]|\.[0-9]| ?(?:[万千百亿十多来余几个元块斤吨亩米平方立升倍成折度岁次户人k%h毫厘瓦寸尺]|公[里斤顷]|分(?!发)|小时|里|级|版))",
    ),
    "mo": (
        "这本当下上",
        rf"(?P<mow>这个?|本|当|下下个?|下个?|上上个?|上个?)月(?![亮饼嫂])份?"
        rf"(?:(?P<mop>{_MONTH_PART})|初(?P<moi>[{_TEN}])"
        rf"|的?(?P<mod>{_NUMBER})(?:[号日]|(?!{_NUMBER}*{_COUNTED})))?",
    ),
    "me": ("月上中下", rf"月(?P<mep>(?:{_MONTH_PART})|内)|[上中下]旬"),
    "day": (
        "外大今明昨后前夜听寻琴即mjhz",
        rf"外后[天日]|即日(?=起)|[前后](?=晚上?)|大[前后](?:[天日]|儿个?)|今明后三天|(?:今明|明后)(?:两天|[天日])|[今明昨后前][天日]"
        rf"|[今明昨后前]儿(?![子女媳童孙歌科])个?|[今明昨后前]个(?![人体别月星礼周年案])|[今明昨](?={PART})"
        rf"|夜儿个?|夜来(?!香)|[听寻琴]日|mingtian|jintian|houtian|zuotian",
    ),
    "wk": (
        "这本下上大周星礼",
        rf"(?:(?P<ww>这一?个?|本|大?下下?一?个?|上上个?|上一?个?){_WEEK}|{_WEEK}(?={_WEEKDAY}))"
        rf"(?P<wd>六[、和]?(?:周|礼拜|星期)?[日天]|[一二三四五六日天末](?!期)|[1-7](?![0-9个人次天岁]))?(?!刊|岁|边|围|转|长|到访)|周内",
    ),
    "hol": ("", ""),
    "quarter": (
        f"第1234{DIGITS}本这当下上",
        r"第?(?P<q>[一二三四1-4])季度|(?P<qw>本|这个?|当|下个?|上个?)季度",
    ),
    "half": ("上下", r"(?P<hh>[上下])半年"),
    "rel": (
        f"0123456789{DIGITS}俩仨半几",
        rf"(?P<rn>{_COUNT}){_UNITS}(?P<rs>之内|以内|内(?![蒙部])|里头|之后|以后|后(?![面院山头])|以前|之前|前{_NOT_BEFORE})",
    ),
    "chu": (
        f"初廿大年农阴旧{DIGITS}",
        rf"(?:大?年|农历|阴历|旧历)?初(?P<ca>[{_TEN}])(?![0-9中])(?:[、和到至]?(?:初(?P<cb>[{_TEN}])|(?P<cc>十五)))?"
        rf"|(?:农历|阴历|旧历)(?P<ce>{_NUMBER})(?!{_COUNTED}|月)|(?P<cd>[廿卅][一二三四五六七八九]?)(?=[，。,. 前那早晚]|上午|下午|$)",
    ),
    "past": (
        "再过还",
        rf"(?:再过|过)(?P<pv>[两几些](?:天|日子))(?![了之以内后])"
        rf"|(?:再[过有]|还[有剩](?=[^，。,]{{2,5}}[就到截要]))(?P<pn>{_COUNT})个?(?P<pu>天|{_WEEK}|月)(?![了之以内后])",
    ),
    "vague": (
        "这前头最近开入秋春夏冬暑寒汛麦",
        r"这[两几](?:三?天|日)|[前头](?:[两几]天|些天|些日子|阵子|段时间)|最近|近期|近来|近日|开春|入[冬夏秋春汛]|秋[后收]|春[耕播]"
        r"|麦[收口]|暑[假期]|寒假|汛期|[春夏秋冬][天季]",
    ),
    "dd": (
        f"0123456789{DIGITS}",
        rf"(?P<ddn>[12]?[0-9]|3[01]|[{DIGITS}]{{1,3}})(?:[、和](?P<ddb>[12]?[0-9]|3[01]|[{DIGITS}]{{1,3}}))?(?P<ddu>[号日]){_NUMBERED}(?!游|三餐|常)",
    ),
    "hour": (f"0123456789{DIGITS}", _HOUR),
}
"""Kind: with which characters it begins, and its pattern. The order decides where two fit."""

_FESTIVAL_TAIL = (
    r"(?:节(?![约能目省水电食气骨课])(?:日)?)?(?P<off>小?长假|假期|黄金周|放假|休假)?(?P<hmo>那个?月|当月)?"
)
_NUMBER_NAMES = frozenset(["五一", "六一", "七一", "八一", "十一", "三八", "五四", "三一五", "六一八", "618"])
_GUARDS = {
    "小年": "(?![轻纪龄])",
    "腊八": "(?![蒜醋])",
    "元宵": "(?!馅)",
    "清明": "(?!上河)",
    "圣诞": "(?![树帽])",
}
"""What must not follow a name."""
_NUMBER_GUARD = (
    rf"(?![0-9{DIGITS.replace('一', '')}百千万个吨斤头亩户人名月号楼组届社队村路街镇乡点块分岁天]|小时|小学|中学|水库|红旗|勋章"
    r"|学校|大队|一(?!起|早|大早|过|块|到|前))"
)


def _compile() -> dict[str, re.Pattern[str]]:
    """One pattern for each first character: the kinds that can begin with it, in order. Numerals share theirs."""
    groups = {char: DIGITS if char in DIGITS else char for char in DIGITS}
    groups |= dict.fromkeys("0123456789", "0123456789")
    names: dict[str, list[str]] = {}
    for name in NAMES:
        guard = _NUMBER_GUARD if name in _NUMBER_NAMES else _GUARDS.get(name, "")
        names.setdefault(groups.get(name[0], name[0]), []).append(name + guard)
    firsts = {char for begins, _ in ATOMS.values() for char in begins} | {name[0] for name in NAMES}
    patterns: dict[str, re.Pattern[str]] = {}
    for char in firsts:
        group = groups.get(char, char)
        kinds = [
            f"(?P<hol>(?P<name>{'|'.join(names[group])}){_FESTIVAL_TAIL})"
            if kind == "hol"
            else f"(?P<{kind}>{told})"
            for kind, (begins, told) in ATOMS.items()
            if (group in names if kind == "hol" else any(one in begins for one in group))
        ]
        patterns[char] = re.compile("|".join(kinds))
    return patterns


STARTS = _compile()
"""By its first character, what an expression may be."""
_UNIT_STARTS = "年月日号天周个季点时小工礼星、和到至半来伏起~:./· -"
_NARROW = {
    "大": "前后年下雪寒暑", "下": "下个周月星礼半季旬一", "上": "上个周月星礼半季旬一巳", "还": "有剩", "来": "年", "去": "年",
    "半": "个月年天", "这": "个月周星礼季两几一", "本": "月周星礼季年", "当": "月", "前": "天日儿个年晚两几些阵段", "后": "天日儿个年晚",
    "夜": "儿来", "过": "两几些年", "再": "过有", "头": "两几些伏", "开": "春", "入": "冬夏秋春汛伏", "最": "近", "近": "期来日",
    "赶": "集场圩街", "月": "上中下初底末尾低头内", "年": "底末终内前关后初三根", "周": "一二三四五六日天末1234567内", "农": "历",
    "阳": "历", "公": "历祭", "新": "历", "国": "历庆", "转": "年", "旧": "历", "老": "历人", "古": "历", "夏": "历至天季",
} | dict.fromkeys(DIGITS, DIGITS + _UNIT_STARTS) | dict.fromkeys("0123456789", "0123456789" + _UNIT_STARTS)  # fmt: skip
"""Which characters may follow a first one; only for those that begin many other words."""


def _seconds() -> dict[str, frozenset[str]]:
    """``_NARROW``, and for every character with which nothing but a festival begins what its names allow."""
    begun = {char for begins, _ in ATOMS.values() for char in begins}
    seconds = {char: set(allowed) for char, allowed in _NARROW.items()}
    for name in NAMES:
        if name[0] not in begun or name[0] in seconds:
            seconds.setdefault(name[0], set()).add(name[1])
    return {char: frozenset(allowed) for char, allowed in seconds.items()}


SECONDS = _seconds()
"""By a first character: the second ones worth a closer look; a first character that is missing takes any."""
DIGIT_RUN = re.compile("[0-9]+")
ANCHOR = re.compile(f"[{''.join(sorted(STARTS))}前]")
"""Where an expression may begin; 前 is where one ends that has no calendar (收瓜前)."""
CLOCK = re.compile(rf"(?P<part>{PART})?(?:(?(part) ?)(?:{_HOUR}))?")
"""A part of the day and an hour, where a day was said before; may match nothing."""
PART_BEFORE = re.compile(rf"(?:{PART})$")
EVENT = re.compile(
    r"(?:天黑|天亮|黑天|掌灯|下班|放学|收工|散会|太阳落山|入[汛冬夏秋春]|上冻|封冻|结冻|开学|放假|下雨|下雪|变天|开镰|开春|秋收|春耕|春播|麦收|夏收|出栏|开园|开工|开会|过冬"
    r"|[收锄种栽播割掰刨摘耕][\u4e00-\u9fff])(?:之前|以前|前)" + _NOT_BEFORE
)
"""A limit that is no day of the calendar."""
EVENT_BEFORE = re.compile(
    r"(?:天黑|天亮|黑天|掌灯|下班|放学|收工|散会|太阳落山|入[汛冬夏秋春]|上冻|封冻|结冻|开学|放假|下雨|下雪|变天|开镰|开春|秋收|春耕|春播|麦收|夏收|出栏|开园|开工|过冬"
    r"|(?<![丰秋夏查没回签])[收锄种栽播割掰刨摘耕][\u4e00-\u9fff])(?:之|以)?$"
)
TAIL = re.compile(
    rf"(?P<on>那(?:一?天|日|几天)|当天|当日|期间|时节|节气)?(?P<at>{PART})?"
    rf"(?P<to>之前|以前|前一天|前后|前夕|前{_NOT_BEFORE}(?![天日儿年几两])|边边|左右|之内|以内|内(?![蒙部])|之后|以后|过后|后(?![面院头山沟勤续备台来天])"
    r"|起(?![来码火草步诉哄身床头早]))?"
)
JOINT = re.compile(r" ?起?(?:到|至|-|~|—|–|直到){1,2} ?(?:当[天日]|次日)?")
BARE_END = re.compile(rf"(?P<n>{_NUMBER})[日号]?(?![0-9{DIGITS}]?[个斤亩吨台名户头只车趟家人点天位])")
BARE_WEEKDAY = re.compile(r"[二三四五六日天](?![0-9{DIGITS}个点])")
STRICT = frozenset(
    [
        "高考",
        "大雪",
        "小雪",
        "雨水",
        "大寒",
        "过年",
        "十一",
        "人日",
        "年根",
        "618",
        "三伏",
        "数伏",
        "破五",
        "大暑",
    ]
)
"""Names that are everyday words too: they count only with 前, 那天, 到 … beside them."""

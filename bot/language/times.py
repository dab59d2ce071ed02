"""When: spoken times found in a text and resolved against a moment.

One pattern lists the atoms of spoken time (a day, a weekday, a month, a festival, an hour …). Atoms that touch
are one expression; two expressions joined by 到 or 至 are a span. Each atom is bounded, so the scan is linear.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import msgspec

from bot.language.calendar import NAMES, Span, add_months, monday_of, month_span, named_day, third_of_month
from bot.language.numerals import whole

_C = "一二三四五六七八九十两廿"
_N = rf"(?:[0-9]{{1,2}}|[{_C}]{{1,3}})"
_WEEK = "(?:周|星期|礼拜)"
_WD = "[一二三四五六日天末1-6]"

_ATOM = re.compile(
    "|".join(
        (
            rf"(?P<every>每(?:个?{_WEEK}(?:头?一?个?{_WEEK})?(?:{_WD}(?:[、和到至]?{_WD}){{0,6}})?"
            rf"|个?月(?:头一个?{_WEEK}{_WD}?|第?[一二三四]个?{_WEEK}{_WD}?|{_N}[号日]|初|中旬?|底|末)?|天|日|早|晚|年|季度?|逢{_N}|半个?月)"
            r"|天天|平时|隔三差五|长年|常年)",
            r"(?P<iso>(?<![0-9])20[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9])))",
            rf"(?P<md>(?P<y>20[0-9]{{2}}年|今年|明年|后年|去年|前年|来年|转年)?(?<![0-9{_C}几])(?P<m>[0-9]{{1,2}}|[{_C}]{{1,2}})月(?!{_N}?(?:几|多少|[0-9]{{3}}|[百千万]))份?"
            rf"(?:(?P<mp>上旬|中旬|下旬|上中旬|初|底|末|中(?!心|学|医|专))|(?P<d>{_N})[日号]?(?!{_N}*[个斤亩吨台名户头只车趟]))?)",
            r"(?P<slash>(?<![0-9./-])(?P<sm>1[0-2]|[1-9])[./](?P<sd>[12][0-9]|3[01]|0?[1-9])(?=之?前|以前|[日号]|那天|到|至))[日号]?",
            rf"(?P<mo>(?P<mw>这个?|本|下下个?|下个?|上个?|当)月(?:份)?(?:(?P<mop>初|底|末|上旬|中旬|下旬|中)|(?P<mod>{_N})[日号])?)",
            r"(?P<me>(?<![0-9个俩两半每])月(?P<mep>底|末|初|中旬|上旬|下旬|中(?=前|之前|以前|[，。,. ]|$)))",
            r"(?P<day>大前[天儿]|大后[天儿]|(?:今|明|昨|后|前)(?:天|日|儿个?)|[今明昨]个(?!体|人|别)|[今明昨](?=早|晚|晨|夜|上午|下午|下晚|晌午|黑)"
            r"|当天|刚才|转天)",
            rf"(?P<wk>(?:(?P<ww>这个?|本|下下个?|下个?|上上个?|上个?){_WEEK}(?P<wd>{_WD})?|(?<![一两每几半0-9个]){_WEEK}(?P<wb>[一二三四五六日天末])(?!到访|期)))",
            rf"(?P<hol>(?P<hy>今年|明年|去年|来年)?(?<![0-9{_C}百千第])(?P<hn>{'|'.join(NAMES)})(?![{_C}0-9百千万个吨斤头亩户人名月号楼组届社队中小]|到十)(?:小?长假|假期|黄金周|放假|节(?!约|能|目))?)",
            r"(?P<quarter>(?:第)?(?P<q>[一二三四1-4])季度)",
            r"(?P<half>(?:今年|明年)?(?P<hh>上|下)半年)",
            r"(?P<yend>(?:今年|本年|明年)?(?:年底|年末|年内|年前|年初)|今年内)",
            rf"(?P<rel>(?<![0-9{_C}几])(?P<rn>[0-9]{{1,3}}|[{_C}]{{1,3}}|半|几)个?(?P<ru>工作日|天|日|{_WEEK}|月|年|个?小时|个?钟头)(?P<rs>之内|以内|内|之后|以后|后(?![面院山头沟])|以前|之前|前))",
            r"(?P<season>开春|入冬|入秋|入夏|立春|立夏|立秋|立冬|秋后|秋收|春耕|暑假|寒假|暑期|汛期|雨季|农忙|农闲|腊月|正月|冬月|年后"
            r"|(?:今年|明年|去年|今|明|去)?(?:春|夏|秋|冬)(?:天|季)|[今明去](?:春|夏|秋|冬)(?![天季])|今年|明年|去年|前年|来年|最近|近期|这两天|过两天|这几天|前几天|头年)",
            rf"(?P<dd>(?<![0-9{_C}第.])(?P<ddn>[12]?[0-9]|3[01]|[{_C}]{{1,3}})[号日](?![楼院线机棚地门井店栋库厂桥村组文项问需事活]))",
            rf"(?P<hour>(?P<hp>凌晨|大?清早|一?早上?|早晨|上午|前晌|前半晌|晌午|中午|下午|过晌|后晌|后半晌|傍晚|傍黑|下晚儿?|晚上|晚间|晚|夜里|半夜|夜间|后半夜)?"
            rf"(?P<hn1>[0-2]?[0-9]|[{_C}]{{1,3}})(?:(?:点钟?|时(?!候|间|候)|:(?=[0-5][0-9]))(?P<hm>半|一刻|三刻|整|[0-5]?[0-9]分?|[{_C}]{{1,3}}分)?)(?!心|名|点|钱|东西|来))",
            r"(?P<part>凌晨|大?清早|一早上?|早上|早晨|早|上午|前晌|前半晌|晌午|中午|下午|过晌|后晌|后半晌|傍晚|傍黑|下晚儿?|晚上|晚间|晚|夜里|半夜|夜间)",
        )
    )
)
_TRIGGER = re.compile(
    r"[天日月周号年节季春夏秋冬底末]|星期|礼拜|[今明昨]|点|[五六七八十]一|国庆|端午|中秋|清明|元旦|过年|元宵|三八|五四|重阳|除夕|年三十|[./-][0-9]|小时|汛期|暑|寒假|秋|正月|最近|近期|农"
)
_TAIL = re.compile(
    r"(?:那[天日](?:之?前)?|当天|当日|期间)?(?:之前|以前|前后|左右|前(?![面院山头沟后几天])|以?内|之后|以后|起|开始)?"
)
_JOINT = re.compile(r" ?(?:到|至|-|~|—|–|直到)+ ?")
_BARE_END = re.compile(rf"(?P<n>{_N})[日号]?(?![0-9{_C}]?[个斤亩吨台名户头只车趟家人点])")
_LIMIT = 24
"""Atoms read of one text: nobody names more times, and a text made of nothing else stays cheap."""


class Time(msgspec.Struct, frozen=True):
    """One expression: where it stands, and which days it means (None where it names none)."""

    start: int
    end: int
    days: Span | None = None
    clock: tuple[int, int] | None = None
    by: bool = False
    """Said as a limit: 前, 之前, 底."""
    vague: bool = False
    """A word such as 今年 or 最近 that alone is no time of the matter."""
    past: bool = False


def find(folded: str, today: date, *, backward: bool = False) -> list[Time]:
    """The times named in a folded text, in order. ``backward``: the talk is of the past (service done)."""
    if not _TRIGGER.search(folded):
        return []
    found: list[Time] = []
    position = 0
    for _ in range(_LIMIT):
        match = _ATOM.search(folded, position)
        if match is None:
            break
        time = _expression(folded, match, today, backward)
        position = max(match.end(), time.end if time else 0)
        if time is not None:
            found.append(time)
    return found


def _expression(folded: str, match: re.Match[str], today: date, backward: bool) -> Time | None:
    """The atom, those that touch it, its tail, and a second end after 到."""
    start, end = match.span()
    kind = match.lastgroup
    days, clock, vague = _resolve(match, today, backward)
    only_part = match["part"] is not None
    while True:
        follow = _ATOM.match(folded, end + (folded[end : end + 1] in ("的", " ") and end > start))
        if follow is None or follow["every"] or follow["season"]:
            break
        if follow.end() == follow.start():
            break
        more, hour, _ = _resolve(follow, days[0] if days else today, backward)
        if days is not None and more is not None and not (follow["dd"] or follow["hour"]):
            break
        if more is not None and (days is None or follow["dd"]):
            days = more
        clock = hour or clock
        only_part = only_part and follow["part"] is not None
        vague = vague and follow["part"] is not None
        end = follow.end()
    if only_part:
        return None
    tail = _TAIL.match(folded, end)
    said = tail.group() if tail else ""
    joint = _JOINT.match(folded, end)
    if joint is not None and match["every"] is None:
        second = _ATOM.match(folded, joint.end())
        bare = _BARE_END.match(folded, joint.end()) if second is None and days else None
        if second is not None and second["part"] is None:
            last, hour, _ = _resolve(second, days[0] if days else today, backward)
            end = second.end()
            while (more_end := _ATOM.match(folded, end)) is not None and (
                more_end["hour"] or more_end["part"]
            ):
                end = more_end.end()
            if days and last and last[1] >= days[0] and not second["hour"]:
                days = (days[0], last[1])
            tail = _TAIL.match(folded, end)
            said = tail.group() if tail else ""
        elif (
            bare is not None
            and days is not None
            and (number := whole(bare["n"]))
            and days[0].day < number <= 31
        ):
            end = bare.end()
            first, last_day = month_span(days[0].year, days[0].month)
            days = (days[0], first.replace(day=min(number, last_day.day)))
            said = ""
    end += len(said)
    by = any(word in said for word in ("前", "内")) and "前后" not in said
    if match["rel"]:
        by = match["rs"] in ("之内", "以内", "内")
    elif by and days is not None and days[0] != days[1]:
        # 五一前: by the first of its days; 月底前 already is one day
        days = (days[0], days[0])
    if by and match["hol"] and not match["hy"] and not backward and days is not None and days[1] < today:
        # "before the festival" is never said of one that is over
        ahead = named_day(match["hn"], today.year + 1)
        days = (ahead[0], ahead[0]) if ahead else None
    if match["season"] and by:
        vague = False
    by = (
        by
        or match["mp"] in ("底", "末")
        or match["mop"] in ("底", "末")
        or bool(match["yend"])
        or match["mep"] in ("底", "末")
    )
    past = days is not None and days[1] < today
    if kind is None:
        return None
    return Time(start, end, days, clock, by, vague, past)


_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "刚": 0, "明": 1, "转": 1, "后": 2, "大后": 3}
_WEEKDAYS = (
    {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6, "末": 5} | {str(i): i - 1 for i in range(1, 7)}
)
_YEARS = {"今": 0, "明": 1, "后": 2, "去": -1, "前": -2, "来": 1, "转": 1, "本": 0}

_Found = tuple[Span | None, tuple[int, int] | None, bool]


def _resolve(m: re.Match[str], today: date, backward: bool) -> _Found:
    """Days, hour and vagueness of one atom. A date that the calendar does not have means no day at all."""
    try:
        if m["hour"]:
            return None, _clock(m), False
        if m["part"] or m["every"]:
            return None, None, False
        if m["season"]:
            return _season(m["season"], today), None, m["season"] in _VAGUE
        return _days(m, today, backward), None, False
    except (ValueError, OverflowError):
        return None, None, False


_VAGUE = {"今年", "明年", "去年", "前年", "来年", "最近", "近期", "头年", "刚才"}


def _season(word: str, today: date) -> Span | None:
    if word in ("今年", "明年", "来年"):
        year = today.year + _YEARS[word[0]]
        return date(year, 1, 1), date(year, 12, 31)
    return None


def _days(m: re.Match[str], today: date, backward: bool) -> Span | None:
    if m["iso"]:
        year, month, day = (int(part) for part in re.split(r"[-/.]", m["iso"]))
        return (date(year, month, day),) * 2
    if m["md"]:
        return _month_day(m, today, backward)
    if m["slash"]:
        return _roll((date(today.year, int(m["sm"]), int(m["sd"])),) * 2, today, backward)
    if m["mo"]:
        word = m["mw"].rstrip("个")
        shift = {"这": 0, "本": 0, "当": 0, "下": 1, "下下": 2, "上": -1}[word]
        return _within(today.year, today.month + shift, m["mop"], m["mod"])
    if m["me"]:
        return _within(today.year, today.month, m["mep"], None)
    if m["day"]:
        word = m["day"]
        shift = _DAYS[word[:2]] if word[:2] in _DAYS else _DAYS[word[0]]
        return (today + timedelta(days=shift),) * 2
    if m["wk"]:
        return _week(m, today, backward)
    if m["hol"]:
        return _festival(m, today, backward)
    if m["quarter"]:
        quarter = whole(m["q"]) or 1
        return month_span(today.year, quarter * 3 - 2)[0], month_span(today.year, quarter * 3)[1]
    if m["half"]:
        year = today.year + ("明年" in m["half"])
        return (
            (date(year, 1, 1), date(year, 6, 30))
            if m["hh"] == "上"
            else (date(year, 7, 1), date(year, 12, 31))
        )
    if m["yend"]:
        year = today.year + ("明年" in m["yend"])
        return None if "初" in m["yend"] else (date(year, 12, 31),) * 2
    if m["rel"]:
        return _relative(m, today)
    if m["dd"]:
        return _day_of_month(m["ddn"], today, backward)
    return None


def _month_day(m: re.Match[str], today: date, backward: bool) -> Span | None:
    month = whole(m["m"])
    if month is None or not 1 <= month <= 12:
        return None
    said = m["y"]
    if said is None:
        return _roll(_within(today.year, month, m["mp"], m["d"]), today, backward)
    year = int(said[:4]) if said[0].isdigit() else today.year + _YEARS[said[0]]
    return _within(year, month, m["mp"], m["d"])


def _within(year: int, month: int, part: str | None, day: str | None) -> Span:
    first, last = month_span(year, month)
    if day is not None:
        return (first.replace(day=whole(day) or 0),) * 2
    if part in ("底", "末"):
        return last, last
    if part == "初":
        return first, first.replace(day=10)
    if part == "中":
        return first.replace(day=11), first.replace(day=20)
    if part == "上中旬":
        return first, first.replace(day=20)
    return third_of_month(first.year, first.month, part) if part else (first, last)


def _roll(span: Span, today: date, backward: bool) -> Span:
    """A date without a year: the one that lies ahead, unless it has only just passed or the talk is of the past."""
    if backward:
        if span[0] > today:
            return span[0].replace(year=span[0].year - 1), span[1].replace(year=span[1].year - 1)
        return span
    if span[1] < today - timedelta(days=60):
        first, last = span
        if (first.month, first.day) == (2, 29) or (last.month, last.day) == (2, 29):
            last = month_span(last.year + 1, 2)[1]
            first = min(first.replace(year=first.year + 1, day=min(first.day, 28)), last)
            return first, last
        return first.replace(year=first.year + 1), last.replace(year=last.year + 1)
    return span


def _week(m: re.Match[str], today: date, backward: bool) -> Span:
    word = (m["ww"] or "").rstrip("个")
    monday = monday_of(today) + timedelta(days=7 * {"下下": 2, "下": 1, "上": -1, "上上": -2}.get(word, 0))
    day = m["wd"] or m["wb"]
    if day is None:
        return monday, monday + timedelta(days=6)
    first = monday + timedelta(days=_WEEKDAYS[day])
    last = first + timedelta(days=1 if day == "末" else 0)
    if not word and last < today and not backward:
        return first + timedelta(days=7), last + timedelta(days=7)
    return first, last


def _festival(m: re.Match[str], today: date, backward: bool) -> Span | None:
    year = today.year + (_YEARS[m["hy"][0]] if m["hy"] else 0)
    span = named_day(m["hn"], year)
    if span is not None and not m["hy"]:
        if backward and span[0] > today:
            return named_day(m["hn"], year - 1)
        # just over: people still speak of it; long over: they mean the next one
        if not backward and span[1] < today - timedelta(days=31):
            return named_day(m["hn"], year + 1)
    return span


def _relative(m: re.Match[str], today: date) -> Span | None:
    number = 0.5 if m["rn"] == "半" else whole(m["rn"])
    if number is None:
        return None
    sign = -1 if m["rs"] in ("前", "以前", "之前") else 1
    unit = m["ru"].replace("个", "")
    if unit == "月":
        day = today + timedelta(days=15 * sign) if number == 0.5 else add_months(today, sign * int(number))
    elif unit == "年":
        day = add_months(today, round(12 * number) * sign)
    elif unit in ("小时", "钟头"):
        day = today
    else:
        per = 7 if unit in ("周", "星期", "礼拜") else 1
        day = today + timedelta(days=round(number * per) * sign)
    return day, day


def _day_of_month(said: str, today: date, backward: bool) -> Span | None:
    day = whole(said)
    if day is None or not 1 <= day <= 31:
        return None
    shift = 0
    if day < today.day and not backward:
        shift = 1
    elif day > today.day and backward:
        shift = -1
    first, last = month_span(today.year, today.month + shift)
    if day > last.day:
        return None
    return (first.replace(day=day),) * 2


def _clock(m: re.Match[str]) -> tuple[int, int] | None:
    hour = whole(m["hn1"])
    if hour is None or hour > 24:
        return None
    part = m["hp"] or ""
    minute = (
        {"半": 30, "一刻": 15, "三刻": 45}.get(m["hm"] or "", 0)
        or whole((m["hm"] or "0").rstrip("分整") or "0")
        or 0
    )
    afternoon = any(word in part for word in ("下", "晚", "傍", "后晌", "过晌")) or (
        part in ("中午", "晌午") and hour < 5
    )
    # a bare 三点 in a village's day is the afternoon's
    if hour < 12 and (afternoon or (not part and 1 <= hour <= 6)):
        hour += 12
    return (hour % 24, minute) if minute < 60 else None

"""Amounts, places and marks: tables, what is none of them, and how much of the labelled data is found."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import facts, lunar, marks, numerals, places, quantities
from bot.language.folding import fold
from bot.language.gazetteer import Gazetteer
from models.moment import local

DATA = Path(__file__).parents[2] / "data" / "slots"
TODAY = date(2026, 5, 11)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer()


def amounts(text: str, intent: str = "report") -> list[str]:
    return [text[a:b] for a, b in quantities.find(fold(text), intent=intent, taken=[])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("三万斤土豆卖不出去", ["三万斤"]), ("坡上两亩半油茶", ["两亩半"]), ("四五十只鸭子", ["四五十只"]), ("万把斤核桃", ["万把斤"]),
        ("百十来头猪", ["百十来头"]), ("还剩半吨小米", ["半吨"]), ("一百二三十亩地皮", ["一百二三十亩"]), ("壹佰套棉衣", ["壹佰套"]),
        ("1.5万株油松", ["1.5万株"]), ("要10-15人帮忙", ["10-15人"]), ("葡萄3000多斤", ["3000多斤"]), ("廿五户危房", ["廿五户"]),
        ("七八十号人开会", ["七八十号人"]), ("三公里二的土路", ["三公里二"]), ("五亩七分地", ["五亩七分"]), ("匀我三斤五斤", ["三斤五斤"]),
        ("十只八只都要", ["十只八只"]), ("还欠我们三十七万六，跑了", ["三十七万六"]), ("礼堂能坐一百二，尽管用", ["一百二"]), ("想要一双运动鞋", ["一双"]),
        ("求一台烘干机", ["一台"]), ("急寻冷藏车一辆！", ["一辆"]), ("缺三个棚", ["三个棚"]), ("去了20个人", ["20个人"]), ("我跟老伴俩人", ["俩人"]),
        ("８０人的午餐", ["８０人"]), ("鸡蛋攒了千把个", ["千把个"]), ("大米3吨、食用油400桶", ["3吨", "400桶"]), ("贷八万块买驴", ["八万块"]),
    ],
)  # fmt: skip
def test_amounts(text: str, found: list[str]) -> None:
    assert amounts(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "我爹八十六了，耳朵背", "梨才三毛钱一斤", "玉米出苗只有五成", "水管坏了仨月", "三番五次找他", "麦苗百分之三十发黄", "停电两天两夜了", "俺找了他四回",
        "第三个我们认了", "一家人吵起来了", "帮我看一眼", "家里就我一个人", "两口子打架", "掉到两块五一斤", "工资一天一百八", "收拾村史馆", "想跟他们一块过",
    ],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    assert amounts(text) == []


def test_hours_count_as_service_only() -> None:
    assert amounts("帮老人擦窗两小时零十分，俩人", "volunteer_log") == ["两小时零十分", "俩人"]
    assert amounts("护林巡山一整天", "volunteer_log") == ["一整天"]
    assert amounts("停水两小时了") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("林西县官地镇机井坏了", ["林西县官地镇"]), ("兰考那边招打磨工", ["兰考"]), ("土豆在恩施压了一库", ["恩施"]), ("收好的花椒还在武都", ["武都"]),
        ("从盱眙往南京送龙虾", ["盱眙", "南京"]), ("克旗闹鼠害", ["克旗"]), ("左旗要办文化节", ["左旗"]), ("翁旗甜菜起早了", ["翁旗"]),
        ("村口那台变压器冒火星", ["村口"]), ("三楼声控灯不亮", ["三楼"]), ("7号楼后面化粪池往外冒", ["7号楼后面"]), ("大桥底下住着个老人", ["大桥底下"]),
        ("民和回族土族自治县隆治乡引水管冻裂", ["民和回族土族自治县隆治乡"]), ("林西县大营子乡西头护栏断了", ["林西县大营子乡西头"]),
        ("红山区小广场想安健身器材", ["红山区小广场"]), ("浩来呼热苏木牧户想装光伏", ["浩来呼热苏木"]), ("村东头老槐树要倒", ["村东头"]),
        ("岩脚组这里有七八家的李子", ["岩脚组"]), ("能不能把村委会到大井边修成缓坡", ["村委会到大井边"]), ("柯坪县盖孜力克镇缺水", ["柯坪县盖孜力克镇"]),
    ],
)  # fmt: skip
def test_places(gazetteer: Gazetteer, text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in places.find(fold(text), gazetteer, intent="report", taken=[])] == found


@pytest.mark.parametrize(
    "text",
    [
        "我们村想装几盏路灯", "全村老人想体检", "临洮县人民医院党支部认领", "我是湖北人，嫁来二十年了", "我闺女在深圳上班", "赤峰学院支部想结对子", "想建个活动室，缺钱",
        "家里炕塌了", "合作社想收土豆", "平安过年", "水稻和田间管理", "大理石台面裂了", "温泉水太烫", "咱村打谷机坏了",
    ],
)  # fmt: skip
def test_what_is_no_place(gazetteer: Gazetteer, text: str) -> None:
    assert places.find(fold(text), gazetteer, intent="report", taken=[]) == []


def test_names_of_the_account_are_places() -> None:
    told = Gazetteer(["舍伯吐"])
    assert places.find("舍伯吐的路坏了", told, intent="report", taken=[]) == [(0, 3)]
    told.add(["珠日河"])
    assert places.find("在珠日河修路", told, intent="report", taken=[]) == [(1, 4)]


@pytest.mark.parametrize(
    ("text", "intent", "numbers"),
    [
        ("27号修好了", "progress", ["27"]), ("20号村里办丰收宴", "report", []), ("16号健步走", "activity_signup", []), ("20号我们撤了吧", "cancel", ["20"]),
        ("26号我来不成了", "cancel", []), ("5号22号38号都给我们", "claim", ["5", "22", "38"]), ("我部承接五、八、十一号", "claim", ["五", "八", "十一"]),
        ("3号项目缺人手", "report", ["3"]), ("六十号人开会", "report", []), ("D033原文发我", "query_list", ["D033"]), ("16给我", "claim", ["16"]),
        ("第拾壹项我处承办", "claim", ["拾壹"]), ("5号卡住了，得等20号", "progress", ["5"]), ("第二趟下去，抽干净了", "progress", []),
    ],
)  # fmt: skip
def test_numbers_of_items(text: str, intent: str, numbers: list[str]) -> None:
    assert [text[a:b] for a, b in marks.items(fold(text), [], intent=intent)] == numbers


def test_a_spoken_telephone_number() -> None:
    text = "电话一五九零零零零二二八六，给我登上"
    assert [text[a:b] for a, b in marks.phones(text)] == ["一五九零零零零二二八六"]


@pytest.mark.parametrize(("said", "low", "high"), [("廿三", 23, 23), ("十二三", 12, 13), ("一万八九千", 18000, 19000), ("五点五", 5.5, 5.5)])  # fmt: skip
def test_more_numbers(said: str, low: float, high: float) -> None:
    assert numerals.value(said) == (low, high)


def test_the_lunar_calendar() -> None:
    assert lunar.solar(2026, 1, 1) == date(2026, 2, 17)
    assert lunar.solar(2025, 6, 1, leap=True) == date(2025, 7, 25)
    assert lunar.solar(2033, 11, 1, leap=True) == date(2033, 12, 22)
    assert lunar.from_solar(TODAY) == (2026, 3, 25)
    assert lunar.term("冬至", 2026) == date(2026, 12, 22)
    assert lunar.dog_days(2026) == (
        date(2026, 7, 15),
        date(2026, 7, 25),
        date(2026, 8, 14),
        date(2026, 8, 24),
    )
    assert lunar.solar(2099, 1, 1) is None
    assert lunar.term("冬至", 1999) is None


@pytest.mark.parametrize("year", range(2016, 2060))
def test_lunar_years_join(year: int) -> None:
    """A year's last day is followed by the next one's first, and every day can be told back."""
    first, after = lunar.solar(year, 1, 1), lunar.solar(year + 1, 1, 1)
    assert first is not None
    assert after is not None
    assert (after - first).days in (353, 354, 355, 383, 384, 385)
    assert date(year, 1, 20) < first < date(year, 2, 22)
    assert lunar.from_solar(first) == (year, 1, 1)


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines() if line]


_SERVICE = ("登记", "记上", "登上", "录入", "补登", "补记", "记个", "登一下", "给记")


def f1(gazetteer: Gazetteer, name: str, slot: str) -> float:
    right = wrong = 0
    for line in read(name):
        text = line["text"]
        intent = "volunteer_log" if any(word in text for word in _SERVICE) else "report"
        slots, *_ = facts.find(text, fold(text), gazetteer, intent=intent, today=TODAY)
        gold, ours = Counter(line[slot]), Counter(getattr(slots, slot))
        right += (gold & ours).total()
        wrong += (gold - ours).total() + (ours - gold).total()
    return 2 * right / (2 * right + wrong)


def test_most_amounts_and_places_are_found(gazetteer: Gazetteer) -> None:
    assert f1(gazetteer, "quantities.jsonl", "quantity") >= 0.95
    assert f1(gazetteer, "places.jsonl", "place") >= 0.93


def test_most_deadlines_are_right(gazetteer: Gazetteer) -> None:
    right = 0
    lines = read("times.jsonl")
    for line in lines:
        text, now = line["text"], datetime.fromisoformat(line["ref"])
        past = line["deadline"] is not None and line["deadline"][:10] < line["ref"][:10]
        _, deadline, when = facts.find(
            text, fold(text), gazetteer, intent="volunteer_log" if past else "report", today=local(now).date()
        )
        right += (deadline, when) == (line["deadline"], line["when"])
    assert right / len(lines) >= 0.96


_PIECES = ["村", "东头", "林西", "一个", "三万斤", "门口", "家", "两", "仨", "点", "镇", "7号楼", "那边", "的", "，", "12号", "第", "半"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_has_pieces_of_itself(gazetteer: Gazetteer, text: str) -> None:
    for intent in ("report", "offer", "volunteer_log", "claim", "bind", "cancel"):
        slots, *_ = facts.find(text, fold(text), gazetteer, intent=intent, today=TODAY)
        for slot in (slots.quantity, slots.place, slots.time, slots.phone, slots.item_no):
            assert all(piece and piece in text for piece in slot)


@pytest.mark.parametrize("piece", [*_PIECES, "林西县", "北京", "一", "1", "村东头到", "俩", "1.", "第一"])
def test_hostile_texts_cost_little(gazetteer: Gazetteer, piece: str) -> None:
    text = (piece * 600)[:600]
    begin = time.perf_counter()
    facts.find(text, text, gazetteer, intent="claim", today=TODAY)
    assert time.perf_counter() - begin < 0.3

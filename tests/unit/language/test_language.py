"""Reading a message: numbers, times, slots, emergencies, and that nothing makes it stumble."""

from __future__ import annotations

import time
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import Language, emergencies, numerals, times
from bot.language.folding import fold
from models.moment import SHANGHAI

NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("12", 12, 12), ("十二", 12, 12), ("二十", 20, 20), ("两百", 200, 200), ("三万", 30000, 30000),
        ("两千五", 2500, 2500), ("两千零五", 2005, 2005), ("一百二", 120, 120), ("五六十", 50, 60), ("三十多", 31, 39),
        ("1.2万", 12000, 12000), ("三点五", 3.5, 3.5), ("半", 0.5, 0.5), ("壹佰", 100, 100), ("十五", 15, 15),
    ],
)  # fmt: skip
def test_numbers_are_ranges(said: str, low: float, high: float) -> None:
    assert numerals.value(said) == (low, high)


@pytest.mark.parametrize("said", ["", "斤", "abc", "一二三四五六七八九十一二三四五六七八九十一二三四五六"])
def test_what_is_no_number(said: str) -> None:
    assert numerals.value(said) is None


@pytest.mark.parametrize(
    ("said", "deadline"),
    [
        ("周五", "2026-05-15"), ("这周五", "2026-05-15"), ("下周三", "2026-05-20"), ("下周", "2026-05-18/2026-05-24"),
        ("明天", "2026-05-12"), ("大后天", "2026-05-14"), ("月底前", "2026-05-31"), ("下个月", "2026-06-01/2026-06-30"),
        ("5月25日前", "2026-05-25"), ("6月13日至14日", "2026-06-13/2026-06-14"), ("6月1号到10号", "2026-06-01/2026-06-10"),
        ("九月中旬", "2026-09-11/2026-09-20"), ("国庆", "2026-10-01/2026-10-07"), ("五一前", "2027-05-01"),
        ("端午", "2026-06-19"), ("三天内", "2026-05-14"), ("半个月后", "2026-05-26"), ("年底", "2026-12-31"),
        ("三季度", "2026-07-01/2026-09-30"), ("15号", "2026-05-15"), ("9号", "2026-06-09"), ("二月", "2027-02-01/2027-02-28"),
        ("2月30号", None), ("每周五", None), ("入冬前", None),
    ],
)  # fmt: skip
def test_times_are_days(language: Language, said: str, deadline: str | None) -> None:
    found = times.find(fold(f"{said}想请人来修桥"), date(2026, 5, 11))
    days = found[0].days if found else None
    told = None if days is None else str(days[0]) if days[0] == days[1] else f"{days[0]}/{days[1]}"
    assert told == deadline


def test_an_hour_makes_the_deadline_precise(language: Language) -> None:
    reading = language.understand("下周三下午三点半前要两台播种机", NOW)
    assert (reading.deadline, reading.when) == ("2026-05-20", "2026-05-20T15:30")


def test_slots_are_pieces_of_the_text(language: Language) -> None:
    reading = language.understand("林西县官地镇三万斤土豆卖不出去，电话13800001111", NOW)
    assert reading.slots.place == ("林西县官地镇",)
    assert reading.slots.quantity == ("三万斤",)
    assert reading.slots.phone == ("13800001111",)
    assert (reading.intent, reading.kind, reading.category) == ("report", "need", "产销对接")


@pytest.mark.parametrize(
    ("said", "intent", "numbers"),
    [
        ("认领 12", "claim", ("12",)), ("认领１２", "claim", ("１２",)), ("认领十二", "claim", ("十二",)),
        ("12号我们支部认领了", "claim", ("12",)), ("评价 12 满意", "evaluate", ("12",)), ("报名 3", "activity_signup", ("3",)),
        ("办结 12", "progress", ("12",)), ("撤回 12", "cancel", ("12",)), ("签到3", "activity_signin", ("3",)),
        ("人工", "human", ()), ("帮助", "help", ()), ("轮值", "duty_query", ()), ("绑定", "bind", ()),
    ],
)  # fmt: skip
def test_orders_are_certain(language: Language, said: str, intent: str, numbers: tuple[str, ...]) -> None:
    reading = language.understand(said, NOW)
    assert (reading.intent, reading.slots.item_no) == (intent, numbers)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("着火了快来人", "fire"), ("我家柴垛着火了", "fire"), ("我爸心梗了", "medical"), ("孩子掉河里了", "medical"),
        ("老人昏迷不醒", "medical"), ("我不想活了", "suicide"), ("活着没意思", "suicide"), ("她喝了农药", "suicide"),
        ("煤气泄漏了", "utility"), ("电线断了掉地上", "utility"), ("房塌了压着人", "utility"), ("有人打人", "crime"),
        ("有人拿刀抢劫", "crime"), ("洪水进屋了", "disaster"), ("我妈走丢了", "missing"),
    ],
)  # fmt: skip
def test_emergencies_are_heard(said: str, kind: str) -> None:
    assert emergencies.find(fold(said)) == kind


@pytest.mark.parametrize(
    "said",
    [
        "想要两个灭火器", "路灯坏了", "救护车停车位被占了", "烧火做饭呛得慌", "请消防队来讲防火", "想学心肺复苏", "地界吵了三年",
        "去年失火把房子烧了，求旧被褥", "农药买错了", "煤气罐换新的去哪", "想种火龙果", "电线老化想换", "大棚想盖一个",
    ],
)  # fmt: skip
def test_ordinary_texts_raise_no_alarm(said: str) -> None:
    assert emergencies.find(fold(said)) is None


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=300)
    | st.text(alphabet="十五一二三月号日周前到至个斤年点第号县镇村0123456789 ,。", max_size=300)
)
def test_any_text_is_read(language: Language, text: str) -> None:
    reading = language.understand(text, NOW)
    for slot in ("quantity", "place", "time", "phone", "item_no"):
        for piece in getattr(reading.slots, slot):
            assert piece
            assert piece in text
    assert 0.0 <= reading.confidence <= 1.0
    assert reading.version == language.version
    language.words(text)


@pytest.mark.parametrize(
    "piece",
    ["一", "5月5日到", "12号", "林西县", "了", "a", "1", "。", "卖不出去", "每周一、", " ", "我们支部认领"],
)
def test_long_repetition_costs_no_time(language: Language, piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    start = time.perf_counter()
    language.understand(text, NOW)
    language.words(text)
    assert time.perf_counter() - start < 1.0

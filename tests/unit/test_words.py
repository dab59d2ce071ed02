"""What members type besides sentences: choices, numbers, yes and no."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit.words import choice, closed, is_no, is_yes, leading_number, number, plain

ONES = [
    "1", "１", "①", "一", "壹", "第1个", "第一个", "第 1 个", "1号吧", "1号", "一号", "一号吧", "1.", "1。", "1、", "（1）", "(1)", "【1】",
    "选1", "选一", "选择1", "要1", "我要1", "我选1", "一吧", "1吧", "就1吧", "那就1吧", "1️⃣", " 1 ", "1\n", "“1”", "回1", "回复1",
    "1个", "第一家", "1家吧", "就要1号", "用1", "填1", "请选1", "1行", "1就行", "1可以", "⒈", "⑴", "1!", "1～", "1…", "\u200b1", "1\ufeff",
    "编号1", "No.1", "NO 1", "#1", "第1条", "第1项", "第一条吧", "1那个", "01",
]  # fmt: skip
OTHERS = [
    "三万斤土豆", "12号我们支部认领了", "1和3", "1、3", "1 3 5", "一百只羊", "一只羊羔", "1楼路灯坏了", "十几户", "1.5公里", "1-2", "1/2", "-1", "+1",
    "第一书记", "一起", "一下", "一样", "我家一口人", "编号", "号", "", " ", "。", "abc", "1a", "a1", "0x1", "1e3", "是", "不", "我也是", "1号楼",
    "13800001111a", "12345678901234567890", "两天没水了", "五保户", "九月", "6月", "八点", "八级大风", "第三方", "半", "万一", "千万", "百姓",
]  # fmt: skip
NUMBERS = {
    "0": 0, "7": 7, "12": 12, "１２": 12, "012": 12, "999999999": 999_999_999, "零": 0, "〇": 0, "十": 10, "十二": 12, "二十": 20,
    "二十三": 23, "一百": 100, "一百零三": 103, "一百二十": 120, "一百一十二": 112, "三千零五": 3005, "一万": 10_000, "两万三千": 23_000,
    "十万": 100_000, "九千九百九十九": 9999, "一二三": 123, "二〇二六": 2026, "两": 2, "拾贰": 12, "①": 1, "⑫": 12, "⒊": None, "一千二百三十四万五千六百七十八": 12_345_678,
}  # fmt: skip
LEADING = {
    "12": (12, ""), "12号": (12, ""), "１２": (12, ""), "十二": (12, ""), "十二号": (12, ""), "第12号": (12, ""), "第十二个": (12, ""),
    "编号12": (12, ""), "编号 12": (12, ""), "#12": (12, ""), "No.12": (12, ""), "12 已经修好": (12, "已经修好"), "12号 已经修好": (12, "已经修好"),
    "12，满意": (12, "满意"), "12满意": (12, "满意"), "12号满意": (12, "满意"), "12：到周五": (12, "到周五"), "12号我们支部认领了": (12, "我们支部认领了"),
    "3 今天去看了，明天修": (3, "今天去看了,明天修"), "已经修好": None, "": None, "号": None, "abc12": None, "12 3": (12, "3"),
    "1234567890123": None, "一下": None, "一个人": None, "十二满意": None, "十二 满意": (12, "满意"), "第 12 号": (12, "号"),
}  # fmt: skip


@pytest.mark.parametrize("text", ONES)
def test_this_chooses_one(text: str) -> None:
    assert choice(text) == 1


@pytest.mark.parametrize("text", OTHERS)
def test_this_chooses_nothing(text: str) -> None:
    assert choice(text) is None


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("０", 0), ("零", 0), ("9", 9), ("九", 9), ("⑨", 9), ("9号", 9),
                                             ("12", 12), ("十二号", 12), ("第二个", 2), ("俩", None), ("两个", 2)])  # fmt: skip
def test_other_choices_are_read_too(text: str, value: int | None) -> None:
    assert choice(text) == value


@given(st.integers(0, 999_999_999), st.sampled_from(["{}", " {} ", "{}号", "第{}个", "选{}吧", "{}。"]))
def test_any_number_in_any_dress_is_a_choice(value: int, dress: str) -> None:
    assert choice(dress.format(value)) == value


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks_the_reading_of_words(text: str) -> None:
    for read in (choice, leading_number, number, plain, is_yes, is_no):
        read(text)  # type: ignore[operator]


@pytest.mark.parametrize(("written", "value"), NUMBERS.items())
def test_numbers_are_read_as_they_are_written(written: str, value: int | None) -> None:
    assert number(written) == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "半",
        "百",
        "万一",
        "千万",
        "十几",
        "1.5",
        "1,000",
        "12号",
        "一百只",
        "-3",
        "１２３４５６７８９０",
        " 12",
        "٣",
    ],
)
def test_this_is_no_number(written: str) -> None:
    assert number(written) is None


@pytest.mark.parametrize(("text", "expected"), LEADING.items())
def test_a_command_s_rest_begins_with_a_number_or_does_not(
    text: str, expected: tuple[int, str] | None
) -> None:
    assert leading_number(text) == expected


@pytest.mark.parametrize(
    "text",
    ["是", "是的", "对", "对的", "好", "好的", "行", "中", "嗯", "嗯嗯", "可以", "同意", "没错", "确认", "ok", "OK", "Yes", "y",
     "成", "要得", "没问题", "就是", "对呀", "好啊", "是。", "好的！", "“是”", "1", "１", "①", "一", "1吧", "选1"],
)  # fmt: skip
def test_this_is_a_yes(text: str) -> None:
    assert is_yes(text)
    assert not is_no(text)


@pytest.mark.parametrize(
    "text",
    ["不", "不是", "不对", "否", "不行", "不用", "不要", "不了", "没有", "错了", "no", "No", "不同意", "不好", "2", "２", "②", "二", "2吧", "不是。"],
)  # fmt: skip
def test_this_is_a_no(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize(
    "text", ["", "也许", "是不是", "好像", "不知道", "对面修路", "行政村", "3", "12", "路灯不亮", "一起去"]
)
def test_this_is_neither(text: str) -> None:
    assert not is_yes(text)
    assert not is_no(text)


def test_plain_takes_off_what_phones_put_around_words() -> None:
    assert plain("　“报需求”。 ") == "报需求"
    assert plain("１２３ＡＢＣ") == "123ABC"
    assert plain("1️⃣") == "1"
    assert plain("《供需清单》") == "供需清单"
    assert plain("…？！") == ""
    assert plain("我们村，三万斤。") == "我们村,三万斤"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("学《民法典", "学《民法典》"),
        ("学《民法典》", "学《民法典》"),
        ("看“两山”展（县里的", "看“两山”展（县里的）"),
        ("《乡村“好家风", "《乡村“好家风”》"),
        ("清河道", "清河道"),
        ("", ""),
    ],
)
def test_what_opened_is_closed(said: str, whole: str) -> None:
    assert closed(said) == whole
    assert closed(whole) == whole

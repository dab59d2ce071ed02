"""What claimants and reporters say without a command: done or not done, more than a level or not, a number or words."""

from __future__ import annotations

import re

import pytest

import handlers
from bot.kit.router import Router
from bot.kit.words import as_written, plain
from handlers.rate import mere_level
from handlers.work import done


@pytest.mark.parametrize(
    "text",
    [
        "已经修好了",
        "这回真修好了",
        "羊都治好了",
        "已经治好了，死了一只，剩下的都能吃草",
        "1号问题已整改完毕，新装护栏十五米，申请验收",
        "灯泡换完了，能亮了",
        "新泵装上了",
        "三公里水泥路完工了",
    ],
)
def test_it_is_done(text: str) -> None:
    assert done(text)


@pytest.mark.parametrize(
    "text",
    [
        "修好了一半",
        "修好一盏了",
        "还没修好",
        "明天就能修好",
        "修好了吗",
        "正在修，快修好了",
        "水渠修好了百分之八十，就差（80%）",
        "今天兽医来打过针了，明天再来看一遍",
        "什么时候能办好",
        "灯买来了",
        "等配件到了就能修好",
    ],
)
def test_it_is_not_done(text: str) -> None:
    assert not done(text)


@pytest.mark.parametrize(
    "text", ["满意", "不满意", "没办好", "一点没修", "五分", "很好", "还行", "中", "谢谢", "辛苦了"]
)
def test_some_words_say_no_more_than_a_digit(text: str) -> None:
    assert mere_level(text)


@pytest.mark.parametrize(
    "text", ["修得不错", "还是黑的", "亮堂了，谢谢", "水来了", "1号又坏了", "泵还是原来那台"]
)
def test_other_words_are_kept_for_those_who_did_it(text: str) -> None:
    assert not mere_level(text)


PATTERNS = [route.claim for route in handlers.router().table() if route.kind == "pattern"]


@pytest.mark.parametrize(
    "text",
    [
        "我们村三万斤土豆卖不动",
        "村口路灯坏了，俩都不亮，半拉月了",
        "家里母牛下犊子，兽医联系不上",
        "想学电焊，哪儿有培训",
        "井里抽不上水，浇不了地",
        "贷款下个月到期，还不上了",
    ],
)
def test_the_shapes_leave_ordinary_reports_alone(text: str) -> None:
    assert [each for each in PATTERNS if re.match(each, plain(text))] == []


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("进展", None, ""),
        ("进展 12", 12, ""),
        ("进展 12 今天拉走一半，明天再来", 12, "今天拉走一半，明天再来"),
        ("进展12号今天拉走一半", 12, "今天拉走一半"),
        ("进展 今天拉走一半，明天再来", None, "今天拉走一半，明天再来"),
        ("进展：今天拉走一半", None, "今天拉走一半"),
    ],
)
def test_a_command_may_take_a_number_or_words_or_both(text: str, number: int | None, rest: str) -> None:
    on = Router()
    on.command("进展", takes="number?words")(lambda ctx: None)
    on = Router.merge([on])
    seen = Heard(text)
    assert on._command(plain(text), seen) is not None  # type: ignore[arg-type]
    assert (seen.number, seen.rest) == (number, rest)


def test_a_sentence_that_begins_like_a_command_is_none() -> None:
    on = Router()
    on.command("进展", takes="number?words")(lambda ctx: None)
    on = Router.merge([on])
    assert on._command("进展很慢", Heard("进展很慢")) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "end", "written"),
    [
        ("代报 王大爷 他家羊拉稀，没大夫", "他家羊拉稀,没大夫", "他家羊拉稀，没大夫"),
        ("办结 1 换好了。", "换好了", "换好了"),
        ("１２３", "", ""),
        ("完全不同", "别的话", "别的话"),
    ],
)
def test_people_read_their_own_punctuation(text: str, end: str, written: str) -> None:
    assert as_written(text, end) == written


class Heard:
    """As much of a context as the reading of a command needs."""

    def __init__(self, text: str) -> None:
        self.text, self.number, self.rest = text, None, ""

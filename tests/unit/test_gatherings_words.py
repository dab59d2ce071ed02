"""What members say of campaigns and meetings: what is an answer, what is a matter, and which organisation is meant."""

from __future__ import annotations

from datetime import date

import pytest

from bot.kit.naming import called, called_at_first
from bot.kit.words import plain
from bot.sim.years.gatherings import load
from handlers import campaign, resolution
from models.seat import Seated
from models.workday import Calendar, shipped
from tests.unit.test_sample_script import rows

SEATED = [
    Seated(place, name)
    for place, name in enumerate(
        (
            "官地镇党委",
            "朝阳沟村党支部",
            "林西县税务局党支部",
            "林西县供电公司党支部",
            "林西县水利局党支部",
            "东台子村党支部",
        ),
        1,
    )
]


@pytest.mark.parametrize(
    "text",
    ["没啥事", "俺家没啥事", "没事儿", "没有什么困难", "家里没什么困难", "都挺好的，没有啥事", "暂时没有困难", "我家没有需要帮忙的", "没啥困难，谢谢", "我们村这个月没有需求", "眼下没啥要说的", "无任何诉求", "没什么难处，谢谢大家", "没啥事。"],
)  # fmt: skip
def test_that_there_is_nothing_is_understood(text: str) -> None:
    assert campaign._NOTHING.match(plain(text))


@pytest.mark.parametrize(
    "text",
    ["没水了", "没有水", "没有路灯", "没啥事就是路灯坏了", "没有需求就怪了", "家里没事做想找活", "没有困难补助吗", "没人管", "没事找事", "没有问题反映过两回了", "无需求证明", "没啥要紧事就是想问问农机补贴", "俺家没电"],
)  # fmt: skip
def test_a_matter_is_no_nothing(text: str) -> None:
    assert not campaign._NOTHING.match(plain(text))
    assert not campaign._SATISFIED.match(plain(text))
    assert not campaign._DECLINED.match(plain(text))


@pytest.mark.parametrize("text", ["都好着呢", "一切都好", "家里都好，谢谢", "挺好的", "俺们啥都好着呢"])
def test_that_all_is_well_is_understood(text: str) -> None:
    assert campaign._SATISFIED.match(plain(text))


@pytest.mark.parametrize("text", ["", "需求", "情况", "怎么样了", "回了多少", "进度"])
def test_words_that_ask_how_it_goes_are_no_question_to_the_members(text: str) -> None:
    assert campaign._STATE.match(text)


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("3 由水利局6月底前修好机井", "3", "由水利局6月底前修好机井"),
        ("3号由水利局修", "3", "由水利局修"),
        ("第三个，由水利局修", "三", "由水利局修"),
        ("议题2：由水利局修", "2", "由水利局修"),
        ("编号 12 由水利局修", "12", "由水利局修"),
    ],
)
def test_the_number_that_a_decision_is_about(text: str, number: str, rest: str) -> None:
    found = resolution._ABOUT.match(text)
    assert found is not None
    assert (found[1], text[found.end() :]) == (number, rest)


@pytest.mark.parametrize(
    "text", ["3公里水渠由镇党委修", "6月底前修好", "十户人家的危房", "由供电公司修3盏灯"]
)
def test_a_number_that_only_counts_is_none(text: str) -> None:
    assert resolution._ABOUT.match(text) is None


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("供电公司", ["林西县供电公司党支部"]),
        ("水利局", ["林西县水利局党支部"]),
        ("县水利局", ["林西县水利局党支部"]),
        ("官地镇党委", ["官地镇党委"]),
        ("村党支部", ["朝阳沟村党支部", "东台子村党支部"]),
        ("法院", []),
    ],
)
def test_an_organisation_by_what_people_call_it(words: str, names: list[str]) -> None:
    assert [each.name for each in called(words, SEATED)] == names


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("水利局修好机井", ["林西县水利局党支部"], "修好机井"),
        ("东台子出十个人", ["东台子村党支部"], "出十个人"),
        ("大家一起修", [], "大家一起修"),
        ("", [], ""),
    ],
)
def test_an_organisation_at_the_beginning(text: str, names: list[str], rest: str) -> None:
    found, behind = called_at_first(text, SEATED)
    assert ([each.name for each in found], behind) == (names, rest)


def test_the_meetings_of_the_sample_hold_together() -> None:
    codes = {row["编号"] for row in rows("organisations")}
    calendar = Calendar({entry.day: entry.worked for entry in shipped()})
    for meeting in load().meeting:
        assert {meeting.by, meeting.lead} <= codes
        assert 1 <= meeting.level <= 5
        month, day = map(int, meeting.on.split("-"))
        year = 2024 + meeting.turn
        assert calendar.worked(date(year, month, day)), meeting.on

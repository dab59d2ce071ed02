"""How people speak of activities: times and lengths, rules, and what a sentence that calls one says."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from bot.kit import moments
from bot.kit.activities import number_at_the_head
from bot.kit.calling import read_call
from bot.kit.recurring import read_roll, read_rule
from bot.language import Language
from models.moment import SHANGHAI

NOW = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("3小时", 180),
        ("三个小时", 180),
        ("两个半小时", 150),
        ("2.5小时", 150),
        ("一小时半", 90),
        ("半小时", 30),
        ("半个钟头", 30),
        ("40分钟", 40),
        ("半天", 240),
        ("一天", 480),
        ("一下午", 240),
        ("扫雪两小时", 120),
        ("打扫了3个钟头", 180),
        ("十二个小时", 720),
    ],
)
def test_how_long_it_took(words: str, minutes: int) -> None:
    found = moments.length(words)
    assert found is not None
    assert found[0] == minutes
    assert found[1] in words


@pytest.mark.parametrize("words", ["", "打扫", "三天前", "5月20日", "12号"])
def test_what_says_nothing_of_how_long(words: str) -> None:
    assert moments.length(words) is None


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0小时"), (40, "40分钟"), (60, "1小时"), (90, "1.5小时"), (150, "2.5小时")]
)
def test_a_length_as_it_is_said(minutes: int, said: str) -> None:
    assert moments.say_length(minutes) == said


@given(st.integers(1, 24 * 12))
def test_a_length_is_read_as_it_was_said(fives: int) -> None:
    minutes = fives * 30
    found = moments.length(moments.say_length(minutes))
    assert found is not None
    assert found[0] == minutes


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (None, None),
        ("2026-05-20", moments.Said(date(2026, 5, 20))),
        ("2026-05-20T09:00", moments.Said(date(2026, 5, 20), time(9, 0))),
        ("2026-05-20T09:00/2026-05-20T11:00", moments.Said(date(2026, 5, 20), time(9, 0), time(11, 0))),
        ("2026-05-01/2026-05-31", moments.Said(date(2026, 5, 1))),
    ],
)
def test_what_the_language_says_of_a_time(when: str | None, said: moments.Said | None) -> None:
    assert moments.read(when) == said


def test_a_moment_as_people_read_it() -> None:
    said = moments.Said(date(2026, 5, 20), time(9, 5), time(8, 0))
    assert said.starts_at is not None
    assert moments.say_when(said.starts_at, date(2026, 5, 11)) == "5月20日（周三）9:05"
    assert moments.say_when(said.starts_at, date(2025, 12, 30)) == "2026年5月20日（周三）9:05"
    assert said.ends_at is None, "an end before the beginning is none"


@pytest.mark.parametrize(
    ("words", "rrule", "said"),
    [
        ("每月5号上午9点", "FREQ=MONTHLY;BYMONTHDAY=5", "每月5号"),
        ("每个月十五日", "FREQ=MONTHLY;BYMONTHDAY=15", "每月15号"),
        ("每月最后一天", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "每月最后一天"),
        ("每月月底", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "每月最后一天"),
        ("每月30号", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "每月30号"),
        ("每月第一个周五", "FREQ=MONTHLY;BYDAY=+1FR", "每月第一个周五"),
        ("每月第2个星期天", "FREQ=MONTHLY;BYDAY=+2SU", "每月第二个周日"),
        ("每月最后一个礼拜三", "FREQ=MONTHLY;BYDAY=-1WE", "每月最后一个周三"),
        ("每周五下午", "FREQ=WEEKLY;BYDAY=FR", "每周五"),
    ],
)
def test_rules_as_people_say_them(words: str, rrule: str, said: str) -> None:
    rule = read_rule(words)
    assert rule is not None
    assert (rule.rrule, rule.said) == (rrule, said)
    assert rule.piece in words


@pytest.mark.parametrize("words", ["5月20日", "每月0号", "每月32号", "每天", "这个月5号", "每月都有人来"])
def test_what_is_no_rule(words: str) -> None:
    assert read_rule(words) is None


@given(st.integers(1, 31))
def test_a_day_of_the_month_comes_twelve_times_a_year(day: int) -> None:
    """The 31st of a short month is its last day: nothing is left out."""
    rule = read_rule(f"每月{day}号")
    assert rule is not None
    found = list(rrulestr(rule.rrule, dtstart=datetime(2026, 1, 1)).between(  # noqa: DTZ001
        datetime(2026, 1, 1), datetime(2026, 12, 31), inc=True))  # noqa: DTZ001  # fmt: skip
    assert [each.month for each in found] == list(range(1, 13))
    assert all(each.day == min(day, each.day) for each in found)


@pytest.mark.parametrize(
    ("words", "roll"),
    [
        ("遇休息日顺延", "next_workday"),
        ("遇休息日提前", "prev_workday"),
        ("不顺延", "none"),
        ("雷打不动", "none"),
        ("放假就不开", "skip"),
        ("每月5号", None),
    ],
)
def test_what_becomes_of_a_day_off(words: str, roll: str | None) -> None:
    assert read_roll(words) == roll


@pytest.mark.parametrize(
    ("sentence", "kind", "place", "topic", "capacity"),
    [
        ("12月5日上午9点在村部开主题党日", "theme_day", "村部", "", None),
        ("5月20日上午9点半到11点在村部开主题党日，学习全会精神，限30人", "theme_day", "村部", "学习全会精神", (30,)),
        ("下周三下午两点半在镇文化站组织志愿服务活动，给老人理发", "volunteer", "镇文化站", "给老人理发", None),
        ("5月20日上午9点主题党日 村部 议一议修路", "theme_day", "村部", "议一议修路", None),
        ("地点 镇文化站", "", "镇文化站", "", None),
        ("主题 陪老人过节", "", "", "陪老人过节", None),
        ("限二十人", "", "", "", (20,)),
        ("不限人数", "", "", "", (None,)),
        ("明天上午9点", "", "", "", None),
    ],
)  # fmt: skip
def test_what_a_sentence_that_calls_says(
    language: Language,
    sentence: str,
    kind: str,
    place: str,
    topic: str,
    capacity: tuple[int | None] | None,
) -> None:
    found = read_call(sentence, language.named(sentence, NOW))
    assert (found.kind, found.place, found.topic, found.capacity) == (kind, place, topic, capacity)


def test_a_branch_that_means_its_own_says_so(language: Language) -> None:
    for sentence, own in (
        ("我们支部5月20日上午9点在村部开党日", True),
        ("支部内部的党日", True),
        ("5月20日上午9点开党日", False),
    ):
        assert read_call(sentence, language.named(sentence, NOW)).branch is own


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("3", 3, ""),
        ("3 学习全会精神", 3, "学习全会精神"),
        ("12月5日上午9点", None, "12月5日上午9点"),
        ("5号上午9点", None, "5号上午9点"),
        ("3小时", None, "3小时"),
        ("学习", None, "学习"),
    ],
)
def test_the_number_of_an_activity_and_days_are_told_apart(text: str, number: int | None, rest: str) -> None:
    assert number_at_the_head(text) == (number, rest)


def test_times_of_the_past_and_of_what_is_to_come(language: Language) -> None:
    assert language.named("5月20日上午9点", NOW).when == "2026-05-20T09:00"
    assert language.named("5月9日上午9点", NOW).when is None, "it is over: whoever asked asks again"
    assert language.named("5月9日植树", NOW, past=True).when == "2026-05-09"

"""The office's keyword rules: what answers, what comes first, and what can go wrong."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.engine.rulebook import BadPattern, RuleBook, compile_pattern, fold
from models.moment import SHANGHAI
from models.rule import KeywordRule, RuleMatch

NOW = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)


def rule(*keywords: str, match: RuleMatch = RuleMatch.CONTAIN, **facts: Any) -> KeywordRule:
    """A rule that answers with the name of its first keyword."""
    given: dict[str, Any] = {
        "name": keywords[0],
        "replies": [f"答{keywords[0]}"],
        "priority": 0,
        "enabled": True,
    }
    return KeywordRule.write(keywords=list(keywords), match=match, now=NOW, **(given | facts))


def answer(text: str, *rules: KeywordRule, now: datetime = NOW) -> str | None:
    """What the rules answer, in the order in which they are given."""
    return RuleBook(rules).answer(text, now)


def test_without_rules_nothing_is_answered() -> None:
    assert RuleBook(()).answer("几点上班", NOW) is None


@pytest.mark.parametrize(
    "text", ["几点上班", "请问几点上班呀", "几 点 上 班", "“几点上班”", "今天几点\n上班"]
)
def test_a_contained_word_is_found_anywhere(text: str) -> None:
    assert answer(text, rule("几点上班", "上班时间")) == "答几点上班"


@pytest.mark.parametrize(
    ("text", "found"), [("党费", True), (" 党 费 ", True), ("党费怎么交", False), ("党费。", False)]
)
def test_an_equal_word_is_the_whole_text(text: str, found: bool) -> None:
    assert (answer(text, rule("党费", match=RuleMatch.EQUAL)) is not None) == found


def test_width_and_case_do_not_matter() -> None:
    assert answer("ＷＩＦＩ密码", rule("wifi")) == "答wifi"
    assert answer("wifi密码", rule("ＷｉＦｉ")) == "答ＷｉＦｉ"
    assert answer("WIFI 密码是多少", rule("wifi.{0,3}密码", match=RuleMatch.REGEX)) == "答wifi.{0,3}密码"
    assert fold(" Ａ b\tＣ\u3000") == "abc"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"几点(上|下)班", "请问几点下班", True),
        (r"^党费$", "党费怎么交", False),
        (r"第\d+期", "第１２期培训", True),
        (r"[a-z]+\d{2}", "ABC12", True),
        (r"培训|讲座", "有讲座吗", True),
    ],
)
def test_a_pattern_is_searched(pattern: str, text: str, found: bool) -> None:
    assert (answer(text, rule(pattern, match=RuleMatch.REGEX)) is not None) == found


def test_the_first_rule_of_the_order_answers_whatever_its_kind() -> None:
    contain, equal, regex = (
        rule("党费", name="包含", replies=["包含"]),
        rule("党费", name="全等", match=RuleMatch.EQUAL, replies=["全等"]),
        rule("党.", name="正则", match=RuleMatch.REGEX, replies=["正则"]),
    )
    assert answer("党费", contain, equal, regex) == "包含"
    assert answer("党费", equal, contain, regex) == "全等"
    assert answer("党费", regex, equal, contain) == "正则"


def test_a_word_inside_another_is_found_as_well() -> None:
    first, second = rule("医保"), rule("城乡医保报销")
    assert answer("城乡医保报销", first, second) == "答医保"
    assert answer("城乡医保报销", second, first) == "答城乡医保报销"


def test_two_rules_may_share_a_word() -> None:
    early = rule("社保", name="旧", replies=["旧"], valid_until=NOW)
    assert answer("社保", early, rule("社保", name="新", replies=["新"])) == "新"


@pytest.mark.parametrize(
    ("hours", "found"), [(-1, False), (0, True), (1, True), (23, True), (24, False), (48, False)]
)
def test_a_rule_holds_from_its_first_moment_to_before_its_last(hours: int, found: bool) -> None:
    limited = rule("年货节", valid_from=NOW, valid_until=NOW + timedelta(days=1))
    book = RuleBook([limited])
    assert (book.answer("年货节在哪", NOW + timedelta(hours=hours)) is not None) == found


def test_several_replies_are_joined_or_one_is_picked() -> None:
    both = ["一楼大厅", "二楼窗口"]
    assert answer("在哪", rule("在哪", replies=both)) == "一楼大厅\n二楼窗口"
    picked = {answer("在哪", rule("在哪", replies=both, pick="random")) for _ in range(80)}
    assert picked == set(both)


def test_a_rule_without_replies_or_words_answers_nothing() -> None:
    assert answer("在哪", rule("在哪", replies=[])) is None
    assert answer("在哪", rule("  ", name="空")) is None
    assert answer("", rule("在哪")) is None


@pytest.mark.parametrize("pattern", ["(", "[a", "a**", r"(?<=a)b", r"(a)\1", "*", "a{9999}", r"\p{Nothing}"])
def test_a_bad_pattern_is_named_and_the_other_rules_go_on(pattern: str) -> None:
    book = RuleBook([rule(pattern, name="坏的", match=RuleMatch.REGEX), rule("党费")])
    assert book.answer("党费", NOW) == "答党费"
    assert len(book.broken) == 1
    assert book.broken[0].startswith("坏的: ")
    with pytest.raises(BadPattern, match=r"."):
        compile_pattern(pattern)


def test_a_rule_keeps_its_good_patterns_when_one_is_bad() -> None:
    book = RuleBook([rule("(", "培训.*时间", name="半好", match=RuleMatch.REGEX, replies=["好"])])
    assert book.answer("培训什么时间", NOW) == "好"
    assert len(book.broken) == 1


def test_a_pattern_that_would_run_for_ever_elsewhere_ends_at_once() -> None:
    patterns = ["(a+)+$", "(a|aa)+$", "(.*a){12}", "^(([a-z])+.)+[A-Z]([a-z])+$"]
    book = RuleBook([rule(*patterns, name="坏心", match=RuleMatch.REGEX)])
    started = time.process_time()
    book.answer("a" * 100_000 + "!", NOW)
    assert time.process_time() - started < 5  # a backtracking engine would need longer than the universe has


def test_only_the_beginning_of_an_endless_message_is_looked_at() -> None:
    assert answer("党费" + "长" * 100_000, rule("党费")) == "答党费"
    assert answer("长" * 100_000 + "党费", rule("党费")) is None


def test_thousands_of_rules_are_one_table() -> None:
    rules = [rule(f"词语{number}号", f"另一个{number}说法") for number in range(5000)]
    started = time.process_time()
    book = RuleBook(rules)
    for _ in range(1000):
        assert book.answer("我想问问词语4999号的事", NOW) is not None
        assert book.answer("今天天气不错", NOW) is None
    assert time.process_time() - started < 20  # some 0.1 s; one look at each rule each time would be minutes

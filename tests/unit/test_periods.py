"""Months, quarters and years as people name them, and the codes under which they are kept."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit.books import read_book_number, read_period
from models.book import BookKind
from models.booklines import LONGEST, label_of, labels, review_day, without_persons
from models.moment import SHANGHAI
from models.period import Period, PeriodUnclear, end_of

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("2026年11月", "2026-11"),
        ("２０２６年１１月份", "2026-11"),
        ("二〇二六年十一月", "2026-11"),
        ("2026-11", "2026-11"),
        ("2026/12", "2026-12"),
        ("2026.12", "2026-12"),
        ("2026 12", "2026-12"),
        ("12月", "2026-12"),
        ("十二月份的", "2026-12"),
        ("11月", "2026-11"),
        ("3月", "2027-03"),
        ("2026年3月", "2026-03"),
        ("明年3月", "2027-03"),
        ("今年3月", "2026-03"),
        ("本月", "2026-11"),
        ("这个月", "2026-11"),
        ("下个月", "2026-12"),
        ("下月", "2026-12"),
        ("上个月", "2026-10"),
        ("四季度", "2026-Q4"),
        ("第四季度", "2026-Q4"),
        ("2026年第4季度", "2026-Q4"),
        ("2026-Q4", "2026-Q4"),
        ("2026q4", "2026-Q4"),
        ("Q1", "2027-Q1"),
        ("一季度", "2027-Q1"),
        ("本季度", "2026-Q4"),
        ("下个季度", "2027-Q1"),
        ("上季度", "2026-Q3"),
        ("2026年", "2026"),
        ("2026年度", "2026"),
        ("全年", "2026"),
        ("明年", "2027"),
        ("2027", "2027"),
        ("", None),
        ("随便", None),
        ("12", None),
    ],
)
def test_a_period_is_read_as_people_name_it(words: str, code: str | None) -> None:
    found = read_period(words, TODAY)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("words", ["13月", "2026年十三月", "0月", "2026-Q5", "五季度", "2026-00"])
def test_a_month_or_quarter_that_there_is_not_is_refused(words: str) -> None:
    with pytest.raises(PeriodUnclear):
        read_period(words, TODAY)


def test_beside_the_turn_of_the_year() -> None:
    found = [
        read_period(words, day)
        for day, words in [
            (date(2026, 12, 31), "下个月"),
            (date(2026, 1, 1), "上个月"),
            (date(2026, 1, 1), "上季度"),
        ]
    ]
    assert [each.code for each in found if each] == ["2027-01", "2025-12", "2025-Q4"]


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_a_period_is_found_again_under_its_code(day: date) -> None:
    for period in (
        Period.month(day.year, day.month),
        Period.quarter(day.year, (day.month - 1) // 3 + 1),
        Period.of(f"{day.year:04}"),
    ):
        assert period.first <= day <= period.last
        assert Period.of(period.code) == period
        if day.year >= 1900 and day.year < 2100:
            assert read_period(period.code, TODAY) == period
            assert read_period(period.label, TODAY) == period


@pytest.mark.parametrize(
    "code", ["", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "0000", "26-11", "2026-1", "x"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(PeriodUnclear):
        Period.of(code)


def test_a_day_is_over_at_midnight_in_chifeng() -> None:
    assert end_of(date(2026, 5, 31)) == datetime(2026, 6, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("5 数字不对", 5, "数字不对"),
        ("5号，数字不对", 5, "数字不对"),
        ("５", 5, ""),
        ("十二号 多了", 12, "多了"),
        ("数字不对", None, "数字不对"),
    ],
)
def test_a_number_and_a_reason_stand_behind_the_word(text: str, number: int | None, rest: str) -> None:
    assert read_book_number(text) == (number, rest)


def test_the_three_lists_have_names_that_a_place_can_change() -> None:
    assert [each.kind for each in labels()] == list(BookKind)
    assert label_of(BookKind.SUPPLIES) == "供需清单"
    assert all(each.words for each in labels())
    words = [word for each in labels() for word in each.words]
    assert len(words) == len(set(words)), "a word means one list"
    for code, day in [
        ("2026-11", date(2026, 11, 23)),
        ("2026-Q4", date(2026, 12, 1)),
        ("2026", date(2026, 10, 2)),
    ]:
        period = Period.of(code)
        assert review_day(period, period.last) == day


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("打 13800001111 找我", "打 … 找我"),
        ("电话138-0000-1111", "电话…"),
        ("＋86 138 0000 1111", "…"),
        ("座机 0476-8221234", "座机 …"),
        ("证号15042519800101123X。", "证号…。"),
        ("三万斤，30000斤，2026年11月", "三万斤，30000斤，2026年11月"),
        ("150亩地 3000天", "150亩地 3000天"),
        ("我是张建国，张建国的地", "我是张某，张某的地"),
        ("一\n二  三", "一 二 三"),
    ],
)
def test_a_line_leaves_persons_out(text: str, kept: str) -> None:
    assert without_persons(text, "张建国", "", "王") == kept


@given(st.text(), st.text(max_size=4))
def test_a_line_is_short_whatever_was_written(text: str, name: str) -> None:
    assert len(without_persons(text, name)) <= LONGEST

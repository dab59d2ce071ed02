"""Terms of an offer as people say them: until when, how many, and what the offer is called."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit import terms
from bot.kit.days import say_day
from bot.language import Language
from handlers.offer import LONGEST_TITLE, name_offer
from models.moment import SHANGHAI

TODAY = date(2026, 5, 11)


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("1", None), ("①", None), ("长期", None), ("一直都能", None), ("随便什么时候", None), ("2", date(2026, 12, 31)),
        ("到年底", date(2026, 12, 31)), ("3", date(2026, 5, 31)), ("到6月底", date(2026, 6, 30)), ("6月底", date(2026, 6, 30)),
        ("8月31日", date(2026, 8, 31)), ("到8月31号", date(2026, 8, 31)), ("下个月", date(2026, 6, 30)),
        ("明年三月", date(2027, 3, 31)), ("2026年12月1日", date(2026, 12, 1)), ("三个月后", date(2026, 8, 11)),
    ],
)  # fmt: skip
def test_until_when(said: str, day: date | None, language: Language) -> None:
    now = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
    assert terms.last_day(said, TODAY, lambda text: language.understand(text, now).deadline) == (day,)


@pytest.mark.parametrize("said", ["别的", "不知道", "看情况", "7"])
def test_what_names_no_day(said: str, language: Language) -> None:
    now = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
    assert terms.last_day(said, TODAY, lambda text: language.understand(text, now).deadline) is None


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_this_month_ends_on_its_last_day(today: date) -> None:
    found = terms.last_day("3", today, lambda text: None)
    assert found is not None
    assert found[0] is not None
    assert (found[0].month, (found[0] + timedelta(days=1)).day) == (today.month, 1)
    assert found[0] >= today


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("1", None), ("一", None), ("不限", None), ("多少都行", None), ("2", 5), ("3", 10), ("4", 20), ("3家", 3), ("三家", 3),
        ("就两户", 2), ("8家", 8), ("30", 30), ("能帮十五户", 15), ("5", 5), ("二十个名额", 20), ("最多6人", 6),
    ],
)  # fmt: skip
def test_how_many(said: str, count: int | None) -> None:
    assert terms.count(said) == (count,)


def test_what_names_no_number() -> None:
    assert [terms.count(said) for said in ("看情况", "", "好几家", "0")] == [None] * 4


@pytest.mark.parametrize(
    ("said", "left"), [("还有 1 家", 1), ("还能帮3户", 3), ("不限", None), ("还有0家", 0)]
)
def test_how_many_are_left_is_said_exactly(said: str, left: int | None) -> None:
    assert terms.exact_count(said) == (left,)


@pytest.mark.parametrize(
    ("offer", "places"),
    [
        ("我们能提供20个电焊工培训名额", 20), ("能带十户养羊", 10), ("就能帮一户", 1), ("收30人", 30),
        ("有两台旋耕机可以借", None), ("我们一家人都能去帮忙", None), ("免费教嫁接", None),
    ],
)  # fmt: skip
def test_places_that_an_offer_names_itself(offer: str, places: int | None) -> None:
    assert terms.places(offer) == places


def test_a_day_of_another_year_is_said_with_it() -> None:
    assert say_day(date(2026, 6, 30), TODAY) == "6月30日"
    assert say_day(date(2027, 6, 30), TODAY) == "2027年6月30日"


@pytest.mark.parametrize(
    ("offer", "title"),
    [
        ("我们合作社可以免费教嫁接", "免费教嫁接"), ("我会理发，可以给村里老人免费剪头", "给村里老人免费剪头"),
        ("我这儿有三间空房可以给村里用，到8月31日", "三间空房"), ("我们能提供20个电焊工培训名额", "20个电焊工培训名额"),
        ("供电公司可以派5个电工下乡", "派5个电工下乡"), ("有两台旋耕机能借给大家用", "两台旋耕机"),
        ("我们村合作社有青贮收割机，秋收可以免费帮邻村", "青贮收割机，免费帮邻村"),
        ("太空舱一日游", "太空舱一日游"), ("我们村出义务理发", "出义务理发"),
    ],
)  # fmt: skip
def test_what_an_offer_is_called(offer: str, title: str) -> None:
    assert name_offer(offer) == title


@given(st.text(min_size=1, max_size=80))
def test_every_offer_has_a_short_name(text: str) -> None:
    assert len(name_offer(text)) <= LONGEST_TITLE
    assert name_offer(f"我们可以{text}帮忙").strip()


@given(st.text(max_size=40))
def test_nothing_said_breaks_the_reading(text: str) -> None:
    for read in (terms.count, terms.exact_count):
        found = read(text)
        assert found is None or found[0] is None or found[0] >= 0
    terms.places(text)

"""Ranking, filters, reasons, and the reading of lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.language import Language
from bot.matching import CatalogueError, Index, bag, likeness, read_catalogue
from bot.matching.catalogue import read_validity
from models.fit import Offer

TODAY = date(2026, 5, 11)


def offer(code: str, title: str, detail: str = "", **more: object) -> Offer:
    told: dict[str, object] = {
        "side": "供给",
        "category": "基础设施",
        "unit": "某支部",
        "area": "安塞区",
        **more,
    }
    return Offer(code=code, title=title, detail=detail, **told)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.fixture(scope="module")
def index(language: Language) -> Index:
    return Index.build(
        [
            offer("S1", "路灯维修", "更换灯头电池"),
            offer("S2", "路灯维修", "更换灯头电池", area="宝塔区"),
            offer("S3", "路灯维修", "过期的", valid_until=date(2026, 5, 10)),
            offer("S4", "路灯维修", "用完的", remaining=0),
            offer("S5", "村医巡诊", "量血压送药", category="医疗健康"),
            offer("N1", "采购羊肉", "饭店长年要羊腿羊排", side="需求", category="产销对接", area="全市"),
            offer("N2", "苹果待售", "十万斤没人收", side="需求", category="产销对接"),
            offer("N3", "招缝纫工", "计件，管午饭", side="需求", category="就业培训"),
        ],
        language,
    )


def codes(index: Index, text: str, **more: object) -> list[str]:
    return [fit.code for fit in index.suggest(text, today=TODAY, top=5, **more)]  # type: ignore[arg-type]


def test_the_same_county_comes_first_and_what_is_gone_never(index: Index) -> None:
    found = codes(index, "安塞的，路灯坏了没人修")
    assert found[0] == "S1"
    assert not {"S3", "S4"} & set(found)


def test_home_counts_where_the_text_names_no_place(index: Index) -> None:
    assert codes(index, "路灯坏了没人修", home="宝塔区")[0] == "S2"


def test_a_buyer_for_a_seller_only(index: Index) -> None:
    assert codes(index, "家里五十只羊卖不出去")[0] == "N1"
    assert "N2" not in codes(index, "苹果卖不出去没人收")
    assert "N3" in codes(index, "会踩机器，想找个缝纫的活干")


def test_nothing_fits_nothing_is_said(index: Index) -> None:
    assert codes(index, "转发到十个群好运来") == []
    assert codes(index, "") == []


def test_reasons_are_short_and_scores_bounded(index: Index) -> None:
    fit = index.suggest("安塞路灯坏了", today=TODAY)[0]
    assert fit.reason.endswith("基础设施")
    assert len(fit.reason) <= 20
    assert 0.0 < fit.score <= 1.0


def test_an_empty_list_is_no_trouble(language: Language) -> None:
    assert Index.build([], language).suggest("路灯坏了", today=TODAY) == []


def test_likeness_of_needs(language: Language) -> None:
    words = language.words
    assert likeness(bag(words("村口路灯坏了")), bag(words("路灯不亮了 村口"))) > 0.5
    assert likeness(bag(words("村口路灯坏了")), bag(words("三万斤土豆卖不出去"))) < 0.15
    assert likeness(bag(()), bag(words("路灯"))) == 0.0


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("", (None, None)), ("长期", (None, None)), ("2026-12-31", (None, date(2026, 12, 31))),
        ("2026-08-25至2026-10-20", (date(2026, 8, 25), date(2026, 10, 20))), ("2026年8月1日", (None, date(2026, 8, 1))),
    ],
)  # fmt: skip
def test_validity(text: str, days: tuple[date | None, date | None]) -> None:
    assert read_validity(text) == days


def test_a_bad_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("编号,清单,标题,有效期\nS1,供给,修灯,2026-13-01\n", encoding="utf-8-sig")
    with pytest.raises(CatalogueError, match="第 2 行"):
        read_catalogue(file)


def test_the_sample_list_is_read() -> None:
    offers = read_catalogue(Path(__file__).parents[2] / "data" / "catalogue.csv")
    assert len(offers) == 260


def test_what_is_for_its_own_circle_is_shown_to_nobody_else(language: Language) -> None:
    closed = offer("S1", "路灯维修", "更换灯头电池", circles=("organisation:7", "consortium:3"))
    index = Index.build([closed], language)
    assert index.for_circles
    assert codes(index, "路灯坏了没人修") == []
    assert codes(index, "路灯坏了没人修", circles=frozenset({"consortium:4", "organisation:8"})) == []
    assert codes(index, "路灯坏了没人修", circles=frozenset({"consortium:3"})) == ["S1"]
    wider = index.renewed([offer("S1", "路灯维修", "更换灯头电池")])
    assert not wider.for_circles
    assert codes(wider, "路灯坏了没人修") == ["S1"]

"""The calendar of a year: read from a clerk's table, checked against the week, taken over as a whole."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from models.store import Store
from models.workday import shipped
from tests.store.tables import Bring, Rows, dump

HEADERS = ["日期", "类型", "名称"]
YEAR_2026 = [
    HEADERS,
    ["2026-01-01至2026-01-03", "休", "元旦"],
    ["2026-01-04", "班", "元旦"],
    ["2026年2月15日（星期日）至23日（星期一）", "休", "春节"],
    ["2026-02-14、2026-02-28", "班", "春节"],
    ["2026-04-04至04-06", "休", "清明节"],
    ["2026/5/1-2026/5/5", "休", "劳动节"],
    [datetime(2026, 5, 9), "班", "劳动节"],  # noqa: DTZ001 - a spreadsheet knows no zones
    ["2026.6.19～2026.6.21", "休", "端午节"],
    ["2026年9月25日 至 9月27日", "休", "中秋节"],
    ["20261001至20261007", "放假", "国庆节"],
    ["2026-09-20\n2026-10-10", "上班", "国庆节"],
]
"""The notice for 2026 as clerks copy it, in every shape that dates come in."""


def test_days_in_every_shape_are_those_that_the_product_brings_along(
    bring: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dump(sqlite_store)
    assert bring("calendar", YEAR_2026) == 0
    assert capsys.readouterr() == ("新增 0，更新 0，未变 11\n", "")
    assert dump(sqlite_store) == before


def test_a_new_year_comes_in_once(store: Store, bring: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [HEADERS, ["2027-02-05至2027-02-25", "休", "春节"], ["2027-02-27", "班", "春节"]]
    for said in ("新增 2，更新 0，未变 0\n", "新增 0，更新 0，未变 2\n"):
        with store.reading() as unit:
            before = unit.revisions.all()["calendar"]
        assert bring("calendar", rows, store=store) == 0
        assert capsys.readouterr() == (said, "")
    with store.reading() as unit:
        assert unit.revisions.all()["calendar"] == before  # the second time nothing changed
        assert unit.workdays.covers(2027)
        assert unit.workdays.worked(date(2027, 2, 27))
        assert not unit.workdays.worked(date(2027, 2, 24))
        assert {each.source for each in unit.workdays.entries() if each.day.year == 2027} == {"import"}
        kept = {each.day for each in unit.workdays.entries()}
        assert {each.day for each in shipped()} < kept


def test_a_year_is_replaced_as_a_whole_and_the_others_stay(
    bring: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring("calendar", [*YEAR_2026, ["2027-01-01至2027-01-31", "休", "只当试验"]]) == 0
    capsys.readouterr()
    changed = [row for row in YEAR_2026 if row[2] != "端午节"]
    changed[1] = ["2026-01-01至2026-01-03", "休", "新年"]
    assert bring("calendar", changed, "--dry-run") == 0
    spoken = capsys.readouterr().out.splitlines()
    assert spoken == [
        "更新 第 2 行 2026-01-01 至 2026-01-03，3 天 休",
        "试导入，什么都没有写入：将新增 0，更新 1，未变 9，去掉 3 天",
    ]
    assert bring("calendar", changed) == 0
    with sqlite_store.reading() as unit:
        assert unit.workdays.worked(date(2026, 6, 19))
        assert not unit.workdays.worked(date(2027, 1, 4))
    only_less = [row for row in changed if row[2] != "清明节"]
    capsys.readouterr()
    assert bring("calendar", only_less) == 0
    assert capsys.readouterr().out == "新增 0，更新 0，未变 9，去掉 3 天\n"


def test_a_year_with_too_few_days_off_is_warned_about(
    bring: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring("calendar", [HEADERS, ["2027-02-06至2027-02-13", "休", "春节"]]) == 0
    spoken = capsys.readouterr()
    assert spoken.out == "新增 1，更新 0，未变 0\n"
    assert spoken.err.startswith("注意：2027 年只写了 8 天“休”，一般有 28 到 33 天")


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (
            [["2026-01-05", "班", ""]],
            {2: "2026-01-05 是星期一，本来就上班；“班”只写调休上班的星期六、星期日"},
        ),
        (
            [["2026-01-02", "休", "元旦"], ["2026-01-01至2026-01-03", "休", "元旦"]],
            {3: "2026-01-02 与第 2 行重复"},
        ),
        ([["2026-01-03、2026-01-03至2026-01-04", "休", ""]], {2: "“日期”里 2026-01-03 写了两次"}),
        (
            [["2026-01-04", "休", ""], ["2026-01-04", "班", ""], ["2026-01-04", "班", ""]],
            {3: "2026-01-04 与第 2 行重复", 4: "2026-01-04 与第 2 行重复"},
        ),
        ([["1月1日至3日", "休", "元旦"]], {2: "“日期”的“1月1日至3日”认不出，请写成 2027-02-06"}),
        ([["2026-01-03至2026-01-01", "休", "元旦"]], {2: "“日期”的“2026-01-03至2026-01-01”认不出"}),
        ([["2026-01-01至2027-01-03", "休", ""]], {2: "有 368 天，不像一个假期，一段最多 31 天"}),
        ([["2026-02-30", "休", ""], ["", "休", "元旦"]], {2: "认不出", 3: "“日期”不能为空"}),
        (
            [["2026-01-01", "", ""], ["2026-01-02", "补", ""]],
            {2: "“类型”不能为空", 3: "“类型”只能是休、班、"},
        ),
    ],
)
def test_bad_days_are_named(
    bring: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str], rows: Rows, reasons: dict[int, str]
) -> None:
    before = dump(sqlite_store)
    assert bring("calendar", [HEADERS, *rows]) == 1
    *listed, last = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("注意")]
    assert last.startswith(f"calendar.xlsx：{len(reasons)} 行有问题，什么都没有写入。")
    for (number, reason), line in zip(reasons.items(), listed, strict=True):
        assert line.startswith(f"第 {number} 行：")
        assert reason in line
    assert dump(sqlite_store) == before

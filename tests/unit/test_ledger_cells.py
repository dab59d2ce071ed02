"""What may stand in a cell: no formula, nothing that a workbook cannot hold, times as Chifeng's clocks have them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.cells import Seal, cell, said, text
from bot.ledger.layout import Column, find, layouts
from models.ledgers import LEDGERS

SIGNS = "=+-@＝＋－＠"


def column(kind: str, empty: str = "") -> Column:
    return Column(heading="", field="", width=10, kind=kind, empty=empty)  # type: ignore[arg-type]


@given(st.text())
def test_no_text_begins_like_a_formula(written: str) -> None:
    assert not text(written).lstrip().startswith(tuple(SIGNS)) or text(written).strip() in ("-", "－")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
def test_harmless_text_stays_as_it_is(written: str) -> None:
    if not written.lstrip().startswith(tuple(SIGNS)) and not set(written) & set("\ufffe\uffff"):
        assert text(written) == written


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("-30℃水管冻裂", "'-30℃水管冻裂"),
        ("＝HYPERLINK(1)", "'＝HYPERLINK(1)"),
        ("\t@SUM(A1)", "'\t@SUM(A1)"),
        ("\r=1", "'\n=1"),
        ("a\x00b\x0bc", "abc"),
        ("一\r\n二", "一\n二"),
        ("—", "—"),
        ("", ""),
    ],
)
def test_what_becomes_of_text(written: str, kept: str) -> None:
    assert text(written) == kept


def test_a_text_longer_than_a_cell_ends_in_an_ellipsis() -> None:
    assert len(text("长" * 40_000)) == 32_767
    assert text("长" * 40_000).endswith("…")


def test_times_are_those_of_chifeng() -> None:
    moment = datetime(2026, 5, 31, 15, 59, 59, 5, tzinfo=UTC)
    assert cell(moment, column("date")) == date(2026, 5, 31)
    assert cell(moment, column("moment")) == datetime(2026, 5, 31, 23, 59, 59)  # noqa: DTZ001 - as in a cell
    assert said(cell(moment, column("moment"))) == "2026-05-31 23:59"
    assert cell(date(2026, 5, 31), column("date")) == date(2026, 5, 31)


def test_nothing_is_an_empty_cell_or_what_the_column_says() -> None:
    assert cell(None, column("date")) is None
    assert cell("", column("text")) is None
    assert cell(None, column("date", "长期")) == "长期"
    assert said(None) == ""


def test_the_code_tells_tables_apart() -> None:
    def code(*rows: list[str]) -> str:
        seal = Seal(["编号"])
        for row in rows:
            seal.add(row)
        return seal.code

    assert code(["1", "2"]) == code(["1", "2"])
    assert len({code(), code(["1", "2"]), code(["12", ""]), code(["1"], ["2"]), code(["2"], ["1"])}) == 5
    assert len(code()) == 16


def test_every_ledger_has_a_layout_and_is_found_by_its_names() -> None:
    assert list(layouts()) == list(LEDGERS)
    assert [layout.number for layout in layouts().values()] == list(range(1, 14))
    for layout in layouts().values():
        assert len(layout.tab) <= 31
        assert not set(layout.tab) & set(r"[]:*?/\\")
        for name in (layout.key, layout.key.upper(), layout.title, *layout.names):
            assert find(name) == [layout], name
    names = [name for layout in layouts().values() for name in layout.names]
    assert len(names) == len(set(names))
    assert find("全部") == find("ALL") == list(layouts().values())
    assert find("别的") == []


@pytest.mark.parametrize("name", ["联席会议", "meetings"])
def test_the_ledger_of_joint_meetings_is_found_by_its_names(name: str) -> None:
    assert [layout.key for layout in find(name)] == ["meetings"]

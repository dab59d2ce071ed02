"""Reading tables: nothing that can stand in a file breaks it, and the pages about it say what it does."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from bot.__main__ import main
from bot.commands.importing import KINDS
from bot.commands.intake import cells
from bot.commands.intake.page import UNCOMPUTED
from bot.commands.intake.row import Row
from bot.commands.intake.sheet import Line, SheetRefused, lines

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLERKS = (DOCS / "导入表格.md").read_text(encoding="utf-8")
OPERATORS = (DOCS / "import.md").read_text(encoding="utf-8")
HEADERS = KINDS["members"].headers

cell = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text("0123456789.-/年月日至到自起休班Ee+'、 \u200b", max_size=24),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.sampled_from([UNCOMPUTED, "#REF!", "长期", "是", "休", "正则", "(", "20260230"]),
)
file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_whatever_stands_in_a_row_it_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    headers = KINDS[kind].headers
    values = data.draw(st.lists(cell, min_size=len(headers), max_size=len(headers)))
    row = Row(Line(7, dict(zip(headers, values, strict=True)), ()))
    KINDS[kind].read(row)
    assert all(isinstance(fault, str) and fault for fault in row.faults)


@file
@given(written=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_whatever_stands_in_a_file_it_is_a_table_or_none(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(written)
    with pytest.raises(SheetRefused):
        list(lines(path, HEADERS, []))


def workbook() -> bytes:
    book = Workbook()
    page = book.active
    for row in (HEADERS, ["赵玉", 13800005555, "A", None], ["钱进", "=B2+1", "", datetime(2026, 5, 1)]):  # noqa: DTZ001
        page.append(list(row))
    page.merge_cells("C2:C3")
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


GOOD = workbook()


@file
@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_torn_workbook_is_read_or_refused(tmp_path: Path, at: int, byte: int, cut: bool) -> None:
    path = tmp_path / "torn.xlsx"
    path.write_bytes(GOOD[:at] if cut else GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    try:
        for line in lines(path, HEADERS, []):
            KINDS["members"].read(Row(line))
    except SheetRefused as refused:
        assert str(refused)  # noqa: PT017 - either is right


phones = st.integers(13_000_000_000, 19_999_999_999).map(str)


@given(phone=phones, kept=st.integers(2, 11), sign=st.sampled_from(["E", "e", "Ｅ"]))
def test_a_power_of_ten_is_undone_exactly_or_not_at_all(phone: str, kept: int, sign: str) -> None:
    written = f"{phone[0]}.{phone[1:kept]}{sign}+10"
    assert cells.restored(written) == (phone if kept == 11 else "")


@given(first=st.dates(date(2000, 1, 1), date(2099, 12, 1)), length=st.integers(0, 40))
def test_stretches_come_back_whatever_their_shape(first: date, length: int) -> None:
    last = first + timedelta(length)
    joints = {
        f"{first}至{last}",
        f"{first} - {last}",
        f"{first:%Y年%m月%d日}～{last:%Y年%m月%d日}",
        f"{first:%Y.%m.%d}—{last:%Y.%m.%d}",
        f"{first:%Y%m%d}到{last:%Y%m%d}",
    }
    if first.year == last.year:
        joints |= {f"{first}至{last:%m-%d}", f"{first:%Y年%m月%d日}（周六）至{last:%m月%d日}"}
    if first.month == last.month and length < 28:
        joints.add(f"{first:%Y年%m月%d日}至{last:%d日}")
    assert {cells.stretch(joint) for joint in joints} == {(first, last)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_for_clerks_has_the_columns_and_an_example_that_is_right(kind: str) -> None:
    section = CLERKS.split(f"## {kind} ")[1].split("\n## ")[0]
    assert section.startswith(KINDS[kind].label)
    head, _, *examples = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    assert head == list(KINDS[kind].headers)
    for example in examples:
        row = Row(Line(2, dict(zip(head, example, strict=True)), ()))
        KINDS[kind].read(row)
        assert row.faults == []


def test_the_page_for_operators_and_the_usage_name_the_same_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    usage = capsys.readouterr().out
    listed = dict(re.findall(r"^\| (\w+) \| .+ \| .+ \| (.+) \|$", OPERATORS, re.MULTILINE))
    assert {kind: headers.split(", ") for kind, headers in listed.items() if kind != "KIND"} == {
        name: list(kind.headers) for name, kind in KINDS.items()
    }
    for name, kind in KINDS.items():
        assert re.search(rf"^  {name} +{kind.label}：{'、'.join(kind.headers)}$", usage, re.MULTILINE)

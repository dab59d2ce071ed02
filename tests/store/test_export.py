"""The export command: workbooks as a clerk gets them, tables for other programs, and every way to be refused."""

from __future__ import annotations

import csv
import os
import re
import stat
import zipfile
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.commands import export
from bot.ledger import workbook
from bot.ledger.export import write
from bot.ledger.layout import layouts
from models.asof import Period, steady
from models.ledgers import LEDGERS, Ask
from models.store import Store
from tests.store.casebook import write_down
from tests.store.conftest import settle

Export = Callable[..., int]


@pytest.fixture
def run(sqlite_store: Store, now: datetime) -> Export:
    """Exports from the small world; gives the exit code."""
    write_down(sqlite_store, settle(sqlite_store, now))

    def run(*words: str) -> int:
        parser = ArgumentParser()
        export.add_arguments(parser)
        return export.run(parser.parse_args(words), sqlite_store)

    return run


def opened(path: Path) -> Worksheet:
    return load_workbook(path).worksheets[0]


def test_a_sheet_is_ready_to_be_printed(run: Export, tmp_path: Path) -> None:
    path = tmp_path / "问题.xlsx"
    assert run("问题清单", str(path), "--since", "2026-05-01", "--until", "2026-05-31") == 0
    sheet = opened(path)
    columns = len(layouts()["problems"].column) + 1
    last = get_column_letter(columns)
    assert sheet.title == "1 问题清单台账"
    assert sheet["A1"].value == "全市党建融合体问题清单台账（2026年5月1日至2026年5月31日）"
    assert re.match(r"填报单位：_+ +填报人：_+ +填报日期：20\d\d年", sheet["A2"].value)
    assert [cell.value for cell in sheet[3]][:4] == ["序号", "编号", "来源", "提出时间"]
    assert {str(each) for each in sheet.merged_cells.ranges} == {f"A{row}:{last}{row}" for row in (1, 2, 6)}
    assert sheet.freeze_panes == "A4"
    assert sheet.print_title_rows == "$1:$3"
    setup = sheet.page_setup
    assert (setup.orientation, setup.paperSize) == ("landscape", 9)
    assert (setup.fitToWidth, setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddFooter.center.text == "第 &P 页"
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [5, 6, 7]


def test_its_rows_are_values_with_styles_of_their_own(run: Export, tmp_path: Path) -> None:
    path = tmp_path / "p.xlsx"
    assert run("problems", str(path), "--until", "2026/5/31") == 0
    sheet = opened(path)
    row = {sheet.cell(3, cell.column).value: cell for cell in sheet[4]}
    assert row["序号"].value == 1
    assert row["编号"].value == 1
    assert row["提出时间"].value == datetime(2026, 5, 12)  # noqa: DTZ001 - as a cell has it
    assert row["提出时间"].number_format == "yyyy-mm-dd"
    assert row["提出时间"].is_date
    assert row["问题描述"].value == "路灯坏了，找张**138****1111"
    assert row["协办单位"].value == "远山村党支部"
    assert row["备注"].value is None
    for cell in row.values():
        assert cell.alignment.wrap_text
        assert cell.border.left.style == cell.border.bottom.style == "thin"
    assert sheet.row_dimensions[4].height > sheet.row_dimensions[5].height > 15, "as high as its text needs"
    footer = sheet["A6"].value
    assert re.fullmatch(
        r"以上数据由系统于 \d+年\d+月\d+日 \d\d:\d\d 生成，口径：.+。姓名、电话已脱敏。校验码 [0-9a-f]{16}",
        footer,
    )


def test_all_ledgers_stand_in_one_workbook(
    run: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "all.xlsx"
    assert run("all", str(path), "--until", "2026-06-30") == 0
    book = load_workbook(path)
    assert book.sheetnames == [layout.tab for layout in layouts().values()]
    for sheet, layout in zip(book.worksheets, layouts().values(), strict=True):
        assert [cell.value for cell in sheet[3]][1:] == [column.heading for column in layout.column]
        assert sheet.max_row >= 5
    needs = book["2 需求清单"]
    assert needs["I4"].value == "'=土豆卖不出去"
    assert needs["I4"].data_type == "s"
    assert book["4 项目清单（认领台账）"]["J4"].number_format == "0.0%"
    assert "草稿" in book["11 月通报（草稿）"]["A1"].value
    assert "2026年6月1日至2026年6月30日" in book["11 月通报（草稿）"]["A1"].value
    assert "截至2026年6月30日" in book["3 资源清单"]["A1"].value
    said = capsys.readouterr().out
    assert len(said.splitlines()) == len(LEDGERS) + 1


def test_an_empty_ledger_says_so(run: Export, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    assert run("urgings", str(path), "--until", "2026-05-01") == 0
    sheet = opened(path)
    assert sheet["A4"].value == "期内没有记录"
    assert sheet["A5"].value.startswith("以上数据")


def test_the_same_question_gives_the_same_code(
    run: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def code(*words: str) -> str:
        assert run(*words) == 0
        return re.findall(r"校验码 ([0-9a-f]{16})", capsys.readouterr().out)[0]

    day = ("--until", "2026-06-30")
    first = code("needs", str(tmp_path / "a.xlsx"), *day)
    assert code("需求清单", str(tmp_path / "b.csv"), *day) == first
    assert code("needs", str(tmp_path / "c.csv"), "--until", "2026-06-01") != first
    assert code("needs", str(tmp_path / "d.csv"), *day, "--unmask") != first


def test_a_csv_is_one_that_spreadsheet_programs_know(run: Export, tmp_path: Path) -> None:
    path = tmp_path / "需求.CSV"
    assert run("needs", str(path), "--until", "2026-06-30") == 0
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert rows[0][:4] == ["序号", "编号", "支部", "反映人"]
    assert rows[1][:4] == ["1", "2", "东沟村党支部", "张**"]
    assert rows[1][8] == "'=土豆卖不出去"
    assert rows[1][5] == "2026-05-13"
    assert len(rows) == 5


def test_in_the_clear_only_with_a_warning(
    run: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clear.xlsx"
    assert run("needs", str(path), "--until", "2026-06-30", "--unmask") == 0
    assert "个人信息" in capsys.readouterr().err
    sheet = opened(path)
    assert sheet["D4"].value == "张建国"
    assert "内含个人信息" in sheet["A8"].value
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["随便", "a.xlsx"], "没有“随便”这种台账"),
        (["needs", "a.pdf"], ".xlsx 或 .csv"),
        (["all", "a.csv"], "只能放一张表"),
        (["needs", "a.xlsx", "--since", "2026-06-02", "--until", "2026-06-01"], "之后"),
        (["needs", "a.xlsx", "--consortium", "C9"], "C9"),
        (["needs", "a.xlsx", "--consortium", "C1", "--area", "林西县"], "只能写一个"),
    ],
)
def test_wrong_use_is_one_sentence_and_no_file(
    run: Export,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert run(*words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("day", ["2026-02-30", "昨天", "06-01"])
def test_what_is_no_day_is_refused(run: Export, day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("needs", "a.xlsx", "--until", day)
    assert ended.value.code == 2
    assert "不是日期" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["nowhere/a.xlsx", "file/a.xlsx", "folder.xlsx"])
def test_what_cannot_be_written_is_one_sentence(
    run: Export, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.xlsx").mkdir()
    assert run("needs", str(tmp_path / place)) == 1
    told = capsys.readouterr().err
    assert told.startswith("写不进")
    assert len(told.splitlines()) == 1
    assert not list(tmp_path.rglob(".*"))


def test_a_file_is_replaced_only_when_the_new_one_is_whole(
    run: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "needs.xlsx"
    path.write_text("前一份", encoding="utf-8")
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    assert run("needs", str(path)) == 1
    assert "--since" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "前一份"
    assert list(tmp_path.glob(".*")) == []
    monkeypatch.undo()
    assert run("needs", str(path)) == 0
    assert zipfile.is_zipfile(path)


@pytest.mark.postgres
def test_both_databases_write_the_same_tables(
    sqlite_store: Store, postgresql_store: Store, tmp_path: Path, now: datetime
) -> None:
    """The codes are made of what the rows say, so equal codes are equal tables."""
    found = []
    for store in (sqlite_store, postgresql_store):
        write_down(store, settle(store, now))
        told: list[tuple[str, int]] = []
        with store.reading() as unit:
            steady(unit)
            ask = Ask(unit, Period(date(2026, 6, 30)))
            wanted = list(layouts().values())
            path = tmp_path / f"{unit.dialect.name}.xlsx"
            found.append(write(path, wanted, ask, now, lambda *each, told=told: told.append(each)))
        assert len(told) == sum(each.rows for each in found[-1])
    assert [each.rows for each in found[0]] == [2, 4, 1, 1, 1, 0, 0, 2, 0, 1, 2, 3, 27]
    assert found[0] == found[1]

"""Workbooks as clerks really send them: what stands round a table, sheets, merges, formulas, hidden rows."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import Border, Side
from openpyxl.worksheet.worksheet import Worksheet

from models.store import Store
from tests.store.tables import (
    CONSORTIA,
    MEMBERS,
    ORGANISATIONS,
    ROTATION,
    RULES,
    SUPPLIES,
    TABLES,
    Bring,
    Rows,
    dump,
    sheet,
)

HEAD, *PEOPLE = MEMBERS
NEW = [["赵玉", "13800005555", "A", ""], ["钱进", "13800006666", "A", ""], ["孙立", "13800007777", "B", ""]]
"""Members that are not on file yet."""
Draw = Callable[..., Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Makes a workbook of one sheet of members and lets the test bend it."""

    def draw(rows: Rows, bend: Callable[[Worksheet, Workbook], None] = lambda page, book: None) -> Path:
        book = Workbook()
        page = book.active
        for row in rows:
            page.append(list(row))
        bend(page, book)
        path = tmp_path / "members.xlsx"
        book.save(path)
        book.close()
        return path

    return draw


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_in_its_frame_says_the_same(
    filled: Bring, sqlite_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    before = dump(sqlite_store)
    headers, *rows = TABLES[kind]
    blank = [""] * len(headers)
    framed = [
        ["赤峰市党建融合体登记表（2026年）"],
        ["填报单位：官地镇党委", "", "填报日期：2026年5月11日"],
        [],
        [
            f"{header}（必填）\n*" if n % 2 else f" ★{header} [说明：照实填] "
            for n, header in enumerate(headers)
        ],
        rows[0],
        blank,
        headers,
        *([f"\u200b{cell}\u3000\ufeff" for cell in row] for row in rows[1:]),
        *[blank] * 300,
        ["合 计", "", f"{len(rows)}条"],
        [],
        ["填表人：张三", "", "审核人（签字）："],
        ["注：照实填写。"],
        ["", "2026年5月11日"],
    ]
    path = sheet(tmp_path / "framed.xlsx", framed, merged=[f"A1:{'ABCDEFGHIJ'[len(headers) - 1]}2"])
    assert filled(kind, path) == 0
    spoken = capsys.readouterr()
    assert spoken.out == f"新增 0，更新 0，未变 {len(rows)}\n"
    last = 307 + len(rows)
    assert spoken.err.splitlines() == [
        "注意：第 7 行又是表头，跳过了。",
        f"注意：最后的第 {last}、{last + 2}、{last + 3}、{last + 4} 行是合计、签字或说明，没有当作数据。",
    ]
    assert dump(sqlite_store) == before


def test_headers_of_two_storeys(filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["党员", "", "党组织编号", "职务"], ["姓名", "手机号", "", ""], *NEW]

    def bend(page: Worksheet, book: Workbook) -> None:
        for cells in ("A1:B1", "C1:C2", "D1:D2"):
            page.merge_cells(cells)

    assert filled("members", draw(rows, bend)) == 0
    assert capsys.readouterr().out == "新增 3，更新 0，未变 0\n"


def test_a_merged_value_is_that_of_each_of_its_rows(
    filled: Bring, sqlite_store: Store, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ["党组织编号", "姓名", "手机号", "职务"],
        ["A", "赵玉", "13800005555", "联络员"],
        ["", "钱进", "13800006666", ""],
        ["", "", "", ""],
        ["B", "孙立", "13800007777", ""],
    ]

    def bend(page: Worksheet, book: Workbook) -> None:
        page.merge_cells("A2:A4")
        page.merge_cells("D2:D3")

    assert filled("members", draw(rows, bend)) == 0
    assert capsys.readouterr() == ("新增 3，更新 0，未变 0\n", "")
    with sqlite_store.reading() as unit:
        codes = {each.id: each.code for each in unit.organisations.all()}
        qian = unit.members.with_phone("13800006666")
        assert qian is not None
        assert codes[qian.organisation_id] == "A"
        assert [
            post.label for post in (p.post for p in unit.organisations.posts_of(qian.id, datetime.now(UTC)))
        ] == ["联络员"]


def test_a_merged_value_reaches_over_the_end_of_a_short_row(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ["姓名", "手机号", "职务", "党组织编号"],
        ["赵玉", "13800005555", None, "A"],
        ["钱进", "13800006666"],
    ]
    assert filled("members", draw(rows, lambda page, book: page.merge_cells("D2:D3"))) == 0
    assert capsys.readouterr() == ("新增 2，更新 0，未变 0\n", "")


def test_a_merged_phone_is_refused_as_a_repeated_one(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [HEAD, ["赵玉", "13800005555", "A", ""], ["钱进", "", "A", ""]]
    assert filled("members", draw(rows, lambda page, book: page.merge_cells("B2:B3"))) == 1
    assert capsys.readouterr().err.startswith("第 3 行：手机号 138****5555 与第 2 行重复\n")


def test_rows_keep_the_numbers_that_the_program_shows(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    def bend(page: Worksheet, book: Workbook) -> None:
        page["A40"], page["B40"], page["C40"] = "赵", "1380000555", "X9"
        thin = Border(bottom=Side(style="thin"))
        for row in range(41, 400):
            for column in range(1, 5):
                page.cell(row, column).border = thin

    assert filled("members", draw(MEMBERS, bend)) == 1
    assert capsys.readouterr().err.splitlines() == [
        "第 40 行：“姓名”的“赵”不像人名，要 2 到 20 个汉字；“手机号”的“1380000555”不是 11 位手机号；"
        "党组织编号 X9 没有登记，请先导入党组织",
        "members.xlsx：1 行有问题，什么都没有写入。改好以后请把整份表重新导入。",
    ]


def test_a_total_between_the_rows_is_a_fault_of_its_own(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [HEAD, NEW[0], ["小计：1人", "", "", ""], NEW[1], ["合计", "2", "", ""]]
    assert filled("members", draw(rows)) == 1
    assert capsys.readouterr().err.splitlines() == [
        "第 3 行：“小计：1人”这样的合计、签字或说明行只能放在表的最后，请删掉这一行",
        "注意：最后的第 5 行是合计、签字或说明，没有当作数据。",
        "members.xlsx：1 行有问题，什么都没有写入。改好以后请把整份表重新导入。",
    ]


def test_repeated_rows_are_refused_each(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled("members", draw([HEAD, NEW[0], NEW[1], NEW[0], NEW[0]])) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "第 4 行：手机号 138****5555 与第 2 行重复",
        "第 5 行：手机号 138****5555 与第 2 行重复",
    ]


def test_only_headers(filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled("members", draw([HEAD, ["合计", "0", "", ""]])) == 0
    assert capsys.readouterr() == (
        "新增 0，更新 0，未变 0\n",
        "注意：表头下面一行数据也没有。\n注意：最后的第 2 行是合计、签字或说明，没有当作数据。\n",
    )


def test_the_sheet_with_the_headers_is_taken_and_named(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    def bend(page: Worksheet, book: Workbook) -> None:
        page.title = "填表说明"
        hidden = book.create_sheet("旧名册")
        hidden.sheet_state = "hidden"
        east, west = book.create_sheet("东沟"), book.create_sheet("西沟")
        for one in (hidden, east, west):
            one.append(HEAD)
            one.append(NEW[2])
        east.append(NEW[0])

    cover = [["一、请照实填写姓名、手机号。"], ["姓名", "写全名"]]
    assert filled("members", draw(cover, bend)) == 0
    assert capsys.readouterr() == (
        "新增 2，更新 0，未变 0\n",
        "注意：读的是工作表“东沟”。\n"
        "注意：只读了工作表“东沟”。工作表“西沟”也有这样的表头，没有读；要导入，请分别另存成一份文件。\n",
    )


def test_a_wrong_header_says_on_which_sheet(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    def bend(page: Worksheet, book: Workbook) -> None:
        page.column_dimensions["D"].hidden = True
        page.title = "党员"

    rows = [["官地镇"], ["姓名", "电话", "党组织编号", "身份证号"], ["赵玉", "13800005555", "A", ""]]
    assert filled("members", draw(rows, bend)) == 1
    assert capsys.readouterr().err == (
        "工作表“党员”第 2 行的表头不对，多了列：电话、身份证号（隐藏的 D 列）；少了列：手机号、职务。"
        "应当是：姓名、手机号、党组织编号、职务。\n"
    )


def test_hidden_and_filtered_rows_count_and_are_told_of(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    def bend(page: Worksheet, book: Workbook) -> None:
        page.auto_filter.ref = "A1:D4"
        for row in (3, 4, 9):
            page.row_dimensions[row].hidden = True
        page.column_dimensions["C"].hidden = True

    assert filled("members", draw([HEAD, *NEW], bend)) == 0
    assert capsys.readouterr() == (
        "新增 3，更新 0，未变 0\n",
        "注意：第 3、4 行是隐藏着的（或被筛选掉的），同样算在内。\n",
    )


def test_formulas_without_results_are_refused(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [HEAD, ['="赵"&"玉"', "13800005555", "A", '=IF(1,"","")'], ["钱进", "=13800006000+666", "A", ""]]
    assert filled("members", draw(rows)) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "第 2 行：“姓名”是公式，文件里没有存下算出的结果，请粘贴成数值；"
        "“职务”是公式，文件里没有存下算出的结果，请粘贴成数值",
        "第 3 行：“手机号”是公式，文件里没有存下算出的结果，请粘贴成数值",
    ]


def test_formulas_with_results_are_read(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    path = draw([HEAD, ["=A", "=13800005000+555", "A", "=D"]])
    results = {
        "A2": '<c r="A2" t="str"><f>A</f><v>赵玉</v></c>',
        "B2": '<c r="B2"><f>B</f><v>1.3800005555E10</v></c>',
        "D2": '<c r="D2" t="str"><f>D</f><v></v></c>',
    }

    def calculated(text: str) -> str:
        for cell, result in results.items():
            text = re.sub(rf'<c r="{cell}".*?</c>', result, text)
        return text

    rewrite(path, "xl/worksheets/sheet1.xml", calculated)
    assert filled("members", path) == 0
    assert capsys.readouterr() == ("新增 1，更新 0，未变 0\n", "")


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Changes one part of a workbook, as another program would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in parts.items():
            archive.writestr(name, change(written.decode()) if name == part else written)


def test_a_prefix_before_every_tag(filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    def bend(page: Worksheet, book: Workbook) -> None:
        page.merge_cells("C2:C4")
        page.row_dimensions[3].hidden = True
        page["A4"] = '="孙"&"立"'

    path = draw([HEAD, NEW[0], ["钱进", "13800006666", "", ""], ["孙立", "13800007777", "", ""]], bend)
    rewrite(
        path,
        "xl/worksheets/sheet1.xml",
        lambda text: re.sub(r"<(/?)(?=[a-z])", r"<\1x:", text).replace("xmlns=", "xmlns:x="),
    )
    assert filled("members", path) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "第 4 行：“姓名”是公式，文件里没有存下算出的结果，请粘贴成数值",
        "注意：第 3 行是隐藏着的（或被筛选掉的），同样算在内。",
    ]


def test_a_sheet_that_is_lined_to_its_far_edges_is_refused_or_read_soon(
    filled: Bring, draw: Draw, capsys: pytest.CaptureFixture[str]
) -> None:
    path = draw([HEAD, *NEW])
    for wide, code, said in ((100, 0, "新增 3，更新 0，未变 0"), (2_100, 1, "一直画到了右边几百列以后")):
        lined = "".join(f'<row r="{row}"><c r="XFD{row}" s="0"/></row>' for row in range(5, 5 + wide))
        rewrite(
            path,
            "xl/worksheets/sheet1.xml",
            lambda text, lined=lined: text.replace("</sheetData>", f"{lined}</sheetData>"),
        )
        assert filled("members", path, "--dry-run") == code
        assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("organisations", ORGANISATIONS[0]),
        ("consortia", CONSORTIA[0]),
        ("rotation", ROTATION[0]),
        ("supplies", SUPPLIES[0]),
        ("rules", RULES[0]),
        ("calendar", ["日期", "类型", "名称"]),
    ],
)
def test_a_row_of_errors_is_named_once_for_each_cell(
    filled: Bring, capsys: pytest.CaptureFixture[str], kind: str, headers: list[str]
) -> None:
    assert filled(kind, [headers, ["#N/A"] * len(headers)]) == 1
    first = capsys.readouterr().err.splitlines()[0]
    assert first == "第 2 行：" + "；".join(f"“{header}”是公式错误 #N/A" for header in headers)

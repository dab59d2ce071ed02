"""Imports that are refused: one bad row stops everything, and every bad row is named with its reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.store import Store
from models.vault import Vault
from tests.store.tables import MEMBERS, ORGANISATIONS, ROTATION, TABLES, Bring, Rows, as_csv, dump, without


@pytest.mark.parametrize(
    "written", ["2026-13-01", "2026-02-30", "5月1日", "五一", "26/5/1", "5/1/2026", "2026-05", 1.5]
)
def test_what_is_no_day(filled: Bring, capsys: pytest.CaptureFixture[str], written: object) -> None:
    assert filled("rotation", without(ROTATION, 开始日期=written)) == 1
    assert "第 2 行：“开始日期”的“" in capsys.readouterr().err


BAD = [
    ("organisations", {"编号": ""}, "“编号”不能为空"),
    ("organisations", {"名称": "长" * 201}, "“名称”太长，最多 200 个字"),
    ("organisations", {"上级编号": "X9"}, "上级编号 X9 没有登记，也不在这份表里"),
    ("organisations", {"上级编号": "A"}, "上级绕成了一圈：A → A"),
    ("organisations", {"编号": "T", "上级编号": "A"}, "上级绕成了一圈：T → A → T"),
    ("organisations", {"地区": "#REF!"}, "“地区”是公式错误 #REF!"),
    ("members", {"姓名": "Tom"}, "“姓名”的“Tom”不像人名"),
    ("members", {"手机号": "1380000111"}, "“手机号”的“1380000111”不是 11 位手机号"),
    ("members", {"手机号": "1.38E+10"}, "科学计数"),
    ("members", {"党组织编号": "X9"}, "党组织编号 X9 没有登记"),
    ("members", {"职务": "书记、司机"}, "“职务”只能是书记、联络员、备岗或空着，不能是“司机”"),
    ("consortia", {"类型": "联合体"}, "“类型”只能是联合党委、联合党总支、联合党支部、联盟，不能是“联合体”"),
    ("consortia", {"类型": ""}, "“类型”不能为空"),
    ("consortia", {"联建方式": "跨省"}, "“联建方式”只能是"),
    ("consortia", {"牵头单位编号": "X9"}, "牵头单位编号 X9 没有登记"),
    ("consortia", {"成员单位编号": "A、X8、X9"}, "成员单位编号 X8、X9 没有登记"),
    ("consortia", {"上级编号": "R2"}, "上级绕成了一圈：R2 → R2"),
    ("rotation", {"融合体编号": "R9"}, "融合体编号 R9 没有登记"),
    ("rotation", {"轮值单位编号": "X9"}, "轮值单位编号 X9 没有登记"),
    ("rotation", {"融合体编号": "R2"}, "轮值单位 A 不是融合体 R2 的成员单位"),
    ("rotation", {"期次": "一"}, "“期次”要写整数"),
    ("rotation", {"期次": "0"}, "“期次”不能小于 1"),
    ("rotation", {"结束日期": "2026-04-30"}, "开始日期 2026-05-01 晚于结束日期 2026-04-30"),
    ("rotation", {"结束日期": "2026-06-01"}, "日期与已登记的第 2 期（2026-06-01 至 2026-06-30）重叠"),
    ("supplies", {"清单": "供应"}, "“清单”只能是供给、需求，不能是“供应”"),
    ("supplies", {"类别": "卖货"}, "“类别”没有“卖货”，可以写：产销对接、"),
    ("supplies", {"有效期": "到年底"}, "“有效期”的“到年底”认不出"),
    ("supplies", {"有效期": "2026-12-31至2026-05-01"}, "“有效期”的“"),
    ("rules", {"关键词": " 、"}, "“关键词”不能为空"),
    ("rules", {"关键词": "(党费", "匹配方式": "正则"}, "“关键词”的正则“(党费”写得不对"),
    ("rules", {"匹配方式": "模糊"}, "“匹配方式”只能是包含、全等、正则，不能是“模糊”"),
    ("rules", {"回复": ""}, "“回复”不能为空"),
    ("rules", {"优先级": "高"}, "“优先级”要写整数"),
    ("rules", {"启用": "也许"}, "“启用”只能是"),
]


@pytest.mark.parametrize(("kind", "changed", "reason"), BAD)
def test_one_bad_row_is_named_and_nothing_is_written(
    filled: Bring,
    sqlite_store: Store,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    changed: dict[str, object],
    reason: str,
) -> None:
    rows = TABLES[kind]
    key = 1 if kind in ("members", "rotation") else 0
    good = list(rows[2])
    good[key] = {"members": "13811112222", "rotation": "9"}.get(kind, "NEW")
    if kind == "rotation":
        good[3:] = ["2027-01-01", "2027-01-31"]
    before = dump(sqlite_store)
    assert filled(kind, [rows[0], good, without(rows, **changed)[1]]) == 1
    spoken = capsys.readouterr()
    assert spoken.out == ""
    lines = spoken.err.splitlines()
    assert lines[0].startswith("第 3 行：")
    assert reason in lines[0]
    assert lines[1:] == [f"{kind}.xlsx：1 行有问题，什么都没有写入。改好以后请把整份表重新导入。"]
    assert dump(sqlite_store) == before


def test_every_bad_row_is_listed_with_all_its_faults(
    filled: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        MEMBERS[0],
        ["张", "123", "X9", ""],
        [],
        ["赵玉", "13800009999", "A", ""],
        ["钱进", "13800009999", "A", ""],
        ["孙", "13800009999", "A", "", "多写的"],
    ]
    assert filled("members", as_csv(rows)) == 1
    first, twin, stray, _ = capsys.readouterr().err.splitlines()
    assert first == (
        "第 2 行：“姓名”的“张”不像人名，要 2 到 20 个汉字；“手机号”的“123”不是 11 位手机号；"
        "党组织编号 X9 没有登记，请先导入党组织"
    )
    assert twin == "第 5 行：手机号 138****9999 与第 4 行重复"
    assert stray.startswith("第 6 行：没有列名的列里有内容：E 列的“多写的”")


def test_turns_overlap_within_the_table(filled: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        ROTATION[0],
        ["R1", 3, "A", "2026-07-01", "2026-07-31"],
        ["R1", 4, "B", "2026-07-31", "2026-08-31"],
        ["R1", 4, "B", "2026-09-01", "2026-09-30"],
    ]
    assert filled("rotation", rows) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "第 3 行：日期与第 2 行的第 3 期（2026-07-01 至 2026-07-31）重叠",
        "第 4 行：R1 第 4 期与第 3 行重复",
    ]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["姓名", "手机号", "党组织编号"]], "少了列：职务"),
        ([["姓名", "手机号", "党组织编号", "职务", "身份证号", "民族"]], "多了列：身份证号、民族"),
        ([["姓名", "手机号", "手机号", "党组织编号", "职务"]], "列重复：手机号"),
        ([["张建国", "13800001111", "A", ""]], "没有找到表头"),
        ([], "没有找到表头"),
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_other_columns_are_refused_by_name(
    bring: Bring, capsys: pytest.CaptureFixture[str], rows: Rows, reason: str, form: str
) -> None:
    assert bring("members", as_csv(rows) if form == "csv" else rows) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 .xls 或加了密码"),
        (b"PK\x03\x04 torn", "可能已经损坏"),
        (b"\xff\x00\x81\x20\xff", "认不出是什么编码"),
        ('编号,名称,类别,上级编号,地区\nA,"东沟'.encode(), "引号没有成对"),
    ],
)
def test_what_is_no_table_is_refused_with_advice(
    bring: Bring, capsys: pytest.CaptureFixture[str], written: bytes, reason: str
) -> None:
    assert bring("organisations", written) == 1
    assert reason in capsys.readouterr().err


def test_a_missing_file(bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring("members", tmp_path / "nowhere.xlsx") == 1
    assert "打不开文件" in capsys.readouterr().err


def test_an_older_schema_is_not_written_to(
    bring: Bring, tmp_path: Path, vault: Vault, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'bare.db'}", vault)
    assert bring("organisations", ORGANISATIONS, store=store) == 2
    assert "migrate" in capsys.readouterr().err
    store.close()

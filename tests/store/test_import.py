"""Imports: crooked tables are put straight, a bad row stops everything and is named, a repeat changes nothing."""

from __future__ import annotations

import csv
import io
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.commands import importing
from bot.commands.importing import KINDS, load_world, run
from models.organisation import PostKind
from models.store import Store, metadata
from models.vault import Vault

WORLD = Path(__file__).resolve().parents[2] / "bot" / "sim" / "world"
ORGANISATIONS = [
    ["编号", "名称", "类别", "上级编号", "地区"],
    ["A", "东沟村党支部", "党支部", "T", "林西县"],
    ["B", "西沟村党支部", "党支部", "T", "林西县"],
    ["T", "官地镇党委", "党委", "", "林西县"],
]
MEMBERS = [
    ["姓名", "手机号", "党组织编号", "职务"],
    ["张建国", "13800001111", "A", ""],
    ["李春梅", "13800002222", "A", "书记、联络员"],
    ["王海", "13800003333", "B", "联络员"],
]
CONSORTIA = [
    ["编号", "名称", "类型", "联建方式", "牵头单位编号", "成员单位编号", "上级编号"],
    ["R2", "暖心联合党总支", "联合党总支", "跨行业", "B", "B", "R1"],
    ["R1", "富民联合党委", "联合党委", "跨领域、跨层级", "T", "A、B", ""],
]
ROTATION = [
    ["融合体编号", "期次", "轮值单位编号", "开始日期", "结束日期"],
    ["R1", "1", "A", "2026-05-01", "2026-05-31"],
    ["R1", "2", "B", "2026-06-01", "2026-06-30"],
]
SUPPLIES = [
    ["编号", "清单", "标题", "内容", "类别", "单位", "地区", "数量", "有效期", "联系人"],
    [
        "S1",
        "供给",
        "农畜产品直采",
        "每月两趟车",
        "产销对接",
        "东沟村党支部",
        "林西县",
        "20吨",
        "2026-12-31",
        "赵立新",
    ],
    ["S2", "需求", "缺兽医", "羊羔拉稀", "农业技术", "丰台某批发市场", "", "", "长期", ""],
]
RULES = [
    ["规则名", "关键词", "匹配方式", "回复", "优先级", "启用"],
    ["党费", "交党费、党费", "包含", "找书记。\n||\n也行。", "5", "是"],
    ["低保", "低保.{0,4}(谁|哪)、(a、b)", "正则", "找联络员。", "", ""],
]
TABLES = {
    "organisations": ORGANISATIONS,
    "members": MEMBERS,
    "consortia": CONSORTIA,
    "rotation": ROTATION,
    "supplies": SUPPLIES,
    "rules": RULES,
}
Rows = Sequence[Sequence[object]]
Bring = Callable[..., int]


def sheet(path: Path, rows: Rows, merged: Sequence[str] = ()) -> Path:
    """An .xlsx as a clerk's program writes it."""
    book = Workbook()
    page = book.active
    for row in rows:
        page.append(list(row))
    for cells in merged:
        page.merge_cells(cells)
    book.create_sheet("说明").append(["请勿改动表头"])
    book.save(path)
    book.close()
    return path


def as_csv(rows: Rows, encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


@pytest.fixture
def bring(sqlite_store: Store, tmp_path: Path) -> Bring:
    """Imports rows (as .xlsx), bytes (as .csv) or a file through the command itself; gives the exit code."""

    def bring(kind: str, what: Rows | bytes | Path, *options: str, store: Store = sqlite_store) -> int:
        path = what if isinstance(what, Path) else tmp_path / f"{kind}.csv"
        if isinstance(what, bytes):
            path.write_bytes(what)
        elif not isinstance(what, Path):
            path = sheet(tmp_path / f"{kind}.xlsx", what)
        parser = ArgumentParser()
        importing.add_arguments(parser)
        return run(parser.parse_args([kind, str(path), *options]), store)

    return bring


@pytest.fixture
def filled(bring: Bring, capsys: pytest.CaptureFixture[str]) -> Bring:
    """The same, with all the tables above on file."""
    for kind, rows in TABLES.items():
        assert bring(kind, as_csv(rows)) == 0
    capsys.readouterr()
    return bring


def without(rows: Rows, **changed: object) -> list[list[object]]:
    """Header and first row of a table, some cells of it replaced."""
    return [
        list(rows[0]),
        [changed.get(str(head), cell) for head, cell in zip(rows[0], rows[1], strict=True)],
    ]


def test_every_kind_comes_in_once_on_both_databases(
    store: Store, bring: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, rows in TABLES.items():
        assert bring(kind, rows, store=store) == 0
        count = len(rows) - 1
        assert capsys.readouterr().out == f"新增 {count}，更新 0，未变 0\n"
        assert bring(kind, as_csv(rows), store=store) == 0
        assert capsys.readouterr().out == f"新增 0，更新 0，未变 {count}\n"
    with store.reading() as unit:
        assert unit.revisions.all() == {"roll": 4, "supplies": 1, "rules": 1}
        codes = {each.code: each for each in unit.organisations.all()}
        assert codes["A"].parent_id == codes["T"].id
        li = unit.members.with_phone("13800002222")
        assert li is not None
        assert {officer.post for officer in unit.organisations.posts_of(li.id)} == {
            PostKind.SECRETARY,
            PostKind.LIAISON,
        }
        lead, below = unit.consortia.by_code("R1"), unit.consortia.by_code("R2")
        assert lead is not None
        assert below is not None
        assert below.parent_id == lead.id
        seats = [seat.organisation_id for seat in unit.consortia.seats() if seat.consortium_id == lead.id]
        assert seats == [codes["T"].id, codes["A"].id, codes["B"].id]
        chair = unit.consortia.chair(lead.id, date(2026, 6, 30))
        assert chair is not None
        assert chair[1].code == "B"
        linked, by_name = unit.supplies.all()
        assert (linked.organisation_id, linked.valid_until) == (codes["A"].id, date(2026, 12, 31))
        assert linked.contact(unit.vault) == "赵立新"
        assert (by_name.organisation_id, by_name.unit_name, by_name.side) == (None, "丰台某批发市场", "需求")
        fees, poor = unit.rules.enabled()
        assert (fees.keywords, fees.replies, fees.pick) == (["交党费", "党费"], ["找书记。", "也行。"], "all")
        assert (poor.keywords, poor.match, poor.priority) == (["低保.{0,4}(谁|哪)", "(a、b)"], "regex", 0)


def test_crooked_cells_are_put_straight(bring: Bring, sqlite_store: Store, tmp_path: Path) -> None:
    assert bring("organisations", ORGANISATIONS) == 0
    path = sheet(
        tmp_path / "crooked.xlsx",
        [
            ["官地镇党员花名册（2026年）", None, None, None],
            [],
            [" 党组织编号 ", "姓 名", "手机号", "*职务"],
            ["Ａ", " 张\n建国 ", 13800001111.0, None],
            [None, "宝音.朝克图", "１３８ ００００ ２２２２", "书记\n联络员"],
            [],
            ["B ", "李\u3000春梅", "+86-13800003333\u200b", "书记；备岗"],
            ["B", "王海", "13800004444.0", "无"],
            ["B", "赵玉", "'13800005555", ""],
        ],
        merged=["A1:D1", "A4:A5"],
    )
    assert bring("members", path) == 0
    with sqlite_store.reading() as unit:
        organisations = {each.id: each.code for each in unit.organisations.all()}
        found = {
            phone: unit.members.with_phone(phone) for phone in ("13800001111", "13800002222", "13800003333")
        }
        assert {
            phone: (member.name(unit.vault), organisations[member.organisation_id])
            for phone, member in found.items()
            if member
        } == {
            "13800001111": ("张建国", "A"),
            "13800002222": ("宝音·朝克图", "A"),
            "13800003333": ("李春梅", "B"),
        }
        assert len(unit.members.roster()) == 5
        assert len(unit.organisations.posts()) == 4


@pytest.mark.parametrize(
    "written",
    [
        "2026/5/1",
        "2026.5.1",
        "2026-05-01",
        "2026年5月1日",
        "２０２６年５月１日",
        " 2026 年 5 月 1 号 ",
        "20260501",
        20260501,
        20260501.0,
        46143,
        "46143",
        date(2026, 5, 1),
        datetime(2026, 5, 1),  # noqa: DTZ001 - a spreadsheet knows no zones
        datetime(2026, 5, 1, 8, 30),  # noqa: DTZ001
        "2026-05-01 00:00:00",
        "2026/5/1 0:00",
    ],
)
def test_days_in_many_shapes(filled: Bring, sqlite_store: Store, written: object) -> None:
    assert filled("rotation", without(ROTATION, 期次="第１期", 开始日期=written)) == 0
    with sqlite_store.reading() as unit:
        assert unit.consortia.terms()[0].starts_on == date(2026, 5, 1)


@pytest.mark.parametrize(
    "written", ["2026-13-01", "2026-02-30", "5月1日", "五一", "26/5/1", "5/1/2026", "2026-05", 1.5]
)
def test_what_is_no_day(filled: Bring, capsys: pytest.CaptureFixture[str], written: object) -> None:
    assert filled("rotation", without(ROTATION, 开始日期=written)) == 1
    assert "第 2 行：“开始日期”的“" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("", None, None),
        ("长期", None, None),
        ("2026.12.31", None, date(2026, 12, 31)),
        (date(2026, 12, 31), None, date(2026, 12, 31)),
        ("2026-05-01至2026-12-31", date(2026, 5, 1), date(2026, 12, 31)),
        ("2026年5月1日 ～ 2026年12月31日", date(2026, 5, 1), date(2026, 12, 31)),
        ("2026-05-01-2026-12-31", date(2026, 5, 1), date(2026, 12, 31)),
        ("2026-05-01起", date(2026, 5, 1), None),
        ("2026-05-01至长期", date(2026, 5, 1), None),
        ("至2026-12-31", None, date(2026, 12, 31)),
    ],
)
def test_validities(
    filled: Bring, sqlite_store: Store, written: object, first: date | None, last: date | None
) -> None:
    assert filled("supplies", without(SUPPLIES, 有效期=written)) == 0
    with sqlite_store.reading() as unit:
        kept = unit.supplies.by_code("S1")
        assert (kept.valid_from, kept.valid_until) == (first, last)
        assert len(unit.supplies.all()) == 2  # what the newer table leaves out is not withdrawn


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


def dump(store: Store) -> list[object]:
    """Everything on file."""
    with store.engine.connect() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


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
    assert stray.startswith("第 6 行：表头右边多出内容：E 列的“多写的”")


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


def test_what_changed_is_updated_and_the_rest_stays(
    filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite_store.reading() as unit:
        before = unit.revisions.all()
    organisations = [*ORGANISATIONS[:1], ["A", "东沟村党总支", "党总支", "B", "林西县"], *ORGANISATIONS[2:]]
    members = [
        *MEMBERS[:2],
        ["李春梅", "13800002222", "A", "书记"],
        ["王海洋", "13800003333", "A", "备岗"],
    ]
    consortia = [*CONSORTIA[:2], ["R1", "富民联合党委", "联合党委", "跨领域、跨层级", "A", "A", ""]]
    rotation = [ROTATION[0], ["R1", 1, "A", "2026-05-01", "2026-05-30"]]
    supplies = without(SUPPLIES, 标题="直采", 联系人="孙立群")
    rules = without(RULES, 启用="否")
    counts = {}
    for kind, rows in zip(KINDS, (organisations, members, consortia, rotation, supplies, rules), strict=True):
        assert filled(kind, rows) == 0
        counts[kind] = capsys.readouterr().out.strip()
    assert counts == {
        "organisations": "新增 0，更新 1，未变 2",
        "members": "新增 0，更新 2，未变 1",
        "consortia": "新增 0，更新 1，未变 1",
        "rotation": "新增 0，更新 1，未变 0",
        "supplies": "新增 0，更新 1，未变 0",
        "rules": "新增 0，更新 1，未变 0",
    }
    with sqlite_store.reading() as unit:
        codes = {each.code: each for each in unit.organisations.all()}
        assert codes["A"].parent_id == codes["B"].id
        wang = unit.members.with_phone("13800003333")
        assert wang is not None
        assert (wang.name(unit.vault), wang.organisation_id) == ("王海洋", codes["A"].id)
        posts = {(officer.name, officer.post.label) for officer in unit.organisations.officers(codes["A"].id)}
        assert posts == {("李春梅", "书记"), ("王海洋", "备岗")}
        assert unit.organisations.officers(codes["B"].id) == []
        lead = unit.consortia.by_code("R1")
        assert lead is not None
        assert {s.organisation_id for s in unit.consortia.seats() if s.consortium_id == lead.id} == {
            codes["A"].id
        }
        assert unit.supplies.by_code("S1").contact(unit.vault) == "孙立群"
        assert [rule.name for rule in unit.rules.enabled()] == ["低保"]
        after = unit.revisions.all()
        assert after == {name: value + (4 if name == "roll" else 1) for name, value in before.items()}


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dump(sqlite_store)
    rows = [*MEMBERS[:2], ["李春梅", "13800002222", "B", ""], ["赵玉", "13800009999", "A", "书记"]]
    assert filled("members", rows, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "更新 第 3 行 李** 138****2222",
        "新增 第 4 行 赵* 138****9999",
        "试导入，什么都没有写入：将新增 1，更新 1，未变 1",
    ]
    assert dump(sqlite_store) == before


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_csv_as_spreadsheet_programs_write_it(bring: Bring, sqlite_store: Store, encoding: str) -> None:
    assert bring("organisations", as_csv([["组织表", *[""] * 4], [], *ORGANISATIONS], encoding)) == 0
    with sqlite_store.reading() as unit:
        assert next(iter(unit.organisations.all())).name == "官地镇党委"


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


def test_a_missing_file_and_the_calendar(
    bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring("members", tmp_path / "nowhere.xlsx") == 1
    assert "打不开文件" in capsys.readouterr().err
    assert bring("calendar", tmp_path / "nowhere.xlsx") == 2
    assert "还没有开放" in capsys.readouterr().err


def test_an_older_schema_is_not_written_to(
    bring: Bring, tmp_path: Path, vault: Vault, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'bare.db'}", vault)
    assert bring("organisations", ORGANISATIONS, store=store) == 2
    assert "migrate" in capsys.readouterr().err
    store.close()


def test_a_deep_tree_comes_in_whatever_the_order(bring: Bring, sqlite_store: Store) -> None:
    deep = [[f"O{n:03}", f"第{n}支部", "党支部", f"O{n - 1:03}" if n else "", ""] for n in range(200)]
    assert bring("organisations", [ORGANISATIONS[0], *reversed(deep)]) == 0
    with sqlite_store.reading() as unit:
        assert sum(each.parent_id is None for each in unit.organisations.all()) == 1


def test_twenty_thousand_members_come_in_quickly(
    store: Store, bring: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring("organisations", ORGANISATIONS, store=store) == 0
    rows = [["张建国", str(13_900_000_000 + n), "AB"[n % 2], "书记" if n < 2 else ""] for n in range(20_000)]
    written = as_csv([MEMBERS[0], *rows])
    for seconds, said in ((20, "新增 20000，更新 0，未变 0"), (10, "新增 0，更新 0，未变 20000")):
        start = time.perf_counter()
        assert bring("members", written, store=store) == 0
        assert time.perf_counter() - start < seconds
        spoken = capsys.readouterr()
        assert spoken.out.strip().endswith(said)
        assert "已读 20000 行" in spoken.err
        assert "\r" not in spoken.err


def test_the_sample_world_loads_once(store: Store, now: datetime, tmp_path: Path) -> None:
    load_world(store, WORLD, now)
    with store.reading() as unit:
        revisions = unit.revisions.all()
        assert len(unit.supplies.all()) > 100
        assert len(unit.consortia.terms()) > 10
    load_world(store, WORLD, now + timedelta(days=1))
    with store.unit() as unit:
        assert unit.revisions.all() == revisions
        unit.rules.all()[0].rewrite(
            keywords=["改"],
            match=importing.rules.RuleMatch.EQUAL,
            replies=["改过"],
            priority=0,
            enabled=True,
            now=now,
        )
    load_world(store, WORLD, now)
    with store.reading() as unit:
        assert unit.rules.all()[0].keywords == ["改"]  # what a visitor changed stays

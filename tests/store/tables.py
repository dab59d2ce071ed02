"""Small tables of every kind that fit together, and ways to put them into files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from openpyxl import Workbook

from models.store import Store, metadata

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


def without(rows: Rows, **changed: object) -> list[list[object]]:
    """Header and first row of a table, some cells of it replaced."""
    return [
        list(rows[0]),
        [changed.get(str(head), cell) for head, cell in zip(rows[0], rows[1], strict=True)],
    ]


def dump(store: Store) -> list[object]:
    """Everything on file."""
    with store.engine.connect() as connection:
        return [connection.execute(table.select()).all() for table in metadata.sorted_tables]

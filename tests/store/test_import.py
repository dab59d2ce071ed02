"""Imports: crooked tables are put straight, what changed is updated, and a repeat changes nothing."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands.importing import load_world
from models.organisation import PostKind
from models.rule import RuleMatch
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
    as_csv,
    dump,
    sheet,
    without,
)

WORLD = Path(__file__).resolve().parents[2] / "bot" / "sim" / "world"


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
        assert unit.revisions.all() == {"calendar": 1, "roll": 4, "supplies": 1, "rules": 1}
        codes = {each.code: each for each in unit.organisations.all()}
        assert codes["A"].parent_id == codes["T"].id
        li = unit.members.with_phone("13800002222")
        assert li is not None
        assert {officer.post for officer in unit.organisations.posts_of(li.id, datetime.now(UTC))} == {
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
        assert len(unit.organisations.posts(datetime.now(UTC))) == 4


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
        "2026-05-01T00:00:00Z",
        "2026年5月1日（星期五）",
        "2026-5-1 周五",
        "2026/5/1 星期五 上午 8:00",
        "2026.5.1.",
        "'2026-05-01",
        "\u200b2026-05-01\ufeff",
    ],
)
def test_days_in_many_shapes(filled: Bring, sqlite_store: Store, written: object) -> None:
    assert filled("rotation", without(ROTATION, 期次="第１期", 开始日期=written)) == 0
    with sqlite_store.reading() as unit:
        assert unit.consortia.terms()[0].starts_on == date(2026, 5, 1)


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
    for kind, rows in zip(
        TABLES, (organisations, members, consortia, rotation, supplies, rules), strict=True
    ):
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
        posts = {
            (officer.name, officer.post.label)
            for officer in unit.organisations.officers(codes["A"].id, datetime.now(UTC))
        }
        assert posts == {("李春梅", "书记"), ("王海洋", "备岗")}
        assert unit.organisations.officers(codes["B"].id, datetime.now(UTC)) == []
        lead = unit.consortia.by_code("R1")
        assert lead is not None
        assert {s.organisation_id for s in unit.consortia.seats() if s.consortium_id == lead.id} == {
            codes["A"].id
        }
        assert unit.supplies.by_code("S1").contact(unit.vault) == "孙立群"
        assert [rule.name for rule in unit.rules.enabled()] == ["低保"]
        steps = {"calendar": 0, "roll": 4, "supplies": 1, "rules": 1}
        assert unit.revisions.all() == {name: value + steps[name] for name, value in before.items()}


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_csv_as_spreadsheet_programs_write_it(bring: Bring, sqlite_store: Store, encoding: str) -> None:
    assert bring("organisations", as_csv([["组织表", *[""] * 4], [], *ORGANISATIONS], encoding)) == 0
    with sqlite_store.reading() as unit:
        assert next(iter(unit.organisations.all())).name == "官地镇党委"


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
            match=RuleMatch.EQUAL,
            replies=["改过"],
            priority=0,
            enabled=True,
            now=now,
        )
    load_world(store, WORLD, now)
    with store.reading() as unit:
        assert unit.rules.all()[0].keywords == ["改"]  # what a visitor changed stays

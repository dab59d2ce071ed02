"""The sample world holds together: every reference resolves, every phone is one person's, every month has a chair."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORLD = ROOT / "bot" / "sim" / "world"
HEADERS = {
    "organisations": ["编号", "名称", "类别", "上级编号", "地区"],
    "members": ["姓名", "手机号", "党组织编号", "职务"],
    "consortia": ["编号", "名称", "类型", "联建方式", "牵头单位编号", "成员单位编号", "上级编号"],
    "rotation": ["融合体编号", "期次", "轮值单位编号", "开始日期", "结束日期"],
    "supplies": ["编号", "清单", "标题", "内容", "类别", "单位", "地区", "数量", "有效期", "联系人"],
    "rules": ["规则名", "关键词", "匹配方式", "回复", "优先级", "启用"],
}
CATEGORIES = [
    "产销对接",
    "农业技术",
    "项目资金",
    "就业培训",
    "基础设施",
    "环境整治",
    "医疗健康",
    "教育助学",
    "助困养老",
    "法律调解",
    "文化旅游",
    "党建共建",
    "政务服务",
    "其他",
]
VILLAGE = re.compile(r"(村党支部|嘎查党支部|社区党委)$")
PHONE = re.compile(r"^1[3-9]\d{9}$")
WRITTEN_ON = date(2026, 11, 23)


def rows(kind: str) -> list[dict[str, str]]:
    with (WORLD / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def cast() -> list[dict[str, Any]]:
    return list(toml(WORLD / "cast.toml")["person"])


def span(written: str) -> tuple[date | None, date | None]:
    """First and last day of a 有效期; None where it is open."""
    if written in ("", "长期"):
        return None, None
    first, _, last = written.rpartition("至")
    return (date.fromisoformat(first) if first else None), date.fromisoformat(last)


def members_of(consortium: dict[str, str]) -> list[str]:
    return consortium["成员单位编号"].split("、")


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_are_those_of_the_contract_and_no_cell_is_ragged(kind: str) -> None:
    with (WORLD / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        head, *body = csv.reader(file)
    assert head == HEADERS[kind]
    assert body
    assert {len(row) for row in body} == {len(head)}
    assert all(cell == cell.strip() for row in body for cell in row)


@pytest.mark.parametrize("kind", ["organisations", "consortia", "supplies"])
def test_codes_and_names_are_unique(kind: str) -> None:
    codes = [row["编号"] for row in rows(kind)]
    assert all(codes)
    assert len(set(codes)) == len(codes)
    if kind != "supplies":
        names = [row["名称"] for row in rows(kind)]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", ["organisations", "consortia"])
def test_parents_stand_before_their_children(kind: str) -> None:
    seen: set[str] = set()
    for row in rows(kind):
        assert not row["上级编号"] or row["上级编号"] in seen, row
        seen.add(row["编号"])


def test_every_organisation_has_a_kind_and_a_region() -> None:
    for row in rows("organisations"):
        assert row["类别"] in {"党委", "党总支", "党支部", "机关党委", "党工委", "流动党员支部"}, row
        assert row["地区"], row


def test_members_belong_to_organisations_on_file() -> None:
    codes = {row["编号"] for row in rows("organisations")}
    for row in rows("members"):
        assert row["党组织编号"] in codes, row
        assert row["职务"] in {"书记", "联络员", "备岗", ""}, row
        assert re.fullmatch(r"[\u3400-\u9fff·]{2,20}", row["姓名"]), row


def test_phones_are_mobile_numbers_of_one_person_each() -> None:
    phones = [row["手机号"] for row in rows("members")] + [p["phone"] for p in cast() if not p["bound"]]
    assert all(PHONE.match(phone) for phone in phones)
    assert len(set(phones)) == len(phones)


def test_every_organisation_can_be_reached_and_every_village_has_its_two_posts() -> None:
    posts: dict[str, set[str]] = {}
    for row in rows("members"):
        posts.setdefault(row["党组织编号"], set()).add(row["职务"])
    for row in rows("organisations"):
        assert "联络员" in posts.get(row["编号"], set()), row
        if VILLAGE.search(row["名称"]):
            assert {"书记", "联络员"} <= posts[row["编号"]], row


def test_consortia_join_organisations_on_file() -> None:
    codes = {row["编号"] for row in rows("organisations")}
    nested = 0
    for row in rows("consortia"):
        assert row["类型"] in {"联合党委", "联合党总支", "联合党支部", "联盟"}, row
        assert set(row["联建方式"].split("、")) <= {"跨领域", "跨行业", "跨层级", "跨地域"}, row
        assert set(members_of(row)) <= codes, row
        assert len(set(members_of(row))) == len(members_of(row)) >= 8, row
        assert row["牵头单位编号"] in members_of(row), row
        nested += bool(row["上级编号"])
    assert nested == 1


def test_a_village_branch_belongs_to_one_consortium_at_most() -> None:
    villages = {row["编号"] for row in rows("organisations") if VILLAGE.search(row["名称"])}
    joined = [code for row in rows("consortia") for code in members_of(row) if code in villages]
    assert len(set(joined)) == len(joined)


def test_the_chair_goes_round_month_by_month_without_gap_or_overlap() -> None:
    terms = rows("rotation")
    consortia = {row["编号"]: row for row in rows("consortia")}
    assert {row["融合体编号"] for row in terms} == set(consortia)
    for code, consortium in consortia.items():
        own = [row for row in terms if row["融合体编号"] == code]
        assert [row["期次"] for row in own] == [str(number) for number in range(1, len(own) + 1)]
        next_day = date(2026, 1, 1)
        for row in own:
            first, last = date.fromisoformat(row["开始日期"]), date.fromisoformat(row["结束日期"])
            assert first == next_day, row
            assert first <= last, row
            next_day = last + timedelta(days=1)
        assert next_day == date(2028, 1, 1), code
        assert {row["轮值单位编号"] for row in own} == set(members_of(consortium)), code


def test_supplies_are_written_as_the_contract_says() -> None:
    labels = {entry["label"] for entry in toml(ROOT / "models" / "data" / "categories.toml")["category"]}
    for row in rows("supplies"):
        assert row["清单"] == {"S": "供给", "N": "需求"}[row["编号"][0]], row
        assert row["类别"] in labels, row
        assert all(row[column] for column in HEADERS["supplies"]), row
        first, last = span(row["有效期"])
        assert first is None or last is None or first <= last, row


def test_supplies_cover_every_category_on_both_lists() -> None:
    for side in ("供给", "需求"):
        assert {row["类别"] for row in rows("supplies") if row["清单"] == side} == set(CATEGORIES), side


def test_supplies_name_a_contact_whom_the_unit_really_has() -> None:
    codes = {row["名称"]: row["编号"] for row in rows("organisations")}
    people = {(row["党组织编号"], row["姓名"]) for row in rows("members") if row["职务"]}
    on_file = [row for row in rows("supplies") if row["单位"] in codes]
    assert len(on_file) >= 200
    for row in on_file:
        assert (codes[row["单位"]], row["联系人"]) in people, row


def test_five_supplies_are_past_and_nearly_all_others_hold_for_years() -> None:
    ends = [span(row["有效期"])[1] for row in rows("supplies")]
    assert sum(end is not None and end < WRITTEN_ON for end in ends) == 5
    lasting = sum(end is None or end >= date(2028, 6, 1) for end in ends)
    assert lasting / len(ends) >= 0.95


def test_rules_are_complete_and_their_words_work() -> None:
    names = [row["规则名"] for row in rows("rules")]
    assert len(set(names)) == len(names)
    assert {row["匹配方式"] for row in rows("rules")} == {"包含", "全等", "正则"}
    for row in rows("rules"):
        assert row["启用"] in {"是", "否"}, row
        assert int(row["优先级"]) >= 0, row
        assert all(reply.strip() for reply in row["回复"].split("||")), row
        if row["匹配方式"] == "正则":
            assert re.compile(row["关键词"]).search("低保找谁"), row
        else:
            assert all(row["关键词"].split("、")), row


@pytest.mark.parametrize(
    "said",
    [
        "村口路灯坏了半个月了",
        "我们村有三万斤土豆卖不出去，想找销路",
        "俺家羊羔老是拉稀没大夫",
        "村里低保老人过冬缺棉被",
        "孤寡老人的身份证过期了，盼办证下乡",
        "主题党日想请个讲课老师",
        "党费",
    ],
)
def test_rules_leave_ordinary_needs_alone(said: str) -> None:
    for row in rows("rules"):
        words = row["关键词"].split("、")
        match row["匹配方式"]:
            case "包含":
                assert not any(word in said for word in words), row["规则名"]
            case "全等":
                assert said not in words, row["规则名"]
            case _:
                assert not re.search(row["关键词"], said), row["规则名"]


def test_the_cast_is_on_the_roster_exactly_where_it_is_bound() -> None:
    roster = {row["手机号"]: (row["姓名"], row["党组织编号"]) for row in rows("members")}
    assert {person["bound"] for person in cast()} == {True, False}
    for person in cast():
        if person["bound"]:
            assert roster.get(person["phone"]) == (person["name"], person["organisation"]), person
        else:
            assert person["phone"] not in roster, person
            assert person["name"] not in {name for name, _ in roster.values()}, person


def test_the_cast_can_be_shown() -> None:
    people = cast()
    assert (
        len({person["openid"] for person in people})
        == len({person["key"] for person in people})
        == len(people)
    )
    for person in people:
        assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", person["openid"]), person
        assert len(person["avatar"]["text"]) == 1, person
        assert re.fullmatch(r"#[0-9A-F]{6}", person["avatar"]["colour"]), person
        assert person["role"], person
        assert 4 <= len(person["say"]) <= 6, person


def test_the_main_consortium_is_the_herdsmans_and_the_chairs() -> None:
    main = toml(WORLD / "cast.toml")["consortium"]
    joined = next(members_of(row) for row in rows("consortia") if row["编号"] == main)
    people = {person["key"]: person for person in cast()}
    for key in ("herdsman", "liaison", "secretary", "chair", "supplier"):
        assert people[key]["organisation"] in joined, key
    chairs = {row["轮值单位编号"] for row in rows("rotation") if row["融合体编号"] == main}
    assert people["chair"]["organisation"] in chairs


def test_the_categories_are_the_fourteen_in_their_order() -> None:
    entries = toml(ROOT / "models" / "data" / "categories.toml")["category"]
    assert [entry["label"] for entry in entries] == CATEGORIES
    assert len({entry["code"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"code", "label", "words", "clock", "ask"}, entry
        assert re.fullmatch(r"[a-z]+", entry["code"]), entry
        assert entry["clock"] in {"general", "complex", "project"}, entry
        assert 10 <= len(set(entry["words"])) == len(entry["words"]) <= 25, entry
        assert "\n" not in entry["ask"], entry

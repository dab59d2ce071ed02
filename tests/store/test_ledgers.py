"""Ledgers: every row of a small world, as it stood on days around the end of a month, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from models.agenda import About
from models.asof import Period, Scope, steady
from models.clock import Urging
from models.indicators import NOTHING
from models.ledgers import LEDGERS, Ask
from models.ledgers.gap import counties, county
from models.ledgers.veil import Veil
from models.moment import midnight
from models.organisation import Post, PostKind
from models.outbox import OutboxRow
from models.store import Store, Unit
from models.vault import Vault
from tests.store.casebook import at, write_down
from tests.store.conftest import Village

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)
Read = Callable[..., list[Any]]


@pytest.fixture
def read(store: Store, village: Village) -> Read:
    """The rows of a ledger."""
    write_down(store, village)

    def read(
        key: str,
        until: date,
        since: date | None = None,
        *,
        masked: bool = True,
        consortium: str = "",
        area: str = "",
    ) -> list[Any]:
        with store.reading() as unit:
            steady(unit)
            scope = Scope.of_consortium(unit, consortium) if consortium else Scope.of_area(area)
            return list(LEDGERS[key](Ask(unit, Period(until, since), scope, masked=masked)))

    return read


def test_a_problem_as_it_stood_at_the_end_of_may(read: Read) -> None:
    lamp, seen = read("problems", MAY)
    assert lamp.number == 1
    assert lamp.source == "公众号"
    assert lamp.raised_at == at("05-12 10:00")
    assert (lamp.organisation, lamp.lead, lamp.others) == ("东沟村党支部", "西沟村党支部", "远山村党支部")
    assert lamp.text == "路灯坏了，找张**138****1111"
    assert (lamp.person, lamp.measures, lamp.due_on) == ("王*", "换三盏灯", date(2026, 5, 20))
    assert lamp.progress == "已销号；5月18日：灯到货了，打138****3333"
    assert (lamp.done_at, lamp.rating) == (at("05-19 10:00"), "满意")
    assert (lamp.archived_at, lamp.close_kind) == (at("05-31 23:59:59"), "正常")
    assert (seen.number, seen.lead, seen.progress, seen.remarks) == (
        6,
        "",
        "已撤回",
        "已撤回：已经有人修了",
    )


@pytest.mark.parametrize(
    ("until", "progress", "lead", "done", "rating", "kind"),
    [
        ("2026-05-12", "待认领", "", None, "", ""),
        ("2026-05-14", "已认领", "西沟村党支部", None, "", ""),
        ("2026-05-17", "办理中", "西沟村党支部", None, "", ""),
        ("2026-05-18", "办理中；5月18日：灯到货了，打138****3333", "西沟村党支部", None, "", ""),
        ("2026-05-19", "待验收；5月18日：灯到货了，打138****3333", "西沟村党支部", "05-19 10:00", "", ""),
        ("2026-05-30", "已验收；5月18日：灯到货了，打138****3333", "西沟村党支部", "05-19 10:00", "满意", ""),
        (
            "2026-05-31",
            "已销号；5月18日：灯到货了，打138****3333",
            "西沟村党支部",
            "05-19 10:00",
            "满意",
            "正常",
        ),
    ],
)
def test_a_problem_on_each_day_of_its_life(
    read: Read, until: str, progress: str, lead: str, done: str | None, rating: str, kind: str
) -> None:
    lamp = read("problems", date.fromisoformat(until))[0]
    assert (lamp.progress, lamp.lead, lamp.rating, lamp.close_kind) == (progress, lead, rating, kind)
    assert lamp.done_at == (at(done) if done else None)


def test_needs_around_the_midnight_that_ends_may(read: Read) -> None:
    may = {row.number: row for row in read("needs", MAY)}
    june = {row.number: row for row in read("needs", date(2026, 6, 1))}
    assert list(may) == [2, 3, 8]
    assert list(june) == [2, 3, 4, 8]
    assert (may[2].state, may[2].rating, may[2].done_at) == ("待评价", "", at("05-30 10:00"))
    assert (june[2].state, june[2].rating, june[2].done_at) == ("重办", "不满意", None)
    assert [row.number for row in read("needs", JUNE, date(2026, 6, 1))] == [4]
    assert [row.number for row in read("needs", MAY, MAY)] == [3]


def test_needs_at_the_end_of_june(read: Read) -> None:
    rows = {row.number: row for row in read("needs", JUNE)}
    assert (rows[3].text, rows[3].place) == ("（只给办理人看）", "（只给办理人看）")
    assert (rows[3].person, rows[3].joined) == ("王*", 1)
    assert (rows[4].state, rows[4].claimants, rows[4].person) == ("待认领", "", "宝*****")
    assert (rows[8].state, rows[8].claimants, rows[8].rating) == ("已办结", "西沟村党支部", "未评价")
    assert read("needs", date(2026, 6, 2))[2].claimants == "东沟村党支部"
    assert read("needs", date(2026, 6, 1))[1].joined == 0


def test_only_who_asks_for_it_sees_people_in_the_clear(read: Read) -> None:
    lamp = read("problems", MAY, masked=False)[0]
    assert (lamp.text, lamp.person) == ("路灯坏了，找张建国13800001111", "王海")
    assert read("needs", JUNE, masked=False)[1].text == "家里有病人"
    assert read("supplies", JUNE, masked=False)[0].contact == "赵立新"
    for key in LEDGERS:
        told = " ".join(str(value) for row in read(key, JUNE) for value in row.__rich_repr__())
        for secret in (
            "张建国",
            "王海",
            "李春梅",
            "朝克图",
            "赵立新",
            "13800001111",
            "13800003333",
            "家里有病人",
        ):
            assert secret not in told, key


def test_supplies_with_their_uses_and_how_they_were_liked(read: Read) -> None:
    [may] = read("supplies", MAY)
    [june] = read("supplies", JUNE)
    assert (may.code, may.unit, may.contact, may.quantity) == ("S1", "东沟村党支部", "赵**", "每月两次")
    assert (may.uses, may.liked, may.state) == (1, NOTHING, "在供")
    assert (june.uses, june.liked, june.state) == (2, "0.0%（0/1）", "到期")


def test_a_project_with_its_items_and_milestones(read: Read) -> None:
    [may], [june] = read("projects", MAY), read("projects", JUNE)
    assert (may.number, may.title, may.items, may.claimants) == (5, "亮化工程", "1、2", "东沟村党支部")
    assert (may.plan, may.signed_on, may.state) == ("分两期", date(2026, 5, 15), "实施中")
    assert (may.milestones, may.progress) == ("1/2 勘察√、施工", 0.25)
    assert (june.milestones, june.progress) == ("2/2 勘察√、施工√", 1.0)
    assert read("projects", date(2026, 5, 14))[0].items == "1"
    assert read("projects", date(2026, 5, 14))[0].signed_on is None


def test_a_signed_list_and_how_much_of_it_was_kept(read: Read) -> None:
    assert read("books", date(2026, 5, 14)) == []
    assert read("books", JUNE, date(2026, 6, 1)) == []
    [before] = read("books", date(2026, 5, 19))
    [after] = read("books", date(2026, 7, 1))
    assert before.code == "C1-2026-Q2-XM1"
    assert (before.consortium, before.kind) == ("富园惠民联合党委", "项目清单")
    assert (before.parties, before.items) == ("东沟村党支部、西沟村党支部", 3)
    assert (before.kept, before.state) == ("0.0%（0/2）", "履行中")
    assert (after.kept, after.state) == ("50.0%（1/2）", "已到期")


def test_turns_with_what_fell_into_them(read: Read) -> None:
    may, june = read("rotation", JUNE)
    assert (may.consortium, may.sequence, may.organisation) == ("富园惠民联合党委", 1, "东沟村党支部")
    # 1, 2, 3, 5, 8 were reported in May (6 was taken back); 1 was solved and rated.
    assert (may.reported, may.solved, may.rated, may.satisfied) == (5, 1, 1, "100.0%（1/1）")
    assert (june.reported, june.solved, june.rated, june.satisfied) == (0, 1, 1, "0.0%（0/1）")
    assert [row.state for row in (may, june)] == ["已满", "在任"]
    assert [row.sequence for row in read("rotation", MAY)] == [1]
    assert [row.sequence for row in read("rotation", JUNE, date(2026, 6, 1))] == [2]


def test_urgings_and_what_came_of_them(read: Read) -> None:
    assert read("urgings", date(2026, 5, 24)) == []
    [open_] = read("urgings", date(2026, 5, 27))
    [answered] = read("urgings", MAY)
    assert (open_.number, open_.organisation, open_.about, open_.level) == (8, "西沟村党支部", "办结", "催办")
    assert (open_.answered_at, open_.hours, open_.outcome) == (None, None, "未回应")
    assert (answered.hours, answered.outcome) == (72.0, "已报办结")


WEST_LETTER = {
    ("pending", "", None): ("待发", None),
    ("waiting", "", None): ("等他来说话", None),
    ("call", "", "05-25 12:00"): ("等打电话", None),
    ("dropped", "", "05-25 13:00"): ("不用发了", None),
    ("dead", "template", "05-25 13:00"): ("没发出", None),
    ("sent", "custom", "05-25 12:01"): ("微信消息", "05-25 12:01"),
    ("sent", "reply", "05-26 08:00"): ("来说话时告诉", "05-26 08:00"),
    ("called", "call", "05-26 09:00"): ("电话", "05-26 09:00"),
    ("sent", "template", "05-25 12:01"): ("模板消息", None),
    ("delivered", "template", "05-25 12:02"): ("模板消息", "05-25 12:02"),
    ("delivered", "template", "06-01 00:00"): ("待发", None),  # nobody knew in May
}
"""How the letter of an urging may stand, and what the ledger of May says of it."""


@pytest.mark.parametrize("stands", WEST_LETTER, ids=lambda stands: "-".join(map(str, stands)))
def test_which_way_an_urging_went_and_when_it_arrived(
    read: Read, store: Store, village: Village, stands: tuple[str, str, str | None]
) -> None:
    state, channel, settled = stands
    with store.unit() as unit:
        urging = unit.session.scalars(select(Urging)).one()
        letter(unit, urging, village.wang.member_id, village.west, state, channel, settled)
    [row] = read("urgings", MAY)
    way, arrived = WEST_LETTER[stands]
    assert (row.channel, row.delivered_at) == (way, at(arrived) if arrived else None)
    assert row.receipt_at == row.answered_at == at("05-28 12:00")


def letter(
    unit: Unit, urging: Urging, member_id: int, office_id: int, state: str, channel: str, settled: str | None
) -> OutboxRow:
    """A letter about an urging, as the outbox has it."""
    key = f"urging:{urging.clock_id}:2:{office_id}:m{member_id}"
    unit.outbox.post(
        key=key, kind="case_urge", text="催办", fields={}, now=urging.at, member_id=member_id, office_id=office_id,
        about=About("clock", urging.clock_id),
    )  # fmt: skip
    row = unit.session.scalars(select(OutboxRow).where(OutboxRow.dedup_key == key)).one()
    row.state, row.channel, row.settled_at = state, channel, at(settled) if settled else None
    return row


def test_of_several_letters_about_an_urging_the_one_that_arrived_first_counts(
    read: Read, store: Store, village: Village
) -> None:
    assert read("urgings", MAY)[0].channel == "没有可告诉的人"
    with store.unit() as unit:
        urging = unit.session.scalars(select(Urging)).one()
        letter(unit, urging, village.wang.member_id, village.west, "waiting", "", None)
        letter(unit, urging, village.li.member_id, village.west, "sent", "custom", "05-25 14:00")
        letter(unit, urging, village.bao.member_id, village.west, "sent", "custom", "05-25 13:00")
        letter(unit, urging, village.zhang.member_id, village.east, "delivered", "template", "05-25 12:01")
    [row] = read("urgings", MAY)
    assert (row.channel, row.delivered_at) == ("微信消息", at("05-25 13:00"))


def test_a_receipt_is_earlier_than_what_was_done(read: Read, store: Store, village: Village) -> None:
    with store.unit() as unit:
        urging = unit.session.scalars(select(Urging)).one()
        told = letter(unit, urging, village.wang.member_id, village.west, "sent", "custom", "05-25 12:01")
        told.acknowledged_at = at("05-25 15:00")
    [row] = read("urgings", MAY)
    assert (row.receipt_at, row.answered_at) == (at("05-25 15:00"), at("05-28 12:00"))


def test_whoever_acts_for_two_organisations_is_told_once_for_both(
    read: Read, store: Store, village: Village
) -> None:
    with store.unit() as unit:
        urging = unit.session.scalars(select(Urging)).one()
        letter(unit, urging, village.li.member_id, village.east, "sent", "custom", "05-25 12:01")
    assert read("urgings", MAY)[0].channel == "没有可告诉的人"
    with store.unit() as unit:
        unit.organisations.appoint(
            Post.appoint(
                member_id=village.li.member_id,
                organisation_id=village.west,
                kind=PostKind.DEPUTY,
                since=date(2026, 1, 1),
            )
        )
    assert read("urgings", MAY)[0].channel == "微信消息"


def test_outcomes_by_organisation_are_those_of_the_month(read: Read) -> None:
    east, west = read("monthly", JUNE)
    assert (east.organisation, east.claims, east.in_hand) == ("东沟村党支部", 1, 1)
    assert (east.contacted_in_time, east.returned) == ("0.0%（0/1）", "100.0%（1/1）")
    assert (west.organisation, west.claims, west.in_hand, west.done) == ("西沟村党支部", 0, 1, 0)
    assert (west.rated, west.satisfied, west.done_in_time) == ("50.0%（1/2）", "0.0%（0/1）", NOTHING)
    whole = {row.organisation: row for row in read("monthly", JUNE, date(2026, 1, 1))}
    assert whole["西沟村党支部"].done_in_time == "66.7%（2/3）"
    assert whole["远山村党支部"].claims == 1


def test_gaps_by_category_and_county(read: Read) -> None:
    rows = {(row.category, row.county): row for row in read("gaps", date(2026, 6, 10))}
    assert set(rows) == {("产销对接", "林西县"), ("农业技术", "林西县"), ("基础设施", "林西县")}
    vet = rows["农业技术", "林西县"]
    assert (vet.needs, vet.offers, vet.citywide, vet.matched) == (1, 1, 0, "100.0%（1/1）")
    assert vet.open == 1
    assert vet.waiting_days == pytest.approx(7 - 1 / 24)  # since it came back on 4 June, 01:00
    assert (rows["基础设施", "林西县"].needs, rows["基础设施", "林西县"].matched) == (2, "0.0%（0/2）")
    assert {row.category: row.offers for row in read("gaps", JUNE)}["农业技术"] == 0, "it has expired"


def test_the_overview_can_be_counted_again_by_plain_sql(read: Read, store: Store) -> None:
    for until in (date(2026, 5, 13), MAY, date(2026, 6, 1), JUNE):
        rows = {row.label: row.value for row in read("overview", until)}
        end = {"end": midnight(until.fromordinal(until.toordinal() + 1)).replace(tzinfo=None)}
        with store.engine.connect() as connection:
            if not store.is_sqlite:
                connection.execute(text("SET TIME ZONE 'UTC'"))

            def count(sql: str, facts: Any = end, connection: Any = connection) -> int:
                return int(connection.execute(text(sql), facts).scalar())

            solved = count(
                "SELECT count(*) FROM cases c WHERE c.kind <> 'project' AND ("
                " SELECT t.state FROM timeline t WHERE t.case_number = c.number AND t.state <> ''"
                " AND t.at < :end ORDER BY t.at DESC, t.id DESC LIMIT 1) IN ('closed', 'archived')"
            )
            claims = count("SELECT count(*) FROM claims WHERE effective_at < :end")
            assert rows["解决问题（含需求）"] == solved
            assert rows["认领"] == claims
            assert rows["签订清单"] == count(
                "SELECT count(*) FROM (SELECT DISTINCT consortium_id, kind, period FROM books"
                " WHERE signed_at < :end) AS lists"
            )
            assert rows["党员"] == count("SELECT count(*) FROM members WHERE joined_at < :end")
            assert rows["党组织"] == count("SELECT count(*) FROM organisations WHERE created_at < :end")
            needs = count(
                "SELECT count(*) FROM cases WHERE kind = 'need' AND submitted_at < :end AND state <> 'withdrawn'"
            )
            assert rows["提出需求"] == needs
    assert [rows[each] for each in ("融合体", "党组织", "党员", "签订清单", "认领")] == [1, 3, 4, 1, 6]
    assert [rows[each] for each in ("解决问题（含需求）", "提出需求", "提出问题", "项目")] == [2, 4, 1, 1]


def test_the_overview_says_what_came_within_the_period(read: Read) -> None:
    rows = {row.label: row.added for row in read("overview", JUNE, date(2026, 6, 1))}
    assert (rows["认领"], rows["解决问题（含需求）"], rows["提出需求"], rows["党员"]) == (1, 1, 1, 0)
    assert {row.added for row in read("overview", JUNE)} == {None}


def test_a_consortium_and_an_area_see_their_own(read: Read) -> None:
    assert [row.number for row in read("needs", JUNE, consortium="C1")] == [2, 3, 8]
    assert [row.number for row in read("needs", JUNE, area="林西县")] == [2, 3, 4, 8]
    assert read("needs", JUNE, area="敖汉旗") == []
    assert {row.label: row.value for row in read("overview", JUNE, consortium="C1")}["党组织"] == 2
    assert len(read("books", JUNE, area="林西县")) == 1
    assert read("books", JUNE, area="敖汉旗") == []
    assert len(read("supplies", JUNE, consortium="C1")) == 1
    assert read("rotation", JUNE, area="敖汉旗") == []


def test_entries_that_were_written_before_states_were_kept_are_understood(store: Store, read: Read) -> None:
    with store.unit() as unit:
        unit.connection.execute(text("UPDATE timeline SET state = '' WHERE case_number IN (3, 6)"))
    assert [row.progress for row in read("problems", JUNE)] == [
        "已销号；5月18日：灯到货了，打138****3333",
        "已撤回",
    ]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("打13812345678", "打138****5678"),
        ("打138 1234 5678，或者138-1234-5678", "打138****5678，或者138****5678"),
        ("座机0476-8221234", "座机0476****"),
        ("身份证15040419800101123X", "身份证150404****"),
        ("编号20261125和400斤", "编号20261125和400斤"),
    ],
)
def test_numbers_of_people_are_masked_in_free_text(vault: Vault, written: str, told: str) -> None:
    assert Veil(vault, masked=True).text(written) == told
    assert Veil(vault, masked=False).text(written) == written


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("林西县官地镇东沟村", "林西县"),
        ("内蒙古自治区赤峰市巴林左旗林东镇", "巴林左旗"),
        ("赤峰市松山区", "松山区"),
        ("丰台区", "丰台区"),
        ("某某县", "某某县"),
        ("", "未注明"),
    ],
)
def test_the_county_of_a_place(region: str, name: str) -> None:
    assert county(region) == name


def test_the_counties_that_an_entry_serves() -> None:
    assert counties("林西县、敖汉旗") == ["林西县", "敖汉旗"]
    assert counties("全市") == counties("") == counties("不限") == []

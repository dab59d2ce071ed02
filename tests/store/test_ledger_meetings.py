"""联席会议 in the ledgers: what was decided and how far it had come, on days around a meeting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from models.asof import Period, Scope, steady
from models.ledgers import LEDGERS, Ask
from models.life import CaseKind
from models.moment import SHANGHAI
from models.resolving import Matter
from models.store import Store
from tests.store.town import Town, build, report

Read = Callable[..., list[Any]]


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store) -> Town:
    """A meeting on 28 May with three items and two decisions; one that was called off, and one still to come."""
    town = build(store, at(1, 2))
    lamp, secret = report(store, town, at(5, 4)), report(store, town, at(5, 5), private=True)
    with store.unit() as unit:
        unit.workdays.ensure()
        chair, meetings = town["chair"], unit.meetings
        off = meetings.call(town.consortium, starts_at=at(5, 20), place="大队部", by=chair, now=at(5, 6))
        meetings.cancel(off, reason="抗旱", by=chair, now=at(5, 7))
        meeting = meetings.call(town.consortium, starts_at=at(5, 28), place="镇政府", by=chair, now=at(5, 11))
        for number in (lamp, secret):
            case = unit.casework.find(number)
            meetings.put_item(meeting, text="", case=case, by=town["branch"], now=at(5, 12))
        meetings.put_item(meeting, text="集市挪不挪地方", case=None, by=town["market"], now=at(5, 13))
        for case, item, words in (
            (unit.casework.find(lamp), meetings.item(meeting, 1), "换三盏灯，找张福来13800001234"),
            (None, None, "修村西头那条路"),
        ):
            unit.resolving.decide(
                meeting,
                item=item,
                case=case,
                text=words,
                organisation_id=town.organisations["power"],
                due_on=date(2026, 6, 10),
                matter=Matter(
                    text=words, kind=CaseKind.PROBLEM, category="基础设施", received_key="test:new"
                ),
                by=chair,
                now=at(5, 28, 11),
            )
        case = unit.casework.find(lamp)
        unit.claiming.claim(case, by=town["next_chair"], now=at(5, 29))
        unit.solving.contact(case, by=town["next_chair"], now=at(5, 30))
        unit.solving.resolve(case, by=town["next_chair"], note="换了新灯", now=at(6, 9))
        unit.closing.evaluate(case, 5, by=town["reporter"], text="", now=at(6, 12))
        meetings.call(
            town.consortium, starts_at=at(6, 25), place="镇政府", by=town["next_chair"], now=at(6, 3)
        )
    return town


@pytest.fixture
def read(store: Store, town: Town) -> Read:
    """The rows of the ledger."""

    def read(until: date, since: date | None = None, *, masked: bool = True, **where: str) -> list[Any]:
        with store.reading() as unit:
            steady(unit)
            scope = (
                Scope.of_consortium(unit, where["consortium"])
                if "consortium" in where
                else Scope.of_area(where.get("area", ""))
            )
            return list(LEDGERS["meetings"](Ask(unit, Period(until, since), scope, masked=masked)))

    return read


def test_what_a_meeting_talked_about_and_decided(read: Read) -> None:
    lamp, secret, market, road = read(date(2026, 6, 30), date(2026, 5, 1))[:4]
    assert (lamp.consortium, lamp.session, lamp.held_at, lamp.place) == (
        "官地联合党委",
        "第1次",
        at(5, 28),
        "镇政府",
    )
    assert (lamp.item, lamp.source) == ("村口路灯坏了，俩都不亮", "编号1（朝阳沟村党支部）")
    assert lamp.decision == "换三盏灯，找张福来138****1234"
    assert (lamp.organisation, lamp.due_on, lamp.number) == ("供电公司党支部", date(2026, 6, 10), 1)
    assert (secret.item, secret.source) == ("（只给办理人看）", "编号2（朝阳沟村党支部）")
    assert (secret.decision, secret.number, secret.progress) == ("", None, "")
    assert (market.item, market.source) == ("集市挪不挪地方", "批发市场党支部提出")
    assert (road.item, road.source, road.decision) == ("", "会上提出", "修村西头那条路")
    assert road.number == 3


@pytest.mark.parametrize(
    ("until", "lamp", "road"),
    [
        (date(2026, 5, 28), "待认领", "待认领"),
        (date(2026, 5, 29), "已认领", "待认领"),
        (date(2026, 5, 30), "办理中", "待认领"),
        (date(2026, 6, 9), "待评价（6月9日）", "待认领"),
        (date(2026, 6, 11), "待评价（6月9日）", "待认领（已过时限）"),
        (date(2026, 6, 12), "已办结（6月9日）", "待认领（已过时限）"),
    ],
)
def test_how_far_it_had_come_on_each_day(read: Read, until: date, lamp: str, road: str) -> None:
    assert [row.progress for row in read(until) if row.decision] == [lamp, road]


def test_what_was_called_off_or_is_to_come_is_none(read: Read) -> None:
    assert read(date(2026, 5, 27)) == []
    assert {row.held_at for row in read(date(2026, 6, 24))} == {at(5, 28)}
    assert [row.session for row in read(date(2026, 6, 30), date(2026, 6, 1))] == ["第2次"]
    [bare] = read(date(2026, 6, 30), date(2026, 6, 1))
    assert (bare.item, bare.source, bare.decision, bare.number) == ("", "", "", None)


def test_a_consortium_and_an_area_see_their_own(read: Read) -> None:
    assert len(read(date(2026, 6, 30), consortium="R")) == 5
    assert len(read(date(2026, 6, 30), area="林西县")) == 5
    assert read(date(2026, 6, 30), area="敖汉旗") == []
    assert "13800001234" in read(date(2026, 6, 30), masked=False)[0].decision


@pytest.mark.parametrize("until", [date(2026, 5, 28), date(2026, 6, 9), date(2026, 6, 30)], ids=str)
def test_plain_sql_finds_as_many(read: Read, store: Store, until: date) -> None:
    # The midnight that ends it, by the clocks of Greenwich; as databases without zones write it.
    end = datetime(until.year, until.month, until.day, 16, tzinfo=UTC).replace(tzinfo=None)
    query = """SELECT (SELECT COUNT(*) FROM resolutions WHERE at < :end)
        + (SELECT COUNT(*) FROM meeting_items i JOIN meetings m ON m.id = i.meeting_id
           WHERE m.starts_at < :end AND NOT EXISTS (SELECT 1 FROM resolutions r WHERE r.item_id = i.id))
        + (SELECT COUNT(*) FROM meetings m WHERE m.starts_at < :end AND m.state = 'called'
           AND NOT EXISTS (SELECT 1 FROM meeting_items i WHERE i.meeting_id = m.id)
           AND NOT EXISTS (SELECT 1 FROM resolutions r WHERE r.meeting_id = m.id))"""
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.execute(text("SET TIME ZONE 'UTC'"))
        assert len(read(until)) == connection.execute(text(query), {"end": end}).scalar()

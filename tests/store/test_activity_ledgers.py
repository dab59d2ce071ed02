"""Ledgers of activities and of service: rows as of days around the end of May, beside SQL that was written by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from models.asof import Period, Scope, steady
from models.indicators import indicators
from models.ledgers import LEDGERS, Ask
from models.store import Store
from models.volunteering import Told
from tests.store.programme import at, call, sign_up
from tests.store.town import Town, build

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """Two months: a day of service, a theme day, one that was off, one that was left undone, a branch's own."""
    town = build(store, now)
    chair = town["chair"]
    service = call(store, chair, now, kind="volunteer", topic="给老人理发", format="experience")
    theme = call(
        store, chair, now, topic="学党章，找张福来13800000000", starts_at=at("05-22 09:00"), format="open"
    )
    off = call(store, chair, now, topic="清河道", starts_at=at("05-25 09:00"))
    call(store, town["next_chair"], now, topic="没人管", starts_at=at("06-10 09:00"))
    own = call(store, town["branch"], now, branch=True, topic="议修路", starts_at=at("05-26 14:00"))
    sign_up(store, service, now, town["reporter"], town["neighbour"], town["market"])
    sign_up(store, theme, now, town["reporter"], town["stranger"])
    with store.unit() as unit:
        unit.attending.take_leave(service, "", by=town["market"], now=at("05-19 09:00"))
        unit.activities.cancel(off, "下大雨", by=chair, now=at("05-24 09:00"))
    with store.unit() as unit:
        ids = {each: town[each].member_id for each in ("reporter", "neighbour", "branch", "stranger")}
        unit.attending.call_roll(service, {ids["reporter"], ids["branch"]}, by=chair, now=at("05-20 12:00"))
        unit.attending.call_roll(theme, {ids["reporter"], ids["stranger"]}, by=chair, now=at("05-22 12:00"))
        unit.activities.record(theme, "路灯列进清单，打13800000001", by=chair, now=at("05-23 09:00"))
        unit.activities.add_photo(theme, "m1", "", by=chair, now=at("05-23 09:01"))
        unit.activities.follow(theme, "修好了", by=chair, now=at("06-05 09:00"))
        unit.activities.record(own, "修", by=town["branch"], now=at("06-01 00:00"))
        # In June it was found that the neighbour had come too.
        unit.attending.call_roll(
            service, {ids["reporter"], ids["branch"], ids["neighbour"]}, by=chair, now=at("06-02 09:00")
        )
        late = unit.volunteering.log(
            Told("扫雪", "村口", date(2026, 5, 30), 90), by=town["reporter"], now=at("05-31 20:00")
        )
        unit.volunteering.judge(late.id, verified=True, by=town["branch"], now=at("06-01 09:00"))
        bad = unit.volunteering.log(
            Told("抗旱", "地里", date(2026, 5, 29), 600), by=town["neighbour"], now=at("05-31 20:00")
        )
        unit.volunteering.judge(bad.id, verified=False, by=town["branch"], now=at("06-01 09:00"))
    return town


def read(store: Store, key: str, until: date, since: date | None = None, **asked: Any) -> list[Any]:
    with store.reading() as unit:
        steady(unit)
        consortium, area = asked.pop("consortium", ""), asked.pop("area", "")
        scope = Scope.of_consortium(unit, consortium) if consortium else Scope.of_area(area)
        return list(LEDGERS[key](Ask(unit, Period(until, since), scope, **asked)))


def test_activities_as_they_stood_at_the_end_of_may(store: Store, town: Town) -> None:
    service, theme, off, own = read(store, "activities", MAY)
    assert (service.at, service.kind, service.format, service.host) == (
        at("05-20 09:00"),
        "志愿服务",
        "体验式",
        "税务局党支部",
    )
    assert (service.expected, service.came, service.leave, service.absent) == (4, 2, 1, 1)
    assert (service.organisations, service.state) == ("朝阳沟村党支部", "已开展")
    assert (theme.expected, theme.came, theme.leave, theme.absent) == (2, 2, 0, 0)
    assert (theme.topic, theme.decided) == (
        "学党章，找张福来138****0000",
        "路灯列进清单，打138****0001",
    )
    assert (theme.followed, theme.proof, theme.state) == ("", "照片1张", "已开展，有纪要")
    assert theme.organisations == "朝阳沟村党支部、远处村党支部"
    assert (off.state, off.expected, off.came) == ("已取消：下大雨", None, None)
    assert (own.host, own.state, own.decided) == ("朝阳沟村党支部", "未开展", "")


def test_a_month_later(store: Store, town: Town) -> None:
    service, theme, _, own, undone = read(store, "activities", JUNE)
    assert (service.expected, service.came, service.leave, service.absent) == (4, 3, 1, 0)
    assert theme.followed == "修好了"
    assert own.state == "已开展，有纪要"
    assert (undone.state, undone.host) == ("未开展", "供电公司党支部")
    assert [row.number for row in read(store, "activities", JUNE, date(2026, 6, 1))] == [undone.number]
    assert read(store, "activities", date(2026, 5, 10)) == []


def test_whoever_called_the_roll_late_was_not_known_before(store: Store, town: Town) -> None:
    [service] = read(store, "activities", date(2026, 5, 20), date(2026, 5, 20))
    assert service.came == 2
    [before] = read(store, "activities", date(2026, 5, 20), area="林西县")
    assert before.number == service.number


def test_only_who_asks_for_it_sees_numbers(store: Store, town: Town) -> None:
    theme = read(store, "activities", MAY, masked=False)[1]
    assert theme.topic == "学党章，找张福来13800000000"
    for row in read(store, "volunteer", JUNE):
        assert "李春梅" not in str(row)
    assert read(store, "volunteer", JUNE, masked=False)[-1].verifier == "李春梅"


def test_service_with_system_and_late_hours_apart(store: Store, town: Town) -> None:
    rolled, drought, snow = read(store, "volunteer", MAY)
    assert (rolled.what, rolled.beneficiary, rolled.people) == ("给老人理发", "老年人", 2)
    assert (rolled.system_hours, rolled.late_hours, rolled.state) == (4.0, None, "活动点名")
    assert (snow.system_hours, snow.late_hours, snow.verifier, snow.state) == (None, 1.5, "", "补录，未核实")
    assert drought.state == "补录，未核实", "it was refused in June"
    rolled, snow = read(store, "volunteer", JUNE)
    assert (rolled.people, rolled.system_hours) == (3, 6.0)
    assert (snow.verifier, snow.state) == ("李**", "补录，已核实")
    assert [row.what for row in read(store, "volunteer", JUNE, date(2026, 5, 30))] == ["扫雪"]


def test_a_consortium_and_an_area_see_their_own(store: Store, town: Town) -> None:
    assert len(read(store, "activities", JUNE, consortium="R")) == 5
    assert len(read(store, "activities", JUNE, area="林西县")) == 5
    assert read(store, "activities", JUNE, area="敖汉旗") == []
    assert len(read(store, "volunteer", JUNE, consortium="R")) == 2
    assert read(store, "volunteer", JUNE, area="敖汉旗") == []


HELD = "SELECT count(*) FROM activities WHERE held_at < :end"
SERVED = """SELECT count(*) FROM service_records WHERE done_on <= :day AND created_at < :end
    AND (withdrawn_at IS NULL OR withdrawn_at >= :end)
    AND (source = 'system' OR (state = 'verified' AND judged_at < :end))"""
CAME = """SELECT count(*) FROM attendances a WHERE a.present AND a.at < :end AND a.activity_number = 1
    AND NOT EXISTS (SELECT 1 FROM attendances b WHERE b.activity_number = 1 AND b.member_id = a.member_id
    AND b.id > a.id AND b.at < :end)"""


@pytest.mark.parametrize("day", [date(2026, 5, 20), MAY, date(2026, 6, 1), JUNE], ids=str)
def test_the_figures_are_those_that_plain_sql_counts(store: Store, town: Town, day: date) -> None:
    end = at(f"{day:%m-%d} 23:59:59")
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.execute(text("SET TIME ZONE 'UTC'"))

        def count(sql: str) -> int:
            shown = end.astimezone(None).isoformat(" ") if not store.is_sqlite else _utc(end)
            query = sql.replace(":end", f"'{shown}'").replace(":day", f"'{day}'")
            return int(connection.execute(text(query)).scalar() or 0)

        rows = {row.label: row.value for row in read(store, "overview", day)}
        assert rows["开展活动"] == count(HELD)
        assert rows["志愿服务人次"] == count(SERVED)
        assert read(store, "activities", day)[0].came == count(CAME)


def _utc(moment: datetime) -> str:
    """As SQLite keeps it."""
    return f"{(moment - moment.utcoffset()).replace(tzinfo=None)}.000000"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("until", "since", "numerator", "denominator"),
    [
        (date(2026, 5, 30), None, 0, 0),  # no month is over yet
        (MAY, None, 1, 1),
        (JUNE, None, 1, 2),
        (JUNE, date(2026, 6, 1), 0, 1),
        (date(2026, 7, 31), None, 1, 2),  # nobody has the chair in July: it does not count
    ],
)
def test_in_how_many_months_something_was_held(
    store: Store, town: Town, until: date, since: date | None, numerator: int, denominator: int
) -> None:
    with store.reading() as unit:
        found = {each.key: each for each in indicators(unit, Period(until, since))}["held_monthly"]
        other = {each.key: each for each in indicators(unit, Period(until, since), Scope.of_area("敖汉旗"))}[
            "held_monthly"
        ]
    assert (found.numerator, found.denominator) == (numerator, denominator)
    assert other.denominator == 0

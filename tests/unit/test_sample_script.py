"""The script of the sample's years holds together: every organisation, entry and other matter it speaks of is there."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from bot.sim.years import FOLDER, TABLES
from bot.sim.years.script import Matter, day_of, load, report_day
from tests.unit.test_world import CATEGORIES, HEADERS, PHONE
from tests.unit.test_world import rows as demo_rows

SCRIPT = load()
MATTERS: list[Matter] = [*SCRIPT.matters, *(part for project in SCRIPT.projects for part in project.part)]


def rows(kind: str) -> list[dict[str, str]]:
    with (FOLDER / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_are_like_those_that_clerks_import() -> None:
    for kind in TABLES:
        assert list(rows(kind)[0]) == HEADERS[kind], kind


def test_there_are_about_twelve_organisations_and_a_hundred_and_thirty_members() -> None:
    [consortium] = rows("consortia")
    seats = consortium["成员单位编号"].split("、")
    assert len(seats) == 13
    seated = [row for row in rows("members") if row["党组织编号"] in seats]
    assert len(seated) == 130
    assert [row["地区"] for row in rows("organisations") if row["编号"] in seats].count("北京市") == 1
    for seat in seats:
        posts = {row["职务"] for row in seated if row["党组织编号"] == seat}
        assert {"书记", "联络员", ""} <= posts, seat


def test_nobody_has_a_phone_of_somebody_else() -> None:
    phones = [row["手机号"] for row in rows("members")]
    assert all(PHONE.match(phone) and phone.startswith("138001") for phone in phones)
    assert len(set(phones)) == len(phones)
    assert not set(phones) & {row["手机号"] for row in demo_rows("members")}


def test_every_organisation_and_entry_is_there() -> None:
    codes = {row["编号"] for row in rows("organisations")} | {""}
    supplies = {row["编号"] for row in rows("supplies")} | {""}
    for matter in MATTERS:
        assert {matter.branch, matter.claimant, matter.former, *matter.beside} <= codes, matter.text
        assert matter.supply in supplies, matter.text
        assert bool(matter.supply) == bool(matter.reason), matter.text
        assert matter.category in CATEGORIES, matter.text
    for project in SCRIPT.projects:
        assert {project.lead, project.former, *project.beside} <= codes, project.text
        assert project.category in CATEGORIES, project.text
        assert sum(weight for _, weight in project.milestones) == 100, project.text
        assert len(project.part) > 1, project.text


def test_every_matter_is_told_once_and_to_its_end() -> None:
    texts = [matter.text for matter in MATTERS] + [project.text for project in SCRIPT.projects]
    assert len(set(texts)) == len(texts) >= 60
    keys = {matter.key for matter in MATTERS if matter.key}
    for matter in MATTERS:
        twist = set(matter.twist)
        assert not ("merge" in twist) ^ bool(matter.into), matter.text
        assert matter.into in keys | {""}, matter.text
        assert bool(twist & {"rework", "reopen"}) == bool(matter.bad), matter.text
        assert bool(twist & {"study", "postponed", "handed_over", "shelved"}) == bool(matter.close), (
            matter.text
        )
        assert not twist & {"lapse", "give_back", "revoke", "invite"} or matter.former, matter.text


@pytest.mark.parametrize(
    ("turn", "on", "start", "day"),
    [
        (1, "03-24", date(2025, 1, 6), date(2025, 3, 24)),
        (2, "03-24", date(2025, 1, 6), date(2026, 3, 24)),
        (1, "01-06", date(2025, 1, 6), date(2025, 1, 6)),
        (1, "01-05", date(2025, 1, 6), date(2026, 1, 5)),
        (2, "12-04", date(2025, 11, 25), date(2026, 12, 4)),
    ],
)
def test_a_day_of_the_year_comes_round(turn: int, on: str, start: date, day: date) -> None:
    assert day_of(turn, on, start) == day


def test_what_a_project_solves_is_reported_before_it_but_not_before_everything() -> None:
    assert report_day(date(2025, 3, 24), 41, date(2025, 1, 6)) == date(2025, 2, 11)
    assert report_day(date(2025, 1, 20), 41, date(2025, 1, 6)) == date(2025, 1, 6)

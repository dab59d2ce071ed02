"""A village for the store's tests, and the import command with small tables on file."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest

from bot.commands import importing
from models.case import Case
from models.consortium import Consortium
from models.life import CaseKind
from models.member import Member
from models.organisation import Organisation, Post, PostKind
from models.person import Person
from models.seat import Seat
from models.store import Store
from models.term import Term
from tests.store.tables import TABLES, Bring, Rows, as_csv, sheet


class Village(msgspec.Struct, frozen=True):
    """Who is who."""

    east: int
    west: int
    far: int
    consortium: int
    zhang: Person
    """A member of the eastern branch."""
    li: Person
    """Liaison officer of the eastern branch."""
    wang: Person
    """A member of the western branch, same consortium."""
    bao: Person
    """A member of a branch that belongs to no consortium."""


@pytest.fixture
def village(store: Store, now: datetime) -> Village:
    """The village on the database of the test."""
    return settle(store, now)


def settle(store: Store, now: datetime) -> Village:
    """Puts the village on file."""
    with store.unit() as unit:
        east, west, far = unit.organisations.add_all(
            [
                Organisation.found(
                    code=code, name=name, kind="党支部", region="林西县", parent_id=None, now=now
                )
                for code, name in [("E", "东沟村党支部"), ("W", "西沟村党支部"), ("F", "远山村党支部")]
            ]
        )
        consortium = unit.consortia.add(
            Consortium.found(
                code="C1",
                name="富园惠民联合党委",
                kind="联合党委",
                modes="跨领域",
                lead_id=east,
                parent_id=None,
            )
        )
        for organisation_id in (east, west):
            unit.consortia.seat(
                Seat.take(
                    consortium_id=consortium.id, organisation_id=organisation_id, since=date(2026, 1, 1)
                )
            )
        for sequence, (chair, starts_on, ends_on) in enumerate(
            [(east, date(2026, 5, 1), date(2026, 5, 31)), (west, date(2026, 6, 1), date(2026, 6, 30))], 1
        ):
            unit.consortia.schedule(
                Term.plan(
                    consortium_id=consortium.id,
                    sequence=sequence,
                    organisation_id=chair,
                    starts_on=starts_on,
                    ends_on=ends_on,
                )
            )
        people = {}
        for key, name, phone, organisation_id in [
            ("zhang", "张建国", "13800001111", east),
            ("li", "李春梅", "13800002222", east),
            ("wang", "王海", "13800003333", west),
            ("bao", "宝音·朝克图", "13800004444", far),
        ]:
            member = unit.members.add(
                Member.enrol(
                    name=name, phone=phone, organisation_id=organisation_id, vault=unit.vault, now=now
                )
            )
            people[key] = Person(
                member_id=member.id,
                name=name,
                organisation_id=organisation_id,
                organisation="",
                region="林西县",
                consortium_id=None if key == "bao" else consortium.id,
                consortium="",
                chair_id=None if key == "bao" else east,
                chair="",
            )
        unit.organisations.appoint(
            Post.appoint(
                member_id=people["li"].member_id,
                organisation_id=east,
                kind=PostKind.LIAISON,
                since=date(2026, 1, 1),
            )
        )
        return Village(east=east, west=west, far=far, consortium=consortium.id, **people)


def matter(
    by: Person,
    now: datetime,
    text: str = "五百斤土豆卖不出去",
    *,
    kind: CaseKind = CaseKind.NEED,
    category: str = "产销对接",
    private: bool = False,
) -> Case:
    """A submitted case that is not on file yet."""
    case = Case.report(
        by=by,
        text=text,
        kind=kind,
        category=category,
        place="东沟村",
        quantity="五百斤",
        deadline="",
        received_key=f"test:{text}",
        now=now,
        private=private,
    )
    case.submit(now)
    return case


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
        return importing.run(parser.parse_args([kind, str(path), *options]), store)

    return bring


@pytest.fixture
def filled(bring: Bring, capsys: pytest.CaptureFixture[str]) -> Bring:
    """The same, with all the tables above on file."""
    for kind, rows in TABLES.items():
        assert bring(kind, as_csv(rows)) == 0
    capsys.readouterr()
    return bring

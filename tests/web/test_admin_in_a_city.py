"""The pages with a whole city on file: as quick, as small and with as few questions as with a village."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert

from bot.admin.router import Table, Where
from bot.admin.site import PAGES
from models.member import Member
from models.organisation import Organisation, Post
from tests.web.backstage import Backstage, Caller

pytestmark = pytest.mark.slow

ORGANISATIONS, MEMBERS = 6_800, 80_000
QUICK_S, SMALL = 0.2, 100_000
TRIES = 5
"""A page is as quick as the quickest of so many: the machine has other things to do."""


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """Every question that a page puts to the database."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if threading.current_thread().name.startswith("admin"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def grow(backstage: Backstage) -> int:
    """Makes a city around the sample world; gives an organisation with very many people."""
    vault, now = backstage.store.vault, backstage.now
    name, phone = vault.seal("张建国", "member.name"), vault.seal("13800001111", "member.phone")
    with backstage.store.unit() as unit:
        above = backstage.organisation("LX050")
        unit.session.execute(
            insert(Organisation),
            [
                {
                    "code": f"Z{number:05}",
                    "name": f"林西县第{number}村党支部",
                    "kind": "党支部",
                    "parent_id": above,
                    "region": "林西县",
                    "created_at": now,
                }
                for number in range(ORGANISATIONS)
            ],
        )
        first = unit.organisations.by_code("Z00000")
        assert first is not None
        unit.session.execute(
            insert(Member),
            [
                {
                    "organisation_id": first.id + (0 if number < 3_000 else number % ORGANISATIONS),
                    "name_sealed": name,
                    "name_mark": bytes(32),
                    "phone_sealed": phone,
                    "phone_mark": number.to_bytes(32, "big"),
                    "joined_at": now,
                }
                for number in range(MEMBERS)
            ],
        )
        member = unit.roll.members(first.id, limit=20, offset=0)[0]
        unit.session.execute(
            insert(Post),
            [
                {
                    "member_id": one.member_id,
                    "organisation_id": first.id,
                    "kind": "deputy",
                    "since": now.date(),
                }
                for one in member
            ],
        )
        return first.id


def pages(backstage: Backstage, organisation: int) -> list[str]:
    """Every page that lists or shows something of the city."""
    paths = [
        route.path.format(organisation=organisation, account=1)
        for route in Table(page.on for page in PAGES).routes
        if route.method == "GET" and route.where is not Where.OPEN and route.path != "/admin"
    ]
    return [*paths, "/admin/organisations?q=党支部", "/admin/organisations?q=LX&page=2"]


def questions(caller: Caller, paths: list[str], asked: list[str]) -> dict[str, int]:
    """How many questions each page puts."""
    found = {}
    for path in paths:
        caller.get(path)
        asked.clear()
        assert caller.get(path).status == 200, path
        found[path] = len(asked)
    return found


def test_a_city_costs_no_more_questions_and_hardly_more_time(
    backstage: Backstage, boss: Caller, asked: list[str]
) -> None:
    area = backstage.as_account(backstage.account("area", ("area", "CF001")))
    village = backstage.organisation("LX051")
    theirs = ["/admin/today", "/admin/organisations", "/admin/organisations?q=党支部"]
    few = questions(boss, pages(backstage, village), asked), questions(area, theirs, asked)
    large = grow(backstage)
    many = questions(boss, pages(backstage, large), asked), questions(area, theirs, asked)
    assert list(few[0].values()) == list(many[0].values())
    assert few[1] == many[1]
    assert max(many[0].values()) <= 20, many[0]
    slow = {}
    for caller, paths in ((boss, pages(backstage, large)), (area, theirs)):
        for path in paths:
            spent = []
            for _ in range(TRIES):
                started = time.perf_counter()
                answer = caller.get(path)
                spent.append(time.perf_counter() - started)
            assert answer.size < SMALL, path
            if min(spent) > QUICK_S:
                slow[path] = min(spent)
    assert not slow

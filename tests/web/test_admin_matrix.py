"""Every page of the web admin by every kind of account: what is forbidden is refused, what is allowed is served.

The pages come from the application itself, so that none can be added without being tried; who may have which right is
written down here once more, so that a slip in the data is noticed.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.admin.router import BadRoute, Route, Router, Table, Where
from bot.admin.site import PAGES
from models.identity import BindingRequest
from models.moment import local
from models.remit import Right, account_roles
from tests.web.backstage import OPERATOR, Backstage, form_of

TABLE = Table(page.on for page in PAGES)
INSIDE = "LX051"
"""The organisation that is asked for; it lies below LX050, and has a seat in RH01."""
ACCOUNTS = {
    # kind: (role, scope, whether INSIDE is within its scope)
    "city": ("city", "", True),
    "area above": ("area", "LX050", True),
    "area itself": ("area", INSIDE, True),
    "area elsewhere": ("area", "WN018", False),
    "area beside": ("area", "LX052", False),
    "consortium of it": ("consortium", "RH01", True),
    "consortium elsewhere": ("consortium", "RH05", False),
    "rules": ("rules", "", True),
    "auditor": ("auditor", "", True),
    "nothing": (None, "", False),
    "over": ("city", "", True),
}
MAY = {
    Right.TODAY: {"city", "area", "consortium"},
    Right.ORGANISATIONS: {"city", "area", "consortium"},
    Right.PEOPLE: {"city", "area", "consortium"},
    Right.BINDINGS: {"city", "area"},
    Right.POSTERS: {"city", "area", "consortium"},
    Right.ACCOUNTS: {"city"},
    Right.SYSTEM: {"city"},
    Right.RULES: {"rules"},
    Right.AUDIT: {"auditor"},
}
SERVED = {200, 303, 422}
"""A page, on to another one, or a form that was looked at and lacks something."""


@pytest.fixture(scope="module")
def accounts(backstage: Backstage) -> dict[str, int]:
    """One account of each kind."""
    found = {}
    for place, (kind, (role, scope, _)) in enumerate(ACCOUNTS.items()):
        found[kind] = backstage.account(f"kind{place}", *([(role, scope)] if role else []))
    with backstage.store.unit() as unit:
        account = unit.accounts.get(found["over"])
        today = local(backstage.now).date()
        unit.accounts.take(
            unit.accounts.grants(account.id, today)[0].id, account, by=OPERATOR, now=backstage.now
        )
    return found


@pytest.fixture(scope="module")
def numbers(backstage: Backstage) -> dict[str, int]:
    """What stands in the blanks of the paths."""
    organisation = backstage.organisation(INSIDE)
    victim = backstage.account("victim", ("rules", ""))
    with backstage.store.unit() as unit:
        grant = unit.accounts.grants(victim, date(2026, 1, 1))[0].id
        unit.inbox.greet("oSomebody", wrote=False, gesture=False, now=backstage.now)
        request = unit.identities.ask(
            BindingRequest.ask(
                openid="oSomebody",
                name="马小军",
                phone="13911112222",
                organisation_id=organisation,
                vault=unit.vault,
                now=backstage.now,
            )
        ).id
    return {
        "organisation": organisation,
        "member": backstage.member_of(organisation)[0],
        "request": request,
        "account": victim,
        "grant": grant,
    }


def allowed(route: Route, kind: str) -> bool:
    """What this file says."""
    role, _, inside = ACCOUNTS[kind]
    if route.right is None:
        return True
    if kind == "over" or role not in MAY[route.right]:
        return False
    match route.where:
        case Where.WHOLE:
            return role in ("city", "rules", "auditor")
        case Where.ORGANISATION:
            return inside
        case _:
            return True


CLOSED = [route for route in TABLE.routes if route.where is not Where.OPEN]


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("route", CLOSED, ids=lambda route: f"{route.method} {route.path}")
def test_each_page_by_each_kind_of_account(
    route: Route, kind: str, backstage: Backstage, accounts: dict[str, int], numbers: dict[str, int]
) -> None:
    caller = backstage.as_account(accounts[kind])
    path = route.path.format_map(numbers)
    answer = caller.get(path) if route.method == "GET" else caller.post(path)
    if allowed(route, kind):
        assert answer.status in SERVED, answer.said
        assert answer.location.partition("?")[0] != "/admin/login" or path == "/admin/logout"
    else:
        assert answer.status in (403, 404), answer.location
        assert "没有办成" in answer.text


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: f"{route.method} {route.path}")
def test_nobody_gets_in_without_signing_in(
    route: Route, backstage: Backstage, numbers: dict[str, int]
) -> None:
    path = route.path.format_map(numbers)
    for token in ("", "x" * 43):
        caller = backstage.caller()
        if token:
            caller.cookies["sqs_admin"] = token
        answer = caller.get(path) if route.method == "GET" else caller.post(path)
        assert answer.status == 303
        assert answer.location.partition("?")[0] == "/admin/login"


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: f"{route.method} {route.path}")
def test_somebody_elses_password_is_changed_before_anything_else(
    route: Route, backstage: Backstage, numbers: dict[str, int]
) -> None:
    name = f"fresh{CLOSED.index(route)}"
    caller = backstage.as_account(backstage.account(name, ("city", ""), ("auditor", ""), must_change=True))
    path = route.path.format_map(numbers)
    answer = caller.get(path) if route.method == "GET" else caller.post(path)
    if route.path in ("/admin/password", "/admin/logout"):
        assert answer.status in SERVED
        assert answer.location != "/admin/password"
    else:
        assert (answer.status, answer.location) == (303, "/admin/password")


@pytest.mark.parametrize(
    "route", [route for route in CLOSED if route.method == "POST"], ids=lambda route: route.path
)
def test_no_form_is_taken_from_elsewhere(route: Route, backstage: Backstage, numbers: dict[str, int]) -> None:
    before = backstage.product.rows("SELECT count(*) FROM audit")
    account = backstage.account(f"forms{CLOSED.index(route)}", ("city", ""), ("auditor", ""))
    noted = backstage.product.rows("SELECT count(*) FROM audit")
    assert noted > before
    caller, other = backstage.as_account(account), backstage.as_account(account)
    path = route.path.format_map(numbers)
    for form in ("", "x", "A" * 116, form_of(other.token)):
        assert caller.post(path, form=form).status == 403, "the mark of another session, or none"
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert caller.post(path, headers=headers).status == 403
    assert caller.post(path, headers={"Content-Type": "application/json"}).status == 415
    assert caller.post(path, headers={"Content-Type": "text/plain"}).status == 415
    assert backstage.product.rows("SELECT count(*) FROM audit") == noted


def test_every_right_of_a_role_is_written_down_here() -> None:
    data = {
        right: {role.name for role in account_roles().values() if right in role.rights} for right in Right
    }
    assert data == MAY


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_the_rail_shows_what_can_be_opened_and_nothing_else(
    kind: str, backstage: Backstage, accounts: dict[str, int]
) -> None:
    caller = backstage.as_account(accounts[kind])
    page = caller.get("/admin/password").text
    shown = {route.path for route in TABLE.routes if route.rail and f'href="{route.path}"' in page}
    for route in TABLE.routes:
        if route.path in shown:
            assert caller.get(route.path).status == 200, route.path
    entries = {route.rail for route in TABLE.routes if route.rail and allowed(route, kind)}
    assert entries == {route.rail for route in TABLE.routes if route.path in shown}


@pytest.mark.parametrize("kind", ["area above", "area elsewhere", "consortium of it", "consortium elsewhere"])
def test_lists_show_only_what_lies_within_reach(
    kind: str, backstage: Backstage, accounts: dict[str, int]
) -> None:
    caller = backstage.as_account(accounts[kind])
    found = caller.get("/admin/organisations", q="LX051").text
    assert ("林西县官地镇朝阳沟村党支部" in found) == ACCOUNTS[kind][2]
    everything = caller.get("/admin/organisations").text
    assert "中共赤峰市委员会" not in everything


def test_a_right_that_begins_or_ends_does_so_at_once(backstage: Backstage) -> None:
    number = backstage.account("later")
    caller = backstage.as_account(number)
    assert caller.get("/admin/system").status == 403
    with backstage.store.unit() as unit:
        account = unit.accounts.get(number)
        grant = unit.accounts.give(account, "city", "", until=None, by=OPERATOR, now=backstage.now)
        grant_id = grant.id
    assert caller.get("/admin/system").status == 200
    with backstage.store.unit() as unit:
        account = unit.accounts.get(number)
        unit.accounts.take(grant_id, account, by=OPERATOR, now=backstage.now + timedelta(seconds=1))
    assert caller.get("/admin/system").status == 403


def _page(visit: object, unit: object) -> object:
    raise AssertionError


@pytest.mark.parametrize(
    ("path", "right", "where"),
    [
        ("/admin/x", Right.SYSTEM, None),
        ("/admin/x", None, Where.WHOLE),
        ("/admin/x", Right.SYSTEM, Where.OPEN),
        ("/admin/x", Right.SYSTEM, Where.OWN),
        ("/admin/x", Right.SYSTEM, Where.ORGANISATION),
        ("/admin/{organisation}", Right.SYSTEM, Where.LISTED),
    ],
)
def test_a_page_without_a_clear_rule_is_an_error_at_the_start(
    path: str, right: Right | None, where: Where | None
) -> None:
    with pytest.raises(BadRoute):
        Router().get(path, right, where)(_page)  # type: ignore[arg-type]


def test_a_page_that_is_there_twice_is_an_error_at_the_start() -> None:
    router = Router()
    for _ in range(2):
        router.get("/admin/x", where=Where.OWN)(_page)  # type: ignore[arg-type]
    with pytest.raises(BadRoute):
        Table([router])

"""What people try to smuggle into the pages of the web admin, and what every answer carries."""

from __future__ import annotations

import ipaddress
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from multidict import CIMultiDict

from bot.admin.cookies import Jar
from bot.admin.origin import client_of, from_our_own_page, networks
from bot.admin.render import STATIC
from models.organisation import Organisation
from tests.web.backstage import SESSION, Backstage, Caller

# ---- what is smuggled in


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


@pytest.fixture(scope="module")
def hostile(backstage: Backstage) -> int:
    """An organisation whose every word is code."""
    with backstage.store.unit() as unit:
        return unit.organisations.add(
            Organisation.found(
                code="X<b>X1",
                name=HOSTILE,
                kind="<i>党支部",
                region="<u>林西县",
                parent_id=None,
                now=backstage.now,
            )
        ).id


def clean(text: str) -> bool:
    """Whether nothing of it became code."""
    return not any(
        code in text
        for code in (
            "<script>alert",
            "<img src=x",
            "<i>党",
            "<u>林",
            "<b>X1",
            "49&#34;",
            '49"',
            "onerror=alert(2)>",
        )
    )


def test_names_stay_words(backstage: Backstage, boss: Caller, hostile: int) -> None:
    for path in (f"/admin/organisations/{hostile}", f"/admin/organisations/{hostile}/poster"):
        page = boss.get(path)
        assert page.status == 200
        assert "alert(1)" in page.text
        assert clean(page.text), path
    page = boss.get("/admin/organisations", q="<script>")
    assert "alert(1)" in page.text
    assert clean(page.text)


def test_what_is_typed_stays_words(boss: Caller, hostile: int) -> None:
    for path, field in (
        ("/admin/organisations", "q"),
        ("/admin/audit", "actor"),
        ("/admin/audit", "action"),
        ("/admin/audit", "since"),
        ("/admin/login", "name"),
        ("/admin/login", "next"),
        ("/admin/today", "done"),
        ("/admin/accounts/new", "name"),
        ("/admin/accounts/new", "scope"),
    ):
        assert clean(boss.get(path, **{field: HOSTILE}).text), path
    answer = boss.post("/admin/accounts/new", {"name": HOSTILE, "role": "city", "scope": HOSTILE})
    assert answer.status == 422
    assert clean(answer.text)


def test_a_reason_stays_words_in_the_audit(backstage: Backstage, boss: Caller) -> None:
    organisation = backstage.organisation("LX051")
    member, name, phone = backstage.member_of(organisation)
    answer = boss.post(f"/admin/organisations/{organisation}/members/{member}", {"reason": HOSTILE})
    assert answer.status == 200
    assert name in answer.text
    assert phone in answer.text
    page = boss.get("/admin/audit")
    assert "alert(1)" in page.text
    assert clean(page.text)
    assert name not in page.text
    assert phone not in page.text


def test_people_are_seen_only_with_a_reason_and_only_of_that_roster(
    backstage: Backstage, boss: Caller
) -> None:
    organisation, other = backstage.organisation("LX051"), backstage.organisation("LX052")
    member, name, phone = backstage.member_of(organisation)
    path = f"/admin/organisations/{organisation}/members/{member}"
    for reason in ("", " ", "x"):
        answer = boss.post(path, {"reason": reason})
        assert answer.status == 422
        assert name not in answer.text
        assert phone not in answer.text
        assert "为什么看" in answer.said
    wrong = boss.post(f"/admin/organisations/{other}/members/{member}", {"reason": "回访"})
    assert wrong.status == 422
    assert phone not in wrong.text
    page = boss.get(f"/admin/organisations/{organisation}").text
    assert name not in page
    assert phone not in page


@pytest.mark.parametrize(
    "path",
    [
        "/admin/static/../words.toml",
        "/admin/static/..%2fwords.toml",
        "/admin/static/%2e%2e/%2e%2e/config.toml",
        "/admin/static//etc/passwd",
        "/admin/static/x/admin.css",
        "/admin/static/",
        "/admin/static/base.html",
        "/admin/templates/base.html",
    ],
)
def test_no_file_but_the_few_is_given_out(path: str, backstage: Backstage) -> None:
    assert backstage.caller().ask("GET", path).status in (303, 404)


def test_the_few_files_are_given_out(backstage: Backstage) -> None:
    for name in STATIC:
        answer = backstage.caller().get(f"/admin/static/{name}")
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert backstage.caller().get("/admin/static/admin.css").size < 30_000


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/admin/today", 405),
        ("DELETE", "/admin/accounts/1", 405),
        ("POST", "/admin/today", 405),
        ("GET", "/admin/logout", 405),
        ("GET", "/admin/nothing", 404),
        ("GET", "/admin/accounts/0", 404),
        ("GET", "/admin/accounts/-1", 404),
        ("GET", "/admin/accounts/99999999999999999999", 404),
        ("GET", "/admin/accounts/１", 404),
        ("GET", "/admin/accounts/999999", 404),
        ("GET", "/admin/organisations/999999", 404),
        ("HEAD", "/admin/today", 200),
        ("GET", "/admin/today/", 200),
    ],
)
def test_what_there_is_not(method: str, path: str, status: int, boss: Caller) -> None:
    assert boss.ask(method, quote(path, safe="/%")).status == status


def test_a_form_that_is_too_large_is_not_read(boss: Caller) -> None:
    assert boss.post("/admin/accounts/new", {"name": "x" * 70_000}).status == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"name=%ff%fe%00", 403),
        (b"\xff\xfe=1", 400),
        (b"&".join(b"a%d=1" % number for number in range(500)), 400),
        (b"", 403),
        (b"=&=&&;%%%", 403),
        (b"x" * 60_000, 403),
    ],
)
def test_a_form_that_is_none_is_refused(body: bytes, status: int, boss: Caller) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert boss.ask("POST", "/admin/accounts/new", body, kind).status == status


def test_a_form_in_pieces_is_counted_as_it_comes(boss: Caller) -> None:
    pieces = (b"x" * 8_000 for _ in range(20))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert boss.ask("POST", "/admin/accounts/new", pieces, kind).status == 413


@pytest.mark.parametrize("page", ["0", "-1", "x", "１", "99999999", "1e3", "", "2;drop"])
def test_odd_page_numbers_are_the_first_page_or_an_empty_one(page: str, boss: Caller) -> None:
    for path in ("/admin/organisations", "/admin/audit", "/admin/signins"):
        assert boss.get(path, page=page).status == 200


# ---- what every answer carries


def test_every_answer_says_how_it_may_be_used(backstage: Backstage, boss: Caller) -> None:
    for caller, path in (
        (boss, "/admin/today"),
        (boss, "/admin"),
        (boss, "/admin/nothing"),
        (backstage.caller(), "/admin/login"),
        (backstage.caller(), "/admin/today"),
    ):
        headers = caller.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_no_page_needs_what_the_policy_forbids(boss: Caller) -> None:
    for path in ("/admin/today", "/admin/organisations", "/admin/accounts", "/admin/audit", "/admin/system"):
        page = boss.get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert "<style" not in page
        assert " onclick" not in page


def test_the_cookie_is_for_the_server_alone(backstage: Backstage) -> None:
    caller = backstage.caller()
    caller.sign_in("wang")
    cookie = caller.set[SESSION]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/admin"
    assert not cookie["max-age"], "gone with the browser"


def test_by_https_neighbours_cannot_plant_it() -> None:
    jar, response = Jar(secure=True), web.Response()
    jar.put(response, jar.session, "t" * 43)
    cookie = response.cookies["__Host-sqs_admin"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


# ---- addresses


def asked(peer: str, secure: bool = False, **headers: str) -> Any:
    """A request, as far as addresses go."""
    named = CIMultiDict((name.replace("_", "-"), value) for name, value in headers.items())
    return SimpleNamespace(remote=peer, secure=secure, headers=named, host="sqs.example.cn")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "10.1.1.1", "203.0.113.9"),
        ("10.0.0.2", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.2", "1.1.1.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.2", "10.0.0.8, 10.0.0.7", "10.0.0.8"),
        ("10.0.0.2", "<script>", "10.0.0.2"),
        ("10.0.0.2", "203.0.113.9, nonsense", "10.0.0.2"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("fd00::2", "2001:db8::9", "2001:db8::9"),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str, forwarded: str, address: str) -> None:
    trusted = networks(["10.0.0.0/8", "fd00::2"])
    assert ipaddress.ip_network("10.0.0.0/8") in trusted
    assert client_of(asked(peer, X_Forwarded_For=forwarded), trusted).address == address


def test_a_proxy_says_whether_it_was_https() -> None:
    trusted = networks(["10.0.0.2"])
    assert client_of(asked("10.0.0.2", X_Forwarded_Proto="https"), trusted).secure
    assert not client_of(asked("203.0.113.9", X_Forwarded_Proto="https"), trusted).secure


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": "https://sqs.example.cn"}, True),
        ({"Origin": "https://public.example.cn"}, True),
        ({"Origin": "https://SQS.example.cn"}, True),
        ({"Origin": "https://sqs.example.cn.evil.example"}, False),
        ({"Origin": "https://sqs.example.cn:8443"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://["}, False),
        ({"Referer": "https://sqs.example.cn/admin/login"}, True),
        ({"Referer": "https://evil.example/?sqs.example.cn"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://sqs.example.cn"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://sqs.example.cn"}, False),
    ],
)
def test_forms_come_from_our_own_pages(headers: dict[str, str], ours: bool) -> None:
    request = asked("203.0.113.9")
    request.headers.extend(headers)
    assert from_our_own_page(request, "https://public.example.cn") is ours

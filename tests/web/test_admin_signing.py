"""Signing in to the web admin and out of it, and one's own password: guessing, planting, leading astray."""

from __future__ import annotations

from typing import Any

import pytest

from bot.admin import signing
from models import password as passwords
from models.password import hash_password
from models.remit import account_rules
from tests.web.backstage import FORM, OPERATOR, PASSWORD, SESSION, Backstage, form_of

TRIES = account_rules()["tries"]


@pytest.fixture(autouse=True)
def calm(backstage: Backstage, wang: int) -> None:
    """Wrong passwords of other tests are forgotten."""
    backstage.calm()


# ---- signing in


def test_the_right_password_leads_in_and_the_wrong_one_says_little(backstage: Backstage) -> None:
    caller = backstage.caller()
    wrong = caller.sign_in("wang", "羊群下山过了河")
    unknown = backstage.caller().sign_in("nobody", PASSWORD)
    assert (wrong.status, unknown.status) == (422, 422)
    assert wrong.said == unknown.said
    assert SESSION not in caller.cookies
    assert "羊群" not in wrong.text
    right = caller.sign_in("Wang")
    assert (right.status, right.location) == (303, "/admin")
    assert caller.get("/admin").location == "/admin/today"
    assert caller.get("/admin/today").status == 200


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: the same slow work is done for both."""
    verified = []
    hasher = passwords._hasher()

    class Watched:
        hash = staticmethod(hasher.hash)

        @staticmethod
        def verify(kept: str, given: str) -> bool:
            verified.append(kept.rpartition("$")[0].rpartition("$")[0])
            return hasher.verify(kept, given)

    monkeypatch.setattr(passwords, "_hasher", lambda: Watched)
    for name in ("wang", "nobody", "", "<b>", "x" * 500):
        backstage.caller().sign_in(name, "羊群下山过了河")
    assert len(verified) == 5
    assert len(set(verified)) == 1, "with the same parameters"


def test_guessing_is_paused_and_says_for_how_long(backstage: Backstage) -> None:
    caller = backstage.caller()
    for _ in range(TRIES["per_name"]):
        assert caller.sign_in("wang", "x" * 12).status == 422
    answer = caller.sign_in("wang")
    assert answer.status == 429
    assert "分钟" in answer.said
    assert SESSION not in caller.cookies


def test_nothing_that_a_browser_brought_becomes_a_session(backstage: Backstage) -> None:
    caller = backstage.caller()
    planted = "p" * 43
    caller.cookies[SESSION] = planted
    caller.cookies[FORM] = planted
    caller.get("/admin/login")
    answer = caller.post("/admin/login", {"name": "wang", "password": PASSWORD}, form=form_of(planted))
    assert answer.status == 303
    assert caller.token != planted
    assert FORM not in caller.cookies
    stranger = backstage.caller()
    stranger.cookies[SESSION] = planted
    assert stranger.get("/admin/today").status == 303


def test_without_the_cookie_the_sign_in_says_what_to_do(backstage: Backstage) -> None:
    caller = backstage.caller()
    answer = caller.post("/admin/login", {"name": "wang", "password": PASSWORD}, form=form_of("x" * 43))
    assert answer.status == 403
    assert "cookie_secure" in answer.said


def test_the_sign_in_too_takes_only_its_own_form(backstage: Backstage) -> None:
    caller = backstage.caller()
    caller.get("/admin/login")
    for form in ("", form_of("y" * 43)):
        answer = caller.post("/admin/login", {"name": "wang", "password": PASSWORD}, form=form)
        assert answer.status == 403
    assert caller.sign_in("wang", Origin="https://evil.example").status == 403


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/admin/organisations?q=LX&page=2", "/admin/organisations?q=LX&page=2"),
        ("/admin/accounts/3", "/admin/accounts/3"),
        ("https://evil.example/", "/admin"),
        ("//evil.example", "/admin"),
        ("/\\evil.example", "/admin"),
        ("/admin//evil.example", "/admin"),
        ("/admin/../wechat", "/admin"),
        ("/administrator", "/admin"),
        ("/admin@evil.example", "/admin"),
        ("javascript:alert(1)", "/admin"),
        ("/admin\r\nSet-Cookie: a=b", "/admin"),
        ("/admin?x=\r\nSet-Cookie: a=b", "/admin"),
        ("/admin/" + "x" * 600, "/admin"),
    ],
)
def test_after_signing_in_one_stays_in_here(wanted: str, led: str, backstage: Backstage) -> None:
    answer = backstage.caller().sign_in("wang", wanted=wanted)
    assert (answer.status, answer.location) == (303, led)
    assert "a=b" not in str(answer.headers)


def test_a_page_that_was_wanted_is_come_back_to(backstage: Backstage) -> None:
    caller = backstage.caller()
    answer = caller.get("/admin/organisations", q="LX051")
    assert answer.location == "/admin/login?next=%2Fadmin%2Forganisations%3Fq%3DLX051"
    assert 'value="/admin/organisations?q=LX051"' in caller.get(answer.location).text
    assert signing.safe_next("/admin/login\n") == ""


def test_signing_out_ends_the_session_on_the_server_too(backstage: Backstage, wang: int) -> None:
    caller = backstage.as_account(wang)
    token = caller.token
    assert caller.post("/admin/logout").location == "/admin/login?done=out"
    caller.cookies[SESSION] = token
    assert caller.get("/admin/today").status == 303


def test_signing_out_elsewhere(backstage: Backstage, wang: int) -> None:
    one, other = backstage.as_account(wang), backstage.as_account(wang)
    assert one.post("/admin/signins/out").status == 303
    assert (one.get("/admin/today").status, other.get("/admin/today").status) == (200, 303)


def test_a_change_of_rights_gives_a_new_token(backstage: Backstage) -> None:
    number = backstage.account("moved")
    caller = backstage.as_account(number)
    old = caller.token
    with backstage.store.unit() as unit:
        unit.accounts.give(
            unit.accounts.get(number), "auditor", "", until=None, by=OPERATOR, now=backstage.now
        )
    assert caller.get("/admin/audit").status == 200
    assert caller.token != old
    assert caller.get("/admin/audit").status == 200
    late = backstage.caller()
    late.cookies[SESSION] = old
    assert late.get("/admin/audit").status == 303


# ---- one's own password


def test_changing_the_password(backstage: Backstage) -> None:
    number = backstage.account("li", ("city", ""), kept=hash_password(PASSWORD), must_change=True)
    caller, other = backstage.caller(), backstage.as_account(number)
    assert caller.sign_in("li").status == 303
    assert caller.get("/admin/today").location == "/admin/password"

    def change(old: str, new: str, again: str = "") -> Any:
        return caller.post("/admin/password", {"old": old, "new": new, "again": again or new})

    fresh = "三棵榆树下有口老井"
    for answer, field in (
        (change("wrong password", fresh + "真甜"), "old"),
        (change(PASSWORD, "短"), "new"),
        (change(PASSWORD, "1234567890"), "new"),
        (change(PASSWORD, PASSWORD), "again"),
        (change(PASSWORD, fresh + "真甜", fresh + "真咸"), "again"),
    ):
        assert answer.status == 422
        assert f'id="{field}-help" role="alert"' in answer.text
        assert PASSWORD not in answer.text
    assert caller.get("/admin/today").location == "/admin/password"
    assert change(PASSWORD, fresh + "真甜").status == 303
    assert caller.get("/admin/today").status == 200
    assert other.get("/admin/today").status == 303, "elsewhere one is signed out"
    assert backstage.caller().sign_in("li").status == 422
    assert backstage.caller().sign_in("li", fresh + "真甜").status == 303


def test_ones_own_password_is_not_guessed_either(backstage: Backstage, wang: int) -> None:
    caller = backstage.as_account(wang)
    fields = {"old": "guess guess", "new": "三棵榆树下有口老井水真甜", "again": "三棵榆树下有口老井水真甜"}
    said = [caller.post("/admin/password", fields).said for _ in range(TRIES["per_name"] + 1)]
    assert "分钟" in said[-1]
    assert "分钟" not in said[0]

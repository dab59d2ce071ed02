"""Accounts of the web admin: names, passwords, roles with their scope, and that somebody always manages them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.account import (
    AccountNameTaken,
    AccountNameUnusable,
    AccountRoleUnknown,
    AccountUnknown,
    LastAccount,
    OwnAccount,
    ScopeUnusable,
    clean_account_name,
)
from models.audit import Actor
from models.moment import local
from models.password import (
    PasswordGuessable,
    PasswordTooLong,
    PasswordTooShort,
    check_password,
    hash_password,
    hashed_otherwise,
    password_fits,
    random_password,
)
from models.remit import Reach, Right, account_roles, union
from models.store import Store, Unit
from tests.store.town import Town, build

OPERATOR = Actor(None, "命令行")
KEPT = "not a hash"


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on each kind of database."""
    return build(store, now)


def opened(unit: Unit, name: str, now: datetime, *grants: tuple[str, str]) -> int:
    """An account with these roles; gives its id."""
    account = unit.accounts.open(name, KEPT, must_change=False, by=OPERATOR, now=now)
    for role, scope in grants:
        unit.accounts.give(account, role, scope, until=None, by=OPERATOR, now=now)
    return account.id


# ---- names and passwords


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Wang.Fang", "wang.fang"),
        ("  ＬＩ－２ ", "li-2"),
        ("王芳", "王芳"),
        ("宝音·朝克图", "宝音·朝克图"),
    ],
)
def test_names_are_kept_in_one_form(written: str, kept: str) -> None:
    assert clean_account_name(written) == kept


@pytest.mark.parametrize(
    "written", ["", "a", ".wang", "wang fang", "x" * 41, "a<b>", "a\nb", "a/b", "王　芳"]
)
def test_what_cannot_be_typed_is_no_name(written: str) -> None:
    with pytest.raises(AccountNameUnusable):
        clean_account_name(written)


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("short", PasswordTooShort),
        ("九个字的密码太短了", PasswordTooShort),
        ("x" * 129, PasswordTooLong),
        ("aaaaaaaaaaaa", PasswordGuessable),
        ("abababababab", PasswordGuessable),
        ("abcdefghijkl", PasswordGuessable),
        ("9876543210", PasswordGuessable),
        ("Password123", PasswordGuessable),
        ("wangfang12", PasswordGuessable),
        ("WangFangWangFang", PasswordGuessable),
    ],
)
def test_weak_passwords_are_refused(password: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check_password(password, "wangfang")


@pytest.mark.parametrize(
    "password", ["羊群下山过了河再吃草", "correct horse battery", "wangfang likes 3 lambs"]
)
def test_long_ones_pass_whatever_they_are_made_of(password: str) -> None:
    check_password(password, "wangfang")


def test_a_random_password_passes_and_is_never_the_same() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, "wangfang")


def test_a_hash_tells_only_whether_it_fits() -> None:
    kept = hash_password("羊群下山过了河再吃草")
    assert kept.startswith("$argon2id$")
    assert "羊" not in kept
    assert password_fits("羊群下山过了河再吃草", kept)
    assert not password_fits("羊群下山过了河再吃", kept)
    assert not password_fits("羊群下山过了河再吃草", None)
    assert not password_fits("羊群下山过了河再吃草", "not a hash")
    assert hash_password("羊群下山过了河再吃草") != kept
    assert not hashed_otherwise(kept)
    assert hashed_otherwise(kept.replace("t=3", "t=2"))


# ---- opening and granting


def test_a_name_is_given_once(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        opened(unit, "Wang", now)
        with pytest.raises(AccountNameTaken):
            opened(unit, "ｗａｎｇ", now)
        assert unit.accounts.named("WANG").name == "wang"
        with pytest.raises(AccountUnknown):
            unit.accounts.named("nobody")


@pytest.mark.parametrize(
    ("role", "scope", "refusal"),
    [
        ("king", "", AccountRoleUnknown),
        ("area", "", ScopeUnusable),
        ("area", "nowhere", ScopeUnusable),
        ("area", "R", ScopeUnusable),
        ("consortium", "", ScopeUnusable),
        ("consortium", "town", ScopeUnusable),
        ("city", "county", ScopeUnusable),
        ("auditor", "town", ScopeUnusable),
    ],
)
def test_a_role_is_held_of_what_it_can_be_held_of(
    role: str, scope: str, refusal: type[Exception], store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        account = unit.accounts.open("wang", KEPT, must_change=False, by=OPERATOR, now=now)
        with pytest.raises(refusal):
            unit.accounts.give(account, role, scope, until=None, by=OPERATOR, now=now)


def test_an_area_is_what_lies_below_and_nothing_else(store: Store, town: Town, now: datetime) -> None:
    today = local(now).date()
    with store.unit() as unit:
        powers = unit.accounts.powers(opened(unit, "wang", now, ("area", "town")), today)
        reach = powers.reach(Right.ORGANISATIONS)
        covered = {code for code, number in town.organisations.items() if reach.covers(unit, number, today)}
        assert covered == {"town", "village"}
        assert powers.have(Right.BINDINGS)
        assert not powers.have(Right.ACCOUNTS)
        assert not powers.have(Right.AUDIT)


def test_a_consortium_is_its_members_of_today_and_its_lead(store: Store, town: Town, now: datetime) -> None:
    today = local(now).date()
    with store.unit() as unit:
        reach = unit.accounts.powers(opened(unit, "wang", now, ("consortium", "R")), today).reach(
            Right.PEOPLE
        )
        covered = {code for code, number in town.organisations.items() if reach.covers(unit, number, today)}
        assert covered == {"town", "village", "tax", "power", "market"}
        before = {
            code
            for code, number in town.organisations.items()
            if reach.covers(unit, number, today - timedelta(days=500))
        }
        assert before == {"town"}


def test_a_tree_that_bites_its_tail_is_walked_once(store: Store, town: Town, now: datetime) -> None:
    today = local(now).date()
    with store.unit() as unit:
        county = unit.organisations.get(town.organisations["county"])
        county.rename(name=county.name, kind="党委", region="", parent_id=town.organisations["village"])
        reach = unit.accounts.powers(opened(unit, "wang", now, ("area", "town")), today).reach(Right.TODAY)
        assert reach.covers(unit, county.id, today)


def test_rights_of_several_roles_add_up(store: Store, town: Town, now: datetime) -> None:
    today = local(now).date()
    with store.unit() as unit:
        powers = unit.accounts.powers(
            opened(unit, "wang", now, ("area", "far"), ("consortium", "R"), ("auditor", "")), today
        )
        assert powers.reach(Right.TODAY) == Reach(
            organisations=frozenset((town.organisations["far"],)), consortia=frozenset((town.consortium,))
        )
        assert powers.reach(Right.BINDINGS) == Reach(organisations=frozenset((town.organisations["far"],)))
        assert powers.reach(Right.AUDIT).everything


def test_a_grant_is_held_to_its_last_day_and_not_after_it_was_taken(
    store: Store, town: Town, now: datetime
) -> None:
    today = local(now).date()
    with store.unit() as unit:
        account = unit.accounts.open("wang", KEPT, must_change=False, by=OPERATOR, now=now)
        until = today + timedelta(days=3)
        unit.accounts.give(account, "area", "town", until=until, by=OPERATOR, now=now)
        assert unit.accounts.powers(account.id, until).have(Right.TODAY)
        assert not unit.accounts.powers(account.id, until + timedelta(days=1)).have(Right.TODAY)
        grant = unit.accounts.grants(account.id, today)[0]
        edition = account.edition
        unit.accounts.take(grant.id, account, by=OPERATOR, now=now)
        assert not unit.accounts.powers(account.id, today).have(Right.TODAY)
        assert account.edition > edition
        assert [line.held for line in unit.accounts.grants(account.id, today)] == [False]


def test_another_accounts_grant_is_not_taken(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        opened(unit, "chief", now, ("city", ""))
        opened(unit, "wang", now, ("rules", ""))
        wang, chief = unit.accounts.named("wang"), unit.accounts.named("chief")
        number = unit.accounts.grants(wang.id, local(now).date())[0].id
        with pytest.raises(AccountUnknown):
            unit.accounts.take(number, chief, by=OPERATOR, now=now)


def test_nobody_changes_their_own_rights(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        account = unit.accounts.get(opened(unit, "wang", now, ("city", "")))
        own = Actor(account.id, account.name)
        grant = unit.accounts.grants(account.id, local(now).date())[0]
        with pytest.raises(OwnAccount):
            unit.accounts.give(account, "auditor", "", until=None, by=own, now=now)
        with pytest.raises(OwnAccount):
            unit.accounts.take(grant.id, account, by=own, now=now)
        with pytest.raises(OwnAccount):
            unit.accounts.disable(account, by=own, now=now)


def test_somebody_always_manages_accounts(store: Store, now: datetime) -> None:
    def fail(what: str) -> None:
        with store.unit() as unit:
            account = unit.accounts.named("wang")
            if what == "disable":
                unit.accounts.disable(account, by=OPERATOR, now=now)
            else:
                grant = unit.accounts.grants(account.id, local(now).date())[0]
                unit.accounts.take(grant.id, account, by=OPERATOR, now=now)

    with store.unit() as unit:
        opened(unit, "li", now, ("auditor", ""))
        unit.accounts.disable(
            unit.accounts.named("li"), by=OPERATOR, now=now
        )  # nobody managed anything before
        opened(unit, "wang", now, ("city", ""))
    for what in ("disable", "take"):
        with pytest.raises(LastAccount):
            fail(what)
    with store.unit() as unit:
        opened(unit, "chief", now, ("city", ""))
    fail("disable")
    with store.reading() as unit:
        assert unit.accounts.named("wang").disabled_at == now


def test_every_role_is_whole_and_only_the_auditor_audits() -> None:
    for role in account_roles().values():
        assert role.rights
        assert role.label
        assert (Right.AUDIT in role.rights) == (role.name == "auditor")
    assert account_roles()["auditor"].rights == {Right.AUDIT}, "who looks on does nothing else"


def test_nothing_and_everything() -> None:
    assert union([]).nothing
    assert union([Reach(), Reach(everything=True)]).everything

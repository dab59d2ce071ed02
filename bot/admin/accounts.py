"""账号: who may sign in, and as what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from bot.admin.router import Router, Where
from bot.admin.visit import Go, View, Visit
from models.account import Account, DateUnusable
from models.member import Member
from models.password import hash_password, random_password
from models.remit import Right, account_roles
from models.roll import MemberUnknown
from models.store import Unit
from models.vault import mask_name

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

PAGE = 50


class Handed(msgspec.Struct, frozen=True):
    """A password to be handed over, and what is kept of it."""

    password: str
    kept: str


async def _password(visit: Visit, site: Site) -> Handed:
    password = random_password()
    return Handed(password, await site.slowly(lambda: hash_password(password)))


@on.get("/admin/accounts", Right.ACCOUNTS, Where.WHOLE, rail="系统", tab="账号")
def listed(visit: Visit, unit: Unit) -> View:
    """有哪些账号。"""
    lines, total = unit.accounts.listed(visit.today, limit=PAGE, offset=visit.offset(PAGE))
    return View("accounts.html", {"lines": lines, **visit.paged(PAGE, total)})


@on.get("/admin/accounts/new", Right.ACCOUNTS, Where.WHOLE)
def blank(visit: Visit, unit: Unit) -> View:
    """新建账号。"""
    return View("account_new.html", {"roles": account_roles().values(), "typed": _typed(visit)})


@on.post("/admin/accounts/new", Right.ACCOUNTS, Where.WHOLE, prepare=_password, again=blank)
def add(visit: Visit, unit: Unit) -> View:
    """建好，给一个一次性密码。"""
    handed: Handed = visit.prepared
    member, until = _member(visit, unit), _until(visit)
    unit.accounts.scope_of(
        visit.word("role"), visit.word("scope")
    )  # what is refused is refused before anything is written
    account = unit.accounts.open(
        visit.word("name"),
        handed.kept,
        must_change=True,
        by=visit.actor,
        now=visit.now,
        member_id=None if member is None else member.id,
    )
    unit.accounts.give(
        account, visit.word("role"), visit.word("scope"), until=until, by=visit.actor, now=visit.now
    )
    return _hand_over(account, handed)


@on.get("/admin/accounts/{account}", Right.ACCOUNTS, Where.WHOLE)
def one(visit: Visit, unit: Unit) -> View:
    """一个账号。"""
    account = unit.accounts.get(visit.numbers["account"])
    member = None if account.member_id is None else unit.members.get(account.member_id)
    return View(
        "account.html",
        {
            "account": _plain(account),
            "member": "" if member is None else mask_name(member.name(unit.vault)),
            "own": account.id == visit.signed_in.account_id,
            "grants": unit.accounts.grants(account.id, visit.today),
            "live": len(unit.signins.live(account.id, visit.now)),
            "tries": unit.signins.history(account.id, 20),
            "roles": account_roles().values(),
            "typed": _typed(visit),
        },
    )


@on.post("/admin/accounts/{account}/grants", Right.ACCOUNTS, Where.WHOLE, again=one)
def give(visit: Visit, unit: Unit) -> Go:
    """再给一种职责。"""
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.give(
        account, visit.word("role"), visit.word("scope"), until=_until(visit), by=visit.actor, now=visit.now
    )
    return _back(account, "given")


@on.post("/admin/accounts/{account}/grants/{grant}/end", Right.ACCOUNTS, Where.WHOLE, again=one)
def take(visit: Visit, unit: Unit) -> Go:
    """收回一种职责。"""
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.take(visit.numbers["grant"], account, by=visit.actor, now=visit.now)
    return _back(account, "taken")


@on.post("/admin/accounts/{account}/disable", Right.ACCOUNTS, Where.WHOLE, again=one)
def disable(visit: Visit, unit: Unit) -> Go:
    """停用。"""
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.disable(account, by=visit.actor, now=visit.now)
    return _back(account, "disabled")


@on.post("/admin/accounts/{account}/enable", Right.ACCOUNTS, Where.WHOLE, again=one)
def enable(visit: Visit, unit: Unit) -> Go:
    """重新启用。"""
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.enable(account, by=visit.actor, now=visit.now)
    return _back(account, "enabled")


@on.post("/admin/accounts/{account}/unlock", Right.ACCOUNTS, Where.WHOLE, again=one)
def unlock(visit: Visit, unit: Unit) -> Go:
    """密码输错太多次，现在就让他再试。"""
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.forgive(account, by=visit.actor, now=visit.now)
    return _back(account, "unlocked")


@on.post("/admin/accounts/{account}/reset", Right.ACCOUNTS, Where.WHOLE, prepare=_password, again=one)
def reset(visit: Visit, unit: Unit) -> View:
    """忘了密码：给一个一次性的。"""
    handed: Handed = visit.prepared
    account = unit.accounts.get(visit.numbers["account"])
    unit.accounts.reset_password(account, handed.kept, must_change=True, by=visit.actor, now=visit.now)
    return _hand_over(account, handed)


def _hand_over(account: Account, handed: Handed) -> View:
    return View("account_password.html", {"account": _plain(account), "password": handed.password})


def _back(account: Account, done: str) -> Go:
    return Go(f"/admin/accounts/{account.id}", done=done)


def _plain(account: Account) -> dict[str, object]:
    """What a page shows of an account; read here, in its transaction."""
    return {
        "id": account.id,
        "name": account.name,
        "disabled_at": account.disabled_at,
        "must_change": account.must_change,
        "created_at": account.created_at,
        "password_at": account.password_at,
    }


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.word(name) for name in ("name", "role", "scope", "until", "phone")}


def _member(visit: Visit, unit: Unit) -> Member | None:
    """The member whose account it is to be, by the phone. Raises PhoneUnusable, MemberUnknown."""
    phone = visit.word("phone")
    if not phone:
        return None
    member = unit.members.with_phone(phone)
    if member is None:
        raise MemberUnknown()
    return member


def _until(visit: Visit) -> date | None:
    """The last day that was typed, if one was. Raises DateUnusable."""
    written = visit.word("until")
    if not written:
        return None
    try:
        until = date.fromisoformat(written)
    except ValueError:
        raise DateUnusable(written=written[:20]) from None
    if until < visit.today:
        raise DateUnusable(written=written[:20])
    return until

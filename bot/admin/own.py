"""我的账号: one's own password, and where one is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.admin.router import Router, Where
from bot.admin.signing import prove
from bot.admin.visit import Go, View, Visit
from models.password import (
    PasswordsDiffer,
    PasswordWrong,
    TryLater,
    check_password,
    hash_password,
)
from models.signin import Attempt
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

PAGE = 30


class NewPassword(msgspec.Struct, frozen=True):
    """What a change of the password needs, worked out beforehand."""

    attempt: Attempt
    kept: str


@on.get("/admin/password", where=Where.OWN)
def password(visit: Visit, unit: Unit) -> View:
    """改密码。"""
    return View("password.html", {"must": visit.signed_in.must_change})


async def _prepare(visit: Visit, site: Site) -> NewPassword:
    name = visit.signed_in.name
    new, again = visit.form.get("new", "")[:512], visit.form.get("again", "")[:512]
    old = visit.form.get("old", "")[:512]
    check_password(new, name)
    if new != again or new == old:
        raise PasswordsDiffer()
    proof = await prove(visit, site, name, old)
    if proof.minutes:
        raise TryLater(minutes=proof.minutes)
    account = await site.means.writer.do(
        lambda unit: unit.signins.settle(proof.attempt, fits=proof.fits) is not None
    )
    if not account:
        raise PasswordWrong()
    return NewPassword(proof.attempt, await site.slowly(lambda: hash_password(new)))


@on.post("/admin/password", where=Where.OWN, prepare=_prepare, again=password)
def change(visit: Visit, unit: Unit) -> Go:
    """原来的对，新的合格，就换上；别处登录着的都退出。"""
    ready: NewPassword = visit.prepared
    account = unit.accounts.get(visit.signed_in.account_id)
    if account.password_hash != ready.attempt.kept:
        raise PasswordWrong()  # somebody set another one meanwhile
    unit.accounts.change_password(account, ready.kept, by=visit.actor, now=visit.now)
    unit.signins.end_all(account.id, visit.now, but=visit.signed_in.session_id)
    return (
        Go("/admin", done="password")
        if visit.signed_in.must_change
        else Go("/admin/signins", done="password")
    )


@on.get("/admin/signins", where=Where.OWN)
def signins(visit: Visit, unit: Unit) -> View:
    """我的登录记录。"""
    who = visit.signed_in
    rows = unit.signins.history(who.account_id, PAGE + 1, visit.offset(PAGE))
    return View(
        "signins.html",
        {
            "live": unit.signins.live(who.account_id, visit.now),
            "here": who.session_id,
            "rows": rows[:PAGE],
            "page": visit.page(),
            "more": len(rows) > PAGE,
            "grants": unit.accounts.grants(who.account_id, visit.today),
        },
    )


@on.post("/admin/signins/out", where=Where.OWN)
def everywhere(visit: Visit, unit: Unit) -> Go:
    """别处登录着的都退出。"""
    who = visit.signed_in
    unit.signins.end_all(who.account_id, visit.now, but=who.session_id)
    unit.audit.note(
        visit.actor,
        "sign_out_everywhere",
        subject="account",
        subject_id=who.account_id,
        named=who.name,
        now=visit.now,
    )
    return Go("/admin/signins", done="everywhere")

"""登录、退出: the only pages that anybody may open."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from bot.admin.router import Router, Where
from bot.admin.visit import Answer, Go, Problem, View, Visit
from models.audit import Actor
from models.password import hash_password, hashed_otherwise, password_fits
from models.signin import Attempt
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

OUT: Final = "/admin/logout"
_WITHIN: Final = re.compile(r"/admin(?:/[A-Za-z0-9_-]+)*(?:\?[A-Za-z0-9_=&%.+-]*)?")
"""Where somebody may be sent after signing in: nowhere but in here."""


class Entered(msgspec.Struct, frozen=True):
    """Somebody has just signed in."""

    token: str


class Proof(msgspec.Struct, frozen=True):
    """What comparing a password came to."""

    attempt: Attempt
    fits: bool

    @property
    def minutes(self) -> int:
        """How long to wait, where too many wrong ones came before; 0: it was looked at."""
        return -(-self.attempt.pause // timedelta(minutes=1)) if self.attempt.pause else 0


def with_next(path: str, wanted: str) -> str:
    """The address of a page that leads on to another one, if that is one of ours."""
    wanted = safe_next(wanted)
    return f"{path}?{urlencode({'next': wanted})}" if wanted not in ("", "/admin") else path


def safe_next(wanted: str) -> str:
    """``wanted`` if it is an address of the web admin; else empty."""
    return wanted if _WITHIN.fullmatch(wanted) and len(wanted) <= 500 else ""


async def prove(visit: Visit, site: Site, name: str, password: str) -> Proof:
    """Compares a password: the attempt is on file before it is looked at, and slow work is done in a thread."""
    client = visit.client

    def begin(unit: Unit) -> Attempt:
        return unit.signins.begin(name, address=client.address, agent=client.agent, now=visit.now)

    # Under the name, so that on several machines too one attempt sees the one before it.
    attempt = await site.means.writer.do(begin, sender=f"sign in {name[:64]}")
    if attempt.pause:
        return Proof(attempt, fits=False)
    return Proof(attempt, await site.slowly(lambda: password_fits(password, attempt.kept)))


@on.direct("GET", "/admin/login", Where.OPEN)
async def ask(visit: Visit, site: Site) -> Answer:
    """名字和密码。"""
    return _form(visit)


@on.direct("POST", "/admin/login", Where.OPEN)
async def enter(visit: Visit, site: Site) -> Answer:
    """对不对。"""
    name, password = visit.word("name", 200), visit.form.get("password", "")[:512]
    proof = await prove(visit, site, name, password)
    if proof.minutes:
        return _refused(visit, site, "paused", minutes=proof.minutes)
    kept = proof.attempt.kept
    newer = ""
    if proof.fits and kept is not None and hashed_otherwise(kept):
        newer = await site.slowly(lambda: hash_password(password))

    def settle(unit: Unit) -> str:
        account = unit.signins.settle(proof.attempt, fits=proof.fits)
        if account is None:
            return ""
        if newer:
            account.rehash(newer)
        client = visit.client
        unit.audit.note(
            Actor(account.id, account.name, client.address),
            "sign_in",
            subject="account",
            subject_id=account.id,
            named=account.name,
            now=visit.now,
        )
        hours = site.means.config.admin.session_hours
        return unit.signins.enter(
            account, hours=hours, address=client.address, agent=client.agent, now=visit.now
        )

    token = await site.means.writer.do(settle)
    if not token:
        return _refused(visit, site, "wrong")
    visit.prepared = Entered(token)
    return Go(safe_next(visit.word("next", 1000)) or "/admin")


@on.post("/admin/logout", where=Where.OWN)
def leave(visit: Visit, unit: Unit) -> Go:
    """退出。"""
    unit.signins.end(visit.signed_in.session_id, visit.now)
    unit.audit.note(
        visit.actor,
        "sign_out",
        subject="account",
        subject_id=visit.signed_in.account_id,
        named=visit.signed_in.name,
        now=visit.now,
    )
    return Go("/admin/login", done="out")


def _refused(visit: Visit, site: Site, word: str, **facts: object) -> View:
    visit.problem = Problem(site.word("signing", word, **facts))
    view = _form(visit)
    return View(view.template, view.facts, 429 if word == "paused" else 422)


def _form(visit: Visit) -> View:
    return View("login.html", {"typed": visit.word("name", 40), "next": safe_next(visit.word("next", 1000))})

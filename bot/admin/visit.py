"""A visit: one request of somebody to a page of the web admin, and what the page makes of it."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from models.accounts import Powers
from models.audit import Actor
from models.moment import local
from models.remit import Reach, Right
from models.signin import form_mark


class Client(msgspec.Struct, frozen=True):
    """Where a request comes from."""

    address: str
    agent: str
    host: str
    """What the browser calls this site."""
    secure: bool
    """Whether it came by https, as far as is known."""


class Who(msgspec.Struct, frozen=True):
    """Somebody who is signed in."""

    account_id: int
    name: str
    must_change: bool
    """Another password has to be chosen first of all."""
    session_id: int
    stale: bool
    """Rights or password changed since the token was given out."""
    wants_seeing: bool
    """It is time to write down that the session is in use."""
    powers: Powers


class Problem(msgspec.Struct, frozen=True):
    """Why a form was not taken."""

    said: str
    field: str = ""
    """The field that it stands beside; empty: above the form."""


class View(msgspec.Struct, frozen=True):
    """A page to be shown."""

    template: str
    facts: dict[str, Any]
    status: int = 200

    def with_facts(self, **more: Any) -> View:
        """The same with more to show."""
        return View(self.template, self.facts | more, self.status)


class Go(msgspec.Struct, frozen=True):
    """Another page to go to."""

    path: str
    done: str = ""
    """Which sentence stands above it: a key of ``words.toml``'s ``[done]``."""

    @property
    def location(self) -> str:
        """The address."""
        if not self.done:
            return self.path
        return f"{self.path}{'&' if '?' in self.path else '?'}{urlencode({'done': self.done})}"


Answer = View | Go


@dataclass
class Visit:
    """One request. Pages read it, and change nothing but by verbs of the models."""

    client: Client
    now: datetime
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    token: str
    """The session's, or the one that stands for it at the sign-in."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """What the blanks of the path came to."""
    who: Who | None = None
    right: Right | None = None
    problem: Problem | None = None
    prepared: Any = None
    """What was worked out before the transaction, because it takes long."""

    @property
    def signed_in(self) -> Who:
        """Who it is; only pages that ask for a right, or for somebody to be signed in, may ask."""
        if self.who is None:
            raise LookupError("nobody is signed in")
        return self.who

    @property
    def actor(self) -> Actor:
        """The same, as the audit writes it."""
        return Actor(self.signed_in.account_id, self.signed_in.name, self.client.address)

    @property
    def today(self) -> date:
        """The day in Chifeng."""
        return local(self.now).date()

    @property
    def reach(self) -> Reach:
        """Where the right holds that this page asks for."""
        if self.right is None:
            raise LookupError("this page asks for no right")
        return self.signed_in.powers.reach(self.right)

    def may(self, right: Right) -> bool:
        """Whether they have a right somewhere."""
        return self.who is not None and self.who.powers.have(right)

    def word(self, name: str, longest: int = 100) -> str:
        """A field of the form, or else of the address: one line without anything invisible in it."""
        written = self.form.get(name) or self.query.get(name) or ""
        return "".join(sign for sign in written if sign.isprintable()).strip()[:longest]

    def page(self, most: int = 10_000) -> int:
        """Which page of a list is wanted, from 1."""
        written = self.query.get("page", "")
        return (
            min(max(int(written), 1), most)
            if written.isascii() and written.isdecimal() and len(written) < 7
            else 1
        )

    def offset(self, size: int) -> int:
        """How many lines come before that page, with so many on each."""
        return (self.page() - 1) * size

    def paged(self, size: int, total: int) -> dict[str, object]:
        """What the foot of a list says."""
        return {"total": total, "page": self.page(), "more": self.page() * size < total}

    def form_token(self) -> str:
        """What a form carries: never the same twice, so that compression cannot give it away letter by letter."""
        mark = form_mark(self.token).encode()
        pad = secrets.token_bytes(len(mark))
        return urlsafe_b64encode(pad + _mixed(mark, pad)).decode()

    def form_is_ours(self) -> bool:
        """Whether the form that was sent is one that this session was given."""
        mark = form_mark(self.token).encode()
        try:
            raw = urlsafe_b64decode(self.form.get("form", ""))
        except ValueError:
            return False
        half = len(mark)
        return len(raw) == 2 * half and secrets.compare_digest(_mixed(raw[half:], raw[:half]), mark)


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))

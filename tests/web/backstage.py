"""The web admin of a running demonstration: accounts made at will, and somebody who asks for its pages."""

from __future__ import annotations

import http.client
import re
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import delete

from bot.admin.visit import Client, Visit
from models.audit import Actor
from models.member import Member
from models.signin import SignIn
from models.store import Store, Unit
from models.vault import Vault
from tests.web.product import Product

OPERATOR = Actor(None, "测试")
SESSION = "sqs_admin"
FORM = "sqs_admin_form"
PASSWORD = "羊群下山过了河再吃草"


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.text = body.decode(errors="replace")
        self.size = len(body)

    @property
    def location(self) -> str:
        """Where it leads."""
        return self.headers.get("Location", "")

    @property
    def said(self) -> str:
        """What went wrong, as it stands on the page."""
        found = re.search(r'role="alert">([^<]*)', self.text)
        return found[1] if found else ""


class Caller:
    """Somebody with a browser: keeps cookies, follows nowhere, says only what it is told to."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.cookies: dict[str, str] = {}
        self.set: dict[str, Any] = {}
        """The cookies of the last answer with their attributes."""

    @property
    def token(self) -> str:
        """The session's."""
        return self.cookies.get(SESSION, "")

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        try:
            connection.request(method, path, body, sent | (headers or {}))
            response = connection.getresponse()
            self.set = {}
            for line in response.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.set[name] = morsel
                    self.cookies[name] = morsel.value
                    if not morsel.value:
                        del self.cookies[name]
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Answer:
        """A page."""
        path = quote(path, safe="/%?=&:@+")
        return self.ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        form: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """A form of one's own session; ``form``: another mark than the right one."""
        mark = form_of(self.token) if form is None else form
        body = urlencode({"form": mark} | (fields or {})).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        return self.ask("POST", path, body, kind | (headers or {}))

    def sign_in(self, name: str, password: str = PASSWORD, wanted: str = "", **headers: str) -> Answer:
        """By the page."""
        self.get("/admin/login")
        return self.post(
            "/admin/login",
            {"name": name, "password": password, "next": wanted},
            form=form_of(self.cookies[FORM]),
            headers=headers,
        )


def form_of(token: str) -> str:
    """What the forms of a session carry."""
    nobody = Client(address="", agent="", host="", secure=False)
    return Visit(nobody, datetime.now(UTC), "/", {}, {}, token).form_token()


class Backstage:
    """The product, and the database behind it."""

    def __init__(self, product: Product) -> None:
        self.product = product
        key = (product.folder / "demo.key").read_text(encoding="utf-8").strip()
        self.store = Store(f"sqlite:///{product.database}", Vault(key))

    @property
    def now(self) -> datetime:
        """The product's clock."""
        return self.product.demo.clock()

    def caller(self) -> Caller:
        """Somebody new."""
        return Caller(self.product.url)

    def account(
        self, name: str, *grants: tuple[str, str], kept: str = "none", must_change: bool = False
    ) -> int:
        """An account with these roles; gives its id."""
        with self.store.unit() as unit:
            account = unit.accounts.open(name, kept, must_change=must_change, by=OPERATOR, now=self.now)
            for role, scope in grants:
                unit.accounts.give(account, role, scope, until=None, by=OPERATOR, now=self.now)
            return account.id

    def as_account(self, account_id: int) -> Caller:
        """Somebody who is signed in, without any password."""
        caller = self.caller()
        with self.store.unit() as unit:
            account = unit.accounts.get(account_id)
            caller.cookies[SESSION] = unit.signins.enter(
                account, hours=8, address="127.0.0.1", agent="Test", now=self.now
            )
        return caller

    def calm(self) -> None:
        """Forgets every wrong password."""
        with self.store.unit() as unit:
            unit.session.execute(delete(SignIn))

    def organisation(self, code: str) -> int:
        """The id of an organisation."""
        with self.store.reading() as unit:
            found = unit.organisations.by_code(code)
            assert found is not None, code
            return found.id

    def member_of(self, organisation_id: int) -> tuple[int, str, str]:
        """Somebody of that roster: id, name, phone."""

        def first(unit: Unit) -> Member:
            number = unit.roll.members(organisation_id, limit=1, offset=0)[0][0].member_id
            found = unit.members.get(number)
            assert found is not None
            return found

        with self.store.reading() as unit:
            member = first(unit)
            return member.id, member.name(unit.vault), member.phone(unit.vault)

"""The web admin of two processes on one PostgreSQL database: who signed in at one is signed in at the other."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from bot.app import Product
from bot.config import Admin, Config, Database, Language, Notices, Privacy, WeChat
from bot.kit.clock import real_clock
from models.organisation import Organisation
from models.password import hash_password
from models.remit import account_rules
from models.store import Store
from models.vault import Vault
from tests.conftest import KEY
from tests.contracts.serving import served
from tests.web.backstage import OPERATOR, PASSWORD, SESSION, Caller

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def config(postgresql_url: str) -> Config:
    """Settings without any credentials of WeChat."""
    return Config(
        database=Database(url=postgresql_url),
        privacy=Privacy(data_key=KEY),
        wechat=WeChat(app_id="wx1", token="t"),
        notices=Notices(enabled=False),
        language=Language(encoder="off"),
        admin=Admin(cookie_secure=False),
    )


@contextlib.contextmanager
def process(config: Config) -> Iterator[str]:
    """One process, as far as the database sees it; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    product = Product(config, Store(config.database.url, Vault(KEY)))
    serving = served(product.application())
    port = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(60)
    yield f"http://127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_two_processes_know_of_each_other(config: Config, postgresql_store: Store) -> None:
    with postgresql_store.unit() as unit:
        now = real_clock()
        account = unit.accounts.open("wang", hash_password(PASSWORD), must_change=False, by=OPERATOR, now=now)
        for role in ("city", "auditor"):
            unit.accounts.give(account, role, "", until=None, by=OPERATOR, now=now)
        branch = unit.organisations.add(
            Organisation.found(
                code="E", name="东沟村党支部", kind="党支部", region="林西县", parent_id=None, now=now
            )
        ).id
    with process(config) as one, process(config) as other:
        here, there = Caller(one), Caller(other)
        assert here.sign_in("wang").status == 303
        there.cookies[SESSION] = here.token
        for path in (
            "today",
            "organisations?q=东沟",
            "organisations?q=%00%ff",
            "audit?actor=%00&since=%00",
            f"organisations/{branch}",
            "system",
            "accounts",
            "audit",
            "signins",
        ):
            assert there.get(f"/admin/{path}").status == 200, path
        poster = there.get(f"/admin/organisations/{branch}/poster")
        assert poster.status == 200
        assert "app_secret" in poster.said
        assert here.post("/admin/logout").status == 303
        assert there.get("/admin/today").status == 303
        rules = account_rules()["tries"]
        for number in range(rules["per_name"]):
            assert Caller((one, other)[number % 2]).sign_in("wang", "wrong wrong").status == 422
        assert Caller(one).sign_in("wang").status == 429
        assert Caller(other).sign_in("wang").status == 429
    with postgresql_store.reading() as unit:
        assert unit.audit.verify().broken is None

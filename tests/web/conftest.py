"""Where the page's tests look: a browser, and the address of a desk (swap ``sim_url`` to test another one)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.password import hash_password
from tests.web.backstage import PASSWORD, Backstage, Caller
from tests.web.product import Product
from tests.web.stage import Stage

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A tiny account with the simulator beside it."""
    with Stage() as stage:
        yield stage


@pytest.fixture
def sim_url(stage: Stage) -> str:
    """The address of the desk under test, without a path."""
    return stage.url


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the system's Chromium is, or a skip that says so."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    return str(CHROMIUM)


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[object]:
    """A browser; gone with its module, because while it lives no other test in this thread can run a loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def backstage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backstage]:
    """A demonstration and its web admin, once for a file."""
    with Product(tmp_path_factory.mktemp("demo")) as product:
        found = Backstage(product)
        yield found
        found.store.close()


@pytest.fixture(scope="module")
def wang(backstage: Backstage) -> int:
    """The account of somebody who may do everything, with a password."""
    return backstage.account("wang", ("city", ""), ("auditor", ""), kept=hash_password(PASSWORD))


@pytest.fixture
def boss(backstage: Backstage, wang: int) -> Caller:
    """The same, signed in."""
    return backstage.as_account(wang)

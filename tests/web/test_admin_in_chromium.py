"""The web admin in a real browser, on an office screen and on a phone: signing in, finding, seeing, letting in, printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.commands.demo import ACCOUNT, demo_config, demo_password
from tests.web.backstage import PASSWORD, Backstage
from tests.web.product import phone_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE = (1366, 768)
NARROW = (360, 740)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
Open = Callable[..., "Page"]
BRANCH = "林西县官地镇朝阳沟村党支部"


@pytest.fixture
def opened(chromium: Any, backstage: Backstage) -> Iterator[Open]:
    """Opens the sign-in at a size; fails the test if a page complains or asks another host."""
    contexts: list[Any] = []
    troubles: list[str] = []
    url = backstage.product.url

    def open_at(size: tuple[int, int], **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if _matters(said) else None)
        page.on("request", lambda asked: None if asked.url.startswith(url) else troubles.append(asked.url))
        page.goto(url + "/admin")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert not troubles


def _matters(said: Any) -> bool:
    """A form that was not taken is no trouble."""
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text


def sign_in(page: Page, name: str, password: str) -> None:
    """Types name and password."""
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.fixture
def boss_page(opened: Open, backstage: Backstage) -> Open:
    """Opens pages as the demonstration's account."""
    password = demo_password(demo_config(0, backstage.product.folder))

    def open_at(size: tuple[int, int], **options: Any) -> Page:
        page = opened(size, **options)
        sign_in(page, ACCOUNT, password)
        page.get_by_role("heading", name="今日").wait_for()
        return page

    return open_at


@SIZES
def test_a_wrong_password_is_told_and_the_right_one_leads_in(
    size: tuple[int, int], opened: Open, backstage: Backstage
) -> None:
    backstage.calm()
    page = opened(size)
    sign_in(page, ACCOUNT, "wrong wrong wrong")
    assert "账号或密码不对" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("账号").input_value() == ACCOUNT
    assert page.get_by_label("密码").input_value() == ""
    sign_in(page, ACCOUNT, demo_password(demo_config(0, backstage.product.folder)))
    page.get_by_role("heading", name="今日").wait_for()


def test_it_all_goes_by_keyboard(opened: Open, backstage: Backstage) -> None:
    page = opened(WIDE)
    page.get_by_label("账号").focus()
    page.keyboard.type(ACCOUNT)
    page.keyboard.press("Tab")
    page.keyboard.type(demo_password(demo_config(0, backstage.product.folder)))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="今日").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


@SIZES
@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without"])
def test_somebody_is_found_and_seen_with_a_reason_that_the_audit_shows(
    size: tuple[int, int], script: bool, boss_page: Open, backstage: Backstage
) -> None:
    _, name, phone = backstage.member_of(backstage.organisation("LX051"))
    page = boss_page(size, java_script_enabled=script)
    page.get_by_role("link", name="党组织", exact=True).click()
    page.get_by_label("名称里的字").fill("朝阳沟")
    page.get_by_role("button", name="找").click()
    page.get_by_role("link", name=BRANCH, exact=True).click()
    assert name not in page.content()
    row = page.locator("#members tbody tr").first
    row.locator("summary").click()
    row.get_by_label("为什么看").fill("回访一件事")
    row.get_by_role("button", name="看姓名电话").click()
    page.get_by_role("heading", name=name).wait_for()
    assert phone in page.content()
    page.goto(backstage.product.url + "/admin/audit")
    first = page.locator("tbody tr").first
    assert "查看党员" in first.inner_text()
    assert "回访一件事" in first.inner_text()
    assert name not in page.content()


@SIZES
def test_a_new_account_is_handed_over_and_changes_its_password_first(
    size: tuple[int, int], boss_page: Open, opened: Open
) -> None:
    name = f"赵建军-{size[0]}"
    page = boss_page(size)
    page.get_by_role("link", name="系统", exact=True).click()
    page.get_by_role("link", name="账号", exact=True).click()
    page.get_by_role("link", name="新建账号").click()
    page.get_by_label("账号名").fill(name)
    page.get_by_label("职责").select_option("area")
    page.get_by_label("范围的编号").fill("NOWHERE")
    page.get_by_role("button", name="新建").click()
    assert "范围没填对" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("账号名").input_value() == name
    page.get_by_label("范围的编号").fill("LX050")
    page.get_by_role("button", name="新建").click()
    once = page.get_by_label("一次性密码").inner_text()
    other = opened(size)
    sign_in(other, name, once)
    other.get_by_role("heading", name="改密码").wait_for()
    other.get_by_label("原来的密码").fill(once)
    other.get_by_label("新密码", exact=False).first.fill(PASSWORD)
    other.get_by_label("新密码再输一遍").fill(PASSWORD)
    other.get_by_role("button", name="改好").click()
    other.get_by_role("heading", name="今日").wait_for()
    rail = other.get_by_role("navigation", name="主菜单").inner_text().split()
    assert rail == ["今日", "党组织"]
    page.goto(page.url.rpartition("/")[0])
    page.get_by_role("link", name=name).click()
    page.locator("summary", has_text="停用").click()
    page.get_by_role("button", name="停用").click()
    assert "账号已停用" in page.get_by_role("status").inner_text()
    other.reload()
    other.get_by_role("heading", name="登录").wait_for()


def test_a_newcomer_is_let_in_and_hears_of_it(boss_page: Open, backstage: Backstage) -> None:
    product = backstage.product
    newcomer = phone_of(product, "newcomer")

    async def ask() -> None:
        await product.demo.platform.follow(newcomer.openid, "org:LX051")
        await product.demo.platform.say(newcomer.openid, f"我叫{newcomer.name}，{newcomer.phone}")

    product.run(ask())
    page = boss_page(WIDE)
    page.goto(f"{product.url}/admin/organisations/{backstage.organisation('LX051')}")
    row = page.locator("#requests tbody tr", has_text=newcomer.phone[-4:])
    row.locator("summary", has_text=re.compile("^同意$")).click()
    row.get_by_role("button", name="同意", exact=True).click()
    assert "已同意登记" in page.get_by_role("status").inner_text()

    async def heard() -> list[str]:
        await product.demo.platform.pass_time(timedelta(seconds=5))
        return [str(line) for line in product.demo.platform.phones[newcomer.openid].lines]

    assert any("登记好了" in line for line in product.run(heard()))


def test_a_poster_is_one_page_of_a4(boss_page: Open, backstage: Backstage) -> None:
    page = boss_page(WIDE)
    page.goto(f"{backstage.product.url}/admin/organisations/{backstage.organisation('LX051')}/poster")
    assert page.locator(".poster svg path").count() == 1
    page.emulate_media(media="print")
    for hidden in (".top", ".rail", ".note"):
        assert not page.locator(hidden).is_visible()
    box = page.locator(".poster svg").bounding_box()
    assert box is not None
    assert box["width"] > 300
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.goto(f"{backstage.product.url}/admin/organisations/posters?q=LX05")
    assert page.locator(".poster").count() == 5
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 5


@SIZES
def test_every_page_fits_and_every_field_has_a_name(
    size: tuple[int, int], boss_page: Open, backstage: Backstage
) -> None:
    page = boss_page(size)
    organisation = backstage.organisation("LX051")
    for path in (
        "today",
        "organisations",
        f"organisations/{organisation}",
        f"organisations/{organisation}/poster",
        "organisations/posters?q=LX05",
        "system",
        "accounts",
        "accounts/new",
        "accounts/1",
        "audit",
        "signins",
        "password",
        "nothing",
    ):
        page.goto(f"{backstage.product.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        nameless = page.evaluate(
            """[...document.querySelectorAll('input:not([type=hidden]):not(.hidden), select')]
               .filter(e => !e.labels.length).map(e => e.name)"""
        )
        assert nameless == [], path
        small = page.evaluate(
            """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
               .filter(e => e.offsetParent && !e.closest('td, p, .skip, .empty'))
               .map(e => [e.textContent.trim() || e.name, e.getBoundingClientRect().height])
               .filter(([name, height]) => height < 44)"""
        )
        assert small == [], path
        assert page.locator("h1").count() == 1, path

"""The real product in a real browser: a need is typed, a choice made, a newcomer let in, and time passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.product import Product, phone_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE = (1600, 950)
NARROW = (390, 844)
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demonstration, once for this file."""
    with Product(tmp_path_factory.mktemp("demo")) as product:
        yield product


@pytest.fixture
def opened(chromium: Any, product: Product) -> Iterator[Open]:
    """Opens the simulator at a size; fails the test if the page complains."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def open_at(size: tuple[int, int], **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(product.url + "/sim")
        page.wait_for_selector(".phone .menu button", state="attached")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert not troubles


def phone(page: Page, name: str) -> Any:
    """Somebody's phone; taken to the front first where it is not shown."""
    one = page.get_by_role("region", name=f"{name}的手机")
    if not one.is_visible():
        page.locator("button[aria-pressed]", has_text=name).click()
        one.wait_for()
    return one


def write(page: Page, name: str, words: str) -> None:
    """Types words on a phone."""
    one = phone(page, name)
    field = one.get_by_role("textbox", name=f"{name}要说的话")
    if not field.is_visible():
        one.get_by_role("button", name="换成打字").click()
    field.fill(words)
    field.press("Enter")


def heard(page: Page, name: str, words: str) -> str:
    """What the account says on a phone with these words in it, once it is there."""
    bubble = phone(page, name).locator(".row:not(.own) .bubble, .card", has_text=words).last
    bubble.wait_for()
    return str(bubble.inner_text())


def test_a_need_is_answered_with_a_list_and_choosing_one_reaches_the_supplier_s_phone(
    opened: Open, product: Product
) -> None:
    herdsman, liaison, supplier = (phone_of(product, key).name for key in ("herdsman", "liaison", "supplier"))
    page = opened(WIDE)
    write(page, herdsman, "俺家羊羔老是拉稀 没大夫会看")
    reply = heard(page, herdsman, "编号")
    assert "家能帮" in reply
    assert "1 兽医" in reply
    card = heard(page, liaison, "羊羔老是拉稀")
    assert herdsman in card
    write(page, herdsman, "1")
    heard(page, herdsman, "24 小时内联系您")
    assert herdsman in heard(page, supplier, "兽医")


def test_a_newcomer_scans_a_code_and_is_let_in_by_the_liaison(opened: Open, product: Product) -> None:
    newcomer, liaison = phone_of(product, "newcomer"), phone_of(product, "liaison")
    page = opened(WIDE)
    one = phone(page, newcomer.name)
    one.get_by_role("button", name="扫支部的二维码关注").click()
    one.get_by_role("dialog").get_by_role("button", name="朝阳沟村").first.click()
    heard(page, newcomer.name, "您扫的是")
    write(page, newcomer.name, f"我叫{newcomer.name}，{newcomer.phone}")
    heard(page, newcomer.name, "一般一个工作日")
    heard(page, liaison.name, newcomer.name)
    number = product.rows("SELECT MAX(id) FROM binding_requests")[0][0]
    write(page, liaison.name, f"同意 {number}")
    heard(page, liaison.name, f"已同意 {number} 号")
    heard(page, newcomer.name, "登记好了")
    write(page, newcomer.name, "我的")
    heard(page, newcomer.name, "您还没有报过事")


def test_the_clock_moves_and_what_was_forgotten_goes_its_way(opened: Open, product: Product) -> None:
    secretary = phone_of(product, "secretary").name
    page = opened(WIDE)
    write(page, secretary, "报需求")
    heard(page, secretary, "请说说是什么事")
    day = page.locator("#time span").inner_text()
    page.get_by_role("button", name="时钟往后拨一天").click()
    page.wait_for_function("day => document.querySelector('#time span').textContent !== day", arg=day)
    write(page, secretary, "嗯嗯")
    heard(page, secretary, "隔得久了")


def test_it_all_works_on_the_width_of_a_phone(opened: Open, product: Product) -> None:
    herdsman = phone_of(product, "herdsman").name
    page = opened(NARROW, has_touch=True)
    assert page.locator(".phone:visible").count() == 1
    write(page, herdsman, "供需清单")
    heard(page, herdsman, "供需清单")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]
    write(page, herdsman, "帮助")
    heard(page, herdsman, "有事直接说")

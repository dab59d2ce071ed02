"""The desk in a real browser: several phones on a wide screen, one at a time on a narrow one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

WIDE = (1440, 900)
NARROW = (390, 844)
Open = Callable[..., "Page"]


@pytest.fixture
def opened(chromium: Any, sim_url: str) -> Iterator[Open]:
    """Opens the desk at a size; fails the test if the page complains or asks another host."""
    contexts, troubles = [], []

    def open_at(size: tuple[int, int], **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page: Page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        page.on(
            "request", lambda asked: None if asked.url.startswith(sim_url) else troubles.append(asked.url)
        )
        page.goto(sim_url + "/sim")
        page.wait_for_selector(".phone .menu button", state="attached")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert not troubles


def phone(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=f"{name}的手机")


def write(page: Page, name: str, words: str) -> None:
    one = phone(page, name)
    field = one.get_by_role("textbox", name=f"{name}要说的话")
    if not field.is_visible():
        one.get_by_role("button", name="换成打字").click()
    field.fill(words)
    field.press("Enter")


def test_words_typed_on_a_phone_are_answered_on_it_and_on_no_other(opened: Open) -> None:
    page = opened(WIDE)
    write(page, "巴图", "路灯坏了")
    one = phone(page, "巴图")
    one.locator(".row.own", has_text="路灯坏了").wait_for()
    one.locator(".row:not(.own)", has_text="收到：路灯坏了").wait_for()
    assert phone(page, "白书记").locator(".bubble").count() == 0


def test_the_menu_opens_upwards_and_speaks(opened: Open) -> None:
    page = opened(WIDE)
    one = phone(page, "白书记")
    key = one.get_by_role("button", name="找帮助")
    key.click()
    entry = one.get_by_role("button", name="报需求")
    box, under = entry.bounding_box(), key.bounding_box()
    assert box["y"] + box["height"] <= under["y"]
    entry.click()
    one.locator(".bubble", has_text="事件：CLICK").wait_for()
    assert not entry.is_visible()


def test_a_sentence_to_try_and_a_link_in_a_reply_can_be_tapped(opened: Open) -> None:
    page = opened(WIDE)
    one = phone(page, "巴图")
    one.get_by_role("button", name="村口路灯坏了").click()
    one.locator(".bubble", has_text="收到：村口路灯坏了").wait_for()
    write(page, "巴图", "帮助")
    one.locator(".bubble").get_by_role("button", name="报需求").click()
    one.locator(".row.own", has_text="报需求").wait_for()
    link = one.get_by_role("link", name="https://example.org/a")
    assert link.get_attribute("rel") == "noopener noreferrer"


def test_the_panel_sends_a_photo_and_scans_a_code(opened: Open) -> None:
    page = opened(WIDE)
    one = phone(page, "沈洁")
    one.get_by_role("button", name="换成打字").click()
    one.get_by_role("button", name="更多").click()
    one.get_by_role("button", name="拍照").click()
    one.locator(".picture img").wait_for()
    one.locator(".bubble", has_text="收到一条image").wait_for()
    one.get_by_role("button", name="更多").click()
    one.get_by_role("button", name="扫码").click()
    one.get_by_role("dialog").get_by_role("button", name="东沟村党支部").click()
    one.locator(".bubble", has_text="SCAN org:V01").wait_for()


def test_a_stranger_follows_first_and_can_leave_again(opened: Open) -> None:
    page = opened(WIDE)
    one = phone(page, "小高")
    one.get_by_role("button", name="扫支部的二维码关注").click()
    one.get_by_role("dialog").get_by_role("button", name="毛山东村党支部").click()
    one.locator(".bubble", has_text="qrscene_org:V02").wait_for()
    one.get_by_role("button", name="换成打字").click()
    one.get_by_role("button", name="更多").click()
    one.get_by_role("button", name="取消关注").click()
    one.get_by_role("dialog").get_by_role("button", name="取消关注").click()
    one.get_by_role("button", name="关注公众号").wait_for()


def test_the_clock_moves_and_stamps_follow(opened: Open) -> None:
    page = opened(WIDE)
    write(page, "巴图", "早上好")
    phone(page, "巴图").locator(".bubble", has_text="收到：早上好").wait_for()
    day = page.locator("#time span").inner_text()
    page.get_by_role("button", name="时钟往后拨一天").click()
    page.wait_for_function("day => document.querySelector('#time span').textContent !== day", arg=day)
    write(page, "巴图", "又一天")
    phone(page, "巴图").locator(".bubble", has_text="收到：又一天").wait_for()
    assert phone(page, "巴图").locator(".when").count() == 2


def test_the_drawer_shows_what_went_over_the_wire(opened: Open) -> None:
    page = opened(WIDE)
    write(page, "巴图", "路灯坏了")
    page.get_by_role("button", name="线上", exact=True).click()
    drawer = page.get_by_role("complementary", name="线上往来")
    drawer.get_by_text("文字「路灯坏了」").click()
    drawer.get_by_role("heading", name="加密前").wait_for()
    assert "<![CDATA[路灯坏了]]>" in drawer.locator("pre").nth(1).inner_text()
    assert "<Encrypt>" in drawer.locator("pre").nth(2).inner_text()
    page.keyboard.press("Escape")
    assert not drawer.is_visible()


def test_on_a_narrow_screen_one_phone_shows_and_the_switcher_counts_what_waits(opened: Open) -> None:
    page = opened(NARROW, has_touch=True)
    assert page.locator(".phone:visible").count() == 1
    page.evaluate(
        "fetch('/sim/say', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({openid: 'oSecretary', text: '在吗'})})"
    )
    chip = page.get_by_role("button", name="白书记")
    chip.locator("i").wait_for()
    assert chip.locator("i").inner_text() == "1"
    chip.tap()
    assert phone(page, "白书记").is_visible()
    assert not phone(page, "巴图").is_visible()
    assert chip.locator("i").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_what_can_be_pressed_is_large_enough_for_a_thumb_and_has_a_name(
    opened: Open, size: tuple[int, int]
) -> None:
    page = opened(size)
    small = page.evaluate(
        """[...document.querySelectorAll('button, input')].filter(e => e.offsetParent).map(e => {
             const box = e.getBoundingClientRect();
             const name = e.getAttribute('aria-label') || e.textContent.trim();
             return [name, box.width, box.height];
           }).filter(([name, w, h]) => !name || w < 44 || h < 44)"""
    )
    assert small == []


def test_a_reply_is_set_in_seventeen_pixels_and_keeps_its_lines(opened: Open) -> None:
    page = opened(NARROW)
    write(page, "巴图", "帮助")
    bubble = phone(page, "巴图").locator(".row:not(.own) .bubble").first
    bubble.wait_for()
    style = bubble.evaluate("e => { const s = getComputedStyle(e); return [s.fontSize, s.whiteSpace]; }")
    assert style == ["17px", "pre-wrap"]


def test_words_that_look_like_html_stay_words(opened: Open) -> None:
    page = opened(WIDE)
    write(page, "巴图", "<img src=x onerror=alert(1)><b>粗</b>")
    one = phone(page, "巴图")
    one.locator(".row:not(.own) .bubble", has_text="<b>粗</b>").wait_for()
    assert one.locator(".bubble img, .bubble b").count() == 0


def test_after_a_reload_the_chat_is_still_there(opened: Open) -> None:
    page = opened(WIDE)
    write(page, "巴图", "记着")
    phone(page, "巴图").locator(".bubble", has_text="收到：记着").wait_for()
    page.reload()
    phone(page, "巴图").locator(".bubble", has_text="收到：记着").wait_for()

"""Our requests beside those that other people's libraries make for the same calls, both recorded live on loopback.

WeRoBot's client shares nothing with ours. wechatpy's own synchronous client shares the definitions of some calls (ours
is built on them), but neither its transport nor the bodies that we write ourselves; it is asked where WeRoBot has no
such call. Neither of the two names a content type, so that is held to the platform's documentation: JSON in UTF-8.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import requests
import werobot.client
from fakeapi import OK, Call, FakeApi
from wechatpy import WeChatClient

from bot.kit.menu import MENU
from bot.wechat.client import Client

OFFICIAL = "https://api.weixin.qq.com"
TEXT = "您的需求“五百斤土豆”已受理 😀\n回“查 12”看进展 <&>"
DATA = {"thing1": "五百斤土豆卖不出去", "time2": "2026-11-24 14:00"}
VALUES = {name: {"value": value} for name, value in DATA.items()}
URL = "https://sqs.example.cn/查/12?a=1&b=2"
SUBSCRIBE = "message/subscribe/bizsend"

Ours = Callable[[Client], Awaitable[Any]]
Theirs = Callable[[Any], Any]


def ours(what: Ours) -> Call:
    """The request that our client makes."""
    fake = answering()

    async def go() -> None:
        async with fake.client() as client:
            await what(client)

    asyncio.run(go())
    (call,) = fake.calls
    return call


def answering() -> FakeApi:
    """A platform whose answers suit every call."""
    fake = FakeApi()
    fake.always = {
        **OK,
        "msgid": 7,
        "ticket": "gQ==",
        "url": "http://weixin.qq.com/q/1",
        "expire_seconds": 60,
    }
    return fake


def recorded(record: Callable[[str], Any]) -> Call:
    """The request that a synchronous client makes of the site whose address ``record`` is given."""
    fake = answering()

    async def go() -> None:
        async with fake.site() as url:
            await asyncio.to_thread(record, url)

    asyncio.run(go())
    (call,) = fake.calls
    return call


def by_werobot(what: Theirs, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The request that WeRoBot makes; its address of the platform, written into it, is led to loopback."""
    request = requests.request

    def record(url: str) -> None:
        def led(method: str, url: str, base: str = url, **rest: Any) -> requests.Response:
            assert url.startswith(OFFICIAL), url
            return request(method, url.replace(OFFICIAL, base, 1), timeout=5, **rest)

        monkeypatch.setattr(werobot.client.requests, "request", led)
        client = werobot.client.Client({"APP_ID": "wx1", "APP_SECRET": "s"})
        client._token, client.token_expires_at = "T1", time.time() + 7200
        what(client)

    return recorded(record)


def by_wechatpy(what: Theirs) -> Call:
    """The request that wechatpy's own client makes."""

    def record(url: str) -> None:
        class Led(WeChatClient):  # type: ignore[misc]
            API_BASE_URL = f"{url}/cgi-bin/"

        client = Led("wx1", "s", access_token="T1")
        with client._http:
            what(client)

    return recorded(record)


def same(one: Call, other: Call) -> None:
    """Both ask for the same: method, address, query, and a body that says the same in UTF-8."""
    assert (one.method, one.path, one.query) == (other.method, other.path, other.query)
    assert one.body == other.body
    for call in (one, other):
        call.raw.decode("utf-8")
        assert b"\\u" not in call.raw, "the platform shows such escapes to people as they stand"


CALLS: dict[str, tuple[Ours, Theirs]] = {
    "custom": (
        lambda client: client.send_text("oABC", TEXT),
        lambda client: client.send_text_message("oABC", TEXT),
    ),
    "template": (
        lambda client: client.send_template("oABC", "TPL", DATA, url=URL),
        lambda client: client.send_template_message("oABC", "TPL", VALUES, url=URL),
    ),
    "menu": (
        lambda client: client.create_menu(MENU),
        lambda client: client.create_menu(MENU),
    ),
    "code for a while": (
        lambda client: client.create_qr("org:12", seconds=604_800),
        lambda client: client.create_qrcode(
            {
                "expire_seconds": 604_800,
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": "org:12"}},
            }
        ),
    ),
    "code for ever": (
        lambda client: client.create_qr("org:12"),
        lambda client: client.create_qrcode(
            {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "org:12"}}}
        ),
    ),
    "follower": (
        lambda client: client.user_info("oABC"),
        lambda client: client.get_user_info("oABC"),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_the_one_that_werobot_makes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    we, they = CALLS[name]
    mine, theirs = ours(we), by_werobot(they, monkeypatch)
    if mine.method == "GET":
        assert (mine.path, mine.query) == (theirs.path, theirs.query)
        assert (mine.raw, theirs.raw) == (b"", b"")
    else:
        same(mine, theirs)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "follower"])
def test_the_content_type_is_the_documented_one(name: str) -> None:
    call = ours(CALLS[name][0])
    assert (call.content_type, call.charset) == ("application/json", "utf-8")


def test_a_template_message_says_beside_it_only_under_which_number_a_repeat_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """WeRoBot has no client_msg_id, and always sends an url, empty where there is none."""
    mine = ours(lambda client: client.send_template("oABC", "TPL", DATA, client_msg_id="sqs7"))
    theirs = by_werobot(lambda client: client.send_template_message("oABC", "TPL", VALUES), monkeypatch)
    assert {**theirs.body, "client_msg_id": "sqs7"} == {**mine.body, "url": ""}
    plain = ours(lambda client: client.send_template("oABC", "TPL", DATA, url=URL))
    same(
        plain,
        by_wechatpy(lambda client: client.message.send_template("oABC", "TPL", VALUES, url=URL)),
    )


def test_a_subscription_notice() -> None:
    """WeRoBot has no such call: wechatpy's own client is asked, and the documented body stands beside it."""
    theirs = by_wechatpy(lambda client: client.message.send_subscribe_message("oABC", "TPL", VALUES))
    documented = {"touser": "oABC", "template_id": "TPL", "data": VALUES}
    assert (theirs.path, theirs.body) == (f"/cgi-bin/{SUBSCRIBE}", documented)
    mine = ours(lambda client: client.send_subscription("oABC", "TPL", DATA))
    same(mine, theirs)
    assert (mine.content_type, mine.charset) == ("application/json", "utf-8")


def test_a_token_is_asked_for_as_documented() -> None:
    """No other library at hand knows stable_token: the documentation's example is the measure."""
    fake = FakeApi()

    async def go() -> None:
        async with fake.client() as client:
            await client.tokens.current()

    asyncio.run(go())
    (call,) = fake.token_calls
    assert (call.method, call.path, call.query) == ("POST", "/cgi-bin/stable_token", {})
    documented = '{"grant_type":"client_credential","appid":"wx1","secret":"s","force_refresh":false}'
    assert call.body == json.loads(documented)

"""The client against a scripted platform: what it sends, how it takes refusals, breaks and silence."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest
from aiohttp import web
from fakeapi import OK, FakeApi, Say, hang, refused, reset, run

from bot.config import WeChat
from bot.wechat.client import Client, shorten
from bot.wechat.errors import (
    ApiError,
    ConfigurationError,
    PayloadError,
    QuotaError,
    RecipientError,
    TokenError,
    TransientError,
    classify,
    explain,
)
from bot.wechat.tokens import Tokens


def failing(fake: FakeApi, what: Any = None, **settings: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        run(fake, what or (lambda client: client.send_text("o1", "您好")), **settings)
    return caught.value


def test_a_text_goes_out_as_the_platform_reads_it() -> None:
    fake = FakeApi()
    run(fake, lambda client: client.send_text("o1", "您好，「手牵手」😀\ud800"))
    (call,) = fake.calls
    assert (call.method, call.path, call.query) == (
        "POST",
        "/cgi-bin/message/custom/send",
        {"access_token": "T1"},
    )
    assert call.body == {"touser": "o1", "msgtype": "text", "text": {"content": "您好，「手牵手」😀"}}
    assert b"\\u" not in call.raw
    assert call.content_type == "application/json"


def test_a_long_text_is_cut_to_the_limit() -> None:
    fake = FakeApi()
    run(fake, lambda client: client.send_text("o1", "需求\n" * 1000))
    assert len(fake.calls[0].body["text"]["content"].encode()) <= 2048


def test_a_template_message() -> None:
    fake = FakeApi()
    fake.script = [{**OK, "msgid": 200228332}]
    data = {
        "thing1": "活动室缺两台轮椅\n请支持" + "长" * 20,
        "time2": "2026-11-24 14:00",
        "phrase3": "待认领的事",
    }
    number = run(
        fake,
        lambda client: client.send_template("o1", "TPL", data, client_msg_id="letter-7", url="https://e.cn"),
    )
    assert number == "200228332"
    assert fake.calls[0].path == "/cgi-bin/message/template/send"
    assert fake.calls[0].body == {
        "touser": "o1",
        "template_id": "TPL",
        "client_msg_id": "letter-7",
        "url": "https://e.cn",
        "data": {
            "thing1": {"value": "活动室缺两台轮椅 请支持" + "长" * 7 + "…"},
            "time2": {"value": "2026-11-24 14:00"},
            "phrase3": {"value": "待认领的事"},
        },
    }


def test_fields_are_cut_by_their_type() -> None:
    assert shorten("thing1", "长" * 21) == "长" * 19 + "…"
    assert shorten("keyword1", "长" * 20) == "长" * 20
    assert shorten("character_string2", "A" * 32) == "A" * 32
    assert shorten("phrase4", "六个字的短语") == "六个字的…"


def test_menu_code_and_follower() -> None:
    fake = FakeApi()
    menu = {"button": [{"type": "click", "name": "报需求", "key": "NEED_NEW"}]}
    fake.script = [
        OK,
        {"ticket": "gQ==", "expire_seconds": 60, "url": "http://weixin.qq.com/q/1"},
        {"ticket": "gQ", "url": "http://weixin.qq.com/q/2"},
        {"subscribe": 1, "openid": "o1"},
    ]

    async def go(client: Client) -> tuple[Any, ...]:
        await client.create_menu(menu)
        return (
            await client.create_qr("org:12", seconds=10**9),
            await client.create_qr("org:12"),
            await client.user_info("o1"),
        )

    temporary, permanent, person = run(fake, go)
    assert fake.calls[0].path == "/cgi-bin/menu/create"
    assert fake.calls[0].body == menu
    assert fake.calls[1].body == {
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "org:12"}},
        "expire_seconds": 2592000,
    }
    assert fake.calls[2].body == {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": "org:12"}},
    }
    assert temporary.image_url == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ%3D%3D"
    assert permanent.content == "http://weixin.qq.com/q/2"
    assert fake.calls[3].method == "GET"
    assert fake.calls[3].query == {"openid": "o1", "lang": "zh_CN", "access_token": "T1"}
    assert person["subscribe"] == 1
    assert isinstance(failing(fake, lambda client: client.create_qr("")), PayloadError)


def test_interfaces_that_carry_the_official_host_inside_are_led_to_ours() -> None:
    fake = FakeApi()
    fake.script = [{"template_list": []}, {"errcode": 0, "data": [{"id": 1}]}, {"errcode": 0}]

    async def go(client: Client) -> Any:
        await client.template.get_all_private_template()
        with pytest.raises(AttributeError):
            _ = client.access_token
        categories = await client.template.get_category()
        with pytest.raises(TransientError):
            await client.template.get_category()
        return categories

    assert run(fake, go) == [{"id": 1}]
    assert [call.path for call in fake.calls][:2] == [
        "/cgi-bin/template/get_all_private_template",
        "/wxaapi/newtmpl/getcategory",
    ]


def test_a_photo_is_downloaded_within_its_limit() -> None:
    photo = b"\xff\xd8\xff" + b"x" * 100_000
    fake = FakeApi()
    fake.script = [
        web.Response(body=photo, content_type="image/jpeg"),
        web.Response(body=photo, content_type="image/jpeg"),
        web.Response(text='{"errcode":40007,"errmsg":"invalid media_id"}', content_type="text/plain"),
        web.Response(text='{"video_url":"http://e.cn"}', content_type="text/plain"),
    ]

    async def go(client: Client) -> Any:
        media = await client.download("m1")
        for limit in (1000, 10**6, 10**6):
            with pytest.raises(PayloadError):
                await client.download("m1", limit=limit)
        return media

    media = run(fake, go)
    assert (media.body, media.content_type) == (photo, "image/jpeg")
    assert fake.calls[0].query == {"media_id": "m1", "access_token": "T1"}


def test_twenty_at_once_on_a_cold_start_ask_for_one_token() -> None:
    fake = FakeApi()
    fake.latency_s = 0.05

    async def go(client: Client) -> None:
        await asyncio.gather(*(client.send_text(f"o{i}", "您好") for i in range(20)))

    started = time.perf_counter()
    run(fake, go)
    assert time.perf_counter() - started < 1
    assert len(fake.token_calls) == 1
    assert len(fake.calls) == 20
    assert fake.token_calls[0].body == {
        "grant_type": "client_credential",
        "appid": "wx1",
        "secret": "s",
        "force_refresh": False,
    }


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_and_the_call_made_again(errcode: int) -> None:
    fake = FakeApi()

    async def go(client: Client) -> None:
        await client.send_text("o1", "一")
        fake.token = "T2"
        fake.script = [refused(errcode)]
        await client.send_text("o1", "二")

    run(fake, go)
    assert [call.query["access_token"] for call in fake.calls] == ["T1", "T1", "T2"]
    assert [call.body["force_refresh"] for call in fake.token_calls] == [False, False]


def test_a_token_refused_to_twenty_is_replaced_once() -> None:
    fake = FakeApi()
    fake.latency_s = 0.02

    async def go(client: Client) -> None:
        await client.send_text("o0", "一")
        fake.token = "T2"
        fake.script = [refused(40001)] * 20
        await asyncio.gather(*(client.send_text(f"o{i}", "二") for i in range(20)))

    run(fake, go)
    assert len(fake.token_calls) == 2
    assert len(fake.calls) == 41


def test_a_token_that_stays_refused_ends_after_two_calls() -> None:
    fake = FakeApi()
    fake.always = refused(40001)
    error = failing(fake)
    assert isinstance(error, TokenError)
    assert len(fake.calls) == 2
    # The platform gave the same token again, so a new one was forced, once.
    assert [call.body["force_refresh"] for call in fake.token_calls] == [False, False, True]
    assert [call.query["access_token"] for call in fake.calls] == ["T1", "T1f"]


def test_a_token_is_forced_no_more_often_than_the_platform_allows() -> None:
    now = [0.0]
    forced: list[float] = []

    async def fetch(force: bool) -> tuple[str, float]:
        if force:
            forced.append(now[0])
        return "same", 7200.0

    async def go() -> None:
        tokens = Tokens(fetch, lambda: now[0])
        for _ in range(86_400 * 3 // 2 // 10):
            await tokens.instead_of("same")
            await tokens.instead_of(await tokens.current())
            now[0] += 10

    asyncio.run(go())
    assert len(forced) == 40
    assert min(b - a for a, b in itertools.pairwise(forced)) >= 30
    assert forced[20] - forced[0] >= 86_400
    assert forced[39] - forced[19] >= 86_400


@pytest.mark.parametrize(("lives", "kept"), [(7200, 6960), (400, 200), (10, 5)])
def test_a_token_is_replaced_before_its_end(lives: int, kept: int) -> None:
    now = [0.0]
    asked: list[float] = []

    async def fetch(_: bool) -> tuple[str, float]:
        asked.append(now[0])
        return f"T{len(asked)}", lives

    async def go() -> None:
        tokens = Tokens(fetch, lambda: now[0])
        for moment in (0.0, kept - 0.1, kept):
            now[0] = moment
            await tokens.current()

    asyncio.run(go())
    assert asked == [0.0, kept]


@pytest.mark.parametrize(
    ("says", "kind", "uncertain"),
    [
        (refused(-1), TransientError, False),
        (refused(45011), TransientError, False),
        (refused(45009), QuotaError, False),
        (refused(48001), ConfigurationError, False),
        (refused(45015), RecipientError, False),
        (refused(45047), RecipientError, False),
        (refused(43004), RecipientError, False),
        (refused(45002), PayloadError, False),
        (refused(99999), PayloadError, False),
        ({"errcode": "45009", "errmsg": "text"}, QuotaError, False),
        ({"errcode": "odd"}, TransientError, False),
        (web.Response(text="<html>502 Bad Gateway</html>", content_type="text/html"), TransientError, True),
        (web.Response(text="<html>502</html>", content_type="text/html", status=502), TransientError, False),
        (web.Response(text="", status=504), TransientError, True),
        (web.Response(text="", status=429), TransientError, False),
        (web.Response(text="", status=404), ConfigurationError, False),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), ConfigurationError, False),
        (web.Response(text='"text"', content_type="application/json"), TransientError, True),
        (web.Response(text='{"errcode":0', content_type="application/json"), TransientError, True),
        (web.Response(text="[" * 100_000, content_type="application/json"), TransientError, True),
        (web.Response(body=b"x" * (5 << 20), content_type="application/json"), PayloadError, False),
        (hang, TransientError, True),
        (reset, TransientError, True),
    ],
)
def test_every_failure_comes_as_a_class_that_says_what_to_do(
    says: Say, kind: type[ApiError], uncertain: bool
) -> None:
    fake = FakeApi()
    fake.script = [says]
    started = time.perf_counter()
    error = failing(fake, timeout_s=0.5)
    assert type(error) is kind
    assert error.uncertain is uncertain
    assert len(fake.calls) == 1
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (refused(40013), ConfigurationError),
        (refused(40125), ConfigurationError),
        (refused(40164, "invalid ip 1.2.3.4, not in whitelist"), ConfigurationError),
        (refused(45009), QuotaError),
        (refused(-1), TransientError),
        ({"expires_in": 7200}, TransientError),
        ({"access_token": "", "expires_in": 7200}, TransientError),
        (web.Response(text="<html/>", content_type="text/html"), TransientError),
        (hang, TransientError),
        (reset, TransientError),
    ],
)
def test_without_a_token_nothing_is_sent(says: Say, kind: type[ApiError]) -> None:
    fake = FakeApi()
    fake.token_script = [says]
    error = failing(fake, timeout_s=0.5)
    assert type(error) is kind
    assert not error.uncertain, "the message itself was never sent"
    assert not fake.calls


def test_where_nobody_listens_nothing_was_sent() -> None:
    async def go() -> None:
        async with Client(WeChat(app_id="wx1", api_base="http://127.0.0.1:9", timeout_s=1)) as client:
            await client.send_text("o1", "您好")

    with pytest.raises(TransientError) as caught:
        asyncio.run(go())
    assert not caught.value.uncertain


@pytest.mark.parametrize("base", ["", "nonsense", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_a_matter_of_configuration(base: str) -> None:
    async def go() -> None:
        async with Client(WeChat(app_id="wx1", api_base=base)) as client:
            await client.send_text("o1", "您好")

    with pytest.raises(ConfigurationError):
        asyncio.run(go())


def test_an_error_explains_itself_to_an_admin() -> None:
    error = classify(45015, "response out of time limit rid: 6789-abcd-0123")
    assert error.rid == "6789-abcd-0123"
    assert explain(error) == "对方超过 48 小时没有互动（错误码 45015） rid 6789-abcd-0123"
    assert explain(classify(12345, "")) == "微信接口返回错误（错误码 12345）"
    assert "secret" not in explain(TransientError(0, "等待微信接口超时"))

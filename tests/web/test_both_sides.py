"""The simulator's half of the wire against the product's: two ciphers, two parsers, two ideas of what is allowed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import pytest
from aiohttp import web

from bot.config import WeChat
from bot.kit.clock import MovableClock
from bot.kit.message import (
    Followed,
    Image,
    Inbound,
    LetterDelivered,
    Location,
    MenuTapped,
    Reply,
    Scanned,
    Text,
    Voice,
)
from bot.sim import desk
from bot.sim.bubbles import as_text
from bot.sim.platform import Platform
from bot.wechat import webhook
from bot.wechat.client import Client
from bot.wechat.codec import Codec
from tests.web.stage import CAST, CODES, HERDSMAN, SETTINGS, STRANGER

T = TypeVar("T")
Play = Callable[[Platform, Client, list[Inbound]], Awaitable[T]]


def together(play: Play[T], **options: Any) -> T:
    """Runs ``play`` with the simulator and the product's channel on one site."""

    async def running() -> T:
        heard: list[Inbound] = []

        async def answer(message: Inbound) -> Reply | None:
            heard.append(message)
            return Reply(text=f"收到 ]]> {message.text}") if isinstance(message, Text) else Reply(text="收到")

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        settings: WeChat = msgspec.structs.replace(
            SETTINGS,
            api_base=url + "/sim/api",
            templates={"case_filed": "TPL thing1=title character_string2=number"},
        )
        clock = MovableClock()
        platform = Platform(CAST, settings, url + "/wechat", clock, **options)
        app = web.Application()
        app.add_routes(webhook.routes(Codec(settings, clock), answer))
        desk.mount(app, platform, clock, codes=CODES)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            async with Client(settings) as client:
                return await play(platform, client, heard)
        finally:
            await runner.cleanup()

    return asyncio.run(running())


@pytest.mark.parametrize("body", ["xml", "json"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "aes"])
def test_every_mode_and_format_is_understood_both_ways(mode: str, body: str) -> None:
    async def play(platform: Platform, client: Client, heard: list[Inbound]) -> None:
        assert await platform.courier.knock()
        assert (await platform.say(HERDSMAN, "路灯 <坏了> ]]> 🙂", menu_id="7")).seen == "bubble"
        await platform.photograph(HERDSMAN)
        await platform.speak(HERDSMAN)
        await platform.locate(HERDSMAN)
        await platform.scan(HERDSMAN, "org:V01")
        await platform.tap(HERDSMAN, "click", "报需求")
        await platform.scan(STRANGER, "org:V02")
        assert [type(message) for message in heard] == [
            Text,
            Image,
            Voice,
            Location,
            Scanned,
            MenuTapped,
            Followed,
        ]
        text, photo, _, place, scanned, tapped, followed = heard
        assert isinstance(text, Text)
        assert (text.text, text.menu_id) == ("路灯 <坏了> ]]> 🙂", "7")
        assert isinstance(photo, Image)
        assert photo.url.startswith("http://127.0.0.1")
        assert isinstance(place, Location)
        assert place.label
        assert isinstance(scanned, Scanned)
        assert isinstance(tapped, MenuTapped)
        assert isinstance(followed, Followed)
        assert (scanned.scene, tapped.entry, followed.scene) == ("org:V01", "报需求", "org:V02")
        assert as_text(platform.phones[HERDSMAN].lines[1].bubble) == "收到 ]]> 路灯 <坏了> ]]> 🙂"
        assert all(entry.good for entry in platform.wire.entries)

    together(play, mode=mode, body=body)


def test_the_products_client_gets_through_to_the_phones() -> None:
    async def play(platform: Platform, client: Client, heard: list[Inbound]) -> None:
        await platform.say(HERDSMAN, "在吗")
        await client.send_text(HERDSMAN, "有信儿了")
        number = await client.send_template(
            HERDSMAN, "TPL", {"thing1": "卖土豆", "character_string2": "47"}, client_msg_id="n1"
        )
        await client.create_menu({"button": [{"type": "click", "name": "报需求", "key": "报需求"}]})
        assert (await client.create_qr("org:V07")).ticket
        assert (await client.user_info(HERDSMAN))["subscribe"] == 1
        await platform.photograph(HERDSMAN)
        photo = heard[-1]
        assert isinstance(photo, Image)
        assert (await client.download(photo.media_id)).content_type == "image/svg+xml"
        shown = [as_text(line.bubble) for line in platform.phones[HERDSMAN].lines]
        assert "有信儿了" in shown
        assert "【新事项提醒】\n事项：卖土豆\n编号：47" in shown
        assert platform.menu["button"][0]["name"] == "报需求"
        for _ in range(100):
            if any(isinstance(message, LetterDelivered) for message in heard):
                break
            await asyncio.sleep(0.01)
        told = next(message for message in heard if isinstance(message, LetterDelivered))
        assert (told.message_id, told.status) == (number, "success")

    together(play)


def test_a_lapsed_token_is_renewed_without_the_caller_noticing() -> None:
    async def play(platform: Platform, client: Client, heard: list[Inbound]) -> None:
        await platform.say(HERDSMAN, "在吗")
        await client.send_text(HERDSMAN, "一")
        platform.tokens.revoke()
        await client.send_text(HERDSMAN, "二")
        shown = [line.bubble.text for line in platform.phones[HERDSMAN].lines]
        assert shown[-2:] == ["一", "二"]

    together(play)

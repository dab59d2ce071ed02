"""The page's own HTTP: what it shows, what it lets people do, what it refuses."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import aiohttp
import pytest

from tests.web.stage import HERDSMAN, STRANGER, Stage


async def heard(stage: Stage, until: str, meanwhile: Any) -> list[tuple[str, Any]]:
    """Events of the page until one is named ``until``."""
    events: list[tuple[str, Any]] = []
    async with aiohttp.ClientSession() as http, http.get(stage.url + "/sim/events") as stream:
        name, work = "", None
        async for raw in stream.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
                if name == "hello":
                    work = asyncio.create_task(meanwhile())
                if name == until:
                    break
        if work is not None:
            await work
    return events


def test_the_page_and_all_that_it_needs_come_from_here(stage: Stage) -> None:
    for path in ("/sim", "/sim/"):
        status, page = stage.call("GET", path)
        assert status == 200
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    files = {each.name for each in (resources.files("bot.sim") / "pages").iterdir() if each.is_file()}
    for name in files - {"desk.html"}:
        assert stage.call("GET", f"/sim/static/{name}")[0] == 200
    assert stage.call("GET", "/sim/static/nothing.css")[0] == 404
    assert stage.call("GET", "/sim/static/..%2fplatform.py")[0] == 404


def test_the_page_is_light() -> None:
    pages = resources.files("bot.sim") / "pages"
    sizes = {each.name: len(each.read_bytes()) for each in pages.iterdir() if each.is_file()}
    assert sum(size for name, size in sizes.items() if name.endswith(".css")) < 30_000
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) < 25_000


def test_the_state_names_everybody_and_the_codes(stage: Stage) -> None:
    state = stage.call("GET", "/sim/state")
    assert [phone["name"] for phone in state["phones"]] == ["巴图", "白书记", "沈洁", "小高"]
    assert [phone["followed"] for phone in state["phones"]] == [True, True, True, False]
    assert {"scene": "org:V01", "label": "东沟村党支部"} in state["codes"]
    assert state["mode"] == "aes"


def test_what_is_said_shows_on_the_phone_and_in_the_drawer_as_it_happens(stage: Stage) -> None:
    async def say() -> None:
        await stage.platform.say(HERDSMAN, "路灯坏了")
        await stage.platform.pass_time(timedelta())

    events = stage.run(heard(stage, "clock", say))
    names = [name for name, _ in events]
    assert names == ["hello", "line", "wire", "line", "clock"]
    assert events[1][1]["line"]["bubble"] == {"side": "own", "text": "路灯坏了"}
    assert events[3][1]["line"]["bubble"]["text"] == "收到：路灯坏了"
    wire = events[2][1]
    assert "路灯坏了" in wire["plain"]
    assert "<Encrypt>" in wire["sealed"]
    assert "路灯坏了" not in wire["sealed"]


def test_saying_over_http_tells_what_became_of_it(stage: Stage) -> None:
    answer = stage.post("/sim/say", {"openid": HERDSMAN, "text": "你好"})
    assert (answer["seen"], answer["bubble"]["text"]) == ("bubble", "收到：你好")


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/sim/say", {"openid": "oNobody", "text": "你好"}, "没有这部手机"),
        ("/sim/say", {"openid": HERDSMAN, "text": "  "}, "没有写"),
        ("/sim/say", {"openid": HERDSMAN, "text": "长" * 2001}, "2000"),
        ("/sim/say", {"openid": STRANGER, "text": "你好"}, "先关注"),
        ("/sim/do", {"openid": HERDSMAN, "act": "fly"}, "动作"),
        ("/sim/do", {"openid": HERDSMAN, "act": "photo", "name": "../../etc"}, "照片"),
        ("/sim/clock", {"minutes": -1}, "往后"),
        ("/sim/clock", {"minutes": 10**6}, "一年"),
        ("/sim/clock", {}, "往后"),
    ],
)
def test_what_cannot_be_done_is_explained(stage: Stage, path: str, body: dict[str, Any], why: str) -> None:
    assert why in stage.post(path, body)["error"]


def test_a_form_of_another_site_cannot_play_with_the_phones(stage: Stage) -> None:
    answer = stage.call(
        "POST", "/sim/say", data=b'{"openid":"oHerdsman","text":"x"}', headers={"Content-Type": "text/plain"}
    )
    assert "JSON" in answer["error"]
    assert not stage.account.pushes


@pytest.mark.parametrize(
    ("act", "event"),
    [
        ({"act": "photo", "name": "lamp"}, "image"),
        ({"act": "voice"}, "voice"),
        ({"act": "location"}, "location"),
        ({"act": "scan", "scene": "org:V01"}, "SCAN"),
        ({"act": "menu", "kind": "click", "key": "报需求"}, "CLICK"),
        ({"act": "unfollow"}, "unsubscribe"),
    ],
)
def test_whatever_the_panel_offers_reaches_the_account(stage: Stage, act: dict[str, Any], event: str) -> None:
    stage.post("/sim/do", {"openid": HERDSMAN, **act})
    push = stage.account.pushes[-1]
    assert (push.get("Event") or push["MsgType"]) == event


def test_the_clock_goes_ahead_and_the_account_is_told(stage: Stage) -> None:
    before = stage.clock()
    now = datetime.fromisoformat(stage.post("/sim/clock", {"minutes": 1440})["now"])
    assert 86_395 < (now - before).total_seconds() < 86_430
    assert stage.moves == 1

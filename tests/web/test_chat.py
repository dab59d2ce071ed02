"""Talking in a terminal: the loop takes lines and gives lines, so a list can play the person."""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.commands import chat
from bot.kit.clock import MovableClock
from bot.sim.bubbles import Bubble
from bot.sim.platform import Platform
from tests.web.stage import HERDSMAN, SECRETARY, Push, Stage, echo


@dataclass
class Demo:
    platform: Platform
    clock: MovableClock
    url: str


def talked(stage: Stage, *lines: str, name: str | None = None) -> list[str]:
    """What the terminal shows when a person types ``lines``."""
    said: list[str] = []
    demo = Demo(stage.platform, stage.clock, stage.url)
    assert stage.run(chat.talk(demo, lines, said.append, name)) == 0
    return said


def test_words_are_answered(stage: Stage) -> None:
    said = talked(stage, "路灯坏了", "", ":退出", "没人听见")
    assert "机｜收到：路灯坏了" in said
    assert [push["Content"] for push in stage.account.pushes] == ["路灯坏了"]


def test_answers_come_in_the_order_of_the_questions(stage: Stage) -> None:
    said = [line for line in talked(stage, "一", "二", "三") if line.startswith("机")]
    assert said == ["机｜收到：一", "机｜收到：二", "机｜收到：三"]


def test_one_can_be_somebody_else_from_the_start_or_later(stage: Stage) -> None:
    said = talked(stage, "我是谁", ":换 巴图", "我又是谁", "：换 无名氏", name="白书记")
    assert [push["FromUserName"] for push in stage.account.pushes] == [SECRETARY, HERDSMAN]
    assert any(line.startswith("没有「无名氏」") for line in said)


def test_a_stranger_follows_by_taking_the_phone(stage: Stage) -> None:
    said = talked(stage, "你好", name="小高")
    assert [push.get("Event") or push["MsgType"] for push in stage.account.pushes] == ["subscribe", "text"]
    assert said.count("机｜事件：subscribe") == 1


def test_time_passes_when_told_to(stage: Stage) -> None:
    before = stage.clock()
    said = talked(stage, ":时间 3天", ":时间 哪天")
    assert stage.clock() - before >= timedelta(days=3)
    assert stage.moves == 1
    assert any(re.match(r"—— 现在是 \d+月\d+日 周. \d\d:\d\d ——", line) for line in said)
    assert any("这样说" in line for line in said)


def test_a_menu_entry_can_be_tapped(stage: Stage) -> None:
    said = talked(stage, ":菜单", ":菜单 报需求")
    assert any(line.startswith("菜单：") and "报需求" in line for line in said)
    assert "机｜事件：CLICK 报需求" in said


def test_what_appears_on_another_phone_is_mentioned(stage: Stage) -> None:
    async def tells(push: Push) -> str | None:
        stage.platform.put(
            SECRETARY, Bubble(side="account", kind="card", text="新的待认领", rows=(("编号", "12"),))
        )
        return await echo(push)

    stage.account.answer = tells
    assert "（白书记 的手机响了：【新的待认领】）" in talked(stage, "报需求")


def test_a_failure_shows_as_the_platform_shows_it(stage: Stage) -> None:
    async def stumbles(push: Push) -> str | None:
        raise RuntimeError

    stage.account.answer = stumbles
    assert any("服务出现故障" in line for line in talked(stage, "你好"))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("10分钟", 10), ("2 小时", 120), ("3天", 4320), ("1周", 10080), ("昨天", None), ("", None)],
)
def test_spans_of_time(text: str, minutes: int | None) -> None:
    assert chat.span(text) == (None if minutes is None else timedelta(minutes=minutes))


def test_the_command_says_when_there_is_nobody_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def start() -> AsyncIterator[Demo]:
        with_stage = Stage()
        await asyncio.to_thread(with_stage.__enter__)
        try:
            yield Demo(with_stage.platform, with_stage.clock, with_stage.url)
        finally:
            await asyncio.to_thread(with_stage.__exit__)

    parser = argparse.ArgumentParser()
    chat.add_arguments(parser)
    assert chat.run(parser.parse_args(["--as", "无名氏"]), start) == 1
    assert "巴图" in capsys.readouterr().err

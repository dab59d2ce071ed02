"""What members are offered to type is understood: help, menu, sentences, and the words that always work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

import handlers
from bot.kit.context import Context, Reading
from bot.kit.menu import MENU
from bot.kit.message import Text
from bot.kit.router import Route, Router
from models.understanding import Understanding

from .source import ROOT

ROUTER = handlers.router()
SENTENCES = handlers.texts().sentences
ON_A_PAGE = {"更多", "也报"}
"""Words that a page of a list or a receipt offers and its step takes."""

ALWAYS = """
绑定 · 报需求 · 报问题 · 提供资源 · 供需清单 · 项目清单 · 问题清单 · 待认领 · 查 12 · 我也是 12 · 认领 12 · 放弃 12 ·
进展 12 今天去看了 · 延期 12 到周五 · 办结 12 修好了 · 评价 12 满意 · 我的 · 活动 · 报名 3 · 请假 3 · 签到 3 · 轮值 ·
换班 · 志愿 今天扫雪两小时 · 撤回 12 · 我的数据 · 注销 · 投诉 · 建议 · 帮助 · 人工 · 取消 · 返回
"""
"""The words a member can always type."""


def route_of(text: str) -> Route | None:
    """Which escape word or command a text of a member is, with nothing said before."""
    now = datetime.now(UTC)
    ctx = Context(
        message=Text(key="1", sender="o", account="gh", sent_at=now, text=text),
        reading=Reading(text, Understanding(version="")),
        arrival=cast(Any, SimpleNamespace()),
        person=None,
        unit=cast(Any, SimpleNamespace()),
        mind=cast(Any, SimpleNamespace()),
        texts=cast(Any, SimpleNamespace()),
        now=now,
    )
    first = next(ROUTER.candidates(ctx, None), (None, None))[0]
    return first if first is not None and first.kind in ("escape", "command") else None


def filled(words: str) -> str:
    """An offer with numbers where it has blanks."""
    return re.sub(r"\{[a-z_]+\}|编号$", "12", words)


def offered() -> Iterator[tuple[str, str]]:
    """Every word that a sentence offers to type, with the sentence's key."""
    for key, sentence in SENTENCES.items():
        for row in re.findall(r"(?:发|回|回复|改成)((?:“[^”]+”[、或]?)+)", sentence):
            for words in re.findall(r"“([^”]+)”", row):
                yield key, filled(words)
        if not key.startswith("help."):
            continue
        for words in re.findall(r"“([^”]+)”", sentence):
            yield key, filled(words)
        for line in sentence.splitlines():
            if " · " in line:
                for part in re.split(r"；|。", line):
                    for words in part.split("：")[-1].split(" · ") if " · " in part else ():
                        yield key, filled(words)


OFFERS = sorted({words: key for key, words in offered() if words not in ON_A_PAGE}.items())
EXAMPLES = {"村口路灯坏了", "我们村三万斤土豆卖不动"}
"""Matters that help gives as examples: they are said, not typed as commands."""


def written() -> list[str]:
    """What the page on the way of a matter says to type: the second column of its tables of steps."""
    page = (ROOT / "docs" / "办事流程.md").read_text(encoding="utf-8")
    tables = page.split("| 步 | 怎么说 | 谁 |")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines()[2:]]
    said = [words.strip() for row in rows for words in re.split("；|，或者", row.split("|")[2])]
    return [words for words in said if words not in SAID_FREELY]


SAID_FREELY = {"12号我们支部认领了", "这个我们干", "回一个数字", "发照片"}
"""What is understood rather than routed."""


@pytest.mark.parametrize("words", written())
def test_the_page_on_the_way_of_a_matter_is_true(words: str) -> None:
    assert route_of(words) is not None


def test_help_offers_something() -> None:
    assert len(OFFERS) > 20
    assert "我的" in dict(OFFERS)


@pytest.mark.parametrize(
    ("words", "key"), [pytest.param(*offer, id=offer[0]) for offer in OFFERS if offer[0] not in EXAMPLES]
)
def test_what_a_sentence_offers_is_a_command_or_an_escape_word(words: str, key: str) -> None:
    assert route_of(words) is not None, f"{key} offers “{words}”"


@pytest.mark.parametrize("words", [words.strip() for words in ALWAYS.split("·")])
def test_what_always_works_is_claimed(words: str) -> None:
    assert route_of(words) is not None


@pytest.mark.parametrize("word", ["查", "我也是", "认领", "放弃", "撤回", "报名", "签到", "评价", "办结"])
@pytest.mark.parametrize("number", [" 12", "12", "12号", "１２", "十二", " 第12号", "：12", "#12"])
def test_a_number_stands_behind_a_word_in_every_shape(word: str, number: str) -> None:
    route = route_of(word + number)
    assert route is not None
    assert route.claim == word


def entries(menu: dict[str, Any]) -> list[dict[str, str]]:
    """What can be tapped."""
    return [entry for button in menu["button"] for entry in (button.get("sub_button") or [button])]


@pytest.mark.parametrize("entry", entries(MENU), ids=lambda entry: entry["name"])
def test_a_menu_entry_is_a_word_that_could_be_typed(entry: dict[str, str]) -> None:
    assert entry["type"] == "click"
    assert route_of(entry["key"]) is not None


def test_the_menu_is_one_that_the_platform_takes() -> None:
    assert len(MENU["button"]) <= 3
    for button in MENU["button"]:
        assert len(button["name"].encode()) <= 16
        assert len(button.get("sub_button", [])) <= 5
        for entry in button.get("sub_button", []):
            assert len(entry["name"].encode()) <= 60
            assert len(entry["key"].encode()) <= 128


def test_the_words_that_leave_any_conversation_reach_anyone() -> None:
    for word in ("帮助", "取消", "返回", "人工"):
        assert ROUTER.escapes[word].who.value == "anyone"


def test_every_route_leads_to_a_handler_with_a_word_about_it() -> None:
    table = ROUTER.table()
    assert len(table) > 80
    assert [route.name for route in table if not (route.handler.__doc__ or "").strip()] == []


def test_the_routers_of_all_files_are_found() -> None:
    assert isinstance(ROUTER, Router)
    assert {route.name.partition(".")[0] for route in ROUTER.table()} >= {"report", "bind", "help", "mine"}

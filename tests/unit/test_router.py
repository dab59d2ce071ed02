"""The router: who is asked, in which order, and what is refused at the start."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.kit.context import Context, Reading
from bot.kit.dialogue import Step
from bot.kit.message import Followed, Image, Inbound, MenuTapped, Reply, Text
from bot.kit.router import PASS, Ambiguous, Route, Router, Who
from models.base import Happening
from models.understanding import Understanding


class First(Step, frozen=True):
    """A step."""


class Second(Step, frozen=True):
    """Another."""


class Asking(Step, frozen=True):
    """A step that a command word answers."""

    answers = frozenset({"查"})


class Fell(Happening, frozen=True, kw_only=True):
    """Something became true."""


def said(ctx: Context) -> Reply:
    """A handler."""
    return Reply("said")


def other(ctx: Context) -> Reply:
    """Another."""
    return Reply("other")


def stepped(ctx: Context, step: Step) -> Reply:
    """A step's handler."""
    return Reply("stepped")


def context(message: Inbound | str, intent: str = "other", emergency: str | None = None) -> Context:
    """A message in hand."""
    now = datetime.now(UTC)
    if isinstance(message, str):
        message = Text(key="1", sender="o", account="gh", sent_at=now, text=message)
    none = cast(Any, SimpleNamespace())
    understanding = Understanding(version="", intent=intent, emergency=emergency)
    reading = Reading(getattr(message, "text", ""), understanding)
    return Context(
        message=message, reading=reading, arrival=none, person=None, unit=none, mind=none, texts=none, now=now
    )


def asked(router: Router, ctx: Context, step: Step | None = None) -> list[str]:
    """The kinds of routes that are asked, in order."""
    return [route.kind for route, _ in router.candidates(ctx, step)]


def full() -> Router:
    """A router with one of each."""
    on = Router()
    on.escape("帮助")(said)
    on.command("查", takes="number?")(said)
    on.command("报需求", takes="words")(other)
    on.step(First)(stepped)
    on.intent("report")(other)
    on.event(Followed, Image)(said)
    on.emergency(other)
    on.bare_number(said)
    on.rule(said)
    on.anything(said)
    return Router.merge([on])


@pytest.mark.parametrize(
    "twice",
    [
        lambda on: on.command("查"),
        lambda on: on.escape("帮助"),
        lambda on: on.intent("report"),
        lambda on: on.step(First),
        lambda on: on.event(Image),
        lambda on: on.emergency,
        lambda on: on.rule,
        lambda on: on.bare_number,
        lambda on: on.anything,
    ],
    ids=["command", "escape", "intent", "step", "event", "emergency", "rule", "number", "anything"],
)
def test_two_claims_on_one_thing_are_an_error_at_the_start(twice: Any) -> None:
    one, two = Router(), Router()
    twice(one)(said)
    with pytest.raises(Ambiguous):
        twice(one)(other)
    twice(two)(other)
    with pytest.raises(Ambiguous):
        Router.merge([one, two])


def test_a_word_is_not_both_an_escape_word_and_a_command() -> None:
    one, two = Router(), Router()
    one.escape("帮助")(said)
    two.command("帮助")(other)
    with pytest.raises(Ambiguous, match="帮助"):
        Router.merge([one, two])


def test_a_conflict_names_the_word_and_both_handlers() -> None:
    on = Router()
    on.command("查")(said)
    with pytest.raises(Ambiguous, match=r"查.*test_router\.said.*other"):
        on.command("查")(other)


def test_one_handler_may_claim_several_words() -> None:
    on = Router()
    on.command("查", "看")(on.intent("query_mine")(said))
    merged = Router.merge([on])
    assert (
        merged.commands["查"].handler is merged.commands["看"].handler is merged.intents["query_mine"].handler
    )


def test_several_may_listen_to_one_happening() -> None:
    one, two = Router(), Router()
    one.happened(Fell)(lambda aloud, fell: None)
    two.happened(Fell)(lambda aloud, fell: None)
    assert len(Router.merge([one, two]).notices[Fell]) == 2


@pytest.mark.parametrize(
    ("text", "claim", "number", "rest"),
    [
        ("查12", "查", 12, ""), ("查 12", "查", 12, ""), ("查12号", "查", 12, ""), ("查１２", "查", 12, ""),
        ("查十二", "查", 12, ""), ("查第12号", "查", 12, ""), ("查：12", "查", 12, ""), ("“查 12”", "查", 12, ""),
        ("查编号 12", "查", 12, ""), ("查", "查", None, ""), ("查 12 谢谢", "查", 12, "谢谢"),
        ("查询 12", "查询", 12, ""), ("查询", "查询", None, ""),
        ("报需求", "报需求", None, ""), ("报需求 要两车化肥", "报需求", None, "要两车化肥"),
        ("报需求：要两车化肥。", "报需求", None, "要两车化肥"), ("同意 3", "同意", 3, ""),
    ],
)  # fmt: skip
def test_a_command_takes_what_stands_behind_it(text: str, claim: str, number: int | None, rest: str) -> None:
    on = Router()
    on.command("查", "查询", takes="number?")(said)
    on.command("报需求", takes="words")(said)
    on.command("同意", takes="number")(said)
    ctx = context(text)
    route, _ = next(iter(Router.merge([on]).candidates(ctx, None)))
    assert (route.claim, ctx.number, ctx.rest) == (claim, number, rest)


@pytest.mark.parametrize(
    "text",
    [
        "查水表的来了",
        "查一下谁管修路",
        "同意",
        "同意你的看法",
        "我的羊病了",
        "帮助我们",
        "谁查12",
        "查12345678901",
    ],
)
def test_a_sentence_that_only_begins_like_a_command_is_none(text: str) -> None:
    on = Router()
    on.command("查", takes="number?")(said)
    on.command("同意", takes="number")(said)
    on.command("我的")(said)
    on.escape("帮助")(said)
    assert asked(Router.merge([on]), context(text)) == []


def test_the_longest_word_wins() -> None:
    on = Router()
    on.command("我")(said)
    on.command("我的")(said)
    on.command("我的数据")(said)
    on.command("建议", takes="words")(said)
    on.command("建议书", takes="words")(said)
    router = Router.merge([on])
    for text in ("我", "我的", "我的数据", "建议", "建议书"):
        assert next(iter(router.candidates(context(text), None)))[0].claim == text
    assert next(iter(router.candidates(context("建议书法比赛"), None)))[0].claim == "建议书"
    assert next(iter(router.candidates(context("建议多种树"), None)))[0].claim == "建议"


def test_candidates_are_asked_in_the_house_s_order() -> None:
    router = full()
    assert asked(router, context("帮助", intent="report", emergency="fire"), First()) == [
        "escape", "emergency", "step", "rule", "intent", "anything",
    ]  # fmt: skip
    assert asked(router, context("报需求 要两车化肥", intent="report"), First()) == [
        "step", "command", "rule", "intent", "anything",
    ]  # fmt: skip
    assert asked(router, context("12"), First()) == ["step", "number", "rule", "anything"]
    assert asked(router, context("下雨了")) == ["rule", "anything"]


def test_a_whole_command_leaves_the_question_that_was_asked() -> None:
    for text in ("查 12", "查", "报需求"):
        assert asked(full(), context(text), First()) == ["command", "rule", "anything"]


def test_a_command_word_that_answers_the_question_stays_an_answer() -> None:
    on = full()
    on.step(Asking)(stepped)
    assert asked(on, context("查"), Asking())[0] == "step"
    assert asked(on, context("查 12"), Asking())[0] == "command"


def test_a_number_alone_is_handed_over_as_a_number() -> None:
    ctx = context("第十二个")
    assert asked(full(), ctx)[0] == "number"
    assert ctx.number == 12


def test_an_event_goes_to_its_handler_and_to_nobody_else() -> None:
    base = {"key": "1", "sender": "o", "account": "gh", "sent_at": datetime.now(UTC)}
    assert asked(full(), context(Followed(**base)), First()) == ["event"]
    assert asked(full(), context(Image(media_id="m", **base)), First()) == ["step", "event", "anything"]


def test_a_tapped_menu_entry_is_a_word_that_was_typed() -> None:
    base = {"key": "1", "sender": "o", "account": "gh", "sent_at": datetime.now(UTC)}
    ctx = context(MenuTapped(entry="查", **base))
    assert asked(full(), ctx) == ["command", "rule", "anything"]


def test_a_step_that_nobody_answers_is_passed_over() -> None:
    assert "step" not in asked(full(), context("好"), Second())


def test_an_empty_text_is_no_word() -> None:
    assert asked(full(), context("")) == ["anything"]
    assert asked(full(), context(" 。")) == ["anything"]


def test_escape_words_are_open_to_anyone_and_commands_to_members() -> None:
    table = {(route.kind, route.claim): route for route in full().table()}
    assert table["escape", "帮助"].who is Who.ANYONE
    assert table["command", "查"].who is Who.MEMBER


def test_the_table_shows_every_route_once_in_the_order_of_asking() -> None:
    table = full().table()
    assert [route.kind for route in table] == [
        "escape", "emergency", "step", "event", "event", "command", "command", "number", "rule", "intent", "anything",
    ]  # fmt: skip
    assert all(isinstance(route, Route) and route.name for route in table)
    assert table[0].name == "test_router.said"


def test_pass_is_not_a_reply() -> None:
    assert not isinstance(PASS, Reply)

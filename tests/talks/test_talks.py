"""Conversations as readable scripts: one sentence that differs fails, and is shown as a proof-reader would."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.language import Language
from models.store import Store
from tests.talks.stage import ScriptError, Stage, proofread

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.talk"))
CAST = (
    ("张福来", "13800000001"),
    ("李春梅", "13800000002"),
    ("白书勤", "13800000003"),
    ("王秀英", "13800000004"),
    ("姜大山", "13800000005"),
    ("麻玉珍", "13800000006"),
    ("沈洁", "13800000007"),
    ("史工", "13800000008"),
    ("孙长河", "13800000009"),
    ("赵建军", "13800000010"),
    ("吕明", "13800000011"),
    ("高桂兰", "13800000012"),
    ("柳海", "13800000013"),
)


@pytest.fixture(scope="session")
def language() -> Language:
    """Loaded once; it never changes."""
    return Language()


@pytest.fixture
def stage(store: Store, language: Language) -> Stage:
    """A fresh performance, on each kind of database in turn."""
    stage = Stage(store, language)
    stage.prepare()
    stage.bind(*CAST)
    return stage


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_talk(stage: Stage, script: Path) -> None:
    asyncio.run(stage.play(script))


def test_a_sentence_that_differs_fails_and_is_shown(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "错了一个字.talk"
    script.write_text("张福来：取消\n机器人：好，不说这个啦。有事随时说。\n", encoding="utf-8")
    with pytest.raises(ScriptError) as failure:
        asyncio.run(stage.play(script))
    assert "错了一个字.talk:2" in str(failure.value)
    assert "剧本：好，不说这个啦。" in str(failure.value)
    assert "实际：好，不说这个了。" in str(failure.value)


def test_a_push_that_is_not_in_the_script_fails(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "少了推送.talk"
    script.write_text(
        "张福来：人工\n机器人：好，这就找人。已告诉联络员李春梅，工作时间里尽快联系您。\n　急事打 12345；出了险情打 110、119、120。\n",
        encoding="utf-8",
    )
    with pytest.raises(ScriptError, match="剧本里没有：推送给李春梅"):
        asyncio.run(stage.play(script))


def test_the_proof_reader_points_at_the_first_difference() -> None:
    assert proofread("一二三", "一二四").splitlines()[-1] == "  　　　　　＾"

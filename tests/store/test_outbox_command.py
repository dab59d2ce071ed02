"""The command by which an operator looks into the outbox, stops it and starts it."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

import pytest

from bot.commands import outbox
from models.letter import Outcome, Verdict
from models.outbox import Priority
from models.store import Store
from tests.store.conftest import Village
from tests.store.owing import on_wechat, owe, settle, states, take


def run(store: Store, *words: str) -> int:
    parser = ArgumentParser()
    outbox.add_arguments(parser)
    return outbox.run(parser.parse_args(words), store)


@pytest.fixture
def dead(store: Store, village: Village, now: datetime) -> Store:
    """One letter that died, one that nobody can be sent."""
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "秘密", now, member_id=village.zhang.member_id)
        owe(unit, "b", now, member_id=village.bao.member_id, priority=Priority.DUTY)
        owe(unit, "c", now, openid="oSomebodyUnknown0000000000")
    settle(store, take(store, now), Outcome(verdict=Verdict.DEAD, reason="模板消息：文本内容过长"), now)
    return store


def test_list_says_why_and_never_what(dead: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(dead, "list") == 0
    said = capsys.readouterr().out
    assert "dead 1" in said
    assert "call 1" in said
    assert "文本内容过长" in said
    assert "秘密" not in said
    assert run(dead, "list", "--state", "call") == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1
    assert run(dead, "list", "--state", "dropped") == 0
    assert "oSomebody" not in capsys.readouterr().out


def test_retry_owes_one_or_all_anew(dead: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(dead, "retry", "1") == 0
    assert states(dead)["秘密"] == ("pending", "")
    assert run(dead, "retry", "--dead") == 1
    assert run(dead, "retry", "99") == 1
    with pytest.raises(SystemExit):
        run(dead, "retry")
    capsys.readouterr()


def test_pause_stops_and_resume_goes_on(
    dead: Store, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(dead, "retry", "1") == 0
    assert run(dead, "pause", "平台在维护") == 0
    assert run(dead, "pause", "--channel", "custom", "--minutes", "5", "试试") == 0
    assert run(dead, "pause", "--minutes", "0", "不行") == 2
    later = datetime.now(now.tzinfo)
    assert take(dead, later.replace(hour=12)) == []
    assert run(dead, "list") == 0
    said = capsys.readouterr().out
    assert "停发\tall\t直到恢复\t平台在维护" in said
    assert "停发\tcustom\t到" in said
    assert run(dead, "resume") == 0
    assert run(dead, "resume") == 1

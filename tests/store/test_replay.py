"""Stored messages read anew: what would change is shown, and nothing is written."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

import msgspec
import pytest

from bot.commands import replay
from bot.kit.message import Text
from models.received import Entry
from models.store import Store
from models.understanding import Understanding


def keep(store: Store, key: str, text: str, understood: Understanding | None) -> None:
    now = datetime.now(UTC)
    message = Text(key=key, sender="oZhang", account="gh", sent_at=now, text=text)
    with store.unit() as unit:
        unit.inbox.greet("oZhang", wrote=True, gesture=False, now=now)
        unit.inbox.remember(
            Entry(
                key=key,
                openid="oZhang",
                kind="Text",
                body=msgspec.json.encode(message).decode(),
                parse=None if understood is None else msgspec.json.encode(understood).decode(),
                version="old",
                handler="report.understood",
                reply="收到了",
                fault="",
                at=now,
            )
        )


def test_only_what_changes_is_shown(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    same = Understanding(version="old", intent="report", kind="problem", category="基础设施")
    keep(store, "m:1", "村口路灯坏了半个月了", same)
    keep(store, "m:2", "我家三千斤土豆卖不出去", same)
    keep(store, "m:3", "帮助", None)
    assert replay.run(Namespace(days=30, last=500), store) == 0
    said = capsys.readouterr().out
    assert "村口路灯" not in said
    assert "kind problem → need" in said
    assert "category 基础设施 → 产销对接" in said
    assert "重读 2 条，1 条会不一样" in said
    with store.reading() as unit:
        kept = {key: parse for key, _, parse in unit.inbox.since(datetime(2020, 1, 1, tzinfo=UTC), 10)}
    assert kept["m:2"] is not None
    assert "基础设施" in kept["m:2"]

"""A process that is killed right after it answered: what it said is true, and another process goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.commands.importing import load_world
from bot.config import WeChat
from models.store import Store
from models.vault import Vault
from tests.conftest import KEY

from .pushing import Sender, attempts, fetch
from .scene import START, rows

ROOT = Path(__file__).parents[2]
WORLD = ROOT / "tests" / "talks" / "world"
ACCOUNT = WeChat(
    app_id="wx1234567890abcdef",
    app_secret="s" * 32,
    token="the-token",
    encoding_aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    api_base="http://127.0.0.1:9",  # nobody answers there: letters stay
)

pytestmark = pytest.mark.slow


@pytest.fixture
def village_url(sqlite_url: str) -> str:
    """A database with the small world in it; 张福来 is bound."""
    store = Store(sqlite_url, Vault(KEY))
    load_world(store, WORLD, START)
    with store.unit() as unit:
        member = unit.members.with_phone("13800000001")
        assert member is not None
        unit.inbox.greet("oZhang", wrote=True, gesture=False, now=START)
        unit.identities.of("oZhang").agree(START)
        unit.identities.of("oZhang").bind(member.id, START)
    store.close()
    return sqlite_url


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``serve`` in a process of its own, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")} | {
        "PYTHONPATH": str(ROOT),
        "BOT_SERVER__PORT": str(port),
        "BOT_DATABASE__URL": url,
        "BOT_PRIVACY__DATA_KEY": KEY,
        **{
            f"BOT_WECHAT__{name.upper()}": getattr(ACCOUNT, name)
            for name in ("app_id", "app_secret", "token", "encoding_aes_key", "api_base")
        },
    }
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"], cwd=folder, env=environ, stdout=log, stderr=log
        )
    try:
        for _ in attempts(60):
            assert process.poll() is None, (folder / "serve.log").read_text(encoding="utf-8")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(30)


def test_what_was_answered_survives_a_kill_and_is_answered_the_same_again(
    village_url: str, tmp_path: Path
) -> None:
    words = "我们村有三万斤土豆卖不出去，想找销路"
    with serving(village_url, tmp_path) as (process, url):
        said = Sender(url + "/wechat", ACCOUNT).text("oZhang", words, number=4242)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    assert said is not None
    assert "编号 1" in said
    assert "1 土豆整车收购" in said

    store = Store(village_url, Vault(KEY))
    assert rows(store, "SELECT number, state, text FROM cases") == [(1, "submitted", words)]
    assert rows(store, "SELECT event FROM timeline WHERE case_number = 1") == [("report",)]
    assert rows(store, "SELECT rank, supply_code FROM suggestions WHERE case_number = 1")[0] == (1, "S001")
    assert rows(store, "SELECT COUNT(*) FROM outbox WHERE kind = 'case_filed'")[0][0] >= 1
    assert rows(store, "SELECT step FROM dialogues WHERE openid = 'oZhang'") == [("Choose",)]
    received = rows(store, "SELECT handler, fault, reply_sealed FROM received")
    assert [(row[0], row[1]) for row in received] == [("report.understood", "")]
    with store.reading() as unit:
        assert unit.inbox.reply(received[0][2]) == said

    with serving(village_url, tmp_path) as (_, url):
        sender = Sender(url + "/wechat", ACCOUNT)
        assert sender.text("oZhang", words, number=4242) == said
        assert rows(store, "SELECT COUNT(*) FROM cases") == [(1,)]
        chosen = sender.text("oZhang", "1")
        assert "岳各庄批发市场" in (chosen or "")
    store.close()


def test_a_polite_end_finishes_what_is_under_way(village_url: str, tmp_path: Path) -> None:
    with serving(village_url, tmp_path) as (process, url):
        assert fetch(url + "/healthz")[0] == 200
        Sender(url + "/wechat", ACCOUNT).text("oZhang", "我的")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert "Traceback" not in (tmp_path / "serve.log").read_text(encoding="utf-8")


def test_a_port_that_is_taken_is_a_sentence(village_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environ = {
            "BOT_SERVER__PORT": port,
            "BOT_DATABASE__URL": village_url,
            "BOT_PRIVACY__DATA_KEY": KEY,
            "BOT_WECHAT__APP_ID": "wx1",
            "BOT_WECHAT__TOKEN": "t",
        }
        done = subprocess.run(
            [sys.executable, "-m", "bot", "serve"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    assert done.returncode == 2
    assert port in done.stderr
    assert "Traceback" not in done.stderr

"""The commands as a user meets them: what they print, with which code they end, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main

from .source import ROOT

KEY = "c2hvdXFpYW5zaG91LXRlc3Qta2V5LTMyLWJ5dGVzISE="
ACCOUNT = {"BOT_WECHAT__APP_ID": "wx1", "BOT_WECHAT__TOKEN": "t"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, without settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)
    return tmp_path


def bot(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs one command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"} | settings,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return done


def ended(arguments: list[str]) -> int:
    """The exit code of a command that is run in this process: only what ends before anything is set up."""
    try:
        return main(arguments)
    except SystemExit as error:
        return int(error.code or 0)


def test_routes_prints_the_table_whatever_the_locale(here: Path) -> None:
    done = bot("routes", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) > 80
    assert any(line.split() == ["escape", "help.show", "anyone", "帮助"] for line in lines)
    assert any(line.split() == ["command", "mine.look", "member", "查", "…number?"] for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["routes", "--loud"],
        ["demo", "--port", "many"],
        ["import"],
        ["export", "needs"],
        ["sample", "--years", "3"],
        ["understand"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_two_and_says_how(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(arguments) == 2
    assert capsys.readouterr().err.strip()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprot = 80\n", "prot"),
        ("[sever]\nport = 80\n", "sever"),
        ("[server]\nport = 'many'\n", "port"),
        ("[database]\nurl = 'mysql://x'\n", "url"),
        ("[wechat]\nencoding_aes_key = 'short'\n", "encoding_aes_key"),
        ("[privacy]\ndata_key = 'c2hvcnQ='\n", "data_key"),
        ("[server\n", "config.toml"),
        ("port = ", "config.toml"),
        ("server = 3", "server"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(
    text: str, named: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "config.toml").write_text(text, encoding="utf-8")
    assert ended(["serve"]) == 2
    said = capsys.readouterr()
    assert named in said.err
    assert "c2hvcnQ=" not in said.err, "a secret is never repeated"
    assert said.out == ""


def test_an_unknown_key_of_the_environment_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_DATABASE__ULR", "sqlite:///x.db")
    assert ended(["migrate"]) == 2
    assert "ulr" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_a_wrong_configuration(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(["serve", "--config", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_without_a_data_key_it_says_what_to_do(command: str, here: Path) -> None:
    done = bot(command, **ACCOUNT)
    assert done.returncode == 2
    assert "privacy.data_key" in done.stderr
    assert "BOT_PRIVACY__DATA_KEY" in done.stderr
    assert not (here / "data").exists(), "nothing is made before the settings are whole"


@pytest.mark.slow
def test_without_an_account_serve_says_so(here: Path) -> None:
    done = bot("serve", BOT_PRIVACY__DATA_KEY=KEY)
    assert (done.returncode, "wechat.app_id" in done.stderr) == (2, True)


@pytest.mark.slow
def test_serve_wants_a_migrated_database_and_migrate_makes_one(here: Path) -> None:
    key = bot("key").stdout.strip()
    done = bot("serve", BOT_PRIVACY__DATA_KEY=key, **ACCOUNT)
    assert (done.returncode, "migrate" in done.stderr) == (2, True)
    assert bot("migrate", BOT_PRIVACY__DATA_KEY=key).returncode == 0
    again = bot("migrate", BOT_PRIVACY__DATA_KEY=key)
    assert (again.returncode, "已经是最新" in again.stdout) == (0, True)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite:///{}/folder.db", "sqlite:///{}/file/bot.db"])
def test_a_database_that_cannot_be_opened_is_a_sentence(url: str, here: Path) -> None:
    (here / "folder.db").mkdir()
    (here / "file").touch()
    done = bot("migrate", BOT_PRIVACY__DATA_KEY=KEY, BOT_DATABASE__URL=url.format(here))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_database_that_does_not_answer_is_a_sentence(here: Path) -> None:
    url = f"postgresql://nobody@/nothing?host={here}"
    done = bot("migrate", BOT_PRIVACY__DATA_KEY=KEY, BOT_DATABASE__URL=url)
    assert done.returncode == 1
    assert "数据库用不了" in done.stderr

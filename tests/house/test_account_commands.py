"""``admin`` and ``audit``: the first account on an empty database, passwords that nobody sees, reasons that are sentences."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from bot.__main__ import main
from models.audit import Wanted
from models.password import password_fits
from models.store import Store
from models.vault import Vault

KEY = "c2hvdXFpYW5zaG91LXRlc3Qta2V5LTMyLWJ5dGVzISE="
PASSWORD = "羊群下山过了河再吃草"


class Bench:
    """A folder with settings of its own, and the commands."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.url = f"sqlite:///{folder / 'data' / 'bot.db'}"
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """The exit code and what was said on both streams."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        try:
            code = main(list(arguments))
        except SystemExit as error:
            code = int(error.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def store(self) -> Store:
        """What is on file."""
        return Store(self.url, Vault(KEY))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Nothing on file yet."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BOT_PRIVACY__DATA_KEY", KEY)
    return Bench(tmp_path, monkeypatch, capsys)


def test_the_first_account_can_be_made_first(bench: Bench) -> None:
    code, out, err = bench.run("admin", "add", "Wang", "--role", "city", typed=PASSWORD + "\n")
    assert (code, err) == (0, "")
    assert "wang" in out
    assert PASSWORD not in out
    with bench.store().reading() as unit:
        account = unit.accounts.named("wang")
        assert password_fits(PASSWORD, account.password_hash)
        assert not account.must_change
        assert [row.action for row in unit.audit.page(Wanted(), limit=5, offset=0)[0]] == [
            "grant_give",
            "account_open",
        ]
    code, out, _ = bench.run("admin", "list")
    assert (code, "市级管理员" in out, "还没登录过" in out) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["add", "wang", "--role", "city"], "short\n", "密码太短"),
        (["add", "wang", "--role", "city"], "", "密码太短"),
        (["add", "wang", "--role", "city"], "1234567890\n", "容易猜"),
        (["add", "<b>", "--role", "city"], PASSWORD, "用不了"),
        (["add", "wang", "--role", "area"], PASSWORD, "编号"),
        (["add", "wang", "--role", "area", "--scope", "X1"], PASSWORD, "编号"),
        (["add", "wang", "--role", "city", "--scope", "X1"], PASSWORD, "编号"),
        (["passwd", "nobody"], PASSWORD, "没有“nobody”"),
        (["disable", "nobody"], "", "没有“nobody”"),
    ],
)
def test_what_is_refused_is_a_sentence_and_changes_nothing(
    arguments: list[str], typed: str, said: str, bench: Bench
) -> None:
    code, out, err = bench.run("admin", *arguments, typed=typed)
    assert (code, out) == (1, "")
    assert said in err
    with bench.store().reading() as unit:
        assert unit.audit.verify().count == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["admin"],
        ["admin", "add", "wang"],
        ["admin", "add", "wang", "--role", "king"],
        ["audit"],
        ["admin", "fly"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_two(arguments: list[str], bench: Bench) -> None:
    code, _, err = bench.run(*arguments)
    assert code == 2
    assert err.strip()


def test_a_password_is_never_an_argument(bench: Bench) -> None:
    code, _, _ = bench.run("admin", "add", "wang", "--role", "city", "--password", PASSWORD)
    assert code == 2


def test_a_password_that_was_forgotten(bench: Bench) -> None:
    bench.run("admin", "add", "wang", "--role", "city", typed=PASSWORD)
    code, out, _ = bench.run("admin", "passwd", "WANG", "--hand-over", typed="三棵榆树下有口老井水真甜\n")
    assert (code, "改好了" in out) == (0, True)
    with bench.store().reading() as unit:
        account = unit.accounts.named("wang")
        assert account.must_change
        assert not password_fits(PASSWORD, account.password_hash)


def test_taking_an_account_away_and_giving_it_back(bench: Bench) -> None:
    bench.run("admin", "add", "wang", "--role", "city", typed=PASSWORD)
    code, _, err = bench.run("admin", "disable", "wang")
    assert (code, "最后一个" in err) == (1, True)
    bench.run("admin", "add", "li", "--role", "city", typed=PASSWORD)
    assert bench.run("admin", "disable", "wang")[0] == 0
    assert "停用" in bench.run("admin", "list")[1]
    assert bench.run("admin", "enable", "wang")[0] == 0
    assert bench.run("admin", "grant", "wang", "--role", "auditor")[0] == 0
    assert "审计员" in bench.run("admin", "list")[1]


def test_an_empty_list_says_how_to_begin(bench: Bench) -> None:
    code, out, _ = bench.run("admin", "list")
    assert (code, "admin add" in out) == (0, True)


def test_a_database_of_an_older_release_is_not_touched(bench: Bench) -> None:
    bench.run("admin", "list")
    with bench.store().engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    code, _, err = bench.run("admin", "add", "wang", "--role", "city", typed=PASSWORD)
    assert (code, "migrate" in err) == (2, True)


def test_the_audit_is_verified(bench: Bench) -> None:
    bench.run("admin", "add", "wang", "--role", "city", typed=PASSWORD)
    code, out, _ = bench.run("audit", "verify")
    assert code == 0
    noted = out.rpartition("：")[2].strip()
    assert len(noted) == 64
    assert bench.run("audit", "verify", "--noted", noted)[0] == 0
    assert bench.run("audit", "verify", "--noted", "f" * 64)[0] == 1
    with bench.store().engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'li' WHERE number = 1")
    code, _, err = bench.run("audit", "verify")
    assert (code, "第 1 条" in err, "改过" in err) == (1, True, True)

"""The settings: files, what the environment lays over them, and what is refused."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from bot.config import Config, ConfigError, find, load, overlay

AES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KEY = base64.b64encode(b"k" * 32).decode()


def laid(**environ: str) -> Config:
    """The defaults with these variables over them."""
    return load(None, environ)


def test_the_defaults_stand_without_a_file() -> None:
    config = load(None, {})
    assert config == Config()
    assert config.talk.reply_deadline_s == 4.5
    assert config.notices.tick_s == 30


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[server]\nport = 1\nhost = '0.0.0.0'\n", encoding="utf-8")
    config = load(path, {"BOT_SERVER__PORT": "2"})
    assert (config.server.port, config.server.host) == (2, "0.0.0.0")


@pytest.mark.parametrize(
    ("name", "value", "section", "key", "expected"),
    [
        ("BOT_SERVER__PORT", "9000", "server", "port", 9000),
        ("BOT_DATABASE__URL", "postgresql://u:p@h/n", "database", "url", "postgresql://u:p@h/n"),
        ("BOT_WECHAT__TOKEN", "t", "wechat", "token", "t"),
        ("BOT_WECHAT__ENCODING_AES_KEY", AES, "wechat", "encoding_aes_key", AES),
        ("BOT_TALK__REPLY_DEADLINE_S", "0.5", "talk", "reply_deadline_s", 0.5),
        ("BOT_NOTICES__ENABLED", "false", "notices", "enabled", False),
        ("BOT_NOTICES__TICK_S", "1", "notices", "tick_s", 1.0),
        ("BOT_ADMIN__COOKIE_SECURE", "0", "admin", "cookie_secure", False),
        ("BOT_PRIVACY__DATA_KEY", KEY, "privacy", "data_key", KEY),
        (
            "BOT_SERVER__TRUSTED_PROXIES",
            "10.0.0.1, 10.0.0.2",
            "server",
            "trusted_proxies",
            ("10.0.0.1", "10.0.0.2"),
        ),
        (
            "BOT_WECHAT__TEMPLATES__CASE_FILED",
            "T thing1=title",
            "wechat",
            "templates",
            {"case_filed": "T thing1=title"},
        ),
    ],
)
def test_a_variable_sets_its_key(name: str, value: str, section: str, key: str, expected: object) -> None:
    assert getattr(getattr(laid(**{name: value}), section), key) == expected


def test_other_variables_are_left_alone() -> None:
    assert laid(PATH="/bin", BOT_HOME="x", bot_server__port="1", MYBOT_SERVER__PORT="1") == Config()


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("BOT_SERVER__PROT", "1", "prot"),
        ("BOT_SEVER__PORT", "1", "sever"),
        ("BOT_SERVER__PORT", "many", "port"),
        ("BOT_SERVER__PORT", "70000", "port"),
        ("BOT_TALK__REPLY_DEADLINE_S", "5", "reply_deadline_s"),
        ("BOT_DATABASE__URL", "mysql://h/n", "url"),
        ("BOT_WECHAT__ACCOUNT", "personal", "account"),
        ("BOT_WECHAT__ENCODING_AES_KEY", AES[:-1], "encoding_aes_key"),
        ("BOT_WECHAT__ENCODING_AES_KEY_PREVIOUS", "!" * 43, "encoding_aes_key_previous"),
        ("BOT_NOTICES__QUIET_HOURS", "8pm", "quiet_hours"),
        ("BOT_PRIVACY__DATA_KEY", "short", "data_key"),
        ("BOT_PRIVACY__DATA_KEY", base64.b64encode(b"k" * 16).decode(), "data_key"),
        ("BOT_PRIVACY__RETENTION_DAYS", "0", "retention_days"),
        ("BOT_LOG__LEVEL", "LOUD", "level"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name: str, value: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word) as refusal:
        laid(**{name: value})
    if "KEY" in name:
        assert value not in str(refusal.value)


def test_a_section_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="server"):
        overlay({"server": 3}, {"BOT_SERVER__PORT": "1"})


def test_a_key_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="token"):
        laid(BOT_WECHAT__TOKEN="t", BOT_WECHAT__TOKEN__MORE="x")


def test_settings_do_not_change_while_it_runs() -> None:
    with pytest.raises(AttributeError):
        Config().server.port = 1  # type: ignore[misc]
    assert all(field.type.__struct_config__.frozen for field in msgspec.structs.fields(Config))


def test_the_folder_s_own_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_SERVER__PORT", raising=False)
    assert find(None).server.port == 8080
    (tmp_path / "config.toml").write_text("[server]\nport = 81\n", encoding="utf-8")
    assert find(None).server.port == 81
    (tmp_path / "other.toml").write_text("[server]\nport = 82\n", encoding="utf-8")
    assert find(tmp_path / "other.toml").server.port == 82

"""Settings: ``config.toml`` with ``BOT_<SECTION>__<KEY>`` laid over it, checked as a whole before anything starts."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from models.quiet import Quiet


class ConfigError(Exception):
    """The configuration cannot be used; the text names the key and what to do."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[server]"""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = ""

    def __post_init__(self) -> None:
        for proxy in self.trusted_proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(
                    f"`trusted_proxies`: {proxy} is no address and no network like 10.0.0.0/8"
                ) from None


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[database]"""

    url: Annotated[str, Meta(pattern=r"^(sqlite:///|postgresql://)")] = "sqlite:///data/bot.db"
    pool_size: Annotated[int, Meta(ge=1, le=64)] = 4


class WeChat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[wechat]"""

    app_id: str = ""
    app_secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    encoding_aes_key_previous: str = ""
    original_id: str = ""
    api_base: str = "https://api.weixin.qq.com"
    account: Literal["service_verified", "service_unverified", "subscription"] = "service_verified"
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 8.0
    timestamp_window_s: Annotated[int, Meta(ge=0)] = 0
    templates: dict[str, str] = {}
    subscriptions: dict[str, str] = {}

    def __post_init__(self) -> None:
        for name in ("encoding_aes_key", "encoding_aes_key_previous"):
            key = getattr(self, name)
            if not key:
                continue
            try:
                size = len(base64.b64decode(key + "=", validate=True))
            except (binascii.Error, ValueError):
                size = 0
            if len(key) != 43 or size != 32:
                raise ValueError(
                    f"`{name}` must be the 43 letters and digits shown in the platform's console"
                )


class Talk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[talk]"""

    reply_deadline_s: Annotated[float, Meta(gt=0, lt=5)] = 4.5
    dialogue_timeout_s: Annotated[int, Meta(ge=60)] = 1800
    draft_timeout_s: Annotated[int, Meta(ge=60)] = 600


class Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[claims]"""

    approval: Literal["after", "before"] = "after"


class Campaigns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[campaigns]"""

    by_rule: bool = True


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[language]"""

    synonyms: str = ""
    encoder: Literal["on", "off", "auto"] = "auto"


class Notices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[notices]"""

    enabled: bool = True
    quiet_hours: Annotated[str, Meta(pattern=r"^(\d\d:\d\d-\d\d:\d\d)?$")] = "20:00-08:00"
    daily_quota: Annotated[int, Meta(ge=0)] = 100_000
    tick_s: Annotated[float, Meta(gt=0)] = 30.0

    def __post_init__(self) -> None:
        try:
            Quiet.read(self.quiet_hours)
        except ValueError as error:
            raise ValueError("`quiet_hours` must be two times of day, such as 20:00-08:00") from error


class Admin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[admin]"""

    session_hours: Annotated[int, Meta(ge=1)] = 8
    cookie_secure: bool = True


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[privacy]"""

    data_key: str = ""
    data_key_previous: str = ""
    retention_days: Annotated[int, Meta(ge=1)] = 180

    def __post_init__(self) -> None:
        for name in ("data_key", "data_key_previous"):
            key = getattr(self, name)
            try:
                usable = not key or len(base64.b64decode(key, validate=True)) == 32
            except (binascii.Error, ValueError):
                usable = False
            if not usable:
                raise ValueError(f"`{name}` must be 32 bytes in base64 (python -m bot key makes one)")


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[log]"""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "json", "console"] = "auto"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that an operator can set."""

    server: Server = Server()
    database: Database = Database()
    wechat: WeChat = WeChat()
    talk: Talk = Talk()
    claims: Claims = Claims()
    campaigns: Campaigns = Campaigns()
    language: Language = Language()
    notices: Notices = Notices()
    admin: Admin = Admin()
    privacy: Privacy = Privacy()
    log: Log = Log()


_OVERLAY = re.compile(r"^BOT_([A-Z]+)__([A-Z0-9_]+)$")


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of ``path`` (None: only defaults) with the environment over them.

    Raises:
        ConfigError: the file is missing or not TOML, a key is unknown, a value does not fit.
    """
    tree: dict[str, Any] = {}
    if path is not None:
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
    overlay(tree, environ)
    try:
        return msgspec.convert(tree, Config, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path or 'environment'}: {error}") from error


def find(path: Path | None) -> Config:
    """The settings that a command was given, else those of this folder, else the defaults and the environment."""
    if path is None and Path("config.toml").exists():
        path = Path("config.toml")
    return load(path)


def overlay(tree: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Lays ``BOT_<SECTION>__<KEY>`` over ``tree``; ``BOT_WECHAT__TEMPLATES__<KIND>`` reaches one level deeper."""
    for name, value in environ.items():
        if not (found := _OVERLAY.match(name)):
            continue
        section, key = found[1].lower(), found[2].lower()
        node = tree.setdefault(section, {})
        if not isinstance(node, dict):
            raise ConfigError(f"`{section}` must be a table, as in [{section}]")
        head, _, rest = key.partition("__")
        if rest:
            node = node.setdefault(head, {})
            key = rest
            if not isinstance(node, dict):
                raise ConfigError(f"`{section}.{head}` must be a table to have `{rest}` in it")
        node[key] = [part.strip() for part in value.split(",")] if key == "trusted_proxies" else value

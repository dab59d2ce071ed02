"""``doctor``: one line for each thing that must be right before members can be served."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import date

from bot.app import check_wechat, open_store
from bot.config import Config, ConfigError
from bot.kit.clock import real_clock
from bot.wechat.client import Client
from bot.wechat.errors import ApiError
from models import schema
from models.moment import local
from models.store import Store

CLOCK_OFF_S = 60.0
"""Seconds that this machine's clock may differ from the platform's; signed pushes carry the platform's time."""


class NotYet(Exception):
    """Nothing is wrong, and something will be to do."""


def run(config: Config) -> int:
    """Checks everything; 1 if something must be mended."""
    wrong = 0

    def check(name: str, look: Callable[[], str]) -> None:
        nonlocal wrong
        try:
            print(f"好    {name}：{look()}")
        except NotYet as advice:
            print(f"注意  {name}：{advice}")
        except Exception as error:
            wrong += 1
            print(f"要修  {name}：{error}")

    check("配置", lambda: _settings(config))
    store: Store | None = None

    def database() -> str:
        nonlocal store
        store = open_store(config)
        with store.engine.connect() as connection:
            return connection.dialect.name

    check("数据库", database)
    if store is not None:
        opened = store
        check("数据库结构", lambda: _schema(opened))
        if schema.current(opened) == schema.HEAD:
            check("名册和清单", lambda: _holdings(opened))
            check("积压", lambda: _backlog(opened))
            check("停发", lambda: _pauses(opened))
            check("工作日历", lambda: _calendar(opened))
        opened.close()
    check("微信接口", lambda: asyncio.run(_token(config)))
    check("时钟", _clock)
    return 1 if wrong else 0


def _settings(config: Config) -> str:
    check_wechat(config)
    mode = "安全模式（AES）" if config.wechat.encoding_aes_key else "明文模式，建议在平台上改为安全模式"
    return f"{config.wechat.account}，{mode}"


def _schema(store: Store) -> str:
    current = schema.current(store)
    if current != schema.HEAD:
        raise ConfigError(f"现在是 {current or '空'}，需要 {schema.HEAD}；请运行 python -m bot migrate")
    return current or ""


def _holdings(store: Store) -> str:
    with store.reading() as unit:
        counts = unit.counts()
    if not counts["organisations"]:
        raise ConfigError("还没有党组织；请运行 python -m bot import organisations 文件")
    return "，".join(f"{name} {count}" for name, count in counts.items())


def _backlog(store: Store) -> str:
    with store.reading() as unit:
        due, age = unit.outbox.backlog(real_clock())
    if age > 600:
        raise ConfigError(f"{due} 封到时间没发出，最久的 {age / 60:.0f} 分钟；请看 serve 是否在运行")
    return f"到时间没发出的 {due} 封"


def _pauses(store: Store) -> str:
    with store.reading() as unit:
        pauses = unit.pauses.current(real_clock())
    if pauses:
        lines = "；".join(
            f"{name}（{'直到恢复' if pause.until is None else f'到 {local(pause.until):%m-%d %H:%M}'}）{pause.reason}"
            for name, pause in sorted(pauses.items())
        )
        raise ConfigError(f"有停着的：{lines}。改好以后请运行 python -m bot outbox resume 名字")
    return "没有停着的"


def _calendar(store: Store) -> str:
    with store.reading() as unit:
        return calendar_line(unit.workdays.years(), local(real_clock()).date())


def calendar_line(years: Sequence[int], today: date) -> str:
    """What is to be said of the working days on file.

    The next year's notice usually comes out in November; in December deadlines reach into that year.

    Raises:
        ConfigError: the present year is missing, or from December on the next one.
        NotYet: the next one is missing in November.
    """
    wanted = [today.year] if today.month < 11 else [today.year, today.year + 1]
    missing = [year for year in wanted if year not in years]
    if not missing:
        return f"有 {'、'.join(map(str, years))} 年的放假调休安排"
    advice = (
        f"没有 {'、'.join(map(str, missing))} 年的放假调休安排，到那时的办理时限定不下来；"
        "国务院办公厅的通知出来后，请运行 python -m bot import calendar 文件"
    )
    if today.month == 11 and missing == [today.year + 1]:
        raise NotYet(advice)
    raise ConfigError(advice)


async def _token(config: Config) -> str:
    if not config.wechat.app_secret:
        raise ConfigError("`wechat.app_secret` is missing: set BOT_WECHAT__APP_SECRET")
    async with Client(config.wechat) as client:
        try:
            await client.tokens.current()
        except ApiError as error:
            raise ConfigError(str(error)) from error
    return "令牌能取到"


def _clock() -> str:
    now = time.time()
    if now < 1_767_225_600:  # 2026-01-01: older than this release
        raise ConfigError("这台机器的时间不对，请校时")
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(now))

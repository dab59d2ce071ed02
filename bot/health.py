"""Health: one line for each thing that must be right before members can be served; for ``doctor`` and the web admin."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from bot.config import Config, ConfigError
from models import schema
from models.moment import from_epoch, local
from models.store import Store
from models.watching import Cause

LATEST_S = 600.0
"""Seconds that a letter may lie about before somebody should look."""
HOLDINGS = {"organisations": "党组织", "members": "党员", "supplies": "供需条目", "cases": "事项"}
"""What the main tables hold."""
_THIS_RELEASE = 1_767_225_600  # 2026-01-01: a clock that shows less is wrong


class NotYet(Exception):
    """Nothing is wrong, and something will be to do."""


class Finding(msgspec.Struct, frozen=True):
    """One line."""

    verdict: str
    """``well``, ``soon`` (nothing is wrong, and something will be to do), ``wrong``."""
    name: str
    said: str


Look = Callable[[], str]
"""Gives what is to be said. Raises NotYet; anything else that it raises must be mended."""


def find(name: str, look: Look) -> Finding:
    """One look."""
    try:
        return Finding("well", name, look())
    except NotYet as advice:
        return Finding("soon", name, str(advice))
    except Exception as error:
        return Finding("wrong", name, str(error))


async def find_later(name: str, look: Callable[[], Awaitable[str]]) -> Finding:
    """One look at something outside."""
    try:
        return Finding("well", name, await look())
    except Exception as error:
        return Finding("wrong", name, str(error))


def of_settings(config: Config) -> Finding:
    """Whether messages can be received."""
    return find("配置", lambda: _settings(config))


def of_store(store: Store, now: datetime) -> list[Finding]:
    """The database and what it holds."""
    found = [find("数据库", lambda: _database(store)), find("数据库结构", lambda: _schema(store))]
    if any(finding.verdict == "wrong" for finding in found):
        return found
    return [
        *found,
        find("名册和清单", lambda: _holdings(store)),
        find("积压", lambda: _backlog(store, now)),
        find("定时的事", lambda: _rounds(store, now)),
        find("自查", lambda: _watching(store, now)),
        find("停发", lambda: _pauses(store, now)),
        find("工作日历", lambda: _calendar(store, now)),
    ]


def of_clock() -> Finding:
    """This machine's clock; signed pushes carry the platform's time."""
    return find("时钟", _clock)


def check_wechat(config: Config) -> None:
    """Raises ConfigError where something is missing without which no message can be received."""
    for name in ("app_id", "token"):
        if not getattr(config.wechat, name):
            raise ConfigError(f"`wechat.{name}` is missing: set BOT_WECHAT__{name.upper()}")


def _settings(config: Config) -> str:
    check_wechat(config)
    mode = "安全模式（AES）" if config.wechat.encoding_aes_key else "明文模式，建议在平台上改为安全模式"
    return f"{config.wechat.account}，{mode}"


def _database(store: Store) -> str:
    with store.engine.connect() as connection:
        return connection.dialect.name


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
    return "，".join(f"{HOLDINGS[name]} {count}" for name, count in counts.items())


def _backlog(store: Store, now: datetime) -> str:
    with store.reading() as unit:
        due, age = unit.outbox.backlog(now)
    if age > LATEST_S:
        raise ConfigError(f"{due} 封到时间没发出，最久的 {age / 60:.0f} 分钟；请看 serve 是否在运行")
    return f"到时间没发出的 {due} 封"


def _rounds(store: Store, now: datetime) -> str:
    """Whether some process does what is to be done unasked."""
    with store.reading() as unit:
        beats = unit.heartbeats.all()
    alive = [beat for beat in beats if beat.alive(now)]
    if not alive:
        last = max((beat.seen_at for beat in beats), default=None)
        seen = f"最后一次在 {local(last):%m-%d %H:%M}" if last else "一天内没有见过"
        raise NotYet(f"没有 serve 在运行（{seen}），到时间的消息没人发")
    if silent := [
        f"{beat.job}（{beat.process}，{beat.silent_s / 60:.0f} 分钟）" for beat in alive if beat.silent(now)
    ]:
        raise ConfigError(f"停住了：{'、'.join(silent)}；请看日志，重启 serve")
    return f"{len({beat.process for beat in alive})} 个进程在运行，都按时做完"


_WRONG: Final = {
    Cause.AGENDA: "{count} 项提醒到日子没人告诉，请看 serve 的日志",
    Cause.DEAD: "一天里有 {count} 封消息发不出去、不再发，请看各封的原因",
    Cause.UNCONFIRMED: "{count} 封模板消息交给微信后没有回话，请看平台的事件推送是否通",
    Cause.CALLS: "一天里新添 {count} 个要打电话告知的人，请看他们是否绑定了微信",
}
"""The backlog, the rounds and the calendar have lines of their own."""


def _watching(store: Store, now: datetime) -> str:
    """What the auditor would say, but for what has a line of its own."""
    with store.reading() as unit:
        figures = unit.watching.figures(now)
        findings = unit.watching.findings(now)
    wrong = [
        _WRONG[finding.cause].format(count=finding.count) for finding in findings if finding.cause in _WRONG
    ]
    if wrong:
        raise ConfigError("；".join(wrong))
    letters = figures.letters
    return f"等对方来信时再说的 {letters['waiting']} 封，要打电话的 {letters['call']} 封，没有别的不对"


def _pauses(store: Store, now: datetime) -> str:
    with store.reading() as unit:
        pauses = unit.pauses.current(now)
    if pauses:
        lines = "；".join(
            f"{name}（{'直到恢复' if pause.until is None else f'到 {local(pause.until):%m-%d %H:%M}'}）{pause.reason}"
            for name, pause in sorted(pauses.items())
        )
        raise ConfigError(f"有停着的：{lines}。改好以后请运行 python -m bot outbox resume 名字")
    return "没有停着的"


def _calendar(store: Store, now: datetime) -> str:
    with store.reading() as unit:
        return calendar_line(unit.workdays.years(), local(now).date())


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


def _clock() -> str:
    now = time.time()
    if now < _THIS_RELEASE:
        raise ConfigError("这台机器的时间不对，请校时")
    return f"{local(from_epoch(now)):%Y-%m-%d %H:%M}（北京时间）"

"""``doctor``: one line for each thing that must be right before members can be served."""

from __future__ import annotations

import asyncio

from bot import health
from bot.app import open_store, token_line
from bot.config import Config
from bot.health import Finding
from bot.kit.clock import real_clock
from bot.wechat.client import Client

WORDS = {"well": "好    ", "soon": "注意  ", "wrong": "要修  "}


def run(config: Config) -> int:
    """Checks everything; 1 if something must be mended."""
    findings = [
        health.of_settings(config),
        *_stored(config),
        asyncio.run(_platform(config)),
        health.of_clock(),
    ]
    for finding in findings:
        print(f"{WORDS[finding.verdict]}{finding.name}：{finding.said}")
    return 1 if any(finding.verdict == "wrong" for finding in findings) else 0


def _stored(config: Config) -> list[Finding]:
    try:
        store = open_store(config)
    except Exception as error:
        return [Finding("wrong", "数据库", str(error))]
    try:
        return health.of_store(store, real_clock())
    finally:
        store.close()


async def _platform(config: Config) -> Finding:
    async with Client(config.wechat) as client:
        return await health.find_later("微信接口", lambda: token_line(config, client))

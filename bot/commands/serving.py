"""``serve``, ``demo``, ``migrate``, ``key``, ``routes``: running the product, and looking at it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

from aiohttp import web

from bot.config import Config, ConfigError, find
from bot.kit.clock import MovableClock, real_clock
from models.fit import Offer
from models.moment import local
from models.store import Store

KEEP_ALIVE_S = 75.0
"""Seconds that an idle connection, or one whose headers never finish, is kept; the platform's proxies use 60."""


def serve(config: Config) -> int:
    """Webhook and everything that goes on behind it, until the process is told to stop."""
    from bot import app, health
    from models import schema

    health.check_wechat(config)
    store = app.open_store(config)
    if schema.current(store) != schema.HEAD:
        print(
            f"数据库结构不是最新的（现在 {schema.current(store) or '空'}，需要 {schema.HEAD}），请先运行：python -m bot migrate",
            file=sys.stderr,
        )
        return 2
    product = app.Product(config, store)
    _run(product.application(), config, f"手牵手 http://{config.server.host}:{config.server.port}/wechat")
    return 0


def demo(args: argparse.Namespace) -> int:
    """The whole product on the embedded default, with the simulated platform."""
    from bot.app import Product
    from bot.commands.demo import ACCOUNT, demo_app, demo_config, demo_password, open_demo

    clock = MovableClock()
    config = demo_config(args.port, args.data)
    print("正在准备示例数据……", flush=True)
    store, cast = open_demo(config, clock)
    web_app, _ = demo_app(Product(config, store, clock), cast, clock)
    lines = [
        "",
        "手牵手 演示已经开始（Ctrl-C 结束）",
        f"  手机模拟器  http://127.0.0.1:{args.port}/sim",
        f"  消息接口    http://127.0.0.1:{args.port}/wechat  （模拟平台已经连好，AES 加密）",
        f"  数据        {args.data}",
        "  手机上的人（不用登录，点开就是他）：",
        *(f"    {phone.name}  {phone.role}" for phone in cast),
        f"  网页后台    http://127.0.0.1:{args.port}/admin  账号 {ACCOUNT}，密码 {demo_password(config)}",
        "",
    ]
    _run(web_app, config, "\n".join(lines))
    return 0


def _run(application: web.Application, config: Config, hello: str) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(
                NotImplementedError
            ):  # Windows has no such handlers; Ctrl-C raises there
                loop.add_signal_handler(name, stop.set)
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=KEEP_ALIVE_S)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, config.server.host, config.server.port, backlog=1024).start()
            except OSError as error:
                raise ConfigError(
                    f"cannot listen on {config.server.host}:{config.server.port}: {error.strerror}; "
                    "choose another port (--port for the demo, BOT_SERVER__PORT for serve)"
                ) from error
            print(hello, flush=True)
            await stop.wait()
        finally:
            await runner.cleanup()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(main())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop where it is installed (the extra ``fast``), else the standard one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def migrate(config: Config) -> int:
    """Brings the schema to the newest version."""
    from bot import app
    from models import schema

    store = app.open_store(config)
    before = schema.current(store)
    schema.upgrade(store)
    after = schema.current(store)
    store.close()
    print(
        f"数据库结构已经是最新的：{after}" if before == after else f"数据库结构：{before or '空'} → {after}"
    )
    return 0


def key() -> int:
    """A fresh key for ``privacy.data_key``."""
    from models.vault import new_key

    print(new_key())
    return 0


def routes() -> int:
    """The routing table, in the order in which a message asks it."""
    import handlers

    table = handlers.router().table()
    widths = [
        max(len(value) for value in column) for column in zip(*((r.kind, r.name) for r in table), strict=True)
    ]
    for route in table:
        takes = f" …{route.takes}" if route.takes else ""
        print(
            f"{route.kind:<{widths[0]}}  {route.name:<{widths[1]}}  {route.who.value:<6}  {route.claim}{takes}"
        )
    return 0


def with_store(config: Config, job: Callable[[Store], int]) -> int:
    """Does a job with the database of the settings."""
    from bot import app

    store = app.open_store(config)
    try:
        return job(store)
    finally:
        store.close()


def import_file(args: argparse.Namespace, config: Config) -> int:
    """Imports one file into the database of the settings."""
    from bot.commands import importing

    return with_store(config, lambda store: importing.run(args, store))


def offers(args: argparse.Namespace) -> list[Offer]:
    """The list of the settings' database, for ``match``."""
    from bot import app

    store = app.open_store(find(args.config))
    try:
        with store.reading() as unit:
            return unit.supplies.on_offer(local(real_clock()).date())
    finally:
        store.close()

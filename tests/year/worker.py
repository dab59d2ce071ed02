"""One process of the product, as ``serve`` runs it, but on the test's clock: ``python -m tests.year.worker CLOCK PORT``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from bot import config as settings
from bot import log
from bot.app import Product, open_store
from tests.year.moment import SharedClock


async def main(clock_file: Path, port: int) -> None:
    """Runs until it is killed."""
    config = settings.load(None)
    log.set_up("WARNING", "json")
    clock = SharedClock(clock_file)
    product = Product(config, open_store(config), clock)
    runner = web.AppRunner(product.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    shown = clock()
    while True:
        await asyncio.sleep(0.005)
        if shown != (shown := clock()):
            product.rounds.ring()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

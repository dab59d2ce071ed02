"""The whole product with the simulated platform around it, on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from bot.commands.demo import Demo, start_demo
from bot.config import WeChat
from bot.sim.cast import Phone

T = TypeVar("T")


class Product:
    """A running demonstration; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "demo.db"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._demo: AbstractAsyncContextManager[Demo] = start_demo(folder=folder)
        self.demo: Demo

    def __enter__(self) -> Product:
        self._thread.start()
        self.demo = self.run(self._demo.__aenter__())
        return self

    def __exit__(self, *exc: object) -> None:
        self.run(self._demo.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        """The site's address."""
        return self.demo.url

    @property
    def settings(self) -> WeChat:
        """The account's settings, as the simulated platform knows them."""
        return self.demo.platform.settings

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 120) -> T:
        """Does ``work`` on the demonstration's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        connection = sqlite3.connect(self.database, timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def phone_of(product: Product, key: str) -> Phone:
    """Somebody's phone by the cast's short name."""
    phone = product.demo.platform.find(key)
    assert phone is not None, key
    return phone

"""The door of the web admin: two routes that load everything behind them when somebody first comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from bot.admin.means import Means

if TYPE_CHECKING:
    from bot.admin.site import Site


def mount(app: web.Application, means: Means) -> None:
    """Puts the web admin under ``/admin``. Nothing of it is loaded before somebody asks for a page."""
    door = _Door(means)
    app.router.add_route("*", "/admin", door.open)
    app.router.add_route("*", "/admin/{rest:.*}", door.open)
    app.on_cleanup.append(door.close)


class _Door:
    def __init__(self, means: Means) -> None:
        self._means = means
        self._site: Site | None = None
        self._opening = asyncio.Lock()

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        if self._site is None:
            async with self._opening:
                if self._site is None:
                    self._site = await asyncio.to_thread(self._build)
        return await self._site.handle(request)

    def _build(self) -> Site:
        from bot.admin.site import Site

        return Site(self._means)

    async def close(self, app: web.Application) -> None:
        """Lets go of the threads."""
        if self._site is not None:
            self._site.close()

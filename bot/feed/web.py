"""``GET /calendar/<secret>.ics``: whoever knows the secret sees one organisation's calendar, and nobody else anything.

The secret stands in the address because calendar programs know no other way. So the address is never logged, nothing
that is answered repeats it, and a wrong one looks like any page that is not there.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import datetime
from typing import Final

import structlog
from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from bot.engine.writer import Overloaded, Writer
from bot.feed.ics import render
from bot.kit.clock import Clock
from bot.kit.texts import Texts
from models.calendars import Entry, Shown
from models.store import Store

log = structlog.get_logger()

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 bits in base64."""
_HEADERS: Final = {
    # It may be kept, but only by the phone itself, and it asks each time whether it is still true.
    hdrs.CACHE_CONTROL: "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}
AGAIN_S: Final = 60
"""Seconds after which a phone may ask again while the database does not answer."""


class Feed:
    """The calendar of whoever knows its secret."""

    def __init__(self, store: Store, writer: Writer, clock: Clock, texts: Texts) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._texts = texts

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.get("/calendar/{secret}.ics", self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        """The calendar; 304 where the asker has it already, 404 where the secret opens nothing."""
        secret = request.match_info["secret"]
        if not _SECRET.fullmatch(secret):
            return _nothing()
        try:
            body = await self._body(secret)
        except (SQLAlchemyError, Overloaded) as error:
            log.error("calendar_failed", reason=type(error).__name__)
            return web.Response(status=503, headers={**_HEADERS, hdrs.RETRY_AFTER: str(AGAIN_S)})
        if body is None:
            return _nothing()
        tag = hashlib.sha256(body).hexdigest()[:32]
        headers = {**_HEADERS, hdrs.ETAG: f'"{tag}"'}
        if _known(request, tag):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_DISPOSITION] = 'inline; filename="calendar.ics"'
        return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)

    async def _body(self, secret: str) -> bytes | None:
        now = self._clock()
        organisation_id, behind = await asyncio.to_thread(self._find, secret, now)
        if organisation_id is None:
            return None
        if behind:
            await self._writer.do(lambda unit: unit.calendars.publish(organisation_id, now))
        return await asyncio.to_thread(self._render, organisation_id, now)

    def _find(self, secret: str, now: datetime) -> tuple[int | None, bool]:
        with self._store.reading() as unit:
            organisation_id = unit.calendar_links.organisation_of(secret, now)
            return organisation_id, organisation_id is not None and unit.calendars.behind(organisation_id)

    def _render(self, organisation_id: int, now: datetime) -> bytes:
        with self._store.reading() as unit:
            name = unit.organisations.get(organisation_id).name
            events: list[Shown] = unit.calendars.shown(organisation_id, now)
        return render(self._texts.say("calendar.name", organisation=name), events, self._title)

    def _title(self, entry: Entry) -> str:
        match entry.subject:
            case "term":
                return self._texts.say("calendar.turn", consortium=entry.title, number=entry.number)
            case "meeting":
                return self._texts.say("calendar.meeting", consortium=entry.title, number=entry.number)
        return entry.title


def _known(request: web.Request, tag: str) -> bool:
    """Whether the asker holds this version (``If-None-Match``; weak and strong tags are alike for that)."""
    return any(each.value in (tag, "*") for each in request.if_none_match or ())


def _nothing() -> web.Response:
    return web.Response(status=404, headers={hdrs.CACHE_CONTROL: "no-store"})

"""海报: an organisation's QR code on a page of A4, to be printed and hung up."""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import segno
from markupsafe import Markup

from bot.admin.change import Refused
from bot.admin.means import CodeRefused
from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.remit import Right
from models.roll import OrganisationLine
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

SHEETS = 20
"""Posters of a batch: as many as a printer's tray likes, and as the platform likes to be asked for."""
_AT_ONCE = 4
SCENE = "org:"
"""Before an organisation's 编号: what a scan tells the bot."""


async def _code(visit: Visit, site: Site, view: View) -> View:
    """What the platform says the code of that organisation is, drawn."""
    try:
        said = await site.code(f"{SCENE}{view.facts['organisation'].code}")
    except CodeRefused as refused:
        return view.with_facts(why=str(refused))
    return view.with_facts(picture=await site.in_thread(lambda: drawn(said)))


@on.get("/admin/organisations/{organisation}/poster", Right.POSTERS, Where.ORGANISATION, fetch=_code)
def poster(visit: Visit, unit: Unit) -> View:
    """一张海报。"""
    found = unit.roll.organisation(visit.numbers["organisation"], visit.now)
    if found is None:
        raise Refused(404, "nothing")
    return View("poster.html", {"organisation": found, "picture": "", "why": ""})


async def _codes(visit: Visit, site: Site, view: View) -> View:
    """The same for several at once; one that cannot be had now is left out, and said."""
    lines: list[OrganisationLine] = view.facts["lines"]
    few, why = asyncio.Semaphore(_AT_ONCE), ""

    async def one(line: OrganisationLine) -> Markup | str:
        nonlocal why
        async with few:
            try:
                said = await site.code(f"{SCENE}{line.code}")
            except CodeRefused as refused:
                why = str(refused)
                return ""
        return await site.in_thread(lambda: drawn(said))

    pictures = await asyncio.gather(*(one(line) for line in lines))
    return view.with_facts(sheets=list(zip(lines, pictures, strict=True)), why=why)


@on.get("/admin/organisations/posters", Right.POSTERS, Where.LISTED, fetch=_codes)
def posters(visit: Visit, unit: Unit) -> View:
    """一批海报，一张一页。"""
    words = visit.word("q", 40)
    lines, total = unit.roll.organisations(
        visit.reach, words, visit.now, limit=SHEETS, offset=visit.offset(SHEETS)
    )
    return View(
        "posters.html",
        {
            "lines": lines,
            **visit.paged(SHEETS, total),
            "query": urlencode({"q": words}) if words else "",
        },
    )


@lru_cache(maxsize=256)
def drawn(said: str) -> Markup:
    """A QR code as SVG: level Q, so that a creased or rained-on poster can still be read."""
    out = io.BytesIO()
    segno.make_qr(said, error="q").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, svgclass="qr", lineclass=None
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - segno draws paths; no word of anybody's is in it

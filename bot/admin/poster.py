"""海报: an organisation's QR code on a page of A4, to be printed and hung up."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import segno
from markupsafe import Markup

from bot.admin.change import Refused
from bot.admin.means import CodeRefused
from bot.admin.router import Router, Where
from bot.admin.visit import View, Visit
from models.remit import Right
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

on = Router()

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
    found = unit.roll.organisation(visit.numbers["organisation"])
    if found is None:
        raise Refused(404, "nothing")
    return View("poster.html", {"organisation": found, "picture": "", "why": ""})


@lru_cache(maxsize=256)
def drawn(said: str) -> Markup:
    """A QR code as SVG: level Q, so that a creased or rained-on poster can still be read."""
    out = io.BytesIO()
    segno.make_qr(said, error="q").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, svgclass="qr", lineclass=None
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - segno draws paths; no word of anybody's is in it

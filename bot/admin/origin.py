"""Where a request comes from: addresses behind reverse proxies, and whether our own page sent a form."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from bot.admin.visit import Client

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(written: Iterable[str]) -> tuple[_Network, ...]:
    """``server.trusted_proxies``: addresses, or networks like ``10.0.0.0/8``."""
    return tuple(ipaddress.ip_network(each, strict=False) for each in written)


def client_of(request: web.Request, trusted: tuple[_Network, ...]) -> Client:
    """Who asks. What a proxy says of it counts only where the proxy is one of ours."""
    peer = request.remote or ""
    address, secure = peer, request.secure
    if _among(peer, trusted):
        hops = [
            hop.strip() for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")
        ]
        # From the right: what stands further left anybody can have written.
        for hop in reversed(hops):
            if not _is_address(hop):
                break
            address = hop
            if not _among(hop, trusted):
                break
        said = request.headers.get("X-Forwarded-Proto", "").split(",")[-1].strip().lower()
        secure = said == "https" if said else secure
    return Client(
        address=address,
        agent=request.headers.get("User-Agent", "")[:200],
        host=request.host,
        secure=secure,
    )


def from_our_own_page(request: web.Request, public_url: str) -> bool:
    """Whether a form was sent by a page of this site, as far as the browser says.

    Old browsers say nothing; the mark in the form is checked in any case.
    """
    ours = {request.host.lower(), urlsplit(public_url).netloc.lower()} - {""}
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        origin = request.headers.get("Referer")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() in ours
    except ValueError:
        return False


def _among(address: str, trusted: tuple[_Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)


def _is_address(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True

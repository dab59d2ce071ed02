"""The cookies of the web admin."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")


class Jar:
    """Names and attributes of the two cookies.

    By https they are called ``__Host-…``, so that no neighbour on another subdomain can plant one; browsers take such
    a name only with the path ``/``. Without https the path is ``/admin``.
    """

    def __init__(self, *, secure: bool) -> None:
        """``secure``: ``admin.cookie_secure``."""
        self.secure = secure
        prefix = "__Host-" if secure else ""
        self.session = f"{prefix}sqs_admin"
        self.before = f"{prefix}sqs_admin_form"
        """Stands for the session in the form of the sign-in."""
        self._path = "/" if secure else "/admin"

    def usable(self, token: str) -> bool:
        """Whether that looks like one of our tokens."""
        return _TOKEN.fullmatch(token) is not None

    def put(self, response: web.Response, name: str, token: str) -> None:
        """Gives the browser a token that it keeps until it is closed; how long it holds, the server knows."""
        response.set_cookie(name, token, path=self._path, secure=self.secure, httponly=True, samesite="Lax")

    def drop(self, response: web.Response, name: str) -> None:
        """Takes it away."""
        response.del_cookie(name, path=self._path, secure=self.secure, httponly=True, samesite="Lax")

"""The table of all pages: which address is which, and the right and scope that each asks for."""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bot.admin.visit import Answer, View, Visit
from models.remit import Right
from models.store import Unit

if TYPE_CHECKING:
    from bot.admin.site import Site

RAIL: Final = ("今日", "办理", "清单", "轮值", "党组织", "规则", "推送", "系统")
"""The entries of the rail; one without a page is not shown."""


class Where(enum.Enum):
    """Against what the right is checked."""

    OPEN = "open"
    """Anybody: the sign-in."""
    OWN = "own"
    """Whoever is signed in, and it shows nothing but what is theirs. Asks for no right."""
    LISTED = "listed"
    """Whoever has the right anywhere; the page itself shows only what lies within reach."""
    ORGANISATION = "organisation"
    """The organisation in the path (``{organisation}``)."""
    WHOLE = "whole"
    """The whole city: only a right that holds everywhere will do."""


Page = Callable[[Visit, Unit], Answer]
Direct = Callable[[Visit, "Site"], Awaitable[Answer]]
Prepare = Callable[[Visit, "Site"], Awaitable[Any]]
Fetch = Callable[[Visit, "Site", View], Awaitable[View]]


class Route(msgspec.Struct, frozen=True):
    """One page."""

    method: str
    path: str
    right: Right | None
    where: Where
    page: Page | None
    """Reads (GET) or changes (POST) in one transaction."""
    direct: Direct | None
    """Instead of a page: does its own transactions."""
    prepare: Prepare | None
    """Works out before the transaction what takes long; its result is ``visit.prepared``."""
    fetch: Fetch | None
    """Fetches from elsewhere, after the transaction, what belongs onto the page."""
    again: Page | None
    """Shows the form again with what was wrong (POST)."""
    rail: str
    tab: str
    pattern: re.Pattern[str]

    def takes(self, path: str) -> dict[str, int] | None:
        """The numbers in a path, if it is this page's."""
        found = self.pattern.fullmatch(path)
        return {name: int(value) for name, value in found.groupdict().items()} if found else None


class BadRoute(Exception):
    """A page that says not clearly who may see it, or one that is there twice: a mistake in the program."""


class Router:
    """Some pages."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(
        self,
        path: str,
        right: Right | None = None,
        where: Where | None = None,
        *,
        rail: str = "",
        tab: str = "",
        fetch: Fetch | None = None,
    ) -> Callable[[Page], Page]:
        """A page to look at. ``rail``, ``tab``: under which entry of the rail it stands, and as what."""

        def keep(page: Page) -> Page:
            self._add("GET", path, right, where, page=page, fetch=fetch, rail=rail, tab=tab)
            return page

        return keep

    def post(
        self,
        path: str,
        right: Right | None = None,
        where: Where | None = None,
        *,
        prepare: Prepare | None = None,
        again: Page | None = None,
    ) -> Callable[[Page], Page]:
        """A form. ``again``: the page that it stands on."""

        def keep(page: Page) -> Page:
            self._add("POST", path, right, where, page=page, prepare=prepare, again=again)
            return page

        return keep

    def direct(self, method: str, path: str, where: Where) -> Callable[[Direct], Direct]:
        """A page that is more than one transaction."""

        def keep(direct: Direct) -> Direct:
            self._add(method, path, None, where, direct=direct)
            return direct

        return keep

    def _add(
        self,
        method: str,
        path: str,
        right: Right | None,
        where: Where | None,
        *,
        page: Page | None = None,
        direct: Direct | None = None,
        prepare: Prepare | None = None,
        fetch: Fetch | None = None,
        again: Page | None = None,
        rail: str = "",
        tab: str = "",
    ) -> None:
        if where is None:
            raise BadRoute(f"{method} {path}: nobody said who may see it")
        if (right is None) != (where in (Where.OPEN, Where.OWN)):
            raise BadRoute(f"{method} {path}: {where.name} and the right {right} do not go together")
        if (where is Where.ORGANISATION) != ("{organisation}" in path):
            raise BadRoute(f"{method} {path}: {where.name} needs {{organisation}} in the path")
        if rail and rail not in RAIL:
            raise BadRoute(f"{method} {path}: there is no entry {rail}")
        pattern = re.compile(re.sub(r"\{([a-z]+)\}", r"(?P<\1>[1-9][0-9]{0,8})", path))
        self.routes.append(
            Route(method, path, right, where, page, direct, prepare, fetch, again, rail, tab, pattern)
        )


class Table:
    """All pages."""

    def __init__(self, routers: Iterable[Router]) -> None:
        self.routes = [route for router in routers for route in router.routes]
        places = [(route.method, route.path) for route in self.routes]
        twice = {place for place in places if places.count(place) > 1}
        if twice:
            raise BadRoute(f"there twice: {sorted(twice)}")

    def find(self, method: str, path: str) -> tuple[Route, dict[str, int]] | None:
        """The page of an address and the numbers in it; None: there is none, whatever the method."""
        for route in self.routes:
            if route.method == method and (numbers := route.takes(path)) is not None:
                return route, numbers
        return None

    def knows(self, path: str) -> bool:
        """Whether there is a page of that address for another method."""
        return any(route.takes(path) is not None for route in self.routes)

    def rail(self, visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
        """The entries that somebody may go to, each with its tabs (name and address)."""
        entries = []
        for entry in RAIL:
            tabs = [
                (route.tab or entry, route.path)
                for route in self.routes
                if route.rail == entry and route.right is not None and _may_go(visit, route)
            ]
            if tabs:
                entries.append((entry, tabs))
        return entries


def _may_go(visit: Visit, route: Route) -> bool:
    if route.right is None or not visit.may(route.right):
        return False
    return route.where is not Where.WHOLE or visit.signed_in.powers.reach(route.right).everything

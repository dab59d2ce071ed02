"""The site: who asks, whether they may, what the page says; one way for every page, so that none can forget a check."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import structlog
from aiohttp import ClientError, web
from sqlalchemy.exc import SQLAlchemyError

from bot.admin import (
    accounts,
    auditing,
    home,
    organisations,
    own,
    persons,
    poster,
    render,
    signing,
    system,
    today,
)
from bot.admin.change import Change, NotSignedIn, Refused
from bot.admin.cookies import Jar
from bot.admin.means import Means
from bot.admin.origin import client_of, from_our_own_page, networks
from bot.admin.router import Route, Table, Where
from bot.admin.visit import Answer, Go, Problem, View, Visit, Who
from bot.engine.writer import Overloaded
from models.base import Conflict, DomainError
from models.store import Unit

log = structlog.get_logger()
T = TypeVar("T")

PAGES: Final = (signing, home, today, organisations, persons, poster, system, accounts, auditing, own)
"""Every file of pages; each declares a ``Router`` named ``on``."""
SIGN_IN: Final = "/admin/login"
PASSWORD: Final = "/admin/password"  # noqa: S105 - an address
_THREADS: Final = 4
_LARGEST_FORM: Final = 64 * 1024
_MOST_FIELDS: Final = 200
_PATIENCE_S: Final = 20.0
"""Seconds that a form may take to arrive."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then hide from us, too, which page a form was sent from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


class Site:
    """The web admin of one process."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.table = Table(page.on for page in PAGES)
        self.texts = means.engine.talk.texts
        self.jar = Jar(secure=means.config.admin.cookie_secure)
        self._trusted = networks(means.config.server.trusted_proxies)
        self._slow = asyncio.Semaphore(_THREADS // 2)
        self._codes: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(_THREADS, "admin")

    def close(self) -> None:
        """Lets go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def word(self, kind: str, key: str, **facts: object) -> str:
        """A sentence of ``words.toml``."""
        return render.words()[kind][key].format_map(facts)

    async def code(self, scene: str) -> str:
        """What the QR code of a scene says; the platform is asked once. Raises CodeRefused."""
        if scene not in self._codes:
            self._codes[scene] = await self.means.code(scene)
        return self._codes[scene]

    # ---- one request

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers anything under ``/admin``."""
        if request.path.startswith("/admin/static/"):
            return _static(request)
        visit: Visit | None = None
        try:
            route, numbers = self._route(request)
            visit = await self._visit(request, route, numbers)
            answer = await self._answer(visit, route)
        except NotSignedIn:
            wanted = request.path_qs if request.method == "GET" else ""
            answer = Go(signing.with_next(SIGN_IN, wanted))
        except Refused as refused:
            answer = _refusal(refused.status, refused.word)
        except DomainError as error:  # there is no such thing: a form's refusals are shown with the form
            answer = View("refused.html", {"said": self.texts.refuse(error), "back": ""}, 404)
        except (Overloaded, Conflict):
            answer = _refusal(503, "busy")
        except SQLAlchemyError as error:
            log.error("admin_database", error=type(error).__name__)
            answer = _refusal(503, "database")
        except Exception:
            answer = _broken(request)
        return await self._respond(request, visit, answer)

    def _route(self, request: web.Request) -> tuple[Route, dict[str, int]]:
        method = "GET" if request.method == "HEAD" else request.method
        path = request.path.rstrip("/") or "/"
        found = self.table.find(method, path)
        if found is None:
            raise Refused(405, "method") if self.table.knows(path) else Refused(404, "nothing")
        return found

    async def _visit(self, request: web.Request, route: Route, numbers: dict[str, int]) -> Visit:
        client = client_of(request, self._trusted)
        form: dict[str, str] = {}
        if route.method == "POST":
            if not from_our_own_page(request, self.means.config.server.public_url):
                raise Refused(403, "foreign")
            if request.content_type != "application/x-www-form-urlencoded":
                raise Refused(415, "type")
            form = await _form(request)
        kept = self.jar.before if route.where is Where.OPEN else self.jar.session
        visit = Visit(
            client=client,
            now=self.means.clock(),
            path=request.path,
            query=dict(request.query),
            form=form,
            token=request.cookies.get(kept, ""),
            numbers=numbers,
            right=route.right,
        )
        if route.where is Where.OPEN and not self.jar.usable(visit.token):
            visit.token = secrets.token_urlsafe(32)
            if route.method == "POST":
                raise Refused(403, "cookie")
        return visit

    async def _answer(self, visit: Visit, route: Route) -> Answer:
        if route.method == "POST":
            if route.where is not Where.OPEN:
                await self._recognise(visit, route)
            if not visit.form_is_ours():
                raise Refused(403, "stale")
            if _must_change(visit, route):
                return Go(PASSWORD)
        if route.direct is not None:
            return await route.direct(visit, self)
        if route.page is None:
            raise LookupError(route.path)
        page = route.page
        if route.method == "GET":
            answer = await self.read(
                lambda unit: Go(PASSWORD) if _must_change(visit, route) else page(visit, unit), visit, route
            )
        else:
            answer = await self._act(visit, route, page)
        if route.fetch is not None and isinstance(answer, View):
            answer = await route.fetch(visit, self, answer)
        return answer

    async def _recognise(self, visit: Visit, route: Route) -> None:
        """Who it is and whether they may, before anything is prepared for them."""
        await self.read(lambda unit: None, visit, route)

    async def _act(self, visit: Visit, route: Route, page: Callable[[Visit, Unit], Answer]) -> Answer:
        try:
            if route.prepare is not None:
                visit.prepared = await route.prepare(visit, self)
            return await self.write(lambda unit: page(visit, unit), visit, route)
        except DomainError as error:
            problem = Problem(self.texts.refuse(error), render.words()["beside"].get(error.code, ""))
        visit.problem = problem
        if route.again is None:
            return View("refused.html", {"said": problem.said, "back": visit.path.rpartition("/")[0]}, 422)
        again = route.again
        answer = await self.read(lambda unit: again(visit, unit), visit, route)
        return View(answer.template, answer.facts, 422) if isinstance(answer, View) else answer

    # ---- transactions

    async def read(self, work: Callable[[Unit], T], visit: Visit, route: Route) -> T:
        """Looks something up for somebody who may."""

        def reading() -> T:
            with self.means.store.reading() as unit:
                self._check(unit, visit, route)
                return work(unit)

        return await self.in_thread(reading)

    async def write(self, work: Callable[[Unit], T], visit: Visit, route: Route) -> T:
        """Changes something behind members' messages, for somebody who may; letters that follow are posted.

        Raises:
            DomainError: a rule said no, and nothing was changed.
        """
        change = Change(
            self.means.engine.talk,
            lambda unit: self._check(unit, visit, route),
            work,
            visit.now,
        )
        return (await self.means.engine.behind(change)).result()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Does something that takes long, or waits for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def slowly(self, work: Callable[[], T]) -> T:
        """Hashes a password. Whoever keeps typing wrong ones takes no page's thread away, and little memory."""
        async with self._slow:
            return await self.in_thread(work)

    def _check(self, unit: Unit, visit: Visit, route: Route) -> None:
        """Who it is now, and whether they may now: in the transaction that does what they want."""
        if route.where is Where.OPEN:
            return
        found = unit.signins.known(visit.token, visit.now)
        if found is None:
            raise NotSignedIn
        session, account = found
        visit.who = Who(
            account_id=account.id,
            name=account.name,
            must_change=account.must_change,
            session_id=session.id,
            stale=session.edition != account.edition,
            wants_seeing=session.wants_seeing(visit.now),
            powers=unit.accounts.powers(account.id, visit.today),
        )
        if route.right is None:
            return
        reach = visit.who.powers.reach(route.right)
        if reach.nothing or (route.where is Where.WHOLE and not reach.everything):
            raise Refused(403, "right")
        if route.where is Where.ORGANISATION and not reach.covers(
            unit, visit.numbers["organisation"], visit.today
        ):
            raise Refused(404, "nothing")

    # ---- the answer

    async def _respond(self, request: web.Request, visit: Visit | None, answer: Answer) -> web.StreamResponse:
        response: web.Response
        if isinstance(answer, Go):
            response = web.Response(status=303, headers={"Location": answer.location})
        else:
            body, status = await self._body(request, visit, answer)
            response = web.Response(text=body, status=status, content_type="text/html", charset="utf-8")
            response.enable_compression()
        response.headers.update(HEADERS)
        if self.jar.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        await self._keep_session(request, response, visit)
        return response

    async def _body(self, request: web.Request, visit: Visit | None, view: View) -> tuple[str, int]:
        """The page; one that cannot be written down says so."""
        try:
            return await self.in_thread(lambda: self._page(visit, view)), view.status
        except Exception:
            instead = _broken(request)
            return self._page(None, instead), instead.status

    def _page(self, visit: Visit | None, view: View) -> str:
        signed_in = visit is not None and visit.who is not None
        frame = {
            "name": visit.who.name if visit is not None and visit.who is not None else "",
            "rail": self.table.rail(visit) if visit is not None and signed_in else [],
            "path": visit.path if visit is not None else "",
            "form": visit.form_token() if visit is not None and visit.token else "",
            "problem": visit.problem if visit is not None else None,
            "done": render.words()["done"].get(visit.query.get("done", ""), "") if visit is not None else "",
        }
        return render.render(view.template, frame | view.facts)

    async def _keep_session(self, request: web.Request, response: web.Response, visit: Visit | None) -> None:
        """The cookies, and what is to be written down of a session that goes on."""
        if visit is None:
            return
        if isinstance(visit.prepared, signing.Entered):
            self.jar.put(response, self.jar.session, visit.prepared.token)
            self.jar.drop(response, self.jar.before)
            return
        if visit.who is None:
            if visit.token and request.cookies.get(self.jar.before) != visit.token and visit.path == SIGN_IN:
                self.jar.put(response, self.jar.before, visit.token)
            return
        if visit.who.stale or visit.who.wants_seeing:
            try:
                token = await self.means.writer.do(lambda unit: _see(unit, visit))
            except (Overloaded, Conflict, SQLAlchemyError):
                return  # the page is worth more than the note; the next one makes up for it
            if token:
                self.jar.put(response, self.jar.session, token)


def _must_change(visit: Visit, route: Route) -> bool:
    """Whether nothing is to be had before they have chosen a password of their own."""
    return visit.who is not None and visit.who.must_change and route.path not in (PASSWORD, signing.OUT)


def _see(unit: Unit, visit: Visit) -> str:
    """Writes down that a session is in use; gives its new token where the account has changed since."""
    found = unit.signins.known(visit.token, visit.now)
    if found is None:
        return ""  # it ended, or another request was faster and has the new token
    session, account = found
    session.see(visit.now)
    return unit.signins.renew(session, account) if session.edition != account.edition else ""


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form; counted as they arrive, for its length may be a lie."""
    if (request.content_length or 0) > _LARGEST_FORM:
        raise Refused(413, "large")
    body = b""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while part := await request.content.readany():
                body += part
                if len(body) > _LARGEST_FORM:
                    raise Refused(413, "large")
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ValueError, TimeoutError, OSError, ClientError) as error:
        raise Refused(400, "type") from error


def _broken(request: web.Request) -> View:
    """Something that must not happen: whoever looks after the system finds it in the log by its number."""
    fault = f"E{secrets.randbelow(900_000) + 100_000}"
    log.exception("admin_failed", fault=fault, path=request.path)
    return _refusal(500, "broken", fault)


def _refusal(status: int, word: str, fault: str = "") -> View:
    return View(
        "refused.html", {"said": render.words()["refused"][word].format(fault=fault), "back": ""}, status
    )


def _static(request: web.Request) -> web.Response:
    name = request.path.rpartition("/")[2]
    kind = render.STATIC.get(name)
    if kind is None or request.path != f"/admin/static/{name}" or request.method not in ("GET", "HEAD"):
        return web.Response(status=404, headers=HEADERS)
    current = request.query.get("v") == render.version()
    headers = HEADERS | {"Cache-Control": _FOREVER if current else "no-cache"}
    response = web.Response(body=render.static(name), content_type=kind, charset="utf-8", headers=headers)
    response.enable_compression()
    return response

"""The platform: phones on a desk, what their owners do, what they get to see."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bot.config import WeChat
from bot.kit.clock import MovableClock
from bot.sim import menu as menus
from bot.sim import shelf
from bot.sim.bubbles import FAILURE, Bubble, Line, note
from bot.sim.cast import Code, Phone, Place
from bot.sim.courier import Courier, Mode, Outcome
from bot.sim.ledger import Consents, SentBefore, Tokens, Windows
from bot.sim.parcel import Body
from bot.sim.templates import Template, read_templates
from bot.sim.wire import Entry, Wire

Change = tuple[str, Any]
"""Something that happened: its name, and its facts ready for JSON."""


class NotFollowingError(Exception):
    """The person must follow the account before they can do that."""


@dataclass(slots=True)
class Handset:
    """A phone in use."""

    phone: Phone
    followed: bool
    lines: list[Line] = field(default_factory=list)
    refuses_letters: bool = False
    """The owner switched template messages off: they end as ``failed:user block``."""


@dataclass(slots=True)
class Fault:
    """A mishap that the next fitting API calls meet; for tests."""

    path: str = ""
    """The end of the path (``template/send``); empty: any call."""
    errcode: int = 0
    status: int = 0
    """An HTTP status in place of an answer."""
    body: str = ""
    """A raw body in place of an answer, such as a gateway's HTML page."""
    delay_s: float = 0.0
    reset: bool = False
    """Breaks the connection."""
    done_first: bool = False
    """Whether the call takes effect before the mishap (an answer that got lost)."""
    times: int = 1


class Platform:
    """Plays the platform towards one account."""

    KEEP_LINES = 400

    def __init__(
        self,
        cast: Sequence[Phone],
        settings: WeChat,
        webhook_url: str | Callable[[], str],
        clock: MovableClock,
        *,
        mode: Mode | None = None,
        body: Body = "xml",
    ) -> None:
        """``mode``: how pushes are sealed (default: AES if the account has a key, else plain)."""
        self.settings = settings
        self.clock = clock
        self.account = settings.original_id or "gh_shouqianshou"
        self._webhook_url = webhook_url if callable(webhook_url) else lambda: webhook_url
        self.phones = {phone.openid: Handset(phone, phone.bound) for phone in cast}
        self.wire = Wire()
        self.shelf = shelf.Shelf()
        self.windows = Windows(clock)
        self.tokens = Tokens(clock)
        self.consents = Consents()
        self.sent_before = SentBefore(clock)
        self.templates = read_templates(settings)
        self.menu: menus.Menu = menus.DEFAULT
        self.codes: list[Code] = []
        self.faults: list[Fault] = []
        self.on_clock_moved: Callable[[], Awaitable[None]] | None = None
        self.courier = Courier(
            settings,
            self._webhook_url,
            clock,
            self.wire,
            lambda entry: self._tell("wire", entry),
            account=self.account,
            mode=mode or ("aes" if settings.encoding_aes_key else "plain"),
            body=body,
        )
        self._numbers = itertools.count(1)
        self._listeners: set[asyncio.Queue[Change]] = set()
        self._errands: set[asyncio.Task[None]] = set()

    # -- watching

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[Change]]:
        """A queue of everything that happens from now on."""
        queue: asyncio.Queue[Change] = asyncio.Queue(maxsize=2000)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def _tell(self, name: str, facts: Any) -> None:
        change = (name, msgspec.to_builtins(facts))
        for queue in list(self._listeners):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(change)

    async def pass_time(self, by: timedelta) -> None:
        """Moves the clock ahead, and lets the account do what fell due."""
        self.clock.move(by)
        self._tell("clock", {"now": self.clock()})
        if self.on_clock_moved is not None:
            await self.on_clock_moved()

    def note_call(self, entry: Entry) -> None:
        """The account called the API."""
        self.wire.add(entry)
        self._tell("wire", entry)

    def typing(self, openid: str) -> None:
        """The account shows that someone is typing an answer."""
        self._tell("typing", {"openid": openid})

    def publish_menu(self, menu: menus.Menu) -> None:
        """The account published a menu; phones show it at once."""
        self.menu = menu
        self._tell("menu", menu)

    def add_code(self, code: Code) -> None:
        """A QR code hangs somewhere; phones can scan it."""
        if code.scene not in {each.scene for each in self.codes}:
            self.codes.append(code)
            self._tell("codes", self.codes)

    def register_template(self, template: Template) -> None:
        """The account has this template."""
        self.templates[template.template_id] = template

    def put(self, openid: str, bubble: Bubble) -> None:
        """A bubble appears in a chat."""
        handset = self.phones[openid]
        line = Line(number=next(self._numbers), at=self.clock(), bubble=bubble)
        handset.lines.append(line)
        del handset.lines[: -self.KEEP_LINES]
        self._tell("line", {"openid": openid, "line": line})

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Something the platform does by the way, after it answered."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        """Stops errands and lets go of the connections."""
        for task in self._errands:
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self.courier.close()

    # -- what a person does

    def find(self, name: str) -> Phone | None:
        """The phone of a person, by name, part of the name, role or openid."""
        phones = [handset.phone for handset in self.phones.values()]
        for fits in (
            lambda phone: name in (phone.openid, phone.name, phone.key),
            lambda phone: name in phone.name,
            lambda phone: name in phone.role,
        ):
            if found := next(filter(fits, phones), None):
                return found
        return None

    async def say(self, openid: str, text: str, *, menu_id: str = "") -> Outcome:
        """Sends text; ``menu_id`` if it came from tapping a link or a choice that says it."""
        extra = {"bizmsgmenuid": menu_id} if menu_id else {}
        return await self._message(
            openid,
            Bubble(side="own", text=text),
            {"MsgType": "text", "Content": text, **extra},
            f"文字「{text[:20]}」",
            window="touch" if menu_id else "message",
        )

    async def photograph(self, openid: str, name: str = shelf.PHOTOS[0].name) -> Outcome:
        """Sends a sample photo."""
        media_id = self.shelf.put(shelf.photo(name))
        url = f"{self._site()}/sim/photos/{media_id}"
        return await self._message(
            openid,
            Bubble(side="own", kind="image", picture=f"/sim/photos/{media_id}"),
            {"MsgType": "image", "PicUrl": url, "MediaId": media_id},
            "图片",
        )

    async def speak(self, openid: str, seconds: int = 6) -> Outcome:
        """Sends a voice message; the platform no longer transcribes them."""
        media_id = self.shelf.put(shelf.silence(seconds))
        return await self._message(
            openid,
            Bubble(side="own", kind="voice", seconds=seconds),
            {"MsgType": "voice", "MediaId": media_id, "Format": "amr", "Recognition": ""},
            "语音",
        )

    async def locate(self, openid: str, place: Place | None = None) -> Outcome:
        """Sends where the person is."""
        place = place or self.phones[openid].phone.place
        fields = {
            "MsgType": "location",
            "Location_X": place.latitude,
            "Location_Y": place.longitude,
            "Scale": 16,
            "Label": place.label,
        }
        return await self._message(
            openid, Bubble(side="own", kind="location", text=place.label), fields, "位置"
        )

    async def forward(self, openid: str, title: str, description: str, url: str) -> Outcome:
        """Forwards an article."""
        bubble = Bubble(side="own", kind="link", text=title, tail=description, url=url)
        fields = {"MsgType": "link", "Title": title, "Description": description, "Url": url}
        return await self._message(openid, bubble, fields, "链接")

    async def follow(self, openid: str, scene: str = "") -> Outcome:
        """Begins to follow the account, by scanning a code if there is a ``scene``."""
        handset = self.phones[openid]
        handset.followed = True
        self._tell("phone", {"openid": openid, "followed": True})
        keys = (
            {"EventKey": f"qrscene_{scene}", "Ticket": secrets.token_hex(16)} if scene else {"EventKey": ""}
        )
        self.windows.open(openid, "touch")
        return await self._event(openid, "subscribe", keys, "扫码关注" if scene else "关注")

    async def scan(self, openid: str, scene: str) -> Outcome:
        """Scans one of the account's codes; who doesn't follow yet, follows by it."""
        if not self.phones[openid].followed:
            return await self.follow(openid, scene)
        self.windows.open(openid, "touch")
        keys = {"EventKey": scene, "Ticket": secrets.token_hex(16)}
        return await self._event(openid, "SCAN", keys, "扫码")

    async def unfollow(self, openid: str) -> Outcome:
        """Leaves; the chat on the phone goes with it."""
        handset = self.phones[openid]
        handset.followed = False
        handset.lines.clear()
        self.windows.close(openid)
        self._tell("phone", {"openid": openid, "followed": False})
        return await self._event(openid, "unsubscribe", {"EventKey": ""}, "取消关注", visible=False)

    async def tap(self, openid: str, kind: str, key: str) -> Outcome:
        """Taps a menu entry; ``key``: its key, or its address for a ``view``."""
        self._must_follow(openid)
        if kind in menus.TOUCHES:
            self.windows.open(openid, "touch")
        event = "CLICK" if kind == "click" else "VIEW" if kind == "view" else kind
        return await self._event(
            openid, event, {"EventKey": key}, f"菜单「{key[:20]}」", visible=kind != "view"
        )

    async def consent(self, openid: str, template_id: str, accept: bool = True) -> Outcome:
        """Answers a request for one subscribe notification."""
        self._must_follow(openid)
        if accept:
            self.consents.give(openid, template_id)
        answer = {
            "TemplateId": template_id,
            "SubscribeStatusString": "accept" if accept else "reject",
            "PopupScene": 1,
        }
        keys = {"SubscribeMsgPopupEvent": {"List": answer}}
        return await self._event(openid, "subscribe_msg_popup_event", keys, "订阅授权", visible=False)

    # -- what the platform tells the account

    async def report(self, openid: str, event: str, keys: dict[str, Any], label: str) -> Outcome:
        """Pushes an event that the person has no part in, such as the end of a send job."""
        return await self._event(openid, event, keys, label, visible=False)

    def _must_follow(self, openid: str) -> None:
        if not self.phones[openid].followed:
            raise NotFollowingError(openid)

    def _site(self) -> str:
        parts = urlsplit(self._webhook_url())
        return f"{parts.scheme}://{parts.netloc}"

    async def _message(
        self, openid: str, bubble: Bubble, content: dict[str, Any], label: str, *, window: str = "message"
    ) -> Outcome:
        self._must_follow(openid)
        self.put(openid, bubble)
        self.windows.open(openid, window)
        kind = {"MsgType": content["MsgType"]}
        rest = {name: value for name, value in content.items() if name != "MsgType"}
        message_id = {"MsgId": self.courier.next_message_id()}
        return await self._push(openid, {**kind, **rest, **message_id}, label, visible=True)

    async def _event(
        self, openid: str, event: str, keys: dict[str, Any], label: str, *, visible: bool = True
    ) -> Outcome:
        return await self._push(openid, {"MsgType": "event", "Event": event, **keys}, label, visible=visible)

    async def _push(self, openid: str, content: dict[str, Any], label: str, *, visible: bool) -> Outcome:
        head = {
            "ToUserName": self.account,
            "FromUserName": openid,
            "CreateTime": int(self.clock().timestamp()),
        }
        outcome = await self.courier.deliver(openid, {**head, **content}, label, visible=visible)
        if visible and self.phones[openid].followed:
            if outcome.bubble is not None:
                self.put(openid, outcome.bubble)
            elif outcome.seen == "failed":
                self.put(openid, note(FAILURE))
        return outcome

"""``chat``: talking to the bot in a terminal, as one of the sample people."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from bot.kit.clock import MovableClock
from bot.sim.bubbles import Line, as_text
from bot.sim.cast import Phone
from bot.sim.platform import NotFollowingError, Platform

HELP = (
    "直接打字就是跟机器人说话。另外：\n"
    "  :时间 3天   把时钟往后拨（分钟、小时、天、周）\n"
    "  :换 姓名    换一个人\n"
    "  :人         看有哪些人\n"
    "  :菜单       看菜单，:菜单 报需求 点一下\n"
    "  :退出       不聊了"
)
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SPAN = re.compile(r"^(\d{1,4})\s*(分钟|分|小时|个小时|天|日|周|星期)$")
_MINUTES = {"分钟": 1, "分": 1, "小时": 60, "个小时": 60, "天": 1440, "日": 1440, "周": 10080, "星期": 10080}
_WEEKDAYS = "一二三四五六日"


class DemoHandle(Protocol):
    """A running demonstration."""

    @property
    def platform(self) -> Platform:
        """The simulated platform."""
        ...

    @property
    def clock(self) -> MovableClock:
        """The simulated clock."""
        ...

    @property
    def url(self) -> str:
        """The site's address."""
        ...


StartDemo = Callable[[], AbstractAsyncContextManager[DemoHandle]]
Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``chat``."""
    parser.add_argument("--as", dest="name", metavar="NAME", help="姓名，默认是第一个人")


def run(args: argparse.Namespace, start_demo: StartDemo | None = None) -> int:
    """Talks until the person leaves; 1 if there is nobody of that name."""
    if start_demo is None:
        from bot.commands.demo import start_demo as start  # only a real chat needs the whole product

        start_demo = start
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_chat(start_demo, args.name))
    return 0


async def _chat(start_demo: StartDemo, name: str | None) -> int:
    async with start_demo() as demo:
        return await talk(demo, _typed(), print, name)


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input()
        except EOFError:
            return


async def talk(demo: DemoHandle, lines: Iterable[str], say: Say, name: str | None = None) -> int:
    """Plays one person after the other with what ``lines`` gives; everything that they see goes to ``say``."""
    platform = demo.platform
    phones = [handset.phone for handset in platform.phones.values()]
    person = platform.find(name) if name else phones[0]
    if person is None:
        print(f"没有「{name}」这个人。有：{_names(phones)}", file=sys.stderr)
        return 1
    say(HELP)
    async with platform.watch() as changes:
        talk = _Talk(demo, person, say, changes)
        await talk.become(person)
        try:
            async for line in _read(lines):
                if not await talk.hear(line.strip()):
                    break
                await talk.settle()
        finally:
            await talk.leave()
    return 0


class _Talk:
    def __init__(
        self, demo: DemoHandle, person: Phone, say: Say, changes: asyncio.Queue[tuple[str, Any]]
    ) -> None:
        self._demo = demo
        self._person = person
        self._say = say
        self._changes = changes
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Says what appears on the phone in hand, and that something appeared on another."""
        while True:
            name, facts = await self._changes.get()
            if name == "line":
                self._show(facts["openid"], msgspec.convert(facts["line"], Line))
            self._changes.task_done()

    async def settle(self) -> None:
        """Lets everything that has happened be said before the next line is read."""
        said = asyncio.create_task(self._changes.join())
        await asyncio.wait({said, self._watching}, return_when=asyncio.FIRST_COMPLETED)
        said.cancel()

    async def leave(self) -> None:
        """Stops watching; a mishap in it comes to light here."""
        self._watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watching

    def _show(self, openid: str, line: Line) -> None:
        if line.bubble.side == "own":
            return
        text = as_text(line.bubble)
        if openid != self._person.openid:
            other = self._demo.platform.phones[openid].phone
            self._say(f"（{other.name} 的手机响了：{text.splitlines()[0]}）")
            return
        mark = "　　" if line.bubble.side == "note" else "机｜"
        self._say("\n".join(mark + each for each in text.splitlines()))

    async def hear(self, line: str) -> bool:
        """One line of the keyboard; False when the person leaves."""
        if not line:
            return True
        if line[0] not in ":：":
            await self._speak(line)
            return True
        word, _, rest = line[1:].strip().partition(" ")
        rest = rest.strip()
        if word in ("退出", "q", "quit"):
            return False
        if word == "时间":
            await self._move(rest)
        elif word == "换":
            await self._change(rest)
        elif word == "人":
            self._say("、".join(f"{phone.name}（{phone.role}）" for phone in self._phones()))
        elif word == "菜单":
            await self._menu(rest)
        else:
            self._say(HELP)
        return True

    def _phones(self) -> list[Phone]:
        return [handset.phone for handset in self._demo.platform.phones.values()]

    async def _speak(self, words: str) -> None:
        with contextlib.suppress(NotFollowingError):
            await self._demo.platform.say(self._person.openid, words)

    async def become(self, person: Phone) -> None:
        """Takes a person's phone; who doesn't follow yet, follows."""
        self._person = person
        self._say(f"—— {person.name}（{person.role}），{_written(self._demo.clock())} ——")
        if person.says:
            self._say(f"试着说：{' / '.join(person.says[:3])}")
        if not self._demo.platform.phones[person.openid].followed:
            await self._demo.platform.follow(person.openid)
        await self.settle()

    async def _change(self, name: str) -> None:
        person = self._demo.platform.find(name) if name else None
        if person is None:
            self._say(f"没有「{name}」这个人。有：{_names(self._phones())}")
            return
        await self.become(person)

    async def _move(self, text: str) -> None:
        by = span(text)
        if by is None:
            self._say("这样说：:时间 3天，或者 :时间 2小时")
            return
        await self._demo.platform.pass_time(by)
        self._say(f"—— 现在是 {_written(self._demo.clock())} ——")

    async def _menu(self, wanted: str) -> None:
        buttons = self._demo.platform.menu.get("button", [])
        entries = [entry for button in buttons for entry in (button.get("sub_button") or [button])]
        for entry in entries:
            if wanted and wanted == entry.get("name"):
                kind = entry.get("type", "click")
                key = entry.get("url" if kind == "view" else "key", "")
                await self._demo.platform.tap(self._person.openid, kind, key)
                return
        self._say("菜单：" + "、".join(str(entry.get("name")) for entry in entries))


def span(text: str) -> timedelta | None:
    """``3天`` as a time span; None for what isn't one."""
    found = _SPAN.match(text.strip())
    return timedelta(minutes=int(found[1]) * _MINUTES[found[2]]) if found else None


def _written(moment: datetime) -> str:
    here = moment.astimezone(_SHANGHAI)
    return f"{here.month}月{here.day}日 周{_WEEKDAYS[here.weekday()]} {here:%H:%M}"


def _names(phones: list[Phone]) -> str:
    return "、".join(phone.name for phone in phones)


async def _read(lines: Iterable[str]) -> AsyncIterator[str]:
    """Lines from a thread of their own, one at a time, so that waiting for the keyboard holds nothing up."""
    loop = asyncio.get_running_loop()
    handed: asyncio.Queue[str | None] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def reading() -> None:
        # The loop may be gone when the person types one more line after leaving.
        with contextlib.suppress(RuntimeError):
            for line in lines:
                loop.call_soon_threadsafe(handed.put_nowait, line)
                wanted.acquire()
            loop.call_soon_threadsafe(handed.put_nowait, None)

    threading.Thread(target=reading, name="keyboard", daemon=True).start()
    while (line := await handed.get()) is not None:
        yield line
        wanted.release()

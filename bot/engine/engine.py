"""The engine: takes a message from the channel, keeps the deadline, and sees that it is answered once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog

from bot.engine.conversation import NOTHING, Answer, MessageWork, Talk
from bot.engine.unasked import Chore, ClockWork
from bot.engine.writer import Overloaded, Work, Writer
from bot.kit.clock import Clock
from bot.kit.context import Mind, Reading
from bot.kit.message import Inbound, MenuTapped, Reply, Silence, Text, Voice
from bot.kit.router import Router
from bot.kit.texts import Texts
from models.outbox import Priority
from models.store import Unit

log = structlog.get_logger()


class Telling(Protocol):
    """What became of a piece of work that somebody may have to hear of."""

    @property
    def letters(self) -> bool:
        """Whether somebody is to be told."""


D = TypeVar("D", bound=Telling)


class Engine:
    """Answers messages."""

    def __init__(
        self,
        *,
        writer: Writer,
        router: Router,
        texts: Texts,
        mind: Mind,
        clock: Clock,
        deadline_s: float,
        dialogue_timeout_s: int,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._deadline_s = deadline_s
        self.talk = Talk(router, texts, mind, timedelta(seconds=dialogue_timeout_s))
        self._under_way: dict[str, asyncio.Future[Answer]] = {}
        self._tails: set[asyncio.Task[None]] = set()
        self.letters_waiting = asyncio.Event()
        """Set when a message caused letters, so that they leave at once instead of at the next tick."""

    async def answer(self, message: Inbound) -> Reply | None:
        """The reply, or None: nothing is to be said, or not within the deadline (then it follows by itself)."""
        future = self._under_way.get(message.key)
        if future is None:
            work = self._work(message)
            try:
                future = self._writer.submit(work)
            except Overloaded:
                log.warning("overloaded", waiting=self._writer.waiting)
                return Reply(self.talk.texts.say("engine.busy"))
            self._under_way[message.key] = future
            future.add_done_callback(lambda done: self._done(message.key, done))
        else:
            work = None
        if await _within(future, self._deadline_s):
            return future.result().reply
        if work is not None:
            self._follow_up(work, future)
        return None

    async def fall_silent(self, openid: str, case: int) -> None:
        """Nothing was said about a draft for a while: it goes its way, and the person gets a letter."""
        silence = Silence(key=f"silence:{case}", sender=openid, account="", sent_at=self._clock(), case=case)
        work = self._work(silence)
        work.late = True
        await self.behind(work)

    async def unasked(self, chore: Chore) -> int:
        """Does what time has made due, behind members' messages, and tells who has to hear of it; gives how much."""
        return (await self.behind(ClockWork(self.talk, chore, self._clock()))).count

    async def behind(self, work: Work[D]) -> D:
        """Does a piece of work behind members' messages; letters that follow are sent at once."""
        done = await self._writer.submit(work, urgent=False)
        if done.letters:
            self.letters_waiting.set()
        return done

    def _work(self, message: Inbound) -> MessageWork:
        now = self._clock()
        match message:
            case Text(text=text) | Voice(transcript=text) | MenuTapped(entry=text) if text:
                if self.talk.router.needs_no_reading(text):
                    reading = Reading(text, NOTHING)
                else:
                    reading = self.talk.mind.read(text, now)
            case _:
                reading = Reading("", NOTHING)
        return MessageWork(self.talk, message, reading, now)

    def _done(self, key: str, future: asyncio.Future[Answer]) -> None:
        self._under_way.pop(key, None)
        if not future.cancelled() and future.exception() is None and future.result().letters:
            self.letters_waiting.set()

    def _follow_up(self, work: MessageWork, future: asyncio.Future[Answer]) -> None:
        """The platform waits no longer: the answer is owed as a letter, written with it or right behind it."""
        work.late = True

        async def send_after() -> None:
            answer = await future
            if answer.reply is None or answer.repeated:
                return
            reply = answer.reply

            def post(unit: Unit) -> None:
                unit.outbox.post(
                    key=f"late:{work.message.key}",
                    kind="late_reply",
                    text=reply.text,
                    fields={},
                    now=self._clock(),
                    openid=work.message.sender,
                    priority=Priority.URGENT,
                )

            await self._writer.do(post)
            self.letters_waiting.set()

        tail = asyncio.get_running_loop().create_task(send_after())
        self._tails.add(tail)
        tail.add_done_callback(self._tails.discard)


async def _within(future: asyncio.Future[Answer], seconds: float) -> bool:
    """Whether it is done in time; it goes on if it is not. ``asyncio.wait`` does the same at four times the cost."""
    if future.done():
        return True
    loop = asyncio.get_running_loop()
    gate = loop.create_future()

    def open_gate(_: object = None) -> None:
        if not gate.done():
            gate.set_result(None)

    future.add_done_callback(open_gate)
    timer = loop.call_later(seconds, open_gate)
    try:
        await gate
    finally:
        timer.cancel()
        future.remove_done_callback(open_gate)
    return future.done()

"""The postman: takes letters from the outbox, hands them to the channels, and writes down what became of them.

A pipeline: while some letters are on their way, the next are taken and the last ones' outcomes written down, so that
neither the platform nor the database waits for the other. No transaction is open while a letter is on its way. A
letter is leased for a minute and a half: if this process dies meanwhile, another takes it then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec
import structlog

from bot.engine.writer import Writer
from bot.kit.clock import Clock
from bot.kit.texts import Texts
from models.due import Routes, Taken
from models.letter import CUSTOM, Letter, Outcome, Verdict
from models.pause import Pause
from models.store import Unit

log = structlog.get_logger()

ROUND: Final = 500
"""Letters taken at once."""
AHEAD: Final = 1_000
"""Letters taken and not settled, beyond which no more are taken."""
AT_ONCE: Final = 200
"""Template messages on their way at once: at 20 ms each more of them gain nothing."""
CUSTOM_AT_ONCE: Final = 32
"""The same for customer-service messages, few: what is on its way when a process dies is not sent again."""
SETTLE_S: Final = 0.05
SETTLE_AT: Final = 200
"""Outcomes are written down after so many seconds, or as soon as there are so many of them."""
LOOK_AGAIN_S: Final = 1.0
"""Seconds after which new letters are looked for while the last ones are still on their way."""
MOST_FAILURES: Final = 5
"""How often writing down is tried again, a second apart, before it is given up: a database that restarts is back then."""
TOO_LATE: Final = timedelta(seconds=30)
"""So shortly before its lease ends a letter is not begun any more: a slow answer could reach into the next one's."""


class Ways(Routes, Protocol):
    """The channels."""

    async def deliver(self, letter: Letter) -> Outcome:
        """One attempt."""

    def heed(self, pauses: Mapping[str, Pause]) -> None:
        """What sends nothing now, as all processes know it."""


class Postman:
    """Delivers what is due."""

    def __init__(self, *, writer: Writer, ways: Ways, clock: Clock, texts: Texts) -> None:
        self._writer = writer
        self._ways = ways
        self._clock = clock
        self._texts = texts
        self._one_run = asyncio.Lock()
        self.goes_on: Callable[[], object] = lambda: None
        """Called whenever outcomes were written down: many letters take long, and whoever waits is to know that they get on."""
        self.tried = 0
        """Messages tried so far, of all runs."""

    async def deliver_due(self) -> int:
        """Delivers all letters that are due; gives how many messages were tried.

        When it is cancelled, what is on its way is waited for and written down, and what was not begun given back.
        """
        async with self._one_run:
            run = _Run(self._writer, self._ways, self._clock, self._texts, self.goes_on)
            try:
                await run.until_nothing_is_due()
            finally:
                await run.end()
                self.tried += run.tried
            return run.tried


class _Run:
    """One run of the pipeline, from the first letter that is due to the last."""

    def __init__(
        self, writer: Writer, ways: Ways, clock: Clock, texts: Texts, goes_on: Callable[[], object]
    ) -> None:
        self._goes_on = goes_on
        self.tried = 0
        self._writer = writer
        self._ways = ways
        self._clock = clock
        self._texts = texts
        self._lanes = {True: _Lane(CUSTOM_AT_ONCE, self._work), False: _Lane(AT_ONCE, self._work)}
        self._behind: dict[str, deque[Letter]] = {}
        """By person: what goes out when the one before has."""
        self._done: list[tuple[Letter, Outcome]] = []
        self._too_late: list[Letter] = []
        self._unsettled = 0
        """Letters that were taken and are not settled."""
        self._moved = asyncio.Event()
        """Set whenever there is an outcome to write down, or room for more letters."""
        self._enough = asyncio.Event()
        self._settler: asyncio.Task[None] | None = None
        self._ending = False
        self._taking: asyncio.Future[Taken] | None = None

    async def until_nothing_is_due(self) -> None:
        """Takes and settles until neither is left."""
        self._settler = asyncio.create_task(self._settle_again_and_again())
        while True:
            taken = await self._take()
            if taken.looked_at:
                while self._unsettled > AHEAD:
                    await self._wait()
                continue
            if not self._unsettled:
                return
            # What is on its way may yet come back as due; what is urgent must not wait behind what is slow.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    while self._unsettled:
                        await self._wait()

    async def end(self) -> None:
        """Waits for what is on its way, writes everything down, and gives back what was not begun."""
        if self._taking is not None:
            await asyncio.wait([self._taking])
            if not self._taking.cancelled() and self._taking.exception() is None:
                letters = self._taking.result().letters
                self._too_late += letters
                self._unsettled += len(letters)
        self._too_late += [letter for lane in self._lanes.values() for letter in lane.waiting]
        self._too_late += [letter for line in self._behind.values() for letter in line]
        for lane in self._lanes.values():
            lane.waiting.clear()
        self._behind.clear()
        while any(lane.running for lane in self._lanes.values()):
            await self._wait()
        if self._settler is not None:
            # Not cancelled: what it is writing must not be written twice.
            self._ending = True
            self._enough.set()
            await asyncio.gather(self._settler, return_exceptions=True)
        await self._settle()

    async def _wait(self) -> None:
        self._moved.clear()
        if self._settler is not None and self._settler.done() and not self._settler.cancelled():
            self._settler.result()  # the database is gone: so are we
        await self._moved.wait()

    # ---- taking ----------------------------------------------------------------------------------

    async def _take(self) -> Taken:
        now = self._clock()
        # Whoever is cancelled meanwhile has the letters all the same: ``end`` gives them back.
        self._taking = asyncio.ensure_future(
            self._writer.do(lambda unit: unit.outbox.take(now, ROUND, self._ways))
        )
        taken = await asyncio.shield(self._taking)
        self._taking = None
        self._ways.heed(taken.pauses)
        for letter in taken.letters:
            self._unsettled += 1
            line = self._behind.get(letter.openid)
            if line is None:
                self._behind[letter.openid] = deque()
                self._start(letter)
            else:
                line.append(letter)
        return taken

    def _start(self, letter: Letter) -> None:
        self._lanes[letter.channel == CUSTOM].put(letter)

    # ---- on the way ------------------------------------------------------------------------------

    async def _work(self, lane: _Lane) -> None:
        """Sends one letter after the other, as long as there are any."""
        try:
            while lane.waiting:
                letter = lane.waiting.popleft()
                outcome = await self._try(letter)
                self._next_of(letter.openid)
                if outcome is None:
                    self._too_late.append(letter)
                    continue
                self.tried += 1
                self._done.append((letter, outcome))
                if len(self._done) >= SETTLE_AT:
                    self._enough.set()
        finally:
            lane.running -= 1
            self._moved.set()

    def _next_of(self, openid: str) -> None:
        """Letters of one person go one after another, so that they arrive in order."""
        line = self._behind.get(openid)
        if line:
            self._start(line.popleft())
        else:
            self._behind.pop(openid, None)

    async def _try(self, letter: Letter) -> Outcome | None:
        """What an attempt came to; None: it was too late to begin one."""
        if letter.lease_until is not None and self._clock() > letter.lease_until - TOO_LATE:
            return None
        try:
            outcome = await self._ways.deliver(self._worded(letter))
        except Exception as error:
            log.error("delivery_failed", letter=letter.id, kind=letter.kind, exc_info=error)
            outcome = Outcome(
                verdict=Verdict.RETRY,
                channel=letter.channel,
                retry_after_s=60.0,
                reason=repr(error)[:200],
            )
        if outcome.verdict is not Verdict.ACCEPTED:
            log.info(
                "letter",
                letter=letter.id,
                kind=letter.kind,
                verdict=outcome.verdict.value,
                reason=outcome.reason,
            )
        return outcome

    def _worded(self, letter: Letter) -> Letter:
        """A bundle says how many letters it holds, and how many it does not."""
        count = len(letter.rows)
        if count == 1 and not letter.more:
            return letter
        text = letter.text
        if letter.more:
            text += "\n" + self._texts.say("letters.more", count=letter.more)
        fields = letter.fields
        if count > 1:
            title = self._texts.say("letters.bundle", count=count)
            fields = {"title": title, "number": str(count), "who": self._texts.say("letters.account")}
        return msgspec.structs.replace(letter, text=text, fields=fields)

    # ---- settling --------------------------------------------------------------------------------

    async def _settle_again_and_again(self) -> None:
        failures = 0
        while not self._ending:
            try:
                async with asyncio.timeout(SETTLE_S):
                    await self._enough.wait()
            except TimeoutError:
                pass
            self._enough.clear()
            try:
                await self._settle()
                failures = 0
            except Exception as error:
                failures += 1
                log.warning("settling_failed", failures=failures, error=repr(error)[:200])
                if failures > MOST_FAILURES:
                    raise
                await asyncio.sleep(1.0)
            finally:
                self._moved.set()

    async def _settle(self) -> None:
        done, self._done = self._done, []
        given_back, self._too_late = self._too_late, []
        if not done and not given_back:
            return
        now = self._clock()

        def write(unit: Unit) -> None:
            unit.outbox.settle_all(done, now)
            unit.outbox.release(given_back, now)

        try:
            await self._writer.do(write)
        except Exception:
            self._done, self._too_late = done + self._done, given_back + self._too_late
            raise
        self._unsettled -= len(done) + len(given_back)
        self._goes_on()


class _Lane:
    """Letters that leave one way: those that wait, and how many are on their way."""

    def __init__(self, at_once: int, work: Callable[[_Lane], Coroutine[Any, Any, None]]) -> None:
        self.waiting: deque[Letter] = deque()
        self.running = 0
        self._at_once = at_once
        self._work = work
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, letter: Letter) -> None:
        """One more; it leaves at once if there is room."""
        self.waiting.append(letter)
        if self.running < self._at_once:
            self.running += 1
            task = asyncio.create_task(self._work(self))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

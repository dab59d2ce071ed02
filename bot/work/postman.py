"""The postman: takes letters from the outbox, hands them to the channels, and writes down what became of them.

No transaction is open while a letter is on its way. A letter is leased for a minute: if this process dies
meanwhile, another takes it then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.engine.writer import Writer
from bot.kit.clock import Clock
from models.letter import Letter, Outcome, Verdict
from models.store import Unit

log = structlog.get_logger()

ROUND = 50
"""Letters taken at once."""
AT_ONCE = 32
"""Letters on their way at once; the platform answers in some 20 to 100 ms."""

Deliver = Callable[[Letter], Awaitable[Outcome]]


class Postman:
    """Delivers what is due."""

    def __init__(self, *, writer: Writer, deliver: Deliver, clock: Clock) -> None:
        self._writer = writer
        self._deliver = deliver
        self._clock = clock
        self._rounds = asyncio.Lock()
        self.goes_on: Callable[[], object] = lambda: None
        """Called after each round: many letters take long, and whoever waits is to know that they get on."""

    async def deliver_due(self) -> int:
        """Delivers all letters that are due; gives how many were tried."""
        tried = 0
        async with self._rounds:
            while letters := await self._round():
                tried += letters
                if letters < ROUND:
                    break
        return tried

    async def _round(self) -> int:
        now = self._clock()
        letters = await self._writer.do(lambda unit: unit.outbox.lease(now, ROUND))
        if not letters:
            return 0
        by_person: dict[str, list[Letter]] = {}
        for letter in letters:
            by_person.setdefault(letter.openid, []).append(letter)
        gate = asyncio.Semaphore(AT_ONCE)
        outcomes: list[tuple[Letter, Outcome]] = []

        async def to_one(letters_of_one: list[Letter]) -> None:
            for letter in letters_of_one:  # one after another, so that they arrive in order
                async with gate:
                    outcomes.append((letter, await self._try(letter)))

        await asyncio.gather(*(to_one(letters_of_one) for letters_of_one in by_person.values()))

        def settle(unit: Unit) -> None:
            for letter, outcome in outcomes:
                unit.outbox.settle(letter.id, outcome, self._clock())

        await self._writer.do(settle)
        self.goes_on()
        return len(letters)

    async def _try(self, letter: Letter) -> Outcome:
        try:
            outcome = await self._deliver(letter)
        except Exception as error:
            log.error("delivery_failed", letter=letter.id, kind=letter.kind, exc_info=error)
            outcome = Outcome(verdict=Verdict.RETRY, retry_after_s=60.0, reason=repr(error)[:200])
        if outcome.verdict is not Verdict.ACCEPTED:
            log.info(
                "letter",
                letter=letter.id,
                kind=letter.kind,
                verdict=outcome.verdict.value,
                reason=outcome.reason,
            )
        return outcome

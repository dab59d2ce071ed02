"""The auditor: looks every quarter of an hour whether what is owed is really told, and says so where it is not."""

from __future__ import annotations

import asyncio

import structlog

from bot.engine.engine import Engine
from bot.kit.clock import Clock
from models.store import Store
from models.watching import Finding

log = structlog.get_logger()


class Auditor:
    """Looks, writes what it finds into the log, and has whoever runs the account told once a day."""

    def __init__(self, *, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock

    async def look(self) -> int:
        """One look; gives how many things are wrong."""
        findings, untold = await asyncio.to_thread(self._findings)
        for finding in findings:
            log.warning(
                "alarm",
                cause=finding.cause.value,
                count=finding.count,
                since=finding.since and finding.since.isoformat(),
                where=finding.where,
            )
        if untold:
            await self._engine.unasked(lambda unit, now: unit.watching.alarm(now))
        return len(findings)

    def _findings(self) -> tuple[list[Finding], bool]:
        now = self._clock()
        with self._store.reading() as unit:
            findings = unit.watching.findings(now)
            return findings, bool(unit.watching.untold(findings, now))

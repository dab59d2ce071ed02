"""The pulse: whether the process lives, whether it is ready, and its figures for a monitoring system."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from bot.engine.writer import Writer
from bot.kit.clock import Clock
from bot.kit.message import Inbound, Reply
from models import schema
from models.heartbeat import Beat
from models.moment import local
from models.store import Store, Unit
from models.watching import Cause

LATE_S = 300.0
"""Seconds that the oldest due letter may wait before the process calls itself not ready."""

Answer = Callable[[Inbound], Awaitable[Reply | None]]


class Pulse:
    """``/healthz``, ``/readyz``, ``/metrics``."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        clock: Clock,
        metrics_token: str,
        deadline_s: float,
        beats: Callable[[], Sequence[Beat]] = tuple,
    ) -> None:
        """``beats``: how each job of this process is doing.

        ``metrics_token``: empty means that only this machine may read the figures.

        ``deadline_s``: an answer that took so long and says nothing is one that the platform did not wait for.
        """
        self._deadline_s = deadline_s
        self._beats = beats
        self._store = store
        self._writer = writer
        self._clock = clock
        self._token = metrics_token
        self._registry = CollectorRegistry()
        self._messages = Counter(
            "shouqianshou_messages_total", "Messages received, by kind.", ["kind"], registry=self._registry
        )
        self._seconds = Histogram(
            "shouqianshou_answer_seconds",
            "Seconds from the decoded message to its reply.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.5),
            registry=self._registry,
        )
        self._late = Counter(
            "shouqianshou_late_answers_total",
            "Messages that got no reply within the deadline.",
            registry=self._registry,
        )
        self._queue = Gauge(
            "shouqianshou_writer_queue", "Work waiting for the writer.", registry=self._registry
        )
        self._queue.set_function(lambda: self._writer.waiting)
        self._due = Gauge("shouqianshou_outbox_due", "Letters that are due.", registry=self._registry)
        self._age = Gauge(
            "shouqianshou_outbox_age_seconds", "Age of the oldest due letter.", registry=self._registry
        )
        self._letters = Gauge(
            "shouqianshou_letters",
            "Letters that have not arrived, by state.",
            ["state"],
            registry=self._registry,
        )
        self._agendas = Gauge("shouqianshou_agendas_due", "Notices that are due.", registry=self._registry)
        self._agenda_age = Gauge(
            "shouqianshou_agenda_age_seconds", "Age of the oldest due notice.", registry=self._registry
        )
        self._silence = Gauge(
            "shouqianshou_round_age_seconds",
            "Seconds since this process last did a job, or got on with it.",
            ["job"],
            registry=self._registry,
        )
        self._alarms = Gauge(
            "shouqianshou_alarm",
            "What is wrong now, by cause; 0: nothing.",
            ["cause"],
            registry=self._registry,
        )
        self._calendar = Gauge(
            "shouqianshou_calendar_days",
            "Days that the working-day calendar reaches ahead; 0: not even today is known.",
            registry=self._registry,
        )

    def watched(self, answer: Answer) -> Answer:
        """``answer``, counted and timed."""
        count = cache(lambda kind: self._messages.labels(kind.__name__).inc)
        observe, late = self._seconds.observe, self._late.inc

        async def watched(message: Inbound) -> Reply | None:
            started = time.perf_counter()
            reply = await answer(message)
            seconds = time.perf_counter() - started
            observe(seconds)
            if reply is None and seconds >= self._deadline_s:
                late()
            count(type(message))()
            return reply

        return watched

    def routes(self) -> list[web.RouteDef]:
        """The three routes."""
        return [
            web.get("/healthz", self._health),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
        ]

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _ready(self, request: web.Request) -> web.Response:
        facts = await asyncio.to_thread(self._look)
        beats = self._beats()
        facts["rounds_go_on"] = not any(beat.overdue for beat in beats)
        facts["rounds"] = {
            beat.job: {
                "completed_at": beat.completed_at and beat.completed_at.isoformat(timespec="seconds"),
                "silent_s": round(beat.silent_s, 1),
            }
            for beat in beats
        }
        facts["ready"] = facts["ready"] and facts["rounds_go_on"]
        return web.json_response(facts, status=200 if facts["ready"] else 503)

    def _look(self) -> dict[str, Any]:
        now, until = self._clock(), None
        try:
            version = schema.current(self._store)
            with self._store.reading() as unit:
                due, age = unit.outbox.backlog(now)
                if version == schema.HEAD:
                    until = unit.workdays.until(local(now).date())
        except SQLAlchemyError as error:
            return {"ready": False, "database": False, "reason": type(error).__name__}
        current = version == schema.HEAD
        return {
            "ready": current and age < LATE_S,
            "database": True,
            "schema": version,
            "schema_current": current,
            "outbox_due": due,
            "outbox_age_s": round(age, 1),
            "queue": self._writer.waiting,
            # No reason to send members elsewhere: deadlines that cannot be set wait.
            "calendar_until": None if until is None else until.isoformat(),
        }

    async def _metrics(self, request: web.Request) -> web.Response:
        if self._token:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return web.Response(status=403, text="forbidden")
        elif request.remote not in ("127.0.0.1", "::1"):
            return web.Response(status=403, text="forbidden")
        facts = await asyncio.to_thread(self._look)
        self._due.set(facts.get("outbox_due", 0))
        self._age.set(facts.get("outbox_age_s", 0.0))
        until = facts.get("calendar_until")
        today = local(self._clock()).date()
        self._calendar.set((date.fromisoformat(until) - today).days + 1 if until else 0)
        for beat in self._beats():
            self._silence.labels(beat.job).set(beat.silent_s)
        if facts.get("schema_current"):
            await asyncio.to_thread(self._count)
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    def _count(self) -> None:
        now = self._clock()
        try:
            with self._store.reading() as unit:
                self._set(unit, now)
        except SQLAlchemyError:
            return  # the database went away between two questions: /readyz says so

    def _set(self, unit: Unit, now: datetime) -> None:
        figures = unit.watching.figures(now)
        for state, count in figures.letters.items():
            self._letters.labels(state).set(count)
        self._agendas.set(figures.agendas_due)
        self._agenda_age.set(figures.agenda_age_s)
        wrong = {finding.cause: finding.count for finding in unit.watching.findings(now)}
        for cause in Cause:
            self._alarms.labels(cause.value).set(wrong.get(cause, 0))

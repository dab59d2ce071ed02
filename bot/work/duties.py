"""The duties of the clock: what time makes due on cases and lists, looked for without a writer and done in small pieces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from bot.engine.unasked import Chore
from models.life import LAPSE_AFTER
from models.store import Unit


class Duty(msgspec.Struct, frozen=True):
    """Something that is due again and again. ``do`` has to leave less to do, or give 0."""

    calls: Callable[[Unit, datetime], bool]
    """Whether there is something to do; only reads."""
    do: Chore
    """Does a part of it."""


DUTIES: Final = (
    Duty(
        calls=lambda unit, now: bool(unit.clocks.missing(1)),
        do=lambda unit, now: unit.clocks.begin_missing(now),
    ),
    Duty(
        calls=lambda unit, now: unit.clocks.waiting(),
        do=lambda unit, now: unit.clocks.recompute(now),
    ),
    Duty(
        calls=lambda unit, now: unit.urgings.reached(now),
        do=lambda unit, now: unit.urgings.climb(now),
    ),
    # Before agendas climb: what opens now is told of at once.
    Duty(
        calls=lambda unit, now: unit.campaigns.due(now),
        do=lambda unit, now: unit.campaigns.open_due(now),
    ),
    Duty(
        calls=lambda unit, now: unit.rotas.extending_due(now),
        do=lambda unit, now: unit.rotas.extend(now),
    ),
    Duty(
        calls=lambda unit, now: unit.rotas.planning_due(now),
        do=lambda unit, now: unit.rotas.plan(now),
    ),
    Duty(
        calls=lambda unit, now: unit.rotas.telling_due(),
        do=lambda unit, now: unit.rotas.tell(now),
    ),
    Duty(
        calls=lambda unit, now: unit.recurring.due(now),
        do=lambda unit, now: unit.recurring.put_on_file(now),
    ),
    Duty(
        calls=lambda unit, now: unit.reminding.reached(now),
        do=lambda unit, now: unit.reminding.climb(now),
    ),
    Duty(
        calls=lambda unit, now: unit.calling.due(now),
        do=lambda unit, now: unit.calling.keep(now),
    ),
    Duty(
        calls=lambda unit, now: unit.circulars.due(now),
        do=lambda unit, now: unit.circulars.generate(now),
    ),
    Duty(
        calls=lambda unit, now: bool(unit.claims.uncontacted_since(now - LAPSE_AFTER, 1)),
        do=lambda unit, now: unit.claiming.lapse_silent(now),
    ),
    Duty(
        calls=lambda unit, now: unit.closing.due(now),
        do=lambda unit, now: unit.closing.expire_unrated(now) + unit.closing.archive_old(now),
    ),
    Duty(
        calls=lambda unit, now: unit.inbox.outlived(now),
        do=lambda unit, now: unit.inbox.forget_outlived(now),
    ),
    Duty(
        calls=lambda unit, now: unit.books.reminders_due(now),
        do=lambda unit, now: unit.books.remind(now),
    ),
)
"""In their order: a case gets its clock before anybody is urged for it."""

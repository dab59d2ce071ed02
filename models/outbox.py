"""待发消息: letters that the bot owes somebody, written in the same transaction as what caused them.

How they leave stands in ``models.leasing``, what becomes of them in ``models.settling``, questions about them in
``models.told``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects import postgresql, sqlite

from models.agenda import About
from models.due import Routes, Taken, WindowThenTemplate
from models.leasing import Leasing
from models.letter import Letter, Outcome
from models.owed import ABOUT_NOTHING, LEASE, MOST_ATTEMPTS, Body, OutboxRow, Priority, State, in_state
from models.pending import Rows
from models.settling import Done, Settling
from models.told import AT_ONCE, Earlier, Said, Standing, Told
from models.window import MESSAGE_WINDOW, window_open

if TYPE_CHECKING:
    from models.store import Unit

__all__ = [
    "ABOUT_NOTHING",
    "LEASE",
    "MESSAGE_WINDOW",
    "MOST_ATTEMPTS",
    "Body",
    "Outbox",
    "OutboxRow",
    "Priority",
    "State",
    "in_state",
    "window_open",
]

ROOM: Final = 1_600
"""Bytes that what waited may take beside a reply, where nothing is said of it."""


_POST = Rows(
    {
        name: insert(OutboxRow).on_conflict_do_nothing(index_elements=["dedup_key"])
        for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
    },
    keys=[column.name for column in OutboxRow.__table__.c if column.name != "id"],
)


class Outbox:
    """All letters."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._said: tuple[Body, bytes] | None = None
        self.asked_for = False
        """Whether somebody has just asked what there is: then nothing need be said beside the answer."""

    def _seal(self, body: Body) -> bytes:
        """Sealed once for all who get the same letter one after the other."""
        if self._said is None or self._said[0] != body:
            self._said = body, body.seal(self._unit.vault)
        return self._said[1]

    def post(
        self,
        *,
        key: str,
        kind: str,
        text: str,
        fields: dict[str, str],
        now: datetime,
        member_id: int | None = None,
        openid: str | None = None,
        priority: Priority = Priority.DUTY,
        due_at: datetime | None = None,
        office_id: int | None = None,
        about: About = ABOUT_NOTHING,
    ) -> None:
        """Owes somebody a letter. ``key`` names the occasion and the recipient: the same key is owed once.

        ``office_id``: the organisation in whose post they are told. ``about``: what has to be still so when it is sent.
        """
        _POST.add(
            self._unit,
            {
                "dedup_key": key,
                "member_id": member_id,
                "openid": openid,
                "kind": kind,
                "body_sealed": self._seal(Body(text, fields)),
                "priority": int(priority),
                "state": State.PENDING.value,
                "due_at": due_at or now,
                "lease_until": None,
                "attempts": 0,
                "channel": "",
                "message_id": "",
                "reason": "",
                "created_at": now,
                "settled_at": None,
                "office_id": office_id,
                "subject": about.subject,
                "subject_id": about.subject_id or None,
                "edition": about.edition,
                "rung": about.rung,
                "asks": about.asks,
                "not_after": about.not_after,
                "acknowledged_at": None,
                "circular_id": None,
                "bundle_id": None,
                "first_tried_at": None,
                "uncertain": False,
            },
        )
        self._unit.letters_posted = True

    # ---- on their way ----------------------------------------------------------------------------

    def take(self, now: datetime, limit: int, routes: Routes | None = None) -> Taken:
        """Takes letters that are due, the urgent ones first, as messages that may leave now."""
        return Leasing(self._unit, now, routes or WindowThenTemplate()).take(limit)

    def lease(self, now: datetime, limit: int) -> list[Letter]:
        """The same, where nothing but the letters is wanted."""
        return self.take(now, limit).letters

    def settle(self, letter_id: int, outcome: Outcome, now: datetime) -> None:
        """Writes down what an attempt at one letter (and at those in one message with it) came to."""
        settling = Settling(self._unit, now)
        if (letter := settling.letter(letter_id)) is not None:
            settling.settle([(letter, outcome)])

    def settle_all(self, done: Sequence[Done], now: datetime) -> None:
        """The same for a batch of messages, with a few statements."""
        Settling(self._unit, now).settle(done)

    def release(self, letters: Iterable[Letter], now: datetime) -> None:
        """These were taken and not tried."""
        Settling(self._unit, now).release(letters)

    def delivered(self, message_id: str, status: str, now: datetime) -> None:
        """The platform's word on a template message: arrived, or why not."""
        Settling(self._unit, now).delivered(message_id, status)

    # ---- looked at -------------------------------------------------------------------------------

    @cached_property
    def _told(self) -> Told:
        return Told(self._unit)

    def say_waiting(self, openid: str, now: datetime, limit: int = AT_ONCE, room: int = ROOM) -> Said:
        """What could not be pushed to this person, to be said now; it counts as sent."""
        return self._told.say_waiting(openid, now, limit=limit, room=room)

    def say_owed(
        self, openid: str, member_id: int | None, now: datetime, limit: int = AT_ONCE, room: int = ROOM
    ) -> Said:
        """The same for somebody who asks for it: also what was put off."""
        self.asked_for = True
        return self._told.say_owed(openid, member_id, now, limit=limit, room=room)

    def lately(self, openid: str, member_id: int | None, since: datetime, limit: int) -> list[Earlier]:
        """What this person was told since then, the newest first."""
        return self._told.lately(openid, member_id, since, limit)

    def owed(self, subject: str, subject_id: int) -> set[int]:
        """The members who were told of a matter as themselves, or are going to be."""
        return self._told.owed(subject, subject_id)

    def told(self, subject: str, subject_id: int) -> set[int]:
        """Every member whom a letter about it reached, or may have."""
        return self._told.told(subject, subject_id)

    def backlog(self, now: datetime) -> tuple[int, float]:
        """How many letters are due, and for how many seconds the oldest of them has been."""
        return self._told.backlog(now)

    def counts(self) -> Mapping[str, int]:
        """How many letters stand in each state."""
        return self._told.counts()

    def uncertain(self) -> int:
        """How many letters wait of which nobody knows whether they arrived."""
        return self._told.uncertain()

    def unconfirmed(self, now: datetime) -> int:
        """How many template messages the platform accepted and has not reported on for half an hour."""
        return self._told.unconfirmed(now)

    def standing(self, state: State, limit: int) -> list[Standing]:
        """Letters in a state, the newest first, without their text."""
        return self._told.list(state, limit)

    def retry(self, now: datetime, letter_id: int | None = None) -> int:
        """Owes a dead letter, or all of them, anew; gives how many."""
        return self._told.retry(now, letter_id)

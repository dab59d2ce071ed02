"""自查: whether what is owed is really told, looked at by somebody else than whoever tells it, and the alarms that follow.

Every figure is a question about what is due now; nothing depends on when it was last asked.
"""

from __future__ import annotations

import enum
import tomllib
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, String, UniqueConstraint, func, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import Agenda
from models.base import Base, Happening
from models.moment import local
from models.outbox import OutboxRow, State, in_state

if TYPE_CHECKING:
    from models.store import Unit

UNCONFIRMED_LOOK_BACK: Final = timedelta(days=1)
"""Older template messages without word from the platform are past mending."""
_OPEN_STATES: Final = (State.PENDING, State.WAITING, State.CALL, State.DEAD)
"""States that a partial index holds: counting the others would read every letter ever sent."""


class Cause(enum.StrEnum):
    """What may be wrong, the gravest first."""

    ROUNDS = "rounds"  # a job is not done any more
    LATE = "late"  # letters are due and lie about
    AGENDA = "agenda"  # a notice is due and nobody is told
    DEAD = "dead"  # letters were given up
    UNCONFIRMED = "unconfirmed"  # the platform took template messages and said no more of them
    CALLS = "calls"  # many have to be called
    CALENDAR = "calendar"  # the working days on file come to their end


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on a cause is worth an alarm."""

    name: Cause
    at_least: int
    again_days: int
    """Days from one alarm to the next."""
    minutes: int = 0
    hours: int = 0
    days: int = 0

    @property
    def span(self) -> timedelta:
        """Its time: what it means, each cause says."""
        return timedelta(minutes=self.minutes, hours=self.hours, days=self.days)


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is watched."""

    every_minutes: int
    cause: tuple[Threshold, ...]

    def __getitem__(self, cause: Cause) -> Threshold:
        return next(each for each in self.cause if each.name is cause)


@cache
def watch() -> Watch:
    """As the data say."""
    source = resources.files("models.data").joinpath("watch.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(source), Watch)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong now."""

    cause: Cause
    count: int
    since: datetime | None = None
    """How long the oldest of it has been so."""
    until: date | None = None
    """Of the calendar: the last day that is known."""
    where: str = ""
    """Of rounds: which job, in which process."""


class Alarmed(Happening, frozen=True, kw_only=True):
    """Whoever runs the account has to hear that something is wrong: each cause once a day, or as its data say."""

    day: date
    findings: tuple[Finding, ...]
    organisation_ids: tuple[int, ...]
    """The heads of all trees."""


class Alarm(Base):
    """One alarm: kept, so that it is raised once, and can be looked up."""

    __tablename__ = "alarms"
    __table_args__ = (UniqueConstraint("cause", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    count: Mapped[int]
    raised_at: Mapped[datetime]

    @classmethod
    def raised(cls, finding: Finding, now: datetime) -> Alarm:
        """An alarm for what was found."""
        return cls(cause=finding.cause.value, day=local(now).date(), count=finding.count, raised_at=now)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything that is owed stands."""

    letters: dict[str, int]
    """By state; those that arrived are not counted."""
    agendas_due: int
    agenda_age_s: float
    """For how long the oldest of them has been due."""


class Watching:
    """Looks at everything that is owed."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def figures(self, now: datetime) -> Figures:
        """The figures for a monitoring system."""
        letters = {state.value: self._letters(in_state(state))[0] for state in _OPEN_STATES}
        letters[Cause.UNCONFIRMED.value] = self._unconfirmed(now)[0]
        count, oldest = self._agendas(now)
        return Figures(
            letters=letters,
            agendas_due=count,
            agenda_age_s=(now - oldest).total_seconds() if oldest is not None else 0.0,
        )

    def findings(self, now: datetime) -> list[Finding]:
        """What is wrong now, the gravest first."""
        looks = {
            Cause.ROUNDS: self._rounds,
            Cause.LATE: self._late,
            Cause.AGENDA: self._overdue_agendas,
            Cause.DEAD: self._dead,
            Cause.UNCONFIRMED: self._lost,
            Cause.CALLS: self._calls,
            Cause.CALENDAR: self._calendar,
        }
        found = [looks[cause](watch()[cause], now) for cause in Cause]
        return [each for each in found if each is not None and each.count >= watch()[each.cause].at_least]

    def alarm(self, now: datetime) -> int:
        """Tells whoever runs the account what is wrong, each cause once a day; gives how many causes."""
        untold = self.untold(self.findings(now), now)
        if untold:
            self._unit.session.add_all(Alarm.raised(finding, now) for finding in untold)
            self._unit.session.flush()
            self._unit.tell(
                Alarmed(
                    day=local(now).date(),
                    findings=tuple(untold),
                    organisation_ids=self._unit.organisations.heads(),
                )
            )
        return len(untold)

    def untold(self, findings: list[Finding], now: datetime) -> list[Finding]:
        """Those of the findings that nobody was told of lately; only looks."""
        if not findings:
            return []
        query = select(Alarm.cause, func.max(Alarm.day)).group_by(Alarm.cause)
        last: dict[str, date] = dict(self._unit.session.execute(query).all())
        today = local(now).date()
        return [
            each
            for each in findings
            if (day := last.get(each.cause.value)) is None
            or (today - day).days >= watch()[each.cause].again_days
        ]

    # ---- the causes ------------------------------------------------------------------------------

    def _rounds(self, rule: Threshold, now: datetime) -> Finding | None:
        silent = [each for each in self._unit.heartbeats.all() if each.silent(now)]
        if not silent:
            return None
        longest = max(silent, key=lambda each: each.silent_s)
        return Finding(
            cause=rule.name,
            count=len(silent),
            since=longest.seen_at - timedelta(seconds=longest.silent_s),
            where=f"{longest.process} {longest.job}",
        )

    def _late(self, rule: Threshold, now: datetime) -> Finding | None:
        late = in_state(State.PENDING) & (OutboxRow.due_at <= now - rule.span)
        return _found(rule, self._letters(late, OutboxRow.due_at))

    def _overdue_agendas(self, rule: Threshold, now: datetime) -> Finding | None:
        return _found(rule, self._agendas(now - rule.span))

    def _dead(self, rule: Threshold, now: datetime) -> Finding | None:
        given_up = in_state(State.DEAD) & (OutboxRow.settled_at > now - rule.span)
        return _found(rule, self._letters(given_up, OutboxRow.settled_at))

    def _lost(self, rule: Threshold, now: datetime) -> Finding | None:
        return _found(rule, self._unconfirmed(now, rule.span))

    def _calls(self, rule: Threshold, now: datetime) -> Finding | None:
        fresh = in_state(State.CALL) & (OutboxRow.settled_at > now - rule.span)
        return _found(rule, self._letters(fresh, OutboxRow.settled_at))

    def _calendar(self, rule: Threshold, now: datetime) -> Finding | None:
        today = local(now).date()
        until = self._unit.workdays.until(today)
        if until is not None and until - today > rule.span:
            return None
        return Finding(cause=rule.name, count=1, until=until)

    # ---- the questions ---------------------------------------------------------------------------

    def _letters(
        self, which: ColumnElement[bool], moment: Any = OutboxRow.due_at
    ) -> tuple[int, datetime | None]:
        count, oldest = self._unit.session.execute(select(func.count(), func.min(moment)).where(which)).one()
        return count, oldest

    def _unconfirmed(self, now: datetime, silence: timedelta | None = None) -> tuple[int, datetime | None]:
        """Template messages of the last day of which the platform has not said whether they arrived."""
        if silence is None:
            silence = watch()[Cause.UNCONFIRMED].span
        return self._letters(
            in_state(State.SENT)
            & (OutboxRow.message_id != literal_column("''"))
            & OutboxRow.settled_at.between(now - UNCONFIRMED_LOOK_BACK, now - silence),
            OutboxRow.settled_at,
        )

    def _agendas(self, due: datetime) -> tuple[int, datetime | None]:
        query = select(func.count(), func.min(Agenda.next_at)).where(
            Agenda.stopped_at.is_(None), Agenda.next_at <= due
        )
        count, oldest = self._unit.session.execute(query).one()
        return count, oldest


def _found(rule: Threshold, counted: tuple[int, datetime | None]) -> Finding | None:
    count, oldest = counted
    return Finding(cause=rule.name, count=count, since=oldest) if count else None

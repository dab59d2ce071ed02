"""提醒日程: where a matter with a date stands on its ladder of notices, and the ladders themselves, as data.

A matter that time brings nearer (a turn in the chair, a theme day, a collection of needs, a joint meeting) has one
agenda: the moment that everything is counted from, how many rungs of its ladder are behind it, and when the next one
is due. When the matter moves, its agenda gets a new edition: letters of an older one are not sent any more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from sqlalchemy import Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Happening
from models.bulk import put_on_file
from models.moment import SHANGHAI, local
from models.workday import Calendar, YearMissing

if TYPE_CHECKING:
    from models.store import Unit

ACKNOWLEDGED: Final = "acknowledged"
"""The mark of an agenda whose notice somebody answered with 1 or 收到."""


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung: who is told what how long before or after the moment that the matter is about."""

    name: str
    to: tuple[str, ...]
    """Roles around the matter, such as ``incoming``; its keeper knows who that is."""
    days: int | None = None
    workdays: int | None = None
    hours: int | None = None
    """Exactly one offset; negative ones lie before the moment."""
    at: str = "09:00"
    """The time of day of a rung that is counted in days."""
    roll: Literal["", "before", "after"] = ""
    """Where to go from a day off: to the working day before or after it. Empty: the day stays."""
    asks: bool = False
    """Whether an acknowledgement is asked for."""
    unless: tuple[str, ...] = ()
    """Marks of the agenda that make it needless. One that waits in vain for ``acknowledged`` is an escalation."""
    priority: int = 2
    """0 most urgent … 4; as in ``models.outbox.Priority``."""
    lasts: int | None = None
    """Days after which it is not worth telling any more; None: as long as the agenda runs."""

    def __post_init__(self) -> None:
        if sum(offset is not None for offset in (self.days, self.workdays, self.hours)) != 1:
            raise ValueError(f"a rung has one offset: {self}")

    @property
    def escalates(self) -> bool:
        """Whether it is there because somebody did not react."""
        return ACKNOWLEDGED in self.unless

    def moment(self, anchor: datetime, calendar: Calendar) -> datetime:
        """When it is due. Raises YearMissing where it is counted in working days that nobody knows."""
        if self.hours is not None:
            return anchor + timedelta(hours=self.hours)
        return datetime.combine(self._day(local(anchor).date(), calendar), self._time, SHANGHAI)

    @property
    def _time(self) -> time:
        return time.fromisoformat(self.at)

    def _day(self, day: date, calendar: Calendar) -> date:
        if self.workdays is not None:
            count = self.workdays
            return calendar.before(day, -count) if count < 0 else calendar.after(day, count)
        return calendar.rolled(day + timedelta(days=self.days or 0), self.roll)


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rungs for one kind of matter, the earliest first."""

    subject: str
    rung: tuple[Rung, ...]

    def reached(self, anchor: datetime, now: datetime, calendar: Calendar) -> int:
        """How many rungs lie behind: up to the last one whose moment has come."""
        top = 0
        for position, rung in enumerate(self.rung, 1):
            try:
                if rung.moment(anchor, calendar) <= now:
                    top = position
            except YearMissing:
                continue
        return top

    def next_after(
        self, rung: int, anchor: datetime, calendar: Calendar
    ) -> tuple[datetime | None, int | None]:
        """When the earliest of the rungs above is due, and a year that keeps one of them from being known."""
        moments, missing = [], None
        for each in self.rung[rung:]:
            try:
                moments.append(each.moment(anchor, calendar))
            except YearMissing as error:
                missing = error.year
        return min(moments, default=None), missing


@cache
def notice_ladders() -> dict[str, Ladder]:
    """Every ladder by its subject."""
    source = resources.files("models.data").joinpath("notices.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(source)["ladder"], tuple[Ladder, ...])
    return {ladder.subject: ladder for ladder in found}


class About(msgspec.Struct, frozen=True):
    """What a letter is about: looked at again at the moment of sending, whether it still has a purpose."""

    subject: str
    """``term``, ``activity``, ``campaign`` …: a matter with an agenda; or ``clock``."""
    subject_id: int
    edition: int = 0
    rung: str = ""
    asks: bool = False
    """Whether the recipient is asked to acknowledge."""
    not_after: datetime | None = None
    """From this moment on it has no purpose."""


class Reminded(Happening, frozen=True, kw_only=True):
    """A rung was reached: the ground of what each kind of matter tells."""

    about: About
    to: tuple[str, ...]
    """The rung's roles."""
    late: bool
    """Rungs before it were passed untold: it is told instead of them."""
    priority: int


class Agenda(Base):
    """One matter's way along its ladder."""

    __tablename__ = "agendas"
    __table_args__ = (
        UniqueConstraint("subject", "subject_id"),
        Index(
            "ix_agendas_next",
            "next_at",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    anchor: Mapped[datetime]
    edition: Mapped[int]
    """Raised whenever what was told before is no longer true."""
    rung: Mapped[int]
    """How many rungs are behind it, told or passed."""
    next_at: Mapped[datetime | None]
    """None: no rung is left, or what is left waits for the calendar."""
    waits_for: Mapped[int | None]
    """The year whose working days are not on file."""
    told_at: Mapped[datetime | None]
    """When somebody was told last, of this edition or an older one."""
    asked_at: Mapped[datetime | None]
    """When an acknowledgement of this edition was first asked for."""
    marks: Mapped[str] = mapped_column(String(200))
    """What has happened that makes rungs needless, joined by spaces: ``acknowledged``, ``minutes`` …"""
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None]
    """The member."""
    stopped_at: Mapped[datetime | None]

    @classmethod
    def begin(cls, subject: str, subject_id: int, anchor: datetime) -> Agenda:
        """A new agenda at the foot of its ladder."""
        return cls(
            subject=subject,
            subject_id=subject_id,
            anchor=anchor,
            edition=1,
            rung=0,
            next_at=None,
            waits_for=None,
            told_at=None,
            asked_at=None,
            marks="",
            acknowledged_at=None,
            acknowledged_by=None,
            stopped_at=None,
        )

    @property
    def ladder(self) -> Ladder:
        """The ladder it climbs."""
        return notice_ladders()[self.subject]

    def marked(self, mark: str) -> bool:
        """Whether that has happened."""
        return mark in self.marks.split()

    def wants(self, rung: Rung) -> bool:
        """Whether a rung still has a purpose."""
        return self.stopped_at is None and not any(self.marked(mark) for mark in rung.unless)

    def mark(self, mark: str) -> None:
        """Something has happened that makes rungs needless."""
        if not self.marked(mark):
            self.marks = f"{self.marks} {mark}".strip()

    def unmark(self, mark: str) -> None:
        """It did not happen after all."""
        self.marks = " ".join(each for each in self.marks.split() if each != mark)

    def acknowledge(self, member_id: int, now: datetime) -> None:
        """Somebody said that they know. The first one counts."""
        if self.acknowledged_at is None:
            self.acknowledged_at, self.acknowledged_by = now, member_id
            self.mark(ACKNOWLEDGED)

    def move(self, anchor: datetime, now: datetime, calendar: Calendar, *, anew: bool) -> None:
        """Another moment, or (``anew``) other people: what was told is no longer true.

        Rungs that the new moment has put behind are not told again, unless nobody was told anything: then the next
        look tells the last of them late. Whoever is told of the change has to be asked again.
        """
        self.anchor, self.edition = anchor, self.edition + 1
        self.acknowledged_at = self.acknowledged_by = self.asked_at = self.stopped_at = None
        self.unmark(ACKNOWLEDGED)
        if anew:
            self.told_at = None
        self.rung = 0 if self.told_at is None else self.ladder.reached(anchor, now, calendar)
        self.schedule(calendar)

    def schedule(self, calendar: Calendar) -> None:
        """Works out when the next rung is due."""
        self.next_at, self.waits_for = self.ladder.next_after(self.rung, self.anchor, calendar)

    def stop(self, now: datetime) -> None:
        """The matter is over or off: nobody is told of it any more."""
        if self.stopped_at is None:
            self.stopped_at = now


class Agendas:
    """The agendas of all matters: planning, moving, marking and stopping them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of(self, subject: str, subject_id: int) -> Agenda | None:
        """The agenda of a matter, or None."""
        query = select(Agenda).where(Agenda.subject == subject, Agenda.subject_id == subject_id)
        return self._unit.session.scalar(query)

    def plan(self, subject: str, subject_id: int, anchor: datetime) -> Agenda:
        """Gives a matter its agenda; one that it has already stays as it is."""
        found = self.of(subject, subject_id)
        if found is not None:
            return found
        agenda = Agenda.begin(subject, subject_id, anchor)
        agenda.schedule(self._unit.workdays.calendar)
        self._tell_missing(agenda)
        self._unit.session.add(agenda)
        self._unit.session.flush()
        return agenda

    def plan_all(self, subject: str, anchors: Mapping[int, datetime]) -> None:
        """Gives many new matters (by id) their agendas at once.

        A missing calendar is nobody's news yet: such matters lie months ahead, often in a year that has no notice.
        """
        calendar = self._unit.workdays.calendar
        agendas = []
        for subject_id, anchor in anchors.items():
            agenda = Agenda.begin(subject, subject_id, anchor)
            agenda.schedule(calendar)
            agendas.append(agenda)
        put_on_file(self._unit, agendas)

    def move(
        self, subject: str, subject_id: int, anchor: datetime, now: datetime, *, anew: bool = False
    ) -> bool:
        """The matter has another moment, or other people (``anew``). Whether somebody had been told the old one.

        A matter without an agenda gets one.
        """
        agenda = self.of(subject, subject_id)
        if agenda is None:
            self.plan(subject, subject_id, anchor)
            return False
        told = agenda.told_at is not None
        agenda.move(anchor, now, self._unit.workdays.calendar, anew=anew)
        self._tell_missing(agenda)
        self._unit.session.flush()
        return told

    def mark(self, subject: str, subject_id: int, mark: str) -> None:
        """Something has happened that makes rungs needless."""
        if (agenda := self.of(subject, subject_id)) is not None:
            agenda.mark(mark)
            self._unit.session.flush()

    def acknowledge(self, subject: str, subject_id: int, member_id: int, now: datetime) -> None:
        """Somebody answered 1 or 收到: nobody has to be asked in their stead."""
        if (agenda := self.of(subject, subject_id)) is not None:
            agenda.acknowledge(member_id, now)
            self._unit.session.flush()

    def stop(self, subject: str, subject_id: int, now: datetime) -> bool:
        """The matter is over or off. Whether somebody had been told of it."""
        agenda = self.of(subject, subject_id)
        if agenda is None:
            return False
        agenda.stop(now)
        self._unit.session.flush()
        return agenda.told_at is not None

    def _tell_missing(self, agenda: Agenda) -> None:
        if agenda.waits_for is not None:
            self._unit.clocks.tell_missing(agenda.waits_for)

"""提醒: climbing the ladders of all agendas as time passes, so that everybody is told in time and once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import or_, select

from models.activitykeeper import ActivityKeeper
from models.agenda import ACKNOWLEDGED, About, Agenda, Reminded, Rung
from models.campaignnews import CampaignKeeper
from models.meetingnews import MeetingKeeper
from models.revision import CALENDAR
from models.turnkeeping import HandoverKeeper, SwapKeeper, TermKeeper
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.store import Unit

AT_ONCE: Final = 50
"""Agendas that one transaction moves: members' messages must not wait long behind it."""
_COMPUTED: Final = "agendas_computed"
"""The revision of the calendar that agendas were last scheduled by."""


class Keeper(Protocol):
    """Who knows a kind of matter: gives what is told at a rung."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """The happening with the facts of the matter; None: there is nothing to tell (and nothing was told)."""


def _keepers() -> Mapping[str, Keeper]:
    """By subject. Every ladder in notices.toml has one."""
    return {
        "term": TermKeeper(),
        "handover": HandoverKeeper(),
        "swap": SwapKeeper(),
        "campaign": CampaignKeeper(),
        "meeting": MeetingKeeper(),
        "activity": ActivityKeeper(),
    }


class Reminding:
    """Lets agendas climb."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def reached(self, now: datetime) -> bool:
        """Whether a rung is due, or the calendar changed; only looks."""
        due = select(Agenda.id).where(Agenda.stopped_at.is_(None), Agenda.next_at <= now).limit(1)
        return self._unit.session.scalar(due) is not None or self._calendar_changed()

    def climb(self, now: datetime, limit: int = AT_ONCE) -> int:
        """Lets agendas climb to where time has brought them; gives how many were dealt with.

        Whoever else does the same at this moment takes other agendas. Rungs that were passed unseen are told as one.
        """
        count = self._recompute() if self._calendar_changed() else 0
        query = (
            select(Agenda)
            .where(Agenda.stopped_at.is_(None), Agenda.next_at <= now)
            .order_by(Agenda.next_at, Agenda.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        for agenda in self._unit.session.scalars(query).all():
            self._climb(agenda, now)
            count += 1
        self._unit.session.flush()
        return count

    def _climb(self, agenda: Agenda, now: datetime) -> None:
        calendar = self._unit.workdays.calendar
        before, top = agenda.rung, agenda.ladder.reached(agenda.anchor, now, calendar)
        agenda.rung = max(before, top)
        passed = [rung for rung in agenda.ladder.rung[before:top] if self._serves(agenda, rung, now)]
        calls = [rung for rung in passed if not rung.escalates]
        # Nobody can have left unanswered what was never asked.
        escalations = [rung for rung in passed if rung.escalates and agenda.asked_at is not None]
        for rung, roles in _last_for_each_role([*calls, *escalations]):
            self._tell(agenda, rung, roles, [each for each in calls if set(each.to) & set(roles)], now)
        agenda.schedule(calendar)
        if agenda.waits_for is not None:
            self._unit.clocks.tell_missing(agenda.waits_for)

    def _serves(self, agenda: Agenda, rung: Rung, now: datetime) -> bool:
        end = self._end(agenda, rung)
        return agenda.wants(rung) and (end is None or now < end)

    def _end(self, agenda: Agenda, rung: Rung) -> datetime | None:
        """When a rung is not worth telling any more."""
        if rung.lasts is None:
            return None
        try:
            return rung.moment(agenda.anchor, self._unit.workdays.calendar) + timedelta(days=rung.lasts)
        except YearMissing:
            return None

    def _tell(
        self, agenda: Agenda, rung: Rung, roles: tuple[str, ...], calls: list[Rung], now: datetime
    ) -> None:
        asks = (rung.asks or any(each.asks for each in calls)) and not agenda.marked(ACKNOWLEDGED)
        base = Reminded(
            about=About(
                subject=agenda.subject,
                subject_id=agenda.subject_id,
                edition=agenda.edition,
                rung=rung.name,
                asks=asks,
                not_after=self._end(agenda, rung),
            ),
            to=roles,
            late=len(calls) > 1,
            priority=rung.priority,
        )
        happening = _keepers()[agenda.subject].reminded(self._unit, base, now)
        if happening is None:
            return
        agenda.told_at = now
        if asks and agenda.asked_at is None:
            agenda.asked_at = now
        self._unit.tell(happening)

    # ---- the calendar ----------------------------------------------------------------------------

    def _calendar_changed(self) -> bool:
        revisions = self._unit.revisions
        return revisions.of(CALENDAR) != revisions.of(_COMPUTED)

    def _recompute(self) -> int:
        """Schedules anew what the calendar may have moved: rungs that are still to come. At least 1."""
        calendar = self._unit.workdays.calendar
        query = select(Agenda).where(
            Agenda.stopped_at.is_(None), or_(Agenda.next_at.is_not(None), Agenda.waits_for.is_not(None))
        )
        count = 1
        for agenda in self._unit.session.scalars(query):
            agenda.schedule(calendar)
            count += 1
        self._unit.session.flush()
        self._unit.revisions.note(_COMPUTED, self._unit.revisions.of(CALENDAR))
        return count


def _last_for_each_role(rungs: list[Rung]) -> list[tuple[Rung, tuple[str, ...]]]:
    """Of several rungs at once everybody hears only the last that is for them: the rungs, and for whom each is left."""
    last = {role: rung for rung in rungs for role in rung.to}
    return [
        (rung, roles) for rung in rungs if (roles := tuple(role for role in rung.to if last[role] is rung))
    ]

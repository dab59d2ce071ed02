"""All activities: calling, moving and cancelling them, their minutes, and who may do so.

A consortium's activity is run by the organisation that has the chair on its day, or by the lead organisation; a
branch's own by the branch. Members are told by the ladder of notices; here only what has to be told at once is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, func, select

from models import activitywords
from models.activity import (
    CALLED,
    INVITED,
    MINUTES,
    SUBJECT,
    Activity,
    ActivityCalledAlready,
    ActivityInPast,
    ActivityMoved,
    ActivityNotYours,
    ActivityOff,
    ActivityPhoto,
    ActivityState,
    ActivityUnknown,
    Plan,
)
from models.activityrights import ActivityRights, Host
from models.agenda import notice_ladders
from models.case import Case
from models.life import WAITING, CaseKind
from models.moment import local, midnight
from models.workday import YearMissing

if TYPE_CHECKING:
    from models.person import Person

_TELLS_MEMBERS: Final = "members"
"""The rung at which members are told, once."""


class Topic(msgspec.Struct, frozen=True):
    """An open matter that an activity might see to."""

    number: int
    text: str
    """Shortened, and nobody's number in it."""
    joined: int


class Activities(ActivityRights):
    """The verbs of those who run activities, and what everybody may look up."""

    # ---- looking up ------------------------------------------------------------------------------

    def look(self, number: int, by: Person, now: datetime) -> Activity:
        """The activity of that number, if it is for this person or run by them. Else ActivityUnknown."""
        activity = self._unit.session.get(Activity, number)
        if activity is None or not (self.may_come(activity, by) or self.may_run(activity, by, now)):
            raise ActivityUnknown(number=number)
        return activity

    def to_change(self, number: int, by: Person, now: datetime) -> Activity:
        """The same, and nobody else changes who takes part before this unit is over."""
        activity = self.look(number, by, now)
        self._unit.session.refresh(activity, with_for_update=True)
        return activity

    def to_run(self, number: int, by: Person, now: datetime) -> Activity:
        """The same for whoever runs it. Else ActivityNotYours."""
        activity = self.to_change(number, by, now)
        if not self.may_run(activity, by, now):
            raise ActivityNotYours()
        return activity

    def coming(self, by: Person, now: datetime, limit: int) -> list[Activity]:
        """What somebody may sign up for or go to next: called, not over, the nearest first."""
        query = (
            select(Activity)
            .where(
                self._concerns(by, now), Activity.state == ActivityState.CALLED.value, Activity.ends_at > now
            )
            .order_by(Activity.starts_at, Activity.number)
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def around(self, by: Person, now: datetime) -> list[Activity]:
        """What is going on about now, as long before and after as a code holds."""
        rule = activitywords.rule()
        query = (
            select(Activity)
            .where(
                self._concerns(by, now),
                Activity.state.in_((ActivityState.CALLED.value, ActivityState.HELD.value)),
                Activity.starts_at <= now + timedelta(minutes=rule.code_before_minutes),
                Activity.ends_at > now - timedelta(minutes=rule.code_after_minutes),
            )
            .order_by(Activity.starts_at, Activity.number)
        )
        return list(self._unit.session.scalars(query))

    def to_settle(self, by: Person, now: datetime, limit: int) -> list[Activity]:
        """Planned ones that this person runs and whose topic is not settled, the nearest first."""
        query = (
            select(Activity)
            .where(
                self._concerns(by, now),
                Activity.state == ActivityState.PLANNED.value,
                Activity.starts_at > now,
            )
            .order_by(Activity.starts_at, Activity.number)
        )
        found = [each for each in self._unit.session.scalars(query) if self.may_run(each, by, now)]
        return found[:limit]

    def topics(self, host: Host, limit: int) -> list[Topic]:
        """What members of the consortium (or branch) wait for and nobody has taken on: most asked first."""
        whose = (
            Case.consortium_id == host.consortium_id
            if host.organisation_id is None
            else Case.organisation_id == host.organisation_id
        )
        query = (
            select(Case)
            .where(
                whose,
                Case.kind != CaseKind.PROJECT.value,
                Case.state.in_([state.value for state in WAITING]),
                Case.visibility == "consortium",
            )
            .order_by(Case.joined.desc(), Case.number)
            .limit(limit)
        )
        return [Topic(case.number, case.short, case.joined) for case in self._unit.session.scalars(query)]

    def photos(self, number: int) -> int:
        """How many photos it has."""
        query = select(func.count()).select_from(ActivityPhoto).where(ActivityPhoto.activity_number == number)
        return self._unit.session.scalar(query) or 0

    # ---- the verbs of those who run it -----------------------------------------------------------

    def call(
        self, host: Host, plan: Plan, *, by: Person, now: datetime, number: int | None = None
    ) -> Activity:
        """Calls an activity: it gets its number, and members are told by the ladder.

        ``number``: the planned one that is meant. One that a series has planned for the same day and of the same kind is
        that one. Raises ActivityInPast, ActivityCalledAlready, ActivityNotYours.
        """
        if plan.starts_at <= now:
            raise ActivityInPast()
        if number is not None:
            activity = self.to_run(number, by, now)
        else:
            beside = self._of_day(host, local(plan.starts_at).date())
            for each in beside:
                if each.state == ActivityState.CALLED and each.starts_at == plan.starts_at:
                    raise ActivityCalledAlready(number=each.number, label=each.label)
            planned = [each for each in beside if each.state == ActivityState.PLANNED]
            activity = next((each for each in planned if each.kind == plan.kind), None) or self._new(
                host, plan, now
            )
        before, place = activity.starts_at, activity.place
        again = activity.state == ActivityState.CALLED
        moved = before != plan.starts_at
        activity.call(plan, by.member_id, now)
        self._unit.session.flush()
        self._unit.agendas.plan(SUBJECT, activity.number, activity.starts_at)
        self._unit.agendas.mark(SUBJECT, activity.number, CALLED)
        elsewhere = again and place != activity.place
        self._reckon(activity, now, moved=moved or elsewhere)
        if again and (moved or elsewhere):
            self._tell_moved(activity, before)
        return activity

    def move(
        self,
        number: int,
        starts_at: datetime,
        ends_at: datetime | None,
        place: str,
        *,
        by: Person,
        now: datetime,
    ) -> Activity:
        """改期: another time, and place where one is named; whoever knew of the old one is told once."""
        activity = self.to_run(number, by, now)
        before = activity.starts_at
        end = ends_at if ends_at is not None else starts_at + (activity.ends_at - activity.starts_at)
        activity.move(starts_at, end, place, now)
        self._unit.session.flush()
        self._reckon(activity, now, moved=True)
        if activity.state == ActivityState.CALLED:
            self._tell_moved(activity, before)
        return activity

    def cancel(self, number: int, reason: str, *, by: Person, now: datetime) -> Activity:
        """取消: whoever knew of it is told, unless it is over anyway."""
        activity = self.to_run(number, by, now)
        called = activity.state == ActivityState.CALLED
        activity.cancel(reason, now)
        self._unit.agendas.stop(SUBJECT, number, now)
        self._unit.session.flush()
        if called and activity.ends_at > now:
            signed, others = self._knowing(activity)
            self._unit.tell(
                ActivityOff(
                    number=number,
                    label=activity.label,
                    starts_at=activity.starts_at,
                    reason=activity.reason,
                    members=signed + others,
                    host_id=self.host_id(activity),
                )
            )
        return activity

    def record(self, number: int, minutes: str, *, by: Person, now: datetime) -> Activity:
        """纪要: what was done and decided. Nobody has to be asked for it any more."""
        activity = self.to_run(number, by, now)
        activity.record(minutes, by.member_id, now)
        self._unit.agendas.mark(SUBJECT, number, MINUTES)
        self._unit.agendas.stop(SUBJECT, number, now)
        self._unit.session.flush()
        return activity

    def follow(self, number: int, words: str, *, by: Person, now: datetime) -> Activity:
        """落实情况: what came of what was decided."""
        activity = self.to_run(number, by, now)
        activity.follow(words, now)
        self._unit.session.flush()
        return activity

    def add_photo(self, number: int, media_id: str, url: str, *, by: Person, now: datetime) -> int:
        """Keeps a photo of it; gives how many it has now."""
        activity = self.to_run(number, by, now)
        activity.check_begun(now)
        self._unit.session.add(
            ActivityPhoto(
                activity_number=number,
                media_id=media_id[:200],
                url=url[:1000],
                member_id=by.member_id,
                at=now,
            )
        )
        self._unit.session.flush()
        return self.photos(number)

    # ---- within ----------------------------------------------------------------------------------

    def _new(self, host: Host, plan: Plan, now: datetime) -> Activity:
        activity = Activity.plan(
            plan, consortium_id=host.consortium_id, organisation_id=host.organisation_id, now=now
        )
        self._unit.session.add(activity)
        self._unit.session.flush()
        return activity

    def _tell_moved(self, activity: Activity, before: datetime) -> None:
        signed, others = self._knowing(activity)
        agenda = self._unit.agendas.of(SUBJECT, activity.number)
        self._unit.tell(
            ActivityMoved(
                number=activity.number,
                edition=agenda.edition if agenda is not None else 0,
                label=activity.label,
                before=before,
                starts_at=activity.starts_at,
                place=activity.place,
                signed=signed,
                others=others,
                host_id=self.host_id(activity),
            )
        )

    def _reckon(self, activity: Activity, now: datetime, *, moved: bool) -> None:
        """Its ladder by its time. Members whose rung is behind untold are told late: the ladder begins anew for them."""
        agenda = self._unit.agendas.of(SUBJECT, activity.number)
        if agenda is None:
            return
        untold = activity.state == ActivityState.CALLED and not agenda.marked(INVITED)
        names = [rung.name for rung in agenda.ladder.rung]
        passed = agenda.rung > names.index(_TELLS_MEMBERS) or (
            moved and self._members_told_by(activity) <= now
        )
        if moved or (untold and passed):
            self._unit.agendas.move(SUBJECT, activity.number, activity.starts_at, now, anew=untold and passed)

    def _members_told_by(self, activity: Activity) -> datetime:
        rung = next(each for each in notice_ladders()[SUBJECT].rung if each.name == _TELLS_MEMBERS)
        try:
            return rung.moment(activity.starts_at, self._unit.workdays.calendar)
        except YearMissing:
            return activity.starts_at

    def _knowing(self, activity: Activity) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Who has signed up (or waits for a place), and who else was told of it and has not said that they cannot."""
        taking = self._unit.attending.of(activity.number)
        signed = tuple(each.member_id for each in taking if each.coming)
        agenda = self._unit.agendas.of(SUBJECT, activity.number)
        if agenda is None or not agenda.marked(INVITED):
            return signed, ()
        told = self._unit.outbox.owed(SUBJECT, activity.number) - {each.member_id for each in taking}
        return signed, tuple(sorted(told))

    def _of_day(self, host: Host, day: date) -> list[Activity]:
        whose = (
            Activity.organisation_id == host.organisation_id
            if host.organisation_id is not None
            else and_(Activity.organisation_id.is_(None), Activity.consortium_id == host.consortium_id)
        )
        begin = midnight(day)
        query = (
            select(Activity)
            .where(whose, Activity.starts_at >= begin, Activity.starts_at < begin + timedelta(days=1))
            .order_by(Activity.starts_at, Activity.number)
            .with_for_update()
        )
        return list(self._unit.session.scalars(query))

"""All joint meetings: calling, moving and calling off, what they talk about, who comes, and their minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, func, select

from models import bookrights, chairing
from models.agenda import About
from models.case import Case
from models.consortium import Consortium
from models.life import OPEN, WAITING, CaseState
from models.meeting import (
    MOST_ITEMS,
    AgendaFull,
    Attendance,
    ItemKnown,
    Meeting,
    MeetingCalled,
    MeetingChanged,
    MeetingItem,
    MeetingState,
    MeetingTold,
    MinutesWritten,
    NoSuchItem,
    NotInMeeting,
    Resolution,
)
from models.moment import local
from models.period import end_of
from models.vault import mask_text

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

SUBJECT: Final = "meeting"
LATELY: Final = timedelta(days=60)
"""How long after a meeting its resolutions and minutes are still written down; its last report-back is as late."""


class Suggested(msgspec.Struct, frozen=True):
    """A matter that a meeting might talk about."""

    case: Case
    raised: bool
    """It was raised to the level above."""
    joined: int
    waiting_days: int
    """Since when nobody has taken it on; 0: somebody has."""


class Meetings:
    """All meetings."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- finding ---------------------------------------------------------------------------------

    def desks(self, person: Person, now: datetime) -> list[Consortium]:
        """The consortia whose meetings a person may call at a moment."""
        return bookrights.desks(self._unit, person, now)

    def circles(self, person: Person, now: datetime) -> list[Consortium]:
        """The consortia whose meetings concern a person: those of their organisation, of their posts, of their desk."""
        offices = {person.organisation_id, *self._unit.organisations.offices_of(person.member_id, now)}
        found = {each.id: each for each in self.desks(person, now)}
        for office in sorted(offices):
            found |= {
                each.id: each for each in self._unit.consortia.of_organisation(office, local(now).date())
            }
        return [found[key] for key in sorted(found)]

    def get(self, meeting_id: int) -> Meeting | None:
        """The meeting of that id, or None."""
        return self._unit.session.get(Meeting, meeting_id)

    def ahead(self, consortium_id: int, now: datetime) -> Meeting | None:
        """The next meeting of a consortium; there is at most one."""
        query = (
            select(Meeting)
            .where(
                Meeting.consortium_id == consortium_id,
                Meeting.state == MeetingState.CALLED.value,
                Meeting.starts_at > now,
            )
            .order_by(Meeting.starts_at)
            .limit(1)
        )
        return self._unit.session.scalar(query)

    def at_hand(self, consortium_id: int, now: datetime) -> Meeting | None:
        """The meeting that is held today or was held last, as long as something is still written down of it."""
        query = (
            select(Meeting)
            .where(
                Meeting.consortium_id == consortium_id,
                Meeting.state == MeetingState.CALLED.value,
                Meeting.starts_at < end_of(local(now).date()),
                Meeting.starts_at > now - LATELY,
            )
            .order_by(Meeting.starts_at.desc())
            .limit(1)
        )
        return self._unit.session.scalar(query)

    def parties(self, meeting: Meeting, day: date) -> list[int]:
        """The organisations that take part: the members of the consortium on a day, and its lead."""
        consortium = self._unit.session.get_one(Consortium, meeting.consortium_id)
        return self._unit.consortia.parties(consortium, day)

    # ---- calling, moving, calling off ------------------------------------------------------------

    def call(
        self, consortium_id: int, *, starts_at: datetime, place: str, by: Person, now: datetime
    ) -> Meeting:
        """The desk calls a meeting; its agenda of notices tells everybody at once.

        Raises:
            NotChairing: the person does not sit at the desk today.
            MeetingCalled: there is one before it already.
            MeetingPast, OddHour: nobody can come at that moment.
        """
        called_for = chairing.require_desk(self._unit, consortium_id, by, now)
        self.require_none(consortium_id, now)
        held = self._unit.session.scalar(
            select(func.max(Meeting.sequence)).where(Meeting.consortium_id == consortium_id)
        )
        meeting = Meeting.call(
            consortium_id=consortium_id,
            sequence=max(held or 0, 0) + 1,
            starts_at=starts_at,
            place=place,
            by=by,
            called_for=called_for,
            now=now,
        )
        self._unit.session.add(meeting)
        self._unit.session.flush()
        self._unit.agendas.plan(SUBJECT, meeting.id, starts_at)
        return meeting

    def require_none(self, consortium_id: int, now: datetime) -> None:
        """Refuses a second meeting before the consortium: MeetingCalled."""
        if (before := self.ahead(consortium_id, now)) is not None:
            at = local(before.starts_at)
            raise MeetingCalled(month=at.month, day=at.day, time=f"{at:%H:%M}")

    def move(
        self, meeting: Meeting, *, starts_at: datetime, place: str = "", by: Person, now: datetime
    ) -> bool:
        """Another moment, or another place: whoever was told is told once, and asked again. Whether anybody was.

        Raises:
            NotChairing: the person does not sit at the desk today.
            MeetingBegun: it is too late.
            MeetingPast, OddHour: nobody can come at that moment.
        """
        chairing.require_desk(self._unit, meeting.consortium_id, by, now)
        meeting.move(starts_at=starts_at, place=place, now=now)
        self._unit.session.execute(delete(Attendance).where(Attendance.meeting_id == meeting.id))
        above_ids = self._told_above(meeting)
        told = self._unit.agendas.move(SUBJECT, meeting.id, starts_at, now)
        if told:
            self._tell_change(meeting, self.facts(meeting), now, above_ids)
        return told

    def cancel(self, meeting: Meeting, *, reason: str, by: Person, now: datetime) -> bool:
        """It is called off: whoever was told of it is told once. Whether anybody was.

        Raises:
            NotChairing: the person does not sit at the desk today.
            MeetingBegun: it is too late.
        """
        chairing.require_desk(self._unit, meeting.consortium_id, by, now)
        facts, above_ids = self.facts(meeting), self._told_above(meeting)
        meeting.cancel(reason=reason, now=now)
        self._unit.session.flush()
        told = self._unit.agendas.stop(SUBJECT, meeting.id, now)
        self._unit.asking.close(SUBJECT, meeting.id, now)
        if told:
            self._tell_change(meeting, facts, now, above_ids)
        return told

    def _told_above(self, meeting: Meeting) -> tuple[int, ...]:
        """The organisation above the lead, if it has been told of the meeting."""
        agenda = self._unit.agendas.of(SUBJECT, meeting.id)
        if agenda is None or all("above" not in rung.to for rung in agenda.ladder.rung[: agenda.rung]):
            return ()
        consortium = self._unit.session.get_one(Consortium, meeting.consortium_id)
        return tuple(self._unit.standings.above(consortium.lead_id)[:1])

    def _tell_change(
        self, meeting: Meeting, facts: MeetingTold, now: datetime, above_ids: tuple[int, ...]
    ) -> None:
        agenda = self._unit.agendas.of(SUBJECT, meeting.id)
        self._unit.tell(
            MeetingChanged(
                told=facts,
                cancelled=meeting.cancelled_at is not None,
                reason=meeting.reason,
                organisation_ids=tuple(self.parties(meeting, local(now).date())),
                about=About(
                    subject=SUBJECT,
                    subject_id=meeting.id,
                    edition=agenda.edition if agenda is not None else 0,
                    asks=True,
                    not_after=meeting.starts_at,
                ),
                above_ids=above_ids,
            )
        )

    # ---- what it talks about ---------------------------------------------------------------------

    def items(self, meeting: Meeting) -> list[MeetingItem]:
        """Its items in their order."""
        query = select(MeetingItem).where(MeetingItem.meeting_id == meeting.id).order_by(MeetingItem.position)
        return list(self._unit.session.scalars(query))

    def item(self, meeting: Meeting, position: int) -> MeetingItem:
        """The item of that number. Else NoSuchItem."""
        found = next((each for each in self.items(meeting) if each.position == position), None)
        if found is None:
            raise NoSuchItem(number=position)
        return found

    def put_item(self, meeting: Meeting, *, text: str, case: Case | None, by: Person, now: datetime) -> int:
        """议题: somebody who holds a post in a member organisation wants something talked about; gives its number.

        Raises:
            NotInMeeting: they hold no post in any of them.
            ItemKnown: it is on the agenda already.
            AgendaFull: there are twenty.
        """
        organisation_id = self.office(meeting, by, now)
        items = self.items(meeting)
        same = next(
            (
                each
                for each in items
                if (case is not None and each.case_number == case.number) or each.text == text
            ),
            None,
        )
        if same is not None:
            raise ItemKnown(number=same.position)
        if len(items) >= MOST_ITEMS:
            raise AgendaFull(most=MOST_ITEMS)
        position = len(items) + 1
        self._unit.session.add(
            MeetingItem.put(
                meeting.id,
                position,
                text=case.short if case is not None else mask_text(text),
                case_number=case.number if case is not None else None,
                organisation_id=organisation_id,
                by=by,
                now=now,
            )
        )
        self._unit.session.flush()
        return position

    def suggest(self, meeting: Meeting, now: datetime, limit: int = 4) -> list[Suggested]:
        """Open matters worth talking about: those that were raised, then those most people stand behind, then those that
        nobody has taken on for longest. None that is private, or on the agenda already."""
        known = select(MeetingItem.case_number).where(
            MeetingItem.meeting_id == meeting.id, MeetingItem.case_number.is_not(None)
        )
        waiting = [state.value for state in WAITING]
        query = (
            select(Case)
            .where(
                Case.consortium_id == meeting.consortium_id,
                Case.state.in_([state.value for state in OPEN]),
                Case.visibility == "consortium",
                Case.number.not_in(known),
            )
            .order_by(
                Case.raised_at.is_(None),
                Case.joined.desc(),
                Case.state.not_in(waiting),
                Case.number,
            )
            .limit(limit)
        )
        return [
            Suggested(
                case=case,
                raised=case.raised_at is not None,
                joined=case.joined,
                waiting_days=(now - (case.submitted_at or now)).days
                if CaseState(case.state) in WAITING
                else 0,
            )
            for case in self._unit.session.scalars(query)
        ]

    def office(self, meeting: Meeting, person: Person, now: datetime) -> int:
        """The organisation for which a person takes part: their own, if they hold a post there.

        Raises:
            NotInMeeting: they hold a post in none of those that take part.
        """
        offices = self._unit.organisations.offices_of(person.member_id, now)
        mine = offices & set(self.parties(meeting, local(now).date()))
        if not mine:
            raise NotInMeeting()
        return person.organisation_id if person.organisation_id in mine else min(mine)

    # ---- who comes -------------------------------------------------------------------------------

    def answer(
        self, meeting: Meeting, organisation_id: int, *, coming: bool, by: Person, now: datetime
    ) -> None:
        """参会、请假: an organisation says whether it comes; the last word counts."""
        found = self._unit.session.get(Attendance, (meeting.id, organisation_id))
        if found is None:
            answer = Attendance.give(meeting.id, organisation_id, coming=coming, by=by, now=now)
            self._unit.session.add(answer)
        else:
            found.change(coming=coming, by=by, now=now)
        self._unit.session.flush()

    def attendance(self, meeting: Meeting) -> dict[int, bool]:
        """Which organisations come, and which do not; those that have said nothing are left out."""
        query = select(Attendance.organisation_id, Attendance.coming).where(
            Attendance.meeting_id == meeting.id
        )
        return dict(self._unit.session.execute(query).all())

    # ---- 纪要 ------------------------------------------------------------------------------------

    def write_minutes(self, meeting: Meeting, text: str, *, by: Person, now: datetime) -> None:
        """The desk writes down what came of it; all who take part read it.

        Raises:
            NotChairing: the person does not sit at the desk today.
        """
        chairing.require_desk(self._unit, meeting.consortium_id, by, now)
        meeting.write_minutes(text, by=by, now=now)
        self._unit.agendas.mark(SUBJECT, meeting.id, "minutes")
        self._unit.asking.close(SUBJECT, meeting.id, now)
        resolutions = self._unit.session.scalar(
            select(func.count()).select_from(Resolution).where(Resolution.meeting_id == meeting.id)
        )
        self._unit.tell(
            MinutesWritten(
                told=self.facts(meeting),
                minutes=text,
                resolutions=resolutions or 0,
                organisation_ids=tuple(self.parties(meeting, local(now).date())),
            )
        )

    def facts(self, meeting: Meeting, items: Sequence[MeetingItem] | None = None) -> MeetingTold:
        """What is told of a meeting."""
        return MeetingTold(
            meeting=meeting.id,
            sequence=meeting.sequence,
            consortium=self._unit.session.get_one(Consortium, meeting.consortium_id).name,
            starts_at=meeting.starts_at,
            place=meeting.place,
            items=tuple(each.text for each in (self.items(meeting) if items is None else items)),
        )

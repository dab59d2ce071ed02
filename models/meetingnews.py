"""联席会议的提醒: what is told of a meeting at each rung of its ladder, and to whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from models import chairing
from models.agenda import About, Reminded
from models.consortium import Consortium
from models.meeting import MeetingReminded
from models.moment import local

if TYPE_CHECKING:
    from models.meeting import Meeting
    from models.store import Unit

_INVITED: Final = "invited"
"""The mark of an agenda whose participants were told of the meeting."""


class MeetingKeeper:
    """Knows meetings where agendas climb their ladders."""

    def reminded(self, unit: Unit, base: Reminded, now: datetime) -> Reminded | None:
        """The happening with the facts of the meeting; None: it is gone, or there is nobody or nothing to tell."""
        meeting = unit.meetings.get(base.about.subject_id)
        if meeting is None:
            return None
        day = local(now).date()
        consortium = unit.session.get_one(Consortium, meeting.consortium_id)
        if not consortium.stands_on(day):
            unit.agendas.stop(base.about.subject, meeting.id, now)
            return None
        parties = unit.meetings.parties(meeting, day)
        answers = {
            office: coming
            for office, coming in unit.meetings.attendance(meeting).items()
            if office in parties
        }
        carried = unit.resolving.carried(meeting)
        about = base.about
        if "participants" in base.to:
            if not meeting.ahead(now):
                return None
            about = self._inviting(unit, base, meeting)
            organisation_ids = self._participants(about.rung, parties, answers)
        elif "above" in base.to:
            organisation_ids = unit.standings.above(consortium.lead_id)[:1] if meeting.ahead(now) else []
        else:
            unit.asking.close(about.subject, meeting.id, now)  # it is over
            organisation_ids = self._desk(unit, base, meeting, consortium, now)
            if about.rung != "minutes":
                if not carried:
                    return None
                if all(each.done for each in carried):  # said once, and then no more
                    unit.agendas.mark(about.subject, meeting.id, "done")
        if not organisation_ids:
            return None
        return MeetingReminded(
            about=about,
            to=base.to,
            late=base.late,
            priority=base.priority,
            told=unit.meetings.facts(meeting),
            organisation_ids=tuple(organisation_ids),
            coming=sum(answers.values()),
            absent=len(answers) - sum(answers.values()),
            open_answers=len(parties) - len(answers),
            lead=unit.organisations.get(consortium.lead_id).name,
            done=sum(each.done for each in carried),
            resolved=len(carried),
        )

    def _inviting(self, unit: Unit, base: Reminded, meeting: Meeting) -> About:
        """What is told first is the invitation, however near the meeting is; each organisation is asked for itself,
        whoever else has answered."""
        about = base.about
        agenda = unit.agendas.of(about.subject, meeting.id)
        if agenda is not None and not agenda.marked(_INVITED):
            agenda.mark(_INVITED)
            about = msgspec.structs.replace(about, rung="called", not_after=None)
        until = min(about.not_after or meeting.starts_at, meeting.starts_at)
        return msgspec.structs.replace(about, asks=about.rung != "eve", not_after=until)

    def _participants(self, rung: str, parties: list[int], answers: dict[int, bool]) -> list[int]:
        match rung:
            case "week":  # who has answered is not asked again
                return [office for office in parties if office not in answers]
            case "eve":  # who does not come need not be reminded of it
                return [office for office in parties if answers.get(office, True)]
        return parties

    def _desk(
        self, unit: Unit, base: Reminded, meeting: Meeting, consortium: Consortium, now: datetime
    ) -> list[int]:
        chair = chairing.chair_of(unit, meeting.consortium_id, local(now).date())
        found = [chair] if "chair" in base.to else []
        return found + [consortium.lead_id] * ("lead" in base.to and consortium.lead_id != chair)

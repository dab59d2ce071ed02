"""决定: what a meeting decides becomes somebody's work: an open matter is dispatched, a new one is filed first."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Date, bindparam, func, select

from models import chairing
from models.case import Case, NewCase
from models.lean import Lean
from models.life import IN_HAND, WORKED_ON, CaseKind, CaseState
from models.meeting import HeldByAnother, Meeting, MeetingDecided, MeetingItem, Resolution

if TYPE_CHECKING:
    from models.person import Person
    from models.store import Unit

_DUE = Lean(
    select(Resolution.due_on)
    .where(
        Resolution.case_number == bindparam("number"),
        Resolution.organisation_id == bindparam("organisation_id"),
        Resolution.due_on >= bindparam("today", type_=Date),
    )
    .order_by(Resolution.at.desc(), Resolution.id.desc())
    .limit(1)
)
_DONE = (CaseState.CLOSED, CaseState.ARCHIVED)


class Matter(msgspec.Struct, frozen=True):
    """What a resolution is filed as where there is no case of it yet."""

    text: str
    """In words that stand for themselves: with what the item was about."""
    kind: CaseKind
    category: str
    """The category's label."""
    received_key: str
    """The message that it came with."""


class Carried(msgspec.Struct, frozen=True):
    """A resolution, and where its matter stands."""

    resolution: Resolution
    case: Case
    item: str
    """What was talked about; empty where it came up at the meeting."""

    @property
    def about(self) -> str:
        """In a few words, for lists."""
        return self.item or self.resolution.text

    @property
    def words(self) -> str:
        """In words that stand for themselves: 修村西头那条路：由镇党委6月底前修好."""
        return f"{self.item}：{self.resolution.text}" if self.item else self.resolution.text

    @property
    def done(self) -> bool:
        """Whether its reporter, or a visit, has said that it is done with."""
        return CaseState(self.case.state) in _DONE and self.case.close_kind in ("", "normal")


class Resolving:
    """The verbs and queries of resolutions."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def decide(
        self,
        meeting: Meeting,
        *,
        item: MeetingItem | None,
        case: Case | None,
        text: str,
        organisation_id: int,
        due_on: date,
        matter: Matter,
        by: Person,
        now: datetime,
    ) -> Resolution:
        """A resolution is written down, and its matter goes to the organisation that is to carry it out.

        ``case``: the need, problem or project that it is about; None: it is filed as ``matter`` says, with the meeting as
        its source. What that organisation has in hand already stays there; what waits is dispatched to it.

        Raises:
            NotChairing: the person does not sit at the desk today.
            DueTooEarly: the day is over.
            HeldByAnother: another organisation has the matter in hand.
            NoRight, NotNow, PartOfProject: it cannot be dispatched, see ``Claiming.invite``.
        """
        chairing.require_desk(self._unit, meeting.consortium_id, by, now)
        if case is None:
            case = self._file(meeting, matter, by, now)
        count = self._unit.session.scalar(
            select(func.count()).select_from(Resolution).where(Resolution.meeting_id == meeting.id)
        )
        resolution = Resolution.pass_(
            meeting.id,
            (count or 0) + 1,
            item_id=item.id if item is not None else None,
            text=text,
            case_number=case.number,
            organisation_id=organisation_id,
            due_on=due_on,
            by=by,
            now=now,
        )
        self._dispatch(case, organisation_id, by, now)
        self._unit.session.add(resolution)
        self._unit.session.flush()
        self._unit.tell(
            MeetingDecided(
                told=self._unit.meetings.facts(meeting, ()),
                position=resolution.position,
                text=matter.text,
                organisation_id=organisation_id,
                due_on=due_on,
                case_number=case.number,
            )
        )
        return resolution

    def carried(self, meeting: Meeting) -> list[Carried]:
        """The resolutions of a meeting in their order, each with its matter."""
        query = (
            select(Resolution, Case, MeetingItem.text)
            .join(Case, Case.number == Resolution.case_number)
            .outerjoin(MeetingItem, MeetingItem.id == Resolution.item_id)
            .where(Resolution.meeting_id == meeting.id)
            .order_by(Resolution.position)
        )
        rows = self._unit.session.execute(query)
        return [Carried(resolution, case, item or "") for resolution, case, item in rows]

    def due_of(self, case_number: int, organisation_id: int, today: date) -> date | None:
        """The day by which a meeting wants a matter done by an organisation; None: no meeting does, or it is over."""
        values = {"number": case_number, "organisation_id": organisation_id, "today": today}
        rows = _DUE.run(self._unit, values)
        return rows[0][0] if rows else None

    def _file(self, meeting: Meeting, matter: Matter, by: Person, now: datetime) -> Case:
        new = NewCase.report(
            by=msgspec.structs.replace(by, consortium_id=meeting.consortium_id),
            text=matter.text,
            kind=matter.kind,
            category=matter.category,
            place="",
            quantity="",
            deadline="",
            received_key=matter.received_key,
            now=now,
            source="meeting",
        )
        new.submit(now)
        self._unit.cases.file(new, by=by)
        return self._unit.casework.find(new.number)

    def _dispatch(self, case: Case, organisation_id: int, by: Person, now: datetime) -> None:
        if CaseState(case.state) in IN_HAND:
            holds = self._unit.claims.live(case.number)
            lead = next((hold.organisation_id for hold in holds if hold.lead), None)
            if lead == organisation_id and CaseState(case.state) in WORKED_ON:
                return
            if lead is not None and lead != organisation_id:
                raise HeldByAnother(number=case.number, organisation=self._unit.organisations.get(lead).name)
        self._unit.claiming.invite(case, [organisation_id], by=by, now=now)

"""活动台账、志愿服务台账: what was held, who came in numbers, and the service that was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from models import activitywords
from models.activity import Activity, ActivityPhoto, ActivityState
from models.activitymonths import Chairs
from models.asof import day_of
from models.attending import Attendance, Part, Participation
from models.consortium import Consortium
from models.history import stream
from models.ledgers.words import called, remark
from models.member import Member
from models.organisation import Organisation
from models.volunteering import ServiceRecord, ServiceState, Source

if TYPE_CHECKING:
    from models.ledgers.asking import Ask

_DROPPED: Final = and_(Activity.state == ActivityState.CANCELLED.value, Activity.by_hand.is_(False))
"""What a series had put on file and its new rule took off again: nobody called it, nobody called it off."""


class ActivityRow(msgspec.Struct, frozen=True):
    """One activity."""

    number: int
    at: datetime
    kind: str
    topic: str
    format: str
    place: str
    host: str
    organisations: str
    """Whose members came."""
    expected: int | None
    """None: nobody has called the roll."""
    came: int | None
    leave: int | None
    absent: int | None
    decided: str
    followed: str
    proof: str
    state: str


class ServiceRow(msgspec.Struct, frozen=True):
    """The service of everybody who came to an activity, or one late entry."""

    done_on: date
    what: str
    place: str
    beneficiary: str
    organisation: str
    people: int
    system_hours: float | None
    late_hours: float | None
    verifier: str
    state: str


def concerning(ask: Ask) -> list[ColumnElement[bool]]:
    """Conditions on activities: those of the consortia or of the area that is asked about."""
    scope = ask.scope
    found: list[ColumnElement[bool]] = []
    if scope.consortia is not None:
        found.append(Activity.consortium_id.in_(sorted(scope.consortia)))
    if scope.area:
        begins = Organisation.region.startswith(scope.area, autoescape=True)
        united = select(Consortium.id).where(*scope.united())
        found.append(
            or_(
                Activity.organisation_id.in_(select(Organisation.id).where(begins)),
                and_(Activity.organisation_id.is_(None), Activity.consortium_id.in_(united)),
            )
        )
    return found


def activities(ask: Ask) -> Iterator[ActivityRow]:
    """6 活动台账: what fell into the period, as it stood on its last evening; what was off or left undone too."""
    period = ask.period
    which = (
        Activity.starts_at >= period.begin,
        Activity.starts_at < period.end,
        Activity.created_at < period.end,
        ~_DROPPED,
        *concerning(ask),
    )
    rolls, chairs = _Rolls(ask, which), Chairs(ask.unit)
    query = select(Activity.__table__).where(*which).order_by(Activity.starts_at, Activity.number)
    for row in stream(ask.unit, query):
        host = chairs.host(row.consortium_id, row.organisation_id, day_of(row.starts_at) or period.until)
        yield ActivityRow(
            number=row.number,
            at=row.starts_at,
            kind=activitywords.kinds()[row.kind].label,
            topic=ask.veil.text(row.topic),
            format=activitywords.formats()[row.format].label,
            place=row.place,
            host=ask.places[host].name,
            organisations="、".join(ask.places[each].name for each in rolls.organisations(row.number)),
            **rolls.figures(row.number),
            decided=ask.veil.text(row.minutes) if _by(row.recorded_at, period.end) else "",
            followed=ask.veil.text(row.follow_up) if _by(row.followed_at, period.end) else "",
            proof=remark("photos", count=rolls.photos[row.number]) if row.number in rolls.photos else "",
            state=_state(ask, row),
        )


def _by(moment: datetime | None, end: datetime) -> bool:
    return moment is not None and moment < end


def _state(ask: Ask, row: Any) -> str:
    """Where it stood on the last evening of the period."""
    end = ask.period.end
    if _by(row.cancelled_at, end):
        because = ask.veil.text(row.reason)
        off = called("activity", "cancelled")
        return remark("because", state=off, note=because) if because else off
    if _by(row.recorded_at, end):
        return called("activity", "recorded")
    return called("activity", "held" if _by(row.held_at, end) else "open")


class _Rolls:
    """Who came to each of the activities, by what had been said until the end of the period."""

    def __init__(self, ask: Ask, which: tuple[ColumnElement[bool], ...]) -> None:
        end = ask.period.end
        self.photos: dict[int, int] = {}
        self._said: dict[int, dict[int, tuple[bool, int]]] = {}
        self._parts: dict[int, dict[int, str]] = {}
        within = select(Activity.number).where(*which)
        said = (
            select(
                Attendance.activity_number,
                Attendance.member_id,
                Attendance.present,
                Attendance.organisation_id,
            )
            .where(Attendance.activity_number.in_(within), Attendance.at < end)
            .order_by(Attendance.id)
        )
        for number, member_id, present, organisation_id in stream(ask.unit, said):
            self._said.setdefault(number, {})[member_id] = (present, organisation_id)
        parts = select(Participation.activity_number, Participation.member_id, Participation.state).where(
            Participation.activity_number.in_(within), Participation.since < end
        )
        for number, member_id, state in stream(ask.unit, parts):
            self._parts.setdefault(number, {})[member_id] = state
        photos = select(ActivityPhoto.activity_number).where(
            ActivityPhoto.activity_number.in_(within), ActivityPhoto.at < end
        )
        for (number,) in stream(ask.unit, photos):
            self.photos[number] = self.photos.get(number, 0) + 1

    def organisations(self, number: int) -> list[int]:
        """Whose members came, each once."""
        said = self._said.get(number, {}).values()
        return sorted({organisation_id for present, organisation_id in said if present})

    def figures(self, number: int) -> dict[str, int | None]:
        """应到, 实到, 请假, 缺席: whoever was expected came, was on leave or was absent."""
        said, parts = self._said.get(number), self._parts.get(number, {})
        if not said:
            return dict.fromkeys(("expected", "came", "leave", "absent"))
        came = {member_id for member_id, (present, _) in said.items() if present}
        leave = {member_id for member_id, state in parts.items() if state == Part.LEAVE} - came
        absent = {member_id for member_id, state in parts.items() if state == Part.SIGNED} - came
        return {
            "expected": len(came) + len(leave) + len(absent),
            "came": len(came),
            "leave": len(leave),
            "absent": len(absent),
        }


# ---- 志愿服务 ---------------------------------------------------------------------------------------


def service(ask: Ask) -> Iterator[ServiceRow]:
    """7 志愿服务台账: by day; who came to an activity as one row, what was told afterwards entry by entry."""
    groups: dict[int, list[Any]] = {}
    rows: list[tuple[date, int, ServiceRow]] = []
    for row in stream(ask.unit, _records(ask)):
        if row.source == Source.SYSTEM:
            groups.setdefault(row.activity_number, []).append(row)
        else:
            rows.append((row.done_on, row.id, _late(ask, row)))
    for records in groups.values():
        first = records[0]
        hours = sum(record.minutes for record in records) / 60
        names = dict.fromkeys(ask.places[record.organisation_id].name for record in records)
        rows.append(
            (
                first.done_on,
                first.id,
                ServiceRow(
                    done_on=first.done_on,
                    what=ask.veil.text(first.what),
                    place=first.place,
                    beneficiary=activitywords.beneficiaries()[first.beneficiary].label,
                    organisation="、".join(names),
                    people=len(records),
                    system_hours=hours,
                    late_hours=None,
                    verifier="",
                    state=called("service", "roll"),
                ),
            )
        )
    for _, _, found in sorted(rows, key=lambda each: each[:2]):
        yield found


def _records(ask: Ask) -> Any:
    period, scope = ask.period, ask.scope
    verifier = select(Member.name_sealed).where(Member.id == ServiceRecord.judged_by).scalar_subquery()
    query = select(ServiceRecord.__table__, verifier.label("verifier")).where(
        ServiceRecord.done_on <= period.until,
        ServiceRecord.created_at < period.end,
        or_(ServiceRecord.withdrawn_at.is_(None), ServiceRecord.withdrawn_at >= period.end),
        or_(
            ServiceRecord.state != ServiceState.REFUSED.value,
            ServiceRecord.judged_at >= period.end,
        ),
    )
    if period.since is not None:
        query = query.where(ServiceRecord.done_on >= period.since)
    if where := scope.organisations(period.until):
        query = query.where(ServiceRecord.organisation_id.in_(select(Organisation.id).where(*where)))
    return query.order_by(ServiceRecord.done_on, ServiceRecord.id)


def _late(ask: Ask, row: Any) -> ServiceRow:
    judged = _by(row.judged_at, ask.period.end)
    return ServiceRow(
        done_on=row.done_on,
        what=ask.veil.text(row.what),
        place=row.place,
        beneficiary=activitywords.beneficiaries()[row.beneficiary].label,
        organisation=ask.places[row.organisation_id].name,
        people=1,
        system_hours=None,
        late_hours=row.minutes / 60,
        verifier=ask.veil.name(row.verifier) if judged and row.verifier is not None else "",
        state=called("service", "verified" if judged else "asked"),
    )

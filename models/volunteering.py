"""志愿服务记录: who served, for whom and for how long.

Hours that follow from a roll are kept apart (系统时长) from what somebody tells afterwards (补录), which another
person of the branch has to verify. 民政部令第67号: records are true, exact, complete, unpaid and in time; each names
what was done, when, where, for whom and for how long. Nobody is ranked by them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ForeignKey, Index, String, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models import activitywords
from models.activity import Activity
from models.base import Base, DomainError, Happening
from models.moment import local

if TYPE_CHECKING:
    from models.organisation import Officer
    from models.person import Person
    from models.store import Unit

SUBJECT: Final = "service"
"""What letters that ask for a record's verification are about."""


class Source(enum.StrEnum):
    """Where the hours come from."""

    SYSTEM = "system"
    LATE = "late"


class ServiceState(enum.StrEnum):
    """Where a record stands."""

    ASKED = "asked"
    VERIFIED = "verified"
    REFUSED = "refused"


class ServiceUnknown(DomainError):
    """There is no such record, or it is not for this person to judge."""


class ServiceJudgedAlready(DomainError):
    """Somebody has judged it."""


class OwnService(DomainError):
    """Nobody verifies their own hours."""


class ServiceTooLong(DomainError):
    """Nobody serves so many hours in a day."""


class ServiceTooOld(DomainError):
    """It was too long ago to be told now."""


class ServiceAhead(DomainError):
    """What has not been done yet is not recorded."""


class ServiceTwice(DomainError):
    """The same service of that day is on record."""


class ServiceLogged(Happening, frozen=True, kw_only=True):
    """补录: a member told of service; somebody else has to verify it."""

    record_id: int
    name: str
    what: str
    place: str
    done_on: date
    minutes: int
    organisation_id: int
    officers: tuple[Officer, ...]
    """Whoever is asked."""


class ServiceJudged(Happening, frozen=True, kw_only=True):
    """A late entry was verified, or refused."""

    record_id: int
    member_id: int
    what: str
    minutes: int
    verified: bool
    reason: str


class ServiceRecord(Base):
    """One member's service on one day."""

    __tablename__ = "service_records"
    __table_args__ = (
        Index("ix_service_records_member_id", "member_id"),
        Index("ix_service_records_done_on", "done_on"),
        Index(
            "uq_service_records_live",
            "activity_number",
            "member_id",
            unique=True,
            sqlite_where=text("source = 'system' AND withdrawn_at IS NULL"),
            postgresql_where=text("source = 'system' AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The branch that they served with."""
    activity_number: Mapped[int | None] = mapped_column(ForeignKey("activities.number"))
    case_number: Mapped[int | None] = mapped_column(ForeignKey("cases.number"))
    """The need or problem that was seen to; of both none: it was done of one's own accord."""
    what: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(100))
    beneficiary: Mapped[str] = mapped_column(String(20))
    done_on: Mapped[date]
    minutes: Mapped[int]
    source: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(200))
    """Why it was refused."""
    withdrawn_at: Mapped[datetime | None]
    """The roll was put right: they had not come."""

    def judge(self, *, verified: bool, by: int, reason: str, now: datetime) -> None:
        """Somebody says whether it is so."""
        if self.state != ServiceState.ASKED:
            raise ServiceJudgedAlready(number=self.id)
        self.state = (ServiceState.VERIFIED if verified else ServiceState.REFUSED).value
        self.judged_at, self.judged_by, self.reason = now, by, reason[:200]

    def withdraw(self, now: datetime) -> None:
        """It is taken off the record."""
        self.withdrawn_at = now


class Told(msgspec.Struct, frozen=True):
    """What somebody tells of their service."""

    what: str
    place: str
    done_on: date
    minutes: int
    activity_number: int | None = None
    case_number: int | None = None


class Sum(msgspec.Struct, frozen=True):
    """One member's own hours, in minutes."""

    system: int
    late: int
    """Verified late entries."""
    asked: int
    """Late entries that nobody has verified yet."""


class Volunteering:
    """All records of service."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def credit(self, activity: Activity, came: Mapping[int, int], now: datetime) -> None:
        """系统时长: whoever came to a day of volunteer service (and from which branch) has served as long as it took."""
        if not activity.gives_hours:
            return
        query = select(ServiceRecord).where(
            ServiceRecord.activity_number == activity.number,
            ServiceRecord.source == Source.SYSTEM.value,
            ServiceRecord.withdrawn_at.is_(None),
        )
        live = {each.member_id: each for each in self._unit.session.scalars(query)}
        for member_id, record in live.items():
            if member_id not in came:
                record.withdraw(now)
        self._unit.session.flush()
        minutes = int((activity.ends_at - activity.starts_at) / timedelta(minutes=1))
        told = Told(
            activity.topic or activity.kind_label, activity.place, activity.day, minutes, activity.number
        )
        for member_id, organisation_id in came.items():
            if member_id not in live:
                self._keep(told, member_id, organisation_id, Source.SYSTEM, ServiceState.VERIFIED, now)
        self._unit.session.flush()

    def log(self, told: Told, *, by: Person, now: datetime) -> ServiceRecord:
        """补录: what a member did; whoever is at the branch's desk is asked whether it is so.

        Raises ServiceAhead, ServiceTooOld, ServiceTooLong, ServiceTwice.
        """
        rule, today = activitywords.rule(), local(now).date()
        if told.done_on > today:
            raise ServiceAhead()
        if told.done_on < today - timedelta(days=rule.late_days):
            raise ServiceTooOld(days=rule.late_days)
        if told.minutes > rule.most_hours * 60:
            raise ServiceTooLong(hours=rule.most_hours)
        self._check_once(told, by)
        record = self._keep(told, by.member_id, by.organisation_id, Source.LATE, ServiceState.ASKED, now)
        self._unit.session.flush()
        self._unit.tell(
            ServiceLogged(
                record_id=record.id,
                name=by.name,
                what=record.what,
                place=record.place,
                done_on=record.done_on,
                minutes=record.minutes,
                organisation_id=by.organisation_id,
                officers=self.verifiers(by.member_id, by.organisation_id, now),
            )
        )
        return record

    def judge(
        self, record_id: int, *, verified: bool, by: Person, now: datetime, reason: str = ""
    ) -> ServiceRecord:
        """核实: another officer of the branch, or whoever stands in for them, says whether it is so."""
        record = self._unit.session.get(ServiceRecord, record_id, with_for_update=True)
        offices = self._unit.organisations.offices_of(by.member_id, now)
        if record is None or record.source != Source.LATE or not offices & self._judges(record, now):
            raise ServiceUnknown(number=record_id)
        if record.member_id == by.member_id:
            raise OwnService(number=record_id)
        record.judge(verified=verified, by=by.member_id, reason=reason, now=now)
        self._unit.session.flush()
        self._unit.tell(
            ServiceJudged(
                record_id=record.id,
                member_id=record.member_id,
                what=record.what,
                minutes=record.minutes,
                verified=verified,
                reason=record.reason,
            )
        )
        return record

    def verifiers(self, member_id: int, organisation_id: int, now: datetime) -> tuple[Officer, ...]:
        """Who is asked about somebody's hours: their branch's desk, its other officers, the chair's desk, the level
        above; never the person themself."""
        card = self._unit.card(organisation_id, now)
        groups = [card.desk, card.officers]
        if card.chair_id is not None:
            groups.append(self._unit.card(card.chair_id, now).desk)
        groups += [self._unit.card(above, now).desk for above in self._unit.standings.above(organisation_id)]
        found = (tuple(each for each in group if each.member_id != member_id) for group in groups)
        return next((group for group in found if group), ())

    def of(self, member_id: int, limit: int) -> list[ServiceRecord]:
        """A member's own records, the newest first."""
        query = (
            select(ServiceRecord)
            .where(ServiceRecord.member_id == member_id, ServiceRecord.withdrawn_at.is_(None))
            .order_by(ServiceRecord.done_on.desc(), ServiceRecord.id.desc())
            .limit(limit)
        )
        return list(self._unit.session.scalars(query))

    def sum_of(self, member_id: int) -> Sum:
        """A member's own hours. What was refused does not count."""
        query = (
            select(ServiceRecord.source, ServiceRecord.state, func.sum(ServiceRecord.minutes))
            .where(ServiceRecord.member_id == member_id, ServiceRecord.withdrawn_at.is_(None))
            .group_by(ServiceRecord.source, ServiceRecord.state)
        )
        found = {(source, state): minutes for source, state, minutes in self._unit.session.execute(query)}
        return Sum(
            system=found.get((Source.SYSTEM, ServiceState.VERIFIED), 0),
            late=found.get((Source.LATE, ServiceState.VERIFIED), 0),
            asked=found.get((Source.LATE, ServiceState.ASKED), 0),
        )

    # ---- within ----------------------------------------------------------------------------------

    def _judges(self, record: ServiceRecord, now: datetime) -> set[int]:
        """The organisations whose officers may judge it."""
        card = self._unit.card(record.organisation_id, now)
        above = self._unit.standings.above(record.organisation_id)
        return {record.organisation_id, *above} | ({card.chair_id} if card.chair_id is not None else set())

    def _check_once(self, told: Told, by: Person) -> None:
        """The same words for the same day are on record, or its activity is already."""
        same = and_(ServiceRecord.done_on == told.done_on, ServiceRecord.what == told.what[:200])
        if told.activity_number is not None:
            same = or_(same, ServiceRecord.activity_number == told.activity_number)
        query = select(ServiceRecord.id).where(
            ServiceRecord.member_id == by.member_id,
            ServiceRecord.withdrawn_at.is_(None),
            ServiceRecord.state != ServiceState.REFUSED.value,
            same,
        )
        if self._unit.session.scalar(query.limit(1)) is not None:
            raise ServiceTwice()

    def _keep(
        self,
        told: Told,
        member_id: int,
        organisation_id: int,
        source: Source,
        state: ServiceState,
        now: datetime,
    ) -> ServiceRecord:
        record = ServiceRecord(
            member_id=member_id,
            organisation_id=organisation_id,
            activity_number=told.activity_number,
            case_number=told.case_number,
            what=told.what[:200],
            place=told.place[:100],
            beneficiary=activitywords.beneficiary_in(told.what + told.place).key,
            done_on=told.done_on,
            minutes=told.minutes,
            source=source.value,
            state=state.value,
            created_at=now,
            judged_at=None,
            judged_by=None,
            reason="",
            withdrawn_at=None,
        )
        self._unit.session.add(record)
        return record

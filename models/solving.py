"""办理: what a claimant reports on the way, the time it asks for, and that the work is done."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from models.base import DomainError
from models.case import Case
from models.claim import Extension
from models.clock import ClockKind
from models.life import MOST_EXTENSIONS, CaseKind, Step
from models.moment import local
from models.moves import Moves, ReasonMissing

if TYPE_CHECKING:
    from models.claim import Claim
    from models.person import Person
    from models.store import Unit


class EvidenceMissing(DomainError):
    """Whoever reports a matter done says what was done, or shows it."""


class PastDay(DomainError):
    """A promise or an extension names a day to come."""


class TooLate(DomainError):
    """More time is asked for before the time is over."""


class EnoughExtensions(DomainError):
    """More time was granted twice already."""


class AskedAlready(DomainError):
    """A request for more time waits for the chair's word."""


class NothingAsked(DomainError):
    """Nobody asked for more time."""


class Solving:
    """The verbs of claimants."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._moves = Moves(unit)

    def promise(
        self, case: Case, *, by: Person, now: datetime, plan: str = "", promised_on: date | None = None
    ) -> None:
        """认领方案、承诺时限: says what will be done, or by when; the clock follows the promised day."""
        standing = self._unit.standings.of(case, by, now)
        organisation_id = standing.allow(Step.EXTEND_ASK, case)
        case.may(Step.EXTEND_ASK)
        if promised_on is not None and promised_on < local(now).date():
            raise PastDay(number=case.number)
        claim = self._claim(case)
        claim.promise(plan, promised_on)
        note = "，".join(
            part for part in (plan, f"{_day(promised_on)}前" if promised_on is not None else "") if part
        )
        self._moves.note(case, "promise", standing, now, note=note, organisation_id=organisation_id)
        if promised_on is not None:
            self._unit.clocks.move(case.number, ClockKind.RESOLVE, promised_on, now)
        self._moves.tell(
            case, "promise", standing, now, organisation_id=organisation_id, note=plan, until=promised_on
        )

    def contact(self, case: Case, *, by: Person, now: datetime) -> None:
        """首次联系: the claimant was in touch with the reporter."""
        standing = self._unit.standings.of(case, by, now)
        first = case.contacted_at is None
        self._moves.make(case, Step.CONTACT, standing, now)
        self._in_touch(case, now, first=first)
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.follow(case, Step.CONTACT, standing, now)

    def progress(self, case: Case, *, by: Person, note: str, now: datetime) -> None:
        """进展: what was done since; the reporter reads it."""
        standing = self._unit.standings.of(case, by, now)
        first = case.contacted_at is None
        organisation_id = self._moves.make(case, Step.PROGRESS, standing, now, note=note, needs_reason=True)
        self._in_touch(case, now, first=first)
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.follow(case, Step.PROGRESS, standing, now, note=note)
        self._moves.tell(case, Step.PROGRESS.value, standing, now, organisation_id=organisation_id, note=note)

    def ask_extension(self, case: Case, *, by: Person, until: date, reason: str, now: datetime) -> Extension:
        """申请延期: asked before the time is over, with a reason, at most twice; the chair decides."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.EXTEND_ASK, case)
        case.may(Step.EXTEND_ASK)
        if until <= local(now).date():
            raise PastDay(number=case.number)
        if self._unit.claims.extension(case.number) is not None:
            raise AskedAlready(number=case.number)
        claim = self._claim(case)
        if self._unit.claims.extensions(claim.id) >= MOST_EXTENSIONS:
            raise EnoughExtensions(number=case.number)
        if self._unit.clocks.over(case.number, ClockKind.RESOLVE, now):
            raise TooLate(number=case.number)
        extension = Extension.ask(claim=claim, until=until, reason=reason, by=by.member_id, now=now)
        organisation_id = self._moves.make(
            case, Step.EXTEND_ASK, standing, now, note=reason, needs_reason=True, public=False
        )
        self._unit.claims.ask(extension)
        self._moves.tell(
            case,
            Step.EXTEND_ASK.value,
            standing,
            now,
            organisation_id=organisation_id,
            note=reason,
            until=until,
            times=extension.id,
        )
        return extension

    def decide_extension(self, case: Case, *, by: Person, granted: bool, now: datetime) -> Extension:
        """The chair grants the time that was asked for, or does not. Nobody decides on their own request."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.EXTEND, case)
        extension = self._unit.claims.extension(case.number)
        if extension is None:
            raise NothingAsked(number=case.number)
        self._moves.make(
            case,
            Step.EXTEND,
            standing,
            now,
            event="extend" if granted else "extend_refuse",
            note=_day(extension.until),
        )
        extension.decide(granted=granted, by=by.member_id, now=now)
        if granted:
            self._claim(case).promise("", extension.until)
            self._unit.clocks.move(case.number, ClockKind.RESOLVE, extension.until, now)
        self._moves.tell(
            case,
            "extend" if granted else "extend_refuse",
            standing,
            now,
            until=extension.until,
            times=extension.id,
        )
        return extension

    def pause(self, case: Case, *, by: Person, reason: str, now: datetime) -> None:
        """暂停: the clocks stand still while something is waited for that nobody here can hasten."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.PAUSE, standing, now, note=reason, needs_reason=True)
        self._unit.clocks.pause(case.number, now)
        self._moves.tell(case, Step.PAUSE.value, standing, now, note=reason)

    def resume(self, case: Case, *, by: Person, now: datetime) -> None:
        """恢复: the clocks go on."""
        standing = self._unit.standings.of(case, by, now)
        self._moves.make(case, Step.RESUME, standing, now)
        self._unit.clocks.resume(case.number, now)
        self._moves.tell(case, Step.RESUME.value, standing, now)

    def resolve(self, case: Case, *, by: Person, note: str, now: datetime) -> None:
        """办结: the claimant says that it is done, in words or with a photo sent since the claim; the reporter is asked."""
        standing = self._unit.standings.of(case, by, now)
        standing.allow(Step.RESOLVE, case)
        case.may(Step.RESOLVE)
        since = case.claimed_at or case.created_at
        if not note.strip() and not self._unit.attachments.since(case.number, since):
            raise EvidenceMissing(number=case.number)
        organisation_id = self._moves.make(case, Step.RESOLVE, standing, now, note=note)
        self.await_rating(case, now)
        extension = self._unit.claims.extension(case.number)
        if extension is not None:
            extension.decide(granted=False, by=by.member_id, now=now)
        for claim in self._unit.claims.on(case.number):
            claim.fulfil()
        if case.kind == CaseKind.PROJECT.value:
            self._unit.projects.follow(
                case, Step.RESOLVE, standing, now, note=note, organisation_id=organisation_id
            )
        self._moves.tell(
            case,
            Step.RESOLVE.value,
            standing,
            now,
            organisation_id=organisation_id,
            note=note,
            times=case.reworks,
        )

    def await_rating(self, case: Case, now: datetime) -> None:
        """From now on it is the reporter's turn."""
        self._unit.clocks.stop_all(case.number, now)
        self._unit.clocks.start(case.number, ClockKind.RATE, now, pace=self._unit.casework.pace(case))

    def _in_touch(self, case: Case, now: datetime, *, first: bool) -> None:
        if first:
            self._unit.clocks.stop(case.number, ClockKind.CONTACT, now)
        self._unit.clocks.heard(case.number, now)

    def _claim(self, case: Case) -> Claim:
        claim = self._unit.claims.lead_of(case.number)
        if claim is None:  # a part of a project: the promise is the project's
            raise ReasonMissing(number=case.number)
        return claim


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"

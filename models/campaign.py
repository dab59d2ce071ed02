"""需求征集: a collection of needs among all members of a consortium, what each answered, and the rule by which it opens."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.agenda import Reminded
from models.base import Base, DomainError, Happening
from models.moment import SHANGHAI, local
from models.workday import Calendar, closing

LONGEST_QUESTION: Final = 60
"""Characters: it is read on a small phone, and answered in one message."""
MOST_QUESTIONS: Final = 3
_DAY: Final = timedelta(days=1)
_MARK: Final = re.compile(r"[？?]+")


class QuestionTooLong(DomainError):
    """More characters than one reads on a small phone, or more questions than one answers in one message."""


class CampaignOpen(DomainError):
    """The consortium has a campaign open already."""


class NoCampaign(DomainError):
    """No campaign is open."""


class Answer(msgspec.Struct, frozen=True):
    """What one member answered, as it is known at a moment."""

    kind: Literal["need", "no_need", "declined"]
    case_number: int | None
    at: datetime


class Response(msgspec.Struct, frozen=True):
    """How a campaign was answered. People are counted, and nobody is named."""

    reached: int
    """Members who could be written to, and whoever answered besides."""
    needs: int
    """People who reported something."""
    no_need: int
    declined: int
    """People who do not wish to be asked."""
    cases: int
    """Matters that were reported; several people may stand behind one."""

    @property
    def answered(self) -> int:
        """People who answered in whichever way: that there is nothing is an answer too."""
        return self.needs + self.no_need + self.declined

    @property
    def percent(self) -> int:
        """Answered of reached, in whole percent; 0 where nobody was reached."""
        return 100 * self.answered // self.reached if self.reached else 0


class CampaignTold(msgspec.Struct, frozen=True):
    """The facts of a campaign that is told of."""

    campaign: int
    consortium: str
    question: str
    closes_at: datetime
    response: Response


class CampaignReminded(Reminded, frozen=True, kw_only=True):
    """A rung of a campaign's ladder: it opened, half of its time is over, it is nearly over, it is over."""

    told: CampaignTold
    consortium_id: int
    asks_members: bool
    """Whether it is for the members, and not for whoever runs it."""
    organisation_ids: tuple[int, ...] = ()
    """Whoever is told how it goes."""


class CampaignClosed(Happening, frozen=True, kw_only=True):
    """A campaign was closed before its time."""

    told: CampaignTold
    organisation_ids: tuple[int, ...]


class Campaign(Base):
    """One collection of needs in one consortium."""

    __tablename__ = "campaigns"
    __table_args__ = (
        # Two that are opened at the same moment want the same place: one of them is done again, and finds the other.
        UniqueConstraint("consortium_id", "sequence"),
        UniqueConstraint("consortium_id", "occurrence"),
        Index("ix_campaigns_closes_at", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consortium_id: Mapped[int] = mapped_column(ForeignKey("consortia.id"))
    sequence: Mapped[int]
    """Which one of the consortium it is, from 1 on."""
    occurrence: Mapped[str | None] = mapped_column(String(40))
    """Which occasion of the rule opened it; None: somebody did."""
    question: Mapped[str] = mapped_column(String(LONGEST_QUESTION))
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """None: the rule did."""
    closes_at: Mapped[datetime]
    """From this moment on no answer belongs to it; earlier than planned where it was closed early."""
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who closed it early."""
    settled_at: Mapped[datetime | None]
    """When its answers were written down for good."""
    reached: Mapped[int | None]
    """How many members had been reached then."""

    @classmethod
    def open(
        cls,
        *,
        consortium_id: int,
        sequence: int,
        occurrence: str | None,
        question: str,
        by: int | None,
        now: datetime,
        closes_at: datetime,
    ) -> Campaign:
        """A new campaign. Refuses a question that nobody reads to its end."""
        question = clean_question(question)
        return cls(
            consortium_id=consortium_id,
            sequence=sequence,
            occurrence=occurrence,
            question=question,
            opened_at=now,
            opened_by=by,
            closes_at=closes_at,
            closed_by=None,
            settled_at=None,
            reached=None,
        )

    def is_open(self, now: datetime) -> bool:
        """Whether answers belong to it at a moment."""
        return self.opened_at <= now < self.closes_at

    def close(self, *, by: int, now: datetime) -> None:
        """It ends before its time. Refuses where it is over."""
        if not self.is_open(now):
            raise NoCampaign()
        self.closes_at, self.closed_by = now, by

    def settle(self, *, reached: int, now: datetime) -> None:
        """Its answers are on file for good."""
        self.settled_at, self.reached = now, reached


class CampaignAnswer(Base):
    """What one member answered. That nothing is needed is written when it is said; needs are, when the campaign is over:
    until then they are found among the cases, so that reporting one costs nothing more."""

    __tablename__ = "campaign_answers"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    answer: Mapped[str] = mapped_column(String(20))
    """``need``, ``no_need`` or ``declined``."""
    case_number: Mapped[int | None] = mapped_column(ForeignKey("cases.number"))
    """The first matter that they reported or joined meanwhile."""
    at: Mapped[datetime]

    @classmethod
    def give(cls, campaign_id: int, member_id: int, answer: Answer) -> CampaignAnswer:
        """A member's answer."""
        row = cls(campaign_id=campaign_id, member_id=member_id)
        row.change(answer)
        return row

    def change(self, answer: Answer) -> None:
        """They answer otherwise."""
        self.answer, self.case_number, self.at = answer.kind, answer.case_number, answer.at


def clean_question(written: str) -> str:
    """The question in one line; the default where there is none.

    Raises:
        QuestionTooLong: above 60 characters, or more than three questions.
    """
    question = " ".join(written.split()) or schedule().question
    if len(question) > LONGEST_QUESTION or len(_MARK.findall(question)) > MOST_QUESTIONS:
        raise QuestionTooLong(most=LONGEST_QUESTION, questions=MOST_QUESTIONS)
    return question


# ---- the rule ------------------------------------------------------------------------------------


class Opens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When campaigns open by themselves, within each turn in the chair."""

    workday: int | None = None
    """The so-many-th working day of a turn."""
    days: int | None = None
    """So many days after a turn begins."""
    rrule: str = ""
    """RFC 5545, counted from the first day of a turn."""
    roll: Literal["", "before", "after"] = ""
    at: str = "09:00"
    lasts: int = 10
    """Days; it closes with the office day of the last."""

    def __post_init__(self) -> None:
        if sum((self.workday is not None, self.days is not None, bool(self.rrule))) != 1:
            raise ValueError(f"a campaign opens by exactly one rule: {self}")
        if self.workday is not None and self.workday < 1:
            raise ValueError("working days of a turn are counted from 1 on")
        if self.lasts < 1:
            raise ValueError("a campaign lasts a day at least")

    def openings(self, starts_on: date, ends_on: date, calendar: Calendar) -> list[datetime]:
        """The moments within a turn, the earliest first.

        Raises:
            YearMissing: one of them is counted in working days that nobody knows.
        """
        hour = time.fromisoformat(self.at)
        days = [day for day in self._days(starts_on, ends_on, calendar) if starts_on <= day <= ends_on]
        return [datetime.combine(day, hour, SHANGHAI) for day in dict.fromkeys(days)]

    def closes(self, opened_at: datetime) -> datetime:
        """When a campaign that opens then is over."""
        return closing(local(opened_at).date() + timedelta(days=self.lasts))

    def _days(self, starts_on: date, ends_on: date, calendar: Calendar) -> list[date]:
        if self.workday is not None:
            return [calendar.after(starts_on - _DAY, self.workday)]
        if self.days is not None:
            return [calendar.rolled(starts_on + timedelta(days=self.days), self.roll)]
        # Loaded where a place has chosen such a rule, and nowhere else.
        from dateutil.rrule import rrulestr

        rule = rrulestr(self.rrule, dtstart=datetime.combine(starts_on, time.min))
        first, last = datetime.combine(starts_on, time.min), datetime.combine(ends_on, time.max)
        return [calendar.rolled(each.date(), self.roll) for each in rule.between(first, last, inc=True)]


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``campaigns.toml`` says."""

    question: str
    opens: Opens


@cache
def schedule() -> Schedule:
    """The rule and the question that this place has chosen."""
    source = resources.files("models.data").joinpath("campaigns.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(source), Schedule)

"""Six weeks of a village's cases, small enough that every figure about them can be counted by hand.

All times are Chifeng's, of 2026. What a verb of a case would write down is written here entry by entry.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from models.book import Book, BookItem, BookParty
from models.case import Case, CaseFollower
from models.claim import Claim
from models.clock import Clock, Urging
from models.evaluation import Evaluation
from models.moment import SHANGHAI
from models.person import Person
from models.project import Milestone, ProjectItem
from models.store import Store, Unit
from models.suggestion import Suggestion
from models.supply import Side, Supply, SupplyUse
from models.timeline import TimelineEntry
from tests.store.conftest import Village


def at(when: str) -> datetime:
    """``05-12 10:00`` or ``05-31 23:59:59`` of 2026."""
    return datetime.fromisoformat(f"2026-{when}").replace(tzinfo=SHANGHAI)


class Written(msgspec.Struct):
    """A case that is being written down."""

    unit: Unit
    number: int
    by: Person

    def step(self, when: str, event: str, state: str = "", note: str = "") -> None:
        """One entry of its timeline."""
        self._add(
            TimelineEntry(
                case_number=self.number,
                at=at(when),
                event=event,
                actor_id=self.by.member_id,
                note=note,
                public=True,
                state=state,
            )
        )

    def claim(self, when: str, by: Person, *, lead: bool = True, **facts: Any) -> None:
        """A claim that takes effect at once."""
        told = {"state": "active", "plan": "", "promised_on": None, "ended_at": None} | facts
        self._add(
            Claim(
                case_number=self.number,
                organisation_id=by.organisation_id,
                member_id=by.member_id,
                lead=lead,
                applied_at=at(when),
                effective_at=at(when),
                end_reason="",
                version=1,
                **told,
            )
        )

    def clock(self, kind: str, since: str, due: str, stopped: str | None, *, late: bool) -> Clock:
        """A clock that ran on it."""
        clock = Clock(
            case_number=self.number,
            kind=kind,
            started_at=at(since),
            due_at=at(due),
            paused_at=None,
            paused_s=0,
            stopped_at=at(stopped) if stopped else None,
            late=late,
            rung=0,
        )
        self._add(clock)
        return clock

    def rate(self, when: str, level: int, *, solved: bool, kind: str = "rating") -> None:
        """What somebody said of the result."""
        self._add(
            Evaluation(
                case_number=self.number,
                round=0,
                kind=kind,
                level=level,
                solved=solved,
                text="",
                member_id=self.by.member_id,
                at=at(when),
            )
        )

    def _add(self, entity: Any) -> None:
        self.unit.session.add(entity)
        self.unit.session.flush()


def report(
    unit: Unit, number: int, kind: str, by: Person, when: str | None, text: str, **facts: Any
) -> Written:
    """A case under that number, submitted at ``when`` (None: a draft), with its first entries."""
    told = {
        "state": "submitted",
        "category": "基础设施",
        "visibility": "consortium",
        "close_kind": "",
        "place": "东沟村",
    } | facts
    created = at(when or "05-12 08:00")
    unit.session.add(
        Case(
            number=number,
            kind=kind,
            source="wechat",
            text=text,
            quantity="",
            deadline="",
            urgent=False,
            reporter_id=by.member_id,
            organisation_id=by.organisation_id,
            consortium_id=by.consortium_id,
            merged_into=None,
            joined=0,
            received_key=f"k{number}",
            created_at=created,
            submitted_at=created if when else None,
            touched_at=created,
            version=1,
            **told,
        )
    )
    unit.session.flush()
    case = Written(unit, number, by)
    if when:
        case.step(when, "submit", "submitted")
    return case


def write_down(store: Store, village: Village) -> None:
    """The cases, lists and supplies of the village."""
    with store.unit() as unit:
        _lamp(unit, village)
        _potatoes(unit, village)
        _quiet(unit, village)
        _vet(unit, village)
        _project(unit, village)
        withdrawn = report(unit, 6, "problem", village.zhang, "05-13 09:00", "看错了", state="withdrawn")
        withdrawn.step("05-14 09:00", "withdraw", "withdrawn", "已经有人修了")
        report(unit, 7, "need", village.zhang, None, "还没说完", state="draft")
        _slow(unit, village)


def _lamp(unit: Unit, village: Village) -> None:
    """1: claimed by two, done in time, rated satisfied, written off in the last second of May."""
    lamp = report(
        unit, 1, "problem", village.zhang, "05-12 10:00", "路灯坏了，找张建国13800001111", close_kind="normal"
    )
    lamp.step("05-12 15:00", "accept", "accepted")
    lamp.step("05-12 16:00", "publish", "open")
    lamp.step("05-14 16:00", "claim", "claimed")
    lamp.claim("05-14 16:00", village.wang, state="fulfilled", plan="换三盏灯", promised_on=date(2026, 5, 20))
    lamp.claim("05-14 16:00", village.bao, lead=False, state="fulfilled")
    lamp.step("05-15 09:00", "contact", "in_progress")
    lamp.step("05-18 09:00", "progress", note="灯到货了，打13800003333")
    lamp.step("05-19 10:00", "resolve", "resolved")
    lamp.step("05-20 09:00", "evaluate", "closed")
    lamp.step("05-31 23:59:59", "archive", "archived")
    lamp.rate("05-20 09:00", 4, solved=True)
    lamp.clock("accept", "05-12 10:00", "05-13 10:00", "05-12 15:00", late=False)
    lamp.clock("contact", "05-14 16:00", "05-15 16:00", "05-15 09:00", late=False)
    lamp.clock("resolve", "05-14 16:00", "05-21 16:00", "05-19 10:00", late=False)


def _potatoes(unit: Unit, village: Village) -> None:
    """2: reported done in May; in the first moment of June its reporter is not satisfied."""
    potatoes = report(unit, 2, "need", village.zhang, "05-13 12:00", "=土豆卖不出去", category="产销对接")
    potatoes.step("05-13 12:00", "publish", "open")
    potatoes.step("05-16 12:00", "claim", "claimed")
    potatoes.claim("05-16 12:00", village.wang)
    potatoes.step("05-30 10:00", "resolve", "resolved")
    potatoes.step("06-01 00:00", "rework", "rework")
    potatoes.rate("06-01 00:00", 2, solved=False)
    potatoes.clock("resolve", "05-16 12:00", "05-30 23:00", "05-30 10:00", late=False)


def _quiet(unit: Unit, village: Village) -> None:
    """3: reported in the last second of May, for those who deal with it only; somebody else joins in June."""
    report(unit, 3, "need", village.wang, "05-31 23:59:59", "家里有病人", visibility="handlers")
    unit.session.add(CaseFollower(case_number=3, member_id=village.zhang.member_id, at=at("06-02 09:00")))


def _vet(unit: Unit, village: Village) -> None:
    """4: outside the consortium, reported in the first moment of June, claimed late, given back, open again."""
    vet = report(unit, 4, "need", village.bao, "06-01 00:00", "羊羔拉稀", category="农业技术")
    vet.step("06-01 01:00", "publish", "open")
    vet.step("06-02 01:00", "claim", "claimed")
    vet.claim("06-02 01:00", village.li, state="given_back", ended_at=at("06-04 01:00"))
    vet.step("06-04 01:00", "give_back", "open")
    vet.clock("contact", "06-02 01:00", "06-03 01:00", "06-04 01:00", late=True)
    supply = Supply.offer(
        code="S1", side=Side.SUPPLY, title="兽医下乡", detail="", category="农业技术",
        organisation_id=village.east, unit_name="东沟村党支部", area="林西县", quantity="每月两次",
        valid_from=None, valid_until=date(2026, 6, 15), contact="赵立新", vault=unit.vault, now=at("05-11 09:00"),
    )  # fmt: skip
    unit.session.add(supply)
    unit.session.flush()
    unit.session.add(
        Suggestion(
            case_number=4, rank=1, supply_code="S1", score=0.9, reason="同县", version="1",
            shown_at=at("06-01 00:00"), chosen_at=at("06-03 09:00"),
        )
    )  # fmt: skip
    unit.session.add(SupplyUse(supply_id=supply.id, case_number=4, at=at("06-03 09:00"), ended_at=None))
    # The same entry served the potatoes, whose reporter was not satisfied.
    unit.session.add(SupplyUse(supply_id=supply.id, case_number=2, at=at("05-20 09:00"), ended_at=None))


def _project(unit: Unit, village: Village) -> None:
    """5: solves 1 and 2, two milestones, on a list that was signed."""
    project = report(unit, 5, "project", village.li, "05-12 12:00", "亮化工程")
    project.step("05-12 12:00", "publish", "open")
    project.step("05-13 12:00", "claim", "claimed")
    project.claim("05-13 12:00", village.li, plan="分两期")
    project.step("05-14 12:00", "contact", "in_progress")
    member = village.li.member_id
    unit.session.add_all(
        [
            ProjectItem(project_number=5, case_number=1, member_id=member, at=at("05-13 12:00")),
            ProjectItem(project_number=5, case_number=2, member_id=member, at=at("05-20 12:00")),
            _milestone(1, "勘察", 1, at("05-20 09:00"), member),
            _milestone(2, "施工", 3, at("06-10 09:00"), member),
        ]
    )
    book = Book(
        consortium_id=village.consortium, kind="projects", period="2026-Q2", version=1, title="二季度项目清单",
        state="signed", drawn_by=member, drawn_at=at("05-13 09:00"), sent_at=at("05-13 10:00"),
        signed_at=at("05-15 09:00"), ended_at=None, end_reason="", valid_until=date(2026, 6, 30),
        review_on=date(2026, 6, 20), content_hash="ab" * 32, revision=1,
    )  # fmt: skip
    unit.session.add(book)
    unit.session.flush()
    for position, number in enumerate((5, 1), 1):
        unit.session.add(
            BookItem(book_id=book.id, position=position, case_number=number, supply_code="", content={})
        )
    unit.session.add(BookItem(book_id=book.id, position=3, case_number=None, supply_code="S1", content={}))
    for organisation_id in (village.east, village.west):
        unit.session.add(
            BookParty(
                book_id=book.id, organisation_id=organisation_id, member_id=member,
                confirmed_at=at("05-15 09:00"), refused_at=None, reason="",
            )
        )  # fmt: skip


def _milestone(position: int, title: str, weight: int, done_at: datetime, by: int) -> Milestone:
    return Milestone(
        project_number=5, position=position, title=title, weight=weight, done_at=done_at, done_by=by
    )


def _slow(unit: Unit, village: Village) -> None:
    """8: done too late, urged on the way, and closed in June because nobody rated it."""
    slow = report(unit, 8, "need", village.zhang, "05-12 12:00", "修渠", category="基础设施")
    slow.step("05-12 12:00", "publish", "open")
    slow.step("05-13 12:00", "claim", "claimed")
    slow.claim("05-13 12:00", village.wang, state="fulfilled")
    slow.step("05-28 12:00", "resolve", "resolved")
    slow.step("06-12 09:00", "expire", "closed")
    clock = slow.clock("resolve", "05-13 12:00", "05-25 12:00", "05-28 12:00", late=True)
    unit.session.add(
        Urging(
            clock_id=clock.id,
            case_number=8,
            level="urge",
            organisation_id=village.west,
            at=at("05-25 12:00"),
            answered_at=at("05-28 12:00"),
        )
    )

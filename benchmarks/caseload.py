"""Makes years of a city's casework for the ledgers: cases with timeline, claims, clocks, evaluations, urgings.

Written by bulk insert, on either kind of database. What happens to a case is drawn once and written down everywhere
as the verbs would: a row of its own, an entry of the timeline for every step, a claim, the clocks that ran.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import insert

from models.book import Book, BookItem, BookParty
from models.case import Case
from models.claim import Claim
from models.clock import Clock, Urging
from models.consortium import Consortium
from models.evaluation import Evaluation
from models.member import Member
from models.organisation import Organisation
from models.project import Milestone, ProjectItem
from models.seat import Seat
from models.store import Store
from models.suggestion import Suggestion
from models.supply import Side, Supply, SupplyUse
from models.term import Term
from models.timeline import TimelineEntry
from models.vault import Vault

COUNTIES: Final = ("林西县", "巴林左旗", "敖汉旗", "宁城县", "松山区", "红山区")
CATEGORIES: Final = ("产销对接", "农业技术", "项目资金", "就业培训", "基础设施", "医疗健康")
TEXTS: Final = (
    "五百斤土豆卖不出去，能不能帮着联系一个买主，价钱好商量，地头就能装车",
    "村口到小学那一段的路灯坏了三盏，孩子们晚上放学看不见，家长都不放心",
    "羊羔拉稀好几天了，想请个兽医来看看，打我电话13812345678",
    "想学电焊，县里有没有培训班，什么时候开班，要不要交钱",
)
STATES: Final = (
    ("submitted", 4), ("accepted", 4), ("open", 10), ("in_progress", 12), ("resolved", 5), ("rework", 3),
    ("closed", 30), ("archived", 30), ("withdrawn", 2),
)  # fmt: skip
ORGANISATIONS: Final = 600
MEMBERS: Final = 6_000
CONSORTIA: Final = 60
SUPPLIES: Final = 1_500
NOW: Final = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Rows:
    """Rows of every table, to be written together."""

    def __init__(self) -> None:
        self.of: dict[Any, list[dict[str, Any]]] = {}

    def add(self, entity: Any, **values: Any) -> None:
        """One more row."""
        self.of.setdefault(entity, []).append(values)

    def write(self, store: Store) -> None:
        """Writes them, each table in one go, in the order in which they need each other."""
        with store.session() as session:
            for entity, rows in self.of.items():
                for some in _chunks(rows, 5_000):
                    session.connection().execute(insert(entity.__table__), some)


def _chunks(rows: Iterable[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    rows = iter(rows)
    while some := list(islice(rows, size)):
        yield some


def fill(store: Store, cases: int) -> None:
    """Fills an empty, migrated database with so many cases."""
    draw, rows = random.Random(5), Rows()
    _people(rows, store.vault, draw)
    _supplies(rows, store.vault, draw)
    maker = _CaseMaker(rows, draw)
    for number in range(1, cases + 1):
        maker.make(number)
    _books(rows, draw, cases)
    rows.of = {entity: rows.of[entity] for entity in _ORDER if entity in rows.of}
    rows.write(store)


def _people(rows: Rows, vault: Vault, draw: random.Random) -> None:
    founded = NOW - 700 * _DAY
    for number in range(1, ORGANISATIONS + 1):
        county = COUNTIES[number % len(COUNTIES)]
        rows.add(
            Organisation,
            code=f"B{number}",
            name=f"{county}第{number}党支部",
            kind="党支部",
            parent_id=None,
            region=county,
            created_at=founded,
            closed_on=None,
        )
    for number in range(1, MEMBERS + 1):
        name = draw.choice("王李张刘陈杨赵") + draw.choice(("建国", "春梅", "志强", "秀兰", "海涛"))
        phone = str(13_000_000_000 + number)
        rows.add(
            Member,
            organisation_id=1 + number % ORGANISATIONS,
            name_sealed=vault.seal(name, "member.name"),
            name_mark=vault.mark(name, "member.name"),
            phone_sealed=vault.seal(phone, "member.phone"),
            phone_mark=vault.mark(phone, "member.phone"),
            joined_at=founded,
            left_at=None,
        )
    size = ORGANISATIONS // CONSORTIA
    for number in range(1, CONSORTIA + 1):
        first = (number - 1) * size + 1
        rows.add(
            Consortium,
            code=f"R{number}",
            name=f"第{number}联合党委",
            kind="联合党委",
            modes="跨领域",
            lead_id=first,
            parent_id=None,
        )
        for seat in range(size):
            rows.add(
                Seat, consortium_id=number, organisation_id=first + seat, since=date(2025, 1, 1), until=None
            )
            starts_on = date(2025, 2, 1) + timedelta(days=60 * seat)
            rows.add(
                Term,
                consortium_id=number,
                sequence=seat + 1,
                organisation_id=first + seat,
                starts_on=starts_on,
                ends_on=starts_on + timedelta(days=59),
            )


def _supplies(rows: Rows, vault: Vault, draw: random.Random) -> None:
    for number in range(1, SUPPLIES + 1):
        owner = draw.randint(1, ORGANISATIONS)
        rows.add(
            Supply,
            code=f"S{number:04}",
            side=Side.SUPPLY.value,
            title=f"农畜产品直采第{number}批",
            detail="每月两趟车",
            category=draw.choice(CATEGORIES),
            organisation_id=owner,
            unit_name=f"第{owner}党支部",
            area=draw.choice([*COUNTIES, "全市", "林西县、敖汉旗"]),
            quantity="20吨",
            capacity=None,
            used=0,
            valid_from=None,
            valid_until=draw.choice([None, date(2026, 12, 31), date(2026, 6, 30)]),
            contact_sealed=vault.seal("赵立新", "supply.contact"),
            state="on_offer",
            updated_at=NOW,
            version=1,
        )


class _CaseMaker:
    """Draws the life of one case after the other."""

    def __init__(self, rows: Rows, draw: random.Random) -> None:
        self._rows, self._draw, self._clock, self._urgings = rows, draw, 0, 0

    def make(self, number: int) -> None:
        """One case with all that belongs to it."""
        draw = self._draw
        state = draw.choices([s for s, _ in STATES], [weight for _, weight in STATES])[0]
        member = draw.randint(1, MEMBERS)
        organisation = 1 + member % ORGANISATIONS
        consortium = (organisation - 1) // (ORGANISATIONS // CONSORTIA) + 1
        kind = draw.choices(["need", "problem", "project"], [48, 48, 4])[0]
        at = NOW - draw.randint(30, 650) * _DAY - draw.randint(0, 86_400) * timedelta(seconds=1)
        lead = draw.randint(1, ORGANISATIONS)
        moments = self._steps(number, state, at, lead)
        self._rows.add(
            Case,
            number=number,
            kind=kind,
            state=state,
            source="wechat",
            text=draw.choice(TEXTS),
            category=draw.choice(CATEGORIES),
            place="东沟村",
            quantity="",
            deadline="",
            urgent=False,
            visibility="handlers" if number % 20 == 0 else "consortium",
            reporter_id=member,
            organisation_id=organisation,
            consortium_id=consortium,
            merged_into=None,
            joined=0,
            behalf_sealed=None,
            received_key=f"k{number}",
            created_at=at,
            submitted_at=at + timedelta(minutes=5),
            touched_at=at,
            version=1,
            close_kind="normal" if state == "archived" else "",
            closed_at=moments.get("closed"),
        )
        if "claimed" in moments:
            self._claim(number, lead, member, state, moments)
        if "closed" in moments and draw.random() < 0.7:
            level = draw.choices([5, 4, 3], [50, 40, 10])[0]
            self._word(number, member, level, moments["closed"])
        elif state == "rework":
            self._word(number, member, 2, moments["rework"])
        if kind == "need":
            for rank in (1, 2, 3):
                self._rows.add(
                    Suggestion,
                    case_number=number,
                    rank=rank,
                    supply_code=f"S{draw.randint(1, SUPPLIES):04}",
                    score=0.5,
                    reason="同县",
                    version="1",
                    shown_at=at,
                    chosen_at=at + _HOUR if rank == 1 and number % 3 == 0 else None,
                )
            if number % 3 == 0:
                self._rows.add(
                    SupplyUse,
                    supply_id=draw.randint(1, SUPPLIES),
                    case_number=number,
                    at=at + _HOUR,
                    ended_at=None,
                )
        if kind == "project":
            for position in (1, 2, 3):
                self._rows.add(
                    Milestone,
                    project_number=number,
                    position=position,
                    title=f"第{position}步",
                    weight=position,
                    done_at=at + position * _DAY if position < 3 else None,
                    done_by=member,
                )
            if number > 1:
                self._rows.add(
                    ProjectItem, project_number=number, case_number=number - 1, member_id=member, at=at
                )

    def _steps(self, number: int, state: str, at: datetime, lead: int) -> dict[str, datetime]:
        moments: dict[str, datetime] = {}

        def step(event: str, after: timedelta, to: str = "", note: str = "") -> None:
            nonlocal at
            at += after
            if to:
                moments[to] = at
            self._rows.add(
                TimelineEntry,
                case_number=number,
                at=at,
                event=event,
                actor_id=None,
                note=note,
                public=True,
                state=to,
                organisation_id=lead,
            )

        step("report", timedelta(), "draft")
        step("submit", timedelta(minutes=5), "submitted")
        if state == "withdrawn":
            step("withdraw", _HOUR, "withdrawn", "不用了")
            return moments
        order = ["accepted", "open", "claimed", "in_progress", "resolved", "closed", "archived"]
        upto = order.index("resolved" if state == "rework" else state) if state != "submitted" else -1
        for to, event, hours in [
            ("accepted", "accept", 20), ("open", "publish", 2), ("claimed", "claim", 40),
            ("in_progress", "contact", 10), ("resolved", "resolve", 120), ("closed", "evaluate", 30),
            ("archived", "archive", 50),
        ][: upto + 1]:  # fmt: skip
            if to == "resolved":
                step("progress", 30 * _HOUR, note="已经联系好了买主，后天装车，请放心")
            step(event, self._draw.randint(1, hours) * _HOUR, to)
        if state == "rework":
            step("rework", 5 * _HOUR, "rework")
        return moments

    def _claim(self, number: int, lead: int, member: int, state: str, moments: dict[str, datetime]) -> None:
        for organisation, leads in [(lead, True), (lead % ORGANISATIONS + 1, False)][: 1 + (number % 4 == 0)]:
            self._rows.add(
                Claim,
                case_number=number,
                organisation_id=organisation,
                member_id=member,
                lead=leads,
                state="fulfilled" if state in ("resolved", "closed", "archived") else "active",
                plan="联系两家收购商，一周内上门看货",
                promised_on=(moments["claimed"] + 7 * _DAY).date(),
                applied_at=moments["claimed"],
                effective_at=moments["claimed"],
                ended_at=None,
                end_reason="",
                version=1,
            )
        for kind, since, until, limit in [
            ("accept", "submitted", "accepted", 24 * _HOUR),
            ("contact", "claimed", "in_progress", 24 * _HOUR),
            ("resolve", "claimed", "resolved", 7 * _DAY),
        ]:
            self._run(number, lead, kind, moments[since], moments.get(until), limit)

    def _run(
        self,
        number: int,
        lead: int,
        kind: str,
        since: datetime,
        stopped_at: datetime | None,
        limit: timedelta,
    ) -> None:
        self._clock += 1
        due_at = since + limit
        late = stopped_at is not None and stopped_at > due_at
        self._rows.add(
            Clock,
            id=self._clock,
            case_number=number,
            kind=kind,
            started_at=since,
            due_at=due_at,
            paused_at=None,
            paused_s=0,
            stopped_at=stopped_at,
            late=late,
            rung=1 if late else 0,
        )
        if late or number % 2 == 0:
            self._rows.add(
                Urging,
                clock_id=self._clock,
                case_number=number,
                level="urge",
                organisation_id=lead,
                at=due_at,
                answered_at=stopped_at,
            )

    def _word(self, number: int, member: int, level: int, at: datetime) -> None:
        self._rows.add(
            Evaluation,
            case_number=number,
            round=0,
            kind="rating",
            level=level,
            solved=level >= 3,
            text="",
            member_id=member,
            at=at,
        )


def _books(rows: Rows, draw: random.Random, cases: int) -> None:
    for number in range(1, CONSORTIA * 5 + 1):
        consortium = (number - 1) // 5 + 1
        signed = NOW - draw.randint(10, 600) * _DAY
        rows.add(
            Book,
            id=number,
            consortium_id=consortium,
            kind="projects",
            period=f"2026-{number % 5 + 1:02}",
            version=1,
            title="共建项目清单",
            state="signed",
            drawn_by=1,
            drawn_at=signed,
            sent_at=signed,
            signed_at=signed,
            ended_at=None,
            end_reason="",
            valid_until=date(2026, 12, 31),
            review_on=date(2026, 12, 1),
            content_hash=f"{number:064x}",
            revision=1,
        )
        for party in range(4):
            rows.add(
                BookParty,
                book_id=number,
                organisation_id=(consortium - 1) * 10 + party + 1,
                member_id=1,
                confirmed_at=signed,
                refused_at=None,
                reason="",
            )
        for position in range(1, 6):
            rows.add(
                BookItem,
                book_id=number,
                position=position,
                case_number=draw.randint(1, cases),
                supply_code="",
                content={},
            )


_ORDER: Final = (
    Organisation, Member, Consortium, Seat, Term, Supply, Case, TimelineEntry, Claim, Clock, Urging, Evaluation,
    Suggestion, SupplyUse, Milestone, ProjectItem, Book, BookItem, BookParty,
)  # fmt: skip

"""A small consortium for the tests of lists: who chairs, who leads, who signs, and what there is to promise."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import update

from models.book import Book, BookKind, BookState
from models.case import Case, CaseKind
from models.claim import Claim, ClaimState
from models.consortium import Consortium
from models.member import Member
from models.organisation import Organisation, Post, PostKind
from models.period import Period
from models.person import Person
from models.seat import Seat
from models.store import Store, Unit
from models.supply import Side, Supply
from models.term import Term
from models.timeline import TimelineEntry
from tests.store.conftest import matter

MAY = Period.of("2026-05")


class Shelf(msgspec.Struct, frozen=True):
    """Who is who. The town leads, the eastern branch chairs in May and the western one in June."""

    town: int
    east: int
    west: int
    consortium: int
    zhao: Person
    """Secretary of the town's committee, which leads."""
    li: Person
    """Liaison officer of the eastern branch, which has no secretary."""
    wang: Person
    """Secretary of the western branch."""
    gao: Person
    """Liaison officer of the western branch."""
    zhang: Person
    """A plain member of the eastern branch."""
    bao: Person
    """Liaison officer of a branch that belongs to no consortium."""

    def in_consortium(self, unit: Unit) -> Consortium:
        """The consortium, in a unit."""
        return unit.session.get_one(Consortium, self.consortium)

    @property
    def signers(self) -> dict[int, Person]:
        """Who signs for whom."""
        return {self.town: self.zhao, self.east: self.li, self.west: self.wang}


def set_up(store: Store, now: datetime) -> Shelf:
    """Puts the consortium on file."""
    with store.unit() as unit:
        town, east, west, far = unit.organisations.add_all(
            [
                Organisation.found(
                    code=code, name=name, kind="党支部", region="林西县", parent_id=None, now=now
                )
                for code, name in [
                    ("T", "官地镇党委"),
                    ("E", "东沟村党支部"),
                    ("W", "西沟村党支部"),
                    ("F", "远山村党支部"),
                ]
            ]
        )
        consortium = unit.consortia.add(
            Consortium.found(
                code="C1", name="官地联合党委", kind="联合党委", modes="跨领域", lead_id=town, parent_id=None
            )
        )
        for organisation_id in (east, west):
            unit.consortia.seat(
                Seat.take(
                    consortium_id=consortium.id, organisation_id=organisation_id, since=date(2026, 1, 1)
                )
            )
        for sequence, (chair, month) in enumerate([(east, 5), (west, 6)], 1):
            period = Period.month(2026, month)
            unit.consortia.schedule(
                Term.plan(
                    consortium_id=consortium.id,
                    sequence=sequence,
                    organisation_id=chair,
                    starts_on=period.first,
                    ends_on=period.last,
                )
            )
        people = {}
        for phone, (key, name, organisation_id, post) in enumerate(
            [
                ("zhao", "赵建军", town, PostKind.SECRETARY),
                ("li", "李春梅", east, PostKind.LIAISON),
                ("wang", "王海", west, PostKind.SECRETARY),
                ("gao", "高娃", west, PostKind.LIAISON),
                ("zhang", "张建国", east, None),
                ("bao", "宝音", far, PostKind.LIAISON),
            ],
            13_800_000_001,
        ):
            member = unit.members.add(
                Member.enrol(
                    name=name, phone=str(phone), organisation_id=organisation_id, vault=unit.vault, now=now
                )
            )
            if post is not None:
                unit.organisations.appoint(
                    Post.appoint(
                        member_id=member.id,
                        organisation_id=organisation_id,
                        kind=post,
                        since=date(2026, 1, 1),
                    )
                )
            people[key] = Person(
                member_id=member.id,
                name=name,
                organisation_id=organisation_id,
                organisation="",
                region="林西县",
                consortium_id=None if key in ("bao", "zhao") else consortium.id,
                consortium="",
                chair_id=None if key == "bao" else east,
                chair="",
            )
        return Shelf(town=town, east=east, west=west, consortium=consortium.id, **people)


def file_case(
    store: Store,
    by: Person,
    now: datetime,
    *,
    kind: str = "problem",
    state: str = "open",
    text: str = "村口路灯坏了",
    private: bool = False,
) -> int:
    """A case in that state; gives its number."""
    with store.unit() as unit:
        case = matter(by, now, text, kind=CaseKind.PROBLEM, category="基础设施", private=private)
        number: int = unit.cases.file(case, by=by).number
        # The way there is not what is tested here.
        unit.session.execute(update(Case).where(Case.number == number).values(kind=kind, state=state))
        return number


def move_case(store: Store, number: int, state: str, at: datetime, **more: object) -> None:
    """The case goes into a state at a moment."""
    with store.unit() as unit:
        unit.session.execute(update(Case).where(Case.number == number).values(state=state, **more))
        unit.session.add(
            TimelineEntry(
                case_number=number,
                at=at,
                event="test",
                actor_id=None,
                note="",
                public=False,
                state=state,
                organisation_id=None,
            )
        )


def claim_case(store: Store, number: int, by: Person, now: datetime, promised_on: date | None = None) -> None:
    """The person's organisation has the case in hand."""
    with store.unit() as unit:
        unit.session.add(
            Claim(
                case_number=number,
                organisation_id=by.organisation_id,
                member_id=by.member_id,
                lead=True,
                state=ClaimState.ACTIVE.value,
                plan="",
                promised_on=promised_on,
                applied_at=now,
                effective_at=now,
                ended_at=None,
                end_reason="",
            )
        )


def offer(
    store: Store, organisation_id: int | None, now: datetime, *, code: str = "S1", **more: object
) -> int:
    """An entry of the supply-demand list; gives its id."""
    facts: dict[str, object] = {
        "side": Side.SUPPLY,
        "title": "兽医下乡",
        "detail": "牛羊看病，找宝音 13800000006",
        "category": "农业技术",
        "unit_name": "农牧局",
        "area": "林西县",
        "quantity": "",
        "valid_from": None,
        "valid_until": None,
        "contact": "宝音",
        **more,
    }
    with store.unit() as unit:
        supply = Supply.offer(
            code=code,
            organisation_id=organisation_id,
            vault=unit.vault,
            now=now,
            **facts,  # type: ignore[arg-type]
        )
        unit.supplies.add(supply)
        unit.session.flush()
        return supply.id


def draw(
    store: Store, shelf: Shelf, now: datetime, *, kind: BookKind = BookKind.PROBLEMS, period: Period = MAY
) -> int:
    """A draft of that list; gives its number."""
    with store.unit() as unit:
        return unit.books.draw_up(shelf.in_consortium(unit), kind, period, by=shelf.zhao, now=now).id


def held(unit: Unit, number: int, by: Person, now: datetime) -> Book:
    """The list, to be changed."""
    return unit.books.to_change(number, seen_by=by, now=now)


def send(store: Store, shelf: Shelf, number: int, now: datetime) -> None:
    """The parties are asked."""
    with store.unit() as unit:
        unit.books.send(held(unit, number, shelf.zhao, now), by=shelf.zhao, now=now)


def sign(store: Store, number: int, organisation_id: int, by: Person, now: datetime) -> bool:
    """One party signs; whether it was the last."""
    with store.unit() as unit:
        return unit.books.confirm(held(unit, number, by, now), organisation_id, by=by, now=now)


def signed(store: Store, shelf: Shelf, now: datetime, **more: object) -> int:
    """A list that everybody signed, one a minute; gives its number."""
    number = draw(store, shelf, now, **more)  # type: ignore[arg-type]
    send(store, shelf, number, now)
    for minutes, (organisation_id, by) in enumerate(shelf.signers.items(), 1):
        sign(store, number, organisation_id, by, now + timedelta(minutes=minutes))
    return number


def in_state(store: Store, shelf: Shelf, state: BookState, now: datetime) -> int:
    """A list that came into that state on the way that people go."""
    file_case(store, shelf.zhang, now)
    number = draw(store, shelf, now)
    if state is BookState.DRAFT:
        return number
    send(store, shelf, number, now)
    match state:
        case BookState.SIGNED:
            for organisation_id, by in shelf.signers.items():
                sign(store, number, organisation_id, by, now)
        case BookState.DISSOLVED:
            with store.unit() as unit:
                unit.books.dissolve(
                    held(unit, number, shelf.zhao, now), by=shelf.zhao, reason="数错了", now=now
                )
        case BookState.REPLACED:
            send(store, shelf, draw(store, shelf, now), now)
    return number

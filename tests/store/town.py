"""A town with everybody that a case meets: who reports, who answers for it, who takes it on, who is above, who is not concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from models.case import Case
from models.consortium import Consortium
from models.life import CaseKind, CaseState
from models.member import Member
from models.organisation import Organisation, Post, PostKind
from models.person import Person
from models.seat import Seat
from models.store import Store
from models.term import Term

MAY = (date(2026, 5, 1), date(2026, 5, 31))
JUNE = (date(2026, 6, 1), date(2026, 6, 30))
ORGANISATIONS = {
    # code: (name, the code above)
    "county": ("县委组织部", ""),
    "town": ("官地镇党委", "county"),
    "village": ("朝阳沟村党支部", "town"),
    "tax": ("税务局党支部", "county"),
    "power": ("供电公司党支部", "county"),
    "market": ("批发市场党支部", ""),
    "far": ("远处村党支部", ""),
}
PEOPLE = {
    # key: (name, organisation, post)
    "reporter": ("张福来", "village", None),
    "neighbour": ("王秀英", "village", None),
    "branch": ("李春梅", "village", PostKind.LIAISON),
    "chair": ("沈洁", "tax", PostKind.LIAISON),
    "next_chair": ("史工", "power", PostKind.LIAISON),
    "market": ("孙长河", "market", PostKind.LIAISON),
    "lead": ("赵建军", "town", PostKind.SECRETARY),
    "above": ("吕明", "county", PostKind.LIAISON),
    "stranger": ("白音", "far", PostKind.LIAISON),
}


@dataclass(frozen=True)
class Town:
    """The ids of organisations by their code, and the people by their part."""

    organisations: dict[str, int]
    people: dict[str, Person]
    consortium: int

    def __getitem__(self, part: str) -> Person:
        return self.people[part]


def build(store: Store, now: datetime) -> Town:
    """Puts the town on file: the town leads, the tax office chairs in May, the power company in June."""
    with store.unit() as unit:
        ids: dict[str, int] = {}
        for code, (name, above) in ORGANISATIONS.items():
            organisation = Organisation.found(
                code=code, name=name, kind="党支部", region="林西县", parent_id=ids.get(above), now=now
            )
            ids[code] = unit.organisations.add(organisation).id
        consortium = unit.consortia.add(
            Consortium.found(
                code="R",
                name="官地联合党委",
                kind="联合党委",
                modes="跨领域",
                lead_id=ids["town"],
                parent_id=None,
            )
        )
        for code in ("town", "village", "tax", "power", "market"):
            unit.consortia.seat(
                Seat.take(consortium_id=consortium.id, organisation_id=ids[code], since=date(2026, 1, 1))
            )
        for sequence, (code, (starts_on, ends_on)) in enumerate((("tax", MAY), ("power", JUNE)), 1):
            unit.consortia.schedule(
                Term.plan(
                    consortium_id=consortium.id,
                    sequence=sequence,
                    organisation_id=ids[code],
                    starts_on=starts_on,
                    ends_on=ends_on,
                )
            )
        people = {}
        for place, (part, (name, code, post)) in enumerate(PEOPLE.items()):
            member = unit.members.add(
                Member.enrol(
                    name=name,
                    phone=f"138000000{place:02}",
                    organisation_id=ids[code],
                    vault=unit.vault,
                    now=now,
                )
            )
            if post is not None:
                unit.organisations.appoint(
                    Post.appoint(
                        member_id=member.id, organisation_id=ids[code], kind=post, since=date(2026, 1, 1)
                    )
                )
            inside = code not in ("far", "county")
            people[part] = Person(
                member_id=member.id,
                name=name,
                organisation_id=ids[code],
                organisation=ORGANISATIONS[code][0],
                region="林西县",
                consortium_id=consortium.id if inside else None,
                consortium="官地联合党委" if inside else "",
                chair_id=ids["tax"] if inside else None,
                chair="税务局党支部" if inside else "",
            )
        return Town(organisations=ids, people=people, consortium=consortium.id)


def report(
    store: Store, town: Town, now: datetime, *, kind: CaseKind = CaseKind.NEED, private: bool = False
) -> int:
    """A submitted case of the reporter; gives its number."""
    with store.unit() as unit:
        case = Case.report(
            by=town["reporter"],
            text="村口路灯坏了，俩都不亮",
            kind=kind,
            category="基础设施",
            place="村口",
            quantity="",
            deadline="",
            received_key=f"test:{now.isoformat()}",
            now=now,
            private=private,
        )
        case.submit(now)
        number: int = unit.cases.file(case, by=town["reporter"]).number
        return number


def bring_to(store: Store, town: Town, number: int, state: CaseState, now: datetime) -> None:
    """Walks a submitted case to a state, the power company having claimed it where somebody has."""
    with store.unit() as unit:
        case = unit.casework.find(number)
        by = town.people
        claimed = (
            CaseState.CLAIMED,
            CaseState.IN_PROGRESS,
            CaseState.RESOLVED,
            CaseState.REWORK,
            CaseState.CLOSED,
            CaseState.ARCHIVED,
        )
        if state in (CaseState.ACCEPTED, CaseState.OPEN):
            unit.casework.accept(case, by=by["chair"], now=now)
        if state is CaseState.OPEN:
            unit.casework.publish(case, by=by["chair"], now=now)
        if state in claimed:
            unit.claiming.claim(case, by=by["next_chair"], now=now)
        if state is CaseState.IN_PROGRESS:
            unit.solving.contact(case, by=by["next_chair"], now=now)
        if state in claimed[2:]:
            unit.solving.resolve(case, by=by["next_chair"], note="换了新灯", now=now)
        if state is CaseState.REWORK:
            unit.closing.evaluate(case, 2, by=by["reporter"], text="", now=now)
        if state in (CaseState.CLOSED, CaseState.ARCHIVED):
            unit.closing.evaluate(case, 5, by=by["reporter"], text="", now=now)
        if state is CaseState.ARCHIVED:
            unit.closing.archive(case, by=by["chair"], now=now)
        if state is CaseState.DECLINED:
            unit.casework.decline(case, by=by["chair"], reason="不归这里管", now=now)
        if state is CaseState.TRANSFERRED:
            unit.casework.transfer(case, by=by["chair"], reason="归 12345 管", now=now)
        if state is CaseState.WITHDRAWN:
            unit.casework.withdraw(case, by=by["reporter"], now=now)
        if state is CaseState.MERGED:
            other = Case.report(
                by=by["neighbour"], text="路灯不亮", kind=CaseKind.NEED, category="基础设施", place="",
                quantity="", deadline="", received_key="test:other", now=now,
            )  # fmt: skip
            other.submit(now)
            into = unit.cases.file(other, by=by["neighbour"]).number
            unit.casework.merge(case, unit.casework.find(into), by=by["chair"], now=now)
        assert case.state == state.value

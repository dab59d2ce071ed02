"""Consortia: what stands under what, who joins and leaves as what, who only looks on, and what ends with a consortium."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models import forms, schema
from models.consortium import Consortium
from models.forms import KindUnknown, ModeUnknown, NestingRing, NestingTooDeep, NestingWrong, RoleUnknown
from models.founding import (
    ConsortiumGone,
    ConsortiumHasParts,
    LeadStays,
    SeatBackwards,
    SeatHeld,
    SeatMissing,
)
from models.life import CaseState, Role
from models.moment import SHANGHAI
from models.post import PostKind
from models.seat import Seat
from models.store import Store, Unit
from models.term import Term
from models.vault import Vault
from tests.store.town import Town, bring_to, build, report

TODAY = date(2026, 5, 11)
TOMORROW, LATER = TODAY + timedelta(days=1), date(2026, 9, 1)
NOON = datetime(2026, 5, 11, 12, 0, tzinfo=SHANGHAI)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on the database of the test."""
    return build(store, now)


def whole(unit: Unit, town: Town) -> Consortium:
    """The town's consortium."""
    return unit.consortia.get(town.consortium)


def found(unit: Unit, town: Town, code: str, kind: str, under: Consortium | None = None) -> Consortium:
    """A new consortium led by the village."""
    return unit.founding.found(
        code=code,
        name=f"{code}号{kind}",
        kind=kind,
        modes=("跨领域", "跨地域"),
        lead_id=town.organisations["village"],
        on=TODAY,
        under=under,
    )


def names(unit: Unit, consortium: Consortium, day: date) -> list[str]:
    """Who belongs to it on a day."""
    return [each.name for each in unit.consortia.seated(consortium.id, day)]


# ---- where a consortium stands -------------------------------------------------------------------


def test_a_consortium_is_founded_under_another_one(store: Store, town: Town) -> None:
    with store.unit() as unit:
        part = found(unit, town, "P", "联合党总支", whole(unit, town))
        assert (part.founded_on, part.modes, part.parent_id) == (TODAY, "跨领域、跨地域", town.consortium)
        assert [each.code for each in unit.consortia.parts(town.consortium, TODAY)] == ["P"]
        [lead] = unit.consortia.seated(part.id, TODAY)
        assert (lead.name, lead.part.label) == ("朝阳沟村党支部", "牵头")
        assert unit.consortia.seated(part.id, TODAY - timedelta(days=1)) == []
        assert unit.revisions.of("roll") > 0


def test_what_may_not_stand_there_is_refused(store: Store, town: Town) -> None:
    with store.unit() as unit:
        top = whole(unit, town)
        general = found(unit, town, "A", "联合党总支", top)
        branch = found(unit, town, "B", "联合党支部", general)
        with pytest.raises(NestingWrong) as wrong:
            unit.founding.place(general, found(unit, town, "C", "联合党支部"), TODAY)
        assert wrong.value.facts == {"kind": "联合党总支", "above": "联合党支部"}
        with pytest.raises(NestingRing):
            unit.founding.place(top, branch, TODAY)
        with pytest.raises(NestingRing):
            unit.founding.place(top, top, TODAY)
        union = found(unit, town, "L", "联盟")
        with pytest.raises(NestingTooDeep):
            unit.founding.place(top, union, TODAY)
        unit.founding.place(branch, None, TODAY)
        unit.founding.place(top, union, TODAY)
        assert [each.code for each in unit.consortia.parts(union.id, TODAY)] == ["R"]


def test_unknown_kinds_modes_and_roles_are_refused(store: Store, town: Town) -> None:
    with store.unit() as unit:
        with pytest.raises(KindUnknown):
            found(unit, town, "X", "联谊会")
        with pytest.raises(ModeUnknown):
            whole(unit, town).reform(name="", kind="联盟", modes="跨星球", lead_id=1, parent_id=None)
        with pytest.raises(RoleUnknown):
            unit.founding.join(whole(unit, town), town.organisations["far"], since=TODAY, role="guest")


def test_the_forms_are_whole() -> None:
    assert {under for kind in forms.kinds().values() for under in kind.under} <= set(forms.kinds())
    assert set(forms.roles()) >= {forms.LEAD, forms.MEMBER, "partner", "observer"}
    observer = forms.role_of("observer")
    assert (observer.chairs, observer.signs, observer.claims) == (False, False, False)
    assert forms.title_of(forms.DEMONSTRATION).label == "示范点"
    table = [kind.name for kind in forms.forms().kind if kind.table]
    assert table == ["联合党委", "联合党总支", "联合党支部", "联盟"], "what the table of consortia may say"
    assert [mode.name for mode in forms.forms().mode if mode.table] == [
        "跨领域",
        "跨行业",
        "跨层级",
        "跨地域",
    ]


# ---- seats ---------------------------------------------------------------------------------------


def test_an_organisation_joins_leaves_and_joins_again(store: Store, town: Town) -> None:
    far = town.organisations["far"]
    with store.unit() as unit:
        consortium, verbs = whole(unit, town), unit.founding
        verbs.join(consortium, far, since=TODAY, until=LATER)
        for since, until in [(TODAY, None), (LATER - timedelta(days=1), None), (date(2026, 1, 1), TOMORROW)]:
            with pytest.raises(SeatHeld):
                verbs.join(consortium, far, since=since, until=until)
        with pytest.raises(SeatBackwards):
            verbs.join(consortium, far, since=LATER, until=LATER)
        verbs.join(consortium, far, since=LATER)
        verbs.leave(consortium, far, TOMORROW)
        assert [(seat.since, seat.until) for seat in verbs.seats_of(consortium, far)] == [(TODAY, TOMORROW)]
        with pytest.raises(SeatMissing):
            verbs.leave(consortium, far, TOMORROW)
        verbs.join(consortium, far, since=TOMORROW)
        assert "远处村党支部" in names(unit, consortium, TODAY)
        assert "远处村党支部" in names(unit, consortium, LATER)


def test_the_lead_stays_until_another_one_leads(store: Store, town: Town) -> None:
    lead, market = town.organisations["town"], town.organisations["market"]
    with store.unit() as unit:
        consortium, verbs = whole(unit, town), unit.founding
        with pytest.raises(LeadStays):
            verbs.leave(consortium, lead, TODAY)
        with pytest.raises(LeadStays):
            verbs.serve_as(consortium, lead, "observer", TODAY)
        with pytest.raises(LeadStays):
            verbs.serve_as(consortium, market, "lead", TODAY)
        with pytest.raises(SeatMissing):
            verbs.hand_lead(consortium, town.organisations["far"], TODAY)
        verbs.hand_lead(consortium, market, TODAY)
        verbs.leave(consortium, lead, LATER)
    number = report(store, town, NOON)
    with store.reading() as unit:
        case = unit.casework.find(number)
        assert Role.LEAD in unit.standings.of(case, town["market"], NOON).roles
        assert Role.LEAD not in unit.standings.of(case, town["lead"], NOON).roles
        consortium = whole(unit, town)
        assert [each.part.label for each in unit.consortia.seated(consortium.id, TODAY)] == [
            "牵头", *["成员"] * 4
        ]  # fmt: skip
        before = {each.name: each.role for each in unit.consortia.seated(consortium.id, date(2026, 5, 10))}
        assert before["批发市场党支部"] == "member", "what it was before stays on file"
        assert "官地镇党委" not in names(unit, consortium, LATER)


def test_who_only_looks_on_neither_chairs_nor_signs_nor_claims(store: Store, town: Town) -> None:
    number = report(store, town, NOON)
    tax, power = town.organisations["tax"], town.organisations["power"]
    with store.unit() as unit:
        case = unit.casework.find(number)
        unit.claiming.invite(case, [power], by=town["chair"], now=NOON)
        assert Role.INVITED in unit.standings.of(case, town["next_chair"], NOON).roles
        for organisation_id in (tax, power):
            unit.founding.serve_as(whole(unit, town), organisation_id, "observer", TODAY)
    with store.reading() as unit:
        case, consortium = unit.casework.find(number), whole(unit, town)
        assert unit.consortia.chair(consortium.id, TODAY) is None, "its turn stays on file and does not count"
        assert unit.standings.duty(case, NOON).chair_id == consortium.lead_id
        assert unit.card(town.organisations["village"], NOON).chair_id is None
        for part in ("chair", "next_chair"):
            assert unit.standings.of(case, town[part], NOON).roles == frozenset()
            assert unit.books.desks(town[part], NOON) == []
        assert not {tax, power} & set(unit.consortia.parties(consortium, TODAY))
        assert {tax, power} <= set(unit.consortia.parties(consortium, date(2026, 5, 10)))
        assert unit.consortia.chair(consortium.id, date(2026, 5, 10)) is not None
        onlookers = [each for each in unit.consortia.seated(consortium.id, TODAY) if not each.part.claims]
        assert [each.organisation_id for each in onlookers] == [tax, power]


def test_a_partner_signs_and_claims_and_has_no_turn(store: Store, town: Town) -> None:
    number = report(store, town, NOON)
    market = town.organisations["market"]
    with store.unit() as unit:
        unit.founding.serve_as(whole(unit, town), market, "partner", TODAY)
        consortium = whole(unit, town)
        unit.consortia.schedule(
            Term.plan(
                consortium_id=consortium.id,
                sequence=3,
                organisation_id=market,
                starts_on=date(2026, 7, 1),
                ends_on=date(2026, 7, 31),
            )
        )
    with store.reading() as unit:
        consortium = whole(unit, town)
        assert market in unit.consortia.parties(consortium, TODAY)
        case = unit.casework.find(number)
        assert Role.MEMBER in unit.standings.of(case, town["market"], NOON).roles
        assert unit.consortia.chair(consortium.id, date(2026, 7, 1)) is None
        assert unit.consortia.turns_of(market, TODAY) == []
        assert [turn[1].name for turn in unit.consortia.turns_after(consortium.id, TODAY)] == [
            "供电公司党支部"
        ]


def test_members_belong_where_their_organisation_takes_part(store: Store, town: Town) -> None:
    """Joined later, but as a member: that is their consortium; the one it only looks at comes second."""
    with store.unit() as unit:
        unit.founding.serve_as(whole(unit, town), town.organisations["market"], "observer", TODAY)
        other = found(unit, town, "A", "联盟")
        unit.founding.join(other, town.organisations["market"], since=TODAY)
    with store.reading() as unit:
        assert unit.card(town.organisations["market"], NOON).consortium == "A号联盟"
        assert [
            each.code for each in unit.consortia.of_organisation(town.organisations["market"], TODAY)
        ] == [
            "A",
            "R",
        ]


# ---- the end -------------------------------------------------------------------------------------


def test_what_ends_with_a_consortium_and_what_does_not(store: Store, town: Town, now: datetime) -> None:
    number = report(store, town, now)
    bring_to(store, town, number, CaseState.CLAIMED, now)
    with store.unit() as unit:
        consortium, verbs = whole(unit, town), unit.founding
        part = found(unit, town, "A", "联合党总支", consortium)
        belt = unit.belts.found(code="D1", name="长河发展带", on=TODAY)
        unit.belts.join(belt, consortium, TODAY)
        unit.posts.appoint_jointly(
            member_id=town["stranger"].member_id,
            organisation_id=town["stranger"].organisation_id,
            consortium_id=consortium.id,
            kind=PostKind.of_code("joint_administrator"),
            since=now,
        )
        verbs.join(consortium, town.organisations["far"], since=LATER)
        with pytest.raises(ConsortiumHasParts):
            verbs.dissolve(consortium, TOMORROW)
        verbs.dissolve(part, TODAY)
        verbs.dissolve(consortium, TOMORROW)
        with pytest.raises(ConsortiumGone):
            verbs.dissolve(consortium, LATER)
        with pytest.raises(ConsortiumGone):
            verbs.join(consortium, town.organisations["far"], since=TOMORROW)
    with store.reading() as unit:
        consortium, case = whole(unit, town), unit.casework.find(number)
        last, gone = NOON, NOON + timedelta(days=1)
        assert len(names(unit, consortium, TODAY)) == 5
        assert names(unit, consortium, TOMORROW) == names(unit, consortium, LATER) == []
        assert unit.consortia.parties(consortium, TOMORROW) == []
        assert unit.consortia.chair(consortium.id, TODAY) is not None
        assert unit.consortia.chair(consortium.id, TOMORROW) is None
        assert unit.consortia.named_like("官地", TOMORROW) == []
        assert unit.belts.of_consortium(consortium.id, TODAY) != []
        assert unit.belts.of_consortium(consortium.id, TOMORROW) == []
        assert unit.posts.committee(consortium.id, last) != []
        assert unit.posts.committee(consortium.id, gone) == []
        assert unit.card(town.organisations["village"], last).consortium_id == consortium.id
        assert unit.card(town.organisations["village"], gone).consortium_id is None
        assert unit.books.desks(town["lead"], gone) == []
        # What is open is the lead's to bring to an end, and whoever has it in hand goes on.
        assert Role.LEAD in unit.standings.of(case, town["lead"], gone).roles
        assert Role.CHAIR in unit.standings.of(case, town["lead"], gone).roles
        assert Role.HANDLER in unit.standings.of(case, town["next_chair"], gone).roles


# ---- what was on file before ---------------------------------------------------------------------


def test_posts_and_seats_of_the_release_before_are_kept(empty_url: str, vault: Vault) -> None:
    store = Store(empty_url, vault)
    with store.engine.connect() as connection, connection.begin():
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "2026_11_25_calendar_links")
        for statement in (
            "INSERT INTO organisations (id, code, name, kind, region, created_at)"
            " VALUES (1, 'A', '甲', '党支部', '', '2025-01-01 00:00:00'),"
            " (2, 'B', '乙', '党支部', '', '2025-01-01 00:00:00')",
            "INSERT INTO members (id, organisation_id, name_sealed, name_mark, phone_sealed, phone_mark, joined_at)"
            " VALUES (1, 1, '', '', '', '', '2025-01-01 00:00:00')",
            "INSERT INTO posts (id, member_id, organisation_id, kind, since, until)"
            " VALUES (1, 1, 1, 'liaison', '2026-01-01', NULL), (2, 1, 2, 'deputy', '2026-01-01', '2026-05-11')",
            "INSERT INTO consortia (id, code, name, kind, modes, lead_id) VALUES (1, 'R', '丙', '联合党委', '', 2)",
            "INSERT INTO seats (consortium_id, organisation_id, since) VALUES (1, 1, '2026-01-01'), (1, 2, '2026-01-01')",
        ):
            connection.execute(text(statement))
    schema.upgrade(store)
    midnight = datetime(2026, 5, 11, tzinfo=SHANGHAI)
    with store.reading() as unit:
        assert unit.organisations.offices_of(1, datetime(2026, 1, 1, tzinfo=SHANGHAI)) == {1, 2}
        assert unit.organisations.offices_of(1, datetime(2025, 12, 31, 23, 59, tzinfo=SHANGHAI)) == set()
        assert unit.organisations.offices_of(1, midnight - timedelta(seconds=1)) == {1, 2}
        assert unit.organisations.offices_of(1, midnight) == {1}
        assert [(post.begins_at, post.ends_at) for post in unit.posts.of_member(1)] == [
            (datetime(2026, 1, 1, tzinfo=SHANGHAI), None),
            (datetime(2026, 1, 1, tzinfo=SHANGHAI), midnight),
        ]
        assert {seat.organisation_id: seat.role for seat in unit.consortia.seats()} == {
            1: "member",
            2: "lead",
        }
    store.close()


def test_one_open_seat_is_all_that_the_database_takes(store: Store, town: Town) -> None:
    """Two processes that seat an organisation at once: the second is refused by the database."""
    with pytest.raises(IntegrityError), store.unit() as unit:
        unit.consortia.seat(
            Seat.take(
                consortium_id=town.consortium, organisation_id=town.organisations["tax"], since=TOMORROW
            )
        )

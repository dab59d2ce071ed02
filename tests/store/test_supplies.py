"""Entries of the list: which verb is allowed where and to whom, who is shown them, and what they are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from models import revision
from models.offering import (
    ALLOWED,
    BY_OFFERER,
    Agent,
    Circle,
    DayPast,
    Side,
    SupplyNotNow,
    SupplyNotYours,
    SupplyReviewed,
    SupplyState,
    SupplyUnknown,
    SupplyWaits,
)
from models.person import Person
from models.store import Store, Unit
from models.supply import Supply
from models.vault import Vault
from tests.store.conftest import Village

OWNER = Agent(member_id=1, offices=frozenset({7}))
OFFERER = Agent(member_id=2, offices=frozenset())
STRANGER = Agent(member_id=3, offices=frozenset({8}))
CHAIR = frozenset({7, 9})
"""Whose officers review: the entry's own organisation, and the one that chairs."""

VERBS: dict[str, Callable[[Supply, Agent, datetime], Any]] = {
    "approve": lambda supply, by, now: supply.approve(by=by, reviewers=CHAIR, now=now),
    "refuse": lambda supply, by, now: supply.refuse(by=by, reviewers=CHAIR, reason="重复了", now=now),
    "pause": lambda supply, by, now: supply.pause(by=by, now=now),
    "resume": lambda supply, by, now: supply.resume(by=by, now=now),
    "fill": lambda supply, by, now: supply.fill(by=by, now=now),
    "limit": lambda supply, by, now: supply.limit(5, by=by, now=now),
    "prolong": lambda supply, by, now: supply.prolong(None, by=by, now=now),
    "open_to": lambda supply, by, now: supply.open_to(Circle.CITY, by=by, now=now),
    "withdraw": lambda supply, by, now: supply.withdraw(by=by, now=now),
}
LEADS_TO: dict[str, dict[SupplyState, SupplyState]] = {
    "approve": {SupplyState.DRAFT: SupplyState.ON_OFFER},
    "refuse": {SupplyState.DRAFT: SupplyState.WITHDRAWN},
    "pause": {SupplyState.ON_OFFER: SupplyState.PAUSED, SupplyState.FULL: SupplyState.PAUSED},
    "resume": {SupplyState.PAUSED: SupplyState.ON_OFFER},
    "fill": {SupplyState.ON_OFFER: SupplyState.FULL},
    "limit": {
        SupplyState.DRAFT: SupplyState.DRAFT,
        SupplyState.ON_OFFER: SupplyState.ON_OFFER,
        SupplyState.PAUSED: SupplyState.PAUSED,
        SupplyState.FULL: SupplyState.ON_OFFER,
        SupplyState.EXPIRED: SupplyState.EXPIRED,
    },
    "prolong": {
        SupplyState.DRAFT: SupplyState.DRAFT,
        SupplyState.ON_OFFER: SupplyState.ON_OFFER,
        SupplyState.PAUSED: SupplyState.PAUSED,
        SupplyState.FULL: SupplyState.FULL,
        SupplyState.EXPIRED: SupplyState.ON_OFFER,
    },
    "open_to": {state: state for state in SupplyState if state is not SupplyState.WITHDRAWN},
    "withdraw": {state: SupplyState.WITHDRAWN for state in SupplyState if state is not SupplyState.WITHDRAWN},
}
"""The whole life of an entry, told once more by hand: anything that is not here is refused."""


def in_state(state: SupplyState, now: datetime, vault: Vault) -> Supply:
    """An entry of organisation 7 that member 2 offered."""
    supply = Supply.propose(
        code="W12",
        title="免费教嫁接",
        detail="我们合作社可以免费教嫁接",
        category="农业技术",
        organisation_id=7,
        unit_name="东台子村党支部",
        area="林西县",
        quantity="",
        capacity=3,
        valid_until=now.date() + timedelta(days=30),
        circle=Circle.CONSORTIUM,
        by=person(2, 7),
        contact="姜大山",
        reviewed=state is not SupplyState.DRAFT,
        vault=vault,
        now=now,
    )
    match state:
        case SupplyState.PAUSED:
            supply.pause(by=OWNER, now=now)
        case SupplyState.WITHDRAWN:
            supply.withdraw(by=OWNER, now=now)
        case SupplyState.FULL:
            supply.used = 3
        case SupplyState.EXPIRED:
            supply.valid_until = now.date() - timedelta(days=1)
    assert supply.stands(now.date()) is state
    return supply


def person(member_id: int, organisation_id: int, **more: Any) -> Person:
    told = {"consortium_id": None, "region": "", "chair_id": None, **more}
    return Person(
        member_id=member_id,
        name="",
        organisation_id=organisation_id,
        organisation="",
        consortium="",
        chair="",
        **told,
    )


@pytest.mark.parametrize(("state", "verb"), list(product(SupplyState, VERBS)))
def test_every_verb_is_allowed_or_refused_by_name(
    state: SupplyState, verb: str, now: datetime, vault: Vault
) -> None:
    supply = in_state(state, now, vault)
    later = now + timedelta(hours=1)
    to = LEADS_TO[verb].get(state)
    assert (to is not None) is (state in ALLOWED[verb])
    if to is None:
        before = (supply.state, supply.capacity, supply.valid_until, supply.visibility, supply.updated_at)
        with pytest.raises(SupplyNotNow) as refused:
            VERBS[verb](supply, OWNER, later)
        assert refused.value.facts == {"code": "W12", "face": state.label}
        assert before == (
            supply.state, supply.capacity, supply.valid_until, supply.visibility, supply.updated_at
        )  # fmt: skip
    else:
        VERBS[verb](supply, OWNER, later)
        assert supply.stands(now.date()) is to


def test_the_table_names_every_verb() -> None:
    assert VERBS.keys() == LEADS_TO.keys() == ALLOWED.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_strangers_may_do_nothing_and_who_offered_it_what_is_their_own_affair(
    verb: str, now: datetime, vault: Vault
) -> None:
    state = next(iter(LEADS_TO[verb]))
    with pytest.raises(SupplyNotYours):
        VERBS[verb](in_state(state, now, vault), STRANGER, now)
    if verb in BY_OFFERER:
        VERBS[verb](in_state(state, now, vault), OFFERER, now)
    else:
        with pytest.raises(SupplyNotYours):
            VERBS[verb](in_state(state, now, vault), OFFERER, now)


def test_what_one_may_do_is_what_is_not_refused(now: datetime, vault: Vault) -> None:
    for state, agent in product(SupplyState, (OWNER, OFFERER, STRANGER)):
        may = set(in_state(state, now, vault).open_verbs(agent, now.date()))
        for verb in VERBS.keys() - {"approve", "refuse"}:
            try:
                VERBS[verb](in_state(state, now, vault), agent, now)
            except (SupplyNotYours, SupplyNotNow):
                assert verb not in may
            else:
                assert verb in may


def test_the_chair_reviews_too_and_who_decided_is_kept(now: datetime, vault: Vault) -> None:
    supply = in_state(SupplyState.DRAFT, now, vault)
    supply.approve(by=Agent(4, frozenset({9})), reviewers=CHAIR, now=now + timedelta(hours=1))
    assert (supply.reviewed_by, supply.reviewed_at) == (4, now + timedelta(hours=1))


def test_only_what_can_be_chosen_again_is_news(now: datetime, vault: Vault) -> None:
    later = now + timedelta(days=1)
    supply = in_state(SupplyState.ON_OFFER, now, vault)
    supply.limit(9, by=OWNER, now=later)
    supply.prolong(None, by=OWNER, now=later)
    supply.fill(by=OWNER, now=later)
    assert supply.updated_at == now
    supply.limit(1, by=OWNER, now=later)
    assert supply.updated_at == later
    paused = in_state(SupplyState.PAUSED, now, vault)
    paused.limit(9, by=OWNER, now=later)
    assert paused.updated_at == now
    paused.resume(by=OWNER, now=later)
    assert paused.updated_at == later


def test_an_offer_does_not_end_in_the_past(now: datetime, vault: Vault) -> None:
    supply = in_state(SupplyState.ON_OFFER, now, vault)
    supply.prolong(now.date(), by=OWNER, now=now)
    assert supply.stands(now.date()) is SupplyState.ON_OFFER
    assert supply.stands(now.date() + timedelta(days=1)) is SupplyState.EXPIRED
    with pytest.raises(DayPast):
        supply.prolong(now.date() - timedelta(days=1), by=OWNER, now=now)


def test_a_newer_table_changes_words_and_not_whether_it_is_offered(now: datetime, vault: Vault) -> None:
    facts: dict[str, Any] = {
        "side": Side.SUPPLY, "title": "兽医下乡", "detail": "", "category": "农业技术", "organisation_id": 7,
        "unit_name": "农牧局", "area": "", "quantity": "", "valid_from": None, "valid_until": None, "contact": "",
    }  # fmt: skip
    supply = Supply.offer(code="S1", **facts, vault=vault, now=now)
    supply.pause(by=OWNER, now=now)
    supply.revise(**{**facts, "title": "兽医上门"}, vault=vault, now=now)
    assert (supply.title, supply.stands(now.date())) == ("兽医上门", SupplyState.PAUSED)


# ---- on file -----------------------------------------------------------------------------------------


def proposed(unit: Unit, by: Person, now: datetime, **more: Any) -> Supply:
    """What somebody offered in chat, on file."""
    agent = unit.supplies.agent(by, now)
    facts: dict[str, Any] = {
        "title": "免费教嫁接", "detail": "免费教嫁接，苹果树梨树都行", "category": "农业技术", "area": "林西县",
        "quantity": "", "capacity": None, "valid_until": None, "circle": Circle.CITY,
        "organisation_id": by.organisation_id, **more,
    }  # fmt: skip
    supply = Supply.propose(
        code=unit.supplies.next_code(),
        unit_name="某支部",
        by=by,
        contact="某人",
        reviewed=facts["organisation_id"] in agent.offices,
        vault=unit.vault,
        now=now,
        **facts,
    )
    return unit.supplies.propose(supply, by=by, terms="长期")


def test_what_an_officer_offers_is_on_the_list_and_what_a_member_offers_waits(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        first = proposed(unit, village.li, now)
        second = proposed(unit, village.zhang, now)
        assert (first.code, first.state, second.code, second.state) == ("W1", "on_offer", "W2", "draft")
        [told] = unit.happenings
        assert isinstance(told, SupplyWaits)
        assert (told.code, told.organisation_id, told.chair_id) == ("W2", village.east, village.east)
    with store.reading() as unit:
        assert [offer.code for offer in unit.supplies.on_offer(now.date())] == ["W1"]
        assert unit.revisions.all()[revision.SUPPLIES] == 1
        assert [
            brief.code for brief in unit.supplies.of_agent(unit.supplies.agent(village.zhang, now), 5)[0]
        ] == ["W2"]
        assert [
            brief.code for brief in unit.supplies.of_agent(unit.supplies.agent(village.li, now), 5)[0]
        ] == [
            "W2",
            "W1",
        ]


def test_a_review_is_told_to_who_offered_it_and_seen_by_every_process(
    store: Store, village: Village, now: datetime
) -> None:
    with store.unit() as unit:
        proposed(unit, village.zhang, now)
        proposed(unit, village.zhang, now)
    with store.unit() as unit:
        with pytest.raises(SupplyNotYours):
            unit.supplies.review("W1", approved=True, by=village.zhang, now=now)
        unit.supplies.review("W1", approved=True, by=village.li, now=now)
        unit.supplies.review("W2", approved=False, by=village.li, now=now, reason="说不清")
        assert [(each.code, each.approved, each.reason) for each in unit.happenings] == [  # type: ignore[attr-defined]
            ("W1", True, ""),
            ("W2", False, "说不清"),
        ]
        assert all(isinstance(each, SupplyReviewed) for each in unit.happenings)
        assert unit.revisions.all()[revision.SUPPLIES] == 1
        with pytest.raises(SupplyNotNow):
            unit.supplies.review("W2", approved=True, by=village.li, now=now)


def test_a_code_is_found_as_people_type_it_and_never_one_that_a_table_uses(
    store: Store, village: Village, now: datetime, vault: Vault
) -> None:
    with store.unit() as unit:
        taken = in_state(SupplyState.ON_OFFER, now, vault)
        taken.code, taken.organisation_id, taken.member_id, taken.reviewed_by = "W2", village.east, None, None
        taken.source = "import"
        unit.supplies.add(taken)
        assert [proposed(unit, village.li, now).code for _ in range(3)] == ["W1", "W3", "W4"]
        assert [unit.supplies.code_of(written) for written in ("w3", "3", "W3")] == ["W3"] * 3
        with pytest.raises(SupplyUnknown):
            unit.supplies.code_of("99")


def test_who_is_shown_an_entry(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        far = unit.organisations.get(village.far)
        far.rename(name=far.name, kind=far.kind, region="巴林左旗", parent_id=None)
        for circle in Circle:
            proposed(unit, village.li, now, circle=circle, title=circle.value)
    wang = person(village.wang.member_id, village.west, consortium_id=village.consortium, region="林西县")
    viewers = {
        "own": village.li,
        "consortium": wang,
        "county": person(9, 99, region="林西县官地镇"),
        "city": person(9, village.far, region="巴林左旗"),
        "nowhere": person(9, 98),
    }
    seen: dict[str, set[str]] = {}
    with store.reading() as unit:
        offers = unit.supplies.on_offer(now.date())
        for name, viewer in viewers.items():
            page, total = unit.supplies.page(viewer=viewer, day=now.date(), offset=0, limit=9)
            seen[name] = {brief.title for brief in page}
            assert total == len(page)
            # The index is told the same.
            assert seen[name] == {
                each.title for each in offers if not each.circles or viewer.circles & set(each.circles)
            }
    assert seen == {
        "own": {"consortium", "belt", "county", "city"},
        "consortium": {"consortium", "belt", "county", "city"},
        "county": {"county", "city"},
        "city": {"city"},
        "nowhere": {"city"},
    }


def test_what_is_full_over_or_paused_is_not_listed(store: Store, village: Village, now: datetime) -> None:
    day = now.date()
    with store.unit() as unit:
        proposed(unit, village.li, now, title="能用", capacity=1)
        proposed(unit, village.li, now, title="今天完", valid_until=day)
        proposed(unit, village.li, now, title="满了", capacity=0)
        unit.supplies.change(
            "W3", lambda supply, agent: supply.limit(0, by=agent, now=now), by=village.li, now=now
        )
        proposed(unit, village.li, now, title="停了")
        unit.supplies.change(
            "W4", lambda supply, agent: supply.pause(by=agent, now=now), by=village.li, now=now
        )
    with store.reading() as unit:
        page, total = unit.supplies.page(viewer=village.li, day=day, offset=0, limit=9)
        assert ([brief.title for brief in page], total) == (["能用", "今天完"], 2)
        tomorrow = day + timedelta(days=1)
        page, total = unit.supplies.page(viewer=village.li, day=tomorrow, offset=0, limit=9)
        assert ([brief.title for brief in page], total) == (["能用"], 1)
        assert [offer.remaining for offer in unit.supplies.on_offer(day)] == [1, None, 0]


def test_counties_are_read_from_regions() -> None:
    told = {
        "林西县官地镇朝阳沟村": "林西县", "北京市丰台区": "丰台区", "内蒙古自治区赤峰市巴林左旗": "巴林左旗",
        "赤峰市松山区": "松山区", "": "", "满洲里市": "", "林西县城市街道": "林西县",
        "莫力达瓦达斡尔族自治旗": "莫力达瓦达斡尔族自治旗",
    }  # fmt: skip
    assert {region: person(1, 1, region=region).circles for region in told} == {
        region: frozenset({"organisation:1"} | ({f"county:{county}"} if county else set()))
        for region, county in told.items()
    }

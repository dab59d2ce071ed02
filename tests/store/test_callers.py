"""Who phones: the nearest officers who are on WeChat themselves, and at once where something is urgent."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from models.call import Call, CallNow, CallsWaiting
from models.organisation import Post, PostKind
from models.outbox import Priority
from models.store import Store, Unit

from .callbook import DAY, Owe, join, keep, leave, listed, owe, states, the_call, town
from .town import Town

__all__ = ["owe", "town"]


# ---- who phones ----------------------------------------------------------------------------------


def test_the_officers_own_letters_go_to_whoever_leads(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        leave(unit, "branch", now)
    owe("branch", "one", now, office_id=town.organisations["village"])
    keep(store, now)
    assert [(each.name, each.organisation) for each in listed(store, town, "lead", now)] == [
        ("李春梅", "朝阳沟村党支部")
    ]
    assert listed(store, town, "branch", now) == []


def test_a_colleague_in_the_same_desk_is_nearer(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    with store.unit() as unit:
        post(unit, town, "reporter", "village", PostKind.SECRETARY)
        leave(unit, "branch", now)
        join(unit, town, "reporter", now)
    owe("branch", "one", now, office_id=town.organisations["village"])
    [morning] = keep(store, now + DAY)
    assert isinstance(morning, CallsWaiting)
    assert morning.caller_id == town["reporter"].member_id
    assert [each.name for each in listed(store, town, "reporter", now + DAY)] == ["李春梅"]


def post(unit: Unit, town: Town, part: str, code: str, kind: PostKind) -> None:
    """Gives somebody a post."""
    unit.organisations.appoint(
        Post.appoint(
            member_id=town[part].member_id,
            organisation_id=town.organisations[code],
            kind=kind,
            since=date(2026, 1, 1),
        )
    )
    unit.directory.forget()


def test_where_nobody_of_the_branch_is_on_wechat_it_goes_up(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    with store.unit() as unit:
        leave(unit, "branch", now)
    owe("reporter", "one", now)
    [morning] = keep(store, now + DAY)
    assert isinstance(morning, CallsWaiting)
    assert (morning.caller_id, morning.desk_id) == (town["lead"].member_id, town.organisations["town"])
    with store.unit() as unit:
        leave(unit, "lead", now)
    [morning] = keep(store, now + 2 * DAY)
    assert isinstance(morning, CallsWaiting)
    assert (morning.caller_id, morning.desk_id) == (town["above"].member_id, town.organisations["county"])
    assert [each.name for each in listed(store, town, "above", now + 2 * DAY)] == ["张福来"]
    assert listed(store, town, "lead", now + 2 * DAY) == []


def test_an_office_is_called_by_its_own_organisation(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    """赵建军 holds a post of the tax office too, and is told there: the tax office's liaison is nearer than the town's."""
    with store.unit() as unit:
        post(unit, town, "lead", "tax", PostKind.SECRETARY)
        leave(unit, "lead", now)
    owe("lead", "one", now, office_id=town.organisations["tax"])
    keep(store, now)
    assert [(each.name, each.organisation) for each in listed(store, town, "chair", now)] == [
        ("赵建军", "税务局党支部")
    ]


def test_with_nobody_anywhere_the_list_waits(store: Store, town: Town, now: datetime, owe: Owe) -> None:
    owe("stranger", "one", now)
    assert keep(store, now + DAY) == []
    with store.reading() as unit:
        assert unit.session.scalars(select(Call.desk_id)).one() == town.organisations["far"]


# ---- what is urgent ------------------------------------------------------------------------------


def test_what_is_urgent_does_not_wait_for_the_morning(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    night = now + timedelta(hours=14)
    first = owe("reporter", "fire", night, Priority.URGENT)
    [at_once] = keep(store, night)
    assert at_once == CallNow(
        caller_ids=(town["branch"].member_id,),
        desk_id=town.organisations["village"],
        letter_id=first,
        member_id=town["reporter"].member_id,
        name="张福来",
        organisation="朝阳沟村党支部",
        text="信 fire",
    )
    assert keep(store, night) == []
    owe("chair", "flood", night, Priority.URGENT)  # on WeChat, but out of reach
    [other] = keep(store, night)
    assert isinstance(other, CallNow)
    assert other.caller_ids == (town["lead"].member_id,)
    owe("reporter", "again", night, Priority.URGENT)
    [again] = keep(store, night)
    assert isinstance(again, CallNow)
    assert again.text == "信 again"


def test_of_what_is_urgent_only_that_is_told_where_nobody_looked_at_the_list(
    store: Store, town: Town, now: datetime, owe: Owe
) -> None:
    owe("reporter", "duty", now)
    owe("reporter", "fire", now, Priority.URGENT)
    keep(store, now)
    with store.unit() as unit:
        unit.calls.reached(the_call(unit, town, "branch", now), town["branch"], now)
    assert states(store) == {"duty": "call", "fire": "called"}

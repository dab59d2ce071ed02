"""Letters to very many: everybody of the audience once, whatever ends the process, whoever else is at it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import handlers
from bot.kit.context import Aloud
from models.agenda import About
from models.audience import AUDIENCES, Audience
from models.circular import Circular
from models.member import Member
from models.outbox import OutboxRow, Priority
from models.seat import Seat
from models.store import Store

from .town import Town, build

ROOT = Path(__file__).parents[2]
OWN = {"id", "dedup_key", "body_sealed", "circular_id", "member_id"}
"""What a letter of a circular does not share with any other letter of the same facts."""


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on the database of the test."""
    return build(store, now)


def announce(
    store: Store, now: datetime, audience: Audience, key: str = "campaign:1:open", **more: object
) -> None:
    """Announces a letter that everybody has to get, on WeChat or not."""
    facts: dict[str, object] = {"priority": Priority.DUTY, **more}
    with store.unit() as unit:
        unit.circulars.announce(
            key=key, kind="campaign", text="有什么难处，回一句话", fields={"title": "征集"}, audience=audience, now=now,
            **facts,  # type: ignore[arg-type]
        )  # fmt: skip


def write_out(store: Store, now: datetime, limit: int = 2) -> int:
    """Writes letters page by page until there is nothing left; gives how many pages that were."""
    pages = 0
    while True:
        with store.reading() as unit:
            if not unit.circulars.due(now):
                return pages
        with store.unit() as unit:
            if not unit.circulars.generate(now, limit):
                return pages
        pages += 1


def told(store: Store) -> list[int | None]:
    """Who has a letter, each as often as they have one."""
    with store.reading() as unit:
        return list(unit.session.scalars(select(OutboxRow.member_id).order_by(OutboxRow.member_id)))


def members_of(town: Town, *codes: str) -> list[int]:
    """The members of those organisations."""
    ids = {town.organisations[code] for code in codes}
    return sorted(each.member_id for each in town.people.values() if each.organisation_id in ids)


def test_everybody_of_a_consortium_once(store: Store, town: Town, now: datetime) -> None:
    announce(store, now, Audience("consortium", (town.consortium,)))
    assert told(store) == []
    assert write_out(store, now) == 4  # seven members, two a page
    assert told(store) == members_of(town, "town", "village", "tax", "power", "market")
    assert write_out(store, now) == 0
    with store.reading() as unit:
        circular = unit.session.scalars(select(Circular)).one()
        assert circular.done_at == now


def test_an_organisation_means_those_below_it_too(store: Store, town: Town, now: datetime) -> None:
    announce(store, now, Audience("organisation", (town.organisations["town"],)))
    write_out(store, now)
    assert told(store) == members_of(town, "town", "village")


def test_whoever_belongs_to_several_parts_is_told_once(store: Store, town: Town, now: datetime) -> None:
    announce(
        store, now, Audience("organisation", tuple(town.organisations[code] for code in ("county", "town", "town", "far")))
    )  # fmt: skip
    write_out(store, now)
    assert told(store) == members_of(town, "county", "town", "village", "tax", "power", "far")


def test_a_consortium_is_that_of_the_day(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        seats = {seat.organisation_id: seat for seat in unit.consortia.seats()}
        unit.consortia.vacate(seats[town.organisations["market"]], now.date())
        unit.consortia.seat(
            Seat.take(
                consortium_id=town.consortium,
                organisation_id=town.organisations["far"],
                since=date(2026, 6, 1),
            )
        )
    announce(store, now, Audience("consortium", (town.consortium,)))
    write_out(store, now)
    assert told(store) == members_of(town, "town", "village", "tax", "power")


def test_the_same_occasion_is_announced_once(store: Store, town: Town, now: datetime) -> None:
    for day in range(3):
        announce(store, now + timedelta(days=day), Audience("consortium", (town.consortium,)))
        write_out(store, now + timedelta(days=day))
    assert len(told(store)) == len(set(told(store))) == 7


def test_whoever_was_told_already_is_not_told_again(store: Store, town: Town, now: datetime) -> None:
    chair = town["chair"].member_id
    with store.unit() as unit:
        unit.outbox.post(
            key=f"campaign:1:open:m{chair}",
            kind="campaign",
            text="您先听着",
            fields={},
            now=now,
            member_id=chair,
        )
    announce(store, now, Audience("consortium", (town.consortium,)))
    write_out(store, now)
    assert told(store).count(chair) == 1
    assert len(told(store)) == 7


def test_news_is_for_those_on_wechat_and_duties_are_for_all(store: Store, town: Town, now: datetime) -> None:
    there, gone = town["reporter"].member_id, town["neighbour"].member_id
    with store.unit() as unit:
        for openid, member_id in (("o1", there), ("o2", there), ("o3", gone)):
            unit.inbox.greet(openid, wrote=True, gesture=False, now=now)
            unit.identities.of(openid).bind(member_id, now)
        unit.identities.of("o3").leave()
    announce(store, now, Audience("consortium", (town.consortium,)), priority=Priority.NEWS)
    write_out(store, now)
    assert told(store) == [there]


def test_whoever_left_the_roster_hears_nothing(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.session.get_one(Member, town["neighbour"].member_id).left_at = now
    announce(store, now, Audience("consortium", (town.consortium,)))
    write_out(store, now)
    assert town["neighbour"].member_id not in told(store)


def test_a_letter_of_a_circular_is_a_letter_like_any_other(store: Store, town: Town, now: datetime) -> None:
    about = About("campaign", 7, edition=2, rung="open", asks=True, not_after=now + timedelta(days=3))
    member = town["reporter"]
    later = now + timedelta(minutes=30)
    announce(store, now, Audience("organisation", (member.organisation_id,)), about=about, due_at=later)
    write_out(store, now)
    with store.unit() as unit:
        unit.outbox.post(
            key="another", kind="campaign", text="有什么难处，回一句话", fields={"title": "征集"}, now=now,
            member_id=member.member_id, due_at=later, about=about,
        )  # fmt: skip
    with store.reading() as unit:
        one, other = unit.session.scalars(
            select(OutboxRow).where(OutboxRow.member_id == member.member_id).order_by(OutboxRow.id)
        )
        for column in OutboxRow.__table__.c:
            if column.name not in OWN:
                assert getattr(one, column.name) == getattr(other, column.name), column.name
        assert one.dedup_key == f"campaign:1:open:m{member.member_id}"
        assert one.body_sealed is None
        assert one.circular_id == 1


def test_the_letter_says_what_the_circular_says(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        unit.identities.of("o1").bind(town["reporter"].member_id, now)
    announce(store, now, Audience("consortium", (town.consortium,)))
    write_out(store, now)
    with store.unit() as unit:
        [letter] = unit.outbox.lease(now, 50)
    assert letter.text == "有什么难处，回一句话"
    assert letter.fields == {"title": "征集"}


def test_it_is_written_out_within_the_hour_before_it_is_due(store: Store, town: Town, now: datetime) -> None:
    due = now + timedelta(days=2)
    announce(store, now, Audience("consortium", (town.consortium,)), due_at=due)
    assert write_out(store, due - timedelta(minutes=61)) == 0
    assert write_out(store, due - timedelta(minutes=60)) == 4
    with store.reading() as unit:
        assert {row.due_at for row in unit.session.scalars(select(OutboxRow))} == {due}


def test_nobody_is_written_to_when_it_is_not_worth_telling_any_more(
    store: Store, town: Town, now: datetime
) -> None:
    about = About("campaign", 7, not_after=now + timedelta(days=1))
    announce(store, now, Audience("consortium", (town.consortium,)), about=about)
    assert write_out(store, now + timedelta(days=1)) == 0
    assert told(store) == []


def test_what_is_taken_back_is_written_to_nobody_else(store: Store, town: Town, now: datetime) -> None:
    ids = tuple(town.organisations[code] for code in ("town", "far"))
    announce(store, now, Audience("organisation", ids))
    announce(store, now, Audience("organisation", ids), key="campaign:10:open")
    with store.unit() as unit:
        unit.circulars.generate(now, 2)
    with store.unit() as unit:
        assert unit.circulars.withdraw("campaign:1:open", now)
        assert not unit.circulars.withdraw("campaign:1:open", now)
        assert not unit.circulars.withdraw("campaign:1", now)
        assert not unit.circulars.withdraw("campaign:_:open", now)
    write_out(store, now)
    with store.reading() as unit:
        written = list(unit.session.scalars(select(OutboxRow.dedup_key)))
    assert sum(key.startswith("campaign:1:open") for key in written) == 2
    assert sum(key.startswith("campaign:10:open") for key in written) == 5


@pytest.mark.parametrize("ids", [(), (4711,)])
def test_an_audience_of_nobody_is_done_at_once(
    store: Store, town: Town, now: datetime, ids: tuple[int, ...]
) -> None:
    announce(store, now, Audience("consortium", ids))
    assert write_out(store, now) == len(ids)
    assert told(store) == []


@pytest.mark.parametrize(
    ("key", "kind"), [("a|b", "consortium"), ("a", "everybody who is nobody")]
)  # fmt: skip
def test_what_cannot_be_announced_is_said_at_once(store: Store, now: datetime, key: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r"key|audience"):
        announce(store, now, Audience(kind, (1,)), key=key)


def test_a_notice_may_be_for_many(sqlite_store: Store, now: datetime) -> None:
    """As ``handlers/notices_*.py`` do it."""
    town = build(sqlite_store, now)
    with sqlite_store.unit() as unit:
        for part in ("reporter", "chair"):
            unit.inbox.greet(f"o-{part}", wrote=True, gesture=False, now=now)
            unit.identities.of(f"o-{part}").bind(town[part].member_id, now)
        aloud = Aloud(unit=unit, texts=handlers.texts(), now=now, speaker=town["chair"])
        aloud.broadcast(
            Audience("consortium", (town.consortium,)),
            "campaign",
            key="campaign:3:open",
            text="有什么难处，回一句话",
        )
    write_out(sqlite_store, now)
    assert told(sqlite_store) == sorted(town[part].member_id for part in ("reporter", "chair"))
    with sqlite_store.reading() as unit:
        assert {row.priority for row in unit.session.scalars(select(OutboxRow))} == {Priority.NEWS}


def test_what_was_taken_back_is_not_sent_either(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        unit.identities.of("o1").bind(town["reporter"].member_id, now)
    announce(store, now, Audience("consortium", (town.consortium,)))
    write_out(store, now)
    with store.unit() as unit:
        unit.circulars.withdraw("campaign:1:open", now)
    with store.unit() as unit:
        assert unit.outbox.lease(now, 50) == []
    with store.reading() as unit:
        assert set(unit.session.scalars(select(OutboxRow.state))) == {"dropped"}


def test_every_kind_of_audience_is_a_condition(store: Store, now: datetime) -> None:
    with store.reading() as unit:
        for belongs in AUDIENCES.values():
            assert unit.session.scalars(select(Member.id).where(belongs(1, now.date()))).all() == []

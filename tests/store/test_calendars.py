"""Calendars that are subscribed to: what is shown follows what is true, and a link opens one calendar to one officer."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from models.calendarlink import CalendarNotYours
from models.calendars import KEPT_CANCELLED, SHOWN_BACK, Days, Shown
from models.organisation import PostKind
from models.store import Store
from models.term import Term
from models.vault import Vault
from tests.conftest import KEY, PREVIOUS_KEY

from .town import JUNE, MAY, Town, build

LATER = timedelta(days=3)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The tax office chairs in May, the power company in June."""
    return build(store, now)


def shown(store: Store, town: Town, code: str, now: datetime) -> list[Shown]:
    """What whoever subscribes to an organisation's calendar sees at a moment."""
    office = town.organisations[code]
    with store.reading() as unit:
        behind = unit.calendars.behind(office)
    if behind:
        with store.unit() as unit:
            unit.calendars.publish(office, now)
    with store.reading() as unit:
        assert not unit.calendars.behind(office)
        return unit.calendars.shown(office, now)


def move(store: Store, town: Town, code: str, first: date, last: date, *, to: str = "") -> None:
    """Another rota, however it came about: the turn of an organisation lies elsewhere, or goes to another."""
    with store.unit() as unit:
        unit.session.execute(
            update(Term)
            .where(Term.organisation_id == town.organisations[code])
            .values(organisation_id=town.organisations[to or code], starts_on=first, ends_on=last)
        )


def test_a_turn_is_shown_and_stays_as_it_is(store: Store, town: Town, now: datetime) -> None:
    (turn,) = shown(store, town, "tax", now)
    assert (turn.entry.title, turn.entry.number, turn.entry.when) == ("官地联合党委", 1, Days(*MAY))
    assert (turn.sequence, turn.changed_at, turn.cancelled) == (0, now, False)
    assert shown(store, town, "tax", now + LATER) == [turn]
    assert shown(store, town, "far", now) == []


def test_a_turn_that_moved_keeps_its_name_and_says_that_it_changed(
    store: Store, town: Town, now: datetime
) -> None:
    (before,) = shown(store, town, "tax", now)
    move(store, town, "tax", date(2026, 5, 4), MAY[1])
    (after,) = shown(store, town, "tax", now + LATER)
    assert (after.uid, after.sequence, after.changed_at) == (before.uid, 1, now + LATER)
    assert after.entry.when == Days(date(2026, 5, 4), MAY[1])


def test_a_turn_that_went_to_another_is_called_off_here_and_new_there(
    store: Store, town: Town, now: datetime
) -> None:
    (mine,) = shown(store, town, "power", now)
    assert shown(store, town, "village", now) == []
    move(store, town, "power", *JUNE, to="village")
    (gone,), (got,) = shown(store, town, "power", now + LATER), shown(store, town, "village", now + LATER)
    assert (gone.uid, gone.sequence, gone.cancelled) == (mine.uid, 1, True)
    assert (got.sequence, got.cancelled, got.entry.when) == (0, False, Days(*JUNE))
    assert got.uid != gone.uid
    # And back again: it takes place after all, under its old name.
    move(store, town, "village", *JUNE, to="power")
    (back,) = shown(store, town, "power", now + 2 * LATER)
    assert (back.uid, back.sequence, back.cancelled) == (mine.uid, 2, False)


def test_a_turn_that_vanished_is_shown_as_called_off_for_a_while(
    store: Store, town: Town, now: datetime
) -> None:
    shown(store, town, "power", now)
    with store.unit() as unit:
        unit.session.execute(delete(Term).where(Term.starts_on == JUNE[0]))
    assert [turn.cancelled for turn in shown(store, town, "power", now)] == [True]
    assert len(shown(store, town, "power", now + KEPT_CANCELLED - LATER)) == 1
    assert shown(store, town, "power", now + KEPT_CANCELLED) == []


def test_what_is_over_for_long_is_left_out_and_not_called_off(
    store: Store, town: Town, now: datetime
) -> None:
    shown(store, town, "tax", now)
    much_later = datetime.combine(MAY[1], now.timetz()) + SHOWN_BACK
    (turn,) = shown(store, town, "tax", much_later)
    assert not turn.cancelled
    assert shown(store, town, "tax", much_later + timedelta(days=1)) == []


def test_turns_stand_in_the_order_of_their_days(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.consortia.schedule(
            Term.plan(
                consortium_id=town.consortium,
                sequence=3,
                organisation_id=town.organisations["tax"],
                starts_on=date(2026, 7, 1),
                ends_on=date(2026, 7, 31),
            )
        )
    assert [turn.entry.number for turn in shown(store, town, "tax", now)] == [1, 3]


def test_a_clock_that_was_set_back_makes_no_change_look_old(store: Store, town: Town, now: datetime) -> None:
    shown(store, town, "tax", now)
    move(store, town, "tax", date(2026, 5, 4), MAY[1])
    (after,) = shown(store, town, "tax", now - timedelta(hours=1))
    assert (after.sequence, after.changed_at) == (1, now)


# ---- the links -----------------------------------------------------------------------------------


def test_a_link_is_the_same_each_time_and_opens_one_calendar(store: Store, town: Town, now: datetime) -> None:
    tax = town.organisations["tax"]
    with store.unit() as unit:
        secret = unit.calendar_links.give(tax, by=town["chair"], now=now)
    with store.unit() as unit:
        assert unit.calendar_links.give(tax, by=town["chair"], now=now + LATER) == secret
        assert unit.calendar_links.organisation_of(secret, now) == tax
        assert unit.calendar_links.organisation_of(secret[::-1], now) is None
    assert len(secret) == 43


def test_nobody_has_a_link_who_holds_no_post_there(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        for part, code in (("reporter", "village"), ("branch", "tax")):
            with pytest.raises(CalendarNotYours):
                unit.calendar_links.give(town.organisations[code], by=town[part], now=now)
            with pytest.raises(CalendarNotYours):
                unit.calendar_links.renew(town.organisations[code], by=town[part], now=now)


def test_a_new_link_takes_the_place_of_the_old_and_one_can_be_given_up(
    store: Store, town: Town, now: datetime
) -> None:
    tax, chair = town.organisations["tax"], town["chair"]
    with store.unit() as unit:
        links = unit.calendar_links
        old = links.give(tax, by=chair, now=now)
        new = links.renew(tax, by=chair, now=now)
        assert (links.organisation_of(old, now), links.organisation_of(new, now)) == (None, tax)
        assert links.give(tax, by=chair, now=now) == new
        assert links.revoke(tax, by=chair, now=now)
        assert links.organisation_of(new, now) is None
        assert not links.revoke(tax, by=chair, now=now)


def test_a_link_ends_with_the_post(store: Store, town: Town, now: datetime) -> None:
    tax, chair = town.organisations["tax"], town["chair"]
    with store.unit() as unit:
        secret = unit.calendar_links.give(tax, by=chair, now=now)
        for post in unit.organisations.held_by(chair.member_id, tax):
            assert post.kind == PostKind.LIAISON.value
            post.leave(now.date())
    with store.reading() as unit:
        assert unit.calendar_links.organisation_of(secret, now) is None


def test_what_is_kept_does_not_tell_the_secret(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        secret = unit.calendar_links.give(town.organisations["tax"], by=town["chair"], now=now)
    with store.engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM calendar_links").all()
    assert secret not in repr(row)
    assert all(secret.encode() not in bytes(value) for value in row if isinstance(value, bytes | memoryview))


def test_a_link_outlives_a_change_of_the_key(sqlite_store: Store, now: datetime) -> None:
    town = build(sqlite_store, now)
    tax, chair = town.organisations["tax"], town["chair"]
    with sqlite_store.unit() as unit:
        secret = unit.calendar_links.give(tax, by=chair, now=now)
    sqlite_store.vault = Vault(PREVIOUS_KEY, KEY)
    with sqlite_store.unit() as unit:
        assert unit.calendar_links.organisation_of(secret, now) == tax
        assert unit.calendar_links.give(tax, by=chair, now=now) == secret
    # Without the former key nobody can say the link any more: there is a new one, and one only.
    sqlite_store.vault = Vault(PREVIOUS_KEY)
    with sqlite_store.unit() as unit:
        new = unit.calendar_links.give(tax, by=chair, now=now)
        assert unit.calendar_links.organisation_of(secret, now) is None
        assert unit.calendar_links.organisation_of(new, now) == tax

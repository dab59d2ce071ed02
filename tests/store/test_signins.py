"""Signing in: pauses that grow, tries that count before they are judged, sessions that end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit import Actor
from models.remit import account_rules
from models.signin import AdminSession, SignIn, Try, form_mark, new_token, pause_after
from models.store import Store, Unit

OPERATOR = Actor(None, "命令行")
KEPT = "kept"
TRIES = account_rules()["tries"]
IDLE = timedelta(minutes=account_rules()["session"]["idle_minutes"])


@pytest.fixture
def account_id(store: Store, now: datetime) -> int:
    """Somebody's account."""
    with store.unit() as unit:
        return unit.accounts.open("wang", KEPT, must_change=False, by=OPERATOR, now=now).id


def attempt(
    store: Store, now: datetime, *, name: str = "wang", address: str = "10.0.0.1", fits: bool = False
) -> tuple[bool, timedelta]:
    """Tries to sign in: whether somebody may work with the account now, and how long to wait."""
    with store.unit() as unit:
        begun = unit.signins.begin(name, address=address, agent="Firefox", now=now)
    if begun.pause:
        return False, begun.pause
    with store.unit() as unit:
        return unit.signins.settle(begun, fits=fits) is not None, begun.pause


def enter(unit: Unit, account_id: int, now: datetime, hours: int = 8) -> str:
    """Signs somebody in."""
    account = unit.accounts.get(account_id)
    return unit.signins.enter(account, hours=hours, address="10.0.0.1", agent="Firefox", now=now)


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_the_pause_never_shrinks_and_has_an_end(failures: int, free: int) -> None:
    pause = pause_after(failures, free)
    assert pause <= pause_after(failures + 1, free) <= timedelta(seconds=TRIES["longest_pause_s"])
    assert bool(pause) == (failures >= free)


def test_the_right_password_lets_in(store: Store, account_id: int, now: datetime) -> None:
    assert attempt(store, now, fits=True)[0]
    assert attempt(store, now, name=" ＷＡＮＧ ", fits=True)[0]


def test_after_some_wrong_ones_nobody_looks_for_a_while(store: Store, account_id: int, now: datetime) -> None:
    for _ in range(TRIES["per_name"]):
        assert attempt(store, now) == (False, timedelta())
    let_in, pause = attempt(store, now, fits=True)
    assert (let_in, pause) == (False, timedelta(seconds=TRIES["first_pause_s"]))
    assert attempt(store, now, address="10.9.9.9", fits=True)[1], "another address is no way around"
    later = now + pause
    assert attempt(store, later) == (False, timedelta())
    assert attempt(store, later)[1] == 2 * pause, "and then twice as long"


def test_a_name_that_nobody_bears_is_treated_alike(store: Store, account_id: int, now: datetime) -> None:
    for _ in range(TRIES["per_name"]):
        assert attempt(store, now, name="nobody") == (False, timedelta())
    assert attempt(store, now, name="nobody")[1]


def test_success_begins_anew_for_the_name_but_not_for_the_address(
    store: Store, account_id: int, now: datetime
) -> None:
    for step in range(TRIES["per_address"]):
        let_in, pause = attempt(store, now, name=f"guess{step}")
        assert (let_in, pause) == (False, timedelta())
        if step % 3 == 0:
            attempt(store, now, fits=True)
    assert attempt(store, now, fits=True)[1], "one's own success pays for no guesses"
    assert attempt(store, now, address="10.9.9.9", fits=True)[0]


def test_tries_at_the_same_time_count_for_each_other(store: Store, account_id: int, now: datetime) -> None:
    """Whoever asks a hundred times at once is not a hundred times looked at."""
    looked_at = 0
    for _ in range(30):
        with store.unit() as unit:
            looked_at += not unit.signins.begin("wang", address="10.0.0.1", agent="", now=now).pause
    assert looked_at == TRIES["per_name"]


def test_old_tries_are_forgotten(store: Store, account_id: int, now: datetime) -> None:
    for _ in range(TRIES["per_name"]):
        attempt(store, now)
    assert attempt(store, now + timedelta(hours=TRIES["window_hours"], seconds=1), fits=True)[0]


def test_going_on_while_paused_leaves_no_flood_and_no_longer_pause(
    store: Store, account_id: int, now: datetime
) -> None:
    for _ in range(TRIES["per_name"] + 50):
        attempt(store, now)
    with store.reading() as unit:
        rows = unit.session.query(SignIn).count()
    assert rows == TRIES["per_name"] + 1
    assert attempt(store, now)[1] == timedelta(seconds=TRIES["first_pause_s"])


def test_an_admin_lets_somebody_try_again(store: Store, account_id: int, now: datetime) -> None:
    for _ in range(TRIES["per_name"]):
        attempt(store, now)
    with store.unit() as unit:
        unit.accounts.forgive(unit.accounts.get(account_id), by=OPERATOR, now=now)
    assert attempt(store, now, fits=True)[0]


def test_a_disabled_account_lets_nobody_in(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        unit.accounts.disable(unit.accounts.get(account_id), by=OPERATOR, now=now)
    assert not attempt(store, now, fits=True)[0]
    with store.reading() as unit:
        assert [row.outcome for row in unit.signins.history(account_id)] == [Try.DISABLED.value]


def test_a_password_changed_meanwhile_is_wrong(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        begun = unit.signins.begin("wang", address="", agent="", now=now)
    with store.unit() as unit:
        unit.accounts.reset_password(
            unit.accounts.get(account_id), "other", must_change=True, by=OPERATOR, now=now
        )
    with store.unit() as unit:
        assert unit.signins.settle(begun, fits=True) is None


def test_what_was_typed_as_a_name_is_not_kept(store: Store, account_id: int, now: datetime) -> None:
    attempt(store, now, name="羊群下山过了河再吃草")
    with store.reading() as unit:
        row = unit.session.query(SignIn).one()
        assert len(row.name_mark) == 32
        assert "羊群".encode() not in row.name_mark


# ---- sessions


def test_a_session_is_known_by_its_token_alone(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        token = enter(unit, account_id, now)
    with store.reading() as unit:
        known = unit.signins.known(token, now)
        assert known is not None
        assert known[1].id == account_id
        assert token.encode() not in known[0].token_mark
        for other in ("", "x", token[:-1], token + "A", new_token(), "x" * 5000):
            assert unit.signins.known(other, now) is None


def test_it_ends_when_idle_and_when_old(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        token = enter(unit, account_id, now, hours=1)
    with store.reading() as unit:
        assert unit.signins.known(token, now + IDLE - timedelta(seconds=1))
        assert unit.signins.known(token, now + IDLE) is None
    moment = now
    while moment < now + timedelta(minutes=59):
        with store.unit() as unit:
            known = unit.signins.known(token, moment)
            assert known is not None, moment
            known[0].see(moment)
        moment += timedelta(minutes=10)
    with store.reading() as unit:
        assert unit.signins.known(token, now + timedelta(hours=1)) is None


def test_signing_out_everywhere_but_here(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        tokens = [enter(unit, account_id, now) for _ in range(3)]
        here = unit.signins.known(tokens[0], now)
        assert here is not None
        assert unit.signins.end_all(account_id, now, but=here[0].id) == 2
    with store.reading() as unit:
        assert [unit.signins.known(token, now) is not None for token in tokens] == [True, False, False]
        assert len(unit.signins.live(account_id, now)) == 1


@pytest.mark.parametrize("how", ["disable", "reset"])
def test_losing_the_account_ends_its_sessions(how: str, store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        token = enter(unit, account_id, now)
    with store.unit() as unit:
        account = unit.accounts.get(account_id)
        if how == "disable":
            unit.accounts.disable(account, by=OPERATOR, now=now)
        else:
            unit.accounts.reset_password(account, "other", must_change=True, by=OPERATOR, now=now)
    with store.reading() as unit:
        assert unit.signins.known(token, now) is None


def test_a_change_of_rights_takes_the_old_token_away(store: Store, account_id: int, now: datetime) -> None:
    with store.unit() as unit:
        token = enter(unit, account_id, now)
        unit.accounts.give(unit.accounts.get(account_id), "rules", "", until=None, by=OPERATOR, now=now)
    with store.unit() as unit:
        known = unit.signins.known(token, now)
        assert known is not None
        assert known[0].edition != known[1].edition
        renewed = unit.signins.renew(*known)
    with store.reading() as unit:
        assert unit.signins.known(token, now) is None
        known = unit.signins.known(renewed, now)
        assert known is not None
        assert known[0].edition == known[1].edition


def test_the_mark_of_a_form_says_nothing_of_the_token() -> None:
    token = new_token()
    assert form_mark(token) == form_mark(token)
    assert form_mark(token) != form_mark(new_token())
    assert token not in form_mark(token)
    assert len(token) >= 43, "256 bits"


def test_records_are_kept_for_more_than_a_year_and_then_forgotten(
    store: Store, account_id: int, now: datetime
) -> None:
    for _ in range(3):
        attempt(store, now, fits=True)
    with store.unit() as unit:
        enter(unit, account_id, now)
    kept = timedelta(days=TRIES["kept_days"])
    attempt(store, now + kept - timedelta(minutes=1), fits=True)
    with store.reading() as unit:
        assert len(unit.signins.history(account_id)) == 4
    attempt(store, now + kept + timedelta(days=1), fits=True)
    with store.reading() as unit:
        assert len(unit.signins.history(account_id)) == 2
        assert unit.session.query(AdminSession).count() == 0

"""The audit: what is changed, taken away, put elsewhere or forged afterwards is found, and where."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from models.audit import Actor, Verdict, Wanted
from models.store import Store
from models.vault import Vault, new_key
from tests.conftest import KEY

WANG = Actor(None, "wang", "10.0.0.1")
ROWS = 12


def write(store: Store, now: datetime, count: int = ROWS) -> None:
    """Some things that were done."""
    for number in range(1, count + 1):
        with store.unit() as unit:
            unit.audit.note(
                WANG if number % 2 else Actor(None, "li"),
                "member_seen" if number % 3 else "sign_in",
                subject="member",
                subject_id=number,
                named="张**",
                reason="回访",
                after={"role": "书记"} if number == 5 else None,
                now=now + timedelta(minutes=number),
            )


def verdict(store: Store, noted: str = "") -> Verdict:
    """What looking at the chain comes to."""
    with store.reading() as unit:
        return unit.audit.verify(noted)


def found(store: Store) -> tuple[int, str] | None:
    """Where the chain does not hold, and how."""
    broken = verdict(store).broken
    return (broken.number, broken.how) if broken else None


def meddle(store: Store, *statements: str) -> None:
    """Somebody who can write the database, and has no key."""
    with store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_an_empty_chain_holds(store: Store) -> None:
    assert verdict(store) == Verdict(0, bytes(32).hex(), 0, None)


def test_what_was_written_holds(store: Store, now: datetime) -> None:
    write(store, now)
    seen = verdict(store)
    assert (seen.count, seen.unknown_key, seen.broken) == (ROWS, 0, None)
    assert verdict(store, seen.hash.upper()).broken is None


COLUMNS = {
    "at": "'2026-01-01 00:00:00'",
    "actor": "'other'",
    "address": "'10.0.0.2'",
    "action": "'sign_out'",
    "subject": "'case'",
    "subject_id": "'99'",
    "named": "'李**'",
    "before": "'x'",
    "after": "'x'",
    "reason": "'other'",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_row_is_found(column: str, store: Store, now: datetime) -> None:
    write(store, now)
    meddle(store, f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE number = 7")
    assert found(store) == (7, "changed")


def test_a_row_that_was_taken_out_is_found(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(store, "DELETE FROM audit WHERE number = 7")
    assert found(store) == (8, "missing")


def test_a_gap_that_was_closed_is_found(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(store, "DELETE FROM audit WHERE number = 12", "UPDATE audit SET number = 12 WHERE number = 11")
    assert found(store) == (12, "missing")
    meddle(store, "UPDATE audit SET number = 11 WHERE number = 12")
    assert found(store) == (12, "end")


def test_rows_that_changed_places_are_found(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(
        store,
        "UPDATE audit SET number = 100 WHERE number = 4",
        "UPDATE audit SET number = 4 WHERE number = 9",
        "UPDATE audit SET number = 9 WHERE number = 100",
    )
    assert found(store) == (4, "moved")


def test_an_end_that_was_cut_off_is_found(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(store, "DELETE FROM audit WHERE number > 9")
    assert found(store) == (10, "end")
    meddle(store, "DELETE FROM audit_head")
    assert found(store) == (9, "end")


def test_a_head_that_was_set_back_is_found(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(
        store,
        "DELETE FROM audit WHERE number > 9",
        "UPDATE audit_head SET count = 9, hash = (SELECT hash FROM audit WHERE number = 9)",
    )
    assert found(store) == (9, "forged")


def test_the_whole_end_with_an_older_head_is_found_by_a_hash_noted_elsewhere(
    store: Store, now: datetime
) -> None:
    write(store, now, 5)
    with store.engine.begin() as connection:
        head = connection.execute(text("SELECT count, hash, seal FROM audit_head")).one()
    write(store, now, 3)
    noted = verdict(store).hash
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE number > 5"))
        connection.execute(
            text("UPDATE audit_head SET count = :count, hash = :hash, seal = :seal"), head._asdict()
        )
    assert found(store) is None, "no chain can know of itself how long it was"
    broken = verdict(store, noted).broken
    assert broken is not None
    assert broken.how == "noted"


def test_a_chain_that_somebody_computed_anew_without_the_key_is_found(store: Store, now: datetime) -> None:
    write(store, now, 4)
    forger = Store(store.engine.url.render_as_string(hide_password=False), Vault(new_key()))
    meddle(store, "DELETE FROM audit", "DELETE FROM audit_head")
    write(forger, now, 4)
    forger.close()
    seen = verdict(store)
    assert seen.broken is None
    assert seen.unknown_key == 4, "its seals are of a key that nobody here knows, and that is said"


def test_a_seal_of_ones_own_row_does_not_fit_another(store: Store, now: datetime) -> None:
    write(store, now)
    meddle(store, "UPDATE audit SET seal = (SELECT seal FROM audit WHERE number = 3) WHERE number = 6")
    assert found(store) == (6, "forged")


def test_a_new_key_goes_on_where_the_old_one_ended(store: Store, now: datetime) -> None:
    write(store, now, 3)
    url, key = store.engine.url.render_as_string(hide_password=False), new_key()
    changed = Store(url, Vault(key, KEY))
    write(changed, now, 3)
    assert (verdict(changed).count, verdict(changed).unknown_key, found(changed)) == (6, 0, None)
    alone = Store(url, Vault(key))
    assert (verdict(alone).unknown_key, found(alone)) == (3, None)
    changed.close()
    alone.close()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(1, ROWS), reason=st.text(min_size=1, max_size=20).filter(lambda said: "\0" not in said)
)
def test_no_word_of_a_row_can_be_changed(
    number: int, reason: str, sqlite_store: Store, now: datetime
) -> None:
    if verdict(sqlite_store).count == 0:
        write(sqlite_store, now)
    with sqlite_store.engine.begin() as connection:
        before = connection.execute(
            text("SELECT reason FROM audit WHERE number = :n"), {"n": number}
        ).scalar()
        connection.execute(text("UPDATE audit SET reason = :r WHERE number = :n"), {"r": reason, "n": number})
    assert found(sqlite_store) == (None if reason == before else (number, "changed"))
    with sqlite_store.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET reason = :r WHERE number = :n"), {"r": before, "n": number})


def test_several_that_write_at_once_make_one_chain(store: Store, now: datetime) -> None:
    def work() -> None:
        mine = Store(store.engine.url.render_as_string(hide_password=False), store.vault)
        write(mine, now, 8)
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = verdict(store)
    assert (seen.count, seen.broken) == (32, None)


def test_what_is_undone_leaves_no_row(store: Store, now: datetime) -> None:
    def fail() -> None:
        with store.unit() as unit:
            unit.audit.note(WANG, "sign_in", subject="account", subject_id=1, now=now)
            raise LookupError

    write(store, now, 2)
    with pytest.raises(LookupError):
        fail()
    write(store, now, 2)
    assert (verdict(store).count, found(store)) == (4, None)


def test_readers_find_what_they_look_for(store: Store, now: datetime) -> None:
    write(store, now)
    with store.reading() as unit:
        rows, total = unit.audit.page(Wanted(actor="li"), limit=3, offset=0)
        assert ([row.number for row in rows], total) == ([12, 10, 8], 6)
        _, total = unit.audit.page(Wanted(action="sign_in"), limit=3, offset=0)
        assert total == 4
        rows, total = unit.audit.page(
            Wanted(since=now + timedelta(minutes=3), until=now + timedelta(minutes=5)), limit=9, offset=0
        )
        assert [row.number for row in rows] == [4, 3]
        rows, _ = unit.audit.page(Wanted(subject="member", subject_id="5"), limit=9, offset=0)
        assert [row.after for row in rows] == ['{"role":"书记"}']
        assert unit.audit.actions() == ["member_seen", "sign_in"]


def test_numbers_in_a_reason_are_masked(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.audit.note(
            WANG, "member_seen", subject="member", subject_id=1, reason="给13800001111回电话", now=now
        )
    with store.reading() as unit:
        assert "13800001111" not in unit.audit.page(Wanted(), limit=1, offset=0)[0][0].reason

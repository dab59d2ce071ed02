"""The auditor's questions: what is wrong is found, told once a day to whoever runs the account, and gone when it is mended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from models.agenda import Agenda
from models.heartbeat import WRITTEN_EVERY_S, Beat, allowed_s
from models.moment import SHANGHAI
from models.outbox import OutboxRow, State
from models.store import Store
from models.watching import Alarmed, Cause, Finding, watch

from .town import Town, build

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """A town, for its heads."""
    return build(store, now)


def put(store: Store, count: int, now: datetime, **columns: Any) -> None:
    """Letters with these columns."""
    with store.unit() as unit:
        keys = [f"{now.isoformat()}:{columns}:{number}" for number in range(count)]
        for key in keys:
            unit.outbox.post(key=key, kind="x", text="t", fields={}, now=now, openid="o")
        if columns:
            unit.session.execute(update(OutboxRow).where(OutboxRow.dedup_key.in_(keys)).values(**columns))


def found(store: Store, now: datetime) -> dict[Cause, Finding]:
    """What is wrong."""
    with store.reading() as unit:
        return {finding.cause: finding for finding in unit.watching.findings(now)}


def alarmed(store: Store, now: datetime) -> list[Cause]:
    """Which causes are told now."""
    with store.unit() as unit:
        wanted = bool(unit.watching.untold(unit.watching.findings(now), now))
        count = unit.watching.alarm(now)
        told = [happening for happening in unit.happenings if isinstance(happening, Alarmed)]
        causes = [finding.cause for happening in told for finding in happening.findings]
        assert (count, wanted) == (len(causes), bool(causes))
        return causes


def test_every_cause_has_its_threshold() -> None:
    assert [each.name for each in watch().cause if watch()[each.name] is not each] == []
    assert {each.name for each in watch().cause} == set(Cause)
    assert watch().every_minutes == 15


def test_where_all_is_well_nothing_is_said(store: Store, town: Town, now: datetime) -> None:
    put(store, 3, now)
    put(store, 3, now - DAY, state=State.SENT.value, settled_at=now - DAY)
    assert found(store, now) == {}
    assert alarmed(store, now) == []


def test_letters_that_lie_about(store: Store, town: Town, now: datetime) -> None:
    put(store, 2, now)
    assert found(store, now + 9 * MINUTE) == {}
    finding = found(store, now + 10 * MINUTE)[Cause.LATE]
    assert (finding.count, finding.since) == (2, now)


def test_letters_that_were_given_up(store: Store, town: Town, now: datetime) -> None:
    put(store, 1, now, state=State.DEAD.value, settled_at=now)
    assert found(store, now + MINUTE)[Cause.DEAD].count == 1
    assert found(store, now + DAY) == {}


def test_many_template_messages_without_word(store: Store, town: Town, now: datetime) -> None:
    sent = {"state": State.SENT.value, "channel": "template", "settled_at": now}
    put(store, 9, now, message_id="1", **sent)
    put(store, 9, now, message_id="", **sent)
    assert found(store, now + 31 * MINUTE) == {}
    put(store, 1, now, message_id="2", **sent)
    assert found(store, now + 29 * MINUTE) == {}
    assert found(store, now + 31 * MINUTE)[Cause.UNCONFIRMED].count == 10
    assert found(store, now + DAY + MINUTE) == {}, "what is older is past mending"


def test_a_call_list_that_grows(store: Store, town: Town, now: datetime) -> None:
    put(store, 30, now - 2 * DAY, state=State.CALL.value, settled_at=now - 2 * DAY)
    put(store, 19, now, state=State.CALL.value, settled_at=now)
    assert found(store, now) == {}
    put(store, 1, now + MINUTE, state=State.CALL.value, settled_at=now)
    assert found(store, now)[Cause.CALLS].count == 20


def test_notices_that_nobody_tells(store: Store, town: Town, now: datetime) -> None:
    agenda = {
        "subject": "term", "anchor": now, "edition": 1, "rung": 0, "marks": "", "waits_for": None, "told_at": None,
        "asked_at": None, "acknowledged_at": None, "acknowledged_by": None,
    }  # fmt: skip
    with store.unit() as unit:
        unit.session.execute(
            insert(Agenda),
            [
                agenda | {"subject_id": 1, "next_at": now, "stopped_at": None},
                agenda | {"subject_id": 2, "next_at": now - DAY, "stopped_at": now},
                agenda | {"subject_id": 3, "next_at": now + DAY, "stopped_at": None},
                agenda | {"subject_id": 4, "next_at": None, "stopped_at": None},
            ],
        )
    assert found(store, now + 29 * MINUTE) == {}
    finding = found(store, now + 30 * MINUTE)[Cause.AGENDA]
    assert (finding.count, finding.since) == (1, now)
    with store.reading() as unit:
        figures = unit.watching.figures(now + 30 * MINUTE)
    assert (figures.agendas_due, figures.agenda_age_s) == (1, 1800.0)


def test_a_job_that_stands_still_in_a_process_that_goes_on(store: Store, town: Town, now: datetime) -> None:
    def beat(job: str, silent_s: float) -> Beat:
        return Beat(job=job, every_s=30.0, completed_at=now, silent_s=silent_s)

    with store.unit() as unit:
        unit.heartbeats.write("a:1", [beat("deliver", 10.0), beat("clocks", 10.0)], now)
    assert found(store, now) == {}
    with store.unit() as unit:
        unit.heartbeats.write("a:1", [beat("deliver", allowed_s(30.0) + 1), beat("clocks", 10.0)], now)
        unit.heartbeats.write("b:2", [beat("deliver", 5.0)], now)
    finding = found(store, now)[Cause.ROUNDS]
    assert (finding.count, finding.where) == (1, "a:1 deliver")
    # A process that ended is nobody's alarm: others do its work. Its rows are swept away after a day.
    gone = now + timedelta(seconds=allowed_s(WRITTEN_EVERY_S) + 1)
    assert found(store, gone) == {}
    with store.unit() as unit:
        unit.heartbeats.write("b:2", [beat("deliver", 5.0)], now + DAY + MINUTE)
        assert [(each.process, each.job) for each in unit.heartbeats.all()] == [("b:2", "deliver")]


def test_the_figures_count_what_has_not_arrived(store: Store, town: Town, now: datetime) -> None:
    put(store, 3, now)
    for state in (State.WAITING, State.CALL, State.DEAD, State.SENT, State.DELIVERED):
        put(store, 2, now, state=state.value, settled_at=now, message_id="7")
    with store.reading() as unit:
        figures = unit.watching.figures(now + 31 * MINUTE)
    assert figures.letters == {"pending": 3, "waiting": 2, "call": 2, "dead": 2, "unconfirmed": 2}


def test_each_cause_is_told_once_a_day(store: Store, town: Town, now: datetime) -> None:
    put(store, 1, now - DAY)
    assert alarmed(store, now) == [Cause.LATE]
    put(store, 1, now, state=State.DEAD.value, settled_at=now)
    assert alarmed(store, now + MINUTE) == [Cause.DEAD], "what was told today is not told again"
    assert alarmed(store, now + 14 * timedelta(hours=1)) == []
    assert alarmed(store, now + 15 * timedelta(hours=1)) == [Cause.LATE, Cause.DEAD], (
        "a new day began at midnight"
    )
    assert alarmed(store, now) == [], "nor by a clock that was set back"


def test_the_heads_of_all_trees_are_told(store: Store, town: Town, now: datetime) -> None:
    put(store, 1, now - DAY)
    with store.unit() as unit:
        unit.watching.alarm(now)
        (happening,) = unit.happenings
    assert isinstance(happening, Alarmed)
    assert happening.organisation_ids == (town.organisations["county"],)


def test_a_calendar_that_comes_to_its_end_is_told_from_december_on_once_a_week(
    store: Store, town: Town
) -> None:
    told = [
        day
        for day in range(1, 62)
        if alarmed(store, datetime(2026, 11, 15, 10, tzinfo=SHANGHAI) + day * DAY) == [Cause.CALENDAR]
    ]
    days = [(datetime(2026, 11, 15, tzinfo=SHANGHAI) + day * DAY).date().isoformat() for day in told]
    assert days == [
        "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22", "2026-12-29", "2027-01-05", "2027-01-12",
    ]  # fmt: skip
    assert found(store, datetime(2026, 12, 1, tzinfo=SHANGHAI))[Cause.CALENDAR].until is not None
    assert found(store, datetime(2027, 1, 1, tzinfo=SHANGHAI))[Cause.CALENDAR].until is None

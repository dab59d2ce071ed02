"""Outbox and inbox: every letter once and by one process, every message answered once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.base import Conflict
from models.identity import Identity
from models.letter import Outcome, Verdict
from models.outbox import MOST_ATTEMPTS, OutboxRow, Priority, window_open
from models.received import Entry
from models.store import Store, Unit
from models.told import Said
from tests.store.conftest import Village


def owe(unit: Unit, key: str, now: datetime, **more: object) -> None:
    facts: dict[str, object] = {"openid": "o1", **more}
    unit.outbox.post(key=key, kind="case_filed", text=f"信 {key}", fields={"number": "12"}, now=now, **facts)  # type: ignore[arg-type]


def greeted(store: Store, now: datetime, *openids: str) -> None:
    with store.unit() as unit:
        for openid in openids or ("o1",):
            unit.inbox.greet(openid, wrote=True, gesture=False, now=now)


def row_of(unit: Unit, letter_id: int) -> OutboxRow:
    row = unit.session.get(OutboxRow, letter_id)
    assert row is not None
    return row


def test_the_same_key_is_owed_once(store: Store, now: datetime) -> None:
    greeted(store, now)
    for _ in range(3):
        with store.unit() as unit:
            owe(unit, "case:1", now)
            owe(unit, "case:1", now)
    with store.reading() as unit:
        assert unit.outbox.backlog(now + timedelta(seconds=9)) == (1, 9.0)


def test_urgent_letters_go_first_and_a_leased_one_is_nobody_elses(store: Store, now: datetime) -> None:
    greeted(store, now)
    with store.unit() as unit:
        owe(unit, "news", now, priority=Priority.NEWS)
        owe(unit, "duty", now)
        owe(unit, "urgent", now, priority=Priority.URGENT)
        owe(unit, "later", now, due_at=now + timedelta(hours=1))
    with store.unit() as unit:
        first = unit.outbox.lease(now, 2)
    assert [letter.text for letter in first] == ["信 urgent", "信 duty"]
    assert first[0].window_open
    assert first[0].fields == {"number": "12"}
    with store.unit() as unit:
        assert [letter.text for letter in unit.outbox.lease(now, 9)] == ["信 news"]
    with store.unit() as unit:
        assert unit.outbox.lease(now, 9) == []


@pytest.mark.postgres
def test_two_processes_at_once_never_lease_the_same_letter(postgresql_store: Store, now: datetime) -> None:
    greeted(postgresql_store, now, *(f"o{number}" for number in range(40)))
    with postgresql_store.unit() as unit:
        for number in range(40):
            owe(unit, f"letter:{number}", now, openid=f"o{number}")
    with postgresql_store.unit() as one, postgresql_store.unit() as two:
        mine = {letter.id for letter in one.outbox.lease(now, 25)}
        theirs = {letter.id for letter in two.outbox.lease(now, 25)}  # does not wait for the other
    assert (len(mine), len(theirs)) == (25, 15)
    assert not mine & theirs


def test_whoever_is_not_on_wechat_is_called(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        owe(unit, "call", now, openid=None, member_id=village.li.member_id)
    with store.unit() as unit:
        assert unit.outbox.lease(now, 9) == []
    with store.reading() as unit:
        row = row_of(unit, 1)
        assert row.state == "call"
        assert "电话" in row.reason


def test_a_letter_to_a_member_finds_their_wechat(store: Store, village: Village, now: datetime) -> None:
    greeted(store, now, "o1", "o2")
    with store.unit() as unit:
        unit.identities.of("o2").bind(village.li.member_id, now)
        owe(unit, "to-li", now, openid=None, member_id=village.li.member_id)
    with store.unit() as unit:
        assert [letter.openid for letter in unit.outbox.lease(now, 9)] == ["o2"]


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, "sent"),
        (Verdict.RETRY, "pending"),
        (Verdict.WAIT, "waiting"),
        (Verdict.DEAD, "dead"),
    ],
)
def test_what_an_attempt_comes_to(store: Store, now: datetime, verdict: Verdict, state: str) -> None:
    greeted(store, now)
    with store.unit() as unit:
        owe(unit, "k", now)
    with store.unit() as unit:
        (letter,) = unit.outbox.lease(now, 1)
    outcome = Outcome(verdict=verdict, channel="custom", retry_after_s=30, reason="45015", message_id="77")
    with store.unit() as unit:
        unit.outbox.settle(letter.id, outcome, now)
    with store.reading() as unit:
        row = row_of(unit, letter.id)
        assert (row.state, row.channel, row.attempts, row.lease_until) == (state, "custom", 1, None)
        assert unit.identities.of("o1").sends_left == (4 if verdict is Verdict.ACCEPTED else 5)
        if verdict is Verdict.RETRY:
            assert row.due_at == now + timedelta(seconds=30)
        else:
            before = row.settled_at
            unit.outbox.settle(letter.id, Outcome(verdict=Verdict.DEAD), now + timedelta(days=1))
            assert (row.state, row.settled_at) == (state, before)


def test_a_letter_that_was_tried_too_often_is_dead(store: Store, now: datetime) -> None:
    greeted(store, now)
    with store.unit() as unit:
        owe(unit, "k", now)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with store.unit() as unit:
            (letter,) = unit.outbox.lease(now + timedelta(hours=attempt), 1)
            unit.outbox.settle(letter.id, Outcome(verdict=Verdict.RETRY), now + timedelta(hours=attempt))
            assert row_of(unit, letter.id).state == ("dead" if attempt == MOST_ATTEMPTS else "pending")


def test_what_waits_is_said_at_the_next_contact_once(store: Store, now: datetime) -> None:
    greeted(store, now, "o1", "o2")
    with store.unit() as unit:
        for number in range(4):
            owe(unit, f"k{number}", now)
        for letter in unit.outbox.lease(now, 9):
            unit.outbox.settle(letter.id, Outcome(verdict=Verdict.WAIT), now)
    with store.unit() as unit:
        assert unit.inbox.arrive("o1", "m1").waiting == 4
        assert unit.inbox.arrive("o2", "m1").waiting == 0
        assert unit.outbox.say_waiting("o2", now) == Said([], 0)
        assert unit.outbox.say_waiting("o1", now) == Said(["信 k0", "信 k1", "信 k2"], 1)
        assert unit.outbox.say_waiting("o1", now) == Said(["信 k3"], 0)
        assert unit.outbox.say_waiting("o1", now) == Said([], 0)
        assert unit.inbox.arrive("o1", "m2").waiting == 0


def test_the_platforms_word_on_a_template(store: Store, now: datetime) -> None:
    greeted(store, now)
    with store.unit() as unit:
        owe(unit, "a", now)
        owe(unit, "b", now)
        for letter, number in zip(unit.outbox.lease(now, 9), ("501", "502"), strict=True):
            sent = Outcome(verdict=Verdict.ACCEPTED, channel="template", message_id=number)
            unit.outbox.settle(letter.id, sent, now)
    with store.unit() as unit:
        unit.outbox.delivered("501", "success", now)
        unit.outbox.delivered("502", "failed:user block", now)
        unit.outbox.delivered("999", "success", now)
    with store.reading() as unit:
        assert [row_of(unit, number).state for number in (1, 2)] == ["delivered", "waiting"]


@pytest.mark.parametrize(
    ("wrote", "gesture", "left", "is_open"),
    [
        (None, None, 5, False),
        (timedelta(0), None, 5, True),
        (timedelta(hours=47, minutes=59), None, 1, True),
        (timedelta(hours=48), None, 5, False),
        (timedelta(0), None, 0, False),
        (None, timedelta(seconds=59), 3, True),
        (None, timedelta(minutes=1), 3, False),
        (timedelta(hours=49), timedelta(seconds=5), 3, True),
    ],
)
def test_when_a_message_may_be_sent(
    wrote: timedelta | None, gesture: timedelta | None, left: int, is_open: bool, now: datetime
) -> None:
    identity = Identity.meet("o1", now)
    identity.last_message_at = None if wrote is None else now - wrote
    identity.last_gesture_at = None if gesture is None else now - gesture
    identity.sends_left = left
    assert window_open(identity, now) is is_open


def test_greeting_opens_the_window_and_a_tap_takes_nothing_away(store: Store, now: datetime) -> None:
    later = now + timedelta(minutes=5)
    left = []
    for openid, steps in [
        ("a", ["wrote"]),
        ("b", ["tap"]),
        ("c", ["wrote", "tap"]),
        ("d", ["quiet", "wrote"]),
    ]:
        with store.unit() as unit:
            for step, at in zip(steps, (now, later), strict=False):
                unit.inbox.greet(openid, wrote=step == "wrote", gesture=step == "tap", now=at)
            identity = unit.identities.of(openid)
            left.append((identity.sends_left, identity.first_seen_at, identity.last_message_at))
    assert left == [(5, now, now), (3, now, None), (5, now, now), (5, now, later)]


def test_arriving_tells_all_that_a_message_needs(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        stranger = unit.inbox.arrive("o1", "m1")
        assert (stranger.answered, stranger.known, stranger.member_id, stranger.step) == (
            False,
            False,
            None,
            None,
        )
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        unit.identities.of("o1").agree(now)
        unit.identities.of("o1").bind(village.zhang.member_id, now)
        unit.session.flush()
        unit.inbox.stand("o1", step="report.place", facts='{"number":12}', expires_at=now)
        unit.inbox.stand("o1", step="report.confirm", facts='{"number":13}', expires_at=now)
        known = unit.inbox.arrive("o1", "m1")
        assert (known.known, known.member_id, known.organisation_id) == (
            True,
            village.zhang.member_id,
            village.east,
        )
        assert unit.vault.open(known.name_sealed or b"", "member.name") == "张建国"
        assert (known.step, known.expires_at) == ("report.confirm", now)
        assert unit.inbox.step_of("o1") == ("report.confirm", '{"number":13}')
        unit.inbox.leave("o1")
        assert unit.inbox.step_of("o1") is None
        assert unit.inbox.arrive("o1", "m1").step is None


def entry(key: str, now: datetime, reply: str | None) -> Entry:
    return Entry(
        key=key,
        openid="o1",
        kind="text",
        body='{"text":"我叫张建国"}',
        parse=None,
        version="t",
        handler="help",
        reply=reply,
        fault="",
        at=now,
    )


@pytest.mark.parametrize("reply", ["收到了", "", None])
def test_a_repeat_finds_its_answer(store: Store, now: datetime, reply: str | None) -> None:
    with store.unit() as unit:
        unit.inbox.remember(entry("m1", now, reply))
    with store.unit() as unit:
        again = unit.inbox.arrive("o1", "m1")
        assert again.answered
        kept = None if again.reply_sealed is None else unit.inbox.reply(again.reply_sealed)
        assert kept == reply
        assert not unit.inbox.arrive("o1", "m2").answered
        assert [(key, body) for key, body, _ in unit.inbox.since(now, 5)] == [("m1", '{"text":"我叫张建国"}')]


def test_whoever_answers_second_is_told(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.remember(entry("m1", now, "一"))
    with pytest.raises(Conflict), store.unit() as unit:
        unit.inbox.remember(entry("m1", now, "二"))
    with store.reading() as unit:
        assert unit.inbox.reply(unit.inbox.arrive("o1", "m1").reply_sealed or b"") == "一"


def test_messages_are_forgotten_when_they_have_been_kept_long_enough(store: Store, now: datetime) -> None:
    for day in range(5):
        with store.unit() as unit:
            unit.inbox.remember(
                Entry(
                    key=f"m:{day}",
                    openid="o1",
                    kind="Text",
                    body="{}",
                    parse=None,
                    version="",
                    handler="",
                    reply=None,
                    fault="",
                    at=now + timedelta(days=day),
                )
            )
    later = now + timedelta(days=183, hours=1)
    with store.reading() as unit:
        assert not unit.inbox.outlived(now + timedelta(days=180))
        assert unit.inbox.outlived(later)
    with store.unit() as unit:
        assert unit.inbox.forget_outlived(later, limit=3) == 3
        assert unit.inbox.forget_outlived(later, limit=3) == 1
        assert unit.inbox.forget_outlived(later, limit=3) == 0
    with store.reading() as unit:
        assert not unit.inbox.outlived(later)
        assert [key for key, _, _ in unit.inbox.since(now, 9)] == ["m:4"]

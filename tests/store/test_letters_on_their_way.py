"""Letters on their way: pauses, crashes, agreements, and what is known of them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from models.agenda import About
from models.due import Route, WindowThenTemplate
from models.letter import CUSTOM, SUBSCRIPTION, TEMPLATE, Outcome, PauseAsked, Verdict
from models.outbox import Priority, State
from models.pause import BROKEN, EVERYTHING, Pause
from models.policy import Notices, Policy
from models.store import Store
from tests.store.conftest import Village
from tests.store.owing import ACCEPTED, on_wechat, owe, settle, states, take, texts

# ---- pauses --------------------------------------------------------------------------------------


class Paused(WindowThenTemplate):
    """A way that is closed while it is paused, as the channels have it."""

    def route(self, kind: str, *, pauses: Mapping[str, Pause], now: datetime, **facts: Any) -> Route:
        pause = pauses.get(TEMPLATE)
        return Route(TEMPLATE) if pause is None else Route("", pause.until, pause.reason)


def test_a_pause_is_known_to_all_and_costs_no_attempt(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("p1", wrote=False, gesture=False, now=now)
        owe(unit, "a", now, openid="p1", priority=Priority.URGENT)
    letters = take(store, now, routes=Paused())
    refused = Outcome(
        verdict=Verdict.RETRY,
        channel=TEMPLATE,
        pauses=(PauseAsked(TEMPLATE, 600, "配额"), PauseAsked(f"{BROKEN}T", None, "模板")),
    )
    settle(store, letters, refused, now)
    soon = now + timedelta(minutes=5)
    with store.unit() as unit:
        taken = unit.outbox.take(soon, 9, Paused())
        assert taken.letters == []
        assert {name: pause.reason for name, pause in taken.pauses.items()} == {
            TEMPLATE: "配额",
            f"{BROKEN}T": "模板",
        }
    assert len(take(store, now + timedelta(minutes=10), routes=Paused())) == 1
    with store.unit() as unit:
        assert set(unit.pauses.current(now + timedelta(days=9))) == {f"{BROKEN}T"}
        unit.pauses.pause_for(f"{BROKEN}T", 60, reason="短一些", now=now)
        assert unit.pauses.current(now)[f"{BROKEN}T"].reason == "模板"
        assert unit.pauses.resume(f"{BROKEN}T") == 1


def test_an_operator_stops_everything(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("p1", wrote=False, gesture=False, now=now)
        owe(unit, "a", now, openid="p1", priority=Priority.URGENT)
        unit.pauses.pause(EVERYTHING, until=None, reason="查问题")
    assert take(store, now) == []
    with store.unit() as unit:
        assert unit.pauses.resume() == 1
    assert texts(take(store, now)) == ["信 a"]


# ---- after a crash -------------------------------------------------------------------------------


def test_after_a_crash_a_template_goes_out_again_under_its_number_and_nothing_else_does(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.zhang.member_id)
    on_wechat(store, now, village.wang.member_id, wrote=True)
    with store.unit() as unit:
        owe(unit, "template", now, member_id=village.zhang.member_id)
        owe(unit, "template2", now, member_id=village.zhang.member_id)
        owe(unit, "custom", now, member_id=village.wang.member_id)
    first = take(store, now)
    assert {letter.channel for letter in first} == {TEMPLATE, CUSTOM}
    assert take(store, now + timedelta(seconds=80)) == []
    again = take(store, now + timedelta(minutes=2))
    [template] = [letter for letter in first if letter.channel == TEMPLATE]
    assert [(each.client_msg_id, each.text, each.ids) for each in again] == [
        (template.client_msg_id, template.text, template.ids)
    ]
    assert again[0].again
    assert states(store)["custom"] == ("waiting", "发送中断，不知是否已送达，等对方下次来信时告知")
    # What the first process comes to say now is too late.
    settle(store, first, ACCEPTED, now + timedelta(minutes=2))
    assert states(store)["template"][0] == "pending"
    assert take(store, now + timedelta(minutes=12)) == []
    with store.reading() as unit:
        assert unit.outbox.uncertain() == 3
        assert unit.outbox.counts()["waiting"] == 3


def test_a_template_that_was_not_answered_is_not_sent_again_too_late(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.zhang.member_id)
    unknown = Outcome(verdict=Verdict.RETRY, channel=TEMPLATE, retry_after_s=5, uncertain=True)
    settle(store, take(store, now), unknown, now)
    soon = now + timedelta(minutes=8)
    second = take(store, soon)
    assert [letter.again for letter in second] == [True]
    settle(store, second, unknown, soon)
    assert take(store, now + timedelta(minutes=11)) == []
    assert states(store)["a"][0] == "waiting"


def test_what_was_not_begun_is_given_back_at_once(store: Store, village: Village, now: datetime) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.zhang.member_id)
    letters = take(store, now)
    with store.unit() as unit:
        unit.outbox.release(letters, now)
        assert unit.allowance.used(date(2026, 5, 11), TEMPLATE) == 0
    [again] = take(store, now)
    assert (again.again, again.attempt) == (False, 2)


# ---- consents ------------------------------------------------------------------------------------


class Subscribed(WindowThenTemplate):
    """Only subscribe notifications."""

    wants_consents = True

    def route(self, kind: str, *, consents: frozenset[str], **facts: Any) -> Route:
        return Route(SUBSCRIPTION if "SUB" in consents else "")


def test_each_agreement_is_good_for_one_notification(store: Store, now: datetime) -> None:
    store.policy = Policy(notices=Notices(standing_consents=frozenset({"LONG"})))
    with store.unit() as unit:
        unit.inbox.greet("p1", wrote=False, gesture=False, now=now)
        unit.consents.give("p1", "SUB")
        unit.consents.give("p1", "SUB")
        unit.consents.give("p1", "LONG")
        for number in range(3):
            owe(unit, f"k{number}", now, openid="p1")
    sent = Outcome(verdict=Verdict.ACCEPTED, channel=SUBSCRIPTION, template_id="SUB")
    for expected in (SUBSCRIPTION, SUBSCRIPTION, ""):
        [letter] = take(store, now, limit=1, routes=Subscribed())
        assert letter.channel == expected
        settle(store, [letter], sent, now)
    with store.unit() as unit:
        unit.consents.use_all([("p1", "LONG")])
        assert unit.consents.open_to(["p1"]) == {"p1": frozenset({"LONG"})}
        unit.consents.take_back("p1", "LONG")
        assert unit.consents.open_to(["p1"]) == {}


def test_a_refusal_takes_the_agreement_away(store: Store, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("p1", wrote=False, gesture=False, now=now)
        for _ in range(3):
            unit.consents.give("p1", "SUB")
        owe(unit, "a", now, openid="p1")
    letters = take(store, now, routes=Subscribed())
    settle(store, letters, Outcome(verdict=Verdict.WAIT, channel=SUBSCRIPTION, refused_template="SUB"), now)
    with store.reading() as unit:
        assert unit.consents.open_to(["p1"]) == {}


# ---- questions -----------------------------------------------------------------------------------


def test_who_was_told_or_may_have_been(store: Store, village: Village, now: datetime) -> None:
    people = (village.zhang, village.li, village.wang, village.bao)
    on_wechat(store, now, *(person.member_id for person in people))
    about = About("fair", 5)
    with store.unit() as unit:
        for person in people:
            owe(
                unit,
                f"k{person.member_id}",
                now,
                member_id=person.member_id,
                about=about,
                due_at=now + timedelta(hours=1) if person is village.bao else now,
            )
    letters = {letter.member_id: letter for letter in take(store, now)}
    settle(store, [letters[village.zhang.member_id]], ACCEPTED, now)
    settle(store, [letters[village.wang.member_id]], Outcome(verdict=Verdict.WAIT), now)
    with store.reading() as unit:
        assert unit.outbox.told("fair", 5) == {village.zhang.member_id, village.li.member_id}
        assert unit.outbox.told("fair", 6) == set()
        assert unit.outbox.told("", 0) == set()


def test_a_template_that_is_never_confirmed_is_counted_and_not_sent_again(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.zhang.member_id)
    settle(store, take(store, now), ACCEPTED, now)
    with store.unit() as unit:
        assert unit.outbox.unconfirmed(now + timedelta(minutes=29)) == 0
        assert unit.outbox.unconfirmed(now + timedelta(minutes=31)) == 1
        unit.outbox.delivered("77", "success", now + timedelta(minutes=32))
        assert unit.outbox.unconfirmed(now + timedelta(hours=9)) == 0


def test_whoever_asks_hears_what_was_put_off_and_then_what_they_were_told(
    store: Store, village: Village, now: datetime
) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        owe(unit, "one", now, member_id=zhang)
    settle(store, take(store, now), ACCEPTED, now)
    with store.unit() as unit:
        for key in ("two", "three", "four", "five"):
            owe(unit, key, now, member_id=zhang)
    assert take(store, now) == []
    openid = f"o{zhang}"
    with store.unit() as unit:
        assert unit.outbox.say_waiting(openid, now).texts == []
        said = unit.outbox.say_owed(openid, zhang, now)
        assert (said.texts, said.rest) == (["信 two", "信 three", "信 four"], 1)
        said = unit.outbox.say_owed(openid, zhang, now)
        assert (said.texts, said.rest) == (["信 five"], 0)
        assert {each.text for each in unit.outbox.lately(openid, zhang, now - timedelta(days=1), 9)} == {
            "信 one", "信 two", "信 three", "信 four", "信 five"
        }  # fmt: skip
    assert take(store, now + timedelta(days=1)) == []


def test_what_waited_and_lost_its_purpose_is_not_said(store: Store, village: Village, now: datetime) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=zhang, about=About("", 0, not_after=now + timedelta(hours=1)))
        owe(unit, "b", now, member_id=zhang)
    settle(store, take(store, now), Outcome(verdict=Verdict.WAIT), now)
    with store.unit() as unit:
        said = unit.outbox.say_waiting(f"o{zhang}", now + timedelta(hours=2))
        assert (said.texts, said.rest) == (["信 b"], 0)
    assert states(store)["a"][0] == State.DROPPED.value


def test_only_as_much_is_said_as_has_room(store: Store, village: Village, now: datetime) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        for number in range(3):
            unit.outbox.post(key=f"k{number}", kind="x", text="长" * 200, fields={}, now=now, member_id=zhang)
    settle(store, take(store, now), Outcome(verdict=Verdict.WAIT), now)
    with store.unit() as unit:
        said = unit.outbox.say_waiting(f"o{zhang}", now, room=1_300)
        assert (len(said.texts), said.rest) == (2, 1)


def test_the_dead_are_owed_anew(store: Store, village: Village, now: datetime) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.zhang.member_id)
        owe(unit, "b", now, member_id=village.bao.member_id, priority=Priority.DUTY)
    settle(store, take(store, now), Outcome(verdict=Verdict.DEAD, reason="45002"), now)
    with store.unit() as unit:
        [dead] = unit.outbox.standing(State.DEAD, 9)
        assert (dead.reason, dead.member_id) == ("45002", village.zhang.member_id)
        [call] = unit.outbox.standing(State.CALL, 9)
        assert unit.outbox.retry(now) == 1
        assert unit.outbox.retry(now, call.id) == 1
        assert unit.outbox.retry(now, 99) == 0
    assert texts(take(store, now)) == ["信 a"]

"""What leaves, what waits and what is dropped, at the moment of sending."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.agenda import About
from models.circular import Circular
from models.letter import CUSTOM, SUBSCRIPTION, TEMPLATE, Outcome, Verdict
from models.moment import SHANGHAI
from models.outbox import OutboxRow, Priority
from models.owed import Body
from models.quiet import Quiet
from models.store import Store, Unit
from tests.store.conftest import Village
from tests.store.owing import ACCEPTED, on_wechat, owe, settle, states, take, texts, tight

# ---- purpose -------------------------------------------------------------------------------------


def test_a_letter_whose_matter_moved_ended_or_was_answered_is_dropped(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.li.member_id)
    with store.unit() as unit:
        anchor = now + timedelta(days=10)
        for number in (1, 2, 3, 4):
            unit.agendas.plan("term", number, anchor)
        for number, rung in ((1, "week"), (2, "week"), (3, "deputy"), (4, "deputy"), (9, "week"), (2, "")):
            owe(
                unit,
                f"term:{number}{'' if rung else ':off'}",
                now,
                member_id=village.li.member_id,
                office_id=village.east,
                about=About("term", number, edition=1, rung=rung),
            )
        unit.agendas.move("term", 1, anchor + timedelta(days=3), now)
        unit.agendas.stop("term", 2, now)
        unit.agendas.acknowledge("term", 3, village.li.member_id, now)
    assert texts(take(store, now)) == ["信 term:2:off", "信 term:4"]
    found = states(store)
    assert {key: found[f"term:{key}"] for key in (1, 2, 3, 9)} == {
        1: ("dropped", "安排已经变了"),
        2: ("dropped", "事情已经结束或者取消"),
        3: ("dropped", "已经有人回执"),
        9: ("dropped", "事情已经结束或者取消"),
    }


def test_what_is_too_late_is_dropped(store: Store, village: Village, now: datetime) -> None:
    on_wechat(store, now, village.zhang.member_id)
    with store.unit() as unit:
        owe(unit, "a", now, member_id=village.zhang.member_id, about=About("", 0, not_after=now))
    assert take(store, now) == []
    assert states(store)["a"] == ("dropped", "已经过了要说的时候")


def circular(unit: Unit, now: datetime, key: str = "c") -> int:
    letter = Circular(
        key=key,
        kind="news",
        body_sealed=Body("给大家的信", {"title": "通知"}).seal(unit.vault),
        priority=3,
        due_at=now,
        not_after=None,
        subject="",
        subject_id=None,
        edition=0,
        rung="",
        asks=False,
        audience="all",
        audience_id=None,
        cursor=0,
        created_at=now,
        done_at=None,
        withdrawn_at=None,
    )
    unit.session.add(letter)
    unit.session.flush()
    return letter.id


def test_a_copy_of_a_circular_says_what_the_circular_says_until_that_is_taken_back(
    store: Store, village: Village, now: datetime
) -> None:
    on_wechat(store, now, village.zhang.member_id, village.wang.member_id)
    with store.unit() as unit:
        number = circular(unit, now)
        for person in (village.zhang, village.wang):
            owe(unit, f"c:{person.member_id}", now, member_id=person.member_id)
        unit.session.flush()
        for row in unit.session.query(OutboxRow).all():
            row.body_sealed, row.circular_id = None, number
    [letter, _] = take(store, now)
    assert (letter.text, letter.fields) == ("给大家的信", {"title": "通知"})
    with store.unit() as unit:
        unit.outbox.release([letter], now)
        unit.session.get_one(Circular, number).withdrawn_at = now
    assert take(store, now) == []
    assert states(store)[f"c:{letter.member_id}"] == ("dropped", "通知已撤回")


# ---- quiet hours ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "ends"),
    [
        ("08:00", None),
        ("12:30", None),
        ("19:58", None),
        ("19:59", "12 08:00"),
        ("20:00", "12 08:00"),
        ("23:59", "12 08:00"),
        ("00:00", "11 08:00"),
        ("07:59", "11 08:00"),
    ],
)
def test_when_it_is_quiet(clock: str, ends: str | None) -> None:
    moment = datetime.combine(date(2026, 5, 11), time.fromisoformat(clock), SHANGHAI).astimezone(UTC)
    end = Quiet.read("20:00-08:00").end(moment)
    assert (None if end is None else f"{end.astimezone(SHANGHAI):%d %H:%M}") == ends


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    noon = Quiet.read("12:00-14:00")
    assert noon.end(datetime(2026, 5, 11, 13, 0, tzinfo=SHANGHAI)) == datetime(
        2026, 5, 11, 14, 0, tzinfo=SHANGHAI
    )
    assert noon.end(datetime(2026, 5, 11, 14, 0, tzinfo=SHANGHAI)) is None
    assert Quiet.read("").end(datetime(2026, 5, 11, 3, 0, tzinfo=SHANGHAI)) is None
    assert Quiet.read("").tomorrow(datetime(2026, 5, 11, 3, 0, tzinfo=SHANGHAI)) == datetime(
        2026, 5, 12, 8, 0, tzinfo=SHANGHAI
    )


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - given its zone below
    st.times(),
    st.times(),
)
def test_quiet_hours_end_and_then_are_over(moment: datetime, since: time, until: time) -> None:
    moment = moment.replace(tzinfo=SHANGHAI)
    quiet = Quiet(f"{since:%H:%M}", f"{until:%H:%M}")
    end = quiet.end(moment)
    if end is not None:
        assert moment < end <= moment + timedelta(days=1, minutes=1)
        # Where the pause between two of them is a minute, the next ones begin at once.
        assert quiet.end(end) is None or quiet.end(end - timedelta(minutes=1)) is not None


def test_at_night_only_what_is_urgent_leaves(store: Store, village: Village, now: datetime) -> None:
    night = now.replace(hour=22)
    on_wechat(store, night, village.zhang.member_id, village.wang.member_id)
    with store.unit() as unit:
        owe(unit, "news", night, member_id=village.zhang.member_id)
        owe(unit, "danger", night, member_id=village.wang.member_id, priority=Priority.URGENT)
    with store.unit() as unit:
        taken = unit.outbox.take(night, 50)
        assert (texts(taken.letters), taken.looked_at) == (["信 danger"], 2)
    assert states(store)["news"] == ("pending", "免打扰时间，到点再发")
    with store.unit() as unit:
        assert unit.outbox.take(night, 50).looked_at == 0
        assert unit.outbox.backlog(night)[0] == 1  # the one on its way
    morning = (night + timedelta(days=1)).replace(hour=8)
    assert texts(take(store, morning)) == ["信 news"]


# ---- one push a day ------------------------------------------------------------------------------


def test_a_member_gets_one_push_a_day_and_the_next_morning_all_that_came_meanwhile(
    store: Store, village: Village, now: datetime
) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        owe(unit, "one", now, member_id=zhang)
    first = take(store, now)
    settle(store, first, ACCEPTED, now)
    later = now + timedelta(hours=2)
    with store.unit() as unit:
        owe(unit, "two", later, member_id=zhang)
        owe(unit, "three", later, member_id=zhang, priority=Priority.ANSWER)
        owe(unit, "danger", later, member_id=zhang, priority=Priority.URGENT)
        owe(unit, "duty", later, member_id=village.li.member_id, office_id=village.east)
    on_wechat(store, now, village.li.member_id)
    assert texts(take(store, later)) == ["信 danger", "信 duty"]
    assert states(store)["two"] == ("pending", "今天已经推送过，明天一起说")
    morning = (now + timedelta(days=1)).replace(hour=8)
    [digest] = take(store, morning)
    assert (digest.text, len(digest.ids), digest.id) == ("信 three\n——\n信 two", 2, digest.ids[0])
    settle(store, [digest], ACCEPTED, morning)
    found = states(store)
    assert found["two"] == found["three"] == ("sent", "")


def test_a_push_that_did_not_go_out_does_not_count(store: Store, village: Village, now: datetime) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        owe(unit, "one", now, member_id=zhang)
    first = take(store, now)
    settle(store, first, Outcome(verdict=Verdict.RETRY, channel=TEMPLATE), now)
    with store.unit() as unit:
        owe(unit, "two", now, member_id=zhang)
    again = take(store, now + timedelta(minutes=1))
    assert texts(again) == ["信 one"]
    settle(store, again, Outcome(verdict=Verdict.WAIT, channel=TEMPLATE), now)
    with store.unit() as unit:
        owe(unit, "three", now, member_id=zhang)
    assert texts(take(store, now + timedelta(minutes=2))) == ["信 three"]


def test_what_does_not_fit_into_one_message_waits_for_the_next_day(
    store: Store, village: Village, now: datetime
) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang)
    with store.unit() as unit:
        for number in range(5):
            unit.outbox.post(
                key=f"k{number}",
                kind="case_filed",
                text=f"{number}" + "长" * 290,
                fields={},
                now=now,
                member_id=zhang,
            )
    [digest] = take(store, now)
    assert (len(digest.ids), digest.more) == (2, 3)
    assert len(digest.text.encode()) <= 1_900


def test_two_at_the_same_moment_leave_together_even_from_different_batches(
    store: Store, village: Village, now: datetime
) -> None:
    zhang = village.zhang.member_id
    on_wechat(store, now, zhang, village.wang.member_id)
    with store.unit() as unit:
        owe(unit, "one", now, member_id=zhang, priority=Priority.DUTY)
        owe(unit, "other", now, member_id=village.wang.member_id, priority=Priority.DUTY)
        owe(unit, "two", now, member_id=zhang, priority=Priority.INVITE)
    assert texts(take(store, now, limit=2)) == ["信 one\n——\n信 two", "信 other"]


def test_officers_get_many_at_once_as_one_message(store: Store, village: Village, now: datetime) -> None:
    li = village.li.member_id
    on_wechat(store, now, li, wrote=True)
    with store.unit() as unit:
        for number in range(3):
            owe(unit, f"k{number}", now, member_id=li, office_id=village.east, priority=Priority.DUTY)
    [digest] = take(store, now)
    assert (digest.text, digest.channel) == ("信 k0\n——\n信 k1\n——\n信 k2", CUSTOM)


# ---- the quota -----------------------------------------------------------------------------------


def test_news_leaves_room_for_what_is_urgent(store: Store, village: Village, now: datetime) -> None:
    tight(store, 10)
    with store.unit() as unit:
        for number in range(30):
            unit.inbox.greet(f"p{number}", wrote=False, gesture=False, now=now)
    for priority, expected in (
        (Priority.NEWS, 6),
        (Priority.DUTY, 2),
        (Priority.ANSWER, 2),
        (Priority.URGENT, 0),
    ):
        with store.unit() as unit:
            for number in range(7):
                owe(unit, f"{priority}:{number}", now, openid=f"p{number}", priority=priority)
        letters = take(store, now)
        assert len(letters) == expected, priority
        settle(store, letters, ACCEPTED, now)
    assert states(store)["3:6"] == ("pending", "今天的模板消息额度留给更急的事，明天再发")
    with store.unit() as unit:
        assert unit.allowance.used(date(2026, 5, 11), TEMPLATE) == 10
    morning = (now + timedelta(days=1)).replace(hour=8)
    assert len(take(store, morning)) == 10


def test_what_went_another_way_is_given_back(store: Store, village: Village, now: datetime) -> None:
    with store.unit() as unit:
        for number in range(4):
            unit.inbox.greet(f"p{number}", wrote=False, gesture=False, now=now)
            owe(unit, f"k{number}", now, openid=f"p{number}")
    letters = take(store, now)
    outcomes = [
        ACCEPTED,
        Outcome(verdict=Verdict.WAIT, channel=TEMPLATE),
        Outcome(verdict=Verdict.ACCEPTED, channel=SUBSCRIPTION),
        Outcome(verdict=Verdict.RETRY, channel=TEMPLATE, uncertain=True),
    ]
    with store.unit() as unit:
        unit.outbox.settle_all(list(zip(letters, outcomes, strict=True)), now)
        assert unit.allowance.used(date(2026, 5, 11), TEMPLATE) == 2


@pytest.mark.postgres
def test_two_processes_share_a_quota_and_a_members_day(postgresql_store: Store, now: datetime) -> None:
    store = postgresql_store
    tight(store, 10)
    with store.unit() as unit:
        for number in range(40):
            unit.inbox.greet(f"p{number}", wrote=False, gesture=False, now=now)
            owe(unit, f"k{number}", now, openid=f"p{number}", priority=Priority.ANSWER)
    found: list[int] = []
    together = threading.Barrier(2)

    def go() -> None:
        together.wait()
        for _ in range(8):
            found.extend(letter.id for letter in take(store, now, limit=5))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 10

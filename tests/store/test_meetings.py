"""Joint meetings: calling, moving and calling off, what is told of them, and what they are to talk about."""

from __future__ import annotations

from datetime import datetime

import pytest

from models.chairing import NotChairing
from models.life import CaseState
from models.meeting import (
    AgendaFull,
    ItemKnown,
    MeetingBegun,
    MeetingCalled,
    MeetingChanged,
    MeetingPast,
    MinutesWritten,
    NoMeeting,
    NoSuchItem,
    NotInMeeting,
    OddHour,
)
from models.store import Store
from tests.store.meeting import MEETS, at, call, climb, decide, held, names, put, settle
from tests.store.town import Town, bring_to, report


@pytest.fixture
def town(store: Store) -> Town:
    """Everybody, with the calendar on file."""
    return settle(store)


# ---- calling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["chair", "lead"])
def test_the_desk_calls_one_at_a_time(store: Store, town: Town, part: str) -> None:
    with store.unit() as unit:
        meeting = unit.meetings.call(
            town.consortium, starts_at=MEETS, place="镇政府", by=town[part], now=at(5, 11)
        )
        assert (meeting.sequence, meeting.called_for) == (
            1,
            town.organisations["tax" if part == "chair" else "town"],
        )
        with pytest.raises(MeetingCalled):
            unit.meetings.call(
                town.consortium, starts_at=at(6, 5), place="镇政府", by=town["lead"], now=at(5, 12)
            )
        assert unit.meetings.ahead(town.consortium, MEETS) is None
        later = unit.meetings.call(
            town.consortium, starts_at=at(6, 5), place="镇政府", by=town["lead"], now=MEETS
        )
        assert later.sequence == 2


@pytest.mark.parametrize("part", ["reporter", "branch", "next_chair", "above", "stranger"])
def test_nobody_else_calls_moves_or_calls_off(store: Store, town: Town, part: str) -> None:
    with store.unit() as unit, pytest.raises(NotChairing):
        unit.meetings.call(town.consortium, starts_at=MEETS, place="", by=town[part], now=at(5, 11))
    meeting_id = call(store, town)
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        with pytest.raises(NotChairing):
            unit.meetings.move(meeting, starts_at=at(5, 29), by=town[part], now=at(5, 12))
        with pytest.raises(NotChairing):
            unit.meetings.cancel(meeting, reason="", by=town[part], now=at(5, 12))
        with pytest.raises(NotChairing):
            unit.meetings.write_minutes(meeting, "好", by=town[part], now=at(5, 28, 12))
    with pytest.raises(NotChairing):
        decide(store, town, meeting_id, by=part)


@pytest.mark.parametrize(
    ("starts_at", "refusal"),
    [
        (at(5, 11), MeetingPast),
        (at(5, 10), MeetingPast),
        (at(5, 28, 3), OddHour),
        (at(5, 28, 21, 1), OddHour),
    ],
)
def test_nobody_meets_in_the_past_or_at_night(
    store: Store, town: Town, starts_at: datetime, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        call(store, town, starts_at=starts_at)
    meeting_id = call(store, town)
    with store.unit() as unit, pytest.raises(refusal):
        unit.meetings.move(held(unit, meeting_id), starts_at=starts_at, by=town["chair"], now=at(5, 11))


def test_the_chair_of_another_month_holds_what_was_called(store: Store, town: Town) -> None:
    meeting_id = call(store, town, starts_at=at(6, 5))
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        with pytest.raises(NotChairing):
            unit.meetings.move(meeting, starts_at=at(6, 8), by=town["chair"], now=at(6, 1))
        unit.meetings.move(meeting, starts_at=at(6, 8), by=town["next_chair"], now=at(6, 1))
        assert meeting.place == "镇政府"


def test_the_number_of_one_that_was_called_off_goes_to_the_next(store: Store, town: Town) -> None:
    first = call(store, town)
    with store.unit() as unit:
        assert not unit.meetings.cancel(held(unit, first), reason="抗旱", by=town["chair"], now=at(5, 12))
        assert not [each for each in unit.happenings if isinstance(each, MeetingChanged)], "nobody knew of it"
        with pytest.raises(NoMeeting):
            unit.meetings.cancel(held(unit, first), reason="", by=town["chair"], now=at(5, 12))
    second = call(store, town, now=at(5, 13))
    with store.unit() as unit, pytest.raises(MeetingBegun):
        unit.meetings.move(held(unit, second), starts_at=at(5, 30), by=town["chair"], now=MEETS)
    with store.reading() as unit:
        assert held(unit, second).sequence == 1
        assert unit.meetings.at_hand(town.consortium, MEETS).id == second  # type: ignore[union-attr]


# ---- what is told --------------------------------------------------------------------------------


def test_the_ladder_of_a_meeting_that_was_called_in_time(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    members = {"town", "village", "tax", "power", "market"}
    [called] = climb(store, at(5, 11, 9, 1))
    assert (called.about.rung, names(town, called), called.about.asks) == ("called", members, True)
    assert called.about.not_after == MEETS
    [topics] = climb(store, at(5, 13))
    assert (topics.about.rung, names(town, topics)) == ("topics", members)
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        unit.meetings.answer(
            meeting, town.organisations["power"], coming=True, by=town["next_chair"], now=at(5, 14)
        )
        unit.meetings.answer(
            meeting, town.organisations["market"], coming=False, by=town["market"], now=at(5, 14)
        )
        unit.agendas.acknowledge("meeting", meeting_id, town["market"].member_id, at(5, 14))
    [week] = climb(store, at(5, 21))
    assert (week.about.rung, names(town, week), week.about.asks) == (
        "week",
        members - {"power", "market"},
        True,
    )
    [above] = climb(store, at(5, 26))
    assert (above.about.rung, names(town, above)) == ("above", {"county"})
    assert (above.coming, above.absent, above.open_answers, above.lead) == (1, 1, 3, "官地镇党委")
    [eve] = climb(store, at(5, 27))
    assert (eve.about.rung, names(town, eve), eve.about.asks) == ("eve", members - {"market"}, False)
    [minutes] = climb(store, at(5, 29))
    assert (minutes.about.rung, names(town, minutes)) == ("minutes", {"tax"})
    assert climb(store, at(7, 30)) == [], "nothing was decided, so there is nothing to report back"


def test_one_that_is_called_late_begins_with_the_invitation(store: Store, town: Town) -> None:
    call(store, town, now=at(5, 27, 10))
    called, above = sorted(climb(store, at(5, 27, 10, 1)), key=lambda each: each.about.rung, reverse=True)
    assert (called.about.rung, called.about.asks) == ("called", True)
    assert (above.about.rung, names(town, above)) == ("above", {"county"})


def test_those_who_were_told_hear_once_that_it_moved_and_are_asked_again(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    climb(store, at(5, 26))
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        unit.meetings.answer(
            meeting, town.organisations["power"], coming=True, by=town["next_chair"], now=at(5, 26)
        )
        assert unit.meetings.move(meeting, starts_at=at(5, 29, 15), place="", by=town["chair"], now=at(5, 26))
        [moved] = [each for each in unit.happenings if isinstance(each, MeetingChanged)]
        assert (moved.cancelled, moved.told.starts_at, moved.about.edition) == (False, at(5, 29, 15), 2)
        assert len(moved.organisation_ids) == 5
        assert moved.above_ids == (town.organisations["county"],)
        assert unit.meetings.attendance(meeting) == {}
    assert climb(store, at(5, 26, 10)) == [], "the rungs behind were told"
    assert [each.about.rung for each in climb(store, at(5, 27, 10))] == ["above"]
    assert [(each.about.rung, each.about.edition) for each in climb(store, at(5, 28))] == [("eve", 2)]


def test_those_who_were_told_hear_once_that_it_is_off(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    climb(store, at(5, 12))
    with store.unit() as unit:
        assert unit.meetings.cancel(held(unit, meeting_id), reason="抗旱", by=town["lead"], now=at(5, 13))
        [off] = [each for each in unit.happenings if isinstance(each, MeetingChanged)]
        assert (off.cancelled, off.reason, off.told.sequence, off.above_ids) == (True, "抗旱", 1, ())
    assert climb(store, at(8, 1)) == []


def test_written_minutes_need_no_reminder_and_are_read_by_all(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    climb(store, at(5, 27))
    with store.unit() as unit:
        unit.meetings.write_minutes(held(unit, meeting_id), "都说好了", by=town["chair"], now=at(5, 28, 12))
        [written] = [each for each in unit.happenings if isinstance(each, MinutesWritten)]
        assert (written.minutes, written.resolutions, len(written.organisation_ids)) == ("都说好了", 0, 5)
    assert climb(store, at(5, 29)) == []


def test_results_are_reported_back_to_the_chair_of_that_day_until_all_is_done(
    store: Store, town: Town
) -> None:
    meeting_id = call(store, town)
    number = report(store, town, at(5, 12))
    decide(store, town, meeting_id, number=number)
    with store.unit() as unit:
        case = unit.casework.find(number)
        unit.claiming.claim(case, by=town["next_chair"], now=at(5, 29))
        unit.solving.resolve(case, by=town["next_chair"], note="换了新灯", now=at(6, 3))
    climb(store, at(6, 1))
    [month] = climb(store, at(6, 29))  # the 27th is a Saturday
    assert (month.about.rung, month.done, month.resolved) == ("month", 0, 1)
    assert names(town, month) == {"power", "town"}
    with store.unit() as unit:
        unit.closing.evaluate(unit.casework.find(number), 5, by=town["reporter"], text="", now=at(7, 1))
    [last] = climb(store, at(7, 27))
    assert (last.about.rung, last.done, last.resolved) == ("two_months", 1, 1)
    assert names(town, last) == {"town"}, "nobody chairs in July: the lead stands in"


def test_when_all_is_done_after_a_month_nobody_is_told_again(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    number = report(store, town, at(5, 12))
    bring_to(store, town, number, CaseState.IN_PROGRESS, at(5, 13))
    decide(store, town, meeting_id, number=number)
    with store.unit() as unit:
        case = unit.casework.find(number)
        unit.solving.resolve(case, by=town["next_chair"], note="换了新灯", now=at(6, 3))
        unit.closing.evaluate(case, 5, by=town["reporter"], text="", now=at(6, 4))
    climb(store, at(6, 1))
    assert [each.done for each in climb(store, at(6, 29))] == [1]
    assert climb(store, at(7, 30)) == []


# ---- items ---------------------------------------------------------------------------------------


def test_items_come_from_those_who_hold_a_post_each_once(store: Store, town: Town) -> None:
    meeting_id, number = call(store, town), report(store, town, at(5, 11))
    put(store, town, meeting_id, number)
    put(store, town, meeting_id, text="修路，找张福来13800001234")
    with store.unit() as unit:
        meeting = held(unit, meeting_id)
        items = unit.meetings.items(meeting)
        assert [(each.position, each.case_number) for each in items] == [(1, number), (2, None)]
        assert items[0].text == "村口路灯坏了，俩都不亮"
        assert "138" not in items[1].text
        assert items[0].organisation_id == town.organisations["village"]
        for part in ("reporter", "stranger", "above"):
            with pytest.raises(NotInMeeting):
                unit.meetings.put_item(meeting, text="别的", case=None, by=town[part], now=at(5, 12))
        case = unit.casework.find(number)
        with pytest.raises(ItemKnown):
            unit.meetings.put_item(meeting, text="", case=case, by=town["market"], now=at(5, 12))
        with pytest.raises(NoSuchItem):
            unit.meetings.item(meeting, 3)
        for place in range(18):
            unit.meetings.put_item(meeting, text=f"第{place}件", case=None, by=town["market"], now=at(5, 12))
        with pytest.raises(AgendaFull):
            unit.meetings.put_item(meeting, text="再一件", case=None, by=town["market"], now=at(5, 12))


def test_what_was_raised_and_what_most_wait_for_is_worth_talking_about(store: Store, town: Town) -> None:
    meeting_id = call(store, town)
    plain, joined, private, done, known = (report(store, town, at(5, 1 + day)) for day in range(5))
    with store.unit() as unit:
        unit.cases.join(unit.casework.find(joined), by=town["neighbour"], now=at(5, 10))
    bring_to(store, town, done, CaseState.CLOSED, at(5, 10))
    hidden = report(store, town, at(5, 10), private=True)
    put(store, town, meeting_id, known)
    with store.reading() as unit:
        suggested = unit.meetings.suggest(held(unit, meeting_id), at(5, 12))
        found = [(each.case.number, each.joined, each.waiting_days) for each in suggested]
        assert found == [(joined, 1, 10), (plain, 0, 11), (private, 0, 9)]
        assert hidden not in [each.case.number for each in suggested]
    with store.unit() as unit:
        unit.casework.find(private).raised_at = at(5, 12)
    with store.reading() as unit:
        first = unit.meetings.suggest(held(unit, meeting_id), at(5, 12), limit=1)
        assert [(each.case.number, each.raised) for each in first] == [(private, True)]

"""The ladders of notices as data, and the way of one agenda along its ladder."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from models.agenda import Agenda, Ladder, Rung, notice_ladders
from models.moment import SHANGHAI
from models.workday import Calendar, YearMissing, shipped

CALENDAR = Calendar({entry.day: entry.worked for entry in shipped()})
JUNE = datetime(2026, 6, 1, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_rung_that_falls_on_a_day_off_goes_to_a_working_day() -> None:
    week = Rung(name="week", to=("incoming",), days=-7, roll="before")
    # A week before Monday the 11th of May is Labour Day's Monday the 4th, a day off in 2026.
    assert week.moment(at("2026-05-11"), CALENDAR) == at("2026-04-30T09:00")
    after = Rung(name="after", to=("incoming",), days=-7, roll="after")
    assert after.moment(at("2026-05-11"), CALENDAR) == at("2026-05-06T09:00")
    stays = Rung(name="stays", to=("incoming",), days=-7, at="19:30")
    assert stays.moment(at("2026-05-11"), CALENDAR) == at("2026-05-04T19:30")


def test_a_rung_counted_in_working_days_or_hours() -> None:
    assert Rung(name="a", to=(), workdays=-2).moment(at("2026-05-07"), CALENDAR) == at("2026-04-30T09:00")
    assert Rung(name="a", to=(), hours=-3).moment(at("2026-05-07T08:00"), CALENDAR) == at("2026-05-07T05:00")


def test_no_rung_falls_on_a_guessed_working_day() -> None:
    with pytest.raises(YearMissing):
        Rung(name="a", to=(), days=10, roll="after").moment(at("2026-12-31"), CALENDAR)
    ladder = Ladder(
        subject="x",
        rung=(
            Rung(name="a", to=(), days=-3, roll="before"),
            Rung(name="b", to=(), days=0),
        ),
    )
    anchor = at("2027-02-01")
    moment, missing = ladder.next_after(0, anchor, CALENDAR)
    assert (moment, missing) == (at("2027-02-01T09:00"), 2027)
    assert ladder.reached(anchor, at("2027-02-01T09:00"), CALENDAR) == 2


def test_a_rung_has_exactly_one_offset() -> None:
    with pytest.raises(ValueError, match="one offset"):
        Rung(name="a", to=())
    with pytest.raises(ValueError, match="one offset"):
        Rung(name="a", to=(), days=1, hours=1)


@pytest.mark.parametrize("ladder", notice_ladders().values(), ids=lambda ladder: ladder.subject)
def test_the_shipped_ladders_go_upwards_and_name_each_rung_once(ladder: Ladder) -> None:
    moments = [rung.moment(JUNE, CALENDAR) for rung in ladder.rung]
    assert moments == sorted(moments)
    names = [rung.name for rung in ladder.rung]
    assert len(set(names)) == len(names)
    assert all(0 <= rung.priority <= 4 and rung.to for rung in ladder.rung)


def test_what_was_told_counts_no_more_when_the_matter_moves() -> None:
    agenda = Agenda.begin("term", 1, at("2026-06-01"))
    agenda.schedule(CALENDAR)
    assert agenda.next_at == at("2026-04-30T09:00")
    agenda.rung, agenda.told_at = 3, at("2026-05-25T09:00")
    agenda.acknowledge(7, at("2026-05-25T10:00"))
    agenda.acknowledge(8, at("2026-05-25T11:00"))
    assert (agenda.acknowledged_by, agenda.marked("acknowledged")) == (7, True)
    agenda.move(at("2026-07-01"), at("2026-05-26T08:00"), CALENDAR, anew=False)
    # 30 days before July is past working Monday the 1st of June? No: it is to come.
    assert (agenda.edition, agenda.rung, agenda.marked("acknowledged")) == (2, 0, False)
    assert agenda.next_at is not None
    assert agenda.next_at.date() == date(2026, 6, 1)


def test_other_people_are_told_from_the_last_rung_on() -> None:
    agenda = Agenda.begin("term", 1, at("2026-06-01"))
    agenda.rung, agenda.told_at = 3, at("2026-05-25T09:00")
    agenda.move(at("2026-06-01"), at("2026-05-26T08:00"), CALENDAR, anew=True)
    assert (agenda.rung, agenda.told_at) == (0, None)
    assert agenda.next_at == at("2026-04-30T09:00")  # long past: the next look tells the last one, late

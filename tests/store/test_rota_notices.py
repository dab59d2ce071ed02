"""What is told of turns as they come nearer, move or go to others; and the right of the chair at midnight."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.commands.importing import take_over
from bot.commands.intake.plan import Progress
from models.agenda import Reminded
from models.directory import Directory
from models.moment import local
from models.rota import Kind, Row, TermChange
from models.store import Store
from models.turnkeeping import TermReminded
from models.turns import Origin
from tests.store.tables import ROTATION, as_csv
from tests.store.test_rotas import at, told, town
from tests.store.town import Town, report

__all__ = ["town"]


def climb(store: Store, now: datetime) -> list[Reminded]:
    with store.unit() as unit:
        unit.reminding.climb(now)
        return [each for each in unit.happenings if isinstance(each, Reminded)]


def test_a_turn_that_moves_is_told_to_whoever_was_told_before(
    store: Store, town: Town, now: datetime
) -> None:
    assert [each.about.rung for each in climb(store, now)] == ["preview"]
    with store.unit() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        unit.agendas.acknowledge("term", june.id, town["next_chair"].member_id, now)
        unit.rotas.take_over(
            town.consortium,
            [_row(june.id, 2, june.organisation_id, date(2026, 6, 8), date(2026, 6, 30))],
            now,
        )
        unit.rotas.tell(now)
        assert told(unit) == {town.organisations["power"]: [Kind.MOVED]}
        agenda = unit.agendas.of("term", june.id)
        assert agenda is not None
        assert (agenda.edition, agenda.marked("acknowledged")) == (2, False)
    # It climbs on from where the new day puts it.
    assert [each.about.rung for each in climb(store, at("2026-05-25T10:00"))] == ["topics"]


def test_a_turn_that_goes_to_another_is_told_off_and_the_other_climbs_anew(
    store: Store, town: Town, now: datetime
) -> None:
    climb(store, at("2026-05-20T09:00"))
    with store.unit() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        unit.rotas.take_over(
            town.consortium,
            [_row(june.id, 2, town.organisations["market"], june.starts_on, june.ends_on)],
            now,
        )
        unit.rotas.tell(now)
        assert told(unit) == {town.organisations["power"]: [Kind.OFF]}
    [anew] = climb(store, at("2026-05-20T10:00"))
    assert isinstance(anew, TermReminded)
    assert (anew.about.rung, anew.about.edition) == ("topics", 2)
    assert anew.organisation_id == town.organisations["market"]


def test_an_import_that_changes_what_nobody_was_told_is_nobodys_news(
    store: Store, town: Town, now: datetime
) -> None:
    with store.unit() as unit:
        june = unit.consortia.terms_of(town.consortium)[1]
        unit.rotas.take_over(
            town.consortium,
            [_row(june.id, 2, town.organisations["market"], june.starts_on, june.ends_on)],
            now,
        )
        assert not unit.rotas.telling_due()
        [off, given] = unit.session.scalars(select(TermChange).order_by(TermChange.id)).all()
        assert (off.kind, off.cause, given.kind) == ("off", "import", "given")


def test_silence_goes_up_from_the_deputy_to_the_lead_and_above(
    store: Store, town: Town, now: datetime
) -> None:
    heard = []
    for day in range(20, 33):
        moment = at("2026-05-01T10:30") + timedelta(days=day)
        heard += [(local(moment).day, each.about.rung, each.to) for each in climb(store, moment)]
    assert heard == [
        (21, "topics", ("incoming",)),
        (25, "week", ("incoming",)),
        (25, "leaving", ("outgoing",)),
        (27, "deputy", ("deputy",)),
        (29, "lead", ("lead",)),
        (31, "eve", ("incoming",)),
        (31, "above", ("above",)),
        (1, "begins", ("incoming",)),
        (1, "begin", ("both",)),
    ]


def _row(term_id: int, sequence: int, organisation_id: int, first: date, last: date) -> Row:
    return Row(term_id, sequence, organisation_id, first, last, Origin.IMPORT)


def test_a_table_that_is_imported_ahead_is_told_when_its_time_comes_and_its_changes_once(
    store: Store, town: Town, now: datetime, tmp_path: Path
) -> None:
    with store.unit() as unit:
        codes = {each.id: each.code for each in unit.organisations.all()}

    def bring(*rows: tuple[object, ...]) -> str:
        path = tmp_path / "rotation.csv"
        path.write_bytes(as_csv([ROTATION[0], *(list(row) for row in rows)]))
        return str(take_over(store, "rotation", path, now, dry_run=False, progress=Progress()))

    july = ("R", 3, codes[town.organisations["market"]], "2026-07-01", "2026-07-31")
    assert bring(july) == "新增 1，更新 0，未变 0"
    assert bring(july) == "新增 0，更新 0，未变 1"
    with store.unit() as unit:
        assert unit.rotas.plan(now) == 1
        assert not unit.rotas.telling_due()
    assert [each.about.rung for each in climb(store, at("2026-06-17T10:00"))][-1] == "topics"
    assert bring((*july[:4], "2026-07-30")) == "新增 0，更新 1，未变 0"
    with store.unit() as unit:
        assert unit.rotas.tell(now) == 1
        assert told(unit) == {town.organisations["market"]: [Kind.MOVED]}
    with store.unit() as unit:
        assert unit.rotas.tell(now) == 0


# ---- the right of the chair --------------------------------------------------------------------------


def test_the_right_of_the_chair_goes_over_at_midnight_everywhere(
    store: Store, town: Town, now: datetime
) -> None:
    last, first = at("2026-05-31T23:59:59"), at("2026-06-01T00:00:00")
    tax, power = town.organisations["tax"], town.organisations["power"]
    directory = Directory()
    number = report(store, town, now)
    for moment, chair, idle in ((last, "chair", "next_chair"), (first, "next_chair", "chair")):
        with store.unit() as unit:
            day = local(moment).date()
            expected = tax if chair == "chair" else power
            assert unit.card(town.organisations["village"], moment).chair_id == expected
            assert directory.card(town.organisations["village"], unit, moment).chair_id == expected
            found = unit.consortia.chair(town.consortium, day)
            assert found is not None
            assert found[1].id == expected
            case = unit.casework.find(number)
            assert unit.standings.duty(case, moment).chair_id == expected
            assert "chair" in {role.value for role in unit.standings.of(case, town[chair], moment).roles}
            assert "chair" not in {role.value for role in unit.standings.of(case, town[idle], moment).roles}
            assert [each.id for each in unit.books.desks(town[chair], moment)] == [town.consortium]
            assert unit.books.desks(town[idle], moment) == []

"""Two years of one consortium: what its ledgers say, beside SQL that was written by hand and knows no models."""

from __future__ import annotations

import itertools
import re
import shutil
from argparse import Namespace
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from bot.__main__ import main
from bot.commands import demo, sample
from bot.kit.clock import MovableClock
from bot.ledger.export import Written, write
from bot.ledger.layout import layouts
from models.asof import Period, Scope
from models.ledgers import LEDGERS, Ask
from models.moment import SHANGHAI
from models.store import Store
from models.vault import Vault
from tests.conftest import BOTH, KEY, new_database

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=SHANGHAI)
EARLY = datetime(2025, 8, 1, 12, 0, tzinfo=SHANGHAI)
"""Until then the years take a quarter of the time."""
MIDSUMMER, YEAR_END, TODAY = date(2025, 6, 30), date(2025, 12, 31), NOW.date()
DAYS = [MIDSUMMER, YEAR_END, TODAY]
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=BOTH)
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Store]:
    """A database of each kind with the two years in it; the tests only read."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("sample") / "sample.db"
        url = f"sqlite:///{shutil.copy(sqlite_template, path)}"
    else:
        server = request.getfixturevalue("postgresql_server")
        template = request.getfixturevalue("postgresql_template")
        url = new_database(server, f"sample_{next(_numbers)}", template)
    store = Store(url, Vault(KEY))
    sample.load(store, NOW)
    yield store
    store.close()


def ask(store: Store, query: str, day: date, since: date | None = None) -> Any:
    """The one value of a query; ``:end`` in it is the midnight after the day, ``:begin`` the one before ``since``."""
    moments = {":end": _midnight(day + timedelta(days=1)), ":begin": _midnight(since or date(2000, 1, 2))}
    for name, moment in moments.items():
        query = query.replace(name, f"'{moment}'")
    with store.engine.connect() as connection:
        return connection.execute(text(query.replace(":day", f"'{day}'"))).scalar()


def _midnight(day: date) -> str:
    """The first moment of a day in Chifeng, as the clocks of Greenwich have it."""
    return f"{day - timedelta(days=1)} 16:00:00+00"


STATE = """(SELECT t.state FROM timeline t WHERE t.case_number = c.number AND t.at < :end AND t.state <> ''
            ORDER BY t.at DESC, t.id DESC LIMIT 1)"""
SUBMITTED = f"c.submitted_at < :end AND COALESCE({STATE}, '') NOT IN ('withdrawn', 'merged')"
WORDS = "e.case_number = c.number AND e.kind IN ('rating', 'second') AND e.at < :end"
TOTALS = {
    "融合体": "SELECT COUNT(*) FROM consortia",
    "党组织": "SELECT COUNT(*) FROM organisations WHERE created_at < :end",
    "党员": "SELECT COUNT(*) FROM members WHERE joined_at < :end",
    "签订清单": "SELECT COUNT(*) FROM (SELECT DISTINCT consortium_id, kind, period FROM books"
    " WHERE signed_at < :end) AS lists",
    "认领": "SELECT COUNT(*) FROM claims WHERE effective_at < :end",
    "解决问题（含需求）": f"""SELECT COUNT(*) FROM cases c WHERE c.kind <> 'project'
        AND {STATE} IN ('closed', 'archived') AND NOT EXISTS (
        SELECT 1 FROM timeline w WHERE w.case_number = c.number AND w.event = 'write_off' AND w.at < :end)""",
    "提出需求": f"SELECT COUNT(*) FROM cases c WHERE c.kind = 'need' AND {SUBMITTED}",
    "提出问题": f"SELECT COUNT(*) FROM cases c WHERE c.kind = 'problem' AND {SUBMITTED}",
    "项目": f"SELECT COUNT(*) FROM cases c WHERE c.kind = 'project' AND {SUBMITTED}",
    "在供资源": "SELECT COUNT(*) FROM supplies WHERE side = '供给' AND (valid_until IS NULL OR valid_until >= :day)",
    "开展活动": "SELECT COUNT(*) FROM activities WHERE held_at < :end",
    "志愿服务人次": """SELECT COUNT(*) FROM service_records s WHERE s.created_at < :end AND s.done_on <= :day
        AND (s.withdrawn_at IS NULL OR s.withdrawn_at >= :end) AND (s.source = 'system'
        OR (s.state = 'verified' AND s.judged_at < :end))""",
}
"""The overview's counts. That nobody leaves, closes, or comes back from being written off is part of the story."""
RATED = f"""SELECT COUNT(*) FROM cases c WHERE {SUBMITTED}
    AND EXISTS (SELECT 1 FROM evaluations e WHERE {WORDS})"""
CONTENT = f"""SELECT COUNT(*) FROM cases c WHERE {SUBMITTED}
    AND (SELECT e.level FROM evaluations e WHERE {WORDS} ORDER BY e.at DESC, e.id DESC LIMIT 1) >= 3"""
ROWS = {
    "problems": "SELECT COUNT(*) FROM cases WHERE kind = 'problem' AND submitted_at < :end",
    "needs": "SELECT COUNT(*) FROM cases WHERE kind = 'need' AND submitted_at < :end",
    "supplies": "SELECT COUNT(*) FROM supplies WHERE side = '供给'",
    "projects": "SELECT COUNT(*) FROM cases WHERE kind = 'project' AND submitted_at < :end",
    "books": "SELECT COUNT(*) FROM books WHERE signed_at < :end",
    "rotation": "SELECT COUNT(*) FROM terms WHERE starts_on <= :day",
    "meetings": """SELECT (SELECT COUNT(*) FROM resolutions r WHERE r.at < :end)
        + (SELECT COUNT(*) FROM meeting_items i JOIN meetings m ON m.id = i.meeting_id WHERE m.starts_at < :end
           AND NOT EXISTS (SELECT 1 FROM resolutions r WHERE r.item_id = i.id))""",
    "activities": "SELECT COUNT(*) FROM activities WHERE starts_at < :end AND created_at < :end",
    "volunteer": """SELECT (SELECT COUNT(DISTINCT activity_number) FROM service_records
        WHERE source = 'system' AND done_on <= :day AND created_at < :end
        AND (withdrawn_at IS NULL OR withdrawn_at >= :end)) + (SELECT COUNT(*) FROM service_records
        WHERE source = 'late' AND done_on <= :day AND created_at < :end
        AND (state <> 'refused' OR judged_at >= :end))""",
    "urgings": "SELECT COUNT(*) FROM urgings WHERE level IN ('urge', 'supervise', 'escalate') AND at < :end",
    "gaps": f"""SELECT COUNT(*) FROM (
        SELECT c.category FROM cases c WHERE c.kind = 'need' AND {SUBMITTED} UNION
        SELECT s.category FROM supplies s WHERE s.side = '供给' AND s.area = '林西县'
        AND (s.valid_until IS NULL OR s.valid_until >= :day)) AS found""",
}
"""How many rows each table has; all of the consortium's branches lie in one county."""


def rows(store: Store, key: str, day: date, since: date | None = None) -> list[Any]:
    """A ledger's rows."""
    with store.reading() as unit:
        return list(LEDGERS[key](Ask(unit, Period(day, since))))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_overview_counts_what_plain_sql_counts(lived: Store, day: date) -> None:
    figures = {row.label: row for row in rows(lived, "overview", day)}
    assert {label: figures[label].value for label in TOTALS} == {
        label: ask(lived, query, day) for label, query in TOTALS.items()
    }
    rated, content = ask(lived, RATED, day), ask(lived, CONTENT, day)
    assert figures["参评率"].numerator == figures["满意率"].denominator == rated
    assert figures["满意率"].numerator == content
    assert 0 < content <= rated


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("key", ROWS)
def test_every_table_has_as_many_rows_as_plain_sql_finds(lived: Store, key: str, day: date) -> None:
    assert len(rows(lived, key, day)) == ask(lived, ROWS[key], day)


@pytest.mark.parametrize(
    ("since", "until"), [(date(2025, 7, 1), date(2025, 7, 31)), (date(2026, 7, 1), TODAY)]
)
def test_the_monthly_report_counts_what_plain_sql_counts(lived: Store, since: date, until: date) -> None:
    report = rows(lived, "monthly", until, since)
    claims = "SELECT COUNT(*) FROM claims WHERE effective_at >= :begin AND effective_at < :end"
    done = f"""SELECT COUNT(DISTINCT t.case_number) FROM timeline t JOIN cases c ON c.number = t.case_number
        WHERE t.state = 'resolved' AND t.at >= :begin AND t.at < :end AND {SUBMITTED}"""
    assert sum(row.claims for row in report) == ask(lived, claims, until, since)
    assert sum(row.done for row in report) == ask(lived, done, until, since)
    assert len({row.organisation for row in report}) == len(report) > 2


def test_turns_add_up_to_all_that_was_reported(lived: Store) -> None:
    turns = rows(lived, "rotation", TODAY)
    figures = {row.label: row.value for row in rows(lived, "overview", TODAY)}
    assert sum(turn.reported for turn in turns) == sum(
        figures[label] for label in ("提出需求", "提出问题", "项目")
    )
    assert sum(turn.activities for turn in turns) == figures["开展活动"] > 0
    assert len({turn.organisation for turn in turns}) == 13, "everybody has had a turn"


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_meetings_decided_stands_as_plain_sql_finds_it(lived: Store, day: date) -> None:
    """Seven meetings, each with something new that was filed as its own, and with days for what was under way."""
    told = rows(lived, "meetings", day)
    assert len({row.session for row in told}) == ask(
        lived, "SELECT COUNT(*) FROM meetings WHERE starts_at < :end AND state = 'called'", day
    )
    new = "SELECT COUNT(*) FROM cases c WHERE source = 'meeting' AND submitted_at < :end"
    assert sum(row.source.endswith("提出") for row in told) == ask(lived, new, day)
    done = f"""SELECT COUNT(*) FROM resolutions r JOIN cases c ON c.number = r.case_number
        WHERE r.at < :end AND {STATE} IN ('resolved', 'closed', 'archived')"""
    assert sum("日）" in row.progress for row in told) == ask(lived, done, day)


def test_needs_were_collected_in_every_turn(lived: Store) -> None:
    campaigns = "SELECT COUNT(*) FROM campaigns WHERE opened_at < :end"
    assert (
        ask(lived, campaigns, TODAY)
        == ask(lived, "SELECT COUNT(*) FROM terms WHERE starts_on <= :day", TODAY) - 1
    )
    kinds = "SELECT COUNT(DISTINCT answer) FROM campaign_answers WHERE answer IN ('need', 'no_need')"
    assert ask(lived, kinds, TODAY) == 2


def test_the_figures_have_the_shape_of_those_that_places_publish(lived: Store) -> None:
    """Fewer lists than claims, fewer claims than matters solved: a claim of a project solves several at once."""
    for day in (YEAR_END, TODAY):
        figures = {row.label: row.value for row in rows(lived, "overview", day)}
        assert 5 <= figures["签订清单"] < figures["认领"] < figures["解决问题（含需求）"]
    most = "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM project_items GROUP BY project_number) AS parts"
    assert ask(lived, most, TODAY) >= 5


def test_everything_happens_that_can(lived: Store) -> None:
    with lived.engine.connect() as connection:
        events = set(connection.execute(text("SELECT DISTINCT event FROM timeline")).scalars())
        kinds = set(connection.execute(text("SELECT DISTINCT close_kind FROM cases")).scalars())
        levels = set(connection.execute(text("SELECT DISTINCT level FROM urgings")).scalars())
        claims = set(connection.execute(text("SELECT DISTINCT state FROM claims")).scalars())
    assert events >= {
        "report", "join", "choose", "none_suits", "withdraw", "accept", "decline", "appeal", "transfer", "merge",
        "absorb", "publish", "dispatch", "invite", "refuse_invitation", "claim", "co_claim", "revoke", "contact",
        "progress", "extend_ask", "extend", "extend_refuse", "pause", "resume", "give_back", "lapse", "resolve",
        "evaluate", "evaluate_bad", "visit", "expire", "archive", "write_off", "reopen", "raise", "urge",
        "supervise", "add_item", "into_project",
    }  # fmt: skip
    assert kinds == {"", "normal", "study", "postponed", "handed_over", "shelved"}
    assert levels == {"invite", "remind", "urge", "supervise", "escalate"}
    assert claims == {"active", "fulfilled", "given_back", "revoked", "lapsed"}


def test_a_clerk_finds_no_word_of_the_programs(lived: Store, tmp_path: Path) -> None:
    """No code, no key, nothing in Latin letters but the numbers of agreements and entries."""
    with lived.reading() as unit:
        asked = Ask(unit, Period(TODAY), Scope.of_consortium(unit, "XNRH"))
        write(tmp_path / "all.xlsx", list(layouts().values()), asked, NOW, lambda title, count: None)
    book = load_workbook(tmp_path / "all.xlsx")
    assert len(book.worksheets) == len(layouts())
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for value in (cell.value for cell in row if isinstance(cell.value, str)):
                bare = re.sub(r"\b[0-9a-f]{16}\b|XNRH\S*|XNS\d+", "", value)
                assert not re.search(r"[A-Za-z]{2,}|_(?!_)(?<!__)", bare), (sheet.title, value)


def test_the_same_seed_gives_the_same_years(sqlite_template: Path, tmp_path: Path) -> None:
    def sealed(name: str, seed: int) -> list[Written]:
        store = Store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / name)}", Vault(KEY))
        assert sample.load(store, EARLY, seed=seed) == (date(2025, 1, 6), EARLY)
        with store.reading() as unit:
            asked = Ask(unit, Period(EARLY.date()))
            found = write(
                tmp_path / "x.xlsx", list(layouts().values()), asked, NOW, lambda title, count: None
            )
        store.close()
        return found

    first = sealed("a.db", 7)
    assert sealed("b.db", 7) == first
    assert sealed("c.db", 8) != first


def test_the_command_loads_it_once_and_the_demonstration_lives_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sample, "real_clock", lambda: EARLY)
    command = ["sample", "--data", str(tmp_path), "--years", "1"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "2025-01-06 到 2025-08-01" in said
    assert main(command) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    store, cast = demo.open_demo(demo.demo_config(0, tmp_path), MovableClock(NOW))
    with store.reading() as unit:
        assert unit.consortia.by_code("XNRH") is not None
        assert unit.consortia.by_code(demo.MAIN_CONSORTIUM) is not None
    store.close()
    assert cast


def test_years_without_a_calendar_are_refused(sqlite_store: Store) -> None:
    with pytest.raises(sample.Refused):
        sample.load(sqlite_store, datetime(2035, 5, 1, 9, 0, tzinfo=SHANGHAI))
    with sqlite_store.reading() as unit:
        assert unit.counts()["organisations"] == 0


@pytest.mark.parametrize(
    ("now", "years", "start", "end"),
    [
        (NOW, 2, date(2025, 1, 6), NOW),
        (NOW, 1, date(2025, 11, 25), NOW),
        (datetime(2027, 6, 30, 9, 0, tzinfo=SHANGHAI), 2, date(2025, 6, 28), datetime(2026, 12, 31, 18, 0, tzinfo=SHANGHAI)),
        (datetime(2024, 12, 31, 9, 0, tzinfo=SHANGHAI), 2, None, None),
    ],
)  # fmt: skip
def test_the_years_lie_where_working_days_are_known(
    sqlite_store: Store, now: datetime, years: int, start: date | None, end: datetime | None
) -> None:
    with sqlite_store.reading() as unit:
        if start is None:
            with pytest.raises(sample.Refused):
                sample.span(unit, now, years)
        else:
            assert sample.span(unit, now, years) == (start, end)


def test_a_database_that_is_not_migrated_is_a_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_PRIVACY__DATA_KEY", KEY)
    monkeypatch.setenv("BOT_DATABASE__URL", f"sqlite:///{tmp_path / 'empty.db'}")
    assert sample.run(Namespace(data=None, config=None, years=2, seed=1)) == 2
    assert "migrate" in capsys.readouterr().err

"""Tables of consortia and turns: what stands under what, who leads, who only looks on, what was dissolved."""

from __future__ import annotations

import pytest

from models.store import Store
from tests.store.tables import CONSORTIA, ROTATION, Bring


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (("联合党支部", "联合党总支"), "联合党总支不能设在联合党支部（R1）下面"),
        (("联合党委", "联盟"), None),
        (("联盟", "联盟"), "联盟不能设在联盟（R1）下面"),
    ],
)
def test_a_table_says_what_stands_under_what(
    bring: Bring,
    filled: Bring,
    capsys: pytest.CaptureFixture[str],
    kinds: tuple[str, str],
    reason: str | None,
) -> None:
    rows = [[*row] for row in CONSORTIA]
    rows[2][2], rows[1][2] = kinds
    assert bring("consortia", rows) == (1 if reason else 0)
    assert (reason or "") in capsys.readouterr().err


def test_a_table_with_too_many_levels(
    bring: Bring, filled: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [
        ("L", "联盟", ""),
        ("R1", "联合党委", "L"),
        ("R2", "联合党总支", "R1"),
        ("R3", "联合党支部", "R2"),
    ]
    rows = [CONSORTIA[0], *([code, code, kind, "跨领域", "T", "A", upper] for code, kind, upper in line)]
    assert bring("consortia", rows) == 1
    assert "融合体最多分 3 级" in capsys.readouterr().err
    assert bring("consortia", [rows[0], *rows[1:4]]) == 0


def test_a_table_knows_the_lead_and_leaves_other_roles_alone(
    bring: Bring, filled: Bring, sqlite_store: Store
) -> None:
    with sqlite_store.unit() as unit:
        consortium = unit.consortia.by_code("R1")
        organisation = unit.organisations.by_code("B")
        assert consortium is not None
        assert organisation is not None
        today = unit.founding.seats_of(consortium, organisation.id)[0].since
        unit.founding.serve_as(consortium, organisation.id, "observer", today)

    def roles() -> dict[str, str]:
        with sqlite_store.reading() as unit:
            consortium = unit.consortia.by_code("R1")
            assert consortium is not None
            return {each.name: each.role for each in unit.consortia.seated(consortium.id, today)}

    assert bring("consortia", CONSORTIA) == 0
    assert roles() == {"官地镇党委": "lead", "东沟村党支部": "member", "西沟村党支部": "observer"}
    rows = [[*row] for row in CONSORTIA]
    rows[2][4], rows[2][5] = "A", "T、B"
    assert bring("consortia", rows) == 0
    assert roles() == {"东沟村党支部": "lead", "官地镇党委": "member", "西沟村党支部": "observer"}


def test_an_observer_gets_no_turn_by_table(
    bring: Bring, filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite_store.unit() as unit:
        [consortium] = [each for each in unit.consortia.all() if each.code == "R1"]
        [organisation] = [each for each in unit.organisations.all() if each.code == "B"]
        today = unit.founding.seats_of(consortium, organisation.id)[0].since
        unit.founding.serve_as(consortium, organisation.id, "observer", today)
    assert bring("rotation", ROTATION) == 1
    assert "B 在融合体 R1 里是观察单位，不参加轮值" in capsys.readouterr().err


def test_a_consortium_that_was_dissolved_is_not_filled_again(
    bring: Bring, filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite_store.unit() as unit:
        consortium = unit.consortia.by_code("R2")
        assert consortium is not None
        [seat] = [each for each in unit.consortia.seats() if each.consortium_id == consortium.id]
        unit.founding.dissolve(consortium, seat.since)
    assert bring("consortia", CONSORTIA) == 1
    assert "融合体 R2 已经撤销" in capsys.readouterr().err

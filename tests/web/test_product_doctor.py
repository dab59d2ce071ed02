"""``doctor`` before a real server and a stand-in for the platform: what it finds, and the code it ends with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from bot import health
from bot.commands import doctor
from bot.config import Config, ConfigError, Database, Privacy
from bot.kit.clock import real_clock
from models import schema
from models.heartbeat import Beat
from models.outbox import OutboxRow
from models.store import Store
from models.vault import Vault, new_key
from tests.store.town import build
from tests.web.product import Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demonstration, whose simulated platform gives out tokens."""
    with Product(tmp_path_factory.mktemp("demo")) as product:
        yield product


@pytest.fixture
def config(product: Product) -> Config:
    """The settings under which the demonstration runs."""
    key = (product.folder / "demo.key").read_text(encoding="utf-8").strip()
    return Config(
        database=Database(url=f"sqlite:///{product.database}"),
        privacy=Privacy(data_key=key),
        wechat=product.settings,
    )


def said(config: Config, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """The exit code, and each line by its name."""
    code = doctor.run(config)
    # The demonstration goes on in this process, and its log begins with the time.
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("20")]
    assert all(line.split()[0] in ("好", "要修", "注意") for line in lines)
    return code, {line.split()[1].partition("：")[0]: line for line in lines}


def test_where_all_is_well_it_ends_with_zero(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(config, capsys)
    assert code == 0
    assert {line.split()[0] for line in lines.values()} <= {"好", "注意"}
    assert {
        "配置",
        "数据库",
        "数据库结构",
        "名册和清单",
        "积压",
        "定时的事",
        "自查",
        "停发",
        "工作日历",
        "微信接口",
        "时钟",
    } <= lines.keys()


def filled(config: Config, tmp_path: Path) -> tuple[Config, Store]:
    """The settings of a database of its own that somebody is in."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    store = Store(url, Vault(config.privacy.data_key))
    schema.upgrade(store)
    build(store, real_clock())
    return msgspec.structs.replace(config, database=Database(url=url)), store


def test_what_is_owed_and_not_told_must_be_mended(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, store = filled(config, tmp_path)
    now = real_clock()
    with store.unit() as unit:
        unit.outbox.post(key="k", kind="x", text="t", fields={}, now=now, openid="o")
        unit.session.execute(update(OutboxRow).values(state="dead", settled_at=now))
    code, lines = said(own, capsys)
    assert code == 1
    assert lines["自查"].startswith("要修")
    assert "1 封" in lines["自查"]
    assert lines["定时的事"].startswith("注意"), "nobody works on this database"
    store.close()


def test_a_job_that_stands_still_must_be_mended(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, store = filled(config, tmp_path)
    now = real_clock()
    beats = [
        Beat(job=job, every_s=30.0, completed_at=now, silent_s=silent_s)
        for job, silent_s in (("clocks", 3.0), ("deliver", 600.0))
    ]
    with store.unit() as unit:
        unit.heartbeats.write("one:1", beats, now)
    code, lines = said(own, capsys)
    assert code == 1
    assert "deliver（one:1，10 分钟）" in lines["定时的事"]
    assert "clocks" not in lines["定时的事"]
    store.close()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"app_secret": "wrong"}, "微信接口"),
        ({"app_secret": ""}, "微信接口"),
        ({"api_base": "http://127.0.0.1:9"}, "微信接口"),
        ({"token": ""}, "配置"),
    ],
)
def test_what_the_platform_would_refuse_must_be_mended(
    change: dict[str, str], name: str, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    wechat = msgspec.structs.replace(config.wechat, **change)
    code, lines = said(msgspec.structs.replace(config, wechat=wechat), capsys)
    assert code == 1
    assert lines[name].startswith("要修")
    assert lines["数据库"].startswith("好")


def test_a_key_that_is_missing_must_be_mended(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(msgspec.structs.replace(config, privacy=Privacy()), capsys)
    assert code == 1
    assert "privacy.data_key" in lines["数据库"]


def test_an_empty_database_must_be_migrated(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Database(url=f"sqlite:///{tmp_path / 'empty.db'}")
    code, lines = said(msgspec.structs.replace(config, database=empty), capsys)
    assert code == 1
    assert "python -m bot migrate" in lines["数据库结构"]


def test_a_database_without_anybody_in_it_must_be_filled(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'bare.db'}"
    store = Store(url, Vault(new_key()))
    schema.upgrade(store)
    store.close()
    code, lines = said(msgspec.structs.replace(config, database=Database(url=url)), capsys)
    assert code == 1
    assert "import organisations" in lines["名册和清单"]


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 10, 31), date(2025, 12, 31)])
def test_a_calendar_that_reaches_far_enough_is_well(today: date) -> None:
    assert "2025、2026" in health.calendar_line([2025, 2026], today)


def test_a_calendar_that_will_end_is_told_of_in_november_and_wrong_in_december() -> None:
    with pytest.raises(health.NotYet, match=r"2027 年.*import calendar"):
        health.calendar_line([2025, 2026], date(2026, 11, 1))
    with pytest.raises(ConfigError, match="没有 2027 年"):
        health.calendar_line([2025, 2026], date(2026, 12, 1))
    with pytest.raises(ConfigError, match="没有 2027、2028 年"):
        health.calendar_line([2025, 2026], date(2027, 11, 1))
    with pytest.raises(ConfigError, match="没有 2027 年"):
        health.calendar_line([], date(2027, 3, 1))

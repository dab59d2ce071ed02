"""The schema's versions: what the database has, what the product needs, and the way from one to the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from models.store import Store

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "2026_11_25_accounts"
"""The version that this release needs: the newest migration's, as the tests make sure.

Written down so that a server need not load the migration tool, a seventh of its start, to compare two words.
"""
_HERE = Path(__file__).parent / "migrations"
_LOCK = 7_310_418_820_260_511  # any number of our own; machines that migrate at once queue up behind it


def configuration() -> Config:
    """Alembic's settings; there is no ini file."""
    from alembic.config import Config  # only who migrates needs the tool

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    return config


def current(store: Store) -> str | None:
    """The version that the database has; None: empty."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def upgrade(store: Store) -> None:
    """Brings the schema to the newest version and the shipped categories and working days in; safe from several machines at once."""
    from alembic import command  # only who migrates needs the tool

    with store.engine.connect() as connection, _alone(connection):
        with connection.begin():
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with store.unit() as unit:
            unit.categories.ensure()
            unit.workdays.ensure()


@contextlib.contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Nobody else migrates meanwhile: a session lock on PostgreSQL; SQLite's writer lock does it by itself."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
        connection.commit()

"""The schema: what the migrations make is what the models say, whoever migrates, as often as they like."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models import schema
from models.category import shipped
from models.store import Store, metadata
from models.vault import Vault


def test_migrations_make_what_the_models_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_an_empty_database_twice_is_the_same_as_once(empty_url: str, vault: Vault) -> None:
    store = Store(empty_url, vault)
    assert schema.current(store) is None
    for _ in range(2):
        schema.upgrade(store)
        assert schema.current(store) == schema.HEAD
    with store.reading() as unit:
        assert [category.code for category in unit.categories.all()] == [each["code"] for each in shipped()]
    store.close()


def test_two_machines_upgrade_at_once(empty_url: str, vault: Vault) -> None:
    stores = [Store(empty_url, vault) for _ in range(2)]
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def upgrade(store: Store) -> None:
        together.wait()
        try:
            schema.upgrade(store)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [schema.current(store) for store in stores] == [schema.HEAD] * 2
    with stores[0].reading() as unit:
        assert len(unit.categories.all()) == len(shipped())
    for store in stores:
        store.close()


def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.unit() as unit:
            unit.revisions.bump("roll")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with store.reading() as unit:
        assert "roll" not in unit.revisions.all()


def test_a_reading_unit_keeps_nothing(store: Store) -> None:
    with store.reading() as unit:
        unit.revisions.bump("roll")
    with store.reading() as unit:
        assert "roll" not in unit.revisions.all()


def test_revisions_count_and_a_fingerprint_is_set(store: Store) -> None:
    with store.unit() as unit:
        unit.revisions.bump("roll")
        unit.revisions.bump("roll")
        unit.revisions.bump("rules")
        unit.revisions.note("world", 7)
    with store.unit() as unit:
        unit.revisions.note("world", 5)
    with store.reading() as unit:
        assert unit.revisions.all() == {"calendar": 1, "roll": 2, "rules": 1, "world": 5}


def test_the_version_that_the_release_names_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(schema.configuration()).get_current_head() == schema.HEAD

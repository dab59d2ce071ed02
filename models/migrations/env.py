"""Runs the migrations on a connection that the caller hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from models.base import Moment
from models.store import metadata


def render_item(type_: str, obj: Any, autogen_context: Any) -> str | Literal[False]:
    """Writes our own column types in new migrations by what they are in the database."""
    if type_ == "type" and isinstance(obj, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrates; ``render_as_batch`` because SQLite cannot alter most things in place."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run()

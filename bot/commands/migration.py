"""Writes a new migration from what the models say and the migrations do not yet: ``make migration m="…"``."""

from __future__ import annotations

import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from alembic import command

from models import schema
from models.store import Store
from models.vault import Vault, new_key


def main(message: str) -> int:
    """Compares the models with a database made by all migrations so far, and writes down the difference."""
    if not message.strip():
        print('usage: make migration m="what it does"', file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'empty.db'}", Vault(new_key()))
        with store.engine.connect() as connection, connection.begin():
            config = schema.configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with store.engine.connect() as connection, connection.begin():
            config.attributes["connection"] = connection
            slug = re.sub(r"\W+", "_", message.lower()).strip("_")
            command.revision(
                config, message, autogenerate=True, rev_id=f"{datetime.now(UTC):%Y_%m_%d}_{slug}"[:32]
            )
        store.close()
    print("now let HEAD in models/schema.py name it, and read what was written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))

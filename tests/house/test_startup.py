"""A server loads nothing at its start that only some later visitor needs."""

from __future__ import annotations

import subprocess
import sys

from .source import ROOT

LATER = (
    "argon2",
    "jinja2",
    "segno",
    "bot.admin.site",
    "models.accounts",
    "models.audit",
    "models.overview",
    "alembic",
)


def test_the_web_admin_is_loaded_when_somebody_comes() -> None:
    asked = f"import sys, bot.app; print(*[name for name in {LATER!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == []

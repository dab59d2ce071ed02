"""What is said: one file per thing that a member can do.

Every file declares a ``Router`` named ``on``; this module finds them all. Order never matters: two files that
claim the same words are an error at the start.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from bot.kit.router import Router
from bot.kit.texts import Texts

TEXTS = Path(__file__).parent / "texts"
"""The folder of all sentences."""


def router() -> Router:
    """The routers of all files in one."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
    return Router.merge(importlib.import_module(f"{__name__}.{name}").on for name in names)


def texts() -> Texts:
    """Every sentence."""
    return Texts.load(TEXTS)

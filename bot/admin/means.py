"""What the web admin is made of and works with; handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from bot.config import Config
from bot.engine.engine import Engine
from bot.engine.writer import Writer
from bot.health import Finding
from bot.kit.clock import Clock
from models.store import Store


class CodeRefused(Exception):
    """No QR code can be had now; the text says why and what to do."""


class Means(msgspec.Struct, frozen=True):
    """What the pages are made of and work with."""

    config: Config
    store: Store
    writer: Writer
    engine: Engine
    clock: Clock
    health: Callable[[], Awaitable[list[Finding]]]
    code: Callable[[str], Awaitable[str]]
    """What the QR code of a scene says; raises CodeRefused."""

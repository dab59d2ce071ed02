"""Structured logs: one event a line, facts beside it; never a message's text or a whole openid."""

from __future__ import annotations

import hashlib
import logging
import sys
from typing import Literal

import structlog


def set_up(level: str = "INFO", style: Literal["auto", "json", "console"] = "auto") -> None:
    """Sends all logs to standard error: coloured lines for a person at a terminal, JSON lines for machines."""
    people = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(logging.WARNING, logging.getLevelName(level)), stream=sys.stderr)


class _StandardError:
    """Standard error as it is at the moment: whoever replaces it meanwhile does not leave loggers with a closed one."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def shade(openid: str) -> str:
    """A short, stable stand-in for an openid, to follow one person through the logs without naming them."""
    return hashlib.blake2s(openid.encode(), digest_size=5).hexdigest()

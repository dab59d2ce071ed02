"""What is loaded only where the settings wish for it."""

from __future__ import annotations

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


def encoder_wished(told: bool | None, path: Path | None) -> bool:
    """Whether the encoder is wanted: what a command was told, else what the settings say.

    Settings that cannot be used wish for nothing: commands that need none of them run all the same.
    """
    if told is not None:
        return told
    try:
        return find(path).language.encoder
    except ConfigError:
        return False

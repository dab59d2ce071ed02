"""Media on the platform's shelf: sample photos that a phone can send, a voice, and what the account uploads."""

from __future__ import annotations

import secrets
from importlib import resources

import msgspec


class Medium(msgspec.Struct, frozen=True):
    """A file that can be downloaded by its media id."""

    content_type: str
    data: bytes


class Photo(msgspec.Struct, frozen=True):
    """A sample photo that a phone can take."""

    name: str
    label: str


PHOTOS = (
    Photo("lamp", "村口不亮的路灯"),
    Photo("road", "雨水冲坏的土道"),
    Photo("potatoes", "窖里的土豆"),
)

# The header of an AMR file and frames of silence, 20 ms each.
_SILENCE = bytes([0x3C]) + bytes(31)


def photo(name: str) -> Medium:
    """A sample photo's file; ``KeyError`` for an unknown name."""
    if name not in {each.name for each in PHOTOS}:
        raise KeyError(name)
    file = resources.files("bot.sim") / "pages" / "photos" / f"{name}.svg"
    return Medium("image/svg+xml", file.read_bytes())


def silence(seconds: int) -> Medium:
    """A voice message that says nothing."""
    return Medium("audio/amr", b"#!AMR\n" + _SILENCE * (50 * seconds))


class Shelf:
    """Files by media id."""

    def __init__(self) -> None:
        """Empty."""
        self._files: dict[str, Medium] = {}

    def put(self, medium: Medium) -> str:
        """Keeps a file and gives its media id."""
        media_id = secrets.token_urlsafe(32)
        self._files[media_id] = medium
        return media_id

    def get(self, media_id: str) -> Medium | None:
        """The file, if it is there."""
        return self._files.get(media_id)

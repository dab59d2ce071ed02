"""A clock that several processes read and one moves: eight bytes in a file that all of them map."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

_FORM = struct.Struct("<d")


class SharedClock:
    """Shows what was last set, the same in every process."""

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        """``start``: makes the file; else it has to be there."""
        if start is not None:
            path.write_bytes(_FORM.pack(start.timestamp()))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _FORM.size)

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(_FORM.unpack(self._memory[:])[0], UTC)

    def set(self, moment: datetime) -> None:
        """Goes to a moment; whoever looks sees it at once."""
        self._memory[:] = _FORM.pack(moment.timestamp())

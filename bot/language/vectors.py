"""A small map of meaning: one short vector per common word, averaged over a text.

The vectors were distilled once from Google's Universal Sentence Encoder, multilingual v3 (Apache-2.0), by
encoding each word alone and keeping the strongest directions; rare words weigh more than common ones. They
bring near each other what shares no character (没地方放 and 冷库), at a few microseconds a text.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


class Vectors:
    """Word to vector; the weight of a word is part of its length."""

    def __init__(self) -> None:
        with (
            resources.files("bot.language").joinpath("data/vectors.npz").open("rb") as file,
            np.load(file) as kept,
        ):
            scale = kept["scale"].astype(np.float32)
            self._rows: Vector = kept["rows"].astype(np.float32) * scale[:, None]
            words = bytes(kept["words"]).decode("utf-8").split("\n")
        self._place = {word: i for i, word in enumerate(words)}
        self.size = int(self._rows.shape[1])

    def mean(self, words: Iterable[str]) -> Vector:
        """The direction of a text, of length 1; zeros when no word is known."""
        place = self._place
        rows = [place[word] for word in words if word in place]
        if not rows:
            return np.zeros(self.size, dtype=np.float32)
        total: Vector = self._rows[rows].sum(axis=0)
        length = float(np.sqrt(total @ total))
        return total / np.float32(length) if length > 0 else total

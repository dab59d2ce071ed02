"""The classifier: three linear models (intent, category, kind) over one set of features.

The weights are made by ``python -m bot.language.training`` and kept in ``data/weights.npz``.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from bot.language.vectors import Vector

Weights = NDArray[np.float32]
DENSE = 0.4
"""How much the text's direction counts beside one feature of length 1."""


class Classifier:
    """Label probabilities for a text's features and direction."""

    def __init__(
        self, names: list[str], labels: dict[str, list[str]], sparse: Weights, dense: Weights, bias: Weights
    ) -> None:
        self._place = {name: i for i, name in enumerate(names)}
        self._sparse, self._dense, self._bias = sparse, dense, bias
        self.labels = labels
        self._cuts: dict[str, slice] = {}
        start = 0
        for head, own in labels.items():
            self._cuts[head] = slice(start, start + len(own))
            start += len(own)

    @classmethod
    def load(cls) -> Classifier:
        """The classifier that ships with the product."""
        with (
            resources.files("bot.language").joinpath("data/weights.npz").open("rb") as file,
            np.load(file) as kept,
        ):
            text = {key: bytes(kept[key]).decode("utf-8") for key in ("names", "labels")}
            labels = dict(line.split(":", 1) for line in text["labels"].split("\n"))
            scale = kept["scale"].astype(np.float32)
            return cls(
                text["names"].split("\n"),
                {head: own.split(",") for head, own in labels.items()},
                kept["sparse"].astype(np.float32) * scale,
                kept["dense"].astype(np.float32),
                kept["bias"].astype(np.float32),
            )

    def scores(self, found: set[str], direction: Vector) -> Weights:
        """The raw scores of every label of every model, side by side."""
        place = self._place
        rows = [place[name] for name in found if name in place]
        total: Weights = self._bias + (DENSE * direction) @ self._dense
        if rows:
            # long texts have more features: each text counts as if it had the same length
            total += self._sparse[rows].sum(axis=0) * np.float32(1.0 / np.sqrt(len(found)))
        return total

    def share(self, head: str, scores: Weights) -> Weights:
        """Probabilities of one model's labels."""
        own = scores[self._cuts[head]]
        raised: Weights = np.exp(own - own.max())
        return raised / raised.sum()

    def best(self, head: str, scores: Weights) -> tuple[str, float]:
        """The likeliest label and its probability."""
        shares = self.share(head, scores)
        first = int(shares.argmax())
        return self.labels[head][first], float(shares[first])

    def weights(self) -> tuple[list[str], Weights, Weights, Weights]:
        """Names, feature weights, direction weights and biases: what is kept in the file."""
        return list(self._place), self._sparse, self._dense, self._bias

"""The classifier: three linear models (intent, category, kind) over one set of features.

The weights are made by ``python -m bot.language.training`` and kept in ``data/weights.npz``.
"""

from __future__ import annotations

from importlib import resources
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]


class Classifier:
    """Label probabilities for a text's features."""

    def __init__(
        self, names: list[str], labels: dict[str, list[str]], sparse: Weights, bias: Weights
    ) -> None:
        self._place = {name: i for i, name in enumerate(names)}
        self._sparse, self._bias = sparse, bias
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
                kept["bias"].astype(np.float32),
            )

    def scores(self, found: set[str]) -> Weights:
        """The raw scores of every label of every model, side by side."""
        place = self._place
        rows = [place[name] for name in found if name in place]
        total = self._bias.copy()
        if rows:
            # long texts have more features: each text counts as if it had the same length
            total += self._sparse[rows].sum(axis=0) * np.float32(1.0 / sqrt(len(found)))
        return total

    def share(self, head: str, scores: Weights) -> Weights:
        """Probabilities of one model's labels."""
        own = scores[self._cuts[head]]
        raised = np.exp(own - own.max())
        shares: Weights = (raised / raised.sum()).astype(np.float32)
        return shares

    def best(self, head: str, scores: Weights) -> tuple[str, float]:
        """The likeliest label and its probability."""
        shares = self.share(head, scores)
        first = int(shares.argmax())
        return self.labels[head][first], float(shares[first])

    def weights(self) -> tuple[list[str], Weights, Weights]:
        """Names, feature weights and biases: what is kept in the file."""
        return list(self._place), self._sparse, self._bias

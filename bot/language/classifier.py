"""The classifier: linear models of intent, category, kind and topic over one set of features.

A topic is a kind of service, as fine as an entry of a list (洗井打井, 羊口疮出诊); its lessons are texts of entries and
of needs that never name it. All weights are made by ``make train``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from math import exp, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.language.encoder import Heads, Second, names
from bot.language.features import Features

Weights = NDArray[np.float32]
Small = NDArray[np.int8]
HEADS = ("intent", "kind", "category")
BY_RARITY = ("category", "topic")
"""What a text is about hangs on its rare pieces; what is wanted with it, on the common ones."""
MOST_TOPICS = 32
"""Topics that a text is taken to speak of."""
LEAST_SHARE = 0.004
"""A topic that is less likely than this is none."""
_LEAST_ROOT = sqrt(LEAST_SHARE)


class Model(msgspec.Struct, frozen=True):
    """What is kept in the file: weights in eight bits, with the scale that makes them numbers again."""

    names: list[str]
    labels: dict[str, list[str]]
    topics: list[str]
    """``category|name`` of each topic."""
    weights: Small
    """One row a feature, one column a label of the heads, side by side."""
    topic_rows: Small
    """What the first features, the common ones, say of every topic."""
    topic_ends: NDArray[np.int32]
    """Few topics care for the others, so only those are kept: where each one's end."""
    topic_places: NDArray[np.int16]
    topic_weights: Small
    scale: Weights
    """One number a label, then one a topic."""
    bias: Weights
    """The same."""
    rarity: Weights
    """One number a feature: how much more a rare one says."""


class Sense(msgspec.Struct, frozen=True):
    """What a text was found to be."""

    scores: list[float]
    """Of every label of every head, side by side."""


class Classifier:
    """Label probabilities and topics for a text's features."""

    def __init__(self, model: Model, heads: Heads | None = None) -> None:
        """``heads``: what the encoder's numbers say of the same labels, where there is an encoder."""
        self._second = None if heads is None else Second(heads, names(model.labels, model.topics))
        self.labels = model.labels
        self.topics = model.topics
        self._features = Features(model.names)
        self._width = len(model.bias) - len(model.topics)
        self._weights, self._scale = model.weights, model.scale[: self._width]
        self._bias = model.bias[: self._width]
        self._topic_rows, self._topic_ends = model.topic_rows, model.topic_ends
        self._topic_places, self._topic_weights = model.topic_places, model.topic_weights
        self._topic_lengths = np.diff(model.topic_ends, prepend=0)
        self._topic_scale, self._topic_bias = model.scale[self._width :], model.bias[self._width :]
        self._plain = len(model.labels["intent"]) + len(model.labels["kind"])
        self._squares = model.rarity**2
        self._ones = np.ones(2_000, dtype=np.float32)
        self._cuts: dict[str, tuple[int, int]] = {}
        start = 0
        for head, own in model.labels.items():
            self._cuts[head] = start, start + len(own)
            start += len(own)

    @classmethod
    def load(cls, heads: Heads | None = None) -> Classifier:
        """The classifier that ships with the product."""
        return cls(load_model(), heads)

    def features(self, squeezed: str, marked: Iterable[str]) -> list[int]:
        """The features of a squeezed text; ``marked``: what the lexicon finds in it (``features.marks``)."""
        return self._features.rows(squeezed, marked) if squeezed else []

    def sense(self, rows: list[int], vector: Weights | None = None) -> Sense:
        """What a text with these features is; ``vector``: the encoder's numbers."""
        if not rows:
            return Sense(self._bias.tolist())
        # Long texts have more features: each text counts as if it had the same length.
        common = 1.0 / sqrt(len(rows))
        rare = 1.0 / sqrt(float(self._squares.take(rows).sum()))
        scores = self._ones[: len(rows)] @ self._weights.take(rows, axis=0).astype(np.float32)
        scores *= self._scale
        scores[: self._plain] *= np.float32(common)
        scores[self._plain :] *= np.float32(rare)
        scores += self._bias
        if self._second is not None and vector is not None:
            scores = self._second.joined(scores, vector, 0)
        return Sense(scores.tolist())

    def topics_of(self, rows: list[int], vector: Weights | None = None) -> tuple[tuple[int, float], ...]:
        """The likeliest topics of a text with these features, with the roots of their shares, the likeliest first."""
        if not rows or not len(self._topic_bias):
            return ()
        rare = 1.0 / sqrt(float(self._squares.take(rows).sum()))
        many = len(self._topic_rows)
        common = [row for row in rows if row < many]
        scores = self._ones[: len(common)] @ self._topic_rows.take(common, axis=0).astype(np.float32)
        others = [row - many for row in rows if row >= many]
        if others:
            lengths = self._topic_lengths.take(others)
            ends = np.cumsum(lengths)
            cells = np.arange(ends[-1]) + np.repeat(self._topic_ends.take(others) - ends, lengths)
            places, weights = self._topic_places.take(cells), self._topic_weights.take(cells)
            scores += np.bincount(places, weights=weights, minlength=len(scores)).astype(np.float32)
        scores = scores * self._topic_scale * np.float32(rare) + self._topic_bias
        if self._second is not None and vector is not None:
            scores = self._second.joined(scores, vector, self._width)
        # Half the score makes the root of the share at once.
        roots = np.exp((scores - scores.max()) * np.float32(0.5))
        roots *= np.float32(1.0 / sqrt(float(roots @ roots)))
        first = np.flatnonzero(roots >= _LEAST_ROOT)
        found = sorted(zip(roots[first].tolist(), first.tolist(), strict=True), reverse=True)
        return tuple([(topic, root) for root, topic in found[:MOST_TOPICS]])

    def shares(self, head: str, sense: Sense) -> list[float]:
        """Probabilities of one head's labels."""
        start, end = self._cuts[head]
        own = sense.scores[start:end]
        most = max(own)
        raised = [exp(score - most) for score in own]
        total = sum(raised)
        return [each / total for each in raised]

    def best(self, head: str, sense: Sense) -> tuple[str, float]:
        """The likeliest label and its probability."""
        shares = self.shares(head, sense)
        most = max(shares)
        return self.labels[head][shares.index(most)], most

    def two_best(self, head: str, sense: Sense) -> tuple[str, float, str]:
        """The likeliest label, its probability, and the second likeliest."""
        shares = self.shares(head, sense)
        ranked = sorted(range(len(shares)), key=shares.__getitem__, reverse=True)
        return self.labels[head][ranked[0]], shares[ranked[0]], self.labels[head][ranked[1]]


def load_model() -> Model:
    """The model in ``data/weights.npz``."""
    with (
        resources.files("bot.language").joinpath("data/weights.npz").open("rb") as file,
        np.load(file) as kept,
    ):
        told = {key: bytes(kept[key]).decode("utf-8") for key in ("names", "labels", "topics")}
        labels = dict(line.split(":", 1) for line in told["labels"].split("\n"))
        return Model(
            names=told["names"].split("\n"),
            labels={head: own.split(",") for head, own in labels.items()},
            topics=told["topics"].split("\n") if told["topics"] else [],
            weights=kept["weights"],
            topic_rows=kept["topic_rows"],
            topic_ends=kept["topic_ends"],
            topic_places=kept["topic_places"],
            topic_weights=kept["topic_weights"],
            scale=kept["scale"].astype(np.float32),
            bias=kept["bias"].astype(np.float32),
            rarity=kept["rarity"].astype(np.float32),
        )

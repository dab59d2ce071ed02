"""How weights are learned: logistic regression for the heads, and a small space in which topics have directions.

Everything starts from fixed numbers, so the same lessons give the same weights. Needs scipy (the extra ``train``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float32]
Answers = NDArray[np.int64]


def matrix(found: Sequence[Sequence[int]], width: int) -> Any:
    """One row a text: its features, each as much as makes all texts equally long."""
    lengths = np.array([len(each) for each in found])
    columns = np.concatenate([np.array(each, dtype=np.int32) for each in found]) if len(found) else np.zeros(0)
    values = np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((values, columns, ends), shape=(len(found), width))


def logistic(
    features: Any, answers: Answers, weights: Matrix, classes: int, *, penalty: float, steps: int = 300
) -> tuple[Matrix, Matrix]:
    """Multinomial logistic regression by Nesterov's accelerated gradient; the bias carries no penalty.

    Gives the weights (a row a feature, a column a class) and the biases.
    """
    rows, width = features.shape
    across = features.T.tocsr()
    target = np.zeros((rows, classes), dtype=np.float32)
    target[np.arange(rows), answers] = 1.0
    point = np.zeros((width, classes), dtype=np.float32)
    ahead = point.copy()
    bias = np.zeros(classes, dtype=np.float32)
    # The loss is the sum over messages, its curvature at most half of the matrix's square norm.
    step = 1.0 / (0.5 * _norm(features, across) * float(weights.max()) + penalty)
    bias_step = 1.0 / float(weights.sum())
    for i in range(steps):
        wrong = (_softmax(features @ ahead + bias) - target) * weights[:, None]
        nearer = ahead - step * (across @ wrong + penalty * ahead)
        bias -= bias_step * wrong.sum(axis=0)
        ahead = nearer + np.float32(i / (i + 3)) * (nearer - point)
        point = nearer
    return point, bias


def topic_map(
    features: Any,
    answers: Answers,
    weights: Matrix,
    topics: int,
    *,
    dimensions: int = 96,
    steps: int = 240,
    dropped: float = 0.3,
) -> tuple[Matrix, Matrix, Matrix]:
    """Places of features, directions of topics and their biases, by Adam over all lessons at once.

    ``dropped``: the share of dimensions that a step does without, so that none is relied on alone.
    """
    draw = np.random.default_rng(7)
    rows, width = features.shape
    across = features.T.tocsr()
    places = (draw.normal(size=(width, dimensions)) * 0.05).astype(np.float32)
    directions = (draw.normal(size=(dimensions, topics)) * 0.3).astype(np.float32)
    bias = np.zeros(topics, dtype=np.float32)
    parts = [places, directions, bias]
    first, second = [np.zeros_like(p) for p in parts], [np.zeros_like(p) for p in parts]
    share = (weights / weights.sum())[:, None]
    for step in range(1, steps + 1):
        kept = (draw.random((rows, dimensions)) > dropped).astype(np.float32) / np.float32(1 - dropped)
        hidden = (features @ places) * kept
        wrong = _softmax(hidden @ directions + bias)
        wrong[np.arange(rows), answers] -= 1.0
        wrong *= share
        gradients = [across @ ((wrong @ directions.T) * kept), hidden.T @ wrong, wrong.sum(axis=0)]
        rate = 0.03 * min(1.0, 2.0 * (1 - step / (steps + 1)))
        for part, gradient, mean, square in zip(parts, gradients, first, second, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.01 * (gradient * gradient - square)
            part -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return places, directions, bias


def _softmax(scores: Matrix) -> Matrix:
    shares: Matrix = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _norm(features: Any, across: Any) -> float:
    """The largest eigenvalue of the matrix's square, by power iteration."""
    vector = np.ones(features.shape[1], dtype=np.float32)
    size = 1.0
    for _ in range(30):
        vector = across @ (features @ vector)
        size = float(np.linalg.norm(vector))
        vector /= size
    return size

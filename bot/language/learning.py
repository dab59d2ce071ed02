"""How weights are learned: logistic regression by full steps over all lessons.

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


def matrix(found: Sequence[Sequence[int]], width: int, rarity: Matrix | None = None) -> Any:
    """One row a text: its features, each as much as makes all texts equally long; by ``rarity`` rare ones say more."""
    lengths = np.array([len(each) for each in found])
    columns = np.concatenate([np.array(each, dtype=np.int32) for each in found])
    values = np.ones(len(columns), dtype=np.float32) if rarity is None else rarity[columns]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    rows = sparse.csr_matrix((values, columns, ends), shape=(len(found), width))
    sizes = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (sparse.diags((1.0 / np.maximum(sizes, 1e-6)).astype(np.float32)) @ rows).tocsr()


def logistic(
    features: Any, answers: Answers, weights: Matrix, classes: int, *, penalty: float, steps: int = 300
) -> tuple[Matrix, Matrix]:
    """Multinomial logistic regression by Nesterov's accelerated gradient; the bias carries no penalty.

    Gives the weights (a row a feature, a column a class) and the biases.
    """
    rows, width = features.shape
    across = features.T if isinstance(features, np.ndarray) else features.T.tocsr()
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

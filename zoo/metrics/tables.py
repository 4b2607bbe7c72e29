"""Measures of rows of a table: numbers first, then one-hot columns of each category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TREES = 100


@dataclass(frozen=True)
class Predicted:
    """How well a classifier tells a column of real rows from their other columns.

    Attributes:
        accuracy: The share of rows that it tells.
        f1: The mean over the column's categories of the harmonic mean of precision and recall.
    """

    accuracy: float
    f1: float


def predict_column(
    train: np.ndarray, test: np.ndarray, column: slice, *, seed: int = 0
) -> Predicted:
    """Scores on test rows of a random forest that is fitted to other rows, such as samples.

    Args:
        train: Rows `(count, features)` that the forest is fitted to.
        test: Rows that it judges.
        column: The one-hot columns of what it tells.
        seed: Of the forest.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(TREES, random_state=seed)
    others, answers = _without(train, column), train[:, column].argmax(axis=1)
    predicted = forest.fit(others, answers).predict(_without(test, column))
    return scores(test[:, column].argmax(axis=1), predicted)


def predict_most_frequent(train: np.ndarray, test: np.ndarray, column: slice) -> Predicted:
    """Scores on test rows of the category that most training rows have."""
    answers = train[:, column].argmax(axis=1)
    predicted = np.full(len(test), np.bincount(answers).argmax())
    return scores(test[:, column].argmax(axis=1), predicted)


def scores(asked: np.ndarray, predicted: np.ndarray) -> Predicted:
    """Accuracy and F1 of predicted categories `(count,)`; F1 over the categories of either."""
    from sklearn.metrics import f1_score

    accuracy = float(np.mean(asked == predicted))
    return Predicted(accuracy, float(f1_score(asked, predicted, average="macro", zero_division=0)))


def marginal_distance(
    real: np.ndarray, made: np.ndarray, numbers: int, sizes: Sequence[int]
) -> float:
    """The mean over the columns of the distance of their distributions, from 0 to 1.

    Of a category that is the total variation, of a number the largest difference of the
    cumulated distributions (Kolmogorov–Smirnov).

    Args:
        real: Rows `(count, features)`.
        made: Other rows.
        numbers: How many columns are numbers.
        sizes: How many categories the others have.
    """
    found = [_largest_gap(real[:, i], made[:, i]) for i in range(numbers)]
    for block in blocks(numbers, sizes):
        shares = (x[:, block].mean(axis=0) for x in (real, made))
        found.append(0.5 * float(np.abs(next(shares) - next(shares)).sum()))
    return float(np.mean(found))


def correlation_distance(real: np.ndarray, made: np.ndarray) -> float:
    """The mean difference between the correlations of each two features; of constants 0."""
    matrices = [_correlations(rows) for rows in (real, made)]
    above = np.triu_indices(real.shape[1], 1)
    return float(np.abs(matrices[0] - matrices[1])[above].mean())


def shuffled_columns(
    rows: np.ndarray, numbers: int, sizes: Sequence[int], seed: int = 0
) -> np.ndarray:
    """The rows with each column shuffled by itself: the marginals alone."""
    rng = np.random.default_rng(seed)
    columns = [slice(i, i + 1) for i in range(numbers)] + blocks(numbers, sizes)
    return np.concatenate([rows[rng.permutation(len(rows)), c] for c in columns], axis=1)


def blocks(numbers: int, sizes: Sequence[int]) -> list[slice]:
    """The one-hot columns of each category."""
    ends = numbers + np.cumsum(np.asarray(sizes, int))
    return [slice(int(end) - size, int(end)) for end, size in zip(ends, sizes, strict=True)]


def _without(rows: np.ndarray, column: slice) -> np.ndarray:
    return np.delete(rows, np.r_[column], axis=1)


def _largest_gap(real: np.ndarray, made: np.ndarray) -> float:
    real, made = np.sort(real), np.sort(made)
    every = np.concatenate([real, made])
    shares = [np.searchsorted(x, every, side="right") / len(x) for x in (real, made)]
    return float(np.abs(shares[0] - shares[1]).max())


def _correlations(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=0)
    deviation = centred.std(axis=0)
    scaled = centred / np.where(deviation > 0, deviation, 1)
    return scaled.T @ scaled / len(rows)

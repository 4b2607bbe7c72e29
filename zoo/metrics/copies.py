"""Whether samples are copies of training data: arrays `(count, …)`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Neighbours:
    """The nearest training row of each sample: its number, and the distance `(count,)`."""

    indices: np.ndarray
    distances: np.ndarray


def nearest(train: np.ndarray, rows: np.ndarray) -> Neighbours:
    """The nearest training row of each row, by Euclidean distance."""
    from sklearn.neighbors import NearestNeighbors

    known, asked = (np.asarray(x).reshape(len(x), -1) for x in (train, rows))
    distances, indices = NearestNeighbors(n_neighbors=1).fit(known).kneighbors(asked)
    return Neighbours(indices[:, 0], distances[:, 0])


def memorisation(train: np.ndarray, test: np.ndarray, made: np.ndarray) -> float:
    """P(a sample is nearer to the training data than a row of test data is).

    ½ where samples are as far from the training data as new data are, 1 for copies, below ½ for
    samples that are unlike the data (the statistic of Meehan et al., 2020, arXiv:2004.05675, not
    localised to cells).

    Args:
        train: Rows that the model was trained on.
        test: Rows that it was not trained on.
        made: Samples.
    """
    from scipy.stats import mannwhitneyu

    of_test, of_made = nearest(train, test).distances, nearest(train, made).distances
    wins = mannwhitneyu(of_test, of_made, method="asymptotic").statistic
    return float(wins / (len(of_test) * len(of_made)))

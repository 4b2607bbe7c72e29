"""Measures of classes in codes: `(count, …)` codes, and labels `(count,)`.

Codes of integers are indices, such as those of a codebook: each position is one-hot.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

NEIGHBOURS = 5
ITERATIONS = 500


@dataclass(frozen=True)
class Clustering:
    """How clusters agree with classes.

    Attributes:
        accuracy: The share of rows in the cluster that is matched with their class, at best.
        normalized_mutual_information: Over the arithmetic mean of the two entropies.
    """

    accuracy: float
    normalized_mutual_information: float


def neighbour_accuracy(
    train: np.ndarray,
    train_labels: np.ndarray,
    test: np.ndarray,
    test_labels: np.ndarray,
    neighbours: int = NEIGHBOURS,
) -> float:
    """The test accuracy of the vote of the nearest training codes.

    Args:
        train: Codes `(count, …)`.
        train_labels: Their classes `(count,)`.
        test: Codes of other rows.
        test_labels: Their classes.
        neighbours: How many vote.
    """
    from sklearn.neighbors import KNeighborsClassifier

    known, asked = _inputs(train, test)
    voters = KNeighborsClassifier(n_neighbors=neighbours).fit(known, train_labels)
    return float(voters.score(asked, test_labels))


def probe_accuracy(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> float:
    """The test accuracy of a logistic regression on standardized codes.

    Args:
        train: Codes `(count, …)`.
        train_labels: Their classes `(count,)`.
        test: Codes of other rows.
        test_labels: Their classes.
    """
    return float(np.mean(probe(train, train_labels, test)["label"] == test_labels))


def probe(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray) -> dict[str, np.ndarray]:
    """A logistic regression on standardized codes: `label` `(count,)` and `probability` of each.

    Args:
        train: Codes `(count, …)`.
        train_labels: Their classes `(count,)`.
        test: Codes of other rows.

    Returns:
        The likeliest class of each other row, and the probabilities of all classes up to the last
        that occurs.
    """
    from sklearn.linear_model import LogisticRegression

    known, asked = _inputs(train, test)
    model = LogisticRegression(max_iter=ITERATIONS)
    with _unconverged():  # The number of iterations is part of the probe's definition.
        model.fit(known, train_labels)
    found = np.zeros((len(test), int(max(train_labels)) + 1), "float32")
    found[:, model.classes_] = model.predict_proba(asked)
    return {"label": model.predict(asked).astype("int32"), "probability": found}


def clustering(codes: np.ndarray, labels: np.ndarray, seed: int = 0) -> Clustering:
    """k-means of standardized codes, as many clusters as classes, held against the classes.

    Args:
        codes: `(count, …)`.
        labels: Their classes `(count,)`.
        seed: Of k-means, the best of 10 runs.
    """
    return agreement(k_means(codes, len(np.unique(labels)), seed)[0], labels)


def k_means(codes: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """k-means of standardized codes, the best of 10 runs: cluster and distance of each row.

    Args:
        codes: `(rows, …)`.
        count: How many clusters.
        seed: Of k-means.
    """
    from sklearn.cluster import KMeans

    (rows,) = _inputs(codes)
    means = KMeans(count, n_init=10, random_state=seed)
    with _unconverged():  # Fewer different codes than clusters leave some of these empty.
        distances = means.fit_transform(rows)
    return means.labels_.astype("int32"), distances.min(axis=1)


def agreement(clusters: np.ndarray, labels: np.ndarray) -> Clustering:
    """How clusters agree with classes, each cluster matched with one class.

    Args:
        clusters: The cluster of each row `(count,)`.
        labels: The class of each row `(count,)`.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics import normalized_mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix

    table = contingency_matrix(labels, clusters)
    matched = table[linear_sum_assignment(table, maximize=True)].sum()
    information = normalized_mutual_info_score(labels, clusters)
    return Clustering(float(matched / len(labels)), float(information))


@contextmanager
def _unconverged() -> Iterator[None]:
    """Lets scikit-learn's iterations end without a warning."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _inputs(first: np.ndarray, *others: np.ndarray) -> list[Any]:
    """Rows as a classifier reads them, standardized, or one-hot, by what the first ones hold."""
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    sets = [np.asarray(codes).reshape(len(codes), -1) for codes in (first, *others)]
    if sets[0].dtype.kind in "iu":
        prepare: Any = OneHotEncoder(handle_unknown="ignore")
    else:
        sets = [rows.astype("float64") for rows in sets]
        prepare = StandardScaler()
    prepare.fit(sets[0])
    return [prepare.transform(rows) for rows in sets]

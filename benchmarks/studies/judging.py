"""How samples of digits are judged in the studies of hybrids, in one function that may be replaced.

Features are the first principal components of the training digits; the classifier is a support
vector machine that has seen all of them. Everything is compared with held-out digits.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

COMPONENTS = 16
NEIGHBOURS = 5


class Judge:
    """Judges samples of scikit-learn's digits, data in [0, 1] of shape `(count, 8, 8, 1)`.

    Attributes:
        train: Training digits and their labels, 1,500.
        test: Held-out digits and their labels, 297.
    """

    def __init__(self) -> None:
        import zoo

        train, test = (
            data.batch(np.arange(len(data)), (0.0, 1.0))
            for data in zoo.load_data("digits")
            if data is not None
        )
        self.train = train["data"], train["labels"]
        self.test = test["data"], test["labels"]

    @cached_property
    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean and the first principal axes of the training digits."""
        flat = _flat(self.train[0])
        mean = flat.mean(axis=0)
        return mean, np.linalg.svd(flat - mean, full_matrices=False)[2][:COMPONENTS]

    @cached_property
    def classifier(self) -> Any:
        """The classifier of all training digits."""
        return fitted(*self.train)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Principal components: `(count, 16)`."""
        mean, axes = self.axes
        return (_flat(images) - mean) @ axes.T

    def measure(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, float]:
        """What samples in [0, 1] are worth.

        - `distance`: the Fréchet distance of Gaussians in 16 principal components;
        - `coverage`: the share of held-out digits that have a sample nearer than their fifth
          nearest neighbour among themselves (Naeem et al., 2020, arXiv:2002.09797);
        - `accuracy`: the share of samples that the classifier takes for the class asked for.
        """
        real, made = self.features(self.test[0]), self.features(samples)
        found = {"distance": frechet(real, made), "coverage": coverage(real, made)}
        if labels is not None:
            found["accuracy"] = float(np.mean(self.classifier.predict(_flat(samples)) == labels))
        return found

    def accuracy_of_a_classifier(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The accuracy on held-out digits of a classifier that is fitted to some images."""
        return float(fitted(images, labels).score(_flat(self.test[0]), self.test[1]))


def fitted(images: np.ndarray, labels: np.ndarray) -> Any:
    """A support vector machine with a Gaussian kernel."""
    from sklearn.svm import SVC

    return SVC(C=10.0).fit(_flat(images), labels)


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    """|μx − μy|² + tr(Σx + Σy − 2(ΣxΣy)^½) (Heusel et al., 2017, arXiv:1706.08500, eq. 6)."""
    first, second = (np.cov(z, rowvar=False) for z in (x, y))
    values, axes = np.linalg.eigh(first)
    root = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    # The trace of (ΣxΣy)^½ is the sum of the roots of the eigenvalues of Σx^½ Σy Σx^½.
    common = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    shift = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    return float(shift + np.trace(first + second) - 2 * common)


def coverage(real: np.ndarray, made: np.ndarray) -> float:
    """The share of real rows with a made one within the distance of their fifth neighbour."""
    within = np.sort(_distances(real, real), axis=1)[:, NEIGHBOURS]
    return float(np.mean(_distances(real, made).min(axis=1) <= within))


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.sqrt(np.maximum(squares, 0))


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype("float64")

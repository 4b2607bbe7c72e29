"""How samples of digits are judged in the studies of hybrids, in one function that may be replaced.

Features are the first principal components of the training digits; the classifier is a support
vector machine that has seen all of them. Everything is compared with held-out digits.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from zoo.metrics.arrays import flat
from zoo.metrics.coverage import density_coverage
from zoo.metrics.fidelity import frechet_distance

COMPONENTS = 16


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
        rows = flat(self.train[0])
        mean = rows.mean(axis=0)
        return mean, np.linalg.svd(rows - mean, full_matrices=False)[2][:COMPONENTS]

    @cached_property
    def classifier(self) -> Any:
        """The classifier of all training digits."""
        return fitted(*self.train)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Principal components: `(count, 16)`."""
        mean, axes = self.axes
        return (flat(images) - mean) @ axes.T

    def measure(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, float]:
        """The scores of samples in [0, 1].

        - `distance`: the Fréchet distance of Gaussians in 16 principal components;
        - `coverage`: the share of held-out digits that have a sample nearer than their fifth
          nearest neighbour among themselves (Naeem et al., 2020, arXiv:2002.09797);
        - `accuracy`: the share of samples that the classifier takes for the class asked for.
        """
        real, made = self.features(self.test[0]), self.features(samples)
        found = {
            "distance": frechet_distance(real, made),
            "coverage": density_coverage(real, made).coverage,
        }
        if labels is not None:
            found["accuracy"] = float(np.mean(self.classifier.predict(flat(samples)) == labels))
        return found

    def accuracy_of_a_classifier(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The accuracy on held-out digits of a classifier that is fitted to some images."""
        return float(fitted(images, labels).score(flat(self.test[0]), self.test[1]))


def fitted(images: np.ndarray, labels: np.ndarray) -> Any:
    """A support vector machine with a Gaussian kernel."""
    from sklearn.svm import SVC

    return SVC(C=10.0).fit(flat(images), labels)

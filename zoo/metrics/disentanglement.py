"""Whether each factor of the data stands in one latent: codes `(count, latents)` and factors.

Factors are `(count, factors)`: integers, such as kinds and positions on a grid, or other numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo.errors import DataError

BINS = 20
"""Into which latents, and factors that are no integers, are cut."""
REGULARIZATION = 0.01
"""Of the linear support vector machine, C."""


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray, bins: int = BINS) -> float:
    """MIG (Chen et al., 2018, arXiv:1802.04942, equation 6), mean over the factors, from 0 to 1.

    (I₁ − I₂)/H: of the two latents that tell most of a factor, what each tells, over the factor's
    entropy. Latents are posterior means cut into bins of equal width, as in the study of Locatello
    et al., 2019, arXiv:1811.12359; the paper integrates over the posterior.

    Args:
        codes: `(count, latents)`, two latents or more.
        factors: `(count, factors)`; one that does not vary is left out.
        bins: Of each latent.

    Raises:
        DataError: There is one latent alone, or no factor that varies.
    """
    from sklearn.metrics import mutual_info_score

    latents = [_discrete(x, bins) for x in _latents(codes)]
    gaps = []
    for values in _varying(factors):
        factor = _discrete(values, bins)
        second, first = sorted(mutual_info_score(factor, x) for x in latents)[-2:]
        gaps.append((first - second) / mutual_info_score(factor, factor))
    return float(np.mean(gaps))


def attribute_predictability(
    train: np.ndarray, train_factors: np.ndarray, test: np.ndarray, test_factors: np.ndarray
) -> float:
    """SAP (Kumar et al., 2017, arXiv:1711.00848), mean over the factors, from 0 to 1.

    How much better one latent predicts a factor than any other: by the test accuracy of a linear
    support vector machine with balanced classes where the factor is an integer, as in the study of
    Locatello et al., 2019, else by the squared correlation on the test codes.

    Args:
        train: Codes `(count, latents)`, two latents or more.
        train_factors: `(count, factors)`; one that does not vary is left out.
        test: Codes of other rows.
        test_factors: Their factors.

    Raises:
        DataError: There is one latent alone, or no factor that varies.
    """
    varying = [number for number, x in enumerate(train_factors.T) if len(np.unique(x)) > 1]
    gaps = []
    for known, asked in zip(
        _varying(train_factors), np.asarray(test_factors).T[varying], strict=True
    ):
        pairs = zip(_latents(train), _latents(test), strict=True)
        second, first = sorted(_predictability(x, known, y, asked) for x, y in pairs)[-2:]
        gaps.append(first - second)
    return float(np.mean(gaps))


def _predictability(
    train: np.ndarray, known: np.ndarray, test: np.ndarray, asked: np.ndarray
) -> float:
    """How well one latent predicts one factor."""
    from sklearn.svm import LinearSVC

    if known.dtype.kind in "iu":
        machine = LinearSVC(C=REGULARIZATION, class_weight="balanced", random_state=0)
        return float(machine.fit(train[:, None], known).score(test[:, None], asked))
    if test.std() == 0 or asked.std() == 0:
        return 0.0
    return float(np.corrcoef(test, asked)[0, 1] ** 2)


def _latents(codes: np.ndarray) -> np.ndarray:
    """Codes `(latents, count)`."""
    columns = np.asarray(codes).reshape(len(codes), -1).T
    if len(columns) < 2:
        raise DataError("Latents are compared: there are 2 or more. Received: 1")
    return columns


def _varying(factors: np.ndarray) -> Iterator[np.ndarray]:
    """The factors that have more than one value."""
    found = [x for x in np.asarray(factors).T if len(np.unique(x)) > 1]
    if not found:
        raise DataError("There is a factor that varies. Received: none")
    yield from found


def _discrete(values: np.ndarray, bins: int) -> np.ndarray:
    """Integers as they are, other numbers cut into bins of equal width."""
    if values.dtype.kind in "iu":
        return values
    return np.digitize(values, np.histogram_bin_edges(values, bins)[1:-1])

"""Means and covariances of codes from sums that a training step can keep."""

from __future__ import annotations

from typing import Any

from keras import ops

from zoo.precision import precise, precise_dtype

SHRINKAGE = 0.1
"""The share of the classes' common covariance in the covariance of each class."""
JITTER = 1e-4
"""Added to each variance, as a share of the mean variance, so that a covariance has a factor."""
SMALLEST = 1e-8
"""A variance of codes that are all the same."""


def outer_sums(codes: Any, one_hot: Any) -> Any:
    """Σ [1, c][1, c]ᵀ over the codes of each class: `(classes, 1 + dim, 1 + dim)`.

    Such sums add up over batches. They hold the count at [0, 0], the sum of the codes in the rest
    of row 0, and the sum of their outer products in the rest.

    Args:
        codes: `(batch, dim)`.
        one_hot: The class of each code `(batch, classes)`.
    """
    codes, one_hot = precise(codes), precise(one_hot)
    extended = ops.concatenate([ops.ones_like(codes[:, :1]), codes], axis=-1)
    weighted = ops.expand_dims(ops.transpose(one_hot), -1) * extended
    return ops.matmul(ops.transpose(weighted, (0, 2, 1)), extended)


def mean_and_stddev(sums: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of each entry over all classes: `(dim,)` each."""
    total = ops.sum(sums, axis=0)
    mean = total[0, 1:] / total[0, 0]
    variance = ops.diagonal(total)[1:] / total[0, 0] - ops.square(mean)
    return mean, ops.sqrt(ops.maximum(variance, SMALLEST))


def gaussians(sums: Any, shrinkage: float = SHRINKAGE) -> tuple[Any, Any]:
    """The mean of each class `(classes, dim)`, and L of its covariance LLᵀ `(classes, dim, dim)`.

    The covariance is (1 − shrinkage)·that of the class + shrinkage·the mean one within classes, as
    in regularized discriminant analysis (Friedman, 1989): a class of few codes has an invertible
    one. A class without codes has the mean of all codes.

    Args:
        sums: The sums of `outer_sums`, or weighted sums of these.
        shrinkage: See above.
    """
    counts = sums[:, 0, 0]
    safe = ops.expand_dims(ops.maximum(counts, SMALLEST), -1)
    own = sums[:, 0, 1:] / safe
    total = ops.sum(counts)
    overall = ops.sum(sums[:, 0, 1:], axis=0) / total
    seen = ops.expand_dims(counts > 0, -1)
    means = ops.where(seen, own, overall)
    centred = sums[:, 1:, 1:] - ops.expand_dims(safe, -1) * (
        ops.expand_dims(own, -1) * ops.expand_dims(own, -2)
    )
    within = ops.sum(centred, axis=0) / total
    covariances = (1 - shrinkage) * centred / ops.expand_dims(safe, -1) + shrinkage * within
    covariances = ops.where(ops.expand_dims(seen, -1), covariances, within)
    dim = sums.shape[-1] - 1
    level = JITTER * ops.trace(within) / dim + SMALLEST
    return means, ops.cholesky(covariances + level * ops.eye(dim, dtype=precise_dtype()))

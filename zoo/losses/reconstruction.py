"""How far a reconstruction is from the data; `(batch, …)` in both."""

import math
from typing import Any

from keras import ops


def bernoulli(data: Any, logits: Any) -> Any:
    """−log p(data) under independent Bernoullis: summed over features, mean over the batch, nats.

    Args:
        data: `(batch, …)` in [0, 1].
        logits: `(batch, …)`; their sigmoid is the probability of 1.
    """
    return ops.mean(_summed(_cross_entropy(data, logits)))


def binary_cross_entropy(data: Any, logits: Any) -> Any:
    """Bernoulli cross-entropy, mean over batch and features, in nats.

    Args:
        data: `(batch, …)` in [0, 1].
        logits: `(batch, …)`; their sigmoid is the probability of 1.
    """
    return ops.mean(_cross_entropy(data, logits))


def gaussian(data: Any, mean: Any, deviation: float = 1.0) -> Any:
    """−log p(data) under N(mean, deviation²): summed over features, mean over the batch, nats.

    Args:
        data: `(batch, …)`.
        mean: `(batch, …)`.
        deviation: Standard deviation of every feature.
    """
    squares = ops.square((_float(data) - _float(mean)) / deviation)
    return ops.mean(_summed(0.5 * squares + math.log(deviation) + 0.5 * math.log(2 * math.pi)))


def mean_squared_error(data: Any, reconstruction: Any) -> Any:
    """Squared error, mean over batch and features."""
    return ops.mean(ops.square(_float(data) - _float(reconstruction)))


def _cross_entropy(data: Any, logits: Any) -> Any:
    data, logits = _float(data), _float(logits)
    return ops.softplus(logits) - data * logits


def _summed(terms: Any) -> Any:
    return ops.sum(ops.reshape(terms, (ops.shape(terms)[0], -1)), axis=-1)


def _float(x: Any) -> Any:
    return ops.cast(x, "float32")

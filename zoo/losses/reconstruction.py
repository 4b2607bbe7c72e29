"""How far a reconstruction is from the data; `(batch, …)` in both."""

import math
from typing import Any

from keras import ops

from zoo.precision import precise, precise_dtype


def bernoulli_rows(data: Any, logits: Any) -> Any:
    """−log p(data) under independent Bernoullis, summed over features: `(batch,)`, nats.

    Args:
        data: `(batch, …)` in [0, 1].
        logits: `(batch, …)`; their sigmoid is the probability of 1.
    """
    return _summed(_cross_entropy(data, logits))


def binary_cross_entropy(data: Any, logits: Any) -> Any:
    """Bernoulli cross-entropy, mean over batch and features, in nats.

    Args:
        data: `(batch, …)` in [0, 1].
        logits: `(batch, …)`; their sigmoid is the probability of 1.
    """
    return ops.mean(_cross_entropy(data, logits))


def gaussian_rows(data: Any, mean: Any, stddev: float = 1.0) -> Any:
    """−log p(data) under N(mean, stddev²), summed over features: `(batch,)`, nats.

    Args:
        data: `(batch, …)`.
        mean: `(batch, …)`.
        stddev: Standard deviation of every feature.
    """
    squares = ops.square((precise(data) - precise(mean)) / stddev)
    return _summed(0.5 * squares + math.log(stddev) + 0.5 * math.log(2 * math.pi))


def categorical_nats(data: Any, logits: Any) -> Any:
    """−log p(data) under the softmax of the logits: `(batch, …)`, nats.

    Args:
        data: One-hot, `(batch, …, categories)`.
        logits: `(batch, …, categories)`.
    """
    logits = precise(logits)
    return ops.logsumexp(logits, axis=-1) - ops.sum(precise(data) * logits, axis=-1)


def mean_absolute_error(data: Any, made: Any) -> Any:
    """Mean |data − made| over batch and features."""
    return ops.mean(ops.absolute(precise(data) - precise(made)))


def mean_squared_error(data: Any, reconstruction: Any) -> Any:
    """Squared error, mean over batch and features."""
    return ops.mean(ops.square(precise(data) - precise(reconstruction)))


def perplexity(indices: Any, size: int) -> Any:
    """Exp of the entropy of the indices' frequencies in a batch: how many are in effective use.

    Args:
        indices: Integers below `size`, of any shape.
        size: How many there are.
    """
    chosen = ops.one_hot(ops.reshape(indices, (-1,)), size, dtype=precise_dtype())
    frequencies = ops.mean(chosen, axis=0)
    return ops.exp(-ops.sum(frequencies * ops.log(frequencies + 1e-10)))


def _cross_entropy(data: Any, logits: Any) -> Any:
    data, logits = precise(data), precise(logits)
    return ops.softplus(logits) - data * logits


def _summed(terms: Any) -> Any:
    return ops.sum(ops.reshape(terms, (ops.shape(terms)[0], -1)), axis=-1)

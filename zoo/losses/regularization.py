"""Terms that keep weights and gradients within bounds."""

from collections.abc import Iterable
from typing import Any

from keras import ops

from zoo.precision import precise


def unit_norm(gradients: Any) -> Any:
    """(‖g‖₂ − 1)², mean over the batch: the penalty of WGAN-GP (arXiv:1704.00028, eq. 3).

    Args:
        gradients: `(batch, …)`; the norm is over all but the batch.
    """
    flat = ops.reshape(precise(gradients), (ops.shape(gradients)[0], -1))
    # The square root has no derivative at 0; the smallest float keeps it finite there.
    norms = ops.sqrt(ops.sum(ops.square(flat), axis=1) + 1e-12)
    return ops.mean(ops.square(norms - 1.0))


def l1(weights: Iterable[Any]) -> Any:
    """Σ |w| over all the weights."""
    return sum(ops.sum(ops.abs(precise(weight))) for weight in weights)


def l2(weights: Iterable[Any]) -> Any:
    """Σ w² over all the weights."""
    return sum(ops.sum(ops.square(precise(weight))) for weight in weights)

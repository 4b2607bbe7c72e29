"""Terms that keep weights and gradients within bounds."""

import math
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


def sparsity(activations: Any, share: float) -> Any:
    """Σ KL(share ‖ mean activation) over the units, Bernoulli: Ng, 2011, CS294A lecture notes.

    Args:
        activations: `(batch, units)` in [0, 1]; the mean is over the batch.
        share: The mean that each unit should have, ρ in the notes.
    """
    # A unit that is 0 or 1 on the whole batch would be infinitely far away.
    mean = ops.clip(ops.mean(precise(activations), axis=0), 1e-6, 1 - 1e-6)
    return ops.sum(
        share * (math.log(share) - ops.log(mean))
        + (1 - share) * (math.log(1 - share) - ops.log(1 - mean))
    )


def jacobian_norm_rows(slopes: Any, kernel: Any) -> Any:
    """‖∂h/∂x‖²_F of the layer h = s(x·kernel + bias): `(batch,)` (Rifai et al., 2011, ICML, eq. 7).

    Args:
        slopes: s′ at each unit `(batch, units)`.
        kernel: `(features, units)`.
    """
    norms = ops.sum(ops.square(precise(kernel)), axis=0)
    return ops.sum(ops.square(precise(slopes)) * norms, axis=-1)


def orthogonality(matrix: Any) -> Any:
    """‖WᵀW ⊙ (1 − I)‖²_F: arXiv:1809.11096, eq. 3, without β.

    Args:
        matrix: `(inputs, filters)`: the columns are filters, whose products are 0 at best.
    """
    products = ops.matmul(ops.transpose(precise(matrix)), precise(matrix))
    others = products * (1 - ops.eye(products.shape[0], dtype=products.dtype))
    return ops.sum(ops.square(others))


def l1(weights: Iterable[Any]) -> Any:
    """Σ |w| over all the weights."""
    return sum(ops.sum(ops.abs(precise(weight))) for weight in weights)


def l2(weights: Iterable[Any]) -> Any:
    """Σ w² over all the weights."""
    return sum(ops.sum(ops.square(precise(weight))) for weight in weights)

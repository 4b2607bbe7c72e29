"""How far apart two sets of samples are: the maximum mean discrepancy, by a kernel."""

from collections.abc import Callable
from typing import Any

from keras import ops

from zoo.precision import precise

Kernel = Callable[[Any], Any]
"""Squared distances → similarities, 1 at 0."""


def inverse_multiquadratic(scale: float) -> Kernel:
    """The kernel scale / (scale + ‖x − y‖²) (Tolstikhin et al., 2017, arXiv:1711.01558)."""
    return lambda squares: scale / (scale + squares)


def gaussian(variance: float) -> Kernel:
    """The kernel exp(−‖x − y‖² / (2·variance)) (Zhao et al., 2017, arXiv:1706.02262)."""
    return lambda squares: ops.exp(-squares / (2 * variance))


def maximum_mean_discrepancy(x: Any, y: Any, kernel: Kernel) -> Any:
    """The squared discrepancy of two distributions, by an unbiased estimate, which may be below 0.

    E k(x, x′) + E k(y, y′) − 2 E k(x, y); the first two over different rows: Gretton et al., 2012,
    JMLR 13, equation 3.

    Args:
        x: Samples of the one `(n, dim)`.
        y: Samples of the other `(m, dim)`.
        kernel: Of squared distances.
    """
    x, y = precise(x), precise(y)
    return _within(x, kernel) + _within(y, kernel) - 2 * ops.mean(kernel(_squares(x, y)))


def _within(x: Any, kernel: Kernel) -> Any:
    """The mean over pairs of different rows; 0 where there is one row."""
    count = precise(ops.shape(x)[0])
    # Each row is at the distance 0 of itself, where the kernel is 1.
    pairs = ops.maximum(count * (count - 1), 1)
    return (ops.sum(kernel(_squares(x, x))) - count) / pairs


def _squares(x: Any, y: Any) -> Any:
    """Squared distances `(n, m)`."""
    return ops.sum(ops.square(x[:, None] - y[None]), axis=-1)

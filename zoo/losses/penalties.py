"""Penalties on the slope of a discriminator, at data, at samples, or between them.

A model chooses them by its setting `penalties`: name → weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from keras import ops

from zoo.losses.regularization import unit_norm
from zoo.noise import Noise, uniform
from zoo.phase import Batch
from zoo.precision import precise

SPREAD = 0.5
"""Of DRAGAN's points around the data, in standard deviations of all their values."""


def squared_norm(gradients: Any) -> Any:
    """‖g‖₂², mean over the batch; the norm is over all but the batch."""
    flat = ops.reshape(precise(gradients), (ops.shape(gradients)[0], -1))
    return ops.mean(ops.sum(ops.square(flat), axis=1))


def half_squared_norm(gradients: Any) -> Any:
    """½ ‖g‖₂², mean over the batch (Mescheder et al., 2018, arXiv:1801.04406, eq. 9)."""
    return 0.5 * squared_norm(gradients)


def between(real: Any, fake: Any, batch: Batch) -> Any:
    """Random points on the lines from samples to data (arXiv:1704.00028, algorithm 1)."""
    mix = batch["mix"]
    return mix * real + (1 - mix) * fake


def around(real: Any, fake: Any, batch: Batch) -> Any:
    """Random points near the data: data + mix·½·stddev·U(0, 1), as in DRAGAN's published code."""
    values = precise(real)
    stddev = ops.cast(ops.std(values), real.dtype)
    return real + batch["mix"] * SPREAD * stddev * batch["perturbation"]


def _mix(shape: Sequence[int]) -> Noise:
    """One number for each sample."""
    return uniform(*(1 for _ in shape))


@dataclass(frozen=True)
class Penalty:
    """A function of the discriminator's gradient at some points.

    Attributes:
        measure: Gradients `(batch, …)` → what is added to the loss, times the penalty's weight.
        point: `(real, fake, batch)` → where the gradient is taken.
        noise: The random inputs that `point` reads: name → a function of the shape of the data.
        side: As what the discriminator sees the points.
    """

    measure: Callable[[Any], Any]
    point: Callable[[Any, Any, Batch], Any]
    noise: Mapping[str, Callable[[Sequence[int]], Noise]] = field(default_factory=dict)
    side: Literal["real", "fake"] = "real"


PENALTIES = {
    # Mescheder et al., 2018, arXiv:1801.04406: R1 at data, R2 at samples; the weight is γ.
    "r1": Penalty(half_squared_norm, lambda real, fake, batch: real),
    "r2": Penalty(half_squared_norm, lambda real, fake, batch: fake, side="fake"),
    # Thanh-Tung et al., 2019, arXiv:1902.03984.
    "zero_centred": Penalty(squared_norm, between, {"mix": _mix}),
    # Gulrajani et al., 2017, arXiv:1704.00028.
    "gradient": Penalty(unit_norm, between, {"mix": _mix}),
    # Kodali et al., 2017, arXiv:1705.07215.
    "dragan": Penalty(
        unit_norm, around, {"mix": _mix, "perturbation": lambda shape: uniform(*shape)}
    ),
}

"""Initial weights, drawn with NumPy: the same seed gives the same weights on every backend.

Keras's initializers draw with the backend's own generator; JAX compiles that draw anew for every
shape of a weight.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import initializers

WEIGHTS_STREAM = 1  # keeps these draws apart from the noise and the order of the same seed
RANDOM = (
    initializers.VarianceScaling,
    initializers.RandomNormal,
    initializers.TruncatedNormal,
    initializers.RandomUniform,
    initializers.Orthogonal,
)


@contextmanager
def numpy_weights(seed: int) -> Iterator[None]:
    """While it lasts, Keras's random initializers draw with NumPy, in the order of their calls.

    Layers built meanwhile have weights that the seed settles, whatever the backend.
    """
    rng = np.random.default_rng([seed, WEIGHTS_STREAM])

    def call(initializer: Any, shape: Any, dtype: Any = None) -> Any:
        return keras.ops.convert_to_tensor(draw(initializer, tuple(shape), rng), dtype=dtype)

    before = {kind: kind.__call__ for kind in RANDOM}
    for kind in RANDOM:
        kind.__call__ = call
    try:
        yield
    finally:
        for kind, own in before.items():
            kind.__call__ = own


def draw(initializer: Callable, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draws one weight, float32, from the distribution that a Keras initializer describes."""
    match initializer:
        case initializers.VarianceScaling():
            values = _variance_scaling(initializer, shape, rng)
        case initializers.RandomNormal():
            values = rng.normal(initializer.mean, initializer.stddev, shape)
        case initializers.TruncatedNormal():
            values = initializer.mean + initializer.stddev * _truncated(shape, rng)
        case initializers.RandomUniform():
            values = rng.uniform(initializer.minval, initializer.maxval, shape)
        case initializers.Orthogonal():
            values = initializer.gain * _orthogonal(shape, rng)
        case _:
            values = keras.ops.convert_to_numpy(initializer(shape, dtype="float32"))
    # A transposed weight would be stored so, and multiplied in another order than when loaded.
    return np.asarray(values, dtype="float32", order="C")


def _variance_scaling(
    initializer: initializers.VarianceScaling, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    if initializer.input_axes is None or initializer.output_axes is None:
        fan_in, fan_out = _fans(shape)
    else:
        fan_in = math.prod(shape[axis] for axis in initializer.input_axes)
        fan_out = math.prod(shape[axis] for axis in initializer.output_axes)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    scale = initializer.scale / max(1.0, fan[initializer.mode])
    if initializer.distribution == "uniform":
        limit = math.sqrt(3.0 * scale)
        return rng.uniform(-limit, limit, shape)
    if initializer.distribution == "truncated_normal":
        # The standard deviation of a standard normal cut at ±2 is .87962566103423978.
        return _truncated(shape, rng) * math.sqrt(scale) / 0.87962566103423978
    return rng.standard_normal(shape) * math.sqrt(scale)


def _fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Inputs and outputs of a unit: kernels are `(*window, in, out)`."""
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    window = math.prod(shape[:-2])
    return float(window * shape[-2]), float(window * shape[-1])


def _truncated(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Standard normal values, those beyond ±2 drawn again."""
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(int(outside.sum()))
    return values


def _orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)

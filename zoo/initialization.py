"""Initial weights, drawn with NumPy: the same seed gives the same weights on every backend.

Keras draws each layer's weights with the backend's own generator while the layer is built; here
they are drawn again from the layer's own initializers.
"""

import math
import re
from collections.abc import Callable

import keras
import numpy as np
from keras import initializers

WEIGHTS_STREAM = 1  # keeps these draws apart from the noise and the order of the same seed
# Weights of Keras's layers whose initializer has another name than they.
ALIASES = {"kernel": "depthwise", "reverse_embeddings": "embeddings"}
CONSTANTS = (initializers.Zeros, initializers.Ones, initializers.Constant, initializers.Identity)


def draw_weights(model: keras.Model, seed: int) -> None:
    """Draws every randomly initialised weight of a built model, in the order of its layers.

    Raises:
        ValueError: A layer's weight is random and its initializer is not known.
    """
    rng = np.random.default_rng([seed, WEIGHTS_STREAM])
    seen: set[int] = set()
    for layer in model._flatten_layers():
        for variable in [*layer._trainable_variables, *layer._non_trainable_variables]:
            if id(variable) in seen:
                continue
            seen.add(id(variable))
            initializer = _initializer_of(layer, variable)
            # An LSTM's forget biases are 1 though its initializer says 0: constants stay.
            if initializer is not None and not isinstance(initializer, CONSTANTS):
                variable.assign(draw(initializer, tuple(variable.shape), rng))


def _initializer_of(layer: keras.Layer, variable: keras.Variable) -> Callable | None:
    """The layer's initializer of one weight; None where the weight starts out constant."""
    name = variable.name
    for stem in (name, name.removesuffix("_kernel"), ALIASES.get(name, name)):
        initializer = getattr(layer, f"{stem}_initializer", None)
        if initializer is not None:
            initializer = initializers.get(initializer)
            if isinstance(layer, keras.layers.EinsumDense) and name == "kernel":
                return _with_axes(initializer, layer.equation)
            return initializer
    value = keras.ops.convert_to_numpy(variable)
    if value.size and (value != value.flat[0]).any():
        raise ValueError(
            f"A layer's random weight {name!r} must be drawn by the layer's attribute "
            f"'{name}_initializer'. Received: {type(layer).__name__} {layer.name!r} without it."
        )
    return None


def _with_axes(initializer: Callable, equation: str) -> Callable:
    """The initializer, told which axes of an einsum's kernel are outputs: not the last alone."""
    if not isinstance(initializer, initializers.VarianceScaling) or initializer.input_axes:
        return initializer
    _, kernel, result = re.split(",|->", equation)
    axes: dict[str, list[int]] = {"input_axes": [], "output_axes": []}
    for axis, letter in enumerate(kernel):
        axes["output_axes" if letter in result else "input_axes"].append(axis)
    return type(initializer).from_config(initializer.get_config() | axes)


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
    return np.asarray(values, dtype="float32")


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
